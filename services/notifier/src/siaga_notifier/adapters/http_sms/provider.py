"""A provider of SMS by HTTP: does what its definition says."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlsplit

import httpx
from siaga_tenants.http_sms import Provider
from siaga_tenants.http_sms.addresses import is_own

from siaga_notifier.adapters.secret_file import SecretError, SecretFile
from siaga_notifier.core.http_sms.answers import DOWN_AFTER_S, RETRY_AFTER_S, Answer, outcome
from siaga_notifier.core.http_sms.proofs import Known
from siaga_notifier.core.http_sms.requests import USUAL_VALIDITY_S, Account, Text, request
from siaga_notifier.core.model import SMS, Attempt
from siaga_notifier.core.outcomes import Accepted, Outcome, Temporary, Unknown
from siaga_notifier.core.sms_parts import segments

# A provider that is there answers the connection within a second, even from the other side of the earth; three leave
# room for one packet lost. Longer, and the stand-in's turn comes too late.
CONNECT_S: Final = 3.0
# Gateways that ask the operator before they answer take some seconds. What takes longer is as good as unanswered: the
# order's next step must not wait for it.
ANSWER_S: Final = 10.0
# All of it, also for an answer that drips; below the fifteen seconds after which the order's next provider is asked.
WHOLE_S: Final = 12.0
# More at once only waits at the provider; each is a socket here.
CONNECTIONS: Final = 64
# Below what servers keep a quiet connection: an SMS that goes into one that is just being closed may have gone out.
KEEP_QUIET_S: Final = 4.0
# The longest usual answer is under two kilobytes.
LONGEST_ANSWER: Final = 64 * 1024
USER_AGENT: Final = "siaga112"


class HttpSmsProvider:
    """Sends SMS by one provider; what the provider tells by itself comes in through the door."""

    channel: Final = SMS

    def __init__(self, provider_id: str, provider: Provider, public_url: str, clock_ms: Callable[[], int]) -> None:
        self.provider_id = provider_id
        self.provider = provider
        self.keyed = provider.definition.sending.idempotent
        self._base = (provider.callback_base or public_url).rstrip("/")
        # Without an address under which the provider finds us, it tells us nothing.
        self.confirms = provider.confirms and bool(self._base)
        self._clock_ms = clock_ms
        self._secrets = {name: SecretFile(file) for name, file in provider.secrets.items()}
        file = provider.callback_secret_file
        self._callback_secret = SecretFile(file) if file is not None else None
        self._trouble: str | None = None
        self._client = _client(provider.definition.sending.url)

    def trouble(self) -> str | None:
        """Why no SMS can be sent now; None when one can, as far as is known."""
        return self._trouble

    async def run(self) -> None:
        """Keep the connections, until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._client.aclose()

    async def send(self, attempt: Attempt) -> Outcome:
        """Hand an attempt to the provider."""
        left_s = (attempt.expires_at_ms - self._clock_ms()) // 1000 if attempt.expires_at_ms else USUAL_VALIDITY_S
        key = attempt.key or attempt.attempt_id
        text = Text(attempt.address, attempt.text, key, attempt.attempt_id, left_s)
        return await self._submit(text, attempt.order.tenant)

    async def say(self, number: str, text: str) -> Outcome:
        """Answer a phone; nobody waits for a receipt of that."""
        return await self._submit(Text(number, text, "", ""), "")

    def known(self) -> Known:
        """By what a request of this provider is believed. Raises SecretError."""
        definition = self.provider.definition
        return Known(
            self._callback_secret.read() if self._callback_secret else b"",
            self.provider.callback_token_sha256,
            self.provider.callback_ips,
            definition.signature,
            definition.jwt_header,
            definition.token_header,
        )

    def address(self, path: str, query: str) -> str:
        """The address as the provider has called it, which it signs; empty when nobody has told it."""
        return f"{self._base}{path}{'?' if query else ''}{query}" if self._base else ""

    async def _submit(self, text: Text, tenant: str) -> Outcome:
        sending = self.provider.definition.sending
        try:
            secrets = {name: secret.read().decode() for name, secret in self._secrets.items()}
            callback_url = self._callback_url(tenant) if tenant and self.confirms else ""
        except (SecretError, UnicodeDecodeError) as away:
            self._trouble = str(away)
            return Temporary("kunci penyedia tidak terbaca", DOWN_AFTER_S, down=True)
        account = Account(self.provider.sender, self.provider.params, secrets)
        asked = request(sending, text, account, callback_url)
        try:
            async with asyncio.timeout(WHOLE_S):
                answer = await self._exchange(asked.method, asked.url, asked.headers, asked.body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            return self._noted(unanswered(error))
        said = outcome(self.provider.definition.answers, answer, text.id, self._clock_ms() / 1000)
        return self._noted(replace(said, segments=segments(text.text)) if isinstance(said, Accepted) else said)

    async def _exchange(self, method: str, url: str, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> Answer:
        content = body or None
        async with self._client.stream(method, url, headers=list(headers), content=content) as response:
            read = bytearray()
            async for chunk in response.aiter_bytes():
                read += chunk
                if len(read) > LONGEST_ANSWER:
                    break
            known = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, known, bytes(read[:LONGEST_ANSWER]))

    def _callback_url(self, tenant: str) -> str:
        url = f"{self._base}/v1/sms/{quote(tenant)}/{quote(self.provider_id)}/receipts"
        definition = self.provider.definition
        if self._callback_secret is None or definition.signature is not None or definition.jwt_header:
            return url
        return f"{url}?token={quote(self._callback_secret.read(), safe='')}"

    def _noted(self, result: Outcome) -> Outcome:
        """Remember for people whether the provider is there."""
        self._trouble = result.reason if isinstance(result, Temporary) and result.down else None
        return result


def unanswered(error: Exception) -> Outcome:
    """What an exchange without an answer means. Its reason is the error's class: its text may hold address and number."""
    name = type(error).__name__
    if isinstance(error, httpx.PoolTimeout):
        return Temporary("terlalu banyak SMS sekaligus ke penyedia", RETRY_AFTER_S)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Temporary(f"penyedia tidak terhubung ({name})", DOWN_AFTER_S, down=True)
    if isinstance(error, httpx.LocalProtocolError):
        return Temporary(f"permintaan tidak dapat dikirim ({name})", DOWN_AFTER_S, down=True)
    return Unknown(f"penyedia tidak menjawab ({name})")


def _client(url: str) -> httpx.AsyncClient:
    # Both log each request with its whole address, and some providers want number, text and password in it.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    host = ""
    with contextlib.suppress(ValueError):
        host = urlsplit(url).hostname or ""
    return httpx.AsyncClient(
        headers={"user-agent": USER_AGENT},
        timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
        limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=KEEP_QUIET_S),
        # Credentials would follow to wherever an answer points.
        follow_redirects=False,
        # A gateway of the own network is not behind the proxy that leads out of it.
        trust_env=not is_own(host),
    )
