"""`notify test` refuses what it cannot do before anything is sent."""

from pathlib import Path

import pytest
from siaga.v1.order_pb2 import ORDER_KIND_TRIAL
from siaga_cli.notify_trial import Only, _only, _priority, _unit, trial_order
from siaga_kit.embedded.errors import StackError
from siaga_tenants import load_tenants

TENANTS = load_tenants(Path(__file__).parents[3] / "tenants")


def test_a_trial_is_of_no_incident_and_carries_its_limits() -> None:
    centre, unit = _unit(TENANTS, "3673-PKM-01")
    order = trial_order(centre, unit, _priority("p1"), Only("sms", "", off_duty=True), 1_760_000_000_000)
    assert (order.kind, order.only_channel, order.off_duty) == (ORDER_KIND_TRIAL, "sms", True)
    assert order.ticket_no == ""
    assert len(order.task_code) == 5


def test_a_mistyped_unit_is_told_the_nearest() -> None:
    with pytest.raises(StackError, match="did you mean '3673-PKM"):
        _unit(TENANTS, "3673-PKM-011")


@pytest.mark.parametrize(
    ("asked", "told"), [(Only("fcm"), "it has: sms"), (Only(provider="nobody"), "no provider 'nobody'")]
)
def test_what_the_unit_cannot_be_told_by_is_refused(asked: Only, told: str) -> None:
    with pytest.raises(StackError, match=told):
        _only(*_unit(TENANTS, "3673-PKM-01"), asked)
