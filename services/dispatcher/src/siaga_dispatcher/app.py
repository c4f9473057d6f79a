"""Wires the dispatcher: store, directory, three consumer loops, timers, outbox relay, gRPC."""

import asyncio
import time
from typing import Any, Final

import grpc
import structlog
from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic
from siaga_kit import collector, grpc_server
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants import Tenants

from siaga_dispatcher import serving
from siaga_dispatcher.adapters.answering import Served
from siaga_dispatcher.adapters.due import Due
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.feed import Feed
from siaga_dispatcher.adapters.following import TenantWatch
from siaga_dispatcher.adapters.freshness import Freshness
from siaga_dispatcher.adapters.outbox import Relay
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.rebuilding import Rebuilder
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.catching_up import CatchUp
from siaga_dispatcher.centres import Centres, UnitLists
from siaga_dispatcher.consuming import Assessments, Notifications, Reports
from siaga_dispatcher.covering import Covering
from siaga_dispatcher.dispatching import Dispatcher
from siaga_dispatcher.duty_keeping import DutyKeeper
from siaga_dispatcher.following import FollowUp
from siaga_dispatcher.keeping import Keeper
from siaga_dispatcher.positioning import Positions
from siaga_dispatcher.searching import Searching
from siaga_dispatcher.timing import TimerLoop

log = structlog.get_logger()

SERVICE: Final = "dispatcher"


def now_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


class App:
    """The dispatcher's parts; `start` brings them up."""

    def __init__(
        self,
        runtime: Runtime,
        tenants: Tenants,
        *,
        topics: Topics | None = None,
        assessments: Topic = catalogue.CALL_ASSESSMENTS,
        reports: Topic = catalogue.UNIT_REPORTS,
        notifications: Topic = catalogue.NOTIFICATION_EVENTS,
        group: str = "siaga.dispatcher",
        watch: TenantWatch | None = None,
    ) -> None:
        """What `watch` sees change is taken over while we run."""
        self.runtime = runtime
        self._watch = watch
        self._tenants = tuple(tenants)
        self._topics = topics or Topics()
        self._sources = (assessments, reports, notifications)
        self._group = group
        self.places = Places({code: tenant.gazetteer for code, tenant in tenants.items()})
        zones = {code: tenant.timezone for code, tenant in tenants.items()}
        self.store = Store(runtime.redis(), zones, self.places, self._topics)
        self._centres = Centres(tenants, self.places, now_ms)
        self.rules, self.roads = self._centres.rules, self._centres.roads
        self.grpc_port = 0
        # What watchers are told: units, incidents.
        self._feeds = [Feed(runtime.settings.kafka, topic) for topic in (self._topics.units, self._topics.incidents)]

    async def start(self) -> None:
        """Bring everything up; returns when the consumer loops run."""
        runtime = self.runtime
        relay = Relay(
            runtime.redis(),
            await runtime.publisher(),
            self._tenants,
            self._topics,
            f"{SERVICE}.{runtime.settings.instance}",
        )
        runtime.health.add("outbox", lambda: relay.trouble)
        await self.roads.open()
        runtime.on_stop(self.roads.close)
        self._make(relay)
        runtime.health.add("state", lambda: self.keeper.trouble)
        runtime.health.add("timers", lambda: self.timers.trouble)
        self.grpc_port = await grpc_server.serve(runtime, self._register, serving.NAMES)
        runtime.on_stop(relay.finish)
        for feed in self._feeds:
            runtime.on_stop(feed.close)
        runtime.spawn("outbox", relay.run(runtime.stop))
        runtime.spawn("work", self._work())

    def _make(self, relay: Relay) -> None:
        """All that decides; what each brings about is told to the relay and the posts."""

        def heard_ms(tenant: str) -> int:
            return self.dispatcher.heard_ms(tenant)

        posts = {code: self._centres.posts(code) for code in self._tenants}
        self.covering = Covering(self.store, posts, now_ms, heard_ms)

        def committed(tenant: str) -> None:
            relay.wake(tenant)
            self.covering.touched(tenant)

        async def units_changed(tenant: str, now: int) -> None:
            """Units came, went, or changed their standing: they are told of, and who waits for one is looked at."""
            committed(tenant)
            await self.dispatcher.retry_waiting(tenant, now)

        self.dispatcher = Dispatcher(self.store, self.rules, now_ms, committed, self.roads, self.covering.standing)
        tenants = frozenset(self._tenants)
        self._assessments = Assessments(self.dispatcher, self.store, self.places, tenants)
        positions = Positions(
            self.store, tenants, self.dispatcher.turn, now_ms, relay.wake, self.dispatcher.retry_waiting
        )
        self._reports = Reports(self.dispatcher, positions)
        self._duty = DutyKeeper(self.store, self.rules, now_ms, units_changed)
        self._lists = UnitLists(self._centres, self.store, self._duty, self.covering, units_changed, now_ms)
        due = Due(self.runtime.redis())
        self.follow_up = FollowUp(self.store, due, self.dispatcher)
        self.timers = TimerLoop(
            due, self.follow_up, self._tenants, now_ms, lambda: self.keeper.trouble is None
        )  # fmt: skip
        self._notifications = Notifications(self.follow_up, now_ms)
        self.keeper = self._keeper()

    def _register(self, server: grpc.aio.Server) -> None:
        served = Served(self.rules, lambda: self.keeper.lost)
        clearance = serving.clearance_of(self.runtime, self._centres.tenants, self.places, now_ms)
        serving.register(
            server, served, self.store, self.dispatcher, self.roads, clearance, self._feeds, now_ms
        )  # fmt: skip

    async def _work(self) -> None:
        """Units first: an assessment that meets an empty directory would find nobody to send."""
        runtime = self.runtime
        if not await self.keeper.prepare(runtime):
            return
        runtime.spawn("duty", self._duty.run(runtime.stop))
        if (watch := self._watch) is not None:
            runtime.health.tell("tenants", lambda: watch.trouble)
            runtime.spawn("tenants", watch.run(self._lists.take, runtime.stop))
        collector.calm()
        await asyncio.gather(
            self._stage("assessments", self._sources[0], self._assessments).run(),
            self._stage("reports", self._sources[1], self._reports).run(),
            self._stage("notification-events", self._sources[2], self._notifications).run(),
            self.keeper.watch(runtime),
            Searching(self.dispatcher, self.store, self._tenants).run(runtime.sleep),
            self.covering.run(runtime.sleep),
            self.timers.run(runtime.stop),
        )

    def _stage(self, name: str, topic: Topic, processor: Assessments | Reports | Notifications) -> Stage[Any]:
        return Stage(
            service=SERVICE, group=self._group_of(name), topics=[topic], processor=processor, runtime=self.runtime
        )

    def _group_of(self, name: str) -> str:
        return f"{self._group}.{name}"

    def _keeper(self) -> Keeper:
        kafka = self.runtime.settings.kafka
        catch_up = CatchUp(
            kafka,
            self.store,
            self._assessments,
            self._reports,
            self._notifications,
            self._sources,
            tuple(self._group_of(name) for name in ("assessments", "reports", "notification-events")),
        )
        rebuilder = Rebuilder(self.runtime.redis(), kafka, self._topics)
        freshness = Freshness(self.runtime.redis(), kafka, self._topics)
        return Keeper(rebuilder, self._tenants, self._load, catch_up.run, now_ms, freshness)

    async def _load(self, code: str) -> None:
        await self._lists.load(code)
        # A process killed between a unit's release and the retry left incidents waiting for it.
        await self.dispatcher.retry_waiting(code, 0)
