"""The world of the samples with a clock and a notifier: what comes due is fired, alerts are kept, orders leave at once."""

from dataclasses import replace
from typing import Any

from dispatcher_samples import NOON_MS, RULES, World, report
from siaga_dispatcher.core.commands import Action, Command
from siaga_dispatcher.core.decide import (
    Decision,
    on_assessment,
    on_command,
    on_progress,
    on_timer,
    on_unit_report,
    with_timers,
)
from siaga_dispatcher.core.divert import may_be_diverted
from siaga_dispatcher.core.values import (
    Alert,
    Assessment,
    Incident,
    MessageState,
    Order,
    OrderKind,
    Progress,
    Rules,
    Situation,
    Timer,
    Told,
    Unit,
    UnitStatus,
)
from siaga_tenants.crews import CrewPolicy


def followed(**policy: Any) -> Rules:
    """The rules of the samples with crews followed up in this way."""
    return replace(RULES, policy=replace(RULES.policy, crews=CrewPolicy(**policy)))


class Watched(World):
    def __init__(self, *units: Unit, rules: Rules = RULES, notifier: bool = True) -> None:
        super().__init__(*units)
        # Whether orders that send a crew leave; else nothing is heard of them.
        self.notifier = notifier
        self.rules = rules
        self.now = NOON_MS
        self.alerts: dict[str, Alert] = {}
        self.said: list[Order] = []

    @property
    def situation(self) -> Situation:
        wanted = self.rules.policy.crews.diversion.from_priorities
        sources = tuple(one for one in self.incidents.values() if may_be_diverted(one, wanted))
        alerts = tuple(self.alerts.values())
        return Situation(tuple(self.units.values()), self.rules, self.now, alerts=alerts, divertible=sources)

    def assess(self, told: Assessment, linked: Incident | None = None) -> Decision:
        opened = tuple(self.incidents.values())
        return self.apply(on_assessment(told, linked, opened, self.situation))

    def apply(self, decision: Decision) -> Decision:
        decision = super().apply(with_timers(decision, self.situation))
        for alert in decision.alerts:
            known = self.alerts.pop(alert.alert_id, None)
            assert alert.version == (known.version if known else 0) + 1
            if not alert.cleared_at_ms:
                self.alerts[alert.alert_id] = alert
        self.said += decision.orders
        for order in decision.orders:
            if self.notifier and order.kind is OrderKind.DISPATCH:
                self.gets(order)
        return decision

    def gets(self, order: Order, state: MessageState = MessageState.SENT, channel: str = "sms") -> Decision:
        """A message of the order comes so far, now."""
        unit = self.units[order.unit.unit_id]
        told = Told(state, channel, self.now)
        news = Progress(f"e-{order.order_id}-{state}-{channel}-{self.now}", "36.73", unit.unit_id, order.order_id, told)
        incident = self.incidents.get(unit.incident_id)
        return self.apply(on_progress(news, unit, incident, self.situation))

    def due(self) -> list[tuple[Incident, Timer]]:
        found = [(one, timer) for one in self.incidents.values() for timer in one.timers if timer.due_ms <= self.now]
        return sorted(found, key=lambda pair: (pair[1].due_ms, pair[1].key))

    def after(self, seconds: float) -> list[str]:
        """So much later: the kinds of timers that fired, one at a time as they come due."""
        until = self.now + round(seconds * 1000)
        fired = []
        while coming := [
            timer.due_ms for one in self.incidents.values() for timer in one.timers if timer.due_ms <= until
        ]:
            self.now = max(self.now, min(coming))
            incident, timer = self.due()[0]
            self.apply(on_timer(incident, timer, self.situation))
            fired.append(timer.kind)
        self.now = until
        return fired

    def says(self, unit_id: str, status: UnitStatus | None, **fields: Any) -> Decision:
        """A crew's word, now."""
        unit = self.units[unit_id]
        told = report(unit_id, status, f"{unit_id}-{status}-{self.now}", event_at_ms=self.now, **fields)
        ended = tuple(self.incidents[one] for one in unit.stood_down_from)
        return self.apply(on_unit_report(told, unit, self.incidents.get(unit.incident_id), self.situation, ended))

    def commanded(self, action: Action, incident: Incident | None = None, **fields: Any) -> Decision:
        command = Command(f"c-{self.now}-{action}", action, "operator op-03", **fields)
        return self.apply(on_command(command, incident or self.incident, self.situation, self.now))

    def kinds(self) -> set[str]:
        """Kinds of timers that run."""
        return {timer.kind for incident in self.incidents.values() for timer in incident.timers}

    def alerted(self) -> set[tuple[str, str]]:
        """Kind and unit of each alert that holds."""
        return {(alert.kind, alert.unit_id) for alert in self.alerts.values()}
