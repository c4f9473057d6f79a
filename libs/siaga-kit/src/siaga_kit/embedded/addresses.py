"""Where the parts of a stack are reached."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StackAddresses:
    """What a client of a stack needs to know; `token` opens its front door."""

    kafka_bootstrap: str
    redis_url: str
    intake_url: str
    # Where the embedded SMS centre tells what it was given; empty = SMS go to one elsewhere, which nobody can look into.
    smsc_control_url: str
    smsc_port: int
    classifier_grpc: str
    dispatcher_grpc: str
    tenants_dir: Path
    token: str
    # The front door's stream; empty in what a stack of an older version has left.
    intake_grpc: str = ""
    # Where switches ask for advice over HTTP; empty as above.
    advice_url: str = ""
    # The notifier's door; empty as above.
    notifier_url: str = ""
