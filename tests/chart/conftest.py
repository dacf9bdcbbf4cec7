"""Without Helm there is nothing to ask; where CI is set that is a failure."""

import pytest

import tools
from own_servers import skipped_where_not_had


@pytest.fixture(scope="session", autouse=True)
def _helm() -> None:
    with skipped_where_not_had():
        tools.helm()
