"""What an operator is told who has to reach a crew by voice: which one, for which task, and what was tried in vain."""

from collections.abc import Iterable
from typing import Final

from siaga_contracts.ids import derived

from siaga_notifier.core.model import FCM, MQTT, OPERATOR, OTHER, SMS, WEBPUSH, WHATSAPP, Order

# As an operator calls them.
WAYS: Final = {
    SMS: "SMS",
    WHATSAPP: "WhatsApp",
    MQTT: "tablet",
    WEBPUSH: "aplikasi web",
    FCM: "aplikasi HP",
    OTHER: "surel atau pesan lain",
}


def alert_id(order: Order) -> str:
    """One alert for an order, however often it is raised."""
    return derived("alert", "call-crew", order.tenant, order.order_id)


def detail(order: Order, told: Iterable[str]) -> str:
    """For people; never a place, a number or a word of a call. `told` = channels that took the order."""
    unit = f"{order.unit_name} ({order.unit_id})" if order.unit_name else order.unit_id
    ways = [WAYS.get(channel, channel) for channel in dict.fromkeys(told) if channel != OPERATOR]
    tried = f"Sudah dikirim lewat {_listed(ways)} tanpa jawaban." if ways else "Belum ada pesan yang terkirim."
    return f"Telepon kru {unit}: tugas #{order.task_code} belum dijawab. {tried}"


def _listed(ways: list[str]) -> str:
    return " dan ".join(filter(None, (", ".join(ways[:-1]), ways[-1])))
