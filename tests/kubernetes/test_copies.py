"""Copies of stages that come and go: by hand, by what waits, for what an editor wants."""

import os
from pathlib import Path

import pytest

from backups import names_in_bucket, put_into_bucket
from inyourarea.client import Client, Training, TrainingWishes
from inyourarea.contracts import keys
from release import NAME, Release, eventually, has_keda
from runs import STAGES, fetched, laptop, sent
from small_group import NAMES, scenes, write_dataset
from small_show import SmallShow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

_TRAINED_S = 1800
#: As many videos as keep two copies of detect waiting, of a segment each; in seconds.
_SEVERAL_S = (2.75, 2.7, 2.6, 2.5, 2.4, 2.3)
#: A server of models that never comes: no node is called so.
_NO_TRITON = ("triton.enabled=true", "triton.nodeSelector.inyourarea=nowhere")
_COUNTS = """
from urllib.request import urlopen
print(urlopen("http://127.0.0.1:9100/metrics").read().decode())
"""


@pytest.mark.parametrize(("stage", "to_s"), [("detect", 2.95), ("track", 2.85), ("render", 2.65)])
def test_a_stage_at_zero_finishes_when_it_comes_back(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path, stage: str, to_s: float
) -> None:
    gone_s = release.scale(stage, 0)
    video = sent(release, token, small_show, to_s)
    come_s = release.scale(stage, 2)
    print(f"{stage} by hand: to zero {gone_s:.0f} s, to two {come_s:.0f} s")  # noqa: T201
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, str(to_s), tmp_path / "laptop")
    release.scale(stage, 1)


@pytest.mark.parametrize(("stage", "to_s"), [("ingest", 2.55), ("gateway", 2.45)])
def test_who_is_asked_may_be_two_and_one_again_during_a_run(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path, stage: str, to_s: float
) -> None:
    release.scale(stage, 2)
    video = sent(release, token, small_show, to_s)
    release.scale(stage, 1)
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, str(to_s), tmp_path / "laptop")


def test_stages_come_from_zero_by_what_waits_and_go_again(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    if not has_keda():
        pytest.skip("the cluster has no KEDA")
    release.upgrade(
        "scaling.by=keda",
        "scaling.pollS=2",
        "scaling.idleS=10",
        "stages.detect.most=3",
        "stages.detect.lag=1",
    )
    by_what_waits = {f"{NAME}-inyourarea-{each}" for each in STAGES if each != "gateway"}
    eventually(lambda: _scaled(release) == by_what_waits, 120)
    gone_s = eventually(lambda: not release.pods("detect") + release.pods("render"), 600)
    videos = {to_s: sent(release, token, small_show, to_s) for to_s in _SEVERAL_S}
    come_s = eventually(lambda: bool(release.pods("detect")), 120)
    several_s = eventually(lambda: len(release.pods("detect")) > 1, 300)
    drawn_s = eventually(lambda: bool(release.pods("render")), 300)
    made = {
        to_s: fetched(release, token, video, tmp_path / f"out-{to_s}")
        for to_s, video in videos.items()
    }
    again_s = eventually(lambda: not release.pods("detect") + release.pods("render"), 900)
    print(  # noqa: T201 - for docs/scale.md
        f"to zero {gone_s:.0f} s; after all were sent detect from zero {come_s:.0f} s, to several "
        f"{several_s:.0f} s more, render from zero {drawn_s:.0f} s more; both to zero again "
        f"{again_s:.0f} s after the last fancam"
    )
    for to_s, fancams in made.items():
        assert fancams == laptop(small_show, str(to_s), tmp_path / f"laptop-{to_s}")
    _leave_keda(release)
    assert release.pods("detect")
    assert release.pods("render")


def _scaled(release: Release) -> set[str]:
    """Whose Deployments KEDA says that it can scale."""
    ready = '{.status.conditions[?(@.type=="Ready")].status}'
    told = "jsonpath={range .items[*]}{.metadata.name}=" + ready + "{'\\n'}{end}"
    lines = release.kubectl("get", "scaledobjects", "-o", told).split()
    return {
        name for name, _, is_ready in (line.partition("=") for line in lines) if is_ready == "True"
    }


def _leave_keda(release: Release) -> None:
    release.upgrade()
    release.upgrade()  # KEDA may have taken a stage to zero once more while it was going
    release.wait()


def test_detect_waits_for_a_gpu_that_comes_late_without_a_try_lost(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    """Here none ever comes, and a minute later models run in detect itself again."""
    dead, before = release.operator("dead-letters", "list"), release.pods("detect")
    release.upgrade(*_NO_TRITON)
    # It is no ready one: what it needs is not there.
    eventually(lambda: not set(before) & set(release.pods("detect")), 300)
    pod = release.only_pod("detect")
    video = sent(release, token, small_show, 2.35)
    counts = ("exec", pod, "--", "python3", "-c", _COUNTS)
    waits = 'inyourarea_waiting{dependency="triton",group="detect"} 1.0'
    eventually(lambda: waits in release.kubectl(*counts), 300)
    with pytest.raises(AssertionError, match="did not come so far"):
        eventually(lambda: waits not in release.kubectl(*counts), 60)
    told = release.kubectl(*counts).splitlines()
    again = [line for line in told if line.startswith("inyourarea_unit_retries_total{")]
    assert {line.rpartition(" ")[2] for line in again} == {"0.0"}
    assert release.operator("dead-letters", "list") == dead
    release.upgrade()
    release.wait()
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, "2.35", tmp_path / "laptop")


def test_what_an_editor_wants_trained_has_a_job_that_trains_and_publishes(
    release: Release, token: str, tmp_path: Path
) -> None:
    if not has_keda():
        pytest.skip("the cluster has no KEDA")
    if os.environ.get("IYA_TRAIN") is None:
        pytest.skip("IYA_TRAIN does not say that nodes have the image `train`")
    write_dataset(scenes(), tmp_path / "tri")
    put_into_bucket(release, tmp_path / "tri", keys.dataset("tri"))
    release.upgrade(
        "scaling.by=keda",
        "scaling.pollS=2",
        "train.jobs.enabled=true",
        "train.resources.requests.cpu=100m",
        "train.resources.requests.memory=512Mi",
    )
    release.wait()
    assert not release.pods("train")
    with release.tunnel() as address, Client(address, token=token) as client:
        client.train("tri", TrainingWishes(imgsz=160, epochs=2))
        come_s = eventually(lambda: bool(release.pods("train")), 120)
        ended_s = eventually(lambda: _newest(client, "tri").has_ended, _TRAINED_S)
        ended = _newest(client, "tri")
    assert ended.failure is None
    assert (ended.number, ended.version) == (1, 1)
    assert {one.name for one in ended.members} == set(NAMES.values())
    print(f"a job {come_s:.0f} s after the wish, trained {ended_s:.0f} s later")  # noqa: T201
    assert keys.model_version("tri", 1) in names_in_bucket(release)
    (pod,) = release.pods("train")
    phase = ("get", "pod", pod, "-o", "jsonpath={.status.phase}")
    eventually(lambda: release.kubectl(*phase) == "Succeeded", 120)
    _leave_keda(release)


def _newest(client: Client, dataset: str) -> Training:
    told = client.training(dataset)
    assert told
    return told
