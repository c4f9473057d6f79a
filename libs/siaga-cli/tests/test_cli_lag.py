"""How far each service is behind, and what is told of a broker that does not answer."""

import gc
import socket
from collections.abc import Mapping

import pytest
from aiokafka import TopicPartition
from siaga_cli import lag
from siaga_contracts import catalogue

SERVICES = {"intake", "classifier", "ledger", "dispatcher", "notifier"}
EVENTS = TopicPartition(catalogue.CALL_EVENTS.name, 0)
MORE_EVENTS = TopicPartition(catalogue.CALL_EVENTS.name, 1)
ORDERS = TopicPartition(catalogue.DISPATCH_ORDERS.name, 0)


@pytest.mark.parametrize(
    ("committed", "behind"),
    [
        ({}, {"classifier": 12, "notifier": 1}),  # nobody has begun: all is still to do
        ({"siaga.classifier.calls": {EVENTS: 9}}, {"classifier": 6, "notifier": 1}),
        ({"siaga.classifier.calls": {EVENTS: 10, MORE_EVENTS: 5}, "siaga.notifier": {ORDERS: 4}}, {}),
        ({"siaga.notifier": {ORDERS: 9}, "somebody-elses": {EVENTS: 0}}, {"classifier": 12}),
    ],
)
def test_every_service_has_a_number(
    committed: Mapping[str, Mapping[TopicPartition, int]], behind: dict[str, int]
) -> None:
    begins, ends = {EVENTS: 3, MORE_EVENTS: 0, ORDERS: 3}, {EVENTS: 10, MORE_EVENTS: 5, ORDERS: 4}
    assert lag.lags(committed, begins, ends) == dict.fromkeys(SERVICES, 0) | behind


@pytest.mark.stack
def test_a_broker_that_answers_gives_a_number_for_every_service(kafka_bootstrap: str) -> None:
    found = lag.lag_by_process(kafka_bootstrap)
    assert found.keys() == SERVICES
    assert all(isinstance(number, int) for number in found.values())


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_broker_that_hangs_is_told_by_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lag, "TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert lag.lag_by_process(f"127.0.0.1:{silent.getsockname()[1]}") == {}
    gc.collect()
    assert "Unclosed" not in caplog.text
