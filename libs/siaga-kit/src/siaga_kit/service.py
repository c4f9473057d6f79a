"""How every service process starts, stays healthy and stops."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import structlog
import uvicorn
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from siaga_kit import logs, telemetry
from siaga_kit.health import Health, application
from siaga_kit.publishing import Publisher
from siaga_kit.settings import Settings

log = structlog.get_logger()

# A supervisor kills after 5 s: what is not done by then is done again after the restart.
STOP_BUDGET_S: Final = 4.0
# Redis answers in well under a millisecond; a second means it is away, and the stage must know to pause.
REDIS_TIMEOUT_S: Final = 1.0
# How a door is served: requests are counted, not logged line by line, and no header tells what runs here.
DOOR: Final[Mapping[str, Any]] = {
    "lifespan": "off", "log_config": None, "log_level": "warning", "access_log": False, "server_header": False,
}  # fmt: skip


class Runtime:
    """What a service's parts share: settings, health, publisher, Redis, and the word to stop."""

    def __init__(self, service: str, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.health = Health()
        self.stop = asyncio.Event()
        self.failed = False
        self._publisher: Publisher | None = None
        self._redis: Redis | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._callbacks: list[Callable[[], Awaitable[None]]] = []

    async def publisher(self) -> Publisher:
        """The process's one producer."""
        if self._publisher is None:
            self._publisher = Publisher(self.settings.kafka, self.service, self.settings.instance)
        return self._publisher

    def redis(self) -> Redis:
        """The process's one Redis client (bytes in, bytes out)."""
        if self._redis is None:
            self._redis = self.redis_within(REDIS_TIMEOUT_S)
        return self._redis

    def redis_within(self, timeout_s: float) -> Redis:
        """A client of its own for whom that many seconds are too long or too short; closing it is the caller's."""
        return Redis.from_url(
            self.settings.redis.url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            # One more try mends a connection that went stale; waiting for a Redis that is away is the stage's work.
            retry=Retry(NoBackoff(), 1),
        )

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        """Run a part of the service; when it fails the process ends with 1, so that the supervisor starts it anew."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self.stop.is_set():
            log.critical("part of the service failed", part=task.get_name(), error=type(error).__name__, exc_info=error)
            self.failed = True
            self.stop.set()

    def on_stop(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call this at the end, last added first."""
        self._callbacks.append(callback)

    async def sleep(self, seconds: float) -> bool:
        """Wait, but not past the word to stop; tells whether it was spoken."""
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def shut_down(self) -> None:
        """Finish what runs, within the budget; then close the clients."""
        try:
            async with asyncio.timeout(STOP_BUDGET_S):
                if self._tasks:
                    await asyncio.wait(self._tasks)
                for callback in reversed(self._callbacks):
                    await callback()
                if self._publisher is not None:
                    await self._publisher.close()
                if self._redis is not None:
                    await self._redis.aclose()
        except TimeoutError:
            log.warning("not everything ended in time; the next start does the rest again")


async def _serve_health(runtime: Runtime) -> None:
    server = QuietServer(
        uvicorn.Config(
            application(runtime.health),
            host=runtime.settings.health.host,
            port=runtime.settings.health.port,
            log_level="warning",
            access_log=False,
            lifespan="off",
        )
    )
    runtime.spawn("health", server.serve_until(runtime.stop))


class QuietServer(uvicorn.Server):
    """A server that leaves the signals to the process, and ends at the process's word to stop."""

    async def serve_until(self, stop: asyncio.Event, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `stop` is set and what has been asked is answered."""
        told = asyncio.create_task(self._exit_at(stop))
        try:
            await self._serve(sockets)
        finally:
            told.cancel()

    async def _exit_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.should_exit = True


async def _main(service: str, start: Callable[[Runtime], Awaitable[None]], settings: Settings) -> int:
    runtime = Runtime(service, settings)
    loop = asyncio.get_running_loop()
    for word in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(word, runtime.stop.set)
    # Without it a process with no check yet would be sent work that it cannot take.
    runtime.health.add("start", lambda: "not started yet")
    await _serve_health(runtime)
    await start(runtime)
    runtime.health.add("start", lambda: None)
    log.info("started", pid=os.getpid())
    await runtime.stop.wait()
    log.info("stopping")
    await runtime.shut_down()
    return 1 if runtime.failed else 0


def run(
    service: str,
    start: Callable[[Runtime], Awaitable[None]],
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Run a service until SIGTERM; `start` spawns its parts and returns. Exits with 1 when a part failed.

    `loop` makes the event loop, where a service has need of another than Python's own.
    """
    settings = Settings()
    logs.setup(service, settings.log_level)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    telemetry.setup(service, settings.instance)
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            code = runner.run(_main(service, start, settings))
    finally:
        telemetry.shutdown()
    sys.exit(code)
