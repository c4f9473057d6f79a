"""Meta's webhook: its hand-shake, statuses of messages, and what crews answer.

200 is said only when all of a post is dealt with; whatever else is answered, Meta brings the post again, for days.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import Final

import structlog
from siaga_kit import telemetry
from siaga_kit.errors import Transient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from siaga_notifier.adapters.door.requests import body_of, json_of, problem
from siaga_notifier.adapters.secret_file import SecretError
from siaga_notifier.adapters.whatsapp.cloud import WhatsAppCloud
from siaga_notifier.channel import Channel
from siaga_notifier.core.model import WHATSAPP, PhoneMessage
from siaga_notifier.core.receipts import Receipt
from siaga_notifier.core.whatsapp.news import Said, read_news

log = structlog.get_logger()

PATH: Final = "/v1/whatsapp/{tenant}/{provider}"
# What Meta may put into one post; a smaller limit would turn away, for days, all that waits behind the largest.
MAX_BODY_BYTES: Final = 3 * 1024 * 1024
# A status that nobody remembers is looked for again for two seconds: one after the other, a post of many would outlast
# Meta's patience; all at once, it would keep Redis from the orders.
MOST_AT_ONCE: Final = 32
# Theirs has some ten digits; what is longer is no challenge.
_MAX_CHALLENGE_CHARACTERS: Final = 256

Find = Callable[[str, str], Channel | None]


def routes(find: Find) -> list[Route]:
    """The webhook of each centre's numbers; `find` knows a channel by tenant and provider."""

    def found(request: Request) -> WhatsAppCloud | None:
        channel = find(request.path_params["tenant"], request.path_params["provider"])
        return channel if isinstance(channel, WhatsAppCloud) else None

    async def greet(request: Request) -> Response:
        channel = found(request)
        return _unknown() if channel is None else _greeted(request, channel)

    async def take(request: Request) -> Response:
        channel = found(request)
        return _unknown() if channel is None else await _take(request, channel)

    return [Route(PATH, greet, methods=["GET"]), Route(PATH, take, methods=["POST"])]


def _unknown() -> Response:
    return problem(404, "no number of this centre has this name; it is `id` of a whatsapp_cloud in its notify.yaml")


def _greeted(request: Request, channel: WhatsAppCloud) -> Response:
    asked = request.query_params
    shown = hashlib.sha256(asked.get("hub.verify_token", "").encode()).hexdigest()
    known = hmac.compare_digest(shown, channel.settings.verify_token_sha256)
    if asked.get("hub.mode") != "subscribe" or not known:
        return problem(403, "is no verify token of this number", "hub.verify_token")
    challenge = asked.get("hub.challenge", "")
    if not (challenge.isascii() and challenge.isalnum()) or len(challenge) > _MAX_CHALLENGE_CHARACTERS:
        return problem(400, "must be some letters and digits", "hub.challenge")
    return PlainTextResponse(challenge)


async def _take(request: Request, channel: WhatsAppCloud) -> Response:
    body = await body_of(request, MAX_BODY_BYTES)
    try:
        secret = channel.app_secret.read()
    except SecretError as error:
        log.error("WhatsApp's webhook has no app secret", provider=channel.provider_id, reason=str(error))  # noqa: TRY400
        return problem(503, "the app secret is missing here; try again when it is there")
    if not _signed(request.headers.get("x-hub-signature-256", ""), body, secret):
        _count("refused_signature")
        return problem(401, "is not the HMAC-SHA256 of the body by the app secret", "X-Hub-Signature-256")
    try:
        news = read_news(json_of(body), channel.settings.phone_number_id)
    except ValueError as error:
        return problem(400, str(error), "entry")
    if news.unread:
        _count("unread", news.unread)
    if news.elsewhere:
        _count("elsewhere", news.elsewhere)
    try:
        await _deal_with(channel, news.said, news.statuses)
    except Transient:
        return problem(503, "cannot be kept now; send it again")
    return Response(status_code=200)


def _signed(header: str, body: bytes, secret: bytes) -> bool:
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(header.strip().lower().encode(), expected.encode())


async def _deal_with(channel: WhatsAppCloud, said: tuple[Said, ...], statuses: tuple[Receipt, ...]) -> None:
    """Words in their order, statuses beside them: what a crew says does not wait for what a phone shows."""
    turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def words() -> None:
        for each in said:
            message = PhoneMessage(each.number, each.text, WHATSAPP, each.lat, each.lon, channel.tenant)
            await channel.inbox.message(message, channel.say)

    async def told(status: Receipt) -> None:
        async with turns:
            # By its id alone, which is Meta's and never another message's: a phone may have changed its number.
            await channel.inbox.receipt(status, provider=channel.provider_id)

    # All are dealt with, whatever becomes of one; only then the first failure is told.
    for result in await asyncio.gather(words(), *map(told, statuses), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _count(result: str, number: int = 1) -> None:
    telemetry.counter("siaga.notify.attempts").add(number, {"channel": WHATSAPP, "result": result})
