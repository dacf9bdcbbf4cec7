"""Whoever asks a service of which there are several copies asks them in turn."""

from collections import Counter
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from inyourarea.runtime.rpc import RpcServer, channel


def test_copies_of_a_service_are_asked_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = [RpcServer("127.0.0.1:0", lambda _: None) for _ in range(2)]
    for copy in copies:
        copy.start()
    copies[1].say(is_serving=False)  # so that they can be told apart
    addresses = ",".join(f"127.0.0.1:{copy.port}" for copy in copies)
    real = grpc.insecure_channel

    def resolved(_: str, options: Any) -> grpc.Channel:
        """What a headless Service's name is to a client: several addresses."""
        return real(f"ipv4:{addresses}", options=options)

    monkeypatch.setattr(grpc, "insecure_channel", resolved)
    with channel("anybody:1") as there:
        check = health_pb2_grpc.HealthStub(there).Check
        question = health_pb2.HealthCheckRequest()
        for _ in range(20):  # until there is a way to both
            check(question, timeout=5, wait_for_ready=True)
        answers = Counter(check(question, timeout=5, wait_for_ready=True).status for _ in range(10))
    for copy in copies:
        copy.stop(0)
    assert sorted(answers.values()) == [5, 5]
