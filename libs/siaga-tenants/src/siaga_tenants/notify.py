"""How crews are told: `notify.yaml`, which a tenant may leave out."""

from collections.abc import Mapping, Sequence
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.model import (
    ANY,
    USUAL_NOTIFY,
    Feedback,
    MassPolicy,
    NotifyPlan,
    NotifyPolicy,
    PlanStep,
    ProviderSpec,
)
from siaga_tenants.providers import read_settings
from siaga_tenants.vocabulary import CONTACT_CHANNELS, OPERATOR, PLAN_CHANNELS, PRIORITIES, PROVIDER_KINDS, UNIT_KINDS

PROVIDER_ID: Final = r"[a-z0-9][a-z0-9_-]{0,30}"
# A crew that waits longer for the next ring than that was not meant to be waked.
LONGEST_WAIT_S: Final = 1_800
# Ten steps of it are a night.
MOST_STEPS: Final = 10
# No SMS centre of a regency is given more; a typing error would have a provider block it.
HIGHEST_RATE_PER_S: Final = 10_000
# A task that is open for longer is nobody's any more, and its link would be a way in.
LONGEST_LINK_HOURS: Final = 72
KEYS: Final = ("plans", "providers", "links", "feedback", "mass")


def read_notify(document: Value, operators: Sequence[str]) -> NotifyPolicy:
    """`notify.yaml`; what it leaves out is as usual."""
    table = document.table((), KEYS)
    links = table.table("links", ("hours",))
    return NotifyPolicy(
        plans={**USUAL_NOTIFY.plans, **_plans(table)},
        providers=_providers(table),
        link_hours=links.number("hours", 1, LONGEST_LINK_HOURS) if "hours" in links else USUAL_NOTIFY.link_hours,
        feedback=_feedback(table),
        mass=_mass(table, operators),
    )


def _plans(document: Table) -> Mapping[tuple[str, str], NotifyPlan]:
    plans: dict[tuple[str, str], NotifyPlan] = {}
    kinds = document.table("plans", (), (ANY, *UNIT_KINDS))
    for kind, value in kinds.values.items():
        for priority, place in value.table((), (ANY, *PRIORITIES)).values.items():
            plans[kind, priority] = _plan(place)
    if (ANY, ANY) in plans:
        # The centre's word for all priorities outweighs what is usual for urgent ones.
        usual = {(ANY, priority): plans[ANY, ANY] for kind, priority in USUAL_NOTIFY.plans if kind == ANY}
        plans = {**usual, **plans}
    return plans


def _plan(place: Value) -> NotifyPlan:
    steps = tuple(_step(item) for item in place.items())
    if not steps:
        place.wrong("is empty; nobody would be told, begin with '- {channels: [sms], wait_s: 60}'")
    if len(steps) > MOST_STEPS:
        place.wrong(f"has {len(steps)} steps, at most {MOST_STEPS} make sense; use several channels in one step")
    if steps and all(set(step.channels) <= {OPERATOR} for step in steps):
        place.wrong(f"tells no crew; name at least one of: {', '.join(CONTACT_CHANNELS)}")
    return NotifyPlan(steps)


def _step(item: Value) -> PlanStep:
    entry = item.table(("channels", "wait_s"))
    channels = entry.choices("channels", PLAN_CHANNELS)
    if "channels" in entry and not channels:
        entry.values["channels"].wrong(f"is empty; name at least one of: {', '.join(PLAN_CHANNELS)}")
    return PlanStep(channels, entry.number("wait_s", 1, LONGEST_WAIT_S))


def _providers(document: Table) -> tuple[ProviderSpec, ...]:
    found: dict[str, ProviderSpec] = {}
    for item in document.items("providers"):
        entries = item.entries()
        provider_id = entries["id"].text(PROVIDER_ID, "a short name like smsc") if "id" in entries else ""
        kind = entries["kind"].choice(PROVIDER_KINDS) if "kind" in entries else ""
        settings, table = read_settings(item, kind)
        if provider_id in found:
            entries["id"].wrong(f"{provider_id!r} stands twice; every provider has its own name")
        rate = table.number("rate_per_s", 0.01, HIGHEST_RATE_PER_S) if "rate_per_s" in table else None
        found[provider_id] = ProviderSpec(provider_id, kind, PROVIDER_KINDS.get(kind, ""), settings, rate)
    return tuple(found.values())


def _feedback(document: Table) -> Feedback:
    table = document.table("feedback", (), ("received", "unit_sent", "cancelled"))
    return Feedback(table.flag("received"), table.flag("unit_sent"), table.flag("cancelled"))


def _mass(document: Table, operators: Sequence[str]) -> MassPolicy:
    if "mass" not in document:
        return MassPolicy()
    table = document.table("mass", ("allowed",), ("approvers", "second_approval"))
    approvers = table.choices("approvers", operators)
    policy = MassPolicy(table.flag("allowed"), approvers, table.flag("second_approval", absent=True))
    needed = 2 if policy.second_approval else 1
    if policy.allowed and len(approvers) < needed:
        document.values["mass"].wrong(
            f"needs {needed} approvers of tenant.yaml's operators, and names {len(approvers)}"
        )
    return policy
