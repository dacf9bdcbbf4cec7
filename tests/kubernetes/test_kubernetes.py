"""The chart on a cluster: `make test-kubernetes`, with KUBECONFIG and the images on its nodes."""

import os
from base64 import b64decode
from pathlib import Path

import pytest
import yaml

import tools
from backups import names_in_bucket
from release import NAME, Failed, Release, eventually
from runs import STAGES, fetched, laptop, sent
from small_show import SmallShow

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

#: Servers of the operator's own, whose Kafka is away, and keys to those that the chart brought.
_OWN = ("dev.enabled=false", "kafka.servers={nobody:9092}", "objectStore.endpoint=http://nobody:1")
_KEYS = (
    f"objectStore.secretName={NAME}-inyourarea-dev",
    f"catalog.secretName={NAME}-inyourarea-dev",
)
#: Such servers that are there.
_THERE = (
    "dev.enabled=false",
    f"kafka.servers={{{NAME}-inyourarea-dev-kafka:9092}}",
    f"objectStore.endpoint=http://{NAME}-inyourarea-dev-store:8333",
    "kafka.lanePartitions=12",
    *(f"stages.{stage}.most=12" for stage in ("ingest", "detect", "render")),
)
#: A release beside this one; nobody waits for its pods.
_BESIDE = (
    *_THERE,
    *(f"stages.{stage}.resources.requests.cpu=64" for stage in STAGES),
    "priorityClasses.create=false",
)


def test_the_fancams_are_the_laptops(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = sent(release, token, small_show, 4)
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, "4", tmp_path / "laptop")
    assert made


def test_helm_test_reaches_everything(release: Release) -> None:
    assert "Phase:          Succeeded" in release.helm("test", NAME)


def test_an_upgrade_and_a_rollback_lose_nothing(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    video = sent(release, token, small_show, 3)
    release.upgrade("defaults.podAnnotations.version=next")
    release.helm("rollback", NAME)
    release.wait()
    made = fetched(release, token, video, tmp_path / "out")
    assert made == laptop(small_show, "3", tmp_path / "laptop")


def test_other_images_are_taken_back_and_come_during_a_run(
    release: Release, token: str, small_show: SmallShow, tmp_path: Path
) -> None:
    """IYA_OTHER_TAG is the tag of another release, the one before or the next."""
    if (other := os.environ.get("IYA_OTHER_TAG")) is None:
        pytest.skip("IYA_OTHER_TAG names no other images")
    before = sent(release, token, small_show, 2.9)
    release.upgrade(f"image.tag={other}")
    release.wait()
    during = sent(release, token, small_show, 2.8)
    release.helm("rollback", NAME)
    release.wait()
    for video, to_s in ((before, 2.9), (during, 2.8)):
        made = fetched(release, token, video, tmp_path / f"out-{to_s}")
        assert made == laptop(small_show, str(to_s), tmp_path / f"laptop-{to_s}")


def test_what_skaffold_sends_into_a_pod_is_what_its_service_runs(
    release: Release, tmp_path: Path
) -> None:
    """The program's file, and the word after it, as skaffold.yaml says; the pod stays."""
    skaffold = yaml.safe_load((tools.ROOT / "skaffold.yaml").read_text())
    sync = skaffold["profiles"][0]["patches"][0]["value"]
    (after,) = sync["hooks"]["after"]
    (rule,) = sync["manual"]
    file = "services/inyourarea/track/__main__.py"
    changed = tmp_path / "__main__.py"
    changed.write_text(f"print('it was changed', flush=True)\n{(tools.ROOT / file).read_text()}")
    release.upgrade("dev.sync=true")
    release.wait()
    pod = release.only_pod("track")
    place = f"{rule['dest']}/{file.removeprefix(rule['strip'])}"
    release.kubectl("cp", changed, f"{pod}:{place}")
    release.kubectl("exec", pod, "--", *after["container"]["command"])
    eventually(lambda: "it was changed" in release.kubectl("logs", pod), 120)
    begun = ("get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
    assert release.kubectl(*begun) == "0"
    release.upgrade()
    release.wait()


def test_jobs_make_what_is_missing_on_servers_of_ones_own_before_an_install_and_again(
    release: Release,
) -> None:
    """The chart's own servers are somebody's, to another release; then KEDA scales it."""
    values = (*_BESIDE, *_KEYS, "objectStore.bucket=another")
    try:
        for verb, scaler in (("install", "hpa"), ("upgrade", "auto")):
            release.own((verb,), "other", *values, f"scaling.by={scaler}")
            jobs = release.kubectl("get", "jobs", "-l", "app.kubernetes.io/instance=other")
            assert "No resources" in jobs or not jobs.strip()  # each ended well, and went
        assert names_in_bucket(release, "another") == set()
    finally:
        release.helm("uninstall", "other", "--wait=false")


def test_a_first_install_that_lacks_something_says_so_and_goes_on_when_it_is_there(
    release: Release,
) -> None:
    """A secret, then the broker; the same command, said again, ends well."""
    values = (*_BESIDE, _KEYS[0], "catalog.secretName=late", "objectStore.bucket=first")
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


@pytest.mark.parametrize(
    ("job", "values", "sentences"),
    [
        ("topics", (*_OWN, *_KEYS), ("Kafka can not be reached", "nobody:9092")),
        (
            "tables",
            (*_THERE, _KEYS[0], "catalog.secretName=away"),
            ("the catalog's database can not be used", "nobody"),
        ),
    ],
)
def test_an_upgrade_whose_server_is_away_is_held_back(
    release: Release, job: str, values: tuple[str, ...], sentences: tuple[str, ...]
) -> None:
    url = "--from-literal=url=postgresql+psycopg://somebody@nobody/catalog"
    release.kubectl("create", "secret", "generic", "away", url)
    pods = set(release.pods("ingest"))
    name = f"job/{NAME}-inyourarea-setup-{job}"
    try:
        with pytest.raises(Failed, match=rf"(?s)pre-upgrade hooks failed.*setup-{job}"):
            release.upgrade(*values, "setup.patienceS=45")
        why = release.kubectl("logs", name)
        assert [sentence for sentence in sentences if sentence not in why] == []
        assert set(release.pods("ingest")) == pods
    finally:
        release.kubectl("delete", "secret", "away")
        release.upgrade()
    release.wait()
    release.kubectl("delete", name)  # or in a day by itself


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
