"""What callers are told, when, and above all when not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifier_samples import ClaimsInMemory
from siaga.v1 import incident_pb2
from siaga.v1.incident_pb2 import Assignment, CallAccount, Incident, IncidentStatus, IncidentWork
from siaga_contracts.catalogue import INCIDENTS
from siaga_kit.errors import Transient
from siaga_kit.records import Record
from siaga_kit.stage import Item
from siaga_notifier.adapters.codec_incidents import report_of
from siaga_notifier.core.feedback import NEWS_MS, Caller, Kind, Report, due, listeners, text
from siaga_notifier.core.gsm7 import SMS_SEPTETS, septets
from siaga_notifier.core.message import Words
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary
from siaga_notifier.feedback import CallerFeedback
from siaga_tenants.model.notify import Feedback

NOW_MS = 1_760_000_000_000
ALL = frozenset(Kind)
PHONE, OTHER, LANDLINE = "+6281234567890", "+6281234567891", "+62254123456"
TAKEN = Report(
    "36.73",
    "T-1",
    "dispatched",
    False,
    "",
    NOW_MS,
    (Caller("c-1", PHONE),),
    staffed=True,
    under_way=False,
    arrived=False,
)
GOING = replace(TAKEN, status="en_route", under_way=True)
CANCELLED = replace(TAKEN, status="cancelled")


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (TAKEN, Kind.RECEIVED),
        (replace(TAKEN, status="verified", staffed=False), Kind.RECEIVED),
        (GOING, Kind.UNIT_SENT),
        (CANCELLED, Kind.CANCELLED),
        # Somebody has to look first: it may be a prank.
        (replace(TAKEN, status="received"), None),
        (replace(TAKEN, status="classified"), None),
        (replace(GOING, arrived=True), None),
        (replace(TAKEN, status="on_scene", under_way=True, arrived=True), None),
        (replace(TAKEN, status="closed"), None),
        (replace(TAKEN, status="merged"), None),
        # Nobody ever went, nobody was in earnest, or the other report goes on.
        (replace(CANCELLED, staffed=False), None),
        (replace(CANCELLED, disposition="false_report"), None),
        (replace(CANCELLED, disposition="duplicate"), None),
        # A month replayed, or a log filled in.
        (replace(GOING, event_at_ms=NOW_MS - NEWS_MS - 1), None),
    ],
)
def test_what_is_told(report: Report, told: Kind | None) -> None:
    assert due(report, ALL, NOW_MS) is told


def test_only_what_the_centre_wants() -> None:
    assert due(GOING, frozenset({Kind.RECEIVED}), NOW_MS) is Kind.RECEIVED
    assert due(CANCELLED, frozenset({Kind.RECEIVED, Kind.UNIT_SENT}), NOW_MS) is None
    assert due(TAKEN, frozenset({Kind.UNIT_SENT}), NOW_MS) is None


@given(
    status=st.sampled_from([name.removeprefix("INCIDENT_STATUS_").lower() for name in IncidentStatus.keys()]),  # noqa: SIM118
    wanted=st.frozensets(st.sampled_from(list(Kind))),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    disposition=st.sampled_from(["", "handled", "false_report"]),
)
def test_of_a_confidential_incident_never_a_word(
    status: str, wanted: frozenset[Kind], flags: tuple[bool, bool, bool], disposition: str
) -> None:
    report = Report("36.73", "T-1", status, True, disposition, NOW_MS, (Caller("c-1", PHONE),), *flags)
    assert due(report, wanted, NOW_MS) is None


def test_each_phone_once_and_only_phones_that_take_an_sms() -> None:
    callers = (
        Caller("c-1", PHONE),
        Caller("c-2", LANDLINE),
        Caller("c-3", ""),
        Caller("c-4", PHONE),
        Caller("c-5", OTHER),
    )
    assert [caller.call_id for caller in listeners(replace(TAKEN, callers=callers))] == ["c-1", "c-5"]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("templates", [{}, {f"feedback_{kind}": "Tiket {ticket} " + "x" * 200 for kind in Kind}])
def test_the_text_is_one_sms_with_the_ticket(kind: Kind, templates: Mapping[str, str]) -> None:
    said = text(kind, replace(TAKEN, ticket_no="3673-2019-000114"), Words(templates, {}))
    assert "3673-2019-000114" in said
    assert septets(said) <= SMS_SEPTETS


def incident(version: int = 1, **fields: Any) -> Incident:
    given: dict[str, Any] = {
        "incident_id": "i-1",
        "tenant": "36.73",
        "ticket_no": "T-1",
        "version": version,
        "status": incident_pb2.INCIDENT_STATUS_DISPATCHED,
        "call_ids": ["c-1"],
        "work": IncidentWork(callback_number="081234567890"),
        "event_at_ms": NOW_MS,
        "assignments": [Assignment(unit_id="u-1")],
    }
    return Incident(**(given | fields))


def test_an_incident_as_the_topic_has_it() -> None:
    assert report_of(incident()) == TAKEN
    accounts = [CallAccount(call_id="c-1", callback_number=PHONE), CallAccount(call_id="c-2", callback_number="112")]
    several = report_of(incident(call_ids=["c-1", "c-2", "c-3"], work=IncidentWork(accounts=accounts)))
    assert several.callers == (Caller("c-1", PHONE), Caller("c-2", ""), Caller("c-3", ""))
    gone = Assignment(unit_id="u-1", en_route_at_ms=1, ended_by="diverted")
    assert not report_of(incident(assignments=[gone])).under_way
    assert report_of(incident(status=99)).status == ""


class World:
    """A processor, and what left it."""

    def __init__(self, wanted: Feedback) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.outcome: Outcome = Accepted("1")
        self.claims = ClaimsInMemory()
        self.processor = CallerFeedback(
            self.claims, self._say, lambda _: wanted, lambda _: Words({}, {}), lambda: NOW_MS
        )

    async def _say(self, tenant: str, number: str, words: str) -> Outcome:
        if isinstance(self.outcome, Accepted):
            self.said.append((tenant, number, words))
        return self.outcome

    async def take(self, *messages: Incident) -> None:
        record = Record(INCIDENTS.name, 0, 0, NOW_MS, b"i-1", b"", ())
        await self.processor.process([Item(record, message) for message in messages])


EN_ROUTE = incident(
    2, status=incident_pb2.INCIDENT_STATUS_EN_ROUTE, assignments=[Assignment(unit_id="u-1", en_route_at_ms=1)]
)


async def test_each_thing_is_told_once_however_often_it_comes() -> None:
    world = World(Feedback(received=True, unit_sent=True, cancelled=True))
    for _ in range(3):
        await world.take(incident())
        await world.take(incident(), EN_ROUTE)
    assert [(number, "berangkat" in words) for _, number, words in world.said] == [(PHONE, False), (PHONE, True)]


async def test_what_comes_in_one_batch_is_told_as_it_is_now() -> None:
    world = World(Feedback(received=True, unit_sent=True))
    await world.take(incident(), EN_ROUTE)
    assert len(world.said) == 1


async def test_nothing_where_the_centre_wants_nothing_and_nothing_confidential() -> None:
    world = World(Feedback())
    await world.take(incident())
    loud = World(Feedback(True, True, True))
    await loud.take(incident(confidential=True))
    assert world.said == loud.said == []


async def test_it_waits_for_the_line_and_loses_nobody() -> None:
    world = World(Feedback(received=True))
    world.outcome = Temporary("away", 1.0, down=True)
    with pytest.raises(Transient):
        await world.take(incident())
    world.outcome = Accepted("1")
    await world.take(incident())
    assert len(world.said) == 1


async def test_a_number_refused_for_good_is_not_tried_again() -> None:
    world = World(Feedback(received=True))
    world.outcome = Permanent("no such number")
    await world.take(incident())
    world.outcome = Accepted("1")
    await world.take(incident())
    assert world.said == []
