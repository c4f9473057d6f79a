"""FCM against a service that gives access tokens and takes messages as Google's does."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from notifier_push import ORDER, Answer, Asked, Registry, Service, attempt, fcm_spec, now_ms, running
from notifier_smsc import free_port
from siaga_notifier.adapters.push.fcm import Fcm
from siaga_notifier.core.devices import Device
from siaga_notifier.core.model import FCM, OrderKind
from siaga_notifier.core.outcomes import Accepted, Permanent, Temporary
from siaga_tenants.model import ProviderSpec

DEVICE = Device("36.73", ORDER.unit_id, FCM, "hp-1", "registration-token")


def refused(status: int, name: str, code: str = "", field: str = "") -> Answer:
    details: list[dict[str, Any]] = []
    if code:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if field:
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": field}]})
    return Answer(status, content={"error": {"code": status, "status": name, "details": details}})


class Google(Service):
    """Tokens at one path, messages at another; the tests' answers are for messages."""

    def __init__(self) -> None:
        super().__init__(Answer(200, content={"name": "projects/siaga-serang/messages/1"}))
        self.tokens = 0

    async def _answer(self, request: Any) -> Any:
        if request.path != "/token":
            return await super()._answer(request)
        self.tokens += 1
        waiting, self.answers = self.answers, []
        usual, self.usual = self.usual, Answer(content={"access_token": f"token-{self.tokens}", "expires_in": 3600})
        self.usual.status = 200
        try:
            return await super()._answer(request)
        finally:
            self.answers, self.usual = waiting, usual

    @property
    def messages(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path != "/token"]


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    service = Google()
    async with service.listening():
        yield service


@pytest.fixture
async def made(google: Google, tmp_path: Path) -> AsyncIterator[Callable[[Registry], Fcm]]:
    async with running() as run:
        yield lambda registry: run(Fcm(fcm_spec(tmp_path, google.url), registry, now_ms))


Make = Callable[[Registry], Fcm]


async def test_the_app_gets_the_order_and_the_phone_is_woken(google: Google, made: Make) -> None:
    channel = made(Registry(DEVICE))
    assert await channel.send(attempt(FCM)) == Accepted("attempt-1")
    (asked,) = google.messages
    assert asked.path == "/v1/projects/siaga-serang/messages:send"
    assert asked.headers["Authorization"] == "Bearer token-1"
    message = json.loads(asked.body)["message"]
    assert message["token"] == "registration-token"
    assert all(isinstance(value, str) for value in message["data"].values())
    assert json.loads(message["data"]["order"])["attempt_id"] == "attempt-1"
    assert (message["android"]["priority"], message["android"]["ttl"]) == ("HIGH", "600s")
    assert message["apns"]["headers"]["apns-priority"] == "10"
    assert message["apns"]["headers"]["apns-collapse-id"] == message["android"]["collapse_key"]
    assert message["webpush"]["headers"]["Urgency"] == "high"


async def test_a_token_serves_many_messages(google: Google, made: Make) -> None:
    channel = made(Registry(DEVICE))
    for number in (1, 2, 3):
        await channel.send(attempt(FCM, number=number))
    assert (google.tokens, len(google.messages)) == (1, 3)
    assert len({json.loads(asked.body)["message"]["android"]["collapse_key"] for asked in google.messages}) == 1


async def test_a_token_that_is_not_taken_is_renewed_once(google: Google, made: Make) -> None:
    channel = made(Registry(DEVICE))
    google.answers = [refused(401, "UNAUTHENTICATED")]
    assert await channel.send(attempt(FCM)) == Accepted("attempt-1")
    assert [asked.headers["Authorization"] for asked in google.messages] == ["Bearer token-1", "Bearer token-2"]
    google.answers = [refused(401, "UNAUTHENTICATED"), refused(401, "UNAUTHENTICATED")]
    outcome = await channel.send(attempt(FCM))
    assert isinstance(outcome, Temporary)
    assert outcome.down
    assert google.tokens == 3


@pytest.mark.parametrize(
    ("answer", "dropped"),
    [
        (refused(404, "NOT_FOUND", "UNREGISTERED"), True),
        (refused(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.token"), True),
        # Not the token's fault: it would be gone for good because we wrote something wrong.
        (refused(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.data"), False),
        (refused(404, "NOT_FOUND"), False),
        (refused(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), False),
        (Answer(404, content=["no object"]), False),
    ],
)
async def test_only_a_dead_token_is_dropped(google: Google, made: Make, answer: Answer, *, dropped: bool) -> None:
    registry = Registry(DEVICE)
    google.answers = [answer]
    assert isinstance(await made(registry).send(attempt(FCM)), Permanent)
    assert [each.key for each in registry.published] == ([DEVICE.key] if dropped else [])


@pytest.mark.parametrize(
    ("answer", "after_s", "down"),
    [
        (replace(refused(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), headers={"Retry-After": "60"}), 60, False),
        (replace(refused(503, "UNAVAILABLE", "UNAVAILABLE"), headers={"Retry-After": "10"}), 10, False),
        (refused(500, "INTERNAL", "INTERNAL"), 5, False),
        (Answer(502), 5, False),
        (refused(403, "PERMISSION_DENIED"), 30, True),
    ],
)
async def test_what_passes_is_tried_again(
    google: Google, made: Make, answer: Answer, after_s: float, *, down: bool
) -> None:
    google.answers = [answer]
    outcome = await made(Registry(DEVICE)).send(attempt(FCM))
    assert isinstance(outcome, Temporary)
    assert (outcome.retry_after_s, outcome.down) == (after_s, down)


async def test_google_away(tmp_path: Path) -> None:
    channel = Fcm(fcm_spec(tmp_path, f"http://127.0.0.1:{free_port()}"), Registry(DEVICE), now_ms)
    outcome = await channel.send(attempt(FCM))
    assert isinstance(outcome, Temporary)
    assert outcome.down


async def test_a_device_that_nobody_signed_in_gets_nothing(google: Google, made: Make) -> None:
    assert await made(Registry()).send(attempt(FCM)) == Permanent("no device signed in as hp-1")
    assert not google.asked


async def test_a_long_order_fits(google: Google, made: Make) -> None:
    order = replace(ORDER, text="panjang sekali " * 1_000, kind=OrderKind.UPDATE)
    await made(Registry(DEVICE)).send(attempt(FCM, order=order))
    message = json.loads(google.messages[0].body)["message"]
    assert len(json.dumps([message["data"], message["apns"]["payload"]], ensure_ascii=False).encode()) < 4_096


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"type": "authorized_user"}'])
def test_a_file_without_an_account_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "account.json"
    file.write_text(content)
    with pytest.raises(ValueError, match="service account"):
        Fcm(ProviderSpec("firebase", FCM, FCM, {"service_account_file": file}), Registry(), now_ms)
