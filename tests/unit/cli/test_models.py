"""`inyourarea models`: what a Triton server mounts, and versions of a group's model."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError

from inyourarea.cli.__main__ import main
from inyourarea.cli.published_place import given_digest
from inyourarea.contracts import keys
from inyourarea.contracts.group import group_from_toml
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.core.errors import ModelRejected
from inyourarea.detect.__main__ import detectors_of
from inyourarea.detect.settings import read_settings
from inyourarea.embedded import serving
from inyourarea.embedded.models import find_model, published_versions
from inyourarea.embedded.run import Request, see
from inyourarea.gateway.models import CurrentModels, write_models
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.train.repository import write_model
from published_models import PAIR_TOML, dim, write
from tiny_model import INFO, tiny_model


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models of one group, and a face detector that is another's file renamed."""
    folder = tmp_path / "models"
    for name in ("tiny", "faces"):
        info = replace(INFO, name=name)
        write_model(folder, info, tiny_model(info))
    (folder / "groups").mkdir()
    (folder / "groups" / "pair.toml").write_text(PAIR_TOML)
    monkeypatch.setenv("INYOURAREA_MODELS", str(folder))
    return folder


@pytest.mark.parametrize(("words", "backend"), [([], "onnxruntime"), (["--cpu"], "python")])
def test_faces_and_the_groups_models_are_written(
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    backend: str,
) -> None:
    out = tmp_path / "out"
    assert main(["models", "repository", "--out", str(out), "--group", "pair", *words]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["faces", "tiny"]
    assert f'backend: "{backend}"' in (out / "tiny" / "config.pbtxt").read_text()
    assert "--load-model=faces --load-model=tiny" in capsys.readouterr().out


def test_a_group_that_is_not_there_is_refused(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["models", "repository", "--out", str(tmp_path / "out"), "--group", "nix"]
    assert main(words) == 1
    assert "There is no group 'nix'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def publish(folder: Path, floor: float, *more: str, red: float = 0.8) -> int:
    words = write(folder / f"{floor}", dim(floor), red=red)
    return main(["models", "publish", *words, "--by", "kim", *more])


def test_what_training_wrote_is_published_by_its_group_file(models: Path) -> None:
    group = group_from_toml(PAIR_TOML)
    home = models / group.model / str(group.version)
    words = write(home, dim(0.3))
    assert main(["models", "publish", *words[1:3], "--use"]) == 0
    assert find_model("pair").load(1).info.floor == 0.3


def test_what_a_whole_run_came_to_is_shown(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = write(tmp_path / "one", dim(0.3))
    card = tmp_path / "one" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "whole_run": {"words": "99 %."}}))
    assert main(["models", "publish", *words]) == 0
    capsys.readouterr()
    assert main(["models", "show", "pair"]) == 0
    assert "\n     99 %.\n" in capsys.readouterr().out


def used() -> int | None:
    versions = published_versions()
    assert versions is not None
    current = versions.current("pair")
    return current.number if current else None


def begin(folder: Path) -> None:
    """Runs use a first version in place of the model that came with the program."""
    assert publish(folder, 0.3, "--use", "--force") == 0


def test_runs_use_a_version_from_when_it_is_chosen(models: Path, tmp_path: Path) -> None:
    assert find_model("pair").name == "tiny"
    assert publish(tmp_path, 0.3) == 0
    assert find_model("pair").name == "tiny"
    assert main(["models", "use", "pair", "1", "--force"]) == 0
    found = find_model("pair")
    assert found.load(1).info.floor == 0.3
    assert found.sha256() == found.load(1).sha256
    assert publish(tmp_path, 0.4, "--use") == 0
    assert find_model("pair").load(1).info.floor == 0.4
    assert main(["models", "back", "pair"]) == 0
    assert find_model("pair").load(1).info.floor == 0.3


def test_a_worse_version_is_refused_unless_forced(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(tmp_path)
    assert publish(tmp_path, 0.4, "--use", red=0.6) == 1
    told = capsys.readouterr().err
    assert "version 2 of 'pair' is worse on the test shots than version 1, which stays" in told
    assert "mAP50-95 of red is 0.600 instead of 0.800 (0.200 less)" in told
    assert "`inyourarea models use pair 2 --force` uses it all the same" in told
    assert used() == 1
    assert main(["models", "use", "pair", "2"]) == 1
    assert main(["models", "use", "pair", "2", "--force"]) == 0
    assert used() == 2
    assert main(["models", "back", "pair"]) == 0
    assert used() == 1


def test_the_model_that_came_with_the_program_gives_way_by_force_alone_and_can_be_had_back(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(tmp_path, 0.3, "--use", red=0.1) == 1
    told = capsys.readouterr().err
    assert "version 1 of 'pair' can not be compared with the model pair that came with" in told
    assert "`inyourarea models use pair 1 --force` uses it all the same" in told
    assert find_model("pair").name == "tiny"
    assert main(["models", "use", "pair", "1", "--force"]) == 0
    assert main(["models", "back", "pair"]) == 0
    told = capsys.readouterr().out
    assert "which used version 1, use what came with the program, if anything did" in told
    assert find_model("pair").name == "tiny"
    assert main(["models", "list"]) == 0
    assert "pair: tiny sees red, green" in capsys.readouterr().out
    assert main(["models", "show", "pair"]) == 0
    assert "\nno version since " in capsys.readouterr().out
    assert main(["models", "retire", "pair", "1"]) == 0
    assert main(["models", "back", "pair"]) == 1
    assert "there is no way back" in capsys.readouterr().err


def test_where_no_model_came_with_the_program_the_first_version_is_used(
    models: Path, tmp_path: Path
) -> None:
    (models / "groups" / "pair.toml").unlink()
    assert publish(tmp_path, 0.3, "--use") == 0
    assert used() == 1


def test_a_gateways_list_says_what_came_with_a_cluster(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models.json").write_text(write_models(serving.known_models()[0]))
    monkeypatch.setenv("INYOURAREA_S3_ENDPOINT", "http://127.0.0.1:1")
    assert given_digest(None, "pair") is None
    monkeypatch.setenv("INYOURAREA_GATEWAY_MODELS", str(tmp_path / "models.json"))
    digest = hashlib.sha256((models / "tiny" / "1" / "model.onnx").read_bytes()).hexdigest()
    assert given_digest(None, "pair") == given_digest(models, "pair") == digest
    assert given_digest(None, "nobody") is None


def test_figures_of_other_parts_are_not_compared_and_that_is_said(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(tmp_path)
    words = write(tmp_path / "val", dim(0.4), red=0.6)
    card = tmp_path / "val" / "card.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "judged_on": "val"}))
    assert main(["models", "publish", *words, "--use"]) == 0
    assert used() == 2
    told = capsys.readouterr().out
    assert "whether version 2 of 'pair' is better than version 1 can not be told" in told
    assert "their figures are of `val` and of `test`" in told
    assert main(["models", "show", "pair"]) == 0
    assert "of `val`, since no shot was kept for the test:" in capsys.readouterr().out


def test_figures_of_other_test_shots_are_not_compared_and_that_is_said(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for floor, red, more in ((0.3, 0.8, "--force"), (0.4, 0.6, "--use")):
        words = write(tmp_path / f"{floor}", dim(floor), red=red)
        card = tmp_path / f"{floor}" / "card.json"
        card.write_text(json.dumps({**json.loads(card.read_text()), "exam": f"{red}"}))
        assert main(["models", "publish", *words, "--use", more]) == 0
    assert used() == 2
    told = capsys.readouterr().out
    assert "version 1 can not be told: their figures are not of the same test shots" in told


def test_what_does_not_fit_together_is_not_published(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = write(tmp_path / "one", INFO)
    (tmp_path / "one" / "pair.toml").write_text(PAIR_TOML.replace('"red"', '"blue"'))
    assert main(["models", "publish", *words]) == 1
    assert "lists blue, green, but the model file knows red, green" in capsys.readouterr().err
    words = write(tmp_path / "one", INFO)
    (tmp_path / "one" / "card.json").write_text("{}")
    assert main(["models", "publish", *words]) == 1
    assert "no figures of the test shots" in capsys.readouterr().err
    words = write(tmp_path / "one", INFO)
    (tmp_path / "one" / "model.onnx").write_bytes(b"no model")
    assert main(["models", "publish", *words]) == 1
    assert "is no ONNX file" in capsys.readouterr().err
    versions = published_versions()
    assert versions is None or versions.groups() == []


def test_a_refused_publishing_leaves_nothing_behind(models: Path, tmp_path: Path) -> None:
    assert main(["models", "publish", "--group", str(tmp_path)]) == 1
    assert published_versions() is None


def test_a_version_that_anybody_uses_is_not_retired(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(tmp_path)
    assert publish(tmp_path, 0.4, "--use") == 0
    assert main(["models", "retire", "pair", "2"]) == 1
    assert "'pair' uses version 2; choose another one first" in capsys.readouterr().err
    versions = published_versions()
    assert versions is not None
    model = versions.version("pair", 1).model
    store = FolderObjects(tmp_path / "data" / ".inyourarea")
    run = facts.VideoAccepted(run_id="r1", spec=facts.RunSpec(model=model))
    store.put(keys.accepted("r1"), run.SerializeToString())
    words = ["models", "retire", "pair", "1", "--data", str(tmp_path / "data")]
    assert main(words) == 1
    assert "is what runs need that have not ended (r1)" in capsys.readouterr().err
    assert versions.version("pair", 1).number == 1
    store.put(keys.published("r1"), b"")
    assert main(words) == 0
    with pytest.raises(ModelRejected, match="was retired"):
        versions.version("pair", 1)
    assert main(["models", "back", "pair"]) == 1
    assert "Version 1 of 'pair' was retired" in capsys.readouterr().err


def test_a_version_is_not_retired_where_runs_can_not_be_looked_at(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path, 0.3)
    words = ["models", "retire", "pair", "1", "--data", str(tmp_path / "data")]
    assert main(words) == 1
    assert "nothing was run in" in capsys.readouterr().err
    store = FolderObjects(tmp_path / "data" / ".inyourarea")
    store.put(keys.accepted("r1"), b"no record")
    with pytest.raises(DecodeError):
        main(words)
    versions = published_versions()
    assert versions
    assert not versions.is_retired("pair", 1)


def test_a_retiring_that_was_broken_off_is_ended_by_the_same_words(
    models: Path, tmp_path: Path
) -> None:
    publish(tmp_path, 0.3)
    versions = published_versions()
    assert versions
    version = versions.version("pair", 1)
    versions.retire("pair", 1)  # and then the power went
    for _ in range(2):
        assert main(["models", "retire", "pair", "1"]) == 0
        assert versions.is_retired("pair", 1)
        assert not versions.has_file(version)


def test_commands_that_are_told_can_be_pasted(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = write(tmp_path / "one", dim(0.3))
    file = tmp_path / "one" / "pair.toml"
    file.write_text(PAIR_TOML.replace('"pair"', '"le pair"'))
    assert main(["models", "publish", *words]) == 0
    assert "from `inyourarea models use 'le pair' 1` on" in capsys.readouterr().out


def test_a_version_whose_file_is_lost_is_not_used_until_it_is_published_again(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(tmp_path, 0.3) == 0
    (file,) = (models / "published" / "models" / "files").glob("*.onnx")
    file.unlink()
    assert main(["models", "use", "pair", "1", "--force"]) == 1
    assert "the file of version 1 of 'pair' is gone; publish it again" in capsys.readouterr().err
    assert publish(tmp_path, 0.3, "--use", "--force") == 0
    assert used() == 1


@pytest.mark.parametrize("is_published", [False, True])
def test_a_group_whose_model_is_lost_is_refused_and_its_members_are_known(
    is_published: bool, models: Path, tmp_path: Path
) -> None:
    if is_published:
        begin(tmp_path)
    find_model("pair").path.unlink()
    with pytest.raises(ModelRejected, match=r"'pair' needs the model .*, which is not there"):
        find_model("pair")
    with_boxes = Request(tmp_path, tmp_path, (), group="pair", boxes=tmp_path / "boxes.csv")
    assert list(see(with_boxes).model.members) == ["red", "green"]


def test_a_model_in_place_of_its_group_file_is_refused(models: Path) -> None:
    file = find_model("pair").path
    with pytest.raises(ModelRejected, match="can not be read as a group file"):
        find_model(str(file))


def test_versions_are_shown_and_listed(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "show", "pair"]) == 1
    assert "nothing was published in" in capsys.readouterr().err
    begin(tmp_path)
    publish(tmp_path, 0.4, red=0.9)
    capsys.readouterr()
    assert main(["models", "show", "nobody"]) == 1
    assert "known groups are: pair" in capsys.readouterr().err
    assert main(["models", "show", "pair", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["uses"] == 1
    assert [one["is_used"] for one in told["versions"]] == [True, False]
    assert told["versions"][1]["members"]["red"] == {"map50": 0.95, "map50_95": 0.9}
    assert [choice["by"] for choice in told["choices"]] == ["kim"]
    assert main(["models", "show", "pair"]) == 0
    assert "red: mAP50 0.950, mAP50-95 0.900" in capsys.readouterr().out
    assert main(["models", "list"]) == 0
    told = capsys.readouterr().out
    assert "without a group: faces sees" in told
    assert "pair: version 1, tiny-" in told


def test_a_site_that_runs_already_learns_of_a_version(models: Path, tmp_path: Path) -> None:
    given, detectors = serving.known_models()
    known = CurrentModels(given, published_versions)
    assert known["pair"].model.name == "tiny"
    begin(tmp_path)
    first = known["pair"].model
    publish(tmp_path, 0.4, "--use")
    second = known["pair"].model
    assert first.sha256 != second.sha256
    for model, floor in ((second, 0.4), (first, 0.3)):
        detector = serving._detector_of(detectors, model)
        assert (detector.sha256, detector.info.floor) == (model.sha256, floor)


def test_a_detect_without_a_server_fetches_what_a_run_names(models: Path, tmp_path: Path) -> None:
    begin(tmp_path)
    versions = ModelVersions(FolderObjects(models / "published"))
    settings = read_settings({"INYOURAREA_MODELS": str(models), "INYOURAREA_DETECT_THREADS": "1"})
    detectors = detectors_of(settings, versions)
    model = versions.version("pair", 1).model
    assert detectors(model).info.floor == 0.3
    model.name, model.sha256 = "tiny", find_model(str(models / "groups" / "pair.toml")).sha256()
    (models / "tiny" / "0").mkdir()
    (models / "tiny" / "0" / "model.onnx").write_bytes(b"half a download")
    assert detectors(model).sha256 == model.sha256
    model.sha256 = "e" * 64
    with pytest.raises(ModelRejected, match="nor is one that was published"):
        detectors(model)
