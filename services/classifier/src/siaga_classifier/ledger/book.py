"""The open book: every caller's account, which of them time will change next, and what is to be told.

No I/O: it is given records and the wall clock, and answers with postings for somebody to publish and keep.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from siaga_classifier.ledger.core.clock import UNHEARD, EventClock
from siaga_classifier.ledger.core.entries import Entry, Word
from siaga_classifier.ledger.core.memory import Memory, due_ms, forget_before, is_past, restored, take_in
from siaga_classifier.ledger.core.policy import Over, Policy, Span, shared, with_word
from siaga_classifier.ledger.core.view import View, view_of

# Accounts kept open: beyond these the least used is closed and read again from the table when its caller calls. A
# centre's active callers fit; a nation's would otherwise stand in memory twice.
OPEN_ACCOUNTS: Final = 20_000


class Caller(NamedTuple):
    """One caller of one centre: what accounts are kept by."""

    tenant: str
    caller_key: str


@dataclass(frozen=True, slots=True)
class Account:
    """One caller's account as the table has it; `ahead_ms` is what it knows of its centre's event clock."""

    memory: Memory
    partition: int
    due_ms: int | None
    ahead_ms: int


@dataclass(frozen=True, slots=True)
class Posting:
    """A changed account. `view` is what to tell (None = nothing new); `account` None = forgotten altogether."""

    caller: Caller
    partition: int
    account: Account | None
    view: View | None


@dataclass(frozen=True, slots=True)
class Suspension:
    """When a centre's sanctions rest, as the table keeps it for one partition."""

    tenant: str
    partition: int
    spans: tuple[Span, ...]


class UnknownTenantError(Exception):
    """A record of a centre that this installation does not have."""


@dataclass(frozen=True, slots=True)
class Due:
    """What rebuilding needs of an account without opening it."""

    caller: Caller
    due_ms: int | None
    ahead_ms: int


class Book:
    """Accounts by caller. `read` gives the account that the table keeps, None when it has none.

    `recent` names the callers of a centre in the table who have a word of that time or later.
    """

    def __init__(
        self,
        policies: Mapping[str, Policy],
        shared_keys: Mapping[str, frozenset[str]],
        read: Callable[[Caller], Account | None],
        recent: Callable[[str, int], Iterable[Caller]] = lambda tenant, since_ms: (),  # noqa: ARG005
    ) -> None:
        self._policies = dict(policies)
        self._shared_policies = {tenant: shared(policy) for tenant, policy in policies.items()}
        self._shared = shared_keys
        self._read = read
        self._recent = recent
        self._open: OrderedDict[Caller, tuple[Account, View]] = OrderedDict()
        self._clocks: dict[str, EventClock] = {}
        self._due: dict[Caller, int] = {}
        self._heaps: dict[str, list[tuple[int, Caller]]] = {}

    def policy(self, caller: Caller) -> Policy:
        """The policy that holds for this caller."""
        if caller.tenant not in self._policies:
            raise UnknownTenantError(f"no tenant {caller.tenant!r}")
        is_shared = caller.caller_key in self._shared.get(caller.tenant, ())
        return (self._shared_policies if is_shared else self._policies)[caller.tenant]

    def restore(self, dues: Iterable[Due], suspensions: Iterable[Suspension] = ()) -> None:
        """Start anew from what the table has: close all accounts, rebuild the clocks and what falls due when."""
        for suspension in suspensions:
            for span in suspension.spans:
                self._rest(suspension.tenant, span)
        self._open.clear()
        self._due = {}
        self._heaps = {}
        for due in dues:
            if due.caller.tenant not in self._policies:
                continue
            clock = self._clocks.get(due.caller.tenant, UNHEARD)
            self._clocks[due.caller.tenant] = EventClock(max(clock.ahead_ms, due.ahead_ms))
            if due.due_ms is not None:
                self._due[due.caller] = due.due_ms
                self._heaps.setdefault(due.caller.tenant, []).append((due.due_ms, due.caller))
        for heap in self._heaps.values():
            heapify(heap)

    def post(self, caller: Caller, partition: int, word: Word, published_at_ms: int, wall_ms: int) -> Posting | None:
        """Take a word into its caller's account; None when it says nothing new. Changes nothing when it raises."""
        policy = self.policy(caller)
        clock = self._clocks.get(caller.tenant, UNHEARD)
        if isinstance(word, Entry):
            # People decide by the wall clock, also while a month of long ago is replayed: only calls move event time.
            clock = clock.heard(word.event_at_ms, published_at_ms)
        now_ms = clock.now_ms(wall_ms)
        opened = self._opened(caller, policy, now_ms)
        account, told = opened or (Account(Memory(), partition, None, UNHEARD.ahead_ms), view_of(Memory(), 0, policy))
        memory = take_in(account.memory, word, policy)
        if memory is account.memory:
            self._clocks[caller.tenant] = clock
            return None
        memory = forget_before(memory, now_ms - policy.memory_ms, policy)
        view = view_of(memory, now_ms, policy)
        ahead_ms = account.ahead_ms
        if isinstance(word, Entry):
            ahead_ms = EventClock(ahead_ms).heard(word.event_at_ms, published_at_ms).ahead_ms
        changed = Account(memory, partition, due_ms(memory, now_ms, policy), ahead_ms)
        self._clocks[caller.tenant] = clock
        self._enter(caller, changed, view)
        return Posting(caller, partition, changed, None if view == told else view)

    def suspend(
        self, tenant: str, partition: int, word: Span | Over, kept: tuple[Span, ...], wall_ms: int
    ) -> tuple[Suspension | None, list[Posting]]:
        """Let a centre's sanctions rest in that time, or no longer, and count again whoever called in it.

        `kept` is what the table has of this partition; the new value is None when it says nothing new.
        """
        caller = Caller(tenant, "")
        before = self.policy(caller)
        now_ms = self._clocks.get(tenant, UNHEARD).now_ms(wall_ms)
        remembered = tuple([one for one in kept if one[1] > now_ms - before.memory_ms])
        spans = with_word(remembered, word)
        since_ms = word.at_ms if isinstance(word, Over) else word[0]
        told = {one: self._told(one, now_ms) for one in self._callers_since(tenant, since_ms)}
        self._rest(tenant, word)
        postings = [posting for one in told if (posting := self._recounted(one, told[one], now_ms)) is not None]
        return (None if spans == kept else Suspension(tenant, partition, spans)), postings

    def _rest(self, tenant: str, word: Span | Over) -> None:
        if tenant in self._policies:
            suspended = with_word(self._policies[tenant].suspended, word)
            self._policies[tenant] = replace(self._policies[tenant], suspended=suspended)
            self._shared_policies[tenant] = shared(self._policies[tenant])

    def _callers_since(self, tenant: str, since_ms: int) -> list[Caller]:
        opened = [
            caller
            for caller, (account, _) in self._open.items()
            if caller.tenant == tenant and account.memory.newest_ms >= since_ms
        ]
        return list(dict.fromkeys([*opened, *self._recent(tenant, since_ms)]))

    def _told(self, caller: Caller, now_ms: int) -> tuple[Account, View] | None:
        return self._opened(caller, self.policy(caller), now_ms)

    def _recounted(self, caller: Caller, told: tuple[Account, View] | None, now_ms: int) -> Posting | None:
        """The account counted again under a policy that has changed; None when that changes nothing."""
        if told is None:
            return None
        account, view = told
        policy = self.policy(caller)
        memory = restored(replace(account.memory, saved=()), policy)
        if memory.standing == account.memory.standing:
            return None
        # The same words say something else now: it is told under a number of its own.
        memory = replace(memory, applied=memory.applied + 1)
        changed = replace(account, memory=memory, due_ms=due_ms(memory, now_ms, policy))
        now = view_of(memory, now_ms, policy)
        self._enter(caller, changed, now)
        return Posting(caller, account.partition, changed, None if now == view else now)

    def fall_due(self, wall_ms: int, most: int) -> list[Posting]:
        """Accounts that time has changed by now, at most so many at once."""
        postings: list[Posting] = []
        for tenant, heap in self._heaps.items():
            now_ms = self._clocks.get(tenant, UNHEARD).now_ms(wall_ms)
            while heap and heap[0][0] <= now_ms and len(postings) < most:
                at_ms, caller = heappop(heap)
                # An account that has changed since stands in the heap a second time, with its new time.
                if self._due.get(caller) == at_ms and (posting := self._fallen(caller, now_ms)) is not None:
                    postings.append(posting)
        return postings

    def _fallen(self, caller: Caller, now_ms: int) -> Posting | None:
        policy = self.policy(caller)
        opened = self._opened(caller, policy, now_ms)
        if opened is None:
            self._due.pop(caller, None)
            return None
        account, told = opened
        if is_past(account.memory, now_ms, policy):
            self._open.pop(caller, None)
            self._due.pop(caller, None)
            return Posting(caller, account.partition, None, None)
        memory = forget_before(account.memory, now_ms - policy.memory_ms, policy)
        view = view_of(memory, now_ms, policy)
        changed = replace(account, memory=memory, due_ms=due_ms(memory, now_ms, policy))
        self._enter(caller, changed, view)
        return Posting(caller, account.partition, changed, None if view == told else view)

    def _opened(self, caller: Caller, policy: Policy, now_ms: int) -> tuple[Account, View] | None:
        known = self._open.get(caller)
        if known is not None:
            self._open.move_to_end(caller)
            return known
        account = self._read(caller)
        if account is None:
            return None
        account = replace(account, memory=restored(account.memory, policy))
        # What fell due while the account was closed has not been told yet.
        told_at_ms = now_ms if account.due_ms is None else min(now_ms, account.due_ms - 1)
        return account, view_of(account.memory, told_at_ms, policy)

    def _enter(self, caller: Caller, account: Account, view: View) -> None:
        self._open[caller] = (account, view)
        self._open.move_to_end(caller)
        if account.due_ms is None:
            self._due.pop(caller, None)
        elif self._due.get(caller) != account.due_ms:
            self._due[caller] = account.due_ms
            heappush(self._heaps.setdefault(caller.tenant, []), (account.due_ms, caller))

    def close_idle(self) -> None:
        """Close the least used accounts beyond the limit; only while all that was posted is kept by the table."""
        while len(self._open) > OPEN_ACCOUNTS:
            self._open.popitem(last=False)
