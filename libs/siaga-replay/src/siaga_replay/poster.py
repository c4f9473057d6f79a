"""Posts recorded requests to the front door, at the recorded pace or as fast as it takes them."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import aiohttp

from siaga_replay.answers import Receipt, read_answer, unanswered
from siaga_replay.lanes import Lane, lane_of
from siaga_replay.requests import BadLine, Request

# More at once only wait in the front door's own queue.
MAX_IN_FLIGHT: Final = 16
# Requests read ahead of a lane. It also bounds how far one lane runs ahead of another: reading stops at a full lane.
LANE_DEPTH: Final = 64
# A front door that was killed is back within seconds; one that is away for longer is a finding, not something to wait for.
PATIENCE_S: Final = 120.0
REQUEST_TIMEOUT_S: Final = 30.0
FIRST_BACKOFF_S: Final = 0.1
LONGEST_BACKOFF_S: Final = 2.0
LONGEST_RETRY_AFTER_S: Final = 10.0
# Answers that say "later", and one that says "broken": that may be this request's own fault, so it gets few tries.
LATER: Final = frozenset({408, 425, 429, 502, 503, 504})
BROKEN: Final = 500
TRIES_WHEN_BROKEN: Final = 3
# Nothing of the file would be taken: stop instead of collecting 50,000 refusals.
LOCKED_OUT: Final = frozenset({401, 403})
# When the request was recorded to arrive: what carries no time of its own happened then.
ARRIVED_AT_HEADER: Final = "X-Siaga-Arrived-At"


class FrontDoorLocked(Exception):  # noqa: N818 - a state of the door, told with its remedy
    """The front door takes nothing from us."""


class Poster:
    """Posts requests lane by lane; every receipt goes to `on_receipt`, every bad line to `on_bad_line`."""

    def __init__(
        self,
        intake_url: str,
        token: str | None,
        *,
        on_receipt: Callable[[Receipt], None],
        on_bad_line: Callable[[BadLine], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._url = intake_url.rstrip("/")
        self._token = token
        self._on_receipt = on_receipt
        self._on_bad_line = on_bad_line
        self._patience_s = patience_s
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._lanes: dict[Lane, asyncio.Queue[Request | None]] = {}

    async def post(self, requests: Iterable[Request | BadLine], speed: float | None) -> None:
        """Post all; `speed` 60 = a recorded minute in a second, None = as fast as they are taken."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=MAX_IN_FLIGHT)
        shut: FrontDoorLocked | None = None
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                asyncio.TaskGroup() as group,
            ):
                await self._feed(requests, speed, group, session)
        except* FrontDoorLocked as locked:
            shut = next(each for each in _leaves(locked) if isinstance(each, FrontDoorLocked))
        # Raised here, not above: what leaves an `except*` is a group again, and the caller waits for the one.
        if shut is not None:
            raise shut

    async def _feed(
        self,
        requests: Iterable[Request | BadLine],
        speed: float | None,
        group: asyncio.TaskGroup,
        session: aiohttp.ClientSession,
    ) -> None:
        pace = _Pace(speed)
        for request in requests:
            if isinstance(request, BadLine):
                self._on_bad_line(request)
                continue
            await pace.wait_for(request.at_ms)
            lane = lane_of(request)
            if lane not in self._lanes:
                self._lanes[lane] = asyncio.Queue(LANE_DEPTH)
                group.create_task(self._work(self._lanes[lane], session))
            await self._lanes[lane].put(request)
        for queue in self._lanes.values():
            await queue.put(None)

    async def _work(self, queue: asyncio.Queue[Request | None], session: aiohttp.ClientSession) -> None:
        while request := await queue.get():
            async with self._slots:
                self._on_receipt(await self._until_answered(session, request))

    async def _until_answered(self, session: aiohttp.ClientSession, request: Request) -> Receipt:
        headers = self._headers(request)
        give_up_at = time.monotonic() + self._patience_s
        backoff_s, broken = FIRST_BACKOFF_S, 0
        while True:
            retry_after_s = 0.0
            try:
                async with session.post(self._url + request.path, data=request.body, headers=headers) as response:
                    body = await response.read()
                    if response.status in LOCKED_OUT:
                        raise FrontDoorLocked(_locked(self._url, response.status))
                    broken += response.status == BROKEN
                    if response.status not in LATER and not (response.status == BROKEN and broken < TRIES_WHEN_BROKEN):
                        return read_answer(request, response.status, body)
                    retry_after_s = _retry_after_s(response.headers.get("Retry-After", ""))
            except (aiohttp.ClientError, TimeoutError):
                # Not known whether it was taken: ids come from the content, so sending it again changes nothing.
                pass
            wait_s = max(backoff_s, retry_after_s)
            if time.monotonic() + wait_s > give_up_at:
                return unanswered(request)
            await asyncio.sleep(wait_s)
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {"Content-Type": "application/json", ARRIVED_AT_HEADER: str(request.at_ms), **request.headers}
        if self._token and not any(name.lower() == "authorization" for name in headers):
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


class _Pace:
    """Holds requests back until their recorded time, scaled."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._first: tuple[int, float] | None = None

    async def wait_for(self, at_ms: int) -> None:
        if self._speed is None:
            return
        if self._first is None:
            self._first = at_ms, time.monotonic()
        first_ms, started = self._first
        due = started + (at_ms - first_ms) / 1_000 / self._speed
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each


def _retry_after_s(value: str) -> float:
    try:
        return min(max(float(value), 0.0), LONGEST_RETRY_AFTER_S)
    except ValueError:
        return 0.0


def _locked(url: str, status: int) -> str:
    return f"{url} answered {status}: its token is not ours; name the stack's token or record requests with their own"
