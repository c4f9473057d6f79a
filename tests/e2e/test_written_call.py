"""A WhatsApp conversation through the whole house: looked at first, and help goes when an operator says so."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer
from siaga.v1 import assessment_pb2, order_pb2
from siaga_contracts.catalogue import CALL_ASSESSMENTS, DISPATCH_ORDERS, Topic
from siaga_kit.embedded.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

WITHIN_S: Final = 30.0


def message(name: str, type_: str, **content: Any) -> dict[str, Any]:
    told = {
        "id": f"wamid.{name}",
        "from": "6281234567890",
        "timestamp": str(int(time.time())),
        "type": type_,
        **content,
    }
    return {"entry": [{"changes": [{"field": "messages", "value": {"messages": [told]}}]}]}


async def post(stack: Stack, path: str, body: object) -> str:
    """The call that a post came to."""
    headers = {"Authorization": f"Bearer {stack.addresses.token}", "X-Siaga-Tenant": "36.73"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(stack.addresses.intake_url + path, data=json.dumps(body), headers=headers) as response,
    ):
        assert response.status == 202, await response.text()
        call_id: str = (await response.json(content_type=None))["accepted"][0]["call_id"]
        return call_id


async def first(stack: Stack, topic: Topic, wanted: Callable[[Any], bool]) -> Any:
    """The first record of a topic that is the one wanted."""
    consumer = AIOKafkaConsumer(
        topic.name, bootstrap_servers=stack.addresses.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for record in consumer:
                found = topic.message.FromString(record.value)
                if wanted(found):
                    return found
    finally:
        await consumer.stop()


async def test_a_written_call_is_looked_at_and_then_helped(stack: Stack) -> None:
    path = "/v1/channels/whatsapp"
    call = await post(stack, path, message("A1", "text", text={"body": "tolong rumah tetangga kebakaran besar"}))
    place = {"latitude": -6.1149, "longitude": 106.1502}
    assert await post(stack, path, message("A2", "location", location=place)) == call

    def of_call(found: assessment_pb2.CallAssessment) -> bool:
        return bool(found.call_id == call and found.place.HasField("position"))

    looked_at = await first(stack, CALL_ASSESSMENTS, of_call)
    assert (looked_at.advice, looked_at.type) == (assessment_pb2.ADVICE_REVIEW, "fire_building")
    assert (round(looked_at.place.position.lat, 4), looked_at.place.position.source) == (-6.1149, "whatsapp")

    form = {"call_id": call, "operator": "op-03", "disposition": "emergency"}
    assert await post(stack, "/v1/calls/form", form) == call
    sent = await first(
        stack, CALL_ASSESSMENTS, lambda found: found.call_id == call and found.advice == assessment_pb2.ADVICE_DISPATCH
    )
    assert sent.outcome == assessment_pb2.OUTCOME_REAL
    order = await first(stack, DISPATCH_ORDERS, lambda found: found.kind == order_pb2.ORDER_KIND_DISPATCH)
    assert order.incident_id
