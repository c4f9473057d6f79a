"""Checks that need more than one file: positions, needs that can be filled, names that stand once."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siaga_tenants.borders import BordersError
from siaga_tenants.coverage import Post
from siaga_tenants.document import Problems, Value
from siaga_tenants.model import Need, Source, Tenant, UnitSpec
from siaga_tenants.roster import ReadRoster
from siaga_tenants.terms import Terms
from siaga_tenants.vocabulary import PROVIDER_KINDS

# A post just over the border may serve the tenant; one further off is a typing error.
FARTHEST_FROM_BORDER_M: Final = 5_000
# The notifier's own settings may name providers of these for all centres.
SHARED_CHANNELS: Final = frozenset({"sms", "mqtt"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A tenant with the places in its files that later complaints point at."""

    folder: Path
    tenant: Tenant
    sources: tuple[tuple[Source, Value], ...]
    units: tuple[tuple[UnitSpec, Value], ...]
    needs: tuple[tuple[Need, Value], ...]
    roster: ReadRoster
    posts: tuple[tuple[Post, Value], ...] = ()


def check_alone(loaded: Loaded, problems: Problems) -> None:
    """What must agree within one tenant."""
    digits = loaded.tenant.code.replace(".", "")
    speeds = loaded.tenant.dispatch.speed_kmh
    for unit, place in loaded.units:
        if unit.unit_id and not unit.unit_id.startswith(f"{digits}-"):
            place.child("unit_id").wrong(f"{unit.unit_id!r} must begin with {digits}-, the tenant's code")
        if unit.kind and speeds and unit.kind not in speeds:
            place.child("kind").wrong(f"{unit.kind!r} has no speed; add it to speed_kmh in dispatch.yaml")
        _check_capabilities(unit, place, loaded.tenant.terms)
    _check_positions(loaded, problems)
    _check_roster(loaded)
    _check_reached(loaded)
    if loaded.units:
        _check_needs(loaded)
        _check_coverage(loaded)


def _check_capabilities(unit: UnitSpec, place: Value, terms: Terms) -> None:
    for capability in unit.capabilities:
        kinds = terms.kinds_of(capability)
        if unit.kind and kinds and unit.kind not in kinds:
            place.child("capabilities").wrong(
                f"{unit.kind!r} cannot have {capability!r}, only {', '.join(kinds)}; correct the kind or the capability"
            )


def _check_roster(loaded: Loaded) -> None:
    listed = {unit.unit_id for unit in loaded.tenant.units}
    for unit_id, place in loaded.roster.units:
        if unit_id and unit_id not in listed:
            place.wrong(f"{unit_id!r} is not in units.yaml; list it there, or take it from the roster")


def _check_reached(loaded: Loaded) -> None:
    """A contact that no provider serves looks like a way to the crew and is none. SMS and MQTT may be all centres' own."""
    served = {provider.channel for provider in loaded.tenant.notify.providers} | SHARED_CHANNELS
    entries = {name for provider in loaded.tenant.notify.providers for name in provider.settings.get("entries", ())}
    for unit, place in loaded.units:
        for contact in unit.contacts:
            if contact.channel not in served:
                kinds = " or ".join(kind for kind, channel in PROVIDER_KINDS.items() if channel == contact.channel)
                place.child("contacts").wrong(
                    f"has a contact by {contact.channel}, which nothing serves; add a provider of kind {kinds} to "
                    "notify.yaml, or remove the contact"
                )
            elif contact.channel == "other" and contact.address not in entries:
                place.child("contacts").wrong(
                    f"{contact.address!r} is no entry of an apprise provider in notify.yaml; add it there"
                )


def _check_positions(loaded: Loaded, problems: Problems) -> None:
    borders = loaded.tenant.gazetteer.borders
    if not borders.outline_file.is_file():
        return
    try:
        for unit, place in loaded.units:
            outside_m = borders.distance_m(unit.lat, unit.lon)
            if outside_m > FARTHEST_FROM_BORDER_M:
                place.child("lat").wrong(
                    f"the position {unit.lat:g}, {unit.lon:g} lies {outside_m / 1000:.0f} km outside "
                    f"{loaded.tenant.name}; correct lat and lon"
                )
    except BordersError as error:
        problems.found.append(str(error))


def _check_needs(loaded: Loaded) -> None:
    for need, place in loaded.needs:
        fitting = sum(need.fits(unit.kind, unit.capabilities) for unit in loaded.tenant.units)
        if fitting < need.count:
            skilled = f" with {', '.join(need.capabilities)}" if need.capabilities else ""
            place.wrong(
                f"needs {need.count} {' or '.join(need.kinds)}{skilled}, but units.yaml has {fitting}; "
                "add units or ask for fewer"
            )


def _check_coverage(loaded: Loaded) -> None:
    for post, place in loaded.posts:
        serving = [unit for unit in loaded.tenant.units if unit.kind in post.kinds]
        able = sum(set(post.capabilities) <= set(unit.capabilities) for unit in serving)
        if able < post.highest_minimum:
            place.wrong(
                f"wants {post.highest_minimum} free {' or '.join(post.kinds)}, but units.yaml has {able} that fit; "
                "a post that can never be covered warns for ever: lower the minimum or add units"
            )


def check_unique(loaded: list[Loaded], problems: Problems) -> None:
    """Codes, tokens, unit ids and addresses stand once over all tenants.

    A crew is known by the number it writes from, and a source by its token.
    """
    codes: dict[str, Path] = {}
    for entry in loaded:
        first = codes.setdefault(entry.tenant.code, entry.folder)
        if first != entry.folder:
            problems.add(entry.folder, 1, "", f"has the same code as {first.name}; remove one of them")
    _check_names(
        (name, place)
        for entry in loaded
        for unit, place in entry.units
        # A phone may have SMS and WhatsApp under one number, but not two crews.
        for name in (unit.unit_id, *dict.fromkeys(contact.address for contact in unit.contacts))
    )
    owners = {contact.address: unit.unit_id for entry in loaded for unit, _ in entry.units for contact in unit.contacts}
    for entry in loaded:
        for address, unit_id, place in entry.roster.contacts:
            # One crew may stand in several shifts with its number.
            if address and owners.setdefault(address, unit_id) != unit_id:
                place.wrong(f"{address!r} belongs to {owners[address]}; every crew has its own")
    check_credentials(entry.sources for entry in loaded)


def check_credentials(of_tenants: Iterable[Iterable[tuple[Source, Value]]]) -> None:
    """Tokens and certificates, those of before included, tell one source of one tenant."""
    shown = [pair for sources in of_tenants for pair in sources]
    for key in ("token_sha256", "client_cert_sha256"):
        _check_names(
            (digest, place.child(name))
            for source, place in shown
            for name in (key, f"previous_{key}")
            if (digest := getattr(source, name))
        )


def _check_names(names: Iterable[tuple[str, Value]]) -> None:
    seen: dict[str, Value] = {}
    for name, place in names:
        first = seen.setdefault(name, place)
        if name and first is not place:
            place.wrong(f"{name!r} stands already at {first.file}:{first.line}; every one has its own")
