"""The broker killed and away for a while, intake killed in the middle of it, under load: nothing lost, nothing doubled, in order."""

import asyncio

import pytest
from siaga_cli.bench.outage import Sent, compare, post_until, spooled
from siaga_kit.embedded.stack import Stack

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

# Events sent in each part of the outage; at fifty a second it lasts some sixteen seconds, and the broker's start on top.
BEFORE, AWAY = 100, 400
DRAINED_S = 60.0
SENT_WITHIN_S = 100.0


async def _outage(stack: Stack) -> Sent:
    """Counted in events, not in seconds: a busy machine takes longer for the same."""
    over = asyncio.Event()
    sent = Sent()
    posting = asyncio.create_task(post_until(over, stack.addresses, sent))
    await _sent(sent, BEFORE)
    broker = stack.take_down("kafka")
    await _sent(sent, sent.events + AWAY)
    assert await spooled(stack) > 0
    intake = stack.kill("intake")
    await asyncio.to_thread(stack.wait_ready, "intake", not_pid=intake)
    await _sent(sent, sent.events + AWAY)
    assert await spooled(stack) > AWAY
    stack.bring_back("kafka")
    await asyncio.to_thread(stack.wait_ready, "kafka", not_pid=broker)
    async with asyncio.timeout(DRAINED_S):
        while await spooled(stack):
            await asyncio.sleep(0.1)
    await _sent(sent, sent.events + BEFORE)
    over.set()
    await posting
    return sent


async def _sent(sent: Sent, events: int) -> None:
    async with asyncio.timeout(SENT_WITHIN_S):
        while sent.events < events:
            await asyncio.sleep(0.05)


def test_an_outage_of_the_broker_with_intake_killed_in_it_loses_and_doubles_nothing() -> None:
    with Stack(services=("intake",)) as stack:
        sent = asyncio.run(_outage(stack))
        outcome = compare(stack.addresses.kafka_bootstrap, sent)
        assert stack.process("intake").restarts == stack.process("kafka").restarts == 1
    assert (outcome.lost, outcome.doubled, outcome.out_of_order) == (0, 0, 0)
    # It was not a fair-weather test: intake's end met requests under way, or events were on their way twice.
    assert sent.again + outcome.repeated_records > 0
