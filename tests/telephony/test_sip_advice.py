"""Routing advice through a real Kamailio: who is to be screened is marked, and whatever is broken the call goes through."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from redis.asyncio import Redis
from siaga_classifier.adapters.advice_store import AdviceStore
from siaga_classifier.core.caller_advice import Routing, Sanction
from siaga_contracts.callers import caller_key

pytestmark = [pytest.mark.telephony, pytest.mark.timeout(180)]

TENANT: Final = "36.73"
SCREENED, LOW, CLEAN = "+6281234567801", "+6281234567802", "+6281234567803"
TEMPORARY, PERMANENT = 4, 5

# Calls after which advice that never comes in time is no chance any more.
AGAIN = 10


@pytest.fixture
async def sanctions(stack: Any) -> None:
    """Two callers under a sanction, as the ledger's stage would write them."""
    redis = Redis.from_url(stack.addresses.redis_url)
    secret = stack.home.secret("caller-secret").encode()
    hour_ms = int(time.time() * 1000) + 3_600_000
    await AdviceStore(redis, lambda: 0).put(
        {
            (TENANT, caller_key(secret, TENANT, SCREENED)): Sanction(Routing.SCREEN, TEMPORARY, hour_ms, 1),
            (TENANT, caller_key(secret, TENANT, LOW)): Sanction(Routing.SCREEN_LOW, PERMANENT, 0, 1),
        }
    )
    await redis.aclose()


async def mark(edge: Any, **how: Any) -> str:
    """How the call was marked when it reached the PBX; empty = as any other. It was answered and ended."""
    (call,) = await edge.place(edge.call(**how))
    found: str = edge.marked(call)
    return found


def by(number: str) -> str:
    return f"<sip:{number}@trunk.example>"


@pytest.mark.usefixtures("sanctions")
@pytest.mark.parametrize(
    ("how", "marked"),
    [
        ({"sender": by(SCREENED)}, "screen"),
        ({"sender": by("081234567801")}, "screen"),
        ({"sender": by(LOW)}, "screen_low"),
        ({"sender": by(CLEAN)}, ""),
        ({"sender": '"Anonymous" <sip:anonymous@anonymous.invalid>'}, ""),
        ({"sender": by(CLEAN), "headers": (f"P-Asserted-Identity: <tel:{SCREENED}>",)}, "screen"),
        ({"sender": by(SCREENED), "headers": (f"P-Asserted-Identity: <sip:{CLEAN}@trunk.example>",)}, ""),
        # What the caller's side writes is worth nothing.
        ({"sender": by(CLEAN), "headers": ("X-Siaga-Advice: screen_low",)}, ""),
        ({"sender": by(SCREENED), "headers": ("X-Siaga-Advice: normal",)}, "screen"),
    ],
    ids=["temporary", "as dialled here", "permanent", "clean", "withheld", "asserted", "asserted clean", "forged", "forged normal"],
)  # fmt: skip
async def test_who_is_to_be_screened_is_marked(edge: Any, how: dict[str, Any], marked: str) -> None:
    found = await mark(edge, **how)
    # Advice that comes late counts for nothing, and on a busy machine some does; a mark that is not due never comes.
    for _ in range(AGAIN if marked else 0):
        if found:
            break
        found = await mark(edge, **how)
    assert found == marked


async def test_a_call_given_up_while_it_rings(edge: Any, listen: Any) -> None:
    (call,) = await edge.place(edge.call(plot="silent", gives_up=True, sender=by(CLEAN)))
    events = [heard.event for heard in (await listen([call]))[call]]
    assert events[-1].hangup.sip_status == 487


async def test_nobody_at_the_door_of_advice(lonely_edge: Any) -> None:
    assert await mark(lonely_edge, sender=by(SCREENED)) == ""


@contextmanager
def hanging(stack: Any) -> Iterator[None]:
    stack.kill("classifier", signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill("classifier", signal.SIGCONT)


@pytest.mark.usefixtures("sanctions")
async def test_an_advice_that_hangs_or_is_killed_holds_no_call(stack: Any, edge: Any) -> None:
    with hanging(stack):
        # More calls than there are processes that ask: each goes on by itself.
        calls = await edge.place(edge.call(sender=by(SCREENED)), calls=20, rate=20)
        assert {edge.marked(call) for call in calls} == {""}
    stack.take_down("classifier")
    assert await mark(edge, sender=by(SCREENED)) == ""
    stack.bring_back("classifier")
    stack.wait_ready("classifier", seconds=60)
    # Those who asked in vain take up to a second to notice.
    until = time.monotonic() + 30
    while await mark(edge, sender=by(SCREENED)) != "screen":
        assert time.monotonic() < until, edge.log("kamailio")
