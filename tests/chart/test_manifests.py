"""What every manifest of the chart keeps to, whatever the values."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

import tools
from inyourarea.contracts.topics import CHANNELS, LANE_PARTITIONS, TOPICS, topic_of
from inyourarea.contracts.v1 import facts_pb2 as facts
from own_servers import ServerNotHad
from schemas import PATTERN, write_schemas
from tools import CHART, EXAMPLES, FULL_CLUSTER, Manifest, containers, dev, of_kind, pods, render

sys.path.insert(0, str(CHART.parent))
import generate

STAGES = ("ingest", "detect", "track", "render", "gateway")
#: Everything that values can bring.
EVERYTHING = (
    *("triton.enabled=true", "train.enabled=true", "train.claim=models"),
    *("train.gpus=1", "train.publish={/models/model.onnx}", "train.jobs.enabled=true"),
    *("monitoring.serviceMonitor=true", "monitoring.alerts=true", "monitoring.dashboard=true"),
    *("scaling.by=keda", "scaling.prometheus=http://prometheus:9090", "dev.storage=20Gi"),
    *("site.hosts={fans.example}", "site.route.kind=ingress", "site.proxies={10.0.0.0/8}"),
    *("tls.secretName=certificates", "site.grpc.enabled=true", "site.grpc.tlsSecretName=site"),
)


@pytest.fixture(scope="module", params=["dev", "everything", *(path.stem for path in EXAMPLES)])
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    if request.param == "dev":
        return dev()
    if request.param == "everything":
        return dev(*EVERYTHING, apis=FULL_CLUSTER)
    return render(files=[CHART / "examples" / f"{request.param}.yaml"], apis=FULL_CLUSTER)


def test_helm_finds_nothing_to_say() -> None:
    words = ["lint", "--strict", str(CHART), "--set", "dev.enabled=true"]
    done = subprocess.run([str(tools.helm()), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout


def test_the_readme_and_the_schema_are_those_of_the_values() -> None:
    assert generate.drift() == []


def test_every_pod_is_restricted_and_mounts_no_token(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for each in containers(pod):
            security = each["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert security["readOnlyRootFilesystem"], name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert not any("hostPath" in volume for volume in pod.get("volumes", [])), name


def test_every_container_says_what_it_needs(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        for each in containers(pod):
            asked = each["resources"]
            assert {"cpu", "memory"} <= set(asked["requests"]), name
            assert "memory" in asked["limits"], name
            assert "cpu" not in asked["limits"], name  # a limit would slow it while cores idle


def test_every_selector_meets_its_pods(manifests: list[Manifest]) -> None:
    labels = [
        each["spec"]["template"]["metadata"]["labels"].items()
        for each in manifests
        if each["kind"] in ("Deployment", "StatefulSet", "Job")
    ]
    labels += [
        each["spec"]["jobTargetRef"]["template"]["metadata"]["labels"].items()
        for each in manifests
        if each["kind"] == "ScaledJob"
    ]
    labels += [each["metadata"]["labels"].items() for each in manifests if each["kind"] == "Pod"]
    for each in manifests:
        selector = each.get("spec", {}).get("selector") or each.get("spec", {}).get("podSelector")
        if each["kind"] in ("Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment"):
            wanted = selector.get("matchLabels", selector)
            name = each["metadata"]["name"]
            assert any(wanted.items() <= found for found in labels) or "setup" in name, name


def test_every_pod_has_a_network_policy_of_its_own(manifests: list[Manifest]) -> None:
    _each_has_a_policy(manifests)


@pytest.mark.parametrize("one", ["train.enabled=true", "train.jobs.enabled=true"])
def test_each_kind_of_training_has_a_network_policy_where_it_is_alone(one: str) -> None:
    _each_has_a_policy(dev(one, "train.claim=models", apis=FULL_CLUSTER))


def _each_has_a_policy(manifests: list[Manifest]) -> None:
    policies = set(of_kind(manifests, "NetworkPolicy"))
    of_pods = {
        each["metadata"]["labels"]["app.kubernetes.io/component"]
        for each in manifests
        if pods([each])
    }
    assert of_pods <= policies


def test_named_ports_are_there(manifests: list[Manifest]) -> None:
    for _, pod in pods(manifests):
        for each in containers(pod):
            known = {port["name"] for port in each.get("ports", [])}
            text = json.dumps({k: v for k, v in each.items() if k.endswith("Probe")})
            assert set(re.findall(r'"port": "(\w+)"', text)) <= known


def test_no_pod_asks_for_more_secrets_than_the_values_name(manifests: list[Manifest]) -> None:
    made = {each["metadata"]["name"] for each in manifests if each["kind"] == "Secret"}
    text = yaml.safe_dump([pod for _, pod in pods(manifests)])
    named = set(re.findall(r"secretName: (\S+)", text))
    expected = {"certificates", "site", *(f"inyourarea-{of}" for of in ("store", "kafka"))}
    assert named <= made | expected | {"inyourarea-store-setup"}


def test_names_are_unique(manifests: list[Manifest]) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert len(names) == len(set(names))


def test_the_chart_knows_what_each_group_works_on() -> None:
    """The topics that KEDA watches are those of the handlers."""
    known = yaml.safe_load(_defined("_stages.tpl", "inyourarea.stages"))
    for group, topics in _groups(known):
        assert set(topics) == set(_channels_by_group()[group]), group
    asked = {group for group, _ in _groups(known)}
    assert asked == set(_channels_by_group()) - {"gateway"}


def test_no_stage_may_have_more_copies_than_topics_have_partitions() -> None:
    """Of whole videos there are few; `kafka.lanePartitions` is what the program makes by itself."""
    lanes = {name for topic in TOPICS if topic.has_lanes for name in topic.channels}
    of_videos = {each.partitions for each in CHANNELS[:-1] if each.name not in lanes}
    assert of_videos == {int(_defined("_stages.tpl", "inyourarea.videoPartitions"))}
    values = yaml.safe_load((tools.CHART / "values.yaml").read_text())
    assert values["kafka"]["lanePartitions"] == LANE_PARTITIONS
    known = yaml.safe_load(_defined("_stages.tpl", "inyourarea.stages"))
    for stage, groups in known.items():
        asked = {topic for topics in groups["groups"].values() for topic in topics}
        assert bool(asked & lanes) == groups.get("fansOut", False), stage


def test_the_time_to_end_is_longer_than_what_a_service_may_take() -> None:
    text = (tools.ROOT / "services/inyourarea/runtime/service.py").read_text()
    parts = re.findall(r"^_(?:FAREWELL|ANSWERS)_S = ([\d.]+)", text, re.MULTILINE)
    assert len(parts) == 2
    assert sum(map(float, parts)) < int(_defined("_stages.tpl", "inyourarea.graceS"))


def test_settings_are_ones_that_a_service_reads() -> None:
    code = "".join(path.read_text() for path in (tools.ROOT / "services").rglob("*.py"))
    for _, pod in pods(dev(*EVERYTHING, apis=FULL_CLUSTER)):
        for name in tools.environment(pod):
            if name.startswith("INYOURAREA_"):
                setting = name.removeprefix("INYOURAREA_")
                assert _is_read(setting, code), name


def test_metrics_are_ones_that_a_service_tells() -> None:
    code = "".join(path.read_text() for path in (tools.ROOT / "services").rglob("*.py"))
    told = set(re.findall(r'"(inyourarea_[a-z_]+)"', code))
    watched = yaml.safe_dump(dev(*EVERYTHING, apis=FULL_CLUSTER))
    named = {
        re.sub(r"_(total|bucket|count|sum)$", "", name)
        for name in re.findall(r"\b(inyourarea_[a-z_]+)\b(?=[{\[, \\])", watched)
    }
    assert named
    assert named <= told


def test_kubernetes_knows_every_field(
    manifests: list[Manifest], schemas: Path, tmp_path: Path
) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(manifests))
    words = ["-strict", "-summary", "-schema-location", f"{schemas}/{PATTERN}", str(file)]
    done = subprocess.run(
        [str(tools.kubeconform()), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Valid: \d+, Invalid: 0, Errors: 0, Skipped: 0", done.stdout)


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    try:
        write_schemas(folder)
    except ServerNotHad as reason:
        pytest.fail(str(reason))
    return folder


def test_every_service_has_its_image_target_and_skaffold_artifact() -> None:
    dockerfile = (tools.ROOT / "services" / "Dockerfile").read_text()
    targets = set(re.findall(r"^FROM service AS (\w+)", dockerfile, re.MULTILINE))
    assert {*STAGES, "models", "train"} == targets
    skaffold = yaml.safe_load((tools.ROOT / "skaffold.yaml").read_text())
    built = [each["docker"]["target"] for each in skaffold["build"]["artifacts"]]
    assert set(STAGES) == {*built}
    synced = {patch["path"] for patch in skaffold["profiles"][0]["patches"]}
    assert {f"/build/artifacts/{number}/sync" for number in range(len(built))} < synced
    assert set(STAGES) == set(of_kind(dev(), "ServiceAccount"))


def _defined(file: str, name: str) -> str:
    text = (CHART / "templates" / file).read_text()
    found = re.search(rf'define "{re.escape(name)}" -}}}}(.*?){{{{- end', text, re.DOTALL)
    assert found, name
    return found[1]


def _groups(known: Manifest) -> Iterable[tuple[str, list[str]]]:
    for stage in known.values():
        yield from stage["groups"].items()


def _channels_by_group() -> dict[str, tuple[str, ...]]:
    """By consumer group, the topics of its handlers: read from where the handlers are listed."""
    handlers = {
        "ingest": ("ingest/handler.py",),
        "detect": ("detect/handler.py",),
        "track": ("track/handler.py",),
        "render": ("render/handler.py",),
        "rendition": tuple(f"render/{of}_handler.py" for of in ("stage", "streams", "faces")),
        "gateway": ("gateway/handler.py",),
    }
    found = {}
    for group, files in handlers.items():
        texts = [(tools.ROOT / "services/inyourarea" / file).read_text() for file in files]
        names = [
            name for text in texts for name in re.findall(r"^ +\{?facts\.(\w+): self\.", text, re.M)
        ]
        found[group] = tuple(
            channel for name in names for channel in topic_of(getattr(facts, name)).channels
        )
    return found


def _is_read(name: str, code: str) -> bool:
    """Whether a service asks for it, whole or as a prefix and the rest."""
    if f'"{name}"' in code:
        return True
    parts = name.split("_")
    heads = ["_".join(parts[:count]) + "_" for count in range(1, len(parts))]
    is_file = name.endswith("_FILE") and f'secret("{name.removesuffix("_FILE")}")' in code
    return is_file or any(f'"{head}"' in code for head in heads)
