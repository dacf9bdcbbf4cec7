"""One release for all tests, and the show that is sent to it."""

import os
import uuid
from collections.abc import Iterator

import pytest

from release import Release, run
from small_show import SmallShow, draw_small_show


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def small_show(tmp_path_factory: pytest.TempPathFactory) -> SmallShow:
    return draw_small_show(tmp_path_factory.mktemp("show"))


@pytest.fixture(scope="session")
def token(release: Release) -> str:
    return release.token()
