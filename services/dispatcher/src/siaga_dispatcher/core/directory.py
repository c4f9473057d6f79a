"""What a tenant's list of units means for the units as they are."""

from dataclasses import replace

from siaga_tenants.model import UnitSpec

from siaga_dispatcher.core.values import Position, Unit


def listed(tenant: str, spec: UnitSpec, known: Unit | None, now: int) -> Unit | None:
    """The unit's new state, or None when the list says nothing new.

    A new unit starts available at its station. A known one takes over what the list says it *is*; what it *does*
    (status, task, position on the road) stays. One that had left the list is back.
    """
    station = Position(spec.lat, spec.lon, spec.radius_m, 0, "station")
    if known is None:
        return Unit(
            unit_id=spec.unit_id,
            tenant=tenant,
            kind=spec.kind,
            name=spec.name,
            capabilities=spec.capabilities,
            station=station,
            position=station,
            version=1,
            contacts=spec.contacts,
            event_at_ms=now,
            example=spec.example,
        )
    fresh = replace(
        known,
        kind=spec.kind,
        name=spec.name,
        capabilities=spec.capabilities,
        station=station,
        position=station if known.position == known.station else known.position,
        contacts=spec.contacts,
        example=spec.example,
        retired=False,
    )
    return None if fresh == known else replace(fresh, version=known.version + 1, event_at_ms=now)


def unlisted(known: Unit, now: int) -> Unit | None:
    """The state of a unit that the list does not have any more, or None when that is known already.

    It is not sent again; what it is doing it goes on with, so that no incident loses it.
    """
    return None if known.retired else replace(known, retired=True, version=known.version + 1, event_at_ms=now)
