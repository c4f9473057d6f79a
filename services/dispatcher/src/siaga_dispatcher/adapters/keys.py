"""Names of the dispatcher's Redis keys, apart from other services' by `dispatch`.

The tenant is the hash tag, so that one commit stays in one cluster slot.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Keys:
    """One tenant's keys."""

    tenant: str

    def _key(self, name: str) -> str:
        # One concatenation: a decision names some thirty keys.
        return f"{{{self.tenant}}}:dispatch:{name}"

    def unit(self, unit_id: str) -> str:
        """Hash: v version, pb snapshot."""
        return self._key(f"unit:{unit_id}")

    def incident(self, incident_id: str) -> str:
        """Hash: v version, pb snapshot."""
        return self._key(f"incident:{incident_id}")

    def call(self, call_id: str) -> str:
        """String: the incident of a call."""
        return self._key(f"call:{call_id}")

    def free(self, kind: str) -> str:
        """Geo set of the units of a kind that can be sent now, and of no others."""
        return self._key(f"free:{kind}")

    def unfree(self, kind: str) -> str:
        """Geo set of the kind's other units, those no longer listed left out: who might go is explained with them."""
        return self._key(f"unfree:{kind}")

    def open(self, family: str) -> str:
        """Sorted set of the incidents a call of a type of the family may join, by the time of their latest call."""
        return self._key(f"open:{family}")

    def done(self, cause: str) -> str:
        """String: this cause has been committed."""
        return self._key(f"done:{cause}")

    def ticket(self, year: int) -> str:
        """Counter of the year's tickets."""
        return self._key(f"ticket:{year}")

    @property
    def open_versions(self) -> str:
        """Hash: per family, how often an incident was added to `open`."""
        return self._key("open_versions")

    @property
    def units(self) -> str:
        """Hash: kind of every unit."""
        return self._key("units")

    @property
    def incidents(self) -> str:
        """Sorted set of all incidents by opening time."""
        return self._key("incidents")

    @property
    def active(self) -> str:
        """The same without closed, cancelled and merged ones."""
        return self._key("active")

    @property
    def waiting(self) -> str:
        """Sorted set of incidents that lack a unit, the most urgent and oldest first."""
        return self._key("waiting")

    @property
    def timers(self) -> str:
        """Sorted set of incidents' timers by the time they are due."""
        return self._key("timers")

    @property
    def alerts(self) -> str:
        """Hash: the alerts that hold."""
        return self._key("alerts")

    @property
    def coverage(self) -> str:
        """Hash: per post, how often its alert changed; two processes that look after it decide by turns."""
        return self._key("coverage")

    @property
    def tasks(self) -> str:
        """Hash: order id of every open task code."""
        return self._key("tasks")

    @property
    def task_counter(self) -> str:
        """Counter behind the task codes."""
        return self._key("task_counter")

    @property
    def outbox(self) -> str:
        """Stream of records committed but not yet published."""
        return self._key("outbox")

    @property
    def relay(self) -> str:
        """Lease of the process that publishes the outbox."""
        return self._key("relay")

    @property
    def rebuilding(self) -> str:
        """Lease of the process that makes the working state again."""
        return self._key("rebuilding")

    @property
    def behind(self) -> str:
        """Exists from the rebuilding until the latest records have been decided about again."""
        return self._key("behind")

    @property
    def server(self) -> str:
        """The run of the Redis server in which the state was last found as new as the topics."""
        return self._key("server")

    @property
    def passing(self) -> tuple[str, ...]:
        """Keys that are no state: what waits to be published, leases, guards, marks. Besides: `done` of each cause."""
        return (self.outbox, self.relay, self.rebuilding, self.epoch, self.behind, self.open_versions, self.server)

    @property
    def epoch(self) -> str:
        """Exists while the working state does."""
        return self._key("epoch")


# Matches the dispatcher's keys of all tenants.
EVERY_KEY: Final = "*:dispatch:*"


def tenant_of(key: str) -> str:
    """The tenant whose key it is."""
    return key[1:].partition("}")[0]
