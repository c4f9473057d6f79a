"""Makes the ways out that a centre has listed; the notifier's own settings name those that all centres share."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from siaga_kit.records import Outgoing
from siaga_kit.settings import Settings, SmppSettings
from siaga_tenants.http_sms import provider
from siaga_tenants.model import ProviderSpec

from siaga_notifier.adapters.alarm.operator import OperatorAlarm
from siaga_notifier.adapters.http_sms.provider import HttpSmsProvider
from siaga_notifier.adapters.modem.modem import GsmModem
from siaga_notifier.adapters.mqtt.access import Access
from siaga_notifier.adapters.mqtt.broker import MqttBroker
from siaga_notifier.adapters.others.messengers import Messengers
from siaga_notifier.adapters.push.fcm import Fcm
from siaga_notifier.adapters.push.registry import Devices
from siaga_notifier.adapters.push.webpush import WebPush
from siaga_notifier.adapters.smpp.centre import SmsCentre
from siaga_notifier.adapters.whatsapp.cloud import WhatsAppCloud
from siaga_notifier.channel import Channel
from siaga_notifier.core.message import Words
from siaga_notifier.core.model import MQTT, PhoneMessage, UnitAnswer
from siaga_notifier.inbox import Inbox


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What providers need beside their own settings."""

    settings: Settings
    # Where receipts, phones' messages and devices' answers go.
    inbox: Inbox
    # Who has signed in, for push.
    devices: Devices
    clock_ms: Callable[[], int]
    # Returns when the broker has the records.
    publish: Callable[[Sequence[Outgoing]], Awaitable[None]]
    # A centre's texts and names of types, by its code.
    words: Callable[[str], Words] = lambda _: Words({}, {})
    # Whose provider it is; empty = all centres'.
    tenant: str = ""


def _http_sms(spec: ProviderSpec, surroundings: Surroundings) -> Channel:
    public_url = surroundings.settings.notifier.public_url
    return HttpSmsProvider(spec.provider_id, provider(spec.settings), public_url, surroundings.clock_ms)


def _heard(around: Surroundings) -> Callable[[PhoneMessage], Awaitable[None]]:
    """Where phones' messages go; a centre's own provider vouches for that centre's tasks only."""

    async def hear(message: PhoneMessage) -> None:
        await around.inbox.message(replace(message, tenant=around.tenant))

    return hear


def _smpp(settings: SmppSettings, provider_id: str, around: Surroundings) -> Channel:
    # Two centres may give the same id to two messages.
    told = partial(around.inbox.receipt, provider=provider_id)
    return SmsCentre(settings, told, _heard(around), provider_id)


def _mqtt(access: Access, provider_id: str, around: Surroundings) -> Channel:
    async def answered(answer: UnitAnswer) -> None:
        await around.inbox.unit_answer(replace(answer, tenant=around.tenant))

    told = partial(around.inbox.receipt, provider=provider_id)
    return MqttBroker(access, around.settings.instance, answered, told, around.clock_ms, provider_id)


def _modem(spec: ProviderSpec, around: Surroundings) -> Channel:
    told = partial(around.inbox.receipt, provider=spec.provider_id)
    return GsmModem(spec.settings["folder"], told, _heard(around), around.clock_ms, spec.provider_id)


# The name of the SMS centre that all centres share.
SHARED_SMS: Final = "smsc"

Factory = Callable[[ProviderSpec, Surroundings], Channel]
# By kind of provider. A new kind: an adapter, its line here, and in PROVIDER_KINDS of the tenants' vocabulary.
FACTORIES: Final[Mapping[str, Factory]] = {
    "apprise": lambda spec, _: Messengers(spec),
    "http_sms": _http_sms,
    "smpp": lambda spec, around: _smpp(SmppSettings(**spec.settings), spec.provider_id, around),
    "whatsapp_cloud": lambda spec, around: WhatsAppCloud(spec, around.tenant, around.inbox, around.words),
    "webpush": lambda spec, around: WebPush(spec, around.devices, around.clock_ms, around.settings.push.trusted_hosts),
    "fcm": lambda spec, around: Fcm(spec, around.devices, around.clock_ms),
    "modem": _modem,
    "mqtt": lambda spec, around: _mqtt(Access.own(spec.settings), spec.provider_id, around),
}


def made(spec: ProviderSpec, surroundings: Surroundings) -> Channel:
    """A centre's own provider; raises what its adapter does of settings that it cannot use."""
    return FACTORIES[spec.kind](spec, surroundings)


def shared(surroundings: Surroundings) -> tuple[Channel, ...]:
    """The providers of the notifier's own settings, for centres that name none for a channel."""
    settings = surroundings.settings
    found: list[Channel] = [
        _smpp(settings.smpp, SHARED_SMS, surroundings),
        OperatorAlarm(surroundings.publish, surroundings.clock_ms),
    ]
    if settings.mqtt.host:
        found.append(_mqtt(Access.shared(settings.mqtt), MQTT, surroundings))
    return tuple(found)
