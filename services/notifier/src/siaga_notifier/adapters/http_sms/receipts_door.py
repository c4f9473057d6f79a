"""Where providers of SMS by HTTP tell what became of messages, and hand on what phones have sent."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final, Protocol

import structlog
from siaga_kit import telemetry
from siaga_tenants.http_sms.definition import Thanks
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from siaga_notifier.adapters.door.requests import body_of, problem
from siaga_notifier.adapters.http_sms.provider import HttpSmsProvider
from siaga_notifier.adapters.secret_file import SecretError
from siaga_notifier.channel import Channel
from siaga_notifier.core.http_sms import callbacks, proofs
from siaga_notifier.core.http_sms.callbacks import Arrived, Heard, Told, Unreadable
from siaga_notifier.core.model import SMS, PhoneMessage
from siaga_notifier.core.outcomes import Outcome
from siaga_notifier.core.receipts import Receipt

log = structlog.get_logger()

# A thousand receipts of the wordiest provider; what is larger is none's.
LONGEST_BODY: Final = 512 * 1024
LONGEST_QUERY: Final = 8 * 1024
# Providers give up after five to fifteen seconds and come again; what they are told must be true by then.
PATIENCE_S: Final = 10.0
RETRY_AFTER_S: Final = 5
# Messages of phones that are known if they come again: more than come in the hour in which providers repeat.
REMEMBERED: Final = 5_000

Say = Callable[[str, str], Awaitable[Outcome]]
# By the centre's code and the provider's id.
Find = Callable[[str, str], Channel | None]


class Hears(Protocol):
    """Where it goes: the inbox."""

    async def receipt(self, receipt: Receipt, number: str, *, provider: str) -> None:
        """What became of a message; an empty number = the provider names none."""
        ...

    async def message(self, message: PhoneMessage, say: Say) -> None:
        """What a phone sent, and by what it is answered."""
        ...


def routes(find: Find, inbox: Hears) -> list[Route]:
    """The doors of every centre's providers; `find` knows a channel by centre and id."""
    return ReceiptsDoor(find, inbox).routes()


@dataclass(slots=True)
class ReceiptsDoor:
    """Answers only when what was told is safe; a provider that hears nothing comes again, which harms nothing."""

    find: Find
    inbox: Hears
    now_s: Callable[[], float] = time.time
    _seen: OrderedDict[tuple[str, str, str], None] = field(default_factory=OrderedDict)

    def routes(self) -> list[Route]:
        """Both doors, for GET and POST."""
        base = "/v1/sms/{tenant}/{provider}"
        return [
            Route(f"{base}/receipts", self._receipts, methods=["GET", "POST"]),
            Route(f"{base}/messages", self._messages, methods=["GET", "POST"]),
        ]

    async def _receipts(self, request: Request) -> Response:
        let_in = await self._let_in(request)
        if isinstance(let_in, Response):
            return let_in
        provider, told = let_in
        how = provider.provider.definition.receipts
        if how is None:
            return problem(404, "this provider's definition has no 'receipts'; add them, or take the address from it")
        try:
            heard, unusable = callbacks.receipts(how, told)
        except Unreadable as unreadable:
            return problem(422, str(unreadable))
        return await self._take([self._hear(each, provider) for each in heard], unusable, how.thanks)

    async def _messages(self, request: Request) -> Response:
        let_in = await self._let_in(request)
        if isinstance(let_in, Response):
            return let_in
        provider, told = let_in
        how = provider.provider.definition.messages
        if how is None:
            return problem(404, "this provider's definition has no 'messages'; add them, or take the address from it")
        try:
            arrived, unusable = callbacks.messages(how, told)
        except Unreadable as unreadable:
            return problem(422, str(unreadable))
        tenant = str(request.path_params["tenant"])
        return await self._take([self._read(each, provider, tenant) for each in arrived], unusable, how.thanks)

    async def _let_in(self, request: Request) -> tuple[HttpSmsProvider, Told] | Response:
        provider = self.find(str(request.path_params["tenant"]), str(request.path_params["provider"]))
        if not isinstance(provider, HttpSmsProvider):
            return problem(404, "no such provider of SMS by HTTP; see 'providers' of the centre's notify.yaml")
        query = request.scope["query_string"].decode("latin-1")
        if len(query) > LONGEST_QUERY:
            return problem(414, f"more than {LONGEST_QUERY} characters behind the '?'")
        try:
            body = await body_of(request, LONGEST_BODY)
        except ClientDisconnect:
            return problem(400, "the request ended in its middle; send it again")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        told = Told(query, media_type, body)
        asked = proofs.Asked(
            provider.address(request.url.path, query) or str(request.url),
            request.headers,
            told,
            request.client.host if request.client else "",
            request.query_params.get("token", ""),
        )
        return self._believed(provider, asked, told)

    def _believed(
        self, provider: HttpSmsProvider, asked: proofs.Asked, told: Told
    ) -> tuple[HttpSmsProvider, Told] | Response:
        try:
            reason = proofs.refusal(provider.known(), asked, self.now_s())
        except SecretError as away:
            log.warning("a provider's request cannot be checked", provider=provider.provider_id, reason=str(away))
            return _again("cannot be checked now; send it again")
        except Unreadable as unreadable:
            return problem(422, str(unreadable))
        if reason is None:
            return provider, told
        log.warning("a provider's request was refused", provider=provider.provider_id, reason=reason)
        _count("refused_callback")
        return problem(401, reason)

    async def _hear(self, heard: Heard, provider: HttpSmsProvider) -> None:
        if heard.receipt.state is not None:
            await self.inbox.receipt(heard.receipt, heard.number, provider=provider.provider_id)

    async def _read(self, arrived: Arrived, provider: HttpSmsProvider, tenant: str) -> None:
        key = (tenant, provider.provider_id, arrived.message_id)
        if arrived.message_id and key in self._seen:
            return
        await self.inbox.message(replace(arrived.message, tenant=tenant), provider.say)
        # Only now: one that could not be kept must be taken when it comes again.
        if arrived.message_id:
            self._seen[key] = None
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)

    async def _take(self, work: list[Awaitable[None]], unusable: int, thanks: Thanks) -> Response:
        if unusable:
            log.warning("entries of a provider's request cannot be read", count=unusable)
            _count("unreadable_callback")
            if not work:
                return problem(422, "nothing here is what the provider's definition says; correct its paths")
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*work)
        except TimeoutError:
            return _again("could not be kept in time; send it again")
        return Response(thanks.body, thanks.status, media_type=thanks.media_type)


def _count(result: str) -> None:
    telemetry.counter("siaga.notify.attempts").add(1, {"channel": SMS, "result": result})


def _again(detail: str) -> Response:
    answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer
