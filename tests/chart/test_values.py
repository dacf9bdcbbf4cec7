"""What values do, and which are refused with a sentence."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from inyourarea.contracts.topics import topic_of
from inyourarea.contracts.trainings import STAGE
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.gateway.counting import STREAMS
from tools import (
    CHART,
    FULL_CLUSTER,
    Manifest,
    Rejected,
    arrows,
    containers,
    dev,
    environment,
    notes,
    of_kind,
    pods,
    render,
)

#: What an operator with servers of their own must name.
OWN = (
    "kafka.servers={broker:9092}",
    "objectStore.endpoint=https://s3.example",
    "objectStore.secretName=store",
    "catalog.secretName=catalog",
)
#: Who leads people to the site.
INGRESS = ("site.route.kind=ingress", "site.hosts={fans.example}", "site.proxies={10.0.0.0/8}")
#: A key of its own for each service.
KEYS = tuple(
    f"objectStore.secretNames.{name}={name}"
    for name in ("ingest", "detect", "track", "render", "gateway")
)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ((), "kafka.servers is empty: name your brokers"),
        (OWN[:1], "objectStore.endpoint is empty"),
        (OWN[:3], "catalog.secretName is empty"),
        ((OWN[0], OWN[1], OWN[3]), "objectStore.secretNames has none for detect"),
        ((OWN[0], OWN[1], OWN[3], *KEYS), "objectStore.secretNames has none for setup"),
        (
            (*OWN[:2], OWN[3], *KEYS, "setup.enabled=false", "train.jobs.enabled=true"),
            "objectStore.secretNames has none for train",
        ),
        ((*OWN, "kafka.protocol=SASL_SSL"), "kafka.secretName must name the secret"),
        ((*OWN, "stages.detect.least=5", "stages.detect.most=2"), "less than its least, 5"),
        ((*OWN, "stages.render.most=129"), "its topics have 128 partitions"),
        ((*OWN, "kafka.lanePartitions=24"), "raise kafka.lanePartitions, or lower most"),
        (("dev.enabled=true", "stages.detect.least=13"), "dev.kafka.lanePartitions 12 copies"),
        ((*OWN, "site.route.kind=httpRoute"), "site.hosts must name the hosts"),
        (
            (*OWN, *INGRESS, "site.route.kind=httpRoute"),
            "site.route.parents must name the Gateway",
        ),
        ((*OWN, *INGRESS[:2]), "site.proxies must name the networks that its requests come from"),
        ((*OWN, "train.jobs.enabled=true"), "what starts those jobs is KEDA"),
        ((*OWN, "train.enabled=true"), "train.claim must name the volume"),
        ((*OWN, "triton.enabled=true", "triton.gpus=0"), "give it one, name a triton.repository"),
        ((*OWN, "kafka.servers={broker}"), 'kafka.servers has "broker", which is no HOST:PORT'),
        ((*OWN, "objectStore.endpoint=s3.example"), "write it with http:// or https://"),
        ((*OWN, "site.s3Address=https://s3.example/"), "site.s3Address is"),
        ((*OWN, "objectStore.bucket=Uppercase"), "which no bucket can be called: 3 to 63 small"),
        ((*OWN, "image.digests.ingest=latest"), "image.digests.ingest is"),
    ],
)
def test_values_that_do_not_go_together_are_refused(values: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(Rejected) as refused:
        render(*values)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("kafka.protocol=SSL", "/kafka/protocol"),
        ("stages.track.most=20", "/stages/track/most"),
        ("stages.render.mots=2", "mots"),
        ("scaling.by=magic", "/scaling/by"),
        ("dev.enabled=yes", "/dev/enabled"),
        ("image.digests.gatway=sha256:0", "gatway"),
        ("stages.detect.settings.DETECT_TREADS=1", "DETECT_TREADS"),
        ("stages.gateway.settings.GATEWAY_HOSTS=a", "GATEWAY_HOSTS"),  # that is site.hosts
        ("stages.track.pods.nodeSelector.gpu=true", "/stages/track/pods/nodeSelector/gpu"),
        ("stages.track.scratch=5ki", "/stages/track/scratch"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(value: str, place: str) -> None:
    with pytest.raises(Rejected) as refused:
        render(*OWN, value)
    assert place in str(refused.value)


def test_a_key_for_each_service_is_enough_where_nothing_is_set_up() -> None:
    render(OWN[0], OWN[1], OWN[3], *KEYS, "setup.enabled=false")


def test_one_value_is_enough_to_try_it() -> None:
    made = dev()
    assert set(of_kind(made, "StatefulSet")) == {"dev-kafka", "dev-store", "dev-catalog"}
    told = environment(of_kind(made, "Deployment")["gateway"]["spec"]["template"]["spec"])
    assert told["INYOURAREA_KAFKA_SERVERS"] == "x-inyourarea-dev-kafka.somewhere.svc:9092"
    assert told["INYOURAREA_S3_ENDPOINT"] == "http://x-inyourarea-dev-store:8333"


def test_each_stage_is_told_its_own_settings(tmp_path: Path) -> None:
    said = {
        "ingest": "INGEST_WINDOW",
        "detect": "DETECT_THREADS",
        "track": "TRACK_WINDOW",
        "render": "RENDER_FRAME_TIMEOUT_S",
        "gateway": "GATEWAY_SILENCE_S",
    }
    stages = {stage: {"settings": {name: "7"}} for stage, name in said.items()}
    file = tmp_path / "values.yaml"
    file.write_text(json.dumps({"dev": {"enabled": True}, "stages": stages}))
    made = of_kind(render(files=[file]), "Deployment")
    for stage, name in said.items():
        told = environment(made[stage]["spec"]["template"]["spec"])
        assert told[f"INYOURAREA_{name}"] == "7"


def test_without_dev_no_server_and_no_secret_is_made() -> None:
    kinds = {each["kind"] for each in render(*OWN)}
    assert not kinds & {"StatefulSet", "Secret"}


def test_a_trial_fits_on_two_cores() -> None:
    made = pods(dev())
    asked = [each["resources"]["requests"]["cpu"] for _, pod in made for each in containers(pod)]
    assert sum(int(cpu.removesuffix("m")) for cpu in asked) < 800  # twice, and the cluster's own
    assert not of_kind(dev(), "HorizontalPodAutoscaler")


def test_keda_scales_where_it_is_and_hpa_elsewhere() -> None:
    beside = render(*OWN, apis=FULL_CLUSTER)
    assert of_kind(beside, "ScaledObject").keys() == {"ingest", "detect", "track", "render"}
    assert of_kind(beside, "HorizontalPodAutoscaler").keys() == {"gateway"}
    plain = render(*OWN)
    assert not of_kind(plain, "ScaledObject")
    scaled = of_kind(plain, "HorizontalPodAutoscaler")
    assert {name: each["spec"]["minReplicas"] for name, each in scaled.items()} == {
        name: 1 for name in ("ingest", "detect", "track", "render", "gateway")
    }
    assert scaled["render"]["spec"]["maxReplicas"] == 128
    (cpu,) = scaled["gateway"]["spec"]["metrics"]
    assert cpu["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}


def test_no_more_copies_are_asked_for_than_have_work() -> None:
    """On servers of one's own as many as the comeback night needs, on the chart's own a few."""
    for made, lanes in ((render(*OWN, apis=FULL_CLUSTER), 128), (dev(apis=FULL_CLUSTER), 12)):
        most = {
            name: each["spec"]["maxReplicaCount"]
            for name, each in of_kind(made, "ScaledObject").items()
        }
        assert most == {"ingest": lanes, "detect": lanes, "render": lanes, "track": 6}
        (topics,) = (
            each["spec"]["template"]["spec"]
            for each in made
            if each["kind"] == "Job" and "topics" in each["metadata"]["name"]
        )
        assert environment(topics)["INYOURAREA_KAFKA_LANE_PARTITIONS"] == str(lanes)


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ((), "100Gi"),
        (("site.mostUploadGiB=200",), "400Gi"),
        (("stages.gateway.scratch=1Ti",), "1Ti"),
    ],
)
def test_two_of_the_largest_uploads_at_once_do_not_evict_the_site(
    values: tuple[str, ...], size: str
) -> None:
    pod = of_kind(dev(*values), "Deployment")["gateway"]["spec"]["template"]["spec"]
    (disk,) = [each["emptyDir"] for each in pod["volumes"] if each["name"] == "scratch"]
    assert disk == {"sizeLimit": size}


def test_the_site_scales_by_cpu_and_by_open_streams() -> None:
    made = dev("scaling.prometheus=http://p:9090", apis=FULL_CLUSTER)
    cpu, streams = of_kind(made, "ScaledObject")["gateway"]["spec"]["triggers"]
    assert (cpu["type"], cpu["metricType"]) == ("cpu", "Utilization")
    (told,) = STREAMS.describe()
    assert streams["metadata"]["query"] == f'sum({told.name}{{namespace="somewhere"}})'
    assert streams["metadata"]["threshold"] == "500"
    assert not of_kind(made, "HorizontalPodAutoscaler")


def test_the_site_is_not_refused_by_a_keda_that_has_not_seen_it_yet() -> None:
    """Where a trigger is CPU, KEDA's admission looks a Deployment up in its cache."""
    for found in of_kind(render(*OWN, apis=FULL_CLUSTER), "ScaledObject").values():
        assert {each["type"] for each in found["spec"]["triggers"]} == {"kafka"}


def test_what_scales_may_change_with_an_upgrade() -> None:
    """Helm makes what is new before it removes what is old, and KEDA looks for others' HPAs."""
    made = [*render(*OWN), *render(*OWN, apis=FULL_CLUSTER)]
    scaled = [each for each in made if each["kind"] == "HorizontalPodAutoscaler"]
    assert len(scaled) == 6  # all stages', and the site's beside KEDA
    for found in scaled:
        assert found["metadata"]["annotations"]["validations.keda.sh/hpa-ownership"] == "false"


def test_the_trial_s_site_is_one_beside_keda_too() -> None:
    """What it asks for there is so little that any run were too much of it."""
    made = dev(apis=FULL_CLUSTER)
    assert not of_kind(made, "HorizontalPodAutoscaler")
    assert of_kind(made, "Deployment")["gateway"]["spec"]["replicas"] == 1


def test_the_only_copy_that_answers_somebody_stays_until_its_successor_does() -> None:
    made = of_kind(render(*OWN), "Deployment")
    gone = {
        name: each["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]
        for name, each in made.items()
    }
    assert gone == {"ingest": "25%", "track": "25%", "gateway": "25%", "detect": 1, "render": 1}


def test_all_pods_go_where_pods_may_go() -> None:
    """Those of setup and of the dev servers as well, or an install waits for ever."""
    words = ("defaults.nodeSelector.disk=fast", "defaults.podAnnotations.mesh=off")
    for made in (dev(*words), render(*OWN, *words)):
        for each in made:
            if each["kind"] in {"Deployment", "StatefulSet", "Job"}:
                template = each["spec"]["template"]
                assert template["spec"]["nodeSelector"] == {"disk": "fast"}, each["metadata"]
                said = template["metadata"].get("annotations")
                # Those servers would begin anew with it, and lose what they have.
                assert said == (None if each["kind"] == "StatefulSet" else {"mesh": "off"})
            if each["kind"] == "Pod":
                assert each["spec"]["nodeSelector"] == {"disk": "fast"}
                assert each["metadata"]["annotations"]["mesh"] == "off"


def test_a_database_is_judged_by_a_ca_of_ones_own() -> None:
    made = render(*OWN, "catalog.caSecretName=authority")
    seen = set()
    for name, pod in pods(made):
        told = environment(pod)
        assert ("INYOURAREA_CATALOG_URL" in told) == ("PGSSLROOTCERT" in told)
        if "PGSSLROOTCERT" in told:
            seen.add(name)
            (mount,) = [
                each
                for each in containers(pod)[0]["volumeMounts"]
                if told["PGSSLROOTCERT"].startswith(each["mountPath"])
            ]
            (volume,) = [each for each in pod["volumes"] if each["name"] == mount["name"]]
            assert volume["secret"]["secretName"] == "authority"
    assert len(seen) == 3  # the gateway, the tables' job, `helm test`


def test_setup_waits_for_the_trial_s_servers_as_long_as_their_images_take() -> None:
    jobs = of_all(dev(), "Job")
    assert jobs
    assert not any("activeDeadlineSeconds" in job["spec"] for job in jobs)
    assert all("activeDeadlineSeconds" in job["spec"] for job in of_all(render(*OWN), "Job"))


def of_all(made: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in made if each["kind"] == kind]


def test_a_priority_that_changes_is_another_class() -> None:
    names = {
        people: {each["metadata"]["name"] for each in of_all(made, "PriorityClass")}
        for people in (100000, 200000)
        for made in [render(*OWN, f"priorityClasses.people={people}")]
    }
    assert len(names[100000] & names[200000]) == 1  # the queue's
    asked = {
        pod["priorityClassName"]
        for _, pod in pods(render(*OWN, "priorityClasses.people=200000"))
        if "priorityClassName" in pod
    }
    assert asked == names[200000]


def test_whoever_lets_nobody_read_metrics_lets_nobody(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(json.dumps({"networkPolicy": {"metricsFrom": []}}))
    for policy in of_all(render(*OWN, files=[file]), "NetworkPolicy"):
        for rule in policy["spec"].get("ingress") or ():
            assert rule["ports"] != [{"port": "metrics"}]


def test_what_looks_like_a_number_stays_a_word(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(json.dumps({"objectStore": {"bucket": "20251128"}}))
    made = render(*OWN, files=[file])
    told = environment(of_kind(made, "Deployment")["ingest"]["spec"]["template"]["spec"])
    assert told["INYOURAREA_S3_BUCKET"] == "20251128"


@pytest.mark.parametrize("name", ["123", "my.rel"])
def test_a_release_is_called_as_a_service_can_be(name: str) -> None:
    with pytest.raises(Rejected, match="after which no Service can be called"):
        render(*OWN, name=name)


def test_a_port_with_tls_is_not_called_one_without() -> None:
    plain = of_kind(render(*OWN), "Service")["ingest"]["spec"]["ports"]
    assert [each.get("appProtocol") for each in plain] == ["kubernetes.io/h2c", None]
    secret = of_kind(render(*OWN, "tls.secretName=tls"), "Service")["ingest"]["spec"]["ports"]
    assert not any("appProtocol" in each for each in secret)


def test_limits_may_be_left_out_where_gpus_are_asked_for() -> None:
    words = ("triton.enabled=true", "triton.resources.limits=null")
    pod = of_kind(dev(*words), "Deployment")["triton"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"]["limits"] == {"nvidia.com/gpu": 1}


def test_the_dashboard_has_the_label_by_which_a_grafana_finds_it() -> None:
    said = ("monitoring.dashboard=true", "monitoring.labels.grafana_dashboard=yes")
    (found,) = [
        each
        for each in render(*OWN, *said, apis=FULL_CLUSTER)
        if each["kind"] == "ConfigMap" and "dashboard" in each["metadata"]["name"]
    ]
    assert found["metadata"]["labels"]["grafana_dashboard"] == "yes"


def test_nobody_scales_where_nobody_should() -> None:
    made = dev("scaling.by=none", "stages.render.least=3")
    assert not of_kind(made, "HorizontalPodAutoscaler")
    assert of_kind(made, "Deployment")["render"]["spec"]["replicas"] == 3


def test_an_upgrade_leaves_the_number_of_copies_to_the_scaler() -> None:
    for found in of_kind(render(*OWN), "Deployment").values():
        assert "replicas" not in found["spec"]


def test_a_group_that_never_was_there_is_woken_by_what_waits() -> None:
    detect = of_kind(dev(apis=FULL_CLUSTER), "ScaledObject")["detect"]["spec"]
    assert detect["minReplicaCount"] == 0
    assert {each["metadata"]["topic"] for each in detect["triggers"]} == {
        "frames.extracted.urgent",
        "frames.extracted.bulk",
    }
    for each in detect["triggers"]:
        assert each["metadata"]["offsetResetPolicy"] == "earliest"
        assert each["metadata"]["consumerGroup"] == "detect"


def test_while_kafka_tells_nothing_the_copies_stay_as_they_are() -> None:
    """Half of 128 copies, as a number, would come to a Kafka that is away."""
    for found in of_kind(dev(apis=FULL_CLUSTER), "ScaledObject").values():
        fallback = found["spec"].get("fallback", {"replicas": 1})
        assert fallback["replicas"] == 1
        assert fallback.get("behavior", "currentReplicasIfHigher") == "currentReplicasIfHigher"


def test_triton_comes_from_zero_on_what_waits_for_detect() -> None:
    made = dev("triton.enabled=true", "scaling.prometheus=http://p:9090", apis=FULL_CLUSTER)
    scaled = of_kind(made, "ScaledObject")
    assert scaled["triton"]["spec"]["minReplicaCount"] == 0
    for name in ("triton", "detect"):
        triggers = scaled[name]["spec"]["triggers"]
        assert [each["type"] for each in triggers] == ["kafka", "kafka", "prometheus"]
        assert "nv_inference_queue_duration_us" in triggers[2]["metadata"]["query"]
        assert triggers[2]["metadata"]["threshold"] == "200"
    server = of_kind(made, "Deployment")["triton"]["spec"]["template"]["spec"]
    assert server["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 1
    told = environment(of_kind(made, "Deployment")["detect"]["spec"]["template"]["spec"])
    assert told["INYOURAREA_TRITON_ADDRESS"] == "x-inyourarea-triton:8001"


@pytest.mark.parametrize(
    ("repository", "port"),
    [
        ("s3://minio:9000/models/show", 9000),
        ("s3://https://s3.example:8443/models", 8443),
        ("s3://models/show", 443),
    ],
)
def test_triton_is_let_out_to_where_its_models_come_from(repository: str, port: int) -> None:
    values = ("triton.enabled=true", f"triton.repository={repository}")
    made = render(*OWN, "objectStore.endpoint=http://s3.example:80", *values)
    (names, store) = of_kind(made, "NetworkPolicy")["triton"]["spec"]["egress"]
    assert store["ports"] == [{"port": port}]
    assert {"port": 53, "protocol": "UDP"} in names["ports"]


def test_a_stage_is_alive_by_its_process_and_ready_by_what_it_needs() -> None:
    plain, encrypted = (
        of_kind(render(*OWN, *tls), "Deployment") for tls in ((), ("tls.secretName=mutual",))
    )
    for made in (plain, encrypted):
        for name in ("ingest", "detect", "track", "render", "gateway"):
            (service,) = made[name]["spec"]["template"]["spec"]["containers"]
            live = {"path": "/live", "port": "metrics"}
            assert service["startupProbe"]["httpGet"] == live
            assert service["livenessProbe"]["httpGet"] == live
    (track,) = encrypted["track"]["spec"]["template"]["spec"]["containers"]
    assert track["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "metrics"}
    (track,) = plain["track"]["spec"]["template"]["spec"]["containers"]
    assert "grpc" in track["readinessProbe"]


def test_a_stage_at_zero_that_is_not_woken_is_told_after_more_than_its_calm() -> None:
    made = dev("monitoring.alerts=true", "scaling.idleS=400", apis=FULL_CLUSTER)
    (rule,) = (each for each in made if each["kind"] == "PrometheusRule")
    alerts = [each for each in rule["spec"]["groups"][0]["rules"] if "Asleep" in each["alert"]]
    assert {each["labels"]["group"] for each in alerts} == {"detect", "render"}
    for each in alerts:
        here = f'{{namespace="somewhere", group="{each["labels"]["group"]}"}}'
        assert f"absent(inyourarea_records_behind{here})" in each["expr"]
        assert "[800s]" in each["expr"]
        assert each["for"] == "10m"  # the window less the calm is shorter, the window longer


def test_kedas_namespace_is_let_in_to_the_charts_own_kafka() -> None:
    made = dev("networkPolicy.kedaNamespace=scalers")
    (rule,) = of_kind(made, "NetworkPolicy")["dev-kafka"]["spec"]["ingress"]
    names = [each["namespaceSelector"] for each in rule["from"] if "namespaceSelector" in each]
    assert names == [{"matchLabels": {"kubernetes.io/metadata.name": "scalers"}}]


def test_without_triton_detect_finds_people_itself() -> None:
    made = dev()
    assert "triton" not in of_kind(made, "Deployment")
    told = environment(of_kind(made, "Deployment")["detect"]["spec"]["template"]["spec"])
    assert told["INYOURAREA_MODELS"] == "/models"
    assert "INYOURAREA_TRITON_ADDRESS" not in told


def test_keda_proves_who_it_is_where_the_services_do() -> None:
    made = render(files=[CHART / "examples/managed.yaml"], apis=FULL_CLUSTER)
    assert [each for each in made if each["kind"] == "TriggerAuthentication"]
    trigger = of_kind(made, "ScaledObject")["track"]["spec"]["triggers"][0]
    assert trigger["authenticationRef"] == {"name": "x-inyourarea-kafka"}
    assert trigger["metadata"]["sasl"] == "scram_sha512"
    assert trigger["metadata"]["tls"] == "enable"


def test_a_ways_port_is_open_to_the_jobs_before_an_upgrade_that_changes_it() -> None:
    """What holds the upgrade back does not run under the policy of the release before."""
    made = render(*OWN, "kafka.servers={broker:9094}")
    policy = of_kind(made, "NetworkPolicy")["setup"]
    hooks = [each["metadata"] for each in made if each["kind"] == "Job"] + [policy["metadata"]]
    weights = [int(each["annotations"]["helm.sh/hook-weight"]) for each in hooks]
    assert weights[-1] < min(weights[:-1])
    for each in hooks:
        assert each["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        # An uninstall leaves hooks where they are.
        wanted = "before-hook-creation,hook-succeeded"
        assert each["annotations"]["helm.sh/hook-delete-policy"] == wanted
    assert {"ports": [{"port": 9094}]} in policy["spec"]["egress"]


def test_where_nothing_is_set_up_and_with_servers_of_its_own_no_policy_is_a_hook() -> None:
    assert "annotations" not in of_kind(dev(), "NetworkPolicy")["setup"]["metadata"]
    assert "setup" not in of_kind(render(*OWN, "setup.enabled=false"), "NetworkPolicy")


def test_more_ways_out_are_for_all_but_the_charts_own_servers() -> None:
    values = ("networkPolicy.moreEgress[0].ports[0].port=6432", "triton.enabled=true")
    made = of_kind(dev(*values, "train.jobs.enabled=true", apis=FULL_CLUSTER), "NetworkPolicy")
    more = {"ports": [{"port": 6432}]}
    led = {name for name, found in made.items() if more in found["spec"]["egress"]}
    assert led == {name for name in made if not name.startswith("dev-")}
    assert led >= {"gateway", "setup", "test", "train", "triton"}


def test_a_versions_label_is_one_where_a_long_tag_is_cut_at_a_hyphen() -> None:
    for end in ("-", ".", "_", "-._"):
        tag = "a" * (63 - len(end)) + end + "b"
        (label,) = {
            each["metadata"]["labels"]["app.kubernetes.io/version"]
            for each in dev(f"image.tag={tag}")
        }
        assert label == "a" * (63 - len(end))


def test_jobs_come_in_order_before_an_upgrade() -> None:
    jobs = [each for each in render(*OWN) if each["kind"] == "Job"]
    notes = {each["metadata"]["name"]: each["metadata"]["annotations"] for each in jobs}
    order = sorted(notes, key=lambda name: int(notes[name]["helm.sh/hook-weight"]))
    assert [name.rsplit("-", 1)[1] for name in order] == ["topics", "bucket", "tables"]
    assert {note["helm.sh/hook"] for note in notes.values()} == {"pre-install,pre-upgrade"}


def test_a_job_that_gave_up_still_says_why_before_helm_does() -> None:
    for job in (each["spec"] for each in render(*OWN) if each["kind"] == "Job"):
        assert job["template"]["spec"]["restartPolicy"] == "Never"
        assert job["activeDeadlineSeconds"] < 300  # helm's own --timeout
        assert job["ttlSecondsAfterFinished"] == 86400


def test_the_test_is_told_what_the_gateway_is() -> None:
    made = dev()
    (test,) = (each for each in made if each["kind"] == "Pod")
    gateway = of_kind(made, "Deployment")["gateway"]["spec"]["template"]["spec"]
    assert environment(test["spec"]) == environment(gateway)


def test_the_test_has_a_way_to_the_site_and_to_whatever_the_gateway_asks() -> None:
    made = dev()
    asked = {(to, port) for of, to, port in arrows(made) if of == "gateway"}
    assert asked == {
        ("ingest", 50051),
        ("track", 50051),
        ("dev-kafka", 9092),
        ("dev-store", 8333),
        ("dev-catalog", 5432),
    }
    tested = {(to, port) for of, to, port in arrows(made) if of == "test"}
    assert tested == asked | {("gateway", 8000)}


def test_an_upgrade_of_the_program_leaves_the_charts_own_servers_alone() -> None:
    before, after = (of_kind(dev(f"image.tag={tag}"), "StatefulSet") for tag in ("v1", "v2"))
    for name, server in before.items():
        assert server["spec"] == after[name]["spec"]


def test_a_pod_is_told_to_end_also_while_it_starts() -> None:
    for found in of_kind(dev(), "Deployment").values():
        assert found["spec"]["template"]["spec"]["shareProcessNamespace"]


def test_jobs_wait_beside_the_charts_own_servers() -> None:
    jobs = [each for each in dev() if each["kind"] == "Job"]
    assert {each["metadata"]["name"] for each in jobs} == {
        f"x-inyourarea-setup-{what}-1" for what in ("topics", "bucket", "tables")
    }
    assert not any("annotations" in each["metadata"] for each in jobs)


def test_pods_that_are_written_into_run_a_copy_of_the_program() -> None:
    made = render(files=[CHART / "examples/sync.yaml"])
    for found in of_kind(made, "Deployment").values():
        pod = found["spec"]["template"]["spec"]
        (copy,), (service,) = pod["initContainers"], pod["containers"]
        assert copy["image"] == service["image"]
        assert {"name": "code", "mountPath": "/code"} in service["volumeMounts"]
        assert environment(pod)["PYTHONPATH"] == "/code"
        assert service["securityContext"]["readOnlyRootFilesystem"]
    for found in of_kind(dev(), "Deployment").values():
        assert "initContainers" not in found["spec"]["template"]["spec"]


@contextmanager
def container_written_into(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run as a pod would: the command of a service that tells its process and works for long."""
    pod = of_kind(render(files=[CHART / "examples/sync.yaml"]), "Deployment")["track"]["spec"]
    words = pod["template"]["spec"]["containers"][0]["command"]
    service = folder / "inyourarea"
    service.mkdir()
    (service / "__init__.py").touch()
    (service / "track.py").write_text(
        "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(99)"
    )
    with subprocess.Popen(
        [sys.executable, *words[1:]],
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as container:
        try:
            yield container
        finally:
            with suppress(ProcessLookupError):
                os.killpg(container.pid, signal.SIGKILL)


def test_a_service_that_was_written_into_begins_anew_until_its_pod_ends(tmp_path: Path) -> None:
    """What ends is there again, and the pod's end is the service's."""
    with container_written_into(tmp_path) as container:
        assert container.stdout
        first = int(container.stdout.readline())
        os.kill(first, signal.SIGTERM)
        second = int(container.stdout.readline())
        container.terminate()
        assert container.wait(30) == 0
        assert container.stdout.read() == ""
    assert second != first
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


@pytest.mark.parametrize("turn", [1, 2])
def test_a_pod_that_ends_while_a_service_begins_ends_it_too(turn: int, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"""
import os, signal, subprocess
begun, start = [], subprocess.Popen
def told_meanwhile(words):
    begun.append(start(words))
    if len(begun) == {turn}:
        os.kill(os.getpid(), signal.SIGTERM)
    return begun[-1]
subprocess.Popen = told_meanwhile
""")
    with container_written_into(tmp_path) as container:
        assert container.stdout
        if turn == 2:
            os.kill(int(container.stdout.readline()), signal.SIGTERM)
        assert container.wait(30) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(container.pid, 0)


def test_each_service_may_have_a_key_of_its_own() -> None:
    made = render(*OWN, "objectStore.secretNames.detect=narrow")
    deployments = of_kind(made, "Deployment")
    keys = {
        name: found["spec"]["template"]["spec"]["volumes"][0]["secret"]["secretName"]
        for name, found in deployments.items()
    }
    assert keys["detect"] == "narrow"
    assert keys["ingest"] == "store"


def test_an_image_is_known_by_its_digest_where_one_is_named() -> None:
    digest = "sha256:" + "0" * 64
    made = dev("image.registry=registry.example/iya", f"image.digests.track={digest}")
    images = {
        name: found["spec"]["template"]["spec"]["containers"][0]["image"]
        for name, found in of_kind(made, "Deployment").items()
    }
    assert images["track"] == f"registry.example/iya/track@{digest}"
    assert images["ingest"] == "registry.example/iya/ingest:0.1.0"


def test_a_catalog_whose_first_start_was_broken_off_is_begun_anew(tmp_path: Path) -> None:
    pod = of_kind(dev(), "StatefulSet")["dev-catalog"]["spec"]["template"]["spec"]
    script = pod["containers"][0]["command"][-1].replace("/data/", f"{tmp_path}/")
    (tmp_path / "bin").mkdir()
    for name, words in {
        "initdb": 'mkdir "$2" && echo 17 > "$2/PG_VERSION"',
        # Killed the first time that it is to make the database.
        "postgres": f"""
if [ "$1" = --single ]; then
  [ -e {tmp_path}/killed ] || {{ touch {tmp_path}/killed; exit 137; }}
  cat > "$3/made"
else
  cat "$2/made"
fi""",
    }.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{words}\n")
        program.chmod(0o755)
    said = [
        subprocess.run(
            ["/bin/sh", "-c", script],
            env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(3)
    ]
    assert [each.returncode for each in said] == [137, 0, 0]
    assert {each.stdout for each in said[1:]} == {"create database inyourarea\n"}


def test_only_the_architectures_arrows_are_allowed() -> None:
    policies = of_kind(render(*OWN), "NetworkPolicy")
    asked = policies["ingest"]["spec"]["ingress"]
    callers = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for rule in asked
        for peer in rule.get("from", [])
        if "podSelector" in peer
    ]
    assert callers == ["gateway", "test"]
    ports = [
        port["port"] for rule in policies["detect"]["spec"]["egress"] for port in rule["ports"]
    ]
    assert sorted(set(ports)) == [53, 443, 9092]
    assert 5432 not in ports


def test_traces_have_a_way_to_their_collector() -> None:
    values = ("monitoring.tracesTo=http://collector:4317", "train.jobs.enabled=true")
    made = dev(*values, apis=FULL_CLUSTER)
    policies = of_kind(made, "NetworkPolicy")
    told = {
        each["metadata"]["labels"]["app.kubernetes.io/component"]
        for each in made
        for _, pod in pods([each])
        if environment(pod).get("OTEL_EXPORTER_OTLP_ENDPOINT") == "http://collector:4317"
    }
    assert told >= {"render", "train"}
    for name in told - {"test"}:  # which is over before there is a trace
        assert {"ports": [{"port": 4317}]} in policies[name]["spec"]["egress"]


def test_the_site_is_led_to_by_a_gateway_or_an_ingress() -> None:
    route = of_kind(
        render(files=[CHART / "examples/managed.yaml"], apis=FULL_CLUSTER), "HTTPRoute"
    )["gateway"]["spec"]
    assert route["hostnames"] == ["fancams.example"]
    assert route["rules"][0]["timeouts"] == {"request": "0s", "backendRequest": "0s"}
    ingress = of_kind(render(*OWN, *INGRESS), "Ingress")["gateway"]
    notes = ingress["metadata"]["annotations"]
    assert notes["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"


def test_an_install_says_the_next_three_commands() -> None:
    said = notes("dev.enabled=true")
    assert "helm -n somewhere test x" in said
    assert "exec deploy/x-inyourarea-gateway -- python3 -m inyourarea.cli token create" in said
    assert "submit stage.mp4 --server http://localhost:8000" in said
    assert "whose content ends with their pods" in said
    own = notes(*OWN, *INGRESS, "site.route.tlsSecretName=site")
    assert "submit stage.mp4 --server https://fans.example" in own
    assert "port-forward" not in own
    plain = notes(*OWN, *INGRESS)
    assert "fancams at http://fans.example/" in plain
    assert "submit stage.mp4 --server http://fans.example" in plain


def test_the_site_knows_its_own_names() -> None:
    told = environment(
        of_kind(dev("site.hosts={fans.example}"), "Deployment")["gateway"]["spec"]["template"][
            "spec"
        ]
    )
    names = told["INYOURAREA_GATEWAY_HOSTS"].split(",")
    assert names[:3] == [
        "fans.example",
        "x-inyourarea-gateway",
        "x-inyourarea-gateway.somewhere",
    ]


def test_training_has_a_gpu_of_its_own_and_publishes_with_a_key_of_its_own() -> None:
    words = "{--group,/models/ive.toml,--use}"
    values = (*OWN, "train.enabled=true", "train.claim=models", "train.gpus=1")
    values += (f"train.publish={words}", "train.nodeSelector.pool=gpu")
    values += ("objectStore.secretNames.train=of-trainings",)
    job = of_kind(render(*values), "Job")["train"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"]["values"] == [1, 2]  # 75 is a store that is away
    assert job["backoffLimit"] == 6
    pod = job["template"]["spec"]
    (training,), (publishing,) = pod["initContainers"], pod["containers"]
    assert shared_memory(pod, training) == "1Gi"
    assert training["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert {"name": "INYOURAREA_TRAIN_DEVICE", "value": "0"} in training["env"]
    assert pod["nodeSelector"] == {"pool": "gpu"}
    assert not any(each["name"] == "store-key" for each in training["volumeMounts"])
    assert publishing["command"][-2:] == ["models", "publish"]
    assert publishing["args"] == ["--group", "/models/ive.toml", "--use"]
    assert {"name": "INYOURAREA_MODELS", "value": "/models"} in publishing["env"]
    assert "nvidia.com/gpu" not in publishing["resources"]["limits"]
    told = environment(pod)
    assert told["INYOURAREA_S3_ENDPOINT"] == "https://s3.example"
    (key,) = [each for each in pod["volumes"] if each["name"] == "store-key"]
    assert key["secret"]["secretName"] == "of-trainings"


def shared_memory(pod: Manifest, container: Manifest) -> str:
    """How much there is at a container's /dev/shm."""
    (name,) = [one["name"] for one in container["volumeMounts"] if one["mountPath"] == "/dev/shm"]
    (found,) = [one["emptyDir"] for one in pod["volumes"] if one["name"] == name]
    assert found["medium"] == "Memory"
    return str(found["sizeLimit"])


def test_without_words_nothing_is_published() -> None:
    made = render(*OWN, "train.enabled=true", "train.claim=models")
    pod = of_kind(made, "Job")["train"]["spec"]["template"]["spec"]
    assert "initContainers" not in pod
    (training,) = pod["containers"]
    assert training["args"] == ["train-show"]
    assert "nvidia.com/gpu" not in training["resources"]["limits"]
    assert {"name": "INYOURAREA_TRAIN_DEVICE", "value": "cpu"} in training["env"]
    assert {each["name"] for each in pod["volumes"]} == {"models", "scratch", "shared-memory"}


def test_a_job_with_gpus_of_its_own_is_started_for_each_training_that_is_wanted() -> None:
    values = ("train.jobs.enabled=true", "train.gpus=2", "train.nodeSelector.pool=gpu")
    key = "objectStore.secretNames.train=of-trainings"
    made = render(*OWN, *values, key, apis=FULL_CLUSTER)
    scaled = of_kind(made, "ScaledJob")["train"]["spec"]
    (trigger,) = scaled["triggers"]
    told = trigger["metadata"]
    assert (told["topic"],) == topic_of(facts.TrainingWanted).channels
    assert told["consumerGroup"] == STAGE
    assert scaled["maxReplicaCount"] == 1
    pod = scaled["jobTargetRef"]["template"]["spec"]
    assert pod["nodeSelector"] == {"pool": "gpu"}
    assert pod["tolerations"][0]["key"] == "nvidia.com/gpu"
    (training,) = pod["containers"]
    assert shared_memory(pod, training) == "1Gi"
    assert training["command"] == ["python3", "-m", "inyourarea.train"]
    assert training["resources"]["limits"]["nvidia.com/gpu"] == 2
    environ = environment(pod)
    assert environ["INYOURAREA_TRAIN_DEVICE"] == "0,1"
    assert environ["INYOURAREA_DETECT_DEVICE"] == "cpu"  # there is no Triton in these values
    assert environ["INYOURAREA_S3_ENDPOINT"] == "https://s3.example"
    (store,) = [each for each in pod["volumes"] if each["name"] == "store-key"]
    assert store["secret"]["secretName"] == "of-trainings"
    site = of_kind(made, "Deployment")["gateway"]["spec"]["template"]["spec"]
    assert environment(site)["INYOURAREA_GATEWAY_TRAINS"] == "yes"


@pytest.mark.parametrize(("values", "seconds"), [((), 86_400), (("train.jobs.hours=2",), 7_200)])
def test_a_training_that_hangs_gives_its_gpus_back(values: tuple[str, ...], seconds: int) -> None:
    made = render(*OWN, "train.jobs.enabled=true", *values, apis=FULL_CLUSTER)
    job = of_kind(made, "ScaledJob")["train"]["spec"]["jobTargetRef"]
    assert job["activeDeadlineSeconds"] == seconds


@pytest.mark.parametrize("gone", ["kafka.lanePartitions", "dev.kafka.lanePartitions", "train.jobs"])
@pytest.mark.parametrize("own", [OWN, ("dev.enabled=true",)])
def test_an_upgrade_that_brings_an_older_charts_values_says_how_else(
    gone: str, own: tuple[str, ...]
) -> None:
    with pytest.raises(Rejected) as refused:
        render(*own, f"{gone}=null", apis=FULL_CLUSTER)
    assert gone in str(refused.value)
    assert "upgrade with --reset-then-reuse-values instead" in str(refused.value)


def test_where_no_job_is_started_the_site_says_so() -> None:
    made = render(*OWN, apis=FULL_CLUSTER)
    assert not of_kind(made, "ScaledJob")
    site = of_kind(made, "Deployment")["gateway"]["spec"]["template"]["spec"]
    assert environment(site)["INYOURAREA_GATEWAY_TRAINS"] == "no"


@pytest.mark.parametrize(
    ("triton", "device"),
    [
        ((), "cpu"),
        (("enabled=true",), "gpu"),
        (("enabled=true", "gpus=0", "repository=s3://models/made-for-cpus"), "cpu"),
    ],
)
def test_trained_models_are_made_for_what_people_are_found_on(
    triton: tuple[str, ...], device: str
) -> None:
    values = [f"triton.{value}" for value in triton]
    jobs = render(*OWN, *values, "train.jobs.enabled=true", apis=FULL_CLUSTER)
    pod = of_kind(jobs, "ScaledJob")["train"]["spec"]["jobTargetRef"]["template"]["spec"]
    assert environment(pod)["INYOURAREA_DETECT_DEVICE"] == device


def test_without_gpus_it_trains_on_processors() -> None:
    made = render(*OWN, "train.jobs.enabled=true", apis=FULL_CLUSTER)
    pod = of_kind(made, "ScaledJob")["train"]["spec"]["jobTargetRef"]["template"]["spec"]
    assert environment(pod)["INYOURAREA_TRAIN_DEVICE"] == "cpu"
    assert environment(pod)["INYOURAREA_DETECT_DEVICE"] == "cpu"
    assert "nvidia.com/gpu" not in pod["containers"][0]["resources"]["limits"]
