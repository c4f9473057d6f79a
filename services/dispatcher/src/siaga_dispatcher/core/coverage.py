"""Which posts have too little help near, who could move up, and what the supervisor is told of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from siaga_contracts import ids
from siaga_tenants.coverage import Post
from siaga_tenants.model import DispatchPolicy

from siaga_dispatcher.core import geo
from siaga_dispatcher.core.choosing.options import speed_kmh, state_of
from siaga_dispatcher.core.values import Alert, Position, Unit

KIND: Final = "coverage"


@dataclass(frozen=True, slots=True)
class Cover:
    """How a post stands: the free units that are near enough, the soonest first, and how many there must be now."""

    post: Post
    minimum: int
    units: tuple[Unit, ...]

    @property
    def short(self) -> bool:
        """Whether it is under its minimum."""
        return len(self.units) < self.minimum

    @property
    def unit_ids(self) -> frozenset[str]:
        """The units that count for it."""
        return frozenset(unit.unit_id for unit in self.units)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant's posts stood when they were last looked at, and the units that they need where they are."""

    covers: tuple[Cover, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)


NO_POSTS: Final = Standing()


def available(units: Iterable[Unit], at_ms: int) -> tuple[Unit, ...]:
    """Those that could be sent at the time of that event, by id."""
    return tuple(sorted((unit for unit in units if not state_of(unit, at_ms)), key=lambda unit: unit.unit_id))


def covers_of(posts: Iterable[Post], free: Sequence[Unit], policy: DispatchPolicy, hour: int) -> tuple[Cover, ...]:
    """How each post stands in this hour of the tenant's day, with these free units around it."""
    covers: list[Cover] = []
    for post in posts:
        near = [(drive_s(unit.position, post, unit.kind, policy), unit) for unit in free if serves(unit, post, policy)]
        near.sort(key=lambda pair: pair[0])
        covers.append(Cover(post, post.minimum_at(hour), tuple(unit for _, unit in near)))
    return tuple(covers)


def serves(unit: Unit, post: Post, policy: DispatchPolicy) -> bool:
    """Whether the unit, where it is, counts for the post."""
    return fits(unit, post) and near(unit.position, post, unit.kind, policy)


def fits(unit: Unit, post: Post) -> bool:
    """Whether it is the kind of help that the post must have."""
    return unit.kind in post.kinds and set(post.capabilities) <= set(unit.capabilities)


def near(position: Position, post: Post, kind: str, policy: DispatchPolicy) -> bool:
    """Whether help of the kind at that position is near enough."""
    if post.within_m is not None:
        return geo.distance_m(position, place_of(post)) <= post.within_m
    return post.within_s is not None and drive_s(position, post, kind, policy) <= post.within_s


def drive_s(position: Position, post: Post, kind: str, policy: DispatchPolicy) -> float:
    """Driving time to the post, by great circle: of a minimum nobody needs the minute."""
    return geo.eta_s(geo.distance_m(position, place_of(post)), policy.detour_factor, speed_kmh(kind, policy))


def place_of(post: Post) -> Position:
    """Where the post is."""
    return Position(post.lat, post.lon, 0.0, 0, "post")


def kept_by(covers: Iterable[Cover]) -> dict[str, str]:
    """The units whose leaving puts a post under its minimum, or leaves it further under; with the post's name."""
    return {
        unit.unit_id: cover.post.name
        for cover in covers
        if cover.minimum and len(cover.units) <= cover.minimum
        for unit in cover.units
    }


def left_short(covers: Iterable[Cover], leaving: frozenset[str]) -> tuple[str, ...]:
    """In words, the posts that would be under their minimum once these units have left."""
    told: list[str] = []
    for cover in covers:
        left = len(cover.unit_ids - leaving)
        if left < cover.minimum and left < len(cover.units):
            told.append(_standing(cover.post, left, cover.minimum))
    return tuple(told)


def movers(cover: Cover, covers: Iterable[Cover], free: Sequence[Unit], policy: DispatchPolicy) -> list[Unit]:
    """Who could move up to a post so that no other falls under its minimum, the soonest first."""
    there = place_of(cover.post)
    others = [other for other in covers if other.post is not cover.post]
    able = [
        unit
        for unit in free
        if fits(unit, cover.post)
        and unit.unit_id not in cover.unit_ids
        and all(_spares(other, unit, there, policy) for other in others)
    ]
    return sorted(able, key=lambda unit: (drive_s(unit.position, cover.post, unit.kind, policy), unit.unit_id))


def _spares(other: Cover, unit: Unit, there: Position, policy: DispatchPolicy) -> bool:
    """Whether the other post has enough without the unit, or counts it from its new place as well."""
    if unit.unit_id not in other.unit_ids or len(other.units) > other.minimum:
        return True
    return near(there, other.post, unit.kind, policy)


def alerts_of(
    tenant: str,
    covers: Sequence[Cover],
    free: Sequence[Unit],
    holding: Iterable[Alert],
    policy: DispatchPolicy,
    now: int,
) -> tuple[Alert, ...]:
    """What the supervisor must newly be told: posts that fell short, what changed about them, those that have enough again.

    `holding` are the alerts that hold; a post never has two.
    """
    open_now = {alert.post_id: alert for alert in holding if alert.kind == KIND}
    told: list[Alert] = []
    for cover in covers:
        known = open_now.pop(cover.post.post_id, None)
        if not cover.short:
            told += [_cleared(known, now)] if known is not None else []
            continue
        suggested = _suggested(known, movers(cover, covers, free, policy))
        alert = _alert(tenant, cover, suggested, covers, known, now)
        if alert != known:
            told.append(alert)
    # Posts that are no longer in the centre's list.
    told += [_cleared(alert, now) for alert in open_now.values()]
    return tuple(told)


def _suggested(known: Alert | None, able: Sequence[Unit]) -> Unit | None:
    """Whoever was suggested stays so while able: people may be talking to that crew already."""
    before = next((unit for unit in able if known is not None and unit.unit_id == known.suggested_unit_id), None)
    return before or (able[0] if able else None)


def _alert(
    tenant: str, cover: Cover, suggested: Unit | None, covers: Sequence[Cover], known: Alert | None, now: int
) -> Alert:
    post = cover.post
    detail = f"{_standing(post, len(cover.units), cover.minimum)}; {_advice(suggested, covers)}"
    suggested_id = suggested.unit_id if suggested is not None else ""
    if known is None:
        alert_id = ids.derived("coverage", tenant, post.post_id, str(now))
        return Alert(alert_id, tenant, KIND, detail, now, post_id=post.post_id, suggested_unit_id=suggested_id)
    if (known.detail, known.suggested_unit_id) == (detail, suggested_id):
        return known
    return replace(known, detail=detail, suggested_unit_id=suggested_id, version=known.version + 1)


def _cleared(alert: Alert, now: int) -> Alert:
    return replace(alert, cleared_at_ms=now, version=alert.version + 1)


def _standing(post: Post, left: int, minimum: int) -> str:
    if post.within_s is not None:
        within = f"dalam {post.within_s / 60:.0f} menit"
    else:
        within = f"dalam {(post.within_m or 0) / 1000:.1f} km"
    return f"{post.name}: {left} dari {minimum} unit {'/'.join(post.kinds)} siaga {within}"


def _advice(suggested: Unit | None, covers: Iterable[Cover]) -> str:
    """Never the minutes: they change with every position, and each change would be told anew."""
    if suggested is None:
        return "tidak ada unit yang dapat bergeser tanpa membuat pos lain kurang"
    leaves = next((cover for cover in covers if suggested.unit_id in cover.unit_ids), None)
    if leaves is None:
        return f"{suggested.name} dapat bergeser; tidak dibutuhkan pos lain"
    return f"{suggested.name} dapat bergeser; {leaves.post.name} tetap cukup"
