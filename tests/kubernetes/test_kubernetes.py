"""The chart on a cluster: `make test-kubernetes`, with KUBECONFIG and the images on its nodes."""

import os
import threading
import uuid
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from backups import (
    bring_back_database,
    checked,
    dump_database,
    names_in_bucket,
    no_site,
    put_into_bucket,
    take_out_of_bucket,
)
from inyourarea.client import Client, Training, TrainingWishes, Wishes
from inyourarea.contracts import keys
from release import NAME, Failed, Release, digests, eventually, run
from small_group import NAMES, scenes, write_dataset
from small_show import SmallShow, draw_small_show, inyourarea

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

STAGES = ("ingest", "detect", "track", "render", "gateway")
_DONE_S = 900
_TRAINED_S = 1800
#: As many videos as keep two copies of detect waiting, of a segment each; in seconds.
_SEVERAL_S = (2.75, 2.7, 2.6, 2.5, 2.4, 2.3)
#: Servers of the operator's own, whose Kafka is away, and keys to those that the chart brought.
_OWN = ("dev.enabled=false", "kafka.servers={nobody:9092}", "objectStore.endpoint=http://nobody:1")
_KEYS = (
    f"objectStore.secretName={NAME}-inyourarea-dev",
    f"catalog.secretName={NAME}-inyourarea-dev",
)


#: Such servers that are there, to a release beside this one; nobody waits for its pods.
_THERE = (
    "dev.enabled=false",
    f"kafka.servers={{{NAME}-inyourarea-dev-kafka:9092}}",
    f"objectStore.endpoint=http://{NAME}-inyourarea-dev-store:8333",
    "kafka.lanePartitions=12",
    *(f"stages.{stage}.most=12" for stage in ("ingest", "detect", "render")),
    *(f"stages.{stage}.resources.requests.cpu=64" for stage in STAGES),
    "priorityClasses.create=false",
)


@pytest.fixture(scope="module")
def release() -> Iterator[Release]:
    if "KUBECONFIG" not in os.environ:
        pytest.skip("KUBECONFIG names no cluster")
    release = Release(f"iya-{uuid.uuid4().hex[:6]}")
    release.make_namespace()
    try:
        release.upgrade()
        release.wait()
        yield release
    finally:
        run("kubectl", "delete", "namespace", release.namespace, "--wait=false")


@pytest.fixture(scope="module")
def small_show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="module")
def token(release: Release) -> str:
    return release.token()


def _laptop(show: SmallShow, to_s: str, out: Path) -> dict[str, str]:
    inyourarea("run", show.video, "--group", "show", "--to", to_s, "--out", out)
    return digests(out / "fancams")


def _sent(release: Release, token: str, show: SmallShow, to_s: float) -> str:
    with release.tunnel() as address, Client(address, token=token) as client:
        return client.submit(show.video, Wishes(group="show", to_s=to_s)).id


def _fetched(release: Release, token: str, video: str, out: Path) -> dict[str, str]:
    with release.tunnel() as address, Client(address, token=token) as client:
        eventually(lambda: client.video(video).state != "working", _DONE_S)
        shown = client.video(video)
        assert shown.state == "ready", shown.failure
        for wanted in client.wanted(client.watch(video)):
            client.fetch(wanted, out)
    return digests(out)


def _newest(client: Client, dataset: str) -> Training:
    told = client.training(dataset)
    assert told
    return told


def test_the_fancams_are_the_laptops(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = _sent(release, token, small_show, 4)
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "4", tmp_path / "laptop")
    assert made


def test_helm_test_reaches_everything(release: Release) -> None:
    assert "Phase:          Succeeded" in release.helm("test", NAME)


@pytest.mark.parametrize(
    ("stage", "to_s"), [*zip(STAGES, (3.9, 3.8, 3.7, 3.6, 3.4), strict=True), ("all", 3.5)]
)
def test_no_pod_of_a_stage_is_needed_for_ever(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path, stage: str, to_s: float
) -> None:
    video = _sent(release, token, small_show, to_s)
    for each in STAGES if stage == "all" else (stage,):
        for pod in release.pods(each):
            release.kubectl("delete", "pod", pod, "--wait=false", "--grace-period=1")
    release.wait()
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, str(to_s), tmp_path / "laptop")


def test_a_drained_node_gives_its_work_back(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = _sent(release, token, small_show, 3.3)
    with release.drained(release.pods("render")[0], STAGES):
        pass
    release.wait()
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "3.3", tmp_path / "laptop")


def test_an_upgrade_and_a_rollback_lose_nothing(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = _sent(release, token, small_show, 3)
    release.upgrade("defaults.podAnnotations.version=next")
    release.helm("rollback", NAME)
    release.wait()
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "3", tmp_path / "laptop")


def test_other_images_are_taken_back_and_come_during_a_run(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    """IYA_OTHER_TAG is the tag of another release, the one before or the next."""
    if (other := os.environ.get("IYA_OTHER_TAG")) is None:
        pytest.skip("IYA_OTHER_TAG names no other images")
    before = _sent(release, token, small_show, 2.9)
    release.upgrade(f"image.tag={other}")
    release.wait()
    during = _sent(release, token, small_show, 2.8)
    release.upgrade()
    release.wait()
    for video, to_s in ((before, 2.9), (during, 2.8)):
        made = _fetched(release, token, video, tmp_path / f"out-{to_s}")
        assert made == _laptop(small_show, str(to_s), tmp_path / f"laptop-{to_s}")


def test_a_stage_at_zero_finishes_when_it_comes_back(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    deployment = f"deploy/{NAME}-inyourarea-detect"
    release.kubectl("scale", deployment, "--replicas=0")
    eventually(lambda: not release.pods("detect"), 120)
    video = _sent(release, token, small_show, 2.5)
    threading.Timer(5, release.kubectl, ("scale", deployment, "--replicas=2")).start()
    made = _fetched(release, token, video, tmp_path / "out")
    assert made == _laptop(small_show, "2.5", tmp_path / "laptop")


def test_a_stage_comes_from_zero_by_what_waits_and_goes_again(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    if "keda.sh/v1alpha1" not in run("kubectl", "api-versions"):
        pytest.skip("the cluster has no KEDA")
    release.upgrade(
        "scaling.by=keda",
        "scaling.pollS=2",
        "scaling.idleS=10",
        "stages.detect.most=3",
        "stages.detect.lag=1",
    )
    gone_s = eventually(lambda: not release.pods("detect"), 600)
    videos = {to_s: _sent(release, token, small_show, to_s) for to_s in _SEVERAL_S}
    come_s = eventually(lambda: bool(release.pods("detect")), 120)
    several_s = eventually(lambda: len(release.pods("detect")) > 1, 300)
    made = {
        to_s: _fetched(release, token, video, tmp_path / f"out-{to_s}")
        for to_s, video in videos.items()
    }
    again_s = eventually(lambda: not release.pods("detect"), 900)
    print(  # noqa: T201 - for docs/scale.md
        f"to zero {gone_s:.0f} s, from zero {come_s:.0f} s after all were sent, "
        f"to several {several_s:.0f} s more, to zero again {again_s:.0f} s after the last fancam"
    )
    for to_s, fancams in made.items():
        assert fancams == _laptop(small_show, str(to_s), tmp_path / f"laptop-{to_s}")
    release.upgrade()
    release.upgrade()  # KEDA may have taken a stage to zero once more while it was going
    release.wait()
    assert release.pods("detect")
    assert release.pods("render")


def test_what_an_editor_wants_trained_has_a_job_that_trains_and_publishes(
    release: Release, token: str, tmp_path: Path
) -> None:
    if "keda.sh/v1alpha1" not in run("kubectl", "api-versions"):
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
    release.upgrade()
    release.upgrade()
    release.wait()


def test_a_database_older_than_its_bucket_knows_the_videos_again(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    dump_database(release)
    video = _sent(release, token, small_show, 2.25)
    made = _fetched(release, token, video, tmp_path / "out")
    with no_site(release):
        bring_back_database(release)
    assert _fetched(release, token, video, tmp_path / "again") == made
    assert checked(release) == "every run has what it promises\n"


def test_a_bucket_older_than_its_database_forgets_and_says_so(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    before = names_in_bucket(release)
    video = _sent(release, token, small_show, 2.125)
    made = _fetched(release, token, video, tmp_path / "out")
    later = names_in_bucket(release) - before
    pieces = {name for name in later if name.startswith("pieces/")}
    take_out_of_bucket(release, pieces)
    told = checked(release)
    assert sorted(name for name in pieces if f"  lacks {name}\n" not in told) == []
    with no_site(release):
        take_out_of_bucket(release, later - pieces)
    said = release.kubectl("logs", f"deploy/{NAME}-inyourarea-gateway")
    assert f"the catalog knew more of video {video} than the store does" in said
    assert checked(release) == "every run has what it promises\n"
    assert _sent(release, token, small_show, 2.125) == video
    assert _fetched(release, token, video, tmp_path / "again") == made


def test_a_bucket_that_lacks_pieces_has_them_again(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = _sent(release, token, small_show, 2)
    made = _fetched(release, token, video, tmp_path / "out")
    run = {name for name in names_in_bucket(release) if name.startswith("pieces/")}
    take_out_of_bucket(release, run)
    assert "lacks pieces/" in checked(release)
    assert "what can be made again is" in checked(release, "--mend")
    assert _sent(release, token, small_show, 2) == video
    assert _fetched(release, token, video, tmp_path / "again") == made


def test_jobs_make_what_is_missing_on_servers_of_ones_own_before_an_install_and_again(
    release: Release,
) -> None:
    """Another release, to which the chart's own servers are somebody's."""
    values = (*_THERE, *_KEYS, "objectStore.bucket=another")
    try:
        for verb in ("install", "upgrade"):
            release.own((verb,), "other", *values)
            jobs = release.kubectl("get", "jobs", "-l", "app.kubernetes.io/instance=other")
            assert "No resources" in jobs or not jobs.strip()  # each ended well, and went
        assert names_in_bucket(release, "another") == set()
    finally:
        release.helm("uninstall", "other", "--wait=false")


def test_a_first_install_that_lacks_something_says_so_and_goes_on_when_it_is_there(
    release: Release,
) -> None:
    """A secret, then the broker; the same command, said again, ends well."""
    values = (*_THERE, _KEYS[0], "catalog.secretName=late", "objectStore.bucket=first")
    values = (*values, "kafka.servers={late:9092}")
    release.kubectl("create", "service", "clusterip", "late", "--tcp=9092:9092")
    words = ("upgrade", "--install")
    try:
        with pytest.raises(Failed, match="there is no secret late in namespace iya-"):
            release.own(words, "first", *values)
        assert "first" not in release.helm("list", "--all", "--short")
        release.kubectl(
            "create", "secret", "generic", "late", f"--from-literal=url={_url(release)}"
        )
        with pytest.raises(Failed, match=r"(?s)failed pre-install.*setup-topics"):
            release.own(words, "first", *values, "setup.patienceS=45")
        assert "Kafka can not be reached" in release.kubectl(
            "logs", "job/first-inyourarea-setup-topics"
        )
        label = f"app.kubernetes.io/instance={NAME},app.kubernetes.io/component=dev-kafka"
        release.kubectl("set", "selector", "service/late", label)
        release.own(words, "first", *values)
        assert "deployed" in release.helm("status", "first")
    finally:
        for kind in ("service", "secret"):
            release.kubectl("delete", kind, "late", "--ignore-not-found")
        release.helm("uninstall", "first", "--wait=false", "--ignore-not-found")


def _url(release: Release) -> str:
    secret = ("get", "secret", f"{NAME}-inyourarea-dev", "-o", "jsonpath={.data.url}")
    return b64decode(release.kubectl(*secret)).decode()


def test_an_upgrade_whose_broker_is_away_is_held_back(release: Release) -> None:
    pods = set(release.pods("ingest"))
    with pytest.raises(Failed, match=r"(?s)pre-upgrade hooks failed.*setup-topics"):
        release.upgrade(*_OWN, *_KEYS, "setup.patienceS=45")
    why = release.kubectl("logs", f"job/{NAME}-inyourarea-setup-topics")
    assert "Kafka can not be reached" in why
    assert "nobody:9092" in why
    assert set(release.pods("ingest")) == pods
    release.upgrade()
    release.wait()
    release.kubectl("delete", "job", f"{NAME}-inyourarea-setup-topics")  # or in a day by itself


def test_a_missing_secret_is_told_and_changes_nothing(release: Release) -> None:
    before = release.helm("history", NAME)
    with pytest.raises(Failed, match="there is no secret nothing in namespace iya-"):
        release.upgrade(*_OWN, *_KEYS, "catalog.secretName=nothing")
    with pytest.raises(Failed, match=r"secret x-inyourarea-dev in namespace iya-.* no key `user`"):
        release.upgrade(
            *_OWN, *_KEYS, "kafka.protocol=SASL_SSL", f"kafka.secretName={NAME}-inyourarea-dev"
        )
    assert release.helm("history", NAME) == before


def test_an_uninstall_leaves_nothing(release: Release) -> None:
    release.helm("uninstall", NAME, "--wait")
    eventually(lambda: release.everything() == [], 180)
