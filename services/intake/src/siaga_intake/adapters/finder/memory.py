"""A finder in this process: for tests, and for as long as Redis is away."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from siaga_intake.adapters.finder.port import Known, Placed, Who, Written
from siaga_intake.core.belonging import Ring, Session, later, merged, place
from siaga_intake.core.staleness import Waiting

# Citizens remembered of each kind, the latest: a day of a nation's messages, some tens of megabytes.
REMEMBERED: Final = 100_000
# Fixes of one number that wait for its call; a phone sends some in a minute.
HELD_PER_CALLER: Final = 16
# Those said to be stale in one go; the rest follows a second later.
DUE_AT_ONCE: Final = 200

K = TypeVar("K")
V = TypeVar("V")


class MemoryFinder:
    """Remembers the latest of everything, forgets the oldest."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[Who, tuple[Session, ...]] = OrderedDict()
        self._rings: OrderedDict[Who, Ring] = OrderedDict()
        self._held: OrderedDict[Who, list[bytes]] = OrderedDict()
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def known(self, written: Sequence[Written]) -> Known:
        """The conversations of these senders."""
        return {each.who: self._sessions[each.who] for each in written if each.who in self._sessions}

    def learn(self, known: Known) -> None:
        """Remember these conversations as well."""
        for who, sessions in known.items():
            _put(self._sessions, who, sessions)

    def all_waiting(self) -> list[Waiting]:
        """Every conversation that waits here."""
        return list(self._waiting.values())

    def forget_waiting(self, waiting: Sequence[Waiting]) -> None:
        """Another finder has these from now on."""
        for each in waiting:
            self._waiting.pop(each.call_id, None)

    async def place(self, written: Sequence[Written], known: Known) -> Placed:
        found = {who: merged(self._sessions.get(who, ()), known.get(who, ())) for who in {each.who for each in written}}
        sessions: list[Session] = []
        for each in written:
            session, found[each.who] = place(found[each.who], each.message, each.at_ms, each.gap_ms)
            sessions.append(session)
        self.learn(found)
        return Placed(sessions, found)

    async def rings(self, callers: Sequence[Who]) -> list[Ring | None]:
        return [self._rings.get(who) for who in callers]

    async def rang(self, rings: Mapping[Who, Ring]) -> None:
        for who, ring in rings.items():
            latest = later(self._rings.get(who), ring)
            assert latest is not None
            _put(self._rings, who, latest)

    async def hold(self, held: Sequence[tuple[Who, bytes]]) -> None:
        for who, value in held:
            values = [each for each in self._held.get(who, []) if each != value]
            _put(self._held, who, [*values, value][-HELD_PER_CALLER:])

    async def held(self, callers: Sequence[Who]) -> list[list[bytes]]:
        return [self._held.get(who, []) for who in callers]

    async def wait(self, waiting: Sequence[Waiting]) -> None:
        for each in waiting:
            known = self._waiting.get(each.call_id)
            if known is None or known.at_ms <= each.at_ms:
                _put(self._waiting, each.call_id, each)

    async def due(self, tenants: Sequence[str], now_ms: int) -> list[Waiting]:
        due = [each for each in self._waiting.values() if each.due_ms <= now_ms and each.tenant in tenants]
        return due[:DUE_AT_ONCE]

    async def done(self, waiting: Sequence[Waiting]) -> None:
        for each in waiting:
            if self._waiting.get(each.call_id) == each:
                del self._waiting[each.call_id]


def _put(table: OrderedDict[K, V], key: K, value: V) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > REMEMBERED:
        table.popitem(last=False)
