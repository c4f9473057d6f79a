"""The reception: what comes in, from an HTTP request, a connected switch or a stream, is read, kept, and then answered for."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from siaga_contracts.catalogue import Topic
from siaga_kit import telemetry
from siaga_kit.records import Outgoing

from siaga_intake.adapters import codec
from siaga_intake.adapters.following import Following, Said
from siaga_intake.adapters.keeping import Keeper
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door, Taken, read, settle
from siaga_intake.core.events import Accepted, Ignored, Refusal
from siaga_intake.core.happening import Reading

# Sees each payload with what it came to, once that is safe. Must neither wait nor raise.
Observer = Callable[[Door, Origin, object, Taken], None]


@dataclass(frozen=True, slots=True)
class Reception:
    """The one way in for payloads, whoever brings them."""

    keeper: Keeper
    topic: Topic
    observers: tuple[Observer, ...] = ()
    # Finds the call of what names none; without it each such payload is a call of its own.
    following: Following | None = None

    async def receive(
        self, door: Door, payloads: Sequence[object], origin: Origin, traceparent: str | None = None
    ) -> list[Taken]:
        """What each payload came to, once all their events are on the broker or on disk. Raises Full: none is kept."""
        said: Sequence[Said] = [read(door, payload, origin) for payload in payloads]
        if self.following is not None and any(isinstance(each, Reading) and each.belongs is not None for each in said):
            said = await self.following.resolve(door, said, origin)
        taken: list[Taken] = []
        outgoing: list[Outgoing] = []
        for payload, reading in zip(payloads, said, strict=True):
            made = settle(door, payload, reading, origin)
            taken.append(made)
            if isinstance(made, Accepted):
                outgoing += [codec.outgoing(event, self.topic, traceparent) for event in made.events]
        await self.keeper.keep(outgoing)
        _count(door, taken)
        if self.following is not None:
            await self.following.kept(payloads, said, taken)
        for observe in self.observers:
            for payload, each in zip(payloads, taken, strict=True):
                observe(door, origin, payload, each)
        return taken


_RESULTS: Final = {Accepted: "accepted", Ignored: "ignored", Refusal: "rejected"}


def _count(door: Door, taken: Sequence[Taken]) -> None:
    for result, count in Counter(_RESULTS[type(each)] for each in taken).items():
        telemetry.counter("siaga.intake.events").add(count, {"kind": door.kind, "result": result})
