"""Stored snapshots read: the same one again is not decoded again, for most are read many times before anything changes.

What comes out is shared by all who read it, which is safe as long as values are never changed in place.
"""

from functools import lru_cache
from typing import Final

from siaga.v1 import incident_pb2, unit_pb2

from siaga_dispatcher.adapters import codec
from siaga_dispatcher.core.values import Incident, Unit

# A thousand units take two megabytes.
UNITS_AT_HAND: Final = 4096
# Those that new calls are compared with: a disaster's, at most. A thousand take six megabytes.
INCIDENTS_AT_HAND: Final = 1024


@lru_cache(UNITS_AT_HAND)
def unit(snapshot: bytes) -> Unit:
    """A unit from its snapshot."""
    return codec.unit_of(unit_pb2.Unit.FromString(snapshot))


@lru_cache(INCIDENTS_AT_HAND)
def incident(snapshot: bytes) -> Incident:
    """An incident from its snapshot."""
    return codec.incident_of(incident_pb2.Incident.FromString(snapshot))
