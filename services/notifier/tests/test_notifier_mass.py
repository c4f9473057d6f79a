"""Texts to many unanswered callers: who gets one, who may have it sent, and that nobody gets it twice."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifier_samples import ClaimsInMemory
from siaga.v1.mass_pb2 import MassMessage
from siaga_contracts.catalogue import MASS_MESSAGES
from siaga_kit.errors import Transient
from siaga_kit.records import Record
from siaga_kit.stage import Item
from siaga_notifier.core.mass import GOOD_FOR_MS, Chosen, Heard, Left, Unanswered, choose, message_id, refusal
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.mass import MOST_TRIES, MassSender
from siaga_tenants.model import USUAL_NOTIFY, NotifyPolicy, ProviderSpec
from siaga_tenants.model.notify import MassPolicy

NOW_MS = 1_760_000_000_000
PHONE = "+62812345678{:02}"
POLICY = MassPolicy(True, ("spv-01", "spv-02"))


def inside(lat: float, lon: float) -> bool:
    return lat < 0 < lon


def caller(key: str, calls: tuple[str, ...], at_ms: int = NOW_MS, *, unsafe: bool = False) -> Unanswered:
    return Unanswered(key, unsafe, at_ms, calls)


def heard(
    call_id: str, number: str, place: tuple[float, float] | None = (-6.1, 106.1), *, secret: bool = False
) -> Heard:
    lat, lon = place or (None, None)
    return Heard(call_id, number, secret, lat, lon)


HERE: Mapping[str, Heard] = {
    one.call_id: one
    for one in (
        heard("in", PHONE.format(1)),
        heard("out", PHONE.format(2), (6.1, 106.1)),
        heard("nowhere", PHONE.format(3), None),
        heard("landline", "+62254123456"),
        heard("withheld", ""),
        heard("secret", PHONE.format(4), secret=True),
        heard("same", PHONE.format(1)),
        heard("moved", PHONE.format(2)),
    )
}


def chosen(*callers: Unanswered, unplaced: bool = False, since_ms: int = 0) -> Chosen:
    return choose(callers, HERE, inside, since_ms, unplaced=unplaced)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (caller("k", ("in",)), None),
        (caller("k", ("out",)), Left.OUTSIDE),
        (caller("k", ("out", "moved")), None),
        (caller("k", ("nowhere",)), Left.UNPLACED),
        (caller("k", ("landline",)), Left.NO_MOBILE),
        (caller("k", ("withheld",)), Left.NO_NUMBER),
        (caller("k", ("unheard",)), Left.NO_NUMBER),
        (caller("k", ("in",), unsafe=True), Left.UNSAFE),
        (caller("k", ("secret",)), Left.UNSAFE),
        (caller("k", ("in", "secret")), Left.UNSAFE),
        (caller("k", ("in",), NOW_MS - 1), Left.BEFORE),
    ],
)
def test_who_is_written_to(one: Unanswered, why: Left | None) -> None:
    found = chosen(one, since_ms=NOW_MS)
    assert bool(found.numbers) is (why is None)
    assert dict(found.left) == ({} if why is None else {why: 1})


def test_a_number_is_written_to_once_and_the_unplaced_where_wanted() -> None:
    found = chosen(caller("a", ("in",)), caller("b", ("same",)), caller("c", ("nowhere",)), unplaced=True)
    assert found.numbers == {"a": PHONE.format(1), "c": PHONE.format(3)}
    assert found.left == {Left.TWICE: 1}


@given(st.lists(st.tuples(st.sampled_from(sorted(HERE)), st.booleans()), max_size=20), st.booleans())
def test_everybody_is_counted_and_nobody_unsafe_is_written_to(calls: list[tuple[str, bool]], unplaced: bool) -> None:
    callers = [caller(f"k{at}", (call,), unsafe=unsafe) for at, (call, unsafe) in enumerate(calls)]
    found = chosen(*callers, unplaced=unplaced)
    assert len(found.numbers) + sum(found.left.values()) == len(callers)
    assert len(set(found.numbers.values())) == len(found.numbers)
    unsafe = {one.caller_key for one in callers if one.only_if_safe or one.call_ids == ("secret",)}
    assert not unsafe & found.numbers.keys()


@pytest.mark.parametrize(
    ("policy", "asked_by", "approved_by", "part"),
    [
        (POLICY, "spv-01", "spv-02", None),
        (MassPolicy(True, ("spv-01",), second_approval=False), "spv-01", "spv-01", None),
        (POLICY, "spv-01", "spv-01", "another approver"),
        (POLICY, "spv-01", "", "nobody has approved"),
        (POLICY, "op-1", "spv-02", "'op-1' is no approver"),
        (POLICY, "spv-01", "op-1", "'op-1' is no approver"),
        (MassPolicy(), "spv-01", "spv-02", "does not allow"),
    ],
)
def test_who_may_have_it_sent(policy: MassPolicy, asked_by: str, approved_by: str, part: str | None) -> None:
    refused = refusal(policy, asked_by, approved_by)
    assert (refused is None) is (part is None)
    assert part is None or part in str(refused)


class World:
    """A sender, and the phones."""

    def __init__(self, mass: MassPolicy = POLICY) -> None:
        self.phones: list[str] = []
        self.outcomes: dict[str, Outcome] = {}
        self.claims = ClaimsInMemory()
        fast = ProviderSpec("smsc", "smpp", "sms", rate_per_s=10_000)
        self.policy = NotifyPolicy(USUAL_NOTIFY.plans, (fast,), mass=mass)
        self.restart()

    def restart(self) -> None:
        """As after kill -9: only the claims are still known."""
        self.sender = MassSender(self.claims, self._say, lambda _: self.policy, lambda: NOW_MS)

    async def _say(self, tenant: str, number: str, words: str) -> Outcome:
        outcome = self.outcomes.get(number, Accepted("1"))
        if not isinstance(outcome, Temporary | Permanent):
            self.phones.append(number)
        return outcome

    async def give(self, *messages: MassMessage) -> None:
        record = Record(MASS_MESSAGES.name, 0, 0, NOW_MS, b"", b"", ())
        await self.sender.process([Item(record, message) for message in messages])


def message(at: int, mass_id: str = "mass-1", *, at_ms: int = NOW_MS) -> MassMessage:
    key = f"k{at}"
    return MassMessage(
        message_id=message_id(mass_id, key), mass_id=mass_id, tenant="36.73", caller_key=key, number=PHONE.format(at),
        text_name="banjir", text="112: …", asked_by="spv-01", approved_by="spv-02", at_ms=at_ms,
    )  # fmt: skip


async def test_each_caller_gets_the_text_once_through_restarts_and_repeated_masses() -> None:
    world = World()
    everyone = [message(at) for at in range(10)]
    await world.give(*everyone[:6])
    world.restart()
    await world.give(*everyone)
    await world.give(*(message(at, "mass-2") for at in range(10)))
    assert sorted(world.phones) == [PHONE.format(at) for at in range(10)]


async def test_what_may_have_arrived_is_not_sent_again() -> None:
    world = World()
    world.outcomes[PHONE.format(1)] = Unknown("no answer")
    await world.give(message(1))
    world.restart()
    await world.give(message(1), message(2))
    assert world.phones == [PHONE.format(1), PHONE.format(2)]


async def test_it_waits_for_the_line_and_goes_on_where_it_was() -> None:
    world = World()
    world.outcomes[PHONE.format(2)] = Temporary("away", 1.0, down=True)
    with pytest.raises(Transient):
        await world.give(message(1), message(2), message(3))
    world.outcomes.clear()
    await world.give(message(1), message(2), message(3))
    assert world.phones == [PHONE.format(1), PHONE.format(2), PHONE.format(3)]


async def test_a_full_mailbox_holds_up_nobody_for_long() -> None:
    world = World()
    world.outcomes[PHONE.format(2)] = Temporary("mailbox full", 1.0)
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(Transient):
            await world.give(message(1), message(2), message(3))
    await world.give(message(1), message(2), message(3))
    assert world.phones == [PHONE.format(1), PHONE.format(3)]


async def test_nothing_goes_that_was_not_approved_or_is_old() -> None:
    world = World(MassPolicy())
    await world.give(message(1))
    late = World()
    await late.give(message(1, at_ms=NOW_MS - GOOD_FOR_MS - 1))
    assert world.phones == late.phones == []
