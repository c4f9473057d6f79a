"""The scenario put together: requests in the order they arrive, and the truth beside them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from siaga_replay.scenarios.serang_month import asterisk, freeswitch, kamailio
from siaga_replay.scenarios.serang_month.calls import Call, Switch, make_calls
from siaga_replay.scenarios.serang_month.counts import PERIODS
from siaga_replay.scenarios.serang_month.forms import call_ref, form
from siaga_replay.scenarios.serang_month.forwarder import Post, batches, delivered
from siaga_replay.scenarios.serang_month.slots import Kind
from siaga_replay.truth import CallTruth, Truth

TENANT: Final = "36.73"
SEED: Final = 20190211
SLICE_CALLS: Final = 3_000
STEPS: Final = 5

Step = Callable[[str], None]
Timed = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Built:
    """A scenario ready to be written."""

    posts: list[Post]
    truth: Truth


def build_month(step: Step) -> Built:
    """All calls of the month."""
    step("calls")
    return _built("serang-month", list(make_calls(Random(SEED))), step)  # noqa: S311 - seeded on purpose


def build_slice(step: Step) -> Built:
    """Some three thousand calls of the month, all real ones among them; every caller is in it wholly or not at all."""
    step("calls")
    calls = list(make_calls(Random(SEED)))  # noqa: S311 - seeded on purpose
    return _built("serang-slice", _sampled(Random(SEED + 1), calls), step)  # noqa: S311 - seeded on purpose


def _sampled(rng: Random, calls: Sequence[Call]) -> list[Call]:
    """Whole callers, so that each number's first call is in it; anonymous calls in their share."""
    calls_of = Counter(call.caller.number for call in calls if call.caller)
    chosen = {call.caller.number for call in calls if call.real and call.caller}
    share = SLICE_CALLS / len(calls)
    anonymous = {call.number for call in calls if not call.caller and (call.real or rng.random() < share)}
    taken = len(anonymous) + sum(calls_of[number] for number in chosen)
    others = [number for number in calls_of if number not in chosen]
    rng.shuffle(others)
    for number in others:
        if taken + calls_of[number] <= SLICE_CALLS:
            chosen.add(number)
            taken += calls_of[number]
    return [call for call in calls if (call.caller.number in chosen if call.caller else call.number in anonymous)]


def _built(name: str, calls: list[Call], step: Step) -> Built:
    rng = Random(SEED + 2)  # noqa: S311 - seeded on purpose
    posts = delivered(rng, _posts(rng, calls, step))
    step("truth")
    return Built(posts, _truth(name, calls))


def _posts(rng: Random, calls: Sequence[Call], step: Step) -> Iterator[Post]:
    by_switch = {switch: [call for call in calls if call.switch is switch] for switch in Switch}
    step("asterisk")
    yield from batches(rng, "/v1/switch/asterisk", _in_order(rng, asterisk.events, by_switch[Switch.ASTERISK]))
    step("freeswitch, kamailio")
    for call in by_switch[Switch.FREESWITCH]:
        yield Post(call.end_s * 1_000 + 300 + rng.randrange(700), "/v1/switch/freeswitch", freeswitch.cdr(rng, call))
    yield from batches(rng, "/v1/switch/kamailio", _in_order(rng, kamailio.events, by_switch[Switch.KAMAILIO]))
    step("forms")
    for call in calls:
        if call.kind is Kind.ANSWERED:
            at_ms, body = form(rng, call)
            yield Post(at_ms, "/v1/calls/form", body)


def _in_order(rng: Random, events: Callable[[Random, Call], list[Timed]], calls: Sequence[Call]) -> list[Timed]:
    timed = [event for call in calls for event in events(rng, call)]
    timed.sort(key=lambda event: event[0])
    return timed


def _truth(name: str, calls: Sequence[Call]) -> Truth:
    counts = Counter(call.kind.value for call in calls)
    whole = name == "serang-month"
    published: Counter[str] = Counter()
    for period in PERIODS if whole else ():
        published.update(period.published)
    return Truth(
        scenario=name,
        tenant=TENANT,
        calls=[_call_truth(call) for call in calls],
        categories={kind.value: counts[kind.value] for kind in Kind},
        published=dict(published),
        published_total=sum(period.total for period in PERIODS) if whole else 0,
    )


def _call_truth(call: Call) -> CallTruth:
    real = call.real
    return CallTruth(
        source=call.switch.value,
        call_ref=call_ref(call),
        caller=call.caller.number if call.caller else None,
        ended_at_ms=call.end_s * 1_000,
        outcome=call.outcome,
        operator_confirmed=call.kind is Kind.ANSWERED,
        confidential=real.confidential if real else False,
        type=real.type if real else "",
        priority=real.priority if real else "",
    )
