"""Where payloads come from, as the credentials and the names shown with them tell: the same at every door."""

from siaga_intake.adapters.sources import Admitted, Sources
from siaga_intake.core.canonical import Origin
from siaga_intake.core.doors import Door


def origin(
    door: Door, admitted: Admitted, sources: Sources, secret: bytes, named: str, received_at_ms: int, arrived_at_ms: int
) -> Origin:
    """The origin at that door; `named` is the source as `X-Siaga-Source` names it, or empty."""
    source = admitted.source
    kind, slash, instance = named.rpartition("/")
    return Origin(
        admitted.centre,
        received_at_ms=received_at_ms,
        arrived_at_ms=arrived_at_ms,
        secret=secret,
        source="" if source is None else source.name,
        named=instance if door.instance_by_header and (not slash or kind == door.kind) else "",
        open_to=sources.centres if admitted.any_tenant else {},
        reached=admitted.reached,
        test=source is not None and source.test,
    )
