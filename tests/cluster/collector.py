"""An OpenTelemetry collector of one's own, which remembers the spans that services send."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service_grpc


@dataclass(frozen=True)
class Sent:
    """A span that came in."""

    service: str
    name: str
    trace: str
    about: dict[str, str]


class Collector(service_grpc.TraceServiceServicer):
    """Takes spans at ``address``."""

    def __init__(self) -> None:
        self.spans: list[Sent] = []
        self.address = ""

    def Export(self, request: Any, _: Any) -> Any:  # noqa: N802 - as the proto file calls it
        """All of them are remembered."""
        for resource in request.resource_spans:
            name = _values(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                self.spans += [
                    Sent(name, span.name, span.trace_id.hex(), _values(span.attributes))
                    for span in scope.spans
                ]
        return service.ExportTraceServiceResponse()


def _values(attributes: Any) -> dict[str, str]:
    return {one.key: one.value.string_value for one in attributes}


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector that listens on loopback."""
    kept, server = Collector(), grpc.server(ThreadPoolExecutor(2))
    service_grpc.add_TraceServiceServicer_to_server(kept, server)
    kept.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield kept
    finally:
        server.stop(None).wait()
