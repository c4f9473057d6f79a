"""gRPC `Postures`: what is asked of whoever declares a major incident, and what goes to every partition."""

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from siaga.v1 import decision_pb2
from siaga.v1 import postures_service_pb2 as api
from siaga_classifier.adapters.desk import Desk
from siaga_classifier.adapters.postures import LONGEST_MS, Postures
from siaga_contracts import catalogue
from siaga_kit.audit import Deed
from siaga_kit.errors import Transient
from siaga_kit.grpc_server import Refused
from siaga_kit.partitioning import slot
from siaga_kit.records import Outgoing

NOW_MS = 1_795_000_000_000
ASKED: dict[str, Any] = {"tenant": "36.73", "actor": "spv-01", "reason": "banjir", "until_ms": NOW_MS + 7_200_000}


class Office:
    """Keeps what is written down and published, in one order; fails as told."""

    def __init__(self) -> None:
        self.done: list[Deed | Outgoing] = []
        self.away: set[str] = set()
        self.door = Postures(Desk(self, self.publish, {"36.73": frozenset({"spv-01"})}, lambda: NOW_MS))

    async def write(self, deed: Deed) -> None:
        if "audit" in self.away:
            raise Transient("away")
        self.done.append(deed)

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        if "broker" in self.away:
            raise Transient("away")
        self.done += outgoing


async def test_a_declared_incident_is_written_down_and_told_to_every_partition() -> None:
    office = Office()
    made = (await office.door.Declare(api.DeclareRequest(**ASKED, request_id="r1"), None)).decision
    deed, *records = office.done
    assert deed == Deed("36.73", "spv-01", "posture.declare", "tenant/36.73", "banjir", NOW_MS)
    assert (made.kind, made.at_ms, made.until_ms) == (decision_pb2.DECISION_KIND_SUSPEND, NOW_MS, ASKED["until_ms"])
    assert made.caller_key == ""
    partitions = catalogue.CALLER_DECISIONS.partitions
    assert [slot(one.key.encode(), partitions) for one in records] == list(range(partitions))
    assert {one.message.decision_id for one in records} == {made.decision_id}
    assert len({one.event_id for one in records}) == partitions
    # The same request once more is the same decision.
    again = (await office.door.Declare(api.DeclareRequest(**ASKED, request_id="r1"), None)).decision
    assert again.decision_id == made.decision_id


async def test_a_lift_ends_it_now() -> None:
    office = Office()
    made = (await office.door.Lift(api.LiftRequest(tenant="36.73", actor="spv-01", reason="surut"), None)).decision
    assert (made.kind, made.at_ms, made.until_ms) == (decision_pb2.DECISION_KIND_RESUME, NOW_MS, 0)
    assert office.done[0].action == "posture.lift"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tenant": "99.99"}, "tenant"),
        ({"actor": "op-99"}, "actor"),
        ({"reason": " "}, "reason"),
        ({"reason": "0812-3456-7890 menelepon"}, "reason"),
        ({"until_ms": NOW_MS}, "until_ms"),
        ({"until_ms": NOW_MS + LONGEST_MS + 1}, "until_ms"),
        ({"request_id": "x" * 65}, "request_id"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_done(wrong: dict[str, Any], field: str) -> None:
    office = Office()
    with pytest.raises(Refused) as refused:
        await office.door.Declare(api.DeclareRequest(**ASKED | wrong), None)
    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert str(refused.value).startswith(f"{field}: ")
    assert office.done == []


@pytest.mark.parametrize("away", ["audit", "broker"])
async def test_what_is_away_is_told_and_nothing_is_done_unseen(away: str) -> None:
    office = Office()
    office.away = {away}
    with pytest.raises(Refused) as refused:
        await office.door.Declare(api.DeclareRequest(**ASKED), None)
    assert refused.value.code is grpc.StatusCode.UNAVAILABLE
    assert [type(one) for one in office.done] == ([] if away == "audit" else [Deed])
