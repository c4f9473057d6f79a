"""The systems that post calls for a tenant, and how their written messages become conversations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Connect:
    """How intake reaches a switch or broker by itself, or is reached by it; what the protocol has no use for is empty."""

    protocol: str
    # `host:port`, or a URL for `ari` and `mqtt`.
    address: str = ""
    user: str = ""
    secret_file: str | None = None
    # What to subscribe to, with `+` for one level; empty = the protocol's usual one.
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One system that may post events for this tenant."""

    kind: str
    instance: str
    token_sha256: str | None = None
    hmac_secret_file: str | None = None
    test: bool = False
    # SHA-256 of the certificate that its TLS connections show; with a token or key beside it, both are needed.
    client_cert_sha256: str | None = None
    # What it showed before the last rotation, good until then.
    previous_token_sha256: str | None = None
    previous_hmac_secret_file: str | None = None
    previous_client_cert_sha256: str | None = None
    previous_until_ms: int = 0
    # Known, but not let in.
    disabled: bool = False
    # Events a second in the long run; None = what intake allows everybody.
    rate_per_s: float | None = None
    # The number or id that citizens write to, where several sources share one way in (WhatsApp's phone number id).
    address: str | None = None
    # SHA-256 of what a platform shows when it asks whether this is the right place (WhatsApp's verify token).
    verify_token_sha256: str | None = None
    connect: Connect | None = None
    # Where the switch's own records are, by what they are (`queue_log`, `cdr`, `cdr_dir`): what was missed is in them.
    backfill: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The source as events name it, `asterisk/pbx1`."""
        return f"{self.kind}/{self.instance}"


@dataclass(frozen=True, slots=True)
class Conversations:
    """When written messages are one conversation, and when somebody must look after one that has gone quiet."""

    gap_minutes: int = 120
    stale_seconds: int = 300


USUAL_CONVERSATIONS: Final = Conversations()
