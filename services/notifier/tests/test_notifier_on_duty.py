"""A later step of a plan never wakes a crew whose shift has ended meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from notifier_samples import NOW_MS, order
from siaga.v1.unit_pb2 import UNIT_KIND_DAMKAR
from siaga.v1.unit_pb2 import Contact as Listed
from siaga_notifier.adapters import codec
from siaga_notifier.core.model import Contact, OrderKind
from siaga_notifier.core.on_duty import on_duty
from siaga_notifier.core.routes import routes
from siaga_tenants.model import Contact as ListedContact
from siaga_tenants.model import Duty, Roster, Shift

DAY, NIGHT, POST = "+6281100000001", "+6281100000002", "+6281100000003"
EVERY_DAY = frozenset(range(7))
ROSTER = Roster(
    by_kind={
        "damkar": Duty(
            (
                Shift("day", EVERY_DAY, 8 * 60, 20 * 60, (ListedContact("sms", DAY), ListedContact("sms", POST))),
                Shift("night", EVERY_DAY, 20 * 60, 32 * 60, (ListedContact("sms", NIGHT),)),
            )
        )
    }
)
MESSAGE = order("114", contacts=tuple(Listed(channel="sms", address=number) for number in (POST, DAY, NIGHT)))
MESSAGE.unit_kind = UNIT_KIND_DAMKAR
ORDER = codec.order(MESSAGE)


def at(hour: int) -> int:
    day = datetime.fromtimestamp(NOW_MS / 1000, UTC).replace(hour=hour, minute=0)
    return int(day.timestamp() * 1000)


@pytest.mark.parametrize(
    ("kind", "hour", "reached"),
    [
        (OrderKind.DISPATCH, 9, {POST, DAY}),
        (OrderKind.DISPATCH, 21, {POST, NIGHT}),
        (OrderKind.DISPATCH, 7, {POST, NIGHT}),
        # It was told of the task, so it is told that it is over.
        (OrderKind.STAND_DOWN, 21, {POST, DAY, NIGHT}),
    ],
)
def test_who_is_reached(kind: OrderKind, hour: int, reached: set[str]) -> None:
    named = routes(ORDER.contacts)
    own = frozenset({Contact("sms", POST)})
    found = on_duty(replace(ORDER, kind=kind), named, own, ROSTER, UTC, at(hour))
    assert {named[route].address for route in found} == reached


def test_whom_no_roster_names_is_always_reached() -> None:
    named = routes(ORDER.contacts)
    assert on_duty(ORDER, named, frozenset(), Roster(), UTC, at(3)) == named.keys()
