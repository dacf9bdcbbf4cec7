"""The house keeps to its plan."""

import re
import subprocess
from pathlib import Path

import pytest

import stubs

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "services" / "inyourarea"
STAGES = ("ingest", "detect", "track", "render", "gateway")
OTHER_ROOMS = ("core", "contracts", "runtime", "train", "stage_show", "embedded", "client", "cli")
RUNTIME_FILES = """
    __init__ bus child collecting colour container counted datasets dependencies disk
    folder_objects health json_logs kafka_assignor kafka_bus kafka_clients kafka_lanes
    kafka_letters kafka_member kafka_settings kafka_topics letters matrix memory memory_bus meter
    metrics metrics_server minio_bucket minio_objects minio_settings model_versions objects
    observed_rpc onnx_session orders ranged reconnecting remembered rpc runs service settings
    source stills tls tones traces trainings units upright worker
"""
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.split()


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_its_rooms(stage: str) -> None:
    for room in ("handler.py", "settings.py"):
        assert (PACKAGE / stage / room).is_file(), f"{stage} lacks {room}"
    settings = (PACKAGE / stage / "settings.py").read_text()
    assert "def read_settings(environment: Mapping[str, str])" in settings


def test_the_runtime_and_the_house_are_closed_lists() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert rooms == {*STAGES, *OTHER_ROOMS}
    assert {path.stem for path in (PACKAGE / "runtime").glob("*.py")} == {*RUNTIME_FILES.split()}


def test_no_room_is_named_after_nothing() -> None:
    names = {"utils", "common", "helpers", "misc", "base", "manager"}
    assert not [path for path in PACKAGE.rglob("*.py") if path.stem in names]


def test_onnxruntime_reports_nothing_to_its_makers_wherever_it_is_given_a_model() -> None:
    parts = {path: path.read_text().split("InferenceSession(") for path in PACKAGE.rglob("*.py")}
    givers = {path for path, (_, *after) in parts.items() if after}
    # The model runs in Triton, where the other module is not.
    assert givers == {PACKAGE / "runtime/onnx_session.py", PACKAGE / "contracts/triton_model.py"}
    assert all("onnxruntime.disable_telemetry_events()" in parts[path][0] for path in givers)


def test_every_module_says_where_it_stands() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "v1"]
    silent = [path for path in modules if path.stat().st_size and path.read_text()[:3] != '"""']
    assert not silent


def test_the_stubs_are_those_of_the_proto_files() -> None:
    assert stubs.drift() == []


def test_the_constraints_name_no_index_and_pin_every_requirement() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)


def test_no_large_file_is_committed() -> None:
    large = [name for name in TRACKED if (ROOT / name).stat().st_size > 13_000_000]
    assert large == []
