"""Spans are sent where OpenTelemetry's environment says, and cost nothing where it says nothing."""

import os
import subprocess
import sys

import pytest

_STARTED = """
import sys
from inyourarea.runtime.traces import trace_to_collector
trace_to_collector("detect")
from opentelemetry import trace
print("opentelemetry.sdk" in sys.modules)
resource = getattr(trace.get_tracer_provider(), "resource", None)
print(resource.attributes["service.name"] if resource else "nobody")
"""
_PLACE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


def started(**environment: str) -> list[str]:
    """Whether a service that was started so has loaded the SDK, and what it is called there."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", _STARTED],
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "environment",
    [{}, {**_PLACE, "OTEL_SDK_DISABLED": "true"}, {**_PLACE, "OTEL_TRACES_EXPORTER": "none"}],
)
def test_nobody_traces_unless_asked_to(environment: dict[str, str]) -> None:
    assert started(**environment) == ["False", "nobody"]


def test_a_service_is_traced_under_its_name_or_another() -> None:
    assert started(**_PLACE) == ["True", "inyourarea-detect"]
    assert started(**_PLACE, OTEL_SERVICE_NAME="eyes") == ["True", "eyes"]
