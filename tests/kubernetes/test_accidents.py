"""Pods that go while they are at work, and servers that begin anew: all is done the same."""

from pathlib import Path

import pytest

from release import NAME, Failed, Release, eventually
from runs import STAGES, fetched, laptop, sent
from small_show import SmallShow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.mark.parametrize(
    ("stage", "to_s"), [*zip(STAGES, (3.9, 3.8, 3.7, 3.6, 3.4), strict=True), ("all", 3.5)]
)
def test_no_pod_of_a_stage_is_needed_for_ever(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path, stage: str, to_s: float
) -> None:
    video = sent(release, token, small_show, to_s)
    for each in STAGES if stage == "all" else (stage,):
        for pod in release.pods(each):
            release.kubectl("delete", "pod", pod, "--wait=false", "--grace-period=1")
    release.wait()
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, str(to_s), tmp_path / "laptop")


@pytest.mark.parametrize(
    ("server", "to_s"), [("dev-kafka", 3.25), ("dev-store", 3.2), ("dev-catalog", 3.1)]
)
def test_a_server_that_begins_anew_has_what_it_had(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path, server: str, to_s: float
) -> None:
    """In its pod, whose volume it keeps; a pod without a claim takes all along."""
    video = sent(release, token, small_show, to_s)
    pod = release.only_pod(server)
    begun = ("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
    before = release.kubectl(*begun)
    release.kubectl("exec", pod, "--", "sh", "-c", "kill -s INT 1")
    eventually(lambda: release.kubectl(*begun) != before, 120)
    release.kubectl("wait", "--for=condition=Ready", f"pod/{pod}", "--timeout=180s")
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, str(to_s), tmp_path / "laptop")


def test_a_drained_node_gives_its_work_back(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = sent(release, token, small_show, 3.3)
    with release.drained(release.pods("render")[0], STAGES):
        pass
    release.wait()
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, "3.3", tmp_path / "laptop")


def test_copies_of_a_stage_are_drained_one_after_another(release: Release) -> None:
    release.scale("render", 2)
    budget = ("get", "pdb", f"{NAME}-inyourarea-render")
    told = ("-o", "jsonpath={.status.expectedPods} {.status.disruptionsAllowed}")
    eventually(lambda: release.kubectl(*budget, *told) == "2 1", 60)
    first, second = release.pods("render")
    release.evict(first)
    with pytest.raises(Failed, match="disruption budget"):
        release.evict(second)
    eventually(lambda: release.kubectl(*budget, *told) == "2 1", 300)
    release.evict(second)
    release.scale("render", 1)
