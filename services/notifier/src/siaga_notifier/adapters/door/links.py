"""Where a crew answers by its signed link. Looking changes nothing: previews and scanners fetch every link they see."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

import structlog
from siaga_kit import telemetry
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siaga_notifier.adapters.door import link_page
from siaga_notifier.adapters.door.link_page import BUTTONS, Shown, notice
from siaga_notifier.adapters.door.requests import body_of
from siaga_notifier.adapters.link_book import LinkBook, Page
from siaga_notifier.core.links import Signed
from siaga_notifier.core.model import LINK, Task, UnitAnswer, UnitStatus

log = structlog.get_logger()

# `status=on_scene` and what browsers may add; more is no form of ours.
MAX_BODY_BYTES: Final = 1024
# With the broker away a crew must learn that its word is not in yet, while it still looks at the page.
ANSWER_WITHIN_S: Final = 8.0
WINDOW_MS: Final = 60_000
# A crew presses four times in an hour; a phone that presses by itself must not keep the broker busy.
ANSWERS_A_WINDOW: Final = 30
# Whoever tries tokens out is refused before anything is looked up; a crew's own link is never among these.
STRANGERS_A_WINDOW: Final = 300

_UNKNOWN: Final = (
    "Tautan tidak dikenal",
    "Periksa tautan di SMS tugas, atau balas SMS itu: 1 meluncur, 2 tiba, 3 selesai, 0 tolak.",
)
_EXPIRED: Final = (
    "Tautan sudah tidak berlaku",
    "Untuk tugas yang masih berjalan, balas SMS tugas atau hubungi operator 112.",
)
_WRONG: Final = ("Jawaban tidak dikenal", "Kembali ke laman tugas dan tekan salah satu tombol.")
_OFTEN: Final = ("Terlalu sering", "Tunggu satu menit, lalu coba lagi. Balasan SMS tetap diterima.")
_LATER: Final = ("Jawaban belum tersimpan", "Coba lagi sebentar lagi, atau balas SMS tugas.")


@dataclass(frozen=True, slots=True)
class Local:
    """What a centre adds to its pages."""

    type_labels: Mapping[str, str]
    zone: tzinfo


class LinkDoor:
    """Answers requests for links. `task` tells what is remembered of an order, `answer` takes a crew's word."""

    def __init__(
        self,
        book: LinkBook,
        answer: Callable[[UnitAnswer], Awaitable[None]],
        task: Callable[[str], Awaitable[Task | None]],
        local: Callable[[str], Local | None],
        clock_ms: Callable[[], int],
    ) -> None:
        self._book = book
        self._answer = answer
        self._task = task
        self._local = local
        self._clock_ms = clock_ms
        self._counts: dict[str, int] = {}
        self._window = 0

    async def handle(self, request: Request) -> Response:
        """GET shows the task, POST says something of it."""
        now_ms = self._clock_ms()
        signed = self._book.verify(request.path_params["token"])
        if signed is None:
            known = self._within("", STRANGERS_A_WINDOW, now_ms)
            return _refused(HTTPStatus.NOT_FOUND, _UNKNOWN) if known else _refused(HTTPStatus.TOO_MANY_REQUESTS, _OFTEN)
        found = None if signed.expired(now_ms) else await self._book.page(signed.reference)
        if found is None:
            return _refused(HTTPStatus.GONE, _EXPIRED)
        page, said = found
        shown = await self._shown(page, said)
        if request.method == "POST" and not shown.ended:
            return await self._said(request, signed, page, said)
        return _html(HTTPStatus.GONE if shown.ended else HTTPStatus.OK, link_page.task(shown))

    async def _said(self, request: Request, signed: Signed, page: Page, said: Mapping[UnitStatus, int]) -> Response:
        now_ms = self._clock_ms()
        if not self._within(signed.reference, ANSWERS_A_WINDOW, now_ms):
            return _refused(HTTPStatus.TOO_MANY_REQUESTS, _OFTEN)
        status = _pressed(await body_of(request, MAX_BODY_BYTES))
        if status is None:
            return _refused(HTTPStatus.BAD_REQUEST, _WRONG)
        if status not in said:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._answer(UnitAnswer(page.unit_id, page.order_id, status, via=LINK))
            except TimeoutError:
                log.warning("answer by link not published in time", unit_id=page.unit_id)
                return _refused(HTTPStatus.SERVICE_UNAVAILABLE, _LATER)
            await self._book.say(signed.reference, status, now_ms)
            telemetry.counter("siaga.notify.attempts").add(1, {"channel": LINK, "result": "pressed"})
        # Seen again by GET: a reload of the page must not say it twice.
        return Response(
            status_code=HTTPStatus.SEE_OTHER, headers={**link_page.HEADERS, "Location": request.path_params["token"]}
        )

    async def _shown(self, page: Page, said: Mapping[UnitStatus, int]) -> Shown:
        task = await self._task(page.order_id)
        local = self._local(page.tenant) or Local({}, UTC)
        return Shown(
            task_code=page.task_code,
            priority=page.priority,
            type_label=local.type_labels.get(page.type, page.type),
            address=page.address,
            map=page.map,
            unit_name=page.unit_name,
            confidential=page.confidential,
            said={
                status: f"{datetime.fromtimestamp(at_ms / 1000, local.zone):%H.%M}" for status, at_ms in said.items()
            },
            over=task is not None and not task.open,
        )

    def _within(self, who: str, most: int, now_ms: int) -> bool:
        """Whether so many were not reached yet in this minute; counts this one."""
        window = now_ms // WINDOW_MS
        if window != self._window:
            self._window, self._counts = window, {}
        self._counts[who] = self._counts.get(who, 0) + 1
        return self._counts[who] <= most


def routes(door: LinkDoor) -> list[Route]:
    """The door's part for crews' links."""
    return [Route("/a/{token}", door.handle, methods=["GET", "POST"])]


def _pressed(body: bytes) -> UnitStatus | None:
    values = parse_qs(body.decode("ascii", "replace")).get("status", [])
    return next((status for status in BUTTONS if values == [status]), None)


def _refused(status: HTTPStatus, words: tuple[str, str]) -> Response:
    return _html(status, notice(*words))


def _html(status: HTTPStatus, text: str) -> Response:
    return Response(text, status, headers=dict(link_page.HEADERS), media_type="text/html; charset=utf-8")
