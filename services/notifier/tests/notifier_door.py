"""The door for devices with an inbox that keeps what it is told, for tests."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

from notifier_push import ORDER, TRUSTED, Registry, now_ms
from siaga_notifier.adapters.door.requests import on_http_error
from siaga_notifier.adapters.push import pages
from siaga_notifier.adapters.push.crews import Crews, Holder
from siaga_notifier.adapters.push.devices_door import DevicesDoor, Mailbox
from siaga_notifier.core.device_words import Shown
from siaga_notifier.core.devices import Device
from siaga_notifier.core.model import FCM, WEBPUSH, Task, UnitAnswer, task_of
from siaga_tenants import Source
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

TOKEN, SECOND, FLEET = "token-of-hp-1", "token-of-hp-2", "token-of-vehicles"
TEST, OFF, OLD = "token-of-drills", "token-disabled", "token-of-before"
UNIT, OTHER = ORDER.unit_id, "3673-PKM-01"
ENDPOINT = "https://push.example/abc"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def held(instance: str, **more: Any) -> Holder:
    return Holder("36.73", Source("tracker", instance, **more))


CREWS = Crews(
    {
        digest(TOKEN): held("hp-1"),
        digest(SECOND): held("hp-2"),
        digest(FLEET): held("vehicles"),
        digest("hp-3"): held("hp-3"),
        digest(TEST): held("hp-1", test=True),
        digest(OFF): held("hp-1", disabled=True),
        digest(OLD): Holder("36.73", Source("tracker", "hp-1"), until_ms=1),
        digest("elsewhere"): Holder("32.14", Source("tracker", "hp-1")),
    },
    {
        ("36.73", WEBPUSH, "hp-1"): (UNIT,),
        ("36.73", WEBPUSH, "hp-2"): (UNIT, OTHER),
        ("36.73", FCM, "hp-1"): (UNIT,),
    },
    {"36.73": "BKey"},
)


@dataclass
class World:
    registry: Registry = field(default_factory=Registry)
    crews: Crews = CREWS
    answers: list[UnitAnswer] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    async def answered(self, answer: UnitAnswer) -> None:
        self.answers.append(answer)

    async def shows(self, device: Device, shown: Shown) -> None:
        self.shown.append(shown)

    async def task(self, order_id: str) -> Task | None:
        order = {"order-1": ORDER, "order-2": replace(ORDER, order_id="order-2", unit_id=OTHER)}.get(order_id)
        return None if order is None else task_of(order, 0, None)

    def application(self, secret: bytes = b"secret") -> Starlette:
        mailbox = Mailbox(self.answered, self.shows, self.task)
        door = DevicesDoor(self.registry, lambda: self.crews, mailbox, secret, TRUSTED, now_ms)
        return Starlette(routes=[*door.routes(), *pages.routes()], exception_handlers={HTTPException: on_http_error})
