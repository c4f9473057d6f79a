"""The WhatsApp Cloud API as a channel: one request a message, and what its answer means."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
from siaga_contracts.callers import e164
from siaga_tenants.model import ProviderSpec

from siaga_notifier.adapters.secret_file import SecretError, SecretFile
from siaga_notifier.core.message import Words
from siaga_notifier.core.model import WHATSAPP, Attempt, UnitStatus
from siaga_notifier.core.outcomes import Accepted, Outcome, Permanent, Temporary, Unknown
from siaga_notifier.core.whatsapp.errors import UNTIL_MENDED_S, refusal
from siaga_notifier.core.whatsapp.template import USUAL_BUTTONS, Template, template_message, text_message
from siaga_notifier.inbox import Inbox

log = structlog.get_logger()

GRAPH_URL: Final = "https://graph.facebook.com"
# Meta serves a version for two years at least; a centre may name another.
API_VERSION: Final = "v23.0"
# All of it together is shorter than the step of any plan: a hanging API must not outlast the next way's turn.
TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
AWAY_S: Final = 5.0
# As many requests at once as an alarm of a whole brigade needs; the rate is the engine's to keep.
LIMITS: Final = httpx.Limits(max_connections=32, keepalive_expiry=60.0)

# Reading all authorities takes a tenth of a second: once for all numbers of all centres.
_tls = cache(httpx.create_ssl_context)

WordsOf = Callable[[str], Words]


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """What a centre says of its number at Meta; files are absolute."""

    phone_number_id: str
    token_file: Path
    app_secret_file: Path
    verify_token_sha256: str
    template: Template
    url: str = GRAPH_URL
    api_version: str = API_VERSION


def cloud_settings(settings: Mapping[str, Any]) -> CloudSettings:
    """As `notify.yaml` has it, already checked by its reader."""
    buttons = tuple(UnitStatus(name) for name in settings.get("buttons", ())) or USUAL_BUTTONS
    return CloudSettings(
        phone_number_id=settings["phone_number_id"],
        token_file=Path(settings["token_file"]),
        app_secret_file=Path(settings["app_secret_file"]),
        verify_token_sha256=settings["verify_token_sha256"],
        template=Template(settings["template"], settings["language"], buttons, settings.get("stand_down_template", "")),
        url=str(settings.get("url") or GRAPH_URL).rstrip("/"),
        api_version=settings.get("api_version") or API_VERSION,
    )


class WhatsAppCloud:
    """A number of the centre's at Meta. The webhook's half of it is in webhook.py."""

    channel: Final = WHATSAPP
    # Meta gives our key back with each status, but sends again whatever is handed over again.
    keyed: Final = False
    confirms: Final = True

    def __init__(self, spec: ProviderSpec, tenant: str, inbox: Inbox, words: WordsOf) -> None:
        self.provider_id = spec.provider_id
        self.tenant = tenant
        self.settings = cloud_settings(spec.settings)
        self.inbox = inbox
        self.app_secret = SecretFile(self.settings.app_secret_file)
        self._words = words
        self._token = SecretFile(self.settings.token_file)
        self._client = httpx.AsyncClient(timeout=TIMEOUT, limits=LIMITS, verify=_tls())
        self._url = f"{self.settings.url}/{self.settings.api_version}/{self.settings.phone_number_id}/messages"
        # Why nothing goes out, and the token with which that was so: a new one may mend it.
        self._trouble: tuple[str, tuple[int, int, int] | None] | None = None

    def trouble(self) -> str | None:
        """Why nothing can be sent now; None when something can."""
        if self._trouble is not None and self._token.state() == self._trouble[1]:
            return self._trouble[0]
        try:
            self._token.read()
        except SecretError as error:
            return str(error)
        return None

    async def run(self) -> None:
        """Keep the connections, until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._client.aclose()

    async def send(self, attempt: Attempt) -> Outcome:
        """Send an order as the centre's template."""
        number = e164(attempt.address)
        if number is None:
            return Permanent("no phone number")
        message = template_message(attempt, number, self.settings.template, self._words(attempt.order.tenant))
        return await self._post(message)

    async def say(self, number: str, text: str) -> Outcome:
        """Say something to whoever has just written; `number` in E.164."""
        return await self._post(text_message(number, text))

    async def _post(self, message: Mapping[str, Any]) -> Outcome:
        try:
            token = self._token.read().decode()
        except (SecretError, UnicodeDecodeError) as error:
            return Temporary(str(error), UNTIL_MENDED_S, down=True)
        try:
            answer = await self._client.post(
                self._url, json=message, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Temporary(f"Meta cannot be reached: {type(error).__name__}", AWAY_S, down=True)
        except httpx.HTTPError as error:
            return Unknown(f"no answer from Meta: {type(error).__name__}")
        return self._understood(answer)

    def _understood(self, answer: httpx.Response) -> Outcome:
        body = _body(answer)
        if answer.is_success:
            self._trouble = None
            name = _message_id(body)
            return Accepted(name) if name else Unknown("Meta took it and gave no id")
        meant = refusal(answer.status_code, _error_code(body), _retry_after_s(answer))
        if meant.trouble is not None:
            if self.trouble() is None:
                log.error("WhatsApp cannot send", provider=self.provider_id, reason=meant.trouble)
            self._trouble = (meant.trouble, self._token.state())
        return meant.outcome


def _body(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _message_id(body: Mapping[str, Any]) -> str | None:
    match body.get("messages"):
        case [{"id": str(name)}, *_] if name:
            return name
        case _:
            return None


def _error_code(body: Mapping[str, Any]) -> int | None:
    match body.get("error"):
        case {"code": bool()}:
            return None
        case {"code": int(code)}:
            return code
        case _:
            return None


def _retry_after_s(answer: httpx.Response) -> float | None:
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() and len(told) < 6 else None
