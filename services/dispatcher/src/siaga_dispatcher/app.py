"""Wires the dispatcher: store, directory, three consumer loops, timers, outbox relay, gRPC."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import grpc
import structlog
from siaga.v1 import dispatch_service_pb2_grpc, incidents_service_pb2_grpc, unit_directory_service_pb2_grpc
from siaga_contracts import catalogue
from siaga_contracts.catalogue import Topic
from siaga_kit import collector, grpc_server
from siaga_kit.audit import AuditLog
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.stage import Stage
from siaga_tenants import Tenant, Tenants
from siaga_tenants.routing import Routing

from siaga_dispatcher.adapters import directory, incidents, preview, unit_directory
from siaga_dispatcher.adapters.answering import Served
from siaga_dispatcher.adapters.clearance import Clearance
from siaga_dispatcher.adapters.due import Due
from siaga_dispatcher.adapters.events import Topics
from siaga_dispatcher.adapters.feed import Feed
from siaga_dispatcher.adapters.following import TenantWatch
from siaga_dispatcher.adapters.freshness import Freshness
from siaga_dispatcher.adapters.outbox import Relay
from siaga_dispatcher.adapters.places import Places
from siaga_dispatcher.adapters.rebuilding import Rebuilder
from siaga_dispatcher.adapters.roads.answers import RoadNetwork
from siaga_dispatcher.adapters.roads.roads import Roads, connect
from siaga_dispatcher.adapters.store import Store
from siaga_dispatcher.catching_up import CatchUp
from siaga_dispatcher.consuming import Assessments, Notifications, Reports
from siaga_dispatcher.core.values import Rules
from siaga_dispatcher.covering import Covering, Posts
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
        self._tenants = dict(tenants)
        self._topics = topics or Topics()
        self._sources = (assessments, reports, notifications)
        self._group = group
        self.places = Places({code: tenant.gazetteer for code, tenant in tenants.items()})
        zones = {code: tenant.timezone for code, tenant in tenants.items()}
        self.store = Store(runtime.redis(), zones, self.places, self._topics)
        self.rules = {code: self._rules(tenant) for code, tenant in tenants.items()}
        self._networks: dict[Routing, RoadNetwork] = {}
        self.roads = Roads(connect(tenants, self._networks), now_ms)
        self.grpc_port = 0
        # What watchers are told: units, incidents.
        self._feeds = [Feed(runtime.settings.kafka, topic) for topic in (self._topics.units, self._topics.incidents)]

    def _rules(self, tenant: Tenant) -> Rules:
        return Rules(
            tenant.plan,
            tenant.dispatch,
            self.places.centre(tenant.code),
            roster=tenant.roster,
            zone=ZoneInfo(tenant.timezone),
            terms=tenant.terms,
        )

    async def start(self) -> None:
        """Bring everything up; returns when the consumer loops run."""
        runtime = self.runtime
        relay = Relay(
            runtime.redis(),
            await runtime.publisher(),
            tuple(self._tenants),
            self._topics,
            f"{SERVICE}.{runtime.settings.instance}",
        )
        runtime.health.add("outbox", lambda: relay.trouble)
        await self.roads.open()
        runtime.on_stop(self.roads.close)
        self.covering = self._covering()

        def committed(tenant: str) -> None:
            relay.wake(tenant)
            self.covering.touched(tenant)

        self.dispatcher = Dispatcher(self.store, self.rules, now_ms, committed, self.roads, self.covering.standing)
        self._assessments = Assessments(self.dispatcher, self.store, self.places, frozenset(self._tenants))
        tenants = frozenset(self._tenants)
        positions = Positions(
            self.store, tenants, self.dispatcher.turn, now_ms, relay.wake, self.dispatcher.retry_waiting
        )
        self._reports = Reports(self.dispatcher, positions)
        self._committed = committed
        self._duty = DutyKeeper(self.store, self.rules, now_ms, self._units_changed)
        due = Due(runtime.redis())
        self.follow_up = FollowUp(self.store, due, self.dispatcher)
        self.timers = TimerLoop(
            due, self.follow_up, tuple(self._tenants), now_ms, lambda: self.keeper.trouble is None
        )  # fmt: skip
        self.keeper = self._keeper()
        runtime.health.add("state", lambda: self.keeper.trouble)
        runtime.health.add("timers", lambda: self.timers.trouble)
        self.grpc_port = await grpc_server.serve(
            runtime, self._register, (unit_directory.NAME, incidents.NAME, preview.NAME)
        )
        runtime.on_stop(relay.finish)
        for feed in self._feeds:
            runtime.on_stop(feed.close)
        runtime.spawn("outbox", relay.run(runtime.stop))
        runtime.spawn("work", self._work())

    def _register(self, server: grpc.aio.Server) -> None:
        served = Served(self.rules, lambda: self.keeper.lost)
        directory_service = unit_directory.UnitDirectory(self.store, served, self._feeds[0], self.roads, now_ms)
        unit_directory_service_pb2_grpc.add_UnitDirectoryServicer_to_server(directory_service, server)
        incident_service = incidents.Incidents(
            self.store, self.dispatcher, served, self._feeds[1], self._clearance()
        )  # fmt: skip
        incidents_service_pb2_grpc.add_IncidentsServicer_to_server(incident_service, server)
        dispatch_service = preview.Dispatch(self.dispatcher, served)
        dispatch_service_pb2_grpc.add_DispatchServicer_to_server(dispatch_service, server)

    def _clearance(self) -> Clearance:
        async def publish(outgoing: Sequence[Outgoing]) -> None:
            await (await self.runtime.publisher()).publish(outgoing)

        operators = {code: frozenset(tenant.operators) for code, tenant in self._tenants.items()}
        return Clearance(AuditLog(self.runtime.redis(), publish), operators, self.places, now_ms)

    async def _work(self) -> None:
        """Units first: an assessment that meets an empty directory would find nobody to send."""
        runtime = self.runtime
        if not await self.keeper.prepare(runtime):
            return
        runtime.spawn("duty", self._duty.run(runtime.stop))
        if (watch := self._watch) is not None:
            runtime.health.tell("tenants", lambda: watch.trouble)
            runtime.spawn("tenants", watch.run(self.take, runtime.stop))
        collector.calm()
        await asyncio.gather(
            self._stage("assessments", self._sources[0], self._assessments).run(),
            self._stage("reports", self._sources[1], self._reports).run(),
            self._stage("notification-events", self._sources[2], Notifications(self.follow_up, now_ms)).run(),
            self.keeper.watch(runtime),
            Searching(self.dispatcher, self.store, tuple(self._tenants)).run(runtime.sleep),
            self.covering.run(runtime.sleep),
            self.timers.run(runtime.stop),
        )

    def _stage(self, name: str, topic: Topic, processor: Assessments | Reports | Notifications) -> Stage[Any]:
        return Stage(
            service=SERVICE, group=self._group_of(name), topics=[topic], processor=processor, runtime=self.runtime
        )

    def _group_of(self, name: str) -> str:
        return f"{self._group}.{name}"

    def _covering(self) -> Covering:
        posts = {code: self._posts(tenant) for code, tenant in self._tenants.items()}

        def heard_ms(tenant: str) -> int:
            return self.dispatcher.heard_ms(tenant)

        return Covering(self.store, posts, now_ms, heard_ms)

    def _posts(self, tenant: Tenant) -> Posts:
        return Posts(tenant.posts, self.rules[tenant.code], ZoneInfo(tenant.timezone))

    def _keeper(self) -> Keeper:
        kafka = self.runtime.settings.kafka
        catch_up = CatchUp(
            kafka,
            self.store,
            self._assessments,
            self._reports,
            self._sources,
            (self._group_of("assessments"), self._group_of("reports")),
        )
        rebuilder = Rebuilder(self.runtime.redis(), kafka, self._topics)
        freshness = Freshness(self.runtime.redis(), kafka, self._topics)
        return Keeper(rebuilder, tuple(self._tenants), self._load, catch_up.run, now_ms, freshness)

    async def _load(self, code: str) -> None:
        tenant = self._tenants[code]
        written = await directory.load(self.store, tenant, now_ms())
        await self._duty.keep(code)
        log.info("units loaded", tenant=code, units=len(tenant.units), written=written)
        # A process killed between a unit's release and the retry left incidents waiting for it.
        await self.dispatcher.retry_waiting(code, 0)

    async def take(self, tenants: Tenants) -> None:
        """Tenants as their files are now; one that was not there at the start waits for the next."""
        for code, tenant in tenants.items():
            if code not in self._tenants:
                continue
            self._tenants[code] = tenant
            self.rules[code] = self._rules(tenant)
            await self.roads.take(connect(self._tenants, self._networks))
            self.covering.install(code, self._posts(tenant))
            written = await directory.reload(self.store, tenant, now_ms())
            if written + await self._duty.keep(code):
                log.info("units read again", tenant=code, units=len(tenant.units), written=written)
                await self._units_changed(code, now_ms())

    async def _units_changed(self, tenant: str, now: int) -> None:
        """Units came, went, or changed their standing: they are told of, and who waits for one is looked at."""
        self._committed(tenant)
        await self.dispatcher.retry_waiting(tenant, now)
