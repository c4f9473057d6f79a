import pytest
from siaga_dispatcher.core.lifecycle import (
    ASSIGNMENT,
    FINISHED,
    INCIDENT,
    IllegalTransition,
    Trigger,
    next_assignment,
    next_incident,
)
from siaga_dispatcher.core.values import IncidentStatus as I
from siaga_dispatcher.core.values import UnitStatus as U


@pytest.mark.parametrize(
    ("status", "trigger", "after"),
    [
        (I.VERIFIED, Trigger.ASSIGN, I.DISPATCHED),
        (I.VERIFIED, Trigger.QUEUE, I.QUEUED),
        (I.QUEUED, Trigger.ASSIGN, I.DISPATCHED),
        (I.DISPATCHED, Trigger.UNIT_EN_ROUTE, I.EN_ROUTE),
        (I.DISPATCHED, Trigger.UNIT_ON_SCENE, I.ON_SCENE),
        (I.ON_SCENE, Trigger.UNIT_EN_ROUTE, I.ON_SCENE),
        (I.ON_SCENE, Trigger.UNDER_CONTROL, I.UNDER_CONTROL),
        (I.UNDER_CONTROL, Trigger.ALL_CLEAR, I.RESOLVED),
        (I.RESOLVED, Trigger.CLOSE, I.CLOSED),
        (I.CLOSED, Trigger.REOPEN, I.REOPENED),
        (I.REOPENED, Trigger.ASSIGN, I.DISPATCHED),
        (I.EN_ROUTE, Trigger.CANCEL, I.CANCELLED),
    ],
)
def test_incident_moves_by_the_table(status: I, trigger: Trigger, after: I) -> None:
    assert next_incident(status, trigger) is after


@pytest.mark.parametrize(
    ("status", "trigger"),
    [
        (I.CLOSED, Trigger.CLOSE),
        (I.CLOSED, Trigger.ASSIGN),
        (I.DISPATCHED, Trigger.CLOSE),
        (I.DISPATCHED, Trigger.UNDER_CONTROL),
        (I.CANCELLED, Trigger.RESOLVE),
        (I.MERGED, Trigger.REOPEN),
        (I.RESOLVED, Trigger.CANCEL),
    ],
)
def test_illegal_incident_move_lists_the_legal_ones(status: I, trigger: Trigger) -> None:
    with pytest.raises(IllegalTransition) as refused:
        next_incident(status, trigger)
    assert refused.value.legal == tuple(sorted(INCIDENT[status]))
    assert all(legal in str(refused.value) for legal in refused.value.legal)


@pytest.mark.parametrize(
    ("status", "word"),
    [(U.DISPATCHED, U.ON_SCENE), (U.DISPATCHED, U.CLEAR), (U.EN_ROUTE, U.DECLINED), (U.STAGING, U.EN_ROUTE),
     (U.MAYDAY, U.ON_SCENE), (U.ON_SCENE, U.OUT_OF_SERVICE)],
)  # fmt: skip
def test_crews_may_skip_forward(status: U, word: U) -> None:
    assert next_assignment(status, word) is word


@pytest.mark.parametrize(
    ("status", "word"),
    [(U.ON_SCENE, U.EN_ROUTE), (U.ON_SCENE, U.DECLINED), (U.CLEAR, U.ON_SCENE), (U.DECLINED, U.EN_ROUTE),
     (U.AT_HOSPITAL, U.TRANSPORTING), (U.EN_ROUTE, U.ACKNOWLEDGED), (U.DISPATCHED, U.AVAILABLE)],
)  # fmt: skip
def test_crews_may_not_go_back(status: U, word: U) -> None:
    with pytest.raises(IllegalTransition):
        next_assignment(status, word)


def test_tables_cover_every_status_and_lead_only_to_known_ones() -> None:
    assert set(INCIDENT) == set(I)
    assert {after for row in INCIDENT.values() for after in row.values()} <= set(INCIDENT)
    reached = {after for row in ASSIGNMENT.values() for after in row.values()}
    assert reached - set(ASSIGNMENT) == {U.OUT_OF_SERVICE}


def test_finished_incidents_take_no_unit() -> None:
    assert all(Trigger.ASSIGN not in INCIDENT[status] for status in FINISHED)
