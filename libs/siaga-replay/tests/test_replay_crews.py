"""Crews on synthetic observations: they wait for their SMS, keep their order, and ask again when nobody listens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from siaga_replay import crews as crews_module
from siaga_replay.changed import Changed
from siaga_replay.crews import Crews
from siaga_replay.ledger import Ledger, Order, Sms

ORDER = Order("o1", "i1", "u1", 1, "dispatch", "114", ("62811",))
SMS = Sms("1", "62811", "#114 P1 Kebakaran", 0)


class Phones:
    """The crews' phones; the stack understands every SMS, but for the first `deaf` ones."""

    def __init__(self, ledger: Ledger, changed: Changed, deaf: int = 0) -> None:
        self.sent: list[str] = []
        self._ledger, self._changed, self._deaf = ledger, changed, deaf

    async def send(self, number: str, text: str, to: str) -> None:
        assert (number, to) == ("62811", "112")
        self.sent.append(text)
        if len(self.sent) > self._deaf:
            status = {"1": "en_route", "2": "on_scene", "3": "clear"}[text[0]]
            self._ledger.unit_report("u1", "o1", status)
            self._changed.notify()


@asynccontextmanager
async def playing(ledger: Ledger, changed: Changed, phones: Phones) -> AsyncIterator[Crews]:
    crews = Crews(ledger, changed, phones.send)
    task = asyncio.create_task(crews.run())
    try:
        yield crews
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(crews: Crews, changed: Changed) -> None:
    async with asyncio.timeout(10):
        while crews.busy:
            await changed.wait(0.05)


async def test_a_crew_sets_out_when_its_sms_has_come_and_goes_step_by_step() -> None:
    ledger, changed = Ledger(), Changed()
    phones = Phones(ledger, changed)
    ledger.order(ORDER)
    ledger.order(replace(ORDER, order_id="o2", kind="update"))
    async with playing(ledger, changed, phones) as crews:
        await asyncio.sleep(0)
        assert crews.busy == 0
        ledger.sms(SMS)
        ledger.sms(replace(SMS, message_id="2", text="ULANG " + SMS.text))
        assert crews.busy == 1
        changed.notify()
        await until(crews, changed)
    assert phones.sent == ["1 #114", "2 #114", "3 #114"]
    assert not crews.stuck


async def test_a_crew_that_nobody_hears_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews_module, "STEP_PATIENCE_S", 0.05)
    ledger, changed = Ledger(), Changed()
    phones = Phones(ledger, changed, deaf=2)
    ledger.order(ORDER)
    ledger.sms(SMS)
    async with playing(ledger, changed, phones) as crews:
        await until(crews, changed)
    assert phones.sent == ["1 #114", "1 #114", "1 #114", "2 #114", "3 #114"]


async def test_a_crew_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews_module, "STEP_PATIENCE_S", 0.01)
    ledger, changed = Ledger(), Changed()
    phones = Phones(ledger, changed, deaf=1_000)
    ledger.order(ORDER)
    ledger.sms(SMS)
    async with playing(ledger, changed, phones) as crews:
        await until(crews, changed)
    assert crews.stuck == {"o1"}
    assert phones.sent == ["1 #114"] * crews_module.TRIES


async def test_a_crew_that_is_stood_down_says_no_more() -> None:
    ledger, changed = Ledger(), Changed()
    phones = Phones(ledger, changed)
    ledger.order(ORDER)
    ledger.order(replace(ORDER, order_id="o2", kind="stand_down"))
    ledger.sms(SMS)
    async with playing(ledger, changed, phones) as crews:
        await until(crews, changed)
    assert phones.sent == []
