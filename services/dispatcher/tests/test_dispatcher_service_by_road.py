"""The whole service of a centre that names a road network: it is opened, asked, and what it says is kept."""

from dataclasses import replace
from pathlib import Path

import pytest
from dispatcher_bench import Bench
from dispatcher_running import running
from siaga.v1 import incident_pb2
from siaga_dispatcher.adapters.roads.files import read_map, save
from siaga_dispatcher.core.roads.drives import NO_ROAD
from siaga_tenants.routing import Routing

pytestmark = pytest.mark.stack
BALIKPAPAN = Path(__file__).parents[3] / "data" / "roads" / "balikpapan_kota_drive.graphml.gz"


async def test_a_network_that_lies_elsewhere_sends_a_crew_all_the_same(
    bench: Bench, kafka_bootstrap: str, redis_url: str, tmp_path: Path
) -> None:
    network, _ = read_map(BALIKPAPAN)
    save(network, tmp_path / "roads.npz")
    routing = Routing("graph", network=tmp_path / "roads.npz")
    bench.tenant = replace(bench.tenant, dispatch=replace(bench.tenant.dispatch, routing=routing))
    async with running(bench, kafka_bootstrap, redis_url) as service:
        await service.call("call-1")
        incident = await service.incident_when(incident_pb2.INCIDENT_STATUS_DISPATCHED)
    (assignment,) = incident.assignments
    assert assignment.unit_id == "d1"
    assert NO_ROAD in assignment.selection_reason
