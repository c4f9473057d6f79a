"""The gRPC server every service uses: health, reflection, typed ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from siaga.v1 import caller_advice_service_pb2 as pb
from siaga.v1 import caller_advice_service_pb2_grpc as rpc
from siaga_kit.errors import Transient
from siaga_kit.grpc_server import Refused, serve
from siaga_kit.service import Runtime
from siaga_kit.settings import ServerSettings, Settings

NAME = "siaga.v1.CallerAdvice"


class Advice(rpc.CallerAdviceServicer):
    async def GetRoutingAdvice(  # noqa: N802  (the name is the contract's)
        self, request: pb.GetRoutingAdviceRequest, context: Any
    ) -> pb.GetRoutingAdviceResponse:
        match request.number:
            case "refused":
                raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "number: not a number; write it as +62…")
            case "away":
                raise Transient("store")
            case "broken":
                raise RuntimeError("secret inside")
            case "slow":
                await asyncio.sleep(30)
        return pb.GetRoutingAdviceResponse(basis="policy")


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, Runtime]]:
    runtime = Runtime("test", Settings(grpc=ServerSettings(port=0)))
    port = await serve(runtime, lambda server: rpc.add_CallerAdviceServicer_to_server(Advice(), server), [NAME])
    yield f"127.0.0.1:{port}", runtime
    runtime.stop.set()
    await runtime.shut_down()


async def test_an_answer_and_each_kind_of_end(address: tuple[str, Runtime]) -> None:
    async with grpc.aio.insecure_channel(address[0]) as channel:
        stub = rpc.CallerAdviceStub(channel)
        assert (await stub.GetRoutingAdvice(pb.GetRoutingAdviceRequest(), timeout=5)).basis == "policy"
        for number, code, message in (
            ("refused", grpc.StatusCode.INVALID_ARGUMENT, "number: not a number; write it as +62…"),
            ("away", grpc.StatusCode.UNAVAILABLE, "the store is away; try again"),
            ("broken", grpc.StatusCode.INTERNAL, "unexpected RuntimeError; see the log"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.GetRoutingAdvice(pb.GetRoutingAdviceRequest(number=number), timeout=5)
            assert caught.value.code() == code
            assert caught.value.details() == message
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetRoutingAdvice(pb.GetRoutingAdviceRequest(number="slow"), timeout=0.2)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_health_follows_readiness_and_reflection_lists_the_service(address: tuple[str, Runtime]) -> None:
    target, runtime = address
    async with grpc.aio.insecure_channel(target) as channel:
        health = health_pb2_grpc.HealthStub(channel)

        async def status_is(wanted: health_pb2.HealthCheckResponse.ServingStatus.ValueType) -> None:
            async with asyncio.timeout(10):
                while (await health.Check(health_pb2.HealthCheckRequest(service=NAME))).status != wanted:
                    await asyncio.sleep(0.02)

        await status_is(health_pb2.HealthCheckResponse.SERVING)
        runtime.health.add("redis", lambda: "away")
        await status_is(health_pb2.HealthCheckResponse.NOT_SERVING)
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        async for answer in reflection.ServerReflectionInfo(asked):
            assert NAME in {service.name for service in answer.list_services_response.service}
