"""Random interleavings of calls, crews' words, commands, crashes and restarts, by two processes on the real Redis.

Whatever the order: no unit on two incidents, no incident forgotten, and the indexes say what the snapshots say.
"""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import pytest
from dispatcher_samples import NOON_MS, PLAN, POLICY, call, north, report, unit
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from redis.asyncio import Redis
from siaga_dispatcher.adapters.due import Due
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.keys import Keys
from siaga_dispatcher.adapters.picture import different, picture
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.remembered import Memory
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.core.commands import DISPOSITIONS, Action, Command, CommandRefused
from siaga_dispatcher.core.lifecycle import FINISHED, IllegalTransition
from siaga_dispatcher.core.values import Incident, IncidentStatus, Place, Priority, Rules, Unit, UnitStatus
from siaga_dispatcher.dispatching import Dispatcher
from siaga_dispatcher.following import FollowUp
from siaga_dispatcher.refusals import UnknownIncidentError, WrongVersion
from siaga_kit.errors import Transient
from siaga_tenants import Tenant

pytestmark = pytest.mark.stack

# How many stories; by hand more: SIAGA_INTERLEAVINGS=10000.
STORIES: Final = int(os.environ.get("SIAGA_INTERLEAVINGS", "60"))
STEPS: Final = 25
UNITS: Final = ("d1", "d2", "d3", "p1", "s1")
ANSWERS: Final = (IllegalTransition, CommandRefused, WrongVersion, UnknownIncidentError)

Work = Callable[[Dispatcher], Awaitable[Any]]


class Crash(Transient):
    """The process died."""


@dataclass
class Fate:
    """Whether the next commit is the process's last deed, and whether it still arrives."""

    crash: str = ""


class FragileStore(Store):
    """A store whose process may die just before or just after its commit."""

    fate: Fate

    async def _run(self, request: Any, *, init: bool) -> Any:
        crash, self.fate.crash = self.fate.crash, ""
        if crash == "before":
            raise Crash
        done = await super()._run(request, init=init)
        if crash == "after":
            raise Crash
        return done


@dataclass
class Town:
    """Two dispatcher processes over one Redis, and all that was ever published."""

    redis: Redis
    code: str
    store: FragileStore
    rules: dict[str, Rules]
    topics: Topics
    published: list[tuple[str, bytes]] = field(default_factory=list)
    now_ms: int = NOON_MS

    def process(self) -> Dispatcher:
        return Dispatcher(self.store, self.rules, lambda: self.now_ms, lambda _: None)

    async def fire(self, process: Dispatcher) -> None:
        """What comes due by now, as a process's loop does it."""
        due = Due(self.redis)
        follow_up = FollowUp(self.store, due, process)
        for incident_id, key in (await due.timers([self.code], self.now_ms, 100)).get(self.code, []):
            await follow_up.take_timer(self.code, incident_id, key, self.now_ms)

    async def publish(self) -> None:
        """What a relay does: all that is committed goes to the topics."""
        keys = Keys(self.code)
        for entry, fields in await self.redis.xrange(keys.outbox):
            self.published.append((fields[b"topic"].decode(), fields[b"value"]))
            await self.redis.xdel(keys.outbox, entry)

    async def lose_and_rebuild(self) -> None:
        """Redis forgets everything; the topics do not."""
        await self.publish()
        before = await picture(self.redis, [self.code])
        async for key in self.redis.scan_iter(f"{{{self.code}}}:dispatch:*"):
            await self.redis.delete(key)
        memory = Memory([self.code], self.topics, NOON_MS)
        wanted = {self.topics.incidents.name, self.topics.units.name, self.topics.alerts.name}
        for topic, value in self.published:
            if topic in wanted:
                memory.take(topic, value, NOON_MS)
        for commands in memory.of[self.code].commands(self.code, NOON_MS):
            for command in commands:
                await cast("Any", self.redis).execute_command(*command)
        await self.store.initialise(self.code, NOON_MS)
        assert different(before, await picture(self.redis, [self.code])) == []


class Interleavings(RuleBasedStateMachine):
    """One story. `redis_url`, `tenant` and `runner` are set by the test."""

    redis_url: str
    tenant: Tenant
    runner: asyncio.Runner

    @initialize()
    def begin(self) -> None:
        self.town = self.runner.run(self._town())
        self.processes = [self.town.process(), self.town.process()]
        self.again: list[Work] = []
        self.revisions: dict[str, int] = {}
        self.helped: set[str] = set()
        self.number = 0

    async def _town(self) -> Town:
        tenant = replace(self.tenant, code=f"99.{uuid.uuid4().hex[:8]}", plan=PLAN, dispatch=POLICY, units=())
        redis, topics = Redis.from_url(self.redis_url), Topics()
        places = Places({tenant.code: tenant.gazetteer})
        store = FragileStore(redis, {tenant.code: tenant.timezone}, places, topics)
        store.fate = Fate()
        rules = {tenant.code: Rules(tenant.plan, tenant.dispatch, places.centre(tenant.code))}
        town = Town(redis, tenant.code, store, rules, topics)
        fleet = (
            unit("d1"), unit("d2", away_m=2500), unit("d3", away_m=6000), unit("p1", "puskesmas"),
            unit("s1", "satgas", away_m=9000),
        )  # fmt: skip
        await store.put_units(tenant.code, [replace(one, tenant=tenant.code) for one in fleet])
        await store.initialise(tenant.code, NOON_MS)
        return town

    def teardown(self) -> None:
        if not hasattr(self, "town"):
            return
        try:
            # Whatever was cut short comes again, as Kafka brings it again.
            while self.again:
                self._do([self.again.pop(0)])
            self._check()
        finally:
            self.runner.run(self._leave())

    async def _leave(self) -> None:
        async for key in self.town.redis.scan_iter(f"{{{self.town.code}}}:*"):
            await self.town.redis.delete(key)
        await self.town.redis.aclose()

    # What happens.

    @rule(
        calls=st.lists(
            st.tuples(
                st.sampled_from([f"call-{number}" for number in range(60)]),
                st.sampled_from(["fire_building", "fire_land", "injury", "kdrt"]),
                st.sampled_from(Priority),
                st.sampled_from([0, 200, 3000, 5000, 9000]),
                st.sampled_from(["real", "real", "real", "answered_prank"]),
            ),
            min_size=1,
            max_size=2,
        ),
        crash=st.sampled_from(["", "", "before", "after"]),
    )
    def calls(self, calls: list[tuple[str, str, Priority, int, str]], crash: str) -> None:
        self._do([self._call(*one) for one in calls], crash)

    def _call(self, call_id: str, kind: str, priority: Priority, away_m: int, outcome: str) -> Work:
        self.revisions[call_id] = self.revisions.get(call_id, 0) + 1
        told = call(
            call_id, tenant=self.town.code, type=kind, priority=priority, place=Place(north(away_m), "Jl. A"),
            outcome=outcome, advice="dispatch" if outcome == "real" else "record", revision=self.revisions[call_id],
        )  # fmt: skip
        if told.wants_help:
            self.helped.add(call_id)
        return lambda process: process.take_assessment(told)

    @rule(
        unit_id=st.sampled_from(UNITS),
        status=st.sampled_from([*UnitStatus, None, *[UnitStatus.CLEAR] * 8]),
        other=st.sampled_from(UNITS),
        crash=st.sampled_from(["", "", "before", "after"]),
    )
    def crews_speak(self, unit_id: str, status: UnitStatus | None, other: str, crash: str) -> None:
        self._do([self._word(unit_id, status), self._word(other, UnitStatus.CLEAR)], crash)

    def _word(self, unit_id: str, status: UnitStatus | None) -> Work:
        self.number += 1
        position = north(self.number * 10.0) if status is None else None
        told = report(unit_id, status, f"report-{self.number}", tenant=self.town.code, position=position)

        async def take(process: Dispatcher) -> None:
            await process.take_report(told)
            await process.retry_waiting(self.town.code, told.event_at_ms)

        return take

    @rule(
        action=st.sampled_from([*Action, Action.MERGE, Action.UNMERGE, Action.SPLIT]),
        number=st.integers(0, 5),
        other=st.integers(0, 5),
        unit_id=st.sampled_from(["", *UNITS]),
        crash=st.sampled_from(["", "", "before", "after"]),
    )
    def person_commands(self, action: Action, number: int, other: int, unit_id: str, crash: str) -> None:
        known = self.runner.run(self.town.store.listed(self.town.code, open_only=False, limit=50))
        if not known:
            return
        incident, target = known[number % len(known)], known[other % len(known)]
        self.number += 1
        command = Command(
            f"command-{self.number}", action, "op-01", "sebab", DISPOSITIONS[0], Priority.P2, unit_id,
            target_incident_id=target.incident_id, call_ids=incident.call_ids[-1:], type="fire_land",
        )  # fmt: skip
        word = self._word(unit_id or UNITS[other % len(UNITS)], UnitStatus.CLEAR)
        self._do(
            [lambda process: process.take_command(self.town.code, incident.incident_id, command, 0), word], crash
        )  # fmt: skip

    @rule(seconds=st.sampled_from([31, 61, 700]), crash=st.sampled_from(["", "", "before", "after"]))
    def time_passes(self, seconds: int, crash: str) -> None:
        self.town.now_ms += seconds * 1000
        # Both look at the same time: each timer fires once. What a crash cut short is due at the next look.
        self._do([self.town.fire, self.town.fire], crash)

    @rule()
    def what_was_cut_short_comes_again(self) -> None:
        # No precondition: whose commit a crash hits is the clock's choice, and rules may not hang on that.
        if self.again:
            self._do([self.again.pop(0)])

    @rule(which=st.integers(0, 1))
    def a_process_starts_anew(self, which: int) -> None:
        self.processes[which] = self.town.process()
        self.runner.run(self.processes[which].retry_waiting(self.town.code, NOON_MS))

    @rule()
    def redis_forgets(self) -> None:
        self.runner.run(self.town.lose_and_rebuild())
        # The guards of decisions under way are gone with it; none is, for steps end before the next begins.
        self.processes = [self.town.process(), self.town.process()]

    def _do(self, works: list[Work], crash: str = "") -> None:
        """At once, one on each process; a crash hits whoever commits first, and its work comes again later."""
        self.town.store.fate.crash = crash
        ended = self.runner.run(self._at_once(works))
        self.town.store.fate.crash = ""
        for work, end in zip(works, ended, strict=True):
            if isinstance(end, Crash):
                self.again.append(work)
            elif isinstance(end, BaseException) and not isinstance(end, ANSWERS):
                raise end
        self._check()

    async def _at_once(self, works: list[Work]) -> list[Any]:
        return await asyncio.gather(
            *(work(self.processes[number % 2]) for number, work in enumerate(works)), return_exceptions=True
        )

    # What must hold.

    def _check(self) -> None:
        self.runner.run(self._checked())

    async def _checked(self) -> None:
        store, code, keys = self.town.store, self.town.code, Keys(self.town.code)
        units = {one.unit_id: one for one in await store.fleet(code)}
        incidents = await store.listed(code, open_only=False, limit=50)
        bound = {
            (assignment.unit_id, incident.incident_id, assignment.order_id)
            for incident in incidents
            for assignment in incident.active_assignments
        }
        held = {(one.unit_id, one.incident_id, one.order_id) for one in units.values() if one.incident_id}
        assert bound == held
        assert len({unit_id for unit_id, _, _ in bound}) == len(bound), "a unit on two incidents"
        await self._free_as_it_says(units)
        assert await self._tasks() == {one.task_code: one.order_id for one in units.values() if one.task_code}
        waiting = {name.decode() for name in await self.town.redis.zrange(keys.waiting, 0, -1)}
        for incident in incidents:
            self._not_forgotten(incident, waiting)
        if not self.again:
            await self._calls_have_one_home({incident.incident_id: incident for incident in incidents})

    async def _calls_have_one_home(self, incidents: dict[str, Incident]) -> None:
        for call_id in self.helped:
            found = await self.town.redis.get(Keys(self.town.code).call(call_id))
            assert found is not None, "a call for help without an incident"
            home = incidents[found.decode()]
            assert call_id in home.call_ids
            assert home.status is not IncidentStatus.MERGED
            others = [one for one in incidents.values() if one is not home and call_id in one.call_ids]
            assert all(one.status is IncidentStatus.MERGED for one in others), "a call on two incidents"

    @staticmethod
    def _not_forgotten(incident: Incident, waiting: set[str]) -> None:
        open_ = incident.status not in FINISHED
        assert open_ or not incident.active_assignments
        assert (incident.incident_id in waiting) == (open_ and bool(incident.shortfalls))

    async def _free_as_it_says(self, units: dict[str, Unit]) -> None:
        for kind in {one.kind for one in units.values()}:
            found = await self.town.redis.zrange(Keys(self.town.code).free(kind), 0, -1)
            assert {name.decode() for name in found} == {
                one.unit_id for one in units.values() if one.kind == kind and one.free
            }

    async def _tasks(self) -> dict[str, str]:
        found = cast("dict[bytes, bytes]", await self.town.redis.hgetall(Keys(self.town.code).tasks))
        return {code.decode(): order_id.decode() for code, order_id in found.items()}


@pytest.fixture
def machine(redis_url: str, serang: Tenant) -> Iterator[type[Interleavings]]:
    with asyncio.Runner() as runner:
        yield type("Story", (Interleavings,), {"redis_url": redis_url, "tenant": serang, "runner": runner})


@pytest.mark.timeout(3600)
def test_no_unit_on_two_incidents_and_no_incident_forgotten(machine: type[Interleavings]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=STORIES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_two_words_of_a_new_call_at_once_have_one_home(machine: type[Interleavings]) -> None:
    # One would join what burns already, the other open an incident of its own: no incident's version keeps them apart.
    story = machine()
    story.begin()
    try:
        story.calls([("call-0", "fire_building", Priority.P0, 0, "real")], "")
        both = [("call-1", "fire_building", Priority.P0, 0, "real"), ("call-1", "injury", Priority.P0, 0, "real")]
        story.calls(both, "")
    finally:
        story.teardown()
