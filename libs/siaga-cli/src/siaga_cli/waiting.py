"""What waits for people, out of what the ledger tells of callers."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from siaga.v1.common_pb2 import SanctionState
from siaga.v1.sanction_pb2 import APPEAL_STATE_OPEN, NOTICE_KIND_REVIEW_DUE, CallerSanction, NoticeKind

from siaga_cli.callers import word

APPEAL: Final = "appeal"
# What has a date first; then somebody's need, then what keeps a caller under a sanction.
_ORDER: Final = (APPEAL, "review_due", "welfare_check", "approval_wanted", "false_report", "shared_suspected")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing; `due_ms` 0 = it has no date."""

    what: str
    tenant: str
    caller_key: str
    state: str
    since_ms: int
    due_ms: int
    call_id: str

    def plain(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


def waiting_of(callers: Iterable[CallerSanction]) -> list[Waiting]:
    """All that waits: by kind, what is due first before the rest, then the oldest."""
    found = [each for caller in callers for each in _of(caller)]
    return sorted(found, key=lambda each: (_rank(each.what), each.due_ms or each.since_ms, each.caller_key))


def _rank(what: str) -> int:
    return _ORDER.index(what) if what in _ORDER else len(_ORDER)


def _of(caller: CallerSanction) -> Iterable[Waiting]:
    state = word(SanctionState, caller.state, "SANCTION_STATE_")

    def waiting(what: str, since_ms: int, due_ms: int, call_id: str) -> Waiting:
        return Waiting(what, caller.tenant, caller.caller_key, state, since_ms, due_ms, call_id)

    if caller.appeal.state == APPEAL_STATE_OPEN:
        yield waiting(APPEAL, caller.appeal.filed_at_ms, caller.appeal.due_at_ms, "")
    for notice in caller.notices:
        due_ms = caller.review_by_ms if notice.kind == NOTICE_KIND_REVIEW_DUE else 0
        yield waiting(word(NoticeKind, notice.kind, "NOTICE_KIND_"), notice.since_ms, due_ms, notice.call_id)
