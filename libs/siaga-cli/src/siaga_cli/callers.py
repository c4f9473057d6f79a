"""What the ledger has told of callers, and the door to the people's service, for the commands about sanctions."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import grpc
import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from siaga.v1.sanction_pb2 import CallerSanction
from siaga.v1.sanctions_service_pb2 import DecideRequest, GetCallerRequest
from siaga.v1.sanctions_service_pb2_grpc import SanctionsStub
from siaga_classifier.core.caller_decisions import is_caller_key
from siaga_contracts.catalogue import SANCTIONS
from siaga_kit.embedded import state
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home

from siaga_cli.cluster import cluster
from siaga_cli.reading import read_all

# The service itself gives up after five.
ANSWER_S: Final = 6.0
TRIES: Final = 3
_AGAIN: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Door:
    """A service that commands ask: by the variable's address, else that of the running stack."""

    name: str
    variable: str
    address: Callable[[StackAddresses], str]


CLASSIFIER: Final = Door("classifier", "SIAGA_CLASSIFIER_GRPC", lambda addresses: addresses.classifier_grpc)
DISPATCHER: Final = Door("dispatcher", "SIAGA_DISPATCHER_GRPC", lambda addresses: addresses.dispatcher_grpc)

Caller = Annotated[
    str,
    typer.Argument(
        metavar="CALLER",
        help="Caller key, or a number in any spelling; - reads it from standard input, and keeps it out of the shell's history.",
    ),
]
TenantOf = Annotated[str, typer.Option("--tenant", envvar="SIAGA_TENANT", help="The regency, as 36.73.")]
Actor = Annotated[
    str, typer.Option("--actor", envvar="SIAGA_ACTOR", help="Who you are: one of the operators of tenant.yaml.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the audit. No numbers in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


def standings(home: Home, tenant: str | None = None) -> list[CallerSanction]:
    """The latest that the ledger has told of each caller, of one tenant or of all."""
    latest: dict[bytes, CallerSanction] = {}
    for record in read_all(cluster(home), SANCTIONS):
        if record.value is None:
            latest.pop(record.key or b"", None)
        else:
            latest[record.key or b""] = CallerSanction.FromString(record.value)
    return [each for each in latest.values() if tenant in (None, each.tenant)]


def name_caller(request: GetCallerRequest | DecideRequest, caller: str) -> None:
    """Put the caller, as written on the command line, into the request."""
    written = sys.stdin.readline().strip() if caller == "-" else caller.strip()
    if is_caller_key(written):
        request.caller_key = written
    else:
        request.number = written


def ask(
    home: Home,
    call: Callable[[Any], T],
    stub_of: Callable[[grpc.Channel], Any] = SanctionsStub,
    door: Door = CLASSIFIER,
) -> T:
    """Ask the people's service, or another of a door; tries again while it is away. What it refuses is told in its own words."""
    where = address_of(home, door)
    if where is None:
        raise StackError(f"no stack runs on {home.root}", f"start it with `./siaga up`, or set {door.variable}")
    with grpc.insecure_channel(where) as channel:
        stub = stub_of(channel)
        for left in reversed(range(TRIES)):
            try:
                return call(stub)
            except grpc.RpcError as error:
                code, details = error.code(), error.details()
                if code is grpc.StatusCode.INVALID_ARGUMENT:
                    raise typer.BadParameter(str(details)) from error
                if code not in _AGAIN or not left:
                    remedy = "look with `./siaga status`" if code in _AGAIN else ""
                    raise StackError(f"the {door.name} at {where}: {details}", remedy) from error
    raise AssertionError("unreachable: the last try returns or raises")


def address_of(home: Home, door: Door) -> str | None:
    """Where the door is; None = no stack runs, and no address is set."""
    set_to = os.environ.get(door.variable)
    if set_to:
        return set_to
    told = state.read(home)
    if told is None or told.addresses is None or not state.is_running(home):
        return None
    return door.address(told.addresses)


def tell_json(told: Message | Iterable[Message]) -> None:
    """Messages for scripts, under the contract's names."""

    def plain(message: Message) -> dict[str, Any]:
        return MessageToDict(message, preserving_proto_field_name=True)

    sys.stdout.write(json.dumps(plain(told) if isinstance(told, Message) else [plain(each) for each in told]) + "\n")


def word(enum: Any, number: int, prefix: str) -> str:
    """A contract's term as people read it: `temporary` for SANCTION_STATE_TEMPORARY."""
    try:
        return str(enum.Name(number)).removeprefix(prefix).lower()
    except ValueError:
        return str(number)


def when(at_ms: int) -> str:
    """A time for people; - when there is none."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%MZ") if at_ms else "-"
