"""MinIO keeps the objects' contract, and says clearly what is wrong with it."""

import os
import uuid
from collections.abc import Iterator

import pytest

from inyourarea.runtime.minio_bucket import apply_bucket
from inyourarea.runtime.minio_objects import MinioObjects
from minio_server import MinioServer, ServerNotHad, minio
from test_objects import ObjectsContract


@pytest.fixture(scope="module")
def server() -> Iterator[MinioServer]:
    """A MinIO; where none can be had these tests are skipped, and in CI they fail."""
    try:
        with minio() as server:
            yield server
    except ServerNotHad as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


class TestMinioObjects(ObjectsContract):
    @pytest.fixture
    def objects(self, server: MinioServer) -> MinioObjects:
        settings = server.settings(f"test-{uuid.uuid4().hex[:12]}")
        apply_bucket(settings)
        return MinioObjects(settings)
