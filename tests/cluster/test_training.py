"""A training that is wanted on Kafka, of a dataset in MinIO: the job that KEDA would start."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from extras import NEEDS_TRAIN
from inyourarea.contracts import keys
from inyourarea.contracts.topics import topic_of
from inyourarea.contracts.trainings import STAGE, TrainingWish
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.kafka_bus import KafkaSender
from inyourarea.runtime.minio_bucket import apply_bucket
from inyourarea.runtime.minio_objects import MinioObjects
from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.trainings import Trainings
from inyourarea.runtime.worker import to_record
from kafka_house import KafkaHouse, kafka_house
from minio_server import minio
from own_servers import skipped_where_not_had
from small_group import NAMES, scenes, write_dataset

MODELS = Path(__file__).resolve().parents[2] / "models"
(TOPIC,) = topic_of(facts.TrainingWanted).channels
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("train"),
    NEEDS_TRAIN,
]


@pytest.fixture(scope="module")
def house() -> Iterator[KafkaHouse]:
    with kafka_house(TOPIC, "stage.failed", "dead.letters") as house:
        yield house


@pytest.fixture(scope="module")
def stores() -> Iterator[Mapping[str, MinioSettings]]:
    """The bucket, as the gateway sees it, and as the job does, each with a key of its own."""
    with skipped_where_not_had(), minio() as server:
        owner = server.settings()
        apply_bucket(owner)
        yield {name: server.let_in(name, owner.bucket) for name in ("gateway", "train")}


def job(house: KafkaHouse, store: MinioSettings, folder: Path) -> str:
    """The job has come to its end; what it logged."""
    told = {
        "INYOURAREA_KAFKA_SERVERS": ",".join(house.settings.servers),
        "INYOURAREA_S3_ENDPOINT": store.endpoint,
        "INYOURAREA_S3_BUCKET": store.bucket,
        "INYOURAREA_S3_ACCESS_KEY": store.access_key,
        "INYOURAREA_S3_SECRET_KEY": store.secret_key,
        "INYOURAREA_S3_PATH_STYLE": "yes",
        "INYOURAREA_MODELS": str(MODELS),
        "INYOURAREA_SCRATCH": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-m", "inyourarea.train"],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_job_trains_what_waits_first_and_ends(
    house: KafkaHouse, stores: Mapping[str, MinioSettings], tmp_path: Path
) -> None:
    objects = MinioObjects(stores["gateway"])
    write_dataset(scenes(), tmp_path / "pictures")
    pictures = FolderObjects(tmp_path / "pictures")
    for key in pictures.list(""):
        objects.put(f"{keys.dataset('tri')}{key}", pictures.get(key))
    trainings = Trainings(objects)
    with closing(KafkaSender(house.settings)) as sender:
        for dataset in ("tri", "empty"):
            wish = TrainingWish(group=dataset, imgsz=160, epochs=2)
            training, _ = trainings.want(dataset, wish, "kim")
            trainings.begin_publishing(training)  # and then the power went, so it is begun anew
            sender.publish(to_record(training.fact))
        sender.flush()
    # As many jobs as wait, one after another: which is first is Kafka's to say.
    for _ in range(2):
        job(house, stores["train"], tmp_path)
    training = trainings.find("tri", 1)
    assert training
    state = trainings.state(training)
    assert (state.state, state.version, state.is_used) == ("done", 1, True), state
    assert set(state.members) == set(NAMES.values())
    versions = ModelVersions(objects)
    current = versions.current("tri")
    assert current
    assert versions.has_file(current)
    assert current.by == "kim"
    # What nobody can train is told as every unit that failed, and kept for an operator.
    with closing(house.join("watcher", ("stage.failed",))) as watcher:
        failed = watcher.consume(30)
    assert failed
    fact = facts.StageFailed.FromString(failed.value)
    assert (fact.stage, fact.key, fact.topic) == (STAGE, "empty/1", TOPIC)
    assert "There is no dataset" in fact.reason
