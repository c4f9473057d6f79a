"""The judgement on synthetic observations: what is lost, what is there twice, and how long it took."""

import json
from dataclasses import replace

import pytest
from rich.console import Console
from siaga_replay.answers import Receipt, Refusal
from siaga_replay.latency import Spread, spread
from siaga_replay.ledger import Assessment, AssignedUnit, Incident, Ledger, Notification, Order, Sanction, Sms
from siaga_replay.requests import BadLine
from siaga_replay.summary import Run, Summary, summarise
from siaga_replay.table import render
from siaga_replay.truth import CallTruth, Truth

RUN = Run("serang-month", None, 12.5, drained=True)
ORDER = Order("o1", "i1", "u1", 1, "dispatch", "114", ("62811",))
SMS = Sms("0000000a", "62811", "#114 P1 Kebakaran: Jl. A", 2_000)
INCIDENT = Incident(
    "i1", 1, "3673-2019-000001", "fire_building", "P1", "dispatched", False, "Cipare", 900, ("c1",),
    (AssignedUnit("u1", "Damkar 1", "o1", "dispatched"),),
)  # fmt: skip


def note(state: str, at_ms: int = 1_500, order: str = "o1", provider: str = "A", name: str = "n1") -> Notification:
    return Notification(name, order, "sms", state, provider, at_ms)


def complete() -> Ledger:
    """Two calls posted: a fire, dispatched and told; and a prank."""
    ledger = Ledger()
    ledger.posted(Receipt(2, accepted=2, event_ids=("e1", "e2"), call_ids=("c1", "c2")))
    ledger.posted(Receipt(1, accepted=1, event_ids=("e3",), call_ids=("c1",)))
    ledger.call_event("e1", "c1", 1_000, 70_000, asks=False)
    ledger.call_event("e2", "c2", 1_010, 80_000, asks=False)
    ledger.call_event("e3", "c1", 1_100, 9_999_999, asks=True)
    ledger.assessment("c1", Assessment(1, "in_progress", "unspecified"), 1_020)
    ledger.assessment("c2", Assessment(1, "ivr_prank", "record"), 1_050)
    ledger.assessment("c1", Assessment(2, "real", "dispatch"), 1_130)
    ledger.incident(INCIDENT)
    ledger.order(ORDER)
    for state in ("queued", "submitted", "delivered", "acknowledged"):
        ledger.notification(note(state))
    ledger.sms(SMS)
    return ledger


def summary(ledger: Ledger) -> Summary:
    return summarise(ledger, RUN)


def test_a_complete_replay_is_ok() -> None:
    found = summary(complete())
    assert found.ok
    assert (found.requests, found.accepted, found.calls) == (2, 3, 2)
    assert found.outcomes == {"ivr_prank": 1, "real": 1}
    assert found.assessments == {"dispatch": 1, "review": 0, "record": 1}
    assert found.dispatch_orders == {"dispatch": 1}
    assert found.notifications == {"acknowledged": 1, "delivered": 1, "queued": 1, "submitted": 1}
    assert [row.sms_states for row in found.incidents] == [{"o1": "delivered"}]


def test_an_event_that_is_not_on_the_topic_is_lost() -> None:
    ledger = complete()
    ledger.posted(Receipt(1, accepted=1, event_ids=("e4",), call_ids=("c1",)))
    found = summary(ledger)
    assert (found.losses.events_not_on_topic, found.losses.total, found.ok) == (1, 1, False)
    assert ledger.unseen_events == {"e4"}


def test_a_call_without_assessment_is_lost() -> None:
    ledger = complete()
    ledger.posted(Receipt(1, accepted=1, event_ids=("e4",), call_ids=("c3",)))
    ledger.call_event("e4", "c3", 1, 1, asks=False)
    assert summary(ledger).losses.calls_not_assessed == 1
    assert summary(ledger).losses.total == 1


def test_a_call_that_needs_help_and_has_no_incident_is_lost() -> None:
    ledger = complete()
    ledger.posted(Receipt(1, accepted=1, event_ids=("e4",), call_ids=("c3",)))
    ledger.call_event("e4", "c3", 1, 1, asks=True)
    ledger.assessment("c3", Assessment(1, "real", "dispatch"), 2)
    assert summary(ledger).losses.calls_without_incident == 1
    assert not summary(ledger).ok


def test_dead_letters_are_no_success() -> None:
    ledger = complete()
    ledger.dead_letters["dispatcher"] += 1
    assert not summary(ledger).ok


def test_items_nobody_accounts_for_are_lost_but_refused_ones_are_not() -> None:
    ledger = complete()
    ledger.posted(Receipt(3, ignored=1, refused=(Refusal(9, 1, "Linkedid", "missing"),), unaccounted=1))
    found = summary(ledger)
    assert (found.losses.total, found.rejected, found.ignored) == (1, 1, 1)


def test_an_order_without_sms_is_lost() -> None:
    ledger = complete()
    ledger.order(replace(ORDER, order_id="o2", unit_id="u2", numbers=("62822",)))
    assert summary(ledger).losses.orders_without_sms == 1


def test_an_order_for_a_unit_without_sms_needs_none_but_one_without_any_channel_does() -> None:
    ledger = complete()
    ledger.order(replace(ORDER, order_id="o2", unit_id="u2", numbers=(), channels=("mqtt",)))
    assert summary(ledger).losses.orders_without_sms == 0
    ledger.order(replace(ORDER, order_id="o3", unit_id="u3", numbers=(), channels=()))
    assert summary(ledger).losses.orders_without_sms == 1


def test_an_sms_of_another_order_does_not_stand_for_a_missing_one() -> None:
    ledger = complete()
    # Same unit, same code: the stand-down was never sent, the dispatch's SMS is linked to the dispatch.
    ledger.order(replace(ORDER, order_id="o2", kind="stand_down"))
    assert summary(ledger).losses.orders_without_sms == 1
    ledger.sms(Sms("b", "62811", "#114 DIBATALKAN", 3_000))
    assert summary(ledger).losses.orders_without_sms == 0


def test_the_code_is_matched_as_a_whole() -> None:
    ledger = complete()
    ledger.order(replace(ORDER, order_id="o2", task_code="11"))
    assert summary(ledger).losses.orders_without_sms == 1


def test_the_same_sms_twice_is_doubled_unless_it_says_so() -> None:
    ledger = complete()
    ledger.sms(replace(SMS, message_id="b"))
    assert summary(ledger).doubles.sms_for_one_order == 1
    assert not summary(ledger).ok
    repeated = complete()
    repeated.sms(replace(SMS, message_id="b", text="ULANG " + SMS.text))
    assert summary(repeated).ok


def test_the_same_words_for_two_orders_are_not_doubled() -> None:
    ledger = complete()
    ledger.order(replace(ORDER, order_id="o2", fence=2))
    ledger.notification(note("submitted", order="o2", provider="b", name="n2"))
    ledger.sms(replace(SMS, message_id="0b"))
    assert summary(ledger).ok


def test_one_order_told_twice_in_other_words_is_doubled() -> None:
    ledger = complete()
    ledger.notification(note("submitted", provider="b"))
    ledger.sms(replace(SMS, message_id="b", text="#114 P1 Kebakaran: Jl. B"))
    assert summary(ledger).doubles.sms_for_one_order == 1


def test_messages_of_other_matters_are_nobody_s_double() -> None:
    ledger = complete()
    for name in "bc":
        ledger.sms(Sms(name, "62811", "Tidak ada tugas terbuka untuk nomor ini. Terima kasih.", 1))
    assert summary(ledger).ok


def test_two_orders_for_one_assignment_are_doubled_but_a_repeated_record_is_not() -> None:
    ledger = complete()
    ledger.order(ORDER)
    assert summary(ledger).ok
    ledger.order(replace(ORDER, order_id="o2"))
    assert summary(ledger).doubles.orders_for_one_assignment == 1


@pytest.mark.parametrize(("status", "doubled"), [("dispatched", 1), ("merged", 0)])
def test_a_call_in_two_incidents_is_doubled_unless_one_was_merged(status: str, doubled: int) -> None:
    ledger = complete()
    ledger.incident(replace(INCIDENT, incident_id="i2", status=status, units=()))
    assert summary(ledger).doubles.calls_in_two_incidents == doubled


def test_an_older_snapshot_or_revision_changes_nothing() -> None:
    ledger = complete()
    ledger.incident(replace(INCIDENT, version=5, status="closed"))
    ledger.incident(replace(INCIDENT, version=4))
    ledger.assessment("c1", Assessment(1, "abandon", "review"), 1_200)
    found = summary(ledger)
    assert found.incidents[0].incident.status == "closed"
    assert found.outcomes == {"ivr_prank": 1, "real": 1}


def test_a_run_that_does_not_come_to_rest_is_not_ok() -> None:
    run = replace(RUN, drained=False, waiting_for=("3 lag of siaga.ledger",))
    found = summarise(complete(), run)
    assert not found.ok
    assert found.as_json()["waiting_for"] == ["3 lag of siaga.ledger"]


def test_sanctions_are_read_at_the_event_clock() -> None:
    ledger = complete()
    # The clock is the latest switch event (80,000), not the form's own time.
    for key, found in {
        "a": Sanction("temporary", 80_000), "b": Sanction("temporary", 80_001), "c": Sanction("permanent", 0),
        "d": Sanction("watch", 0), "e": Sanction("watch", 0),
    }.items():  # fmt: skip
        ledger.sanction(key, found)
    ledger.sanction("e", None)
    assert summary(ledger).sanctions == {"clean": 1, "permanent": 1, "temporary": 1, "watch": 1}
    assert summary(ledger).caller_states["a"] == "clean"


def test_calls_of_an_earlier_replay_are_known_and_not_lost() -> None:
    ledger = Ledger()
    ledger.posted(Receipt(1, accepted=1, event_ids=("e1",), call_ids=("c1",)))
    ledger.known_before({"e1"}, {"c1": Assessment(3, "abandon", "review")})
    found = summary(ledger)
    assert found.ok
    assert (found.calls, found.known_calls, found.outcomes) == (1, 1, {"abandon": 1})
    assert not ledger.unseen_events
    assert not ledger.unassessed_calls


def test_calls_of_others_do_not_count() -> None:
    ledger = complete()
    ledger.assessment("other", Assessment(1, "abandon", "review"), 5)
    ledger.incident(replace(INCIDENT, incident_id="i9", call_ids=("other",)))
    found = summary(ledger)
    assert found.outcomes == {"ivr_prank": 1, "real": 1}
    assert len(found.incidents) == 1


def test_latencies_are_taken_from_the_event_that_caused_them() -> None:
    ledger = complete()
    # A judgement that comes anew for the same events (another call of the number was found) is no delay.
    ledger.assessment("c2", Assessment(2, "abandon", "review"), 60_000)
    found = summary(ledger)
    assert found.to_assessment == Spread(30, 40, 40)  # 20, 40, 30
    assert found.to_notification == Spread(400, 400, 400)  # form at 1,100, SMS at 1,500


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], Spread(None, None, None)), ([5], Spread(5, 5, 5)), (list(range(1, 101)), Spread(50, 95, 99))],
)
def test_percentiles_are_nearest_rank(values: list[float], expected: Spread) -> None:
    assert spread(values) == expected


def test_the_summary_has_the_names_that_scripts_read() -> None:
    found = json.loads(json.dumps(summary(complete()).as_json()))
    assert found.keys() >= {
        "requests", "accepted", "rejected", "calls", "outcomes", "assessments", "incidents", "dispatch_orders",
        "notifications", "sanctions", "lost", "duplicated", "latency_ms", "wall_seconds",
    }  # fmt: skip
    assert found["assessments"].keys() == {"dispatch", "review", "record"}
    assert found["dispatch_orders"] == {"by_kind": {"dispatch": 1}}
    assert found["notifications"]["by_status"]["delivered"] == 1
    assert found["sanctions"] == {"by_state": {}}
    assert found["latency_ms"]["intake_to_notification"].keys() == {"p50", "p95", "p99"}
    assert (found["incidents"], found["lost"], found["duplicated"], found["wall_seconds"]) == (1, 0, 0, 12.5)


def shown(found: Summary, truth: Truth | None = None) -> str:
    console = Console(width=160, record=True, force_terminal=False)
    with console.capture() as capture:
        render(found, console, truth)
    return capture.get()


def test_the_table_tells_expected_and_counted_and_what_went_wrong() -> None:
    ledger = complete()
    ledger.bad_line(BadLine(7, "no JSON"))
    ledger.order(replace(ORDER, order_id="o2", unit_id="u2", numbers=("62822",)))
    calls = [CallTruth("asterisk/pbx1", str(number), None, 0, "ivr_prank", False) for number in range(2)]
    truth = Truth("s", "36.73", calls, {"answered": 0, "abandon": 0, "ivr_prank": 2}, {"ivr_prank": 3}, 2)
    text = shown(summary(ledger), truth)
    for expected in (
        "3673-2019-000001",
        "Damkar 1",
        "delivered",
        "lost 1",
        "orders without sms",
        "line 7: no JSON",
        "1 more than",
    ):
        assert expected in text
    assert "62811" not in text
    assert "lost 0 · duplicated 0" in shown(summary(complete()))
