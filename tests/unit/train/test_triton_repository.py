"""One description, two machines: what Triton is told, read as Triton reads it."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import DataType, ModelConfig, ModelInstanceGroup

from inyourarea.contracts.served import ServedVersion, served_versions
from inyourarea.contracts.triton_config import (
    CPU,
    CPU_THREADS,
    GPU,
    LARGEST_BATCH,
    Description,
    Machine,
    cpu_config,
    gpu_config,
)
from inyourarea.core.errors import ModelRejected
from inyourarea.train.repository import describe, describe_file, write_model, write_whole
from inyourarea.train.triton_repository import write_repository
from tiny_model import INFO, tiny_model

FIRST = ServedVersion(replace(INFO, classes=('하나 "1"', "back\\slash")), "a" * 64)
SECOND = ServedVersion(replace(FIRST.info, revision=2, floor=0.3), "b" * 64)
MODEL = Description((FIRST, SECOND), is_quantised=False)


def read(config: str) -> ModelConfig:
    return text_format.Parse(config, ModelConfig())


def parameters(config: ModelConfig) -> dict[str, str]:
    return {key: one.string_value for key, one in config.parameters.items()}


@pytest.mark.parametrize("write", [gpu_config, cpu_config])
def test_triton_is_told_the_contract(write: Callable[[Description], str]) -> None:
    config = read(write(MODEL))
    assert config.name == "tiny"
    assert config.max_batch_size == LARGEST_BATCH
    assert [(one.name, one.data_type, list(one.dims)) for one in config.input] == [
        ("frames", DataType.TYPE_UINT8, [64, 96, 3])
    ]
    assert [(one.name, one.data_type, list(one.dims)) for one in config.output] == [
        ("boxes", DataType.TYPE_FP32, [100, 4]),
        ("scores", DataType.TYPE_FP32, [100, 2]),
    ]
    assert list(config.version_policy.specific.versions) == [1, 2]
    assert config.dynamic_batching.max_queue_delay_microseconds > 0
    assert config.dynamic_batching.default_queue_policy.allow_timeout_override


@pytest.mark.parametrize("write", [gpu_config, cpu_config])
def test_what_is_said_of_a_version_is_read_back(write: Callable[[Description], str]) -> None:
    assert served_versions(parameters(read(write(MODEL)))) == [FIRST, SECOND]


def test_only_what_the_machine_needs_is_different() -> None:
    gpu, cpu = read(gpu_config(MODEL)), read(cpu_config(MODEL))
    assert gpu.backend == "onnxruntime"
    assert cpu.backend == "python"
    assert gpu.instance_group[0].kind == ModelInstanceGroup.KIND_GPU
    assert cpu.instance_group[0].kind == ModelInstanceGroup.KIND_CPU
    assert cpu.parameters["threads"].string_value == str(CPU_THREADS)
    (accelerator,) = gpu.optimization.execution_accelerators.gpu_execution_accelerator
    assert accelerator.name == "tensorrt"
    assert accelerator.parameters["precision_mode"] == "FP32"
    assert sorted(one.batch_size for one in gpu.model_warmup) == [1, LARGEST_BATCH]
    for config in (gpu, cpu):
        for field in ("backend", "instance_group", "optimization", "model_warmup"):
            config.ClearField(field)
    del cpu.parameters["threads"]
    assert gpu == cpu


def test_tensorrt_is_told_of_eight_bits() -> None:
    config = read(gpu_config(replace(MODEL, is_quantised=True)))
    (accelerator,) = config.optimization.execution_accelerators.gpu_execution_accelerator
    assert accelerator.parameters["precision_mode"] == "INT8"


def test_half_a_description_is_refused() -> None:
    told = parameters(read(cpu_config(MODEL)))
    del told["2/inyourarea.classes"]
    with pytest.raises(ModelRejected, match=r"lacks the metadata field 'inyourarea\.classes'"):
        served_versions(told)


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file's bytes, and when it was written."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(("machine", "beside"), [(GPU, set()), (CPU, {"model.py"})])
def test_the_same_models_give_the_same_bytes(
    tmp_path: Path, machine: Machine, beside: set[str]
) -> None:
    models, out = tmp_path / "models", tmp_path / "out"
    later = replace(INFO, revision=2)
    for info in (INFO, later):
        write_model(models, info, tiny_model(info))
    write_repository(models, ["tiny"], out, machine)
    first = tree(out)
    files = {"model.onnx", *beside}
    folders = {f"tiny/{number}/{file}" for number in (1, 2) for file in files}
    assert first.keys() == {"tiny/config.pbtxt", *folders}
    write_repository(models, ["tiny"], out, machine)
    assert tree(out) == first
    told = served_versions(parameters(read(first["tiny/config.pbtxt"][0].decode())))
    assert told == [
        ServedVersion(info, hashlib.sha256(tiny_model(info)).hexdigest()) for info in (INFO, later)
    ]


def test_the_folder_with_the_models_is_itself_one_for_a_gpu(tmp_path: Path) -> None:
    write_model(tmp_path / "models", INFO, tiny_model())
    write_repository(tmp_path / "models", ["tiny"], tmp_path / "out", GPU)
    contents = [{k: v for k, (v, _) in tree(tmp_path / name).items()} for name in ("models", "out")]
    assert contents[0] == contents[1]


def test_versions_that_are_not_alike_are_not_served_together(tmp_path: Path) -> None:
    wide, later = replace(INFO, revision=2, width=128), replace(INFO, revision=3, width=128)
    for info in (INFO, wide, later):
        write_model(tmp_path, info, tiny_model(info))
    assert [version.info for version in describe(tmp_path, "tiny").versions] == [wide, later]


def test_a_file_in_the_wrong_folder_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, INFO, tiny_model())
    (tmp_path / "tiny" / "1").rename(tmp_path / "tiny" / "7")
    with pytest.raises(ModelRejected, match="put it into the folder tiny/1"):
        describe(tmp_path, "tiny")
    with pytest.raises(ModelRejected, match="no model 'other'"):
        describe(tmp_path, "other")


def test_a_file_that_can_not_be_run_is_refused(tmp_path: Path) -> None:
    strange = onnx.load_from_string(tiny_model())
    strange.graph.node[0].op_type = "Strange"
    newer = onnx.load_from_string(tiny_model())
    newer.ir_version = 99
    for content in (b"", strange.SerializeToString(), newer.SerializeToString()):
        (tmp_path / "model.onnx").write_bytes(content)
        with pytest.raises(ModelRejected, match=r"model\.onnx can not be run: ."):
            describe_file(tmp_path / "model.onnx")


def test_the_file_that_can_not_be_replaced_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").mkdir()
    with pytest.raises(OSError, match="directory") as trouble:
        write_whole(tmp_path / "model.onnx", b"model")
    assert trouble.value.filename == str(tmp_path / "model.onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
