"""Wires the ledger: tenants → book → clerk ↔ faust table, inside the service runtime all services share."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from aiokafka.errors import KafkaError
from siaga_contracts.callers import caller_key
from siaga_kit import service
from siaga_kit.errors import Transient
from siaga_kit.service import Runtime
from siaga_kit.settings import Settings
from siaga_tenants import SanctionPolicy, load_tenants

from siaga_classifier.ledger.adapters.clerk import Clerk
from siaga_classifier.ledger.adapters.faust_app import Ledger
from siaga_classifier.ledger.adapters.names import SERVICE, Names
from siaga_classifier.ledger.adapters.preload import Preloaded, preload
from siaga_classifier.ledger.adapters.table_codec import (
    decode_account,
    decode_suspension,
    encode_key,
    is_suspension,
    read_due,
    read_partition,
    recent_callers,
)
from siaga_classifier.ledger.adapters.topics import ensure_changelog
from siaga_classifier.ledger.book import Account, Book, Caller
from siaga_classifier.ledger.core.policy import DAY_MS, HOUR_MS, Policy

log = structlog.get_logger()

# How often the ledger looks whether it still moves. Two looks without any movement while records wait mean that a
# consumer died unnoticed, which faust and its client are known for: the process ends and a new one takes over.
WATCH_EVERY_S: Final = 30.0
# While the broker or its topics are not there yet.
RETRY_S: Final = 0.5

# The supervisor kills after 5 s. Faust runs threads that a broker that is away can hold up for longer; nothing is lost
# by leaving without them, for what is not committed is done again.
LEAVE_WITHIN_S: Final = 4.5

EPOCH: Final = date(1970, 1, 1)

Rules = tuple[Mapping[str, Policy], Mapping[str, frozenset[str]]]


class StalledError(Exception):
    """Records wait and nothing moves."""


def policy_of(policy: SanctionPolicy, timezone: str = "Asia/Jakarta") -> Policy:
    """A tenant's policy, with the versions before it, in the ledger's units."""
    zone = ZoneInfo(timezone)
    newest = _version(policy, policy, zone)
    return replace(newest, earlier=tuple([_version(version, policy, zone) for version in policy.earlier]))


def _version(policy: SanctionPolicy, newest: SanctionPolicy, zone: ZoneInfo) -> Policy:
    first_day = policy.valid_from
    # No zone of Indonesia has daylight saving: the offset of any day is that of all.
    offset = datetime(2026, 1, 1, tzinfo=zone).utcoffset() or timedelta(0)
    offset_ms = int(offset.total_seconds()) * 1000
    return Policy(
        version=policy.version,
        weights=dict(policy.weights),
        watch_at=policy.watch_at,
        warn_at=policy.warn_at,
        temporary_above=policy.temporary_above,
        temporary_ms=policy.temporary_hours * HOUR_MS,
        # How long anything is remembered is a promise to all callers of now.
        memory_ms=newest.memory_days * DAY_MS,
        protection_ms=policy.protection_days * DAY_MS,
        review_ms=policy.review_days * DAY_MS,
        ivr_prank_free=policy.ivr_prank_free_in_24h,
        false_report_weight=policy.false_report_weight,
        tag_weights=dict(policy.tag_weights),
        ghost_screen_at=policy.ghost_screen_at,
        shared_suspected_at=policy.shared_suspected_at,
        appeal_days=policy.appeal_working_days,
        holidays=frozenset([(day - EPOCH).days for day in newest.holidays]),
        utc_offset_ms=offset_ms,
        from_ms=0 if first_day is None else (first_day - EPOCH).days * DAY_MS - offset_ms,
    )


def tenants_rules(settings: Settings) -> Rules:
    """Policies and shared numbers (as caller keys) of all tenants."""
    tenants = load_tenants(settings.tenants_dir)
    secret = settings.caller_secret.get_secret_value().encode()
    shared = {
        code: frozenset(caller_key(secret, code, number) for number in tenant.sanctions.shared_numbers)
        for code, tenant in tenants.items()
    }
    return {code: policy_of(tenant.sanctions, tenant.timezone) for code, tenant in tenants.items()}, shared


async def start(runtime: Runtime, names: Names, rules: Callable[[Settings], Rules]) -> None:
    """Start the ledger's parts; readiness comes when the table is recovered."""
    parts: dict[str, Any] = {}

    def not_ready() -> str | None:
        ledger: Ledger | None = parts.get("ledger")
        if ledger is None:
            return "waiting for the broker"
        if not ledger.ready:
            return "recovering the table"
        clerk: Clerk = parts["clerk"]
        return clerk.trouble

    runtime.health.add(SERVICE, not_ready)
    policies, shared = rules(runtime.settings)
    runtime.spawn("leave", _leave_in_time(runtime))
    runtime.spawn(SERVICE, _run(runtime, names, policies, shared, parts))


async def _run(
    runtime: Runtime,
    names: Names,
    policies: Mapping[str, Policy],
    shared: Mapping[str, frozenset[str]],
    parts: dict[str, Any],
) -> None:
    found = await _until_there(runtime, names)
    if found is None:
        return
    partitions, preloaded = found

    def read(caller: Caller) -> Account | None:
        value = ledger.read(encode_key(caller))
        return None if value is None else decode_account(value)

    book = Book(policies, shared, read, lambda tenant, since_ms: recent_callers(ledger.records(), tenant, since_ms))
    clerk = Clerk(runtime, names, book)
    ledger = Ledger(names, runtime.settings, partitions, clerk.offer)
    clerk.ledger = ledger

    def recovered() -> None:
        owned = ledger.owned()
        records = [(key, value) for key, value in ledger.records() if read_partition(value) in owned]
        book.restore(
            [read_due(key, value) for key, value in records if not is_suspension(key)],
            [decode_suspension(key, value) for key, value in records if is_suspension(key)],
        )
        log.info("recovered", accounts=len(records), partitions=len(owned))

    ledger.on_recovered = recovered
    ledger.at_rest = clerk.at_rest
    parts.update(ledger=ledger, clerk=clerk)
    await ledger.start(preloaded)
    runtime.spawn("watch", _watch(runtime, ledger, clerk))
    try:
        await asyncio.gather(clerk.run(), _until_stopped(runtime, ledger))
    finally:
        await ledger.stop()


async def _leave_in_time(runtime: Runtime) -> None:
    await runtime.stop.wait()
    guard = threading.Timer(LEAVE_WITHIN_S, os._exit, (1,))
    guard.daemon = True
    guard.start()


async def _until_there(runtime: Runtime, names: Names) -> tuple[int, Preloaded] | None:
    """Partitions of the table and what it holds so far; None when told to stop before the broker could tell."""
    kafka = runtime.settings.kafka
    while not runtime.stop.is_set():
        try:
            partitions = await ensure_changelog(kafka, names)
            return partitions, await preload(kafka, names.changelog, partitions)
        except Transient as error:
            log.warning("not ready to start", reason=str(error))
            await runtime.sleep(RETRY_S)
    return None


async def _until_stopped(runtime: Runtime, ledger: Ledger) -> None:
    """Wait for the word to stop; raises when faust has crashed, which it does not tell by itself."""
    await ledger.app.wait_first(runtime.stop.wait())
    if not runtime.stop.is_set():
        raise RuntimeError("faust stopped by itself") from ledger.app.crash_reason


async def _watch(runtime: Runtime, ledger: Ledger, clerk: Clerk) -> None:
    before: tuple[int, Any] | None = None
    while not await runtime.sleep(WATCH_EVERY_S):
        if not ledger.ready or clerk.trouble is not None:
            before = None
            continue
        try:
            lag = await asyncio.wait_for(ledger.lag(), WATCH_EVERY_S)
        except (KafkaError, ConnectionError, TimeoutError) as error:
            # A broker that is away is no reason to start anew: the next process would find the same.
            log.warning("cannot see the lag", error=type(error).__name__)
            before = None
            continue
        now = (clerk.settled, {where: position for where, (position, _) in lag.items()})
        waits = not clerk.idle or any(position < end for position, end in lag.values())
        if waits and now == before:
            raise StalledError("records wait and nothing moves")
        before = now


def run(names: Names, rules: Callable[[Settings], Rules] = tenants_rules) -> None:
    """Run the ledger until SIGTERM."""
    begin: Callable[[Runtime], Awaitable[None]] = partial(start, names=names, rules=rules)
    service.run(SERVICE, begin)
