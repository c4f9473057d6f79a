"""What the gRPC services share: validators that name the field, and errors as statuses."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import grpc
from siaga_kit.grpc_server import Refused

from siaga_dispatcher.core.commands import CommandRefused
from siaga_dispatcher.core.lifecycle import IllegalTransition
from siaga_dispatcher.core.values import Position, Rules
from siaga_dispatcher.refusals import UnknownIncidentError, UnknownTenantError, WrongVersion

# A longer id or reason is a mistake, and it would be stored and published with every later version.
TEXT_MOST: Final = 500


def invalid(field: str, problem: str) -> Refused:
    """INVALID_ARGUMENT that names the field."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, f"{field}: {problem}")


def required(field: str, value: str) -> str:
    """The value, which must be there and of sane length."""
    if not value.strip():
        raise invalid(field, "is required")
    return bounded(field, value)


def bounded(field: str, value: str) -> str:
    """The value, which must be of sane length."""
    if len(value) > TEXT_MOST:
        raise invalid(field, f"has {len(value)} characters, at most {TEXT_MOST} are allowed")
    return value


class Served(Mapping[str, Rules]):
    """The tenants' rules, for as long as their working state is there: what it has not must not be answered from."""

    def __init__(self, rules: Mapping[str, Rules], lost: Callable[[], Collection[str]]) -> None:
        self._rules = rules
        self._lost = lost

    def __getitem__(self, tenant: str) -> Rules:
        if tenant in self._rules and tenant in self._lost():
            raise Refused(
                grpc.StatusCode.UNAVAILABLE, f"the working state of {tenant} is being made again; try again in a moment"
            )
        return self._rules[tenant]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)


def known_tenant(value: str, tenants: Collection[str]) -> str:
    """The tenant, which must be one of ours; of `Served` tenants also one whose working state is there."""
    if required("tenant", value) not in tenants:
        raise invalid("tenant", f"{value!r} is not configured; known: {', '.join(sorted(tenants))}")
    return value


def limited(value: int, otherwise: int, most: int) -> int:
    """A limit, 0 = the usual one."""
    if value > most:
        raise invalid("limit", f"is {value}, at most {most} is allowed")
    return value or otherwise


def point(lat: float, lon: float) -> Position:
    """A place on earth."""
    if not -90 <= lat <= 90:
        raise invalid("lat", f"{lat} is not between -90 and 90")
    if not -180 <= lon <= 180:
        raise invalid("lon", f"{lon} is not between -180 and 180")
    return Position(lat, lon)


@contextmanager
def as_status() -> Iterator[None]:
    """The core's answers as gRPC statuses."""
    try:
        yield
    except (IllegalTransition, CommandRefused) as refused:
        raise Refused(grpc.StatusCode.FAILED_PRECONDITION, str(refused)) from refused
    except WrongVersion as moved_on:
        raise Refused(grpc.StatusCode.ABORTED, f"{moved_on}; read it again and decide anew") from moved_on
    except (UnknownIncidentError, UnknownTenantError) as unknown:
        raise Refused(grpc.StatusCode.NOT_FOUND, str(unknown)) from unknown
