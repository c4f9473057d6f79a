"""Who may sign a device in: what the tenants' files say of tokens, of the devices that units are reached by, and of keys."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog
from siaga_tenants import Source, Tenant, Tenants

from siaga_notifier.adapters.push.vapid import public_key
from siaga_notifier.core.devices import PUSH_CHANNELS, Device
from siaga_notifier.core.model import WEBPUSH

log = structlog.get_logger()

# The same sources whose word intake takes for where units are.
SPEAKS_FOR_UNITS: Final = "tracker"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is. `until_ms` is set on one that was replaced; 0 = it is the one of now."""

    tenant: str
    source: Source
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class Crews:
    """What is known at one time; a change of the files makes a new one."""

    # By the SHA-256 of the token.
    holders: Mapping[str, Holder] = field(default_factory=dict)
    # Units by tenant, channel and device.
    units: Mapping[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    # What browsers subscribe by, by tenant: base64url.
    push_keys: Mapping[str, str] = field(default_factory=dict)

    def holder(self, token: str, now_ms: int) -> Holder | str:
        """Whose the token is, or why it opens nothing."""
        held = self.holders.get(hashlib.sha256(token.encode()).hexdigest())
        if held is None:
            return "unknown token"
        if held.until_ms and now_ms > held.until_ms:
            return "this token was replaced; ask the centre for the new one"
        if held.source.disabled:
            return f"source {held.source.name} is disabled: `./siaga source enable` lets it in again"
        if held.source.test:
            return f"source {held.source.name} is for exercises, which reach no unit"
        return held

    def unit_of(self, holder: Holder, channel: str, device: str, wanted: str) -> str:
        """The unit that the device signs in for; `wanted` empty = the only one. Raises PermissionError with the reason.

        A source speaks for the device of its name alone: a token that vehicles tell positions by reads no orders, and a
        phone that is lost loses one.
        """
        own = holder.source.instance
        if own != device:
            raise PermissionError(
                f"the token of {holder.source.name} signs in the device {own!r} and no other; "
                f"`./siaga source add tracker/{device}` makes this one's"
            )
        units = self.units.get((holder.tenant, channel, device), ())
        if not units:
            raise PermissionError(
                f"no unit of {holder.tenant} has a contact {channel}:{device}; add it to the unit in units.yaml or roster.yaml"
            )
        if wanted and wanted not in units:
            raise PermissionError(f"the contacts of unit {wanted} do not name {channel}:{device}; add it there")
        if not wanted and len(units) > 1:
            raise PermissionError(f"{channel}:{device} is of several units; name one of {', '.join(units)} as unit_id")
        return wanted or units[0]

    def knows(self, device: Device) -> bool:
        """Whether the device still is one of its unit's contacts."""
        return device.unit_id in self.units.get((device.tenant, device.channel, device.device), ())


def crews(tenants: Tenants) -> Crews:
    """What the tenants' files say."""
    units: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for tenant in tenants.values():
        for unit in tenant.units:
            for contact in tenant.contacts_of(unit):
                if contact.channel in PUSH_CHANNELS:
                    name = (tenant.code, contact.channel, contact.address)
                    units[name] = tuple(dict.fromkeys((*units.get(name, ()), unit.unit_id)))
    return Crews(
        {digest: held for tenant in tenants.values() for digest, held in _holders(tenant)},
        units,
        {code: key for code, tenant in tenants.items() if (key := _push_key(tenant))},
    )


def _holders(tenant: Tenant) -> list[tuple[str, Holder]]:
    found: list[tuple[str, Holder]] = []
    for source in tenant.sources:
        if source.kind != SPEAKS_FOR_UNITS:
            continue
        if source.previous_token_sha256:
            found.append((source.previous_token_sha256, Holder(tenant.code, source, source.previous_until_ms)))
        if source.token_sha256:
            found.append((source.token_sha256, Holder(tenant.code, source)))
    return found


def _push_key(tenant: Tenant) -> str:
    """A subscription is good for one key only: with several providers, the first one's."""
    spec = next((each for each in tenant.notify.providers if each.kind == WEBPUSH), None)
    if spec is None:
        return ""
    try:
        return public_key(Path(spec.settings["vapid_key_file"]))
    except (OSError, ValueError) as error:
        log.error(  # noqa: TRY400  (the words say all)
            "the key for Web Push cannot be read", tenant=tenant.code, error=str(error)
        )
        return ""


def session(secret: bytes, device: Device) -> str:
    """What a signed-in device shows from then on. It ends with the registration that it was made for."""
    return f"{device.key}.{device.signed_in_at_ms}.{_seal(secret, device)}"


def in_session(secret: bytes, shown: str, device: Device | None) -> bool:
    """Whether this was made for the registration that holds now."""
    return device is not None and hmac.compare_digest(session(secret, device).encode(), shown.encode())


def key_of(shown: str) -> str:
    """The key of the registration that a session names; empty when it is no session."""
    key, _, rest = shown.partition(".")
    return key if rest.count(".") == 1 else ""


def _seal(secret: bytes, device: Device) -> str:
    # With the token in it, a session says nothing to whoever can only read when a device was signed in.
    said = "|".join(("device-session", device.key, str(device.signed_in_at_ms), device.token))
    return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()
