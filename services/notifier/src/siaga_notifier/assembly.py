"""The notifier's parts, put together; what serves a port or reads files is the process's (app.py)."""

import time
from dataclasses import dataclass, replace

from siaga_kit.publishing import Publisher
from siaga_kit.service import Runtime

from siaga_notifier.adapters import hashes
from siaga_notifier.adapters.dues import Dues
from siaga_notifier.adapters.hashes import Hashes
from siaga_notifier.adapters.link_book import LinkBook
from siaga_notifier.adapters.store import Store
from siaga_notifier.closing import Closing
from siaga_notifier.core.outcomes import Outcome
from siaga_notifier.engine import Engine
from siaga_notifier.guide import Following, Guide
from siaga_notifier.inbox import Inbox
from siaga_notifier.providers import Surroundings, made, shared
from siaga_notifier.pushing import Pushing
from siaga_notifier.registry import Registry
from siaga_notifier.sender import InHand, Sender
from siaga_notifier.surely import SurePublisher
from siaga_notifier.unit_work import Tools


@dataclass(frozen=True, slots=True)
class Parts:
    """What the process runs, serves and tells of changes."""

    following: Following
    hashes: Hashes
    store: Store
    inbox: Inbox
    links: LinkBook
    registry: Registry
    sender: Sender
    engine: Engine
    pushing: Pushing

    def know(self, guide: Guide) -> None:
        """The tenants' files say this from now on."""
        self.following.know(guide)
        self.inbox.know(guide.directory)
        self.pushing.know(guide.crews)
        for tenant, policy in guide.policies.items():
            self.registry.serve(tenant, policy.providers)


def parts(runtime: Runtime, guide: Guide, publisher: Publisher) -> Parts:
    """Make them; nothing runs yet."""
    settings = runtime.settings
    secret = settings.caller_secret.get_secret_value().encode()
    redis = hashes.client(settings.redis.url)
    held = Hashes(redis)
    store = Store(held, secret)
    following = Following(guide)
    sure = SurePublisher(publisher, runtime.stop)
    closing = Closing(store)

    # The inbox answers through the providers, and these hand to the inbox: one of the two has to be named later.
    async def say(number: str, text: str) -> Outcome:
        directory = following.now.directory
        tenant = directory.tenant_of_unit.get(directory.unit_of_phone.get(number, ""))
        return await registry.say(tenant, number, text)

    inbox = Inbox(store, sure.publish, say, guide.directory, now_ms, closing)
    pushing = Pushing(runtime, guide.crews, publisher, inbox, now_ms)
    around = Surroundings(settings, inbox, pushing.devices, now_ms, sure.publish, following.words_of)
    registry = Registry(lambda tenant, spec: made(spec, replace(around, tenant=tenant)), now_ms)
    registry.share(shared(around))

    def at_work(hand: InHand) -> frozenset[str]:
        return following.now.on_duty(hand.order, hand.named, now_ms())

    links = LinkBook(held, secret, settings.notifier.public_url, lambda tenant: following.policy(tenant).link_hours)
    sender = Sender(registry, following.words_of)
    tools = Tools(store, Dues(held, settings.instance, now_ms), registry, sender, sure.publish, now_ms, at_work)
    engine = Engine(tools, following.policy, links.link)
    closing.look = engine.heard
    made_parts = Parts(following, held, store, inbox, links, registry, sender, engine, pushing)
    made_parts.know(guide)
    runtime.on_stop(redis.aclose)
    runtime.on_stop(store.flush)
    return made_parts


def now_ms() -> int:
    """The wall clock, epoch milliseconds."""
    return time.time_ns() // 1_000_000
