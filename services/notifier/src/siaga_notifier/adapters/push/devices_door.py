"""The door for crews' devices: sign in, sign out, and say what a device shows and its crew answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog
from siaga_kit import telemetry
from siaga_kit.errors import Transient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from siaga_notifier.adapters.door.requests import body_of, json_of, problem
from siaga_notifier.adapters.push.crews import Crews, Holder, in_session, key_of, session
from siaga_notifier.adapters.push.registry import Devices
from siaga_notifier.core.device_words import Answer, Refused, Shown, read_sign_in, read_word
from siaga_notifier.core.devices import PUSH_CHANNELS, Device
from siaga_notifier.core.endpoints import refusal
from siaga_notifier.core.model import WEBPUSH, Task, UnitAnswer

log = structlog.get_logger()

MOST_BYTES: Final = 16 * 1024
VIA: Final = "app"
RETRY_AFTER_S: Final = 2
# Tokens of ours have 43 characters, sessions 120; what is longer is not hashed for whoever sends it.
LONGEST_BEARER: Final = 512


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where what devices say goes."""

    answered: Callable[[UnitAnswer], Awaitable[None]]
    shown: Callable[[Device, Shown], Awaitable[None]]
    task: Callable[[str], Awaitable[Task | None]]


class DevicesDoor:
    """Routes for devices; `crews` is asked anew at each request, for the files may change."""

    def __init__(
        self,
        devices: Devices,
        crews: Callable[[], Crews],
        mailbox: Mailbox,
        secret: bytes,
        trusted: frozenset[str],
        clock_ms: Callable[[], int],
    ) -> None:
        self._devices = devices
        self._crews = crews
        self._mailbox = mailbox
        self._secret = secret
        self._trusted = trusted
        self._clock_ms = clock_ms

    def routes(self) -> list[Route]:
        """What the door serves."""
        return [
            Route("/v1/devices/{channel}/{device:path}", self._sign_in, methods=["PUT"]),
            Route("/v1/devices/{channel}/{device:path}", self._sign_out, methods=["DELETE"]),
            Route("/v1/answers", self._said, methods=["POST"]),
            Route("/v1/push/key", self._key, methods=["GET"]),
        ]

    async def _sign_in(self, request: Request) -> Response:
        channel, name = request.path_params["channel"], request.path_params["device"]
        if channel not in PUSH_CHANNELS:
            return problem(404, f"no such channel; devices sign in for {' or '.join(PUSH_CHANNELS)}")
        if not self._secret:
            return problem(503, "the centre has no SIAGA_CALLER_SECRET set, without which no device can sign in")
        who = self._who(request)
        if isinstance(who, Response):
            return who
        try:
            asked = read_sign_in(channel, json_of(await body_of(request, MOST_BYTES)))
            tenant, unit_id = self._allowed(who, channel, name, asked.unit_id)
        except Refused as refused:
            return problem(422, refused.reason, refused.field)
        except PermissionError as error:
            return problem(403, str(error))
        if channel == WEBPUSH and (wrong := refusal(asked.token, self._trusted)) is not None:
            return problem(422, wrong, "subscription.endpoint")
        if (trouble := self._devices.trouble()) is not None:
            # Whose phone it was could not be ended.
            return problem(503, trouble)
        device = Device(tenant, unit_id, channel, name, asked.token, asked.p256dh, asked.auth)
        try:
            signed_in = await self._devices.sign_in(device)
        except Transient:
            return _away()
        _count(channel, "signed_in")
        log.info("device signed in", channel=channel, unit_id=unit_id)
        return JSONResponse(
            {"unit_id": unit_id, "channel": channel, "device": name, "session": session(self._secret, signed_in)}
        )

    def _allowed(self, who: Holder | Device, channel: str, name: str, wanted: str) -> tuple[str, str]:
        """The tenant and unit that a device signs in for; PermissionError with the reason."""
        if isinstance(who, Holder):
            return who.tenant, self._crews().unit_of(who, channel, name, wanted)
        if (who.channel, who.device) != (channel, name) or wanted not in ("", who.unit_id):
            raise PermissionError(f"this session is of {who.channel}:{who.device}; sign in with the device's own token")
        return who.tenant, who.unit_id

    async def _sign_out(self, request: Request) -> Response:
        """Who has the session ends it; with a source's token any device that it may sign in, for a phone may be lost."""
        channel, name = request.path_params["channel"], request.path_params["device"]
        who = self._who(request)
        if isinstance(who, Response):
            return who
        try:
            tenant, unit_id = self._allowed(who, channel, name, request.query_params.get("unit_id", ""))
        except PermissionError as error:
            return problem(403, str(error))
        if (trouble := self._devices.trouble()) is not None:
            return problem(503, trouble)
        device = self._devices.find(tenant, unit_id, channel, name)
        if device is not None:
            try:
                await self._devices.sign_out(device)
            except Transient:
                return _away()
            _count(channel, "signed_out")
            log.info("device signed out", channel=channel, unit_id=unit_id)
        return Response(status_code=204)

    async def _said(self, request: Request) -> Response:
        who = self._who(request)
        if isinstance(who, Response):
            return who
        if isinstance(who, Holder):
            return problem(401, "show the session that signing in gave; a source's token does not answer for a crew")
        try:
            word = read_word(json_of(await body_of(request, MOST_BYTES)), self._clock_ms())
        except Refused as refused:
            return problem(422, refused.reason, refused.field)
        task = await self._mailbox.task(word.order_id)
        if task is not None and (task.unit_id, task.tenant) != (who.unit_id, who.tenant):
            return problem(403, "this order is another unit's", "order_id")
        try:
            await self._pass_on(who, word)
        except Transient:
            return _away()
        return Response(status_code=202)

    async def _pass_on(self, device: Device, word: Shown | Answer) -> None:
        if isinstance(word, Shown):
            await self._mailbox.shown(device, word)
            return
        await self._mailbox.answered(
            UnitAnswer(device.unit_id, word.order_id, word.status, word.at_ms, word.lat, word.lon, via=VIA)
        )

    async def _key(self, request: Request) -> Response:
        tenant = request.query_params.get("tenant", "")
        key = self._crews().push_keys.get(tenant)
        if key is None:
            return problem(
                404, "no such centre, or it has no Web Push: a provider of kind webpush in notify.yaml", "tenant"
            )
        return JSONResponse({"public_key": key})

    def _who(self, request: Request) -> Holder | Device | Response:
        """Whose token or session was shown."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        shown = shown.strip()
        if scheme.lower() != "bearer" or not shown or len(shown) > LONGEST_BEARER:
            return problem(
                401, "send Authorization: Bearer with the device's token, or the session that signing in gave"
            )
        if key := key_of(shown):
            if (trouble := self._devices.trouble()) is not None:
                return problem(503, trouble)
            device = self._devices.by_key(key)
            if device is None or not in_session(self._secret, shown, device):
                return problem(401, "this session has ended; sign the device in again")
            if not self._crews().knows(device):
                return problem(403, f"unit {device.unit_id} does not have this device among its contacts any more")
            return device
        held = self._crews().holder(shown, self._clock_ms())
        return problem(401, held) if isinstance(held, str) else held


def _away() -> Response:
    told = problem(503, "the broker does not answer; nothing was taken, try again")
    told.headers["Retry-After"] = str(RETRY_AFTER_S)
    return told


def _count(channel: str, result: str) -> None:
    telemetry.counter("siaga.notify.attempts").add(1, {"channel": channel, "result": result})
