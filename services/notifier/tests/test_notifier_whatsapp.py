"""The WhatsApp channel against the Graph API on a loopback port, and its webhook."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from notifier_graph import (
    CUT,
    HANG,
    NUMBER_ID,
    SECRET,
    TOKEN,
    VERIFY,
    Graph,
    change,
    error,
    message,
    post,
    signed,
    status,
)
from siaga_kit.errors import Transient
from siaga_notifier.adapters.whatsapp.cloud import WhatsAppCloud
from siaga_notifier.adapters.whatsapp.webhook import routes
from siaga_notifier.core.message import Words
from siaga_notifier.core.model import WHATSAPP, Attempt, Contact, Order, OrderKind, PhoneMessage, UnitStatus
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.states import State
from siaga_tenants.model import ProviderSpec
from starlette.applications import Starlette

CREW = "+6281100000114"
ORDER = Order(
    order_id="o-1", tenant="36.73", incident_id="i-1", ticket_no="T-1", unit_id="u-1", kind=OrderKind.DISPATCH,
    task_code="114", type="fire_building", priority="P1", confidential=False, address="Jl. Merdeka 1\n RT 2",
    lat=-6.1, lon=106.1, text="ada  korban", callback_number="0812", contacts=(Contact(WHATSAPP, CREW),), event_at_ms=5,
)  # fmt: skip
ATTEMPT = Attempt("a-1", WHATSAPP, CREW, 1, "#114 P1 Kebakaran", ORDER, key="key-1")
WORDS = Words({}, {"fire_building": "Kebakaran", "kdrt": "KDRT"})


class Heard:
    """An inbox that keeps what it is told."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.messages: list[PhoneMessage] = []
        self.says: list[Any] = []
        self.away = False

    async def receipt(self, receipt: Receipt, number: str = "", *, provider: str) -> None:
        assert provider == "wa1"
        self.receipts.append(receipt)

    async def message(self, said: PhoneMessage, say: Any) -> None:
        if self.away:
            raise Transient("the broker is away")
        self.messages.append(said)
        self.says.append(say)


@pytest.fixture
def graph() -> Iterator[Graph]:
    with Graph() as running:
        yield running


@pytest.fixture
async def channel(graph: Graph, tmp_path: Path) -> AsyncIterator[WhatsAppCloud]:
    (tmp_path / "token.key").write_text(f"{TOKEN}\n")
    (tmp_path / "app.key").write_bytes(SECRET)
    settings = {
        "phone_number_id": NUMBER_ID, "token_file": tmp_path / "token.key", "app_secret_file": tmp_path / "app.key",
        "verify_token_sha256": hashlib.sha256(VERIFY.encode()).hexdigest(), "template": "tugas", "language": "id",
        "url": graph.url,
    }  # fmt: skip
    spec = ProviderSpec("wa1", "whatsapp_cloud", WHATSAPP, settings)
    made = WhatsAppCloud(spec, "36.73", Heard(), lambda _: WORDS)  # type: ignore[arg-type]
    yield made
    await made._client.aclose()


def parameters(body: dict[str, Any]) -> list[str]:
    parts = body["template"]["components"]
    return [one["text"] for part in parts if part["type"] == "body" for one in part["parameters"]]


def payloads(body: dict[str, Any]) -> list[str]:
    parts = body["template"]["components"]
    return [part["parameters"][0]["payload"] for part in parts if part["type"] == "button"]


async def test_an_order_goes_as_the_approved_template(channel: WhatsAppCloud, graph: Graph) -> None:
    assert await channel.send(ATTEMPT) == Accepted("wamid.HBg1")
    (sent,) = graph.requests
    assert (sent["to"], sent["biz_opaque_callback_data"]) == ("6281100000114", "key-1")
    assert parameters(sent) == [
        "114", "P1 Kebakaran. ada korban", "Jl. Merdeka 1 RT 2, HP 0812", "https://maps.google.com/?q=-6.1000,106.1000",
    ]  # fmt: skip
    assert payloads(sent) == ["ACK:114:en_route", "ACK:114:declined", "ACK:114:on_scene", "ACK:114:clear"]


async def test_a_confidential_order_names_neither_type_nor_caller(channel: WhatsAppCloud, graph: Graph) -> None:
    order = replace(ORDER, confidential=True, type="kdrt", address="Jl. Melati 3 (KDRT)", text="istri dipukul")
    await channel.send(replace(ATTEMPT, order=order))
    told = json.dumps(graph.requests).lower()
    for secret in ("kdrt", "dipukul", "0812"):
        assert secret not in told
    assert parameters(graph.requests[0])[1] == "P1. Gunakan pendekatan senyap"


@pytest.mark.parametrize(
    ("change_of", "expected"),
    [
        ({"kind": OrderKind.REMIND}, "ULANG P1 Kebakaran. ada korban"),
        ({"kind": OrderKind.UPDATE, "text": ""}, "PERUBAHAN P1 Kebakaran"),
        ({"reason": "Ganti tugas #98", "text": ""}, "Ganti tugas #98. P1 Kebakaran"),
        ({"kind": OrderKind.STAND_DOWN}, "DIBATALKAN. Tidak perlu ke lokasi, kembali siaga"),
        ({"type": "unheard_of", "text": ""}, "P1 unheard_of"),
    ],
)
async def test_what_is_asked(channel: WhatsAppCloud, graph: Graph, change_of: dict[str, Any], expected: str) -> None:
    await channel.send(replace(ATTEMPT, order=replace(ORDER, **change_of)))
    assert parameters(graph.requests[0])[1] == expected


async def test_a_second_try_reads_as_a_repeat(channel: WhatsAppCloud, graph: Graph) -> None:
    await channel.send(replace(ATTEMPT, repeat=True, number=2))
    assert parameters(graph.requests[0])[1].startswith("ULANG P1")


async def test_nothing_is_too_long_or_empty_for_meta(channel: WhatsAppCloud) -> None:
    for order in (
        replace(ORDER, address="x\t" * 900, text="y     z " * 300),
        replace(ORDER, address="", lat=None, lon=None, callback_number="", text=""),
    ):
        assert isinstance(await channel.send(replace(ATTEMPT, order=order)), Accepted)


@pytest.mark.parametrize("own", [True, False])
async def test_whatever_is_pressed_under_a_stand_down_confirms_it(
    channel: WhatsAppCloud, graph: Graph, own: bool
) -> None:
    if own:
        template = replace(channel.settings.template, stand_down="batal")
        channel.settings = replace(channel.settings, template=template)
    stood_down = replace(ATTEMPT, order=replace(ORDER, kind=OrderKind.STAND_DOWN))
    assert isinstance(await channel.send(stood_down), Accepted)
    assert set(payloads(graph.requests[0])) == {f"ACK:114:{UnitStatus.ACKNOWLEDGED}"}
    assert "HP" not in parameters(graph.requests[0])[-1 if own else 2]


async def test_a_question_goes_as_free_text(channel: WhatsAppCloud, graph: Graph) -> None:
    assert isinstance(await channel.say(CREW, "Tugas yang mana?"), Accepted)
    assert graph.requests[0]["text"] == {"preview_url": False, "body": "Tugas yang mana?"}


async def test_no_number_is_refused_here(channel: WhatsAppCloud, graph: Graph) -> None:
    assert isinstance(await channel.send(replace(ATTEMPT, address="siaga/unit/1")), Permanent)
    assert graph.requests == []


async def test_a_token_that_ended_is_a_trouble_until_there_is_another(channel: WhatsAppCloud, graph: Graph) -> None:
    graph.token = "EAAJ-second"
    refused = await channel.send(ATTEMPT)
    assert isinstance(refused, Temporary)
    assert refused.down
    trouble = channel.trouble()
    assert trouble is not None
    assert "190" in trouble
    channel.settings.token_file.write_text("EAAJ-second")
    assert channel.trouble() is None
    assert isinstance(await channel.send(ATTEMPT), Accepted)


async def test_a_missing_token_is_told_with_its_file(channel: WhatsAppCloud, graph: Graph) -> None:
    channel.settings.token_file.unlink()
    refused = await channel.send(ATTEMPT)
    assert isinstance(refused, Temporary)
    assert "token.key" in refused.reason
    assert "token.key" in (channel.trouble() or "")
    assert graph.requests == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(131026), Permanent),
        (error(130429, 429, Retry_After="7"), Temporary),
        ((503, {}, {}), Temporary),
        ((502, {"error": "no object"}, {}), Unknown),
        ((200, {"messages": []}, {}), Unknown),
        ((302, {}, {"Location": "http://127.0.0.1:1/"}), Permanent),
        (CUT, Unknown),
    ],
)
async def test_what_meta_answers(channel: WhatsAppCloud, graph: Graph, answer: Any, expected: type[Outcome]) -> None:
    graph.answers.append(answer)
    found = await channel.send(ATTEMPT)
    assert isinstance(found, expected)
    if isinstance(found, Temporary):
        assert found.retry_after_s == (7.0 if answer[0] == 429 else 10.0)
    # One message's fate is not the provider's.
    assert channel.trouble() is None


async def test_an_account_that_cannot_send_is_a_trouble_until_it_can(channel: WhatsAppCloud, graph: Graph) -> None:
    graph.answers.append(error(131042))
    assert isinstance(await channel.send(ATTEMPT), Permanent)
    assert "payment" in (channel.trouble() or "")
    assert isinstance(await channel.send(ATTEMPT), Accepted)
    assert channel.trouble() is None


async def test_nobody_there_is_not_waited_for(channel: WhatsAppCloud, graph: Graph) -> None:
    graph.__exit__()
    found = await channel.send(ATTEMPT)
    assert isinstance(found, Temporary)
    assert found.down


async def test_an_api_that_hangs_is_left_alone(channel: WhatsAppCloud, graph: Graph) -> None:
    channel._client.timeout = httpx.Timeout(0.1)
    graph.answers.append(HANG)
    assert isinstance(await channel.send(ATTEMPT), Unknown)


@pytest.fixture
async def door(channel: WhatsAppCloud) -> AsyncIterator[httpx.AsyncClient]:
    found = {("36.73", "wa1"): channel, ("36.73", "sms"): object()}
    app = Starlette(routes=routes(lambda tenant, provider: found.get((tenant, provider))))  # type: ignore[arg-type,return-value]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door/v1/whatsapp/36.73") as made:
        yield made


async def give(door: httpx.AsyncClient, told: Any, **headers: str) -> httpx.Response:
    body = json.dumps(told).encode()
    return await door.post("/wa1", content=body, headers=headers or signed(body))


@pytest.mark.parametrize(
    ("path", "query", "status", "text"),
    [
        ("/wa1", {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158"}, 200, "1158"),
        ("/wa1", {"hub.mode": "subscribe", "hub.verify_token": "guess", "hub.challenge": "1158"}, 403, "verify"),
        ("/wa1", {"hub.mode": "x", "hub.verify_token": VERIFY, "hub.challenge": "1158"}, 403, "verify"),
        ("/wa1", {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "<b>"}, 400, "challenge"),
        ("/wa1", {}, 403, "verify"),
        ("/wa2", {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158"}, 404, "notify.yaml"),
        ("/sms", {}, 404, "notify.yaml"),
    ],
)
async def test_the_hand_shake(
    door: httpx.AsyncClient, path: str, query: dict[str, str], status: int, text: str
) -> None:
    answer = await door.get(path, params=query)
    assert answer.status_code == status
    assert text in answer.text


async def test_a_post_of_many_things_is_dealt_with_whole(door: httpx.AsyncClient, channel: WhatsAppCloud) -> None:
    told = post(
        change(status("wamid.1", "read"), status("wamid.1", "delivered"), status("wamid.2", "failed", 131026)),
        change(message("button", {"payload": "ACK:114:en_route", "text": "Meluncur"}), message("sticker", {"id": "1"})),
        change(message("location", {"latitude": -6.1, "longitude": 106.1})),
    )
    assert (await give(door, told)).status_code == 200
    heard: Any = channel.inbox
    states = [(receipt.provider_id, receipt.state) for receipt in heard.receipts]
    assert sorted(states, key=str) == sorted(
        [("wamid.1", State.READ), ("wamid.1", State.DELIVERED), ("wamid.2", State.FAILED_PERMANENT)], key=str
    )
    assert heard.messages == [
        PhoneMessage(CREW, "1 #114", WHATSAPP, tenant="36.73"), PhoneMessage(CREW, "", WHATSAPP, -6.1, 106.1, "36.73"),
    ]  # fmt: skip
    assert heard.says == [channel.say] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "é".encode("latin-1").decode("latin-1")},
        {"X-Hub-Signature": "sha1=1"},
    ],
)
async def test_what_meta_has_not_signed_is_refused(
    door: httpx.AsyncClient, channel: WhatsAppCloud, headers: dict[str, str]
) -> None:
    body = json.dumps(post(change(message("text", {"body": "1 #114"})))).encode()
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = await door.post("/wa1", content=body, headers=raw)
    assert (answer.status_code, answer.json()["field"]) == (401, "X-Hub-Signature-256")
    assert (await door.post("/wa1", content=body + b" ", headers=signed(body))).status_code == 401
    heard: Any = channel.inbox
    assert heard.messages == []


async def test_what_is_no_post_of_the_api_says_so(door: httpx.AsyncClient) -> None:
    answer = await give(door, {"hello": 1})
    assert (answer.status_code, answer.json()["field"]) == (400, "entry")
    assert (await door.post("/wa1", content=b"{", headers=signed(b"{"))).status_code == 400


async def test_what_cannot_be_kept_now_is_brought_again(door: httpx.AsyncClient, channel: WhatsAppCloud) -> None:
    heard: Any = channel.inbox
    heard.away = True
    told = post(change(message("text", {"body": "1 #114"}), status("wamid.1", "read")))
    assert (await give(door, told)).status_code == 503
    # What could be kept was.
    assert len(heard.receipts) == 1
    heard.away = False
    assert (await give(door, told)).status_code == 200
    assert len(heard.messages) == 1


async def test_without_the_app_secret_nothing_is_believed(door: httpx.AsyncClient, channel: WhatsAppCloud) -> None:
    channel.app_secret.path.unlink()
    assert (await give(door, post(change(message("text", {"body": "1"}))))).status_code == 503
