"""What a replay waits for at its end: messages whose last word has not come, and none whose last word has."""

from typing import Any

import pytest
from siaga.v1.notification_pb2 import NotificationState
from siaga_replay import drain as drain_module
from siaga_replay.drain import FINAL, Drain
from siaga_replay.ledger import Ledger, Notification

PREFIX = "NOTIFICATION_STATE_"
STATES = {name.removeprefix(PREFIX).lower() for name, _ in NotificationState.items()} - {"unspecified"}
OPEN = {"queued", "submitted", "failed_temporary"}


class AtRest:
    """Topics and groups without anything to read."""

    async def behind(self) -> int:
        return 0

    async def by_group(self) -> dict[str, int]:
        return {}


async def waiting_for(monkeypatch: pytest.MonkeyPatch, *states: str) -> tuple[str, ...]:
    """What a replay still waits for when its only message came to these states."""
    monkeypatch.setattr(drain_module, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(drain_module, "SETTLE_S", 0.0)
    ledger = Ledger()
    for state in states:
        ledger.notification(Notification("n1", "o1", "sms", state, "A", 0))
    still: Any = AtRest()
    found = await Drain(ledger, still, still, None).wait(lambda _: None, patience_s=0.0)
    assert found.drained is not bool(found.waiting_for)
    return found.waiting_for


def test_every_state_is_either_open_or_final() -> None:
    assert FINAL == STATES - OPEN


@pytest.mark.parametrize("state", sorted(FINAL))
async def test_nothing_is_waited_for_after_a_last_word(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    assert await waiting_for(monkeypatch, "queued", "submitted", state) == ()


@pytest.mark.parametrize("state", sorted(OPEN))
async def test_a_message_under_way_is_waited_for(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    assert await waiting_for(monkeypatch, state) == ("1 SMS under way",)
