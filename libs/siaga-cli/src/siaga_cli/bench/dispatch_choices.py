"""Whether the peer would ever have chosen better: both asked about each call, one after the other, on the same free units."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from siaga.v1 import assessment_pb2
from siaga_dispatcher.core import geo
from siaga_dispatcher.core.values import Position, Rules
from siaga_tenants import Tenants
from siaga_tenants.model import Need

from siaga_cli.bench.dispatch_ours import Ours
from siaga_cli.bench.dispatch_peer import Peer

# Two units this close in time are as good as each other: the peer measures on a flat map.
SAME_S = 1.0


@dataclass(frozen=True, slots=True)
class Compared:
    """How often ours was better, the same or worse than the peer's; `s_better` sums the difference over all calls.

    `shared` are later than the peer's by no more than the policy gives away on purpose, so that work is shared and posts stay
    covered: some seconds for each unit, and never where a life hangs on them.
    """

    calls: int = 0
    better: int = 0
    same: int = 0
    shared: int = 0
    worse: int = 0
    s_better: float = 0.0


async def compare(ours: Ours, peer: Peer, calls: Sequence[assessment_pb2.CallAssessment], tenants: Tenants) -> Compared:
    """Ask the peer what it would send, send what ours sends, and make those units busy with both."""
    positions = {unit.unit_id: Position(unit.lat, unit.lon) for tenant in tenants.values() for unit in tenant.units}
    kinds = {unit.unit_id: unit.kind for tenant in tenants.values() for unit in tenant.units}
    verdicts: Counter[str] = Counter()
    total_s = 0.0
    for call in calls:
        needs = [need for need in ours.rules.plan.needs(call.type, f"P{call.priority - 1}") if not need.optional]
        theirs = [(role, unit_id) for unit_id, role, _ in await peer.would_choose(call)]
        incident = await ours.decide(call)
        assignments = incident.assignments if incident is not None else ()
        sent = [(assignment.role, assignment.unit_id) for assignment in assignments]
        await peer.occupy([unit_id for _, unit_id in sent])
        place = Position(call.place.position.lat, call.place.position.lon)
        mine, other = (_worth(needs, chosen, positions, kinds, place, ours.rules) for chosen in (sent, theirs))
        band_s = ours.rules.policy.tie_band_s.get(f"P{call.priority - 1}", 0.0)
        verdicts[_verdict(mine, other, band_s)] += 1
        total_s += other[1] - mine[1] if mine[0] == other[0] else 0.0
    return Compared(calls=len(calls), s_better=total_s, **verdicts)


def _verdict(mine: tuple[int, float], other: tuple[int, float], band_s: float) -> str:
    """First how many needs are met, then how soon all of them together."""
    if mine[0] != other[0]:
        return "better" if mine[0] > other[0] else "worse"
    gained_s = other[1] - mine[1]
    if abs(gained_s) <= SAME_S:
        return "same"
    if gained_s > 0:
        return "better"
    return "shared" if -gained_s <= band_s * mine[0] else "worse"


def _worth(
    needs: Sequence[Need],
    chosen: Sequence[tuple[str, str]],
    positions: dict[str, Position],
    kinds: dict[str, str],
    place: Position,
    rules: Rules,
) -> tuple[int, float]:
    """How many of the required units are there, and the seconds until each of them, summed."""
    roles = {need.role for need in needs}
    policy = rules.policy
    times_s = [
        geo.eta_s(geo.distance_m(positions[unit_id], place), policy.detour_factor, policy.speed_kmh[kinds[unit_id]])
        for role, unit_id in chosen
        if role in roles
    ]
    return len(times_s), sum(times_s)
