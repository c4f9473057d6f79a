"""gRPC `Sanctions` on a real Kafka and Redis: who looks is written down, what is decided is on the topic."""

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from siaga.v1 import audit_pb2, common_pb2, decision_pb2, sanction_pb2, sanctions_service_pb2_grpc
from siaga.v1 import sanctions_service_pb2 as api
from siaga_classifier.adapters.advice_store import AdviceStore
from siaga_classifier.adapters.desk import Desk
from siaga_classifier.adapters.sanctions import SERVICE, DecisionMemory, Sanctions
from siaga_classifier.core.caller_advice import Sanction
from siaga_contracts import catalogue
from siaga_contracts.audit import chains
from siaga_contracts.callers import caller_key
from siaga_kit import grpc_server
from siaga_kit.audit import AuditLog
from siaga_kit.errors import Transient
from siaga_kit.publishing import Publisher
from siaga_kit.records import Outgoing
from siaga_kit.service import Runtime
from siaga_kit.settings import KafkaSettings, RedisSettings, ServerSettings, Settings

pytestmark = pytest.mark.stack

SECRET, NUMBER = b"secret", "0812-3456-7890"
K = decision_pb2.DecisionKind
INVALID, FAILED, AWAY = (
    grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNAVAILABLE
)  # fmt: skip


@dataclass
class Office:
    """The service for one tenant of its own, and what it has published."""

    stub: "sanctions_service_pb2_grpc.SanctionsAsyncStub"
    tenant: str
    store: AdviceStore
    published: list[Outgoing]
    # Topics whose broker is away.
    away: set[str]

    @property
    def key(self) -> str:
        return caller_key(SECRET, self.tenant, "+6281234567890")

    def of(self, topic: catalogue.Topic) -> list[Any]:
        return [each.message for each in self.published if each.topic.name == topic.name]

    async def decide(self, kind: Any, **with_: Any) -> Any:
        asked = {"tenant": self.tenant, "number": NUMBER, "actor": "spv-01", "reason": "letter 12"} | with_
        if "caller_key" in asked:
            del asked["number"]
        return (await self.stub.Decide(api.DecideRequest(kind=kind, **asked), timeout=20)).decision

    async def stands(self, **how: Any) -> None:
        message = sanction_pb2.CallerSanction(tenant=self.tenant, caller_key=self.key, revision=1, **how)
        who = (self.tenant, self.key)
        await self.store.put({who: Sanction(2, int(message.state), 0, 1)}, {who: message.SerializeToString()})


@pytest.fixture
async def office(kafka_bootstrap: str, redis_url: str) -> AsyncIterator[Office]:
    tenant = f"people-{uuid.uuid4().hex[:8]}"
    runtime = Runtime(
        "classifier",
        Settings(
            kafka=KafkaSettings(bootstrap=kafka_bootstrap, replication=1), redis=RedisSettings(url=redis_url),
            grpc=ServerSettings(port=0), instance=tenant,
        ),
    )  # fmt: skip
    publisher: Publisher = await runtime.publisher()
    published: list[Outgoing] = []
    away: set[str] = set()

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        if away & {each.topic.name for each in outgoing}:
            raise Transient("away")
        await publisher.publish(outgoing)
        published.extend(outgoing)

    store = AdviceStore(runtime.redis(), lambda: 5_000)
    operators = {tenant: frozenset({"op-01", "spv-01", "spv-02"})}
    desk = Desk(AuditLog(runtime.redis(), publish), publish, operators, lambda: 5_000)
    service = Sanctions(desk, store, DecisionMemory(runtime.redis()), SECRET)
    port = await grpc_server.serve(
        runtime, lambda server: sanctions_service_pb2_grpc.add_SanctionsServicer_to_server(service, server), [SERVICE]
    )
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Office(sanctions_service_pb2_grpc.SanctionsStub(channel), tenant, store, published, away)
    runtime.stop.set()
    await runtime.shut_down()


async def refused(doing: Any, code: grpc.StatusCode) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await doing
    assert caught.value.code() == code, caught.value.details()
    return str(caught.value.details())


async def test_who_looks_is_written_down(office: Office) -> None:
    asked = api.GetCallerRequest(tenant=office.tenant, number=NUMBER, actor="op-01", reason="appeal at the desk")
    answer = await office.stub.GetCaller(asked, timeout=20)
    assert answer.caller_key == office.key
    assert not answer.HasField("sanction")
    await office.stands(state=common_pb2.SANCTION_STATE_TEMPORARY)
    by_key = api.GetCallerRequest(tenant=office.tenant, caller_key=office.key, actor="op-01", reason="appeal")
    assert (await office.stub.GetCaller(by_key, timeout=20)).sanction.state == common_pb2.SANCTION_STATE_TEMPORARY
    records: list[audit_pb2.AuditRecord] = office.of(catalogue.AUDIT)
    assert [(each.actor, each.action, each.subject) for each in records] == [
        ("op-01", "read", f"caller/{office.key}")
    ] * 2
    assert chains(records)[office.tenant].whole


async def test_nobody_looks_unseen(office: Office) -> None:
    office.away.add(catalogue.AUDIT.name)
    asked = api.GetCallerRequest(tenant=office.tenant, number=NUMBER, actor="op-01", reason="appeal")
    assert "audit" in await refused(office.stub.GetCaller(asked, timeout=20), AWAY)


async def test_a_decision_is_on_the_topic_when_it_is_answered(office: Office) -> None:
    made = await office.decide(K.DECISION_KIND_LIFT)
    assert (made.caller_key, made.actor, made.reason, made.at_ms) == (office.key, "spv-01", "letter 12", 5_000)
    assert office.of(catalogue.CALLER_DECISIONS) == [made]
    assert office.published[-1].key == office.key
    assert office.of(catalogue.AUDIT)[-1].action == "sanction.lift"


async def test_a_request_that_comes_again_is_the_same_decision(office: Office) -> None:
    await office.stands(state=common_pb2.SANCTION_STATE_PERMANENT)
    first = await office.decide(K.DECISION_KIND_APPROVE_PERMANENT, request_id="r-1")
    # The ledger has heard it meanwhile: approving once more would be refused.
    await office.stands(state=common_pb2.SANCTION_STATE_PERMANENT, approved_by=["spv-01"])
    assert await office.decide(K.DECISION_KIND_APPROVE_PERMANENT, request_id="r-1") == first
    assert len(office.of(catalogue.CALLER_DECISIONS)) == 1
    told = await refused(office.decide(K.DECISION_KIND_ERASE, request_id="r-1"), INVALID)
    assert told.startswith("request_id")
    assert (await office.decide(K.DECISION_KIND_LIFT)).decision_id != (
        await office.decide(K.DECISION_KIND_LIFT)
    ).decision_id


async def test_a_broker_that_is_away_is_told_and_tried_again(office: Office) -> None:
    office.away.add(catalogue.CALLER_DECISIONS.name)
    assert "request_id" in await refused(office.decide(K.DECISION_KIND_LIFT, request_id="r-2"), AWAY)
    office.away.clear()
    assert (await office.decide(K.DECISION_KIND_LIFT, request_id="r-2")).decision_id


@pytest.mark.parametrize(
    ("with_", "field"),
    [
        ({"tenant": "99.99"}, "tenant"),
        ({"actor": "op-99"}, "actor"),
        ({"reason": ""}, "reason"),
        ({"number": "anonymous"}, "number"),
        ({"caller_key": "xyz"}, "caller_key"),
        ({"number": None}, "caller"),
        ({"kind": K.DECISION_KIND_TAG}, "caller_tags"),
        ({"kind": K.DECISION_KIND_TAG, "caller_tags": [7]}, "caller_tags"),
        ({"kind": K.DECISION_KIND_UNSPECIFIED}, "kind"),
        ({"until_ms": 9_000}, "until_ms"),
        ({"request_id": "x" * 65}, "request_id"),
    ],
)
async def test_the_field_that_is_wrong(office: Office, with_: dict[str, Any], field: str) -> None:
    asked = {"kind": K.DECISION_KIND_LIFT} | with_
    told = await refused(office.decide(asked.pop("kind"), **asked), INVALID)
    assert told.startswith(f"{field}: ")
    assert not office.published


async def test_what_would_change_nothing(office: Office) -> None:
    told = await refused(office.decide(K.DECISION_KIND_APPEAL_DENIED), FAILED)
    assert "no open appeal" in told
    assert not office.published
