"""Switches that ask for advice at a fixed rate, over gRPC or HTTP, from a process of their own."""

import asyncio
import multiprocessing
import random
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

import grpc
import uvloop
from siaga.v1 import caller_advice_service_pb2 as api
from siaga.v1.caller_advice_service_pb2_grpc import CallerAdviceStub
from siaga.v1.common_pb2 import RoutingAdvice

# How often an open loop looks what is due: well below the times that it measures.
TICK_S: Final = 0.001
# A switch gives up long before; so that a bench comes to an end whatever happens.
GIVEN_UP_S: Final = 5.0
TENANT: Final = "36.73"
# One in ten is a caller of whom nothing is known.
UNKNOWN_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask: `target` is `host:port` for gRPC, an address beginning with http for HTTP."""

    target: str
    token: str
    rate_s: float
    seconds: float
    known: int
    seed: int = 112


@dataclass(frozen=True, slots=True)
class Answered:
    """From when the question was due to its answer; the advice, and why."""

    ms: float
    advice: str
    basis: str


def number_of(caller: int) -> str:
    """The number of a made-up caller."""
    return f"+62811{caller:08d}"


def ask(plan: Plan) -> list[Answered]:
    """Ask it all, from another process; returns when everything is answered."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
        return apart.submit(_ask, plan).result()


def _ask(plan: Plan) -> list[Answered]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_over_http(plan) if plan.target.startswith("http") else _over_grpc(plan))


async def _over_grpc(plan: Plan) -> list[Answered]:
    async with grpc.aio.insecure_channel(plan.target) as channel:
        stub = CallerAdviceStub(channel)

        async def one(number: str) -> tuple[str, str]:
            answer = await stub.GetRoutingAdvice(
                api.GetRoutingAdviceRequest(tenant=TENANT, number=number), timeout=GIVEN_UP_S
            )
            return RoutingAdvice.Name(answer.advice).removeprefix("ROUTING_ADVICE_").lower(), answer.basis

        await one(number_of(0))
        return await _at_its_rate(plan, one)


async def _over_http(plan: Plan) -> list[Answered]:
    switch = _Switch(plan)
    await switch.one(number_of(0))
    try:
        return await _at_its_rate(plan, switch.one)
    finally:
        switch.close()


async def _at_its_rate(plan: Plan, one: Callable[[str], Awaitable[tuple[str, str]]]) -> list[Answered]:
    """Each question is due at its time, whatever became of those before."""
    chance = random.Random(plan.seed)  # noqa: S311  (a bench asks the same callers every time)
    numbers = [
        number_of(chance.randrange(plan.known) + (plan.known if chance.random() < UNKNOWN_SHARE else 0))
        for _ in range(int(plan.rate_s * plan.seconds))
    ]
    found: list[Answered] = []

    async def timed(number: str, due_s: float) -> None:
        try:
            advice, basis = await one(number)
        except (grpc.RpcError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            advice, basis = "none", type(error).__name__
        found.append(Answered((time.perf_counter() - due_s) * 1000, advice, basis))

    async with asyncio.TaskGroup() as asked:
        begin, due = time.perf_counter(), 0
        while due < len(numbers):
            while due < len(numbers) and (due_s := begin + due / plan.rate_s) <= time.perf_counter():
                asked.create_task(timed(numbers[due], due_s))
                due += 1
            await asyncio.sleep(TICK_S)
    return found


@dataclass
class _Switch:
    """Asks over kept connections, as a switch's curl does; as many as are needed at once."""

    plan: Plan
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def one(self, number: str) -> tuple[str, str]:
        where = urlsplit(self.plan.target)
        reader, writer = (
            self.idle.pop() if self.idle else await asyncio.open_connection(where.hostname, where.port)
        )  # fmt: skip
        writer.write(
            f"GET /v1/advice?tenant={TENANT}&number={quote(number)} HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Authorization: Bearer {self.plan.token}\r\n\r\n".encode()
        )
        async with asyncio.timeout(GIVEN_UP_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            body = await reader.readexactly(int(_header(head, "content-length")))
        self.idle.append((reader, writer))
        return body.decode(), _header(head, "x-siaga-basis")

    def close(self) -> None:
        for _, writer in self.idle:
            writer.close()


def _header(head: str, name: str) -> str:
    return head.partition(f"\r\n{name}: ")[2].partition("\r\n")[0]
