"""All that the notifier's door serves: each part brings its own routes."""

from starlette.routing import BaseRoute

from siaga_notifier.adapters.door import links
from siaga_notifier.adapters.door.links import LinkDoor, Local
from siaga_notifier.adapters.http_sms import receipts_door
from siaga_notifier.adapters.whatsapp import webhook
from siaga_notifier.assembly import Parts, now_ms


def routes(made: Parts) -> list[BaseRoute]:
    """Devices, crews' links, and what providers tell."""

    def local(tenant: str) -> Local | None:
        zone = made.following.now.zones.get(tenant)
        return None if zone is None else Local(made.following.words_of(tenant).type_labels, zone)

    link_door = LinkDoor(made.links, made.inbox.unit_answer, made.inbox.task, local, now_ms)
    return [
        *made.pushing.routes(),
        *links.routes(link_door),
        *receipts_door.routes(made.registry.find, made.inbox),
        *webhook.routes(made.registry.find),
    ]
