"""What crews say by WhatsApp: the grammar and the rules of SMS, answered by the way that it came."""

from collections.abc import Sequence

import pytest
from notifier_samples import NOW_MS
from notifier_smsc import free_port
from siaga.v1.notification_pb2 import NOTIFICATION_STATE_ACKNOWLEDGED, NotificationEvent
from siaga.v1.unit_pb2 import UNIT_STATUS_EN_ROUTE, UNIT_STATUS_MAYDAY, UNIT_STATUS_UNSPECIFIED, UnitReport
from siaga_kit.records import Outgoing
from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.store import Store
from siaga_notifier.core.model import WHATSAPP, OrderKind, PhoneMessage, Task
from siaga_notifier.core.outcomes import Accepted, Outcome
from siaga_notifier.inbox import Directory, Inbox

CREW, IDLE, STRANGER = "+6281100000114", "+6281100000009", "+6281100000666"


class Office:
    """An inbox without servers, and all that leaves it."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []
        self.by_sms: list[str] = []
        self.by_whatsapp: list[str] = []
        store = Store(Hashes(hashes.client(f"redis://127.0.0.1:{free_port()}/0")), b"secret")
        task = Task("order-1", "36.73", "incident-1", "unit-114", OrderKind.DISPATCH, "114", NOW_MS, NOW_MS)
        store.put_task(task, [CREW])
        directory = Directory(frozenset({IDLE}), {"unit-9": "36.73"}, {IDLE: "unit-9"})
        self._inbox = Inbox(store, self._publish, self._say_by_sms, directory, lambda: NOW_MS)

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.published.extend(outgoing)

    async def _say_by_sms(self, number: str, text: str) -> Outcome:
        self.by_sms.append(text)
        return Accepted("sms")

    async def _say_by_whatsapp(self, number: str, text: str) -> Outcome:
        self.by_whatsapp.append(text)
        return Accepted("wamid")

    async def hear(
        self, source: str, text: str, lat: float | None = None, lon: float | None = None, tenant: str = "36.73"
    ) -> None:
        await self._inbox.message(PhoneMessage(source, text, WHATSAPP, lat, lon, tenant), self._say_by_whatsapp)

    def reports(self) -> list[UnitReport]:
        return [record.message for record in self.published if isinstance(record.message, UnitReport)]


@pytest.fixture
def office() -> Office:
    return Office()


async def test_an_answer_is_a_report_and_closes_the_loop(office: Office) -> None:
    await office.hear(CREW, "1 #114", -6.11, 106.15)
    (report,) = office.reports()
    assert (report.status, report.via, report.order_id) == (UNIT_STATUS_EN_ROUTE, "whatsapp", "order-1")
    assert (report.position.lat, report.position.lon) == (-6.11, 106.15)
    (event,) = [record.message for record in office.published if isinstance(record.message, NotificationEvent)]
    assert (event.state, event.channel) == (NOTIFICATION_STATE_ACKNOWLEDGED, "whatsapp")


async def test_said_twice_it_is_one_report(office: Office) -> None:
    await office.hear(CREW, "1 #114")
    await office.hear(CREW, "1 #114")
    assert len({report.report_id for report in office.reports()}) == 1


async def test_a_question_goes_back_by_whatsapp(office: Office) -> None:
    await office.hear(CREW, "sebentar ya pak kami siapkan dulu")
    assert office.by_sms == []
    assert office.by_whatsapp[0].startswith("Maaf, balasan tidak dimengerti")
    assert office.published == []


async def test_where_a_crew_is_answers_nothing(office: Office) -> None:
    await office.hear(CREW, "", -6.11, 106.15)
    (report,) = office.reports()
    assert (report.status, report.unit_id, report.order_id) == (UNIT_STATUS_UNSPECIFIED, "unit-114", "")
    assert (report.position.lat, report.position.source) == (-6.11, "gps")
    assert len(office.published) == 1


async def test_distress_without_a_task_is_of_the_phones_unit(office: Office) -> None:
    await office.hear(IDLE, "MAYDAY")
    (report,) = office.reports()
    assert (report.status, report.unit_id, report.via) == (UNIT_STATUS_MAYDAY, "unit-9", "whatsapp")


@pytest.mark.parametrize("source", [STRANGER, "PROMO"])
async def test_strangers_are_refused_and_not_answered(office: Office, source: str) -> None:
    await office.hear(source, "1 #114")
    await office.hear(source, "", -6.11, 106.15)
    assert (office.published, office.by_whatsapp, office.by_sms) == ([], [], [])


@pytest.mark.parametrize(("source", "text"), [(CREW, "1 #114"), (IDLE, ""), (IDLE, "1 #114")])
async def test_another_centres_provider_says_nothing_of_this_ones_crews(office: Office, source: str, text: str) -> None:
    lat, lon = (None, None) if text else (-6.11, 106.15)
    await office.hear(source, text, lat, lon, tenant="32.14")
    assert office.published == []


async def test_a_cry_for_help_is_heard_by_whatever_provider(office: Office) -> None:
    await office.hear(IDLE, "MAYDAY", tenant="32.14")
    (report,) = office.reports()
    assert (report.tenant, report.unit_id, report.status) == ("36.73", "unit-9", UNIT_STATUS_MAYDAY)
