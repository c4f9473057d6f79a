"""Locations by value: PIDF-LO (RFC 4119, 5491, 5139, 6225) as positions and an address.

A document gives all the fixes it has, in its order. What is wrong with one of them never harms another, nor the call:
it is a defect with its reason. Namespaces are not looked at, for senders mix them up and forget them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final
from xml.etree.ElementTree import Element

from siaga_intake.core import rules
from siaga_intake.core.events import AdditionalData, Civic, Defect, Kind, Position
from siaga_intake.core.fields import Refused, check_range
from siaga_intake.core.happening import Happening
from siaga_intake.core.position import additional_data, markup, shapes
from siaga_intake.core.position.civic import INDONESIA, civic
from siaga_intake.core.position.markup import below, child, local, said
from siaga_intake.core.position.shapes import SHAPES, Unusable
from siaga_intake.core.rules import Area
from siaga_intake.core.times import moment

SOURCE: Final = "pidf_lo"
FIELD: Final = "pidf_lo"
# A phone has a fix of its own, its network's, and an address; a document with more is no caller's.
MAX_LOCATIONS: Final = 16
_TOO_MANY: Final = f"more than {MAX_LOCATIONS} locations: the others are left out"
# Clocks of phones and location servers differ by minutes; a fix from further ahead tells no time at all, and would
# outlive every true one.
MAX_AHEAD_MS: Final = 10 * 60_000
_MAX_METHOD: Final = 64
# What counts only when it is complete: a polygon of which three corners have come is another polygon.
_WHOLES: Final = frozenset({"location-info", "civicAddress", "provided-by"})
# What may stand beside the shapes and is no location.
_NO_SHAPES: Final = frozenset({"civicAddress", "confidence", "Dynamic", "dynamic", "relative-location"})


@dataclass(frozen=True, slots=True)
class Located:
    """Where a document says that a caller is, in its order. Every reason in `unusable` is a defect too."""

    positions: tuple[Position, ...] = ()
    civic: Civic | None = None
    defects: tuple[Defect, ...] = ()
    # Fixes that are understood but lie where no caller of ours can be, and why.
    unusable: tuple[tuple[Position, str], ...] = ()
    # What whoever gave the location says of itself.
    additional: AdditionalData | None = None

    def happenings(self, call_ref: str, at_ms: int) -> Iterator[Happening]:
        """One for each fix; the address and what comes with it go with the first, or alone."""
        for index, fix in enumerate(self.positions):
            told = Happening(Kind.POSITION, call_ref, at_ms, position=fix, part=str(index))
            yield told if index else replace(told, civic=self.civic, additional=self.additional)
        if not self.positions and (self.civic or self.additional):
            yield Happening(Kind.POSITION, call_ref, at_ms, civic=self.civic, additional=self.additional, part="civic")


def locations(xml: str | bytes, at_ms: int, area: Area = rules.INDONESIA) -> Located:
    """All that a document locates in the area; never raises. `at_ms` is when it came: no fix is of later."""
    document = markup.parse(xml, _WHOLES)
    reading = _Reading(at_ms, area, [], [], [], [Defect(FIELD, fault) for fault in document.faults])
    if document.root is None:
        return reading.located(())
    found = list(_infos(document.root, ()))
    for info, around in found[:MAX_LOCATIONS]:
        reading.read(info, around)
    if len(found) > MAX_LOCATIONS:
        reading.leave_out("location-info", _TOO_MANY)
    return reading.located(below(document.root, "provided-by"))


def _infos(element: Element, around: tuple[Element, ...]) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Each location-info with the elements around it, the nearest first."""
    for each in element:
        if local(each) == "location-info":
            yield each, (element, *around)
        else:
            yield from _infos(each, (element, *around))


@dataclass(frozen=True, slots=True)
class _Reading:
    at_ms: int
    area: Area
    positions: list[Position]
    addresses: list[Civic]
    unusable: list[tuple[Position, str]]
    defects: list[Defect]

    def located(self, providers: Iterable[Element]) -> Located:
        if len(self.addresses) > 1:
            self.leave_out("civicAddress", "more than one address: the first is taken")
        address = self.addresses[0] if self.addresses else None
        if address is not None and address.country not in ("", INDONESIA):
            self.leave_out("civicAddress.country", "is of another country: its parts need not mean what they do here")
        if not (self.positions or self.addresses or self.defects):
            self.leave_out("location-info", "missing: the document locates nobody")
        additional = reduce(additional_data.joined, map(additional_data.within, providers), None)
        defects = tuple(dict.fromkeys(self.defects))
        return Located(tuple(self.positions), address, defects, tuple(self.unusable), additional)

    def leave_out(self, name: str, reason: str, found: str = "") -> None:
        self.defects.append(Defect(f"{FIELD}.{name}", reason, found))

    def read(self, info: Element, around: tuple[Element, ...]) -> None:
        """One location-info: its address, its shapes, and what is said of how and when around it."""
        addresses = [found for each in below(info, "civicAddress") if (found := civic(each)) is not None]
        self.addresses.extend(each for each in addresses if each not in self.addresses)
        about = Position(
            0.0,
            0.0,
            SOURCE,
            fixed_at_ms=self._fixed_at(around),
            method=said(child(around[0], "method"))[:_MAX_METHOD],
            confidence_percent=self._confidence(info),
            floor=addresses[0].floor if addresses else "",
        )
        for each in info:
            if len(self.positions) + len(self.unusable) >= MAX_LOCATIONS:
                self.leave_out("location-info", _TOO_MANY)
                return
            if local(each) in SHAPES:
                self._shape(each, about)
            elif local(each) not in _NO_SHAPES:
                self.leave_out(local(each), "no shape that a caller's location has")

    def _shape(self, element: Element, about: Position) -> None:
        try:
            found = shapes.circle(element)
        except Unusable as unusable:
            self.leave_out(local(element), str(unusable))
            return
        fix = replace(about, lat=found.lat, lon=found.lon, radius_m=found.radius_m, shape=found.shape)
        try:
            check_range(fix.lat, fix.lon, area=self.area)
        except Refused as refused:
            self.leave_out(local(element), refused.reason, refused.found)
            self.unusable.append((fix, refused.reason))
            return
        if fix not in self.positions:
            self.positions.append(fix)

    def _fixed_at(self, around: tuple[Element, ...]) -> int:
        """The nearest time around a location: of its tuple, device or person, or of the whole document."""
        written = next((found for each in around if (found := said(child(each, "timestamp")))), "")
        try:
            fixed_at_ms = moment({"timestamp": written}, "timestamp", self.at_ms)
        except Refused as refused:
            self.leave_out("timestamp", refused.reason, written)
            return 0
        if fixed_at_ms is not None and fixed_at_ms > self.at_ms + MAX_AHEAD_MS:
            self.leave_out("timestamp", "is in the future")
            return 0
        return fixed_at_ms or 0

    def _confidence(self, info: Element) -> float:
        written = said(next(below(info, "confidence"), None))
        if not written or written == "unknown":
            return 0.0
        try:
            confidence = float(written)
        except ValueError:
            confidence = -1.0
        if not 0 < confidence <= 100:
            self.leave_out("confidence", "must be a percentage")
            return 0.0
        return confidence
