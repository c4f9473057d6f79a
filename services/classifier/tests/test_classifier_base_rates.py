"""Every share of real calls that centres have told of, 0.026 % to 30 %: totals reconcile, and no real call is abuse.

Calls are made from the figures in data/bauran_112, told shuffled and in part twice, through the batch processor and into
the ledger's book. A real call comes in every way there is, also those on which nobody ever spoke.
"""

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from siaga.v1 import assessment_pb2, call_pb2
from siaga_classifier.adapters.call_store import CallerKey, CallKey, Changes, Held
from siaga_classifier.adapters.rule_files import load_pack
from siaga_classifier.adapters.state_codec import decode, encode
from siaga_classifier.assembly import CallAssembly
from siaga_classifier.core.advice import Policy
from siaga_classifier.core.assessment import TenantView
from siaga_classifier.core.outcome import CallerHistory
from siaga_classifier.core.words.rules import read
from siaga_classifier.ledger.adapters.messages import read_outcome
from siaga_classifier.ledger.book import Account, Book, Caller
from siaga_classifier.ledger.core.policy import Policy as SanctionPolicy
from siaga_classifier.ledger.core.view import View
from siaga_contracts import catalogue
from siaga_kit.records import Record
from siaga_kit.stage import Item

TABLE: Final = Path(__file__).parents[3] / "data" / "bauran_112" / "bauran_panggilan.csv"
ROWS: Final = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
PACK = load_pack()
VIEW = TenantView(lambda text: read(text, PACK), PACK.base_priority, Policy(lambda *_: True), None)
K, D = call_pb2.CallEventKind, call_pb2.Disposition
T0: Final = 1_549_818_000_000
BATCH: Final = 500
# At 0.026 % one of them is real.
MOST_CALLS: Final = 4_000
Events = list[call_pb2.CallEvent]
Maker = Callable[["Call"], Events]


@dataclass(frozen=True)
class Mix:
    """One centre's share of real calls, and how the others fall into answered, cut off and lost in the menu."""

    name: str
    calls: int
    real: float
    answered: float = 0.5
    abandoned: float = 0.2


def value(place: str, kind: str, period: str = "") -> float:
    (row,) = [row for row in ROWS if place in row["wilayah"] and row["kategori"] == kind and period in row["periode"]]
    return float(row["nilai"])


def serang(period: str) -> Mix:
    answered, abandoned, menu = (value("Serang", kind, period) for kind in ("terjawab", "abandon", "ivr_prank"))
    whole = answered + abandoned + menu
    real = value("Serang", "darurat") / 100
    return Mix(f"Serang {period}", MOST_CALLS, real, answered / whole, abandoned / whole)


MIXES: Final = (
    serang("11-28 Feb"),
    serang("1-11 Mar"),
    Mix("Bengkulu", 2_000, value("Bengkulu", "darurat") / 100),
    Mix("Purwakarta", 2_000, value("Purwakarta", "serius") / 100),
    Mix("Lampung Barat, emergencies", 1_000, value("Lampung", "darurat") / 100),
    Mix("Lampung Barat, with covid", 1_000, (value("Lampung", "darurat") + value("Lampung", "covid")) / 100),
)


@dataclass(frozen=True)
class Call:
    """A call to be told of."""

    number: int
    caller: str
    at_ms: int

    @property
    def call_id(self) -> str:
        return f"call-{self.number}"

    def event(self, kind: int, after_s: float, **more: Any) -> call_pb2.CallEvent:
        return call_pb2.CallEvent(
            event_id=f"{self.call_id}-{kind}-{after_s}", call_id=self.call_id, tenant="36.73", source="asterisk/pbx1",
            kind=kind, event_at_ms=self.at_ms + int(after_s * 1_000), channel=more.pop("channel", 1),  # type: ignore[arg-type]
            caller=call_pb2.Caller(key=self.caller, identity_trust=2), **more,
        )  # fmt: skip

    def menu(self) -> Events:
        return [self.event(K.CALL_EVENT_KIND_RINGING, 0), self.event(K.CALL_EVENT_KIND_IVR_ENTERED, 1)]

    def queue(self) -> Events:
        return [
            *self.menu(),
            self.event(K.CALL_EVENT_KIND_IVR_CONFIRMED, 4),
            self.event(K.CALL_EVENT_KIND_QUEUE_JOINED, 5),
        ]

    def talk(self, disposition: int, text: str = "") -> Events:
        form = call_pb2.OperatorForm(operator="op-03", text=text, disposition=disposition)  # type: ignore[arg-type]
        talked = [
            *self.queue(),
            self.event(K.CALL_EVENT_KIND_ANSWERED, 9, operator="op-03"),
            self.event(K.CALL_EVENT_KIND_TALK_ENDED, 50),
            self.end(50),
        ]
        return [*talked, self.event(K.CALL_EVENT_KIND_FORM, 60, form=form)] if disposition or text else talked

    def end(self, after_s: float, by: int = 1) -> call_pb2.CallEvent:
        return self.event(K.CALL_EVENT_KIND_ENDED, after_s, hangup=call_pb2.Hangup(by=by, q850=16))  # type: ignore[arg-type]


def left(call: Call, reason: int) -> Events:
    queue = call_pb2.Queue(left_reason=reason)  # type: ignore[arg-type]
    return [*call.queue(), call.event(K.CALL_EVENT_KIND_QUEUE_LEFT, 40, queue=queue), call.end(40)]


# How each comes in, and what it is then; None = whatever it is, it is for a person.
REAL: Final[tuple[tuple[str, Maker], ...]] = (
    ("REAL", lambda call: call.talk(D.DISPOSITION_EMERGENCY, "rumah kebakaran")),
    ("UNRESOLVED", lambda call: call.talk(D.DISPOSITION_UNSPECIFIED)),
    ("UNRESOLVED", lambda call: call.talk(D.DISPOSITION_NON_EMERGENCY, "cuma ngobrol, suami saya di sebelah")),
    ("ABANDON", lambda call: left(call, 2)),
    ("UNSERVED", lambda call: left(call, 3)),
    ("ABANDON", lambda call: [*call.menu(), call.event(K.CALL_EVENT_KIND_IVR_INPUT, 5, digits="55"), call.end(9)]),
    ("ABANDON", lambda call: [*call.menu(), call.event(K.CALL_EVENT_KIND_SILENT_CONFIRMED, 8), call.end(30)]),
    ("ABANDON", lambda call: [*call.menu(), call.event(K.CALL_EVENT_KIND_TALK_DETECTED, 5), call.end(9)]),
    ("ABANDON", lambda call: [call.event(K.CALL_EVENT_KIND_RINGING, 0), call.end(5)]),
    ("GHOST", lambda call: call.talk(D.DISPOSITION_GHOST)),
    ("UNRESOLVED", lambda call: [call.event(K.CALL_EVENT_KIND_MESSAGE, 0, text="tolong ada ular", channel=2)]),
)  # fmt: skip
ANSWERED: Final[tuple[tuple[str, Maker], ...]] = (
    ("ANSWERED_PRANK", lambda call: call.talk(D.DISPOSITION_PRANK)),
    ("NON_EMERGENCY", lambda call: call.talk(D.DISPOSITION_NON_EMERGENCY)),
    ("MISDIRECTED", lambda call: call.talk(D.DISPOSITION_MISDIRECTED)),
    ("TEST", lambda call: call.talk(D.DISPOSITION_TEST)),
)
CUT_OFF: Final[tuple[tuple[str, Maker], ...]] = (("ABANDON", lambda call: left(call, 2)),)
MENU: Final[tuple[tuple[str, Maker], ...]] = (("IVR_PRANK", lambda call: [*call.menu(), call.end(9)]),)


def made(mix: Mix, chance: random.Random) -> Iterator[tuple[bool, str, Call, Events]]:
    """Calls of the mix: whether real, what each is, and its events. Nobody who plays has called for help."""
    real = max(1, round(mix.calls * mix.real))
    first = chance.randrange(len(REAL))
    for number in range(mix.calls):
        at_ms = T0 + number * 45_000
        if number < real:
            outcome, maker = REAL[(first + number) % len(REAL)]
            call = Call(number, f"real-{number}", at_ms)
        else:
            draw = chance.random()
            kinds = ANSWERED if draw < mix.answered else CUT_OFF if draw < mix.answered + mix.abandoned else MENU
            outcome, maker = kinds[0] if chance.random() < 0.9 else chance.choice(kinds)
            call = Call(number, f"player-{chance.randrange(max(3, mix.calls // 10))}", at_ms)
        yield number < real, outcome, call, maker(call)


class MemoryStore:
    """Calls in a dict, as the store keeps them."""

    def __init__(self) -> None:
        self.calls: dict[CallKey, bytes] = {}
        self.firsts: dict[CallerKey, CallerHistory] = {}

    async def load(self, keys: Any) -> dict[CallKey, Held]:
        return {key: Held(decode(raw), raw) for key in keys if (raw := self.calls.get(key))}

    async def first_calls(self, keys: Any) -> dict[CallerKey, CallerHistory]:
        return {key: self.firsts[key] for key in keys if key in self.firsts}

    async def save(self, changes: Changes) -> None:
        self.firsts.update(changes.first_calls)
        for key, call in changes.calls:
            self.calls[key] = encode(call)
        for key, call, _ in changes.displaced:
            self.calls[key] = encode(call)


async def judged(events: Events) -> tuple[dict[str, Any], dict[str, View]]:
    """What holds of each call in the end, and where each caller stands."""
    assembly = CallAssembly(MemoryStore(), lambda _: VIEW)  # type: ignore[arg-type]
    accounts: dict[Caller, Account | None] = {}
    views: dict[str, View] = {}
    book = Book({"36.73": SanctionPolicy(version="a")}, {}, accounts.get)
    last: dict[str, Any] = {}
    for start in range(0, len(events), BATCH):
        batch = events[start : start + BATCH]
        items = [Item(Record("t", 0, start + at, 0, b"", b"", ()), message) for at, message in enumerate(batch)]
        result = await assembly.process(items)
        assert result.save is not None
        await result.save()
        for one in result.outgoing:
            message: Any = one.message
            if one.topic is catalogue.CALL_ASSESSMENTS:
                if message.revision >= getattr(last.get(message.call_id), "revision", 0):
                    last[message.call_id] = message
                continue
            caller, entry = read_outcome(message.SerializeToString())
            posting = book.post(caller, 0, entry, one.event_at_ms, T0 + 90 * 86_400_000)
            if posting is not None:
                accounts[caller] = posting.account
                if posting.view is not None:
                    views[caller.caller_key] = posting.view
    return last, views


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: f"{mix.name} {mix.real:.3%}")
async def test_totals_reconcile_and_no_real_call_is_abuse(mix: Mix) -> None:
    chance = random.Random(mix.name)
    calls = list(made(mix, chance))
    events = [event for *_, told in calls for event in told]
    events += chance.sample(events, len(events) // 10)
    chance.shuffle(events)
    found, views = await judged(events)
    names = {call: assessment_pb2.Outcome.Name(one.outcome).removeprefix("OUTCOME_") for call, one in found.items()}
    assert set(names) == {call.call_id for _, _, call, _ in calls}
    firsts: dict[str, Call] = {}
    for _, _, call, _ in calls:
        firsts.setdefault(call.caller, call)
    # The first call of a number that says nothing in the menu is work, not play.
    expected = {
        call.call_id: "ABANDON" if outcome == "IVR_PRANK" and firsts[call.caller] is call else outcome
        for _, outcome, call, _ in calls
    }
    assert Counter(names.values()) == Counter(expected.values())
    assert names == expected
    assert sum(Counter(names.values()).values()) == mix.calls
    for is_real, _, call, _ in calls:
        if not is_real:
            continue
        one = found[call.call_id]
        assert one.advice != assessment_pb2.ADVICE_RECORD
        assert names[call.call_id] not in ("ANSWERED_PRANK", "IVR_PRANK")
        view = views.get(call.caller)
        assert view is None or (view.state.name, view.score) == ("CLEAN", 0)
    assert any(view.score > 0 for view in views.values())


def test_every_share_of_the_table_is_tried() -> None:
    shares = {
        float(row["nilai"]) for row in ROWS if row["satuan"] == "persen" and row["kategori"] in ("darurat", "serius")
    }
    assert {round(mix.real * 100, 3) for mix in MIXES} == {*shares, 30.0}
    counted = {row["kategori"] for row in ROWS if row["satuan"] == "panggilan" and row["kategori"] != "per_hari"}
    assert counted == {"terjawab", "abandon", "ivr_prank"}
