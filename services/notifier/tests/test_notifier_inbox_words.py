"""What crews say in their centre's own words, by a link, or out of politeness."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from notifier_samples import NOW_MS
from notifier_smsc import free_port
from siaga.v1.unit_pb2 import (
    UNIT_STATUS_CLEAR,
    UNIT_STATUS_DELAYED,
    UNIT_STATUS_EN_ROUTE,
    UNIT_STATUS_UNSPECIFIED,
    UnitReport,
)
from siaga_kit.records import Outgoing
from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.store import Store
from siaga_notifier.core.model import OrderKind, PhoneMessage, Task, UnitAnswer
from siaga_notifier.core.outcomes import Accepted, Outcome
from siaga_notifier.guide import guide
from siaga_notifier.inbox import Directory, Inbox
from siaga_tenants import load_tenants
from siaga_tenants.model import Tenants
from siaga_tenants.terms import OwnStatus, Terms

TENANTS = Path(__file__).parents[3] / "tenants"
UNIT = "3673-DMK-01"
TERMS = Terms(statuses={"istirahat": OwnStatus("istirahat", "off_duty", "sedang istirahat")}, labels={"clear": "kelar"})


class Office:
    """An inbox that knows one centre's units and words."""

    def __init__(self, directory: Directory) -> None:
        self.reports: list[UnitReport] = []
        self.said: list[str] = []
        self.number = next(number for number, unit in directory.unit_of_phone.items() if unit == UNIT)
        self.store = Store(Hashes(hashes.client(f"redis://127.0.0.1:{free_port()}/0")), b"secret")
        self.inbox = Inbox(self.store, self._publish, self._say, directory, lambda: NOW_MS)

    def give_task(self) -> None:
        task = Task("order-1", "36.73", "incident-1", UNIT, OrderKind.DISPATCH, "114", NOW_MS, NOW_MS)
        self.store.put_task(task, [self.number])

    async def hear(self, text: str) -> None:
        await self.inbox.message(PhoneMessage(self.number, text))

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.reports += [record.message for record in outgoing if isinstance(record.message, UnitReport)]

    async def _say(self, number: str, text: str) -> Outcome:
        self.said.append(text)
        return Accepted("1")


@pytest.fixture(scope="module")
def directory() -> Directory:
    serang = replace(load_tenants(TENANTS)["36.73"], terms=TERMS)
    return guide(Tenants({"36.73": serang})).directory


@pytest.fixture
def office(directory: Directory) -> Office:
    return Office(directory)


async def test_own_words_are_reported_under_the_centres_own_code(office: Office) -> None:
    await office.hear("Sedang istirahat")
    report = office.reports.pop()
    assert (report.status, report.status_code, report.order_id) == (UNIT_STATUS_UNSPECIFIED, "istirahat", "")
    office.give_task()
    await office.hear("macet")
    await office.hear("kelar #114")
    late, done = office.reports
    assert (late.status, late.order_id) == (UNIT_STATUS_DELAYED, "order-1")
    assert (done.status, done.order_id) == (UNIT_STATUS_CLEAR, "order-1")


async def test_thanks_with_nothing_open_are_not_answered(office: Office) -> None:
    await office.hear("Terima kasih ndan")
    assert (office.reports, office.said) == ([], [])


async def test_an_answer_by_link_says_how_it_came(office: Office) -> None:
    office.give_task()
    await office.inbox.unit_answer(UnitAnswer(UNIT, "order-1", "en_route", via="link"))
    report = office.reports.pop()
    assert (report.status, report.via, report.order_id) == (UNIT_STATUS_EN_ROUTE, "link", "order-1")
