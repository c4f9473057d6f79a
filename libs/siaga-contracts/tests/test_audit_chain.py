"""The chain of the audit: whatever is changed, taken out or slipped in is seen."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga.v1.audit_pb2 import AuditRecord
from siaga_contracts.audit import chains, digest

TENANT = "36.73"


def chain(count: int, tenant: str = TENANT, before: bytes = b"") -> list[AuditRecord]:
    made = []
    for number in range(count):
        record = AuditRecord(
            audit_id=f"{tenant}/{number}", tenant=tenant, actor="spv-01", action="read", subject="caller/ab",
            reason="appeal", at_ms=1_000 + number, previous_hash=before,
        )  # fmt: skip
        record.hash = before = digest(record)
        made.append(record)
    return made


@given(st.integers(1, 8), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(count: int, chance: object) -> None:
    records = chain(count) + chain(3, "32.14")
    shuffled = [*records, *records[:2]]
    chance.shuffle(shuffled)
    found = chains(shuffled)
    assert found[TENANT].whole
    assert found["32.14"].whole
    assert (found[TENANT].records, found[TENANT].ends) == (count, (records[count - 1].hash,))


@pytest.mark.parametrize("field", ["actor", "action", "subject", "reason", "tenant", "audit_id"])
def test_a_changed_word_is_seen(field: str) -> None:
    records = chain(4)
    setattr(records[1], field, getattr(records[1], field) + "x")
    assert not all(each.whole for each in chains(records).values())


def test_words_cannot_move_from_one_field_to_the_next() -> None:
    one = AuditRecord(actor="spv-0", action="1read")
    other = AuditRecord(actor="spv-01", action="read")
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda records: records[:2] + records[3:], "orphaned"),  # taken out of the middle
        (lambda records: [*records, *chain(1, before=records[1].hash)], "forked"),  # slipped in
        (lambda records: [*records, *chain(2)[1:]], None),  # the same again
    ],
)
def test_records_taken_out_or_slipped_in(
    harm: Callable[[list[AuditRecord]], list[AuditRecord]], told: str | None
) -> None:
    found = chains(harm(chain(5)))[TENANT]
    assert found.whole == (told is None)
    if told is not None:
        assert getattr(found, told)


def test_a_beginning_that_is_older_than_what_is_kept_is_no_fault() -> None:
    assert chains(chain(5)[2:])[TENANT].whole


def test_a_second_beginning_is_seen() -> None:
    late = chain(1)
    late[0].at_ms += 500
    late[0].hash = digest(late[0])
    found = chains([*chain(3), *late])[TENANT]
    assert not found.whole
    assert len(found.starts) == 2
