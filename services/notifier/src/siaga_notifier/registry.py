"""The ways out of the house: which provider a centre's message goes by, and what to do when the first is away."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import structlog
from aiolimiter import AsyncLimiter
from siaga_kit import telemetry
from siaga_kit.breaker import Breaker
from siaga_tenants.model import ProviderSpec

from siaga_notifier.channel import Channel
from siaga_notifier.core.model import SMS, Attempt
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown

log = structlog.get_logger()

# Shorter than the lease of a unit: whoever else looks after it then must not find a message that is still under way.
SEND_MOST_S: Final = 15.0
# Who must wait longer for its turn at a provider goes by the next one, or waits in the store.
TURN_MOST_S: Final = 2.0
# A provider that keeps silent is left alone so long; on a single one every alarm waits for that.
REST_MS: Final = 5_000


@runtime_checkable
class Speaks(Protocol):
    """A channel that can also answer a phone, without an order."""

    async def say(self, number: str, text: str) -> Outcome:
        """Send a text; nobody waits for a receipt."""
        ...


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of a message, and by whom it went."""

    outcome: Outcome
    provider: str = ""
    confirms: bool = True


class Provider:
    """A channel with what keeps it from being asked in vain, or too often."""

    def __init__(self, channel: Channel, rate_per_s: float | None, clock_ms: Callable[[], int]) -> None:
        self.channel = channel
        self._clock_ms = clock_ms
        self._breaker = Breaker()
        self._failed_at_ms = 0
        self._asked_at_ms = 0
        self._limiter = None
        if rate_per_s is not None:
            self._limiter = AsyncLimiter(rate_per_s, 1) if rate_per_s >= 1 else AsyncLimiter(1, 1 / rate_per_s)

    def trouble(self) -> str | None:
        """Why nothing can be sent by it now, as far as is known; None when something can."""
        silent = None if self._breaker.asks(self._clock_ms()) else "left alone for a moment: it does not answer"
        return self.channel.trouble() or silent

    def away(self) -> bool:
        """Whether asking it would be in vain. A channel that learns by being asked is asked now and then all the same."""
        now_ms = self._clock_ms()
        if self.channel.trouble() is not None and now_ms - self._asked_at_ms < REST_MS:
            return True
        return not self._breaker.asks(now_ms)

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand a message over, in its turn."""
        if self._limiter is not None:
            try:
                async with asyncio.timeout(TURN_MOST_S):
                    await self._limiter.acquire()
            except TimeoutError:
                return Temporary("more messages than the provider takes", 1.0)
        began_ms = self._asked_at_ms = self._clock_ms()
        try:
            async with asyncio.timeout(SEND_MOST_S):
                outcome = await self.channel.send(attempt)
        except TimeoutError:
            outcome = Unknown("no answer in time")
        self._learn(outcome, began_ms)
        return outcome

    def _learn(self, outcome: Outcome, began_ms: int) -> None:
        silent = isinstance(outcome, Unknown) or (isinstance(outcome, Temporary) and outcome.down)
        if silent and began_ms <= self._failed_at_ms:
            # All that were on a line that was cut are one failure, not many.
            return
        now_ms = self._clock_ms()
        if silent:
            self._failed_at_ms = now_ms
        self._breaker = self._breaker.after(now_ms, answered=not silent, rest_ms=REST_MS)


class Registry:
    """Providers by centre and channel, in the order in which they are preferred; shared ones where a centre names none."""

    def __init__(self, make: Callable[[str, ProviderSpec], Channel], clock_ms: Callable[[], int]) -> None:
        self._make = make
        self._clock_ms = clock_ms
        self._shared: tuple[Provider, ...] = ()
        self._own: dict[str, list[tuple[ProviderSpec, Provider]]] = {}
        self._running: dict[Provider, asyncio.Task[None]] = {}
        self._broken: dict[str, str] = {}
        self._wanted = asyncio.Event()
        self._found: dict[str, Mapping[str, tuple[Provider, ...]]] = {}

    def share(self, channels: Sequence[Channel]) -> None:
        """Those that all centres have."""
        self._shared = tuple(Provider(channel, None, self._clock_ms) for channel in channels)
        self._found.clear()
        self._wanted.set()

    def serve(self, tenant: str, specs: Sequence[ProviderSpec]) -> None:
        """A centre's own from now on; one that did not change keeps its connection."""
        before = self._own.get(tenant, [])
        now: list[tuple[ProviderSpec, Provider]] = []
        for spec in specs:
            made = next((provider for known, provider in before if known == spec), None) or self._made(tenant, spec)
            if made is not None:
                now.append((spec, made))
        self._own[tenant] = now
        self._found.clear()
        self._wanted.set()

    def _made(self, tenant: str, spec: ProviderSpec) -> Provider | None:
        name = f"{tenant} {spec.provider_id}"
        self._broken.pop(name, None)
        try:
            return Provider(self._make(tenant, spec), spec.rate_per_s, self._clock_ms)
        except Exception as error:
            # One that cannot be made must not take the others with it.
            log.exception("provider cannot be used", tenant=tenant, provider=spec.provider_id)
            self._broken[name] = f"{type(error).__name__}: {error}"
            return None

    def of(self, tenant: str, channel: str) -> tuple[Provider, ...]:
        """The providers of a channel, the preferred first."""
        return self._channels(tenant).get(channel, ())

    def _channels(self, tenant: str) -> Mapping[str, tuple[Provider, ...]]:
        """A centre's channels with their providers; asked for at every look at every unit, so it is kept."""
        found = self._found.get(tenant)
        if found is None:
            found = self._found[tenant] = {
                **_by_channel(self._shared),
                **_by_channel(self._ours(tenant)),
            }
        return found

    def find(self, tenant: str, provider_id: str) -> Channel | None:
        """A centre's own channel by its name."""
        return next((one.channel for one in self._ours(tenant) if one.channel.provider_id == provider_id), None)

    def served(self, tenant: str) -> frozenset[str]:
        """Channels that somebody serves."""
        return frozenset(self._channels(tenant))

    def _ours(self, tenant: str) -> list[Provider]:
        return [one for _, one in self._own.get(tenant, ())]

    def down(self, tenant: str) -> frozenset[str]:
        """Channels of which every provider is away."""
        return frozenset(
            channel for channel, providers in self._channels(tenant).items() if all(one.away() for one in providers)
        )

    async def send(
        self, tenant: str, channel: str, attempt_for: Callable[[Channel], Attempt], only: str = ""
    ) -> Handed:
        """Hand a message over by the first provider that is there, or by the one named `only`; never raises."""
        refused = Handed(Temporary("no provider of the channel can be reached", 1.0, down=True))
        for provider in self.of(tenant, channel):
            if provider.away() or only not in ("", provider.channel.provider_id):
                continue
            try:
                outcome = await provider.send(attempt_for(provider.channel))
            except Exception as error:
                # It is the channel's promise not to raise; a broken one still must not silence the others.
                log.exception("channel failed", provider=provider.channel.provider_id)
                outcome = Unknown(type(error).__name__)
            handed = Handed(outcome, provider.channel.provider_id, provider.channel.confirms)
            if not (isinstance(outcome, Temporary) and outcome.down):
                return handed
            refused = handed
        return refused

    async def say(self, tenant: str | None, number: str, text: str) -> Outcome:
        """Answer a phone by SMS; Temporary with `down` only where no provider could be reached."""
        refused: Outcome = Temporary("no provider of SMS can be reached", 1.0, down=True)
        for provider in self.of(tenant or "", SMS):
            if provider.trouble() is None and isinstance(provider.channel, Speaks):
                outcome = await provider.channel.say(number, text)
                if isinstance(outcome, Accepted | Permanent | Unknown):
                    return outcome
                if not outcome.down:
                    refused = outcome
        return refused

    def everyone(self) -> list[tuple[str, Provider]]:
        """All providers with their names: the centre's, then the centre's name of it; shared ones without."""
        own = [(f"{tenant} {one.channel.provider_id}", one) for tenant in self._own for one in self._ours(tenant)]
        return [(one.channel.provider_id, one) for one in self._shared] + own

    def trouble(self) -> str | None:
        """Why nothing at all can be sent; None when anything can."""
        everyone = [(name, one) for name, one in self.everyone() if one.channel.channel != "operator"]
        if any(one.trouble() is None for _, one in everyone):
            return None
        return "; ".join(f"{name}: {one.trouble()}" for name, one in everyone) or "no provider"

    def notes(self) -> str | None:
        """Which providers are in trouble, and why."""
        found = {name: one.trouble() for name, one in self.everyone()}
        told = {name: why for name, why in found.items() if why is not None} | self._broken
        return "; ".join(f"{name}: {why}" for name, why in told.items()) or None

    def measure(self) -> None:
        """Tell the metrics who is there."""
        for name, one in self.everyone():
            up = telemetry.gauge("siaga.notify.provider_up")
            up.set(int(one.trouble() is None), {"channel": one.channel.channel, "provider": name})

    async def run(self) -> None:
        """Keep open what every provider has to keep open, as they come and go; until cancelled."""
        try:
            while True:
                self._wanted.clear()
                wanted = {one for _, one in self.everyone()}
                for gone in self._running.keys() - wanted:
                    await _ended(self._running.pop(gone))
                for fresh in wanted - self._running.keys():
                    self._running[fresh] = asyncio.create_task(_kept(fresh.channel))
                await self._wanted.wait()
        finally:
            await asyncio.gather(*(_ended(task) for task in self._running.values()))


def _by_channel(providers: Iterable[Provider]) -> dict[str, tuple[Provider, ...]]:
    found: dict[str, tuple[Provider, ...]] = {}
    for one in providers:
        found[one.channel.channel] = (*found.get(one.channel.channel, ()), one)
    return found


async def _kept(channel: Channel) -> None:
    """Run a channel; one that breaks is started again, and the others do not notice."""
    while True:
        try:
            await channel.run()
        except Exception:
            log.exception("provider broke, started again", provider=channel.provider_id)
        await asyncio.sleep(1.0)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
