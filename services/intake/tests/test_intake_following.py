"""What a payload belongs to, found across payloads: conversations, positions before and after their call, and silence."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from siaga_contracts.catalogue import CALL_EVENTS
from siaga_intake.adapters.finder.memory import MemoryFinder
from siaga_intake.adapters.following import Following
from siaga_intake.adapters.keeping import Keeper
from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.spool import Full, Spool
from siaga_intake.core import doors
from siaga_intake.core.canonical import Origin
from siaga_intake.core.centre import Centre
from siaga_intake.core.doors import Door
from siaga_intake.core.events import Accepted, CallEvent, Channel, Kind, Position
from siaga_intake.core.fields import Payload
from siaga_intake.core.happening import Desk, Happening, Identity, OfCaller, Read, Reading
from siaga_kit.records import Outgoing

NOW_MS = 1_710_123_600_000
CALLED_MS = 1_710_123_330_000
CENTRE = Centre("36.73", {"asterisk": ("pbx1",), "sms": ("gw1",), "aml": ("ops1",)})
ORIGIN = Origin(CENTRE, NOW_MS, NOW_MS, b"secret")


def _fix(payload: Payload, desk: Desk) -> Read:
    """A position that a network sends apart from the call: `{id, number, at}`."""
    at_ms = int(str(payload["at"]))
    happening = Happening(
        Kind.POSITION, "", at_ms, Identity(str(payload["number"])), position=Position(-6.1, 106.1, "aml", 20, at_ms)
    )
    return Reading((happening,), native_id=str(payload["id"]), belongs=OfCaller(str(payload["number"])))


FIXES = Door("aml", "/v1/test", _fix, frozenset({"aml"}))


@dataclass
class House:
    """A reception that follows, what it has published, and its clock."""

    reception: Reception
    following: Following
    published: list[CallEvent] = field(default_factory=list)
    now_ms: int = NOW_MS
    full: bool = False

    async def take(self, door: Door, *payloads: Any, drill: bool = False) -> list[CallEvent]:
        taken = await self.reception.receive(door, payloads, replace(ORIGIN, test=drill))
        return [event for each in taken if isinstance(each, Accepted) for event in each.events]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    spool = Spool(tmp_path / "spool.sqlite3")
    await spool.open()

    async def publish(_: Sequence[Outgoing]) -> None:
        return

    async def keep(events: Sequence[CallEvent]) -> None:
        if made.full:
            raise Full("full")
        made.published += events

    keeper = Keeper(publish, spool, CALL_EVENTS)
    following = Following(MemoryFinder(), b"secret", lambda: {"36.73": CENTRE}, keep, lambda: made.now_ms)
    made = House(Reception(keeper, CALL_EVENTS, following=following), following)
    tasks = [asyncio.create_task(work) for work in (keeper.run(), keeper.drain(), following.run())]
    yield made
    following.close()
    await tasks[-1]
    keeper.close()
    await asyncio.gather(*tasks)
    await spool.close()


def sms(name: str, after_s: int = 0, sender: str = "081234567890") -> dict[str, Any]:
    return {"from": sender, "text": f"pesan {name}", "id": name, "at": CALLED_MS // 1000 + after_s}


def fix(name: str, number: str = "081234567890", after_s: int = 20) -> dict[str, Any]:
    return {"id": name, "number": number, "at": CALLED_MS + after_s * 1000}


def rings(call: int = 41, number: str = "081234567890", after_s: int = 0) -> dict[str, Any]:
    leg = f"{CALLED_MS // 1000}.{call}"
    told = {
        "Timestamp": f"{CALLED_MS // 1000 + after_s}.0",
        "CallerIDNum": number,
        "Context": "from-trunk",
        "Exten": "112",
    }
    return {"Event": "Newchannel", "Uniqueid": leg, "Linkedid": leg, **told}


ASTERISK = doors.SWITCH_DOORS["asterisk"]


async def test_messages_of_one_sender_are_one_call_and_of_another_another(house: House) -> None:
    first, other = await house.take(doors.SMS, sms("m1"), sms("n1", sender="081234567891"))
    second, late = await house.take(doors.SMS, sms("m2", 600), sms("m3", 600 + 7_201))
    assert first.call_id == second.call_id
    assert len({first.call_id, other.call_id, late.call_id}) == 3
    assert await house.take(doors.SMS, sms("m2", 600)) == [replace(second)]


async def test_a_position_of_a_call_that_rings(house: House) -> None:
    (ring,) = await house.take(ASTERISK, rings())
    await house.until(lambda: not house.following._notes)
    (found,) = await house.take(FIXES, fix("f1"))
    assert (found.call_id, found.kind, found.position is not None) == (ring.call_id, Kind.POSITION, True)
    assert house.published == []
    assert [each.event_id for each in await house.take(FIXES, fix("f1"))] == [found.event_id]


@pytest.mark.parametrize("door", [doors.AML, doors.SMS], ids=["aml", "sms"])
async def test_what_a_phone_sends_of_itself_finds_the_call_of_its_number(house: House, door: Door) -> None:
    (ring,) = await house.take(ASTERISK, rings())
    await house.until(lambda: not house.following._notes)
    message = 'A"ML=1;lt=-6.11490;lg=+106.15020;rd=18;top=20240311021530;pm=G;mcc=510;mnc=10;ml=83'
    (found,) = await house.take(door, {"from": "+6281234567890", "text": message})
    assert (found.call_id, found.kind, found.text) == (ring.call_id, Kind.POSITION, "")


async def test_a_position_before_its_call_is_safe_at_once_and_told_again_when_it_rings(house: House) -> None:
    (alone,) = await house.take(FIXES, fix("f1"))
    (other,) = await house.take(FIXES, fix("f2", "081234567899"))
    (ring,) = await house.take(ASTERISK, rings())
    assert len({alone.call_id, other.call_id, ring.call_id}) == 3
    await house.until(lambda: bool(house.published))
    met, gone = house.published
    assert (met.call_id, met.position, met.caller) == (ring.call_id, alone.position, alone.caller)
    assert (gone.kind, gone.call_id, gone.position) == (Kind.MERGED, alone.call_id, None)
    # As it would be had the call been known at once, so that no order makes two of it.
    assert [each.event_id for each in await house.take(FIXES, fix("f1"))] == [met.event_id]


@pytest.mark.parametrize(
    ("number", "after_s"), [("anonymous", 20), ("081234567891", 20), ("081234567890", 3_600), ("081234567890", -3_600)]
)
async def test_a_position_of_nobody_here_is_a_call_of_its_own(house: House, number: str, after_s: int) -> None:
    (ring,) = await house.take(ASTERISK, rings())
    await house.until(lambda: not house.following._notes)
    (alone,) = await house.take(FIXES, fix("f1", number, after_s))
    assert alone.call_id != ring.call_id
    assert alone.call_ref == "f1"


async def test_a_drill_and_a_call_for_help_of_one_number_never_meet(house: House) -> None:
    (real,) = await house.take(ASTERISK, rings(41))
    (drill,) = await house.take(ASTERISK, rings(42, after_s=5), drill=True)
    await house.until(lambda: not house.following._notes)
    (real_fix,) = await house.take(FIXES, fix("f1"))
    (drill_fix,) = await house.take(FIXES, fix("f2"), drill=True)
    assert (real_fix.call_id, real_fix.test) == (real.call_id, False)
    assert (drill_fix.call_id, drill_fix.test) == (drill.call_id, True)


async def test_a_position_of_a_drill_waits_for_no_call_for_help(house: House) -> None:
    (alone,) = await house.take(FIXES, fix("f1"), drill=True)
    await house.take(ASTERISK, rings(41))
    (drill,) = await house.take(ASTERISK, rings(42, after_s=5), drill=True)
    await house.until(lambda: bool(house.published))
    assert [(each.call_id, each.test) for each in house.published] == [(drill.call_id, True), (alone.call_id, True)]


async def test_a_conversation_without_a_message_is_stale_once_and_again_after_another(house: House) -> None:
    (first,) = await house.take(doors.SMS, sms("m1"))
    house.now_ms += CENTRE.stale_after_ms - 1
    (second,) = await house.take(doors.SMS, sms("m2", 200))
    house.now_ms += CENTRE.stale_after_ms - 1
    await house.following._tell_stale()
    assert house.published == []
    house.now_ms += 1
    await house.following._tell_stale()
    await house.following._tell_stale()
    (stale,) = house.published
    assert (stale.kind, stale.call_id, stale.channel) == (Kind.SESSION_STALE, first.call_id, Channel.SMS)
    assert stale.event_at_ms == second.event_at_ms + CENTRE.stale_after_ms

    await house.take(doors.SMS, sms("m3", 900))
    house.now_ms += CENTRE.stale_after_ms
    await house.following._tell_stale()
    assert [each.kind for each in house.published] == [Kind.SESSION_STALE] * 2
    assert len({each.event_id for each in house.published}) == 2
    assert len({each.call_id for each in house.published}) == 1


async def test_what_cannot_be_kept_is_told_later(house: House) -> None:
    await house.take(doors.SMS, sms("m1"))
    house.now_ms += CENTRE.stale_after_ms
    house.full = True
    await house.following._tell_stale()
    house.full = False
    await house.following._tell_stale()
    assert [each.kind for each in house.published] == [Kind.SESSION_STALE]


@pytest.mark.parametrize(("backfilled", "told"), [(False, 1), (True, 0)])
async def test_a_conversation_read_from_a_log_does_not_go_stale(house: House, backfilled: bool, told: int) -> None:
    message = {
        "specversion": "1.0", "type": "id.siaga112.call.message.v1", "source": "chat1", "id": "1", "subject": "chat-1",
        "data": {"channel": "whatsapp", "text": "tolong", "backfilled": backfilled},
    }  # fmt: skip
    await house.take(doors.CALL_EVENTS, message)
    house.now_ms += 10 * CENTRE.stale_after_ms
    await house.following._tell_stale()
    assert len(house.published) == told


async def test_reports_and_telephone_calls_do_not_go_stale(house: House) -> None:
    await house.take(doors.LAPOR, {"nomor": "1", "isi": "banjir"})
    await house.take(doors.APP, {"report_id": "r", "text": "banjir"})
    await house.take(ASTERISK, rings())
    house.now_ms += 10 * CENTRE.stale_after_ms
    await house.following._tell_stale()
    assert house.published == []
