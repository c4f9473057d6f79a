"""What tests of commands share: a classifier that answers as a test says."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[grpc.Server], None]], None]]:
    """Call it with what adds a service to a server: the commands ask that one."""
    server = grpc.server(ThreadPoolExecutor(2))

    def serve(add: Callable[[grpc.Server], None]) -> None:
        add(server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        monkeypatch.setenv("SIAGA_CLASSIFIER_GRPC", f"127.0.0.1:{port}")

    yield serve
    server.stop(None).wait()
