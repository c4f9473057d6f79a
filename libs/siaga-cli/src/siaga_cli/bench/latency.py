"""From a call event at the front door to the SMS at the SMS centre, one call at a time on an idle stack."""

import asyncio
import time
from typing import Any, Final

import aiohttp
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Figure, Report, percentile

CALLS: Final = 200
# Before the measured ones: connections open, code is warm, as on any day but the first.
WARM_UP: Final = 20
P50_MS: Final = 60.0
P99_MS: Final = 300.0
# Every call lies this far from the next, and so opens an incident of its own.
STEP_DEGREES: Final = 0.004
SMS_WITHIN_S: Final = 20.0


def measure() -> Report:
    """Each call: a form that asks for one ambulance; the clock runs from the request to the SMS centre's journal."""
    with Stack() as stack:
        found = asyncio.run(_calls(stack.addresses))
    to_sms = found[WARM_UP:]
    p50, p95, p99 = (percentile(to_sms, share) for share in (0.5, 0.95, 0.99))
    return Report(
        (
            Figure("event → SMS at the centre, p50", f"≤ {P50_MS:.0f} ms", f"{p50:.0f} ms", p50 <= P50_MS),
            Figure("event → SMS at the centre, p99", f"≤ {P99_MS:.0f} ms", f"{p99:.0f} ms", p99 <= P99_MS),
            Figure("p95, worst", "", f"{p95:.0f} ms, {max(to_sms):.0f} ms"),
        ),
        {"calls": len(to_sms), "latency_ms": {"p50": p50, "p95": p95, "p99": p99, "max": max(to_sms)}},
    )


async def _calls(stack: StackAddresses) -> list[float]:
    headers = {"Authorization": f"Bearer {stack.token}", "X-Siaga-Tenant": "36.73"}
    async with aiohttp.ClientSession(headers=headers) as session:
        return [await _call(session, stack, number) for number in range(WARM_UP + CALLS)]


async def _call(session: aiohttp.ClientSession, stack: StackAddresses, number: int) -> float:
    control = stack.smsc_control_url
    seen = max([message["n"] for message in await _messages(session, control, 0, 0)], default=0)
    posted_ms = time.time() * 1000
    async with session.post(f"{stack.intake_url}/v1/calls/form", json=_form(number)) as answer:
        answer.raise_for_status()
    async with asyncio.timeout(SMS_WITHIN_S):
        while not (arrived := await _messages(session, control, seen, 1000)):
            continue
    await _finished(session, control, arrived[0])
    return float(arrived[0]["at_ms"] - posted_ms)


async def _finished(session: aiohttp.ClientSession, control: str, sms: dict[str, Any]) -> None:
    """The crew goes, arrives and is done, so that the next call finds it free."""
    code = next(word for word in sms["text"].split() if word.startswith("#"))
    for digit in "123":
        crew = {"from": sms["to"], "to": sms["from"], "text": f"{digit} {code}"}
        async with session.post(f"{control}/mo", json=crew) as answer:
            answer.raise_for_status()


async def _messages(session: aiohttp.ClientSession, control: str, after: int, wait_ms: int) -> list[dict[str, Any]]:
    query = {"after": str(after), "wait_ms": str(wait_ms)}
    async with session.get(f"{control}/messages", params=query) as answer:
        messages: list[dict[str, Any]] = (await answer.json())["messages"]
        return messages


def _form(number: int) -> dict[str, Any]:
    row, column = divmod(number, 20)
    return {
        "source": "asterisk/pbx1",
        "call_ref": f"{time.time():.6f}.{number}",
        "operator": "op-01",
        "text": "ibu sesak napas, minta ambulans",
        "address": "Jl. Contoh, Serang",
        "lat": -6.16 + row * STEP_DEGREES,
        "lon": 106.12 + column * STEP_DEGREES,
        "type": "medical_ambulance",
        "priority": "P2",
        "disposition": "emergency",
    }
