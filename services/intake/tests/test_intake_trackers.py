"""What trackers, phones and crews' apps say of units: read, belonging to a unit, under an id of its cause."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.events import Ignored, Position, Refusal
from siaga_intake.core.trackers import doors
from siaga_intake.core.trackers.doors import OWN, OWNTRACKS, TRACCAR, Fleet, TrackerDoor, take
from siaga_intake.core.trackers.words import Taken, UnitStatus, UnitWord, Unknown
from siaga_tenants import load_tenants

# 2026-01-15T07:15:40Z, and when it came in.
FIX_MS = 1_768_461_340_000
ARRIVED_MS = FIX_MS + 2_000
UNIT = "3673-DMK-01"
FLEET = Fleet("36.73", {"budi/phone": UNIT, "BD": UNIT, "862095022345678": UNIT, UNIT: UNIT})
LOCATION = {
    "_type": "location",
    "lat": -6.12,
    "lon": 106.15,
    "tst": FIX_MS // 1000,
    "acc": 12,
    "topic": "owntracks/budi/phone",
}
FORWARDED: dict[str, Any] = {
    "position": {
        "fixTime": "2026-01-15T07:15:40.000+00:00", "latitude": -6.12, "longitude": 106.15, "accuracy": 0.0, "valid": True,
        "outdated": False, "speed": 13.5, "attributes": {"batteryLevel": 85},
    },
    "device": {"uniqueId": "862095022345678", "name": "Pompa 1"},
}  # fmt: skip
PLACE = Position(-6.12, 106.15, "gps", 0.0, FIX_MS)


def word(door: TrackerDoor, payload: object, fleet: Fleet = FLEET) -> UnitWord:
    taken = take(door, payload, fleet, ARRIVED_MS)
    assert isinstance(taken, UnitWord), taken
    return taken


def forwarded(**position: Any) -> dict[str, Any]:
    return {**FORWARDED, "position": {**FORWARDED["position"], **position}}


def test_a_status_in_the_centres_own_words() -> None:
    found = word(OWN, {"unit_id": UNIT, "status_code": "istirahat"})
    assert (found.status, found.status_code, found.lasting) == (None, "istirahat", True)
    for wrong in ({"status_code": "Istirahat!"}, {"status_code": "istirahat", "status": "off_duty"}):
        refused = take(OWN, {"unit_id": UNIT, **wrong}, FLEET, ARRIVED_MS)
        assert isinstance(refused, Refusal)
        assert refused.field == "status_code"


def test_our_own_word_has_position_and_status() -> None:
    found = word(
        OWN, {"unit_id": UNIT, "at": FIX_MS, "lat": -6.12, "lon": "106.15", "status": "en_route", "order_id": "#114"}
    )
    assert (found.unit_id, found.at_ms, found.status, found.order_id, found.via) == (
        UNIT,
        FIX_MS,
        UnitStatus.EN_ROUTE,
        "114",
        "app",
    )
    assert found.position == PLACE
    assert found.lasting


def test_a_position_alone_does_not_last() -> None:
    assert not word(OWN, {"device": "budi/phone", "at": FIX_MS, "lat": -6.12, "lon": 106.15}).lasting


@pytest.mark.parametrize(
    "named",
    [
        {"topic": "owntracks/budi/phone"},
        {"topic": "base/owntracks/budi/phone"},
        {"topic": "owntracks/3673-DMK-01/x"},
        {"tid": "BD"},
    ],
)
def test_a_phone_is_known_by_its_topic_or_its_letters(named: dict[str, str]) -> None:
    without = {name: value for name, value in LOCATION.items() if name != "topic"}
    found = word(OWNTRACKS, {**without, **named})
    assert (found.unit_id, found.position, found.via) == (UNIT, replace(PLACE, radius_m=12.0), "owntracks")


@pytest.mark.parametrize(
    "payload",
    [
        FORWARDED,
        {"id": "862095022345678", "lat": "-6.12", "lon": "106.15", "timestamp": str(FIX_MS), "accuracy": "0.0", "valid": "true"},
        {"uniqueId": "862095022345678", "latitude": "-6.12", "longitude": "106.15", "fixTime": str(FIX_MS)},
    ],
)  # fmt: skip
def test_traccar_forwards_as_json_or_in_the_address(payload: dict[str, Any]) -> None:
    found = word(TRACCAR, payload)
    assert (found.unit_id, found.position, found.at_ms, found.via) == (UNIT, PLACE, FIX_MS, "traccar")


def test_a_panic_button_is_the_crews_tap_with_or_without_a_fix() -> None:
    pressed = word(TRACCAR, forwarded(attributes={"alarm": "lowBattery,sos"}))
    assert (pressed.status, pressed.position) == (UnitStatus.MAYDAY, PLACE)
    assert word(TRACCAR, forwarded(valid=False, latitude=0, longitude=0, attributes={"alarm": "sos"})).position is None
    assert word(TRACCAR, forwarded(attributes={"alarm": "overspeed"})).status is None


@pytest.mark.parametrize(
    ("door", "payload", "reason"),
    [
        (OWNTRACKS, {"_type": "lwt", "tst": 1}, "no_position"),
        (OWNTRACKS, {**LOCATION, "lat": 0, "lon": 0}, "no_fix"),
        (TRACCAR, forwarded(valid=False), "no_fix"),
        (TRACCAR, forwarded(outdated=True), "no_fix"),
        (TRACCAR, {"id": "862095022345678", "lat": "-6.12", "lon": "106.15", "valid": "false"}, "no_fix"),
    ],
)
def test_what_is_no_position_is_ignored(door: TrackerDoor, payload: dict[str, Any], reason: str) -> None:
    found = take(door, payload, FLEET, ARRIVED_MS)
    assert isinstance(found, Ignored)
    assert found.reason == reason


@pytest.mark.parametrize(
    ("door", "payload", "field", "reason"),
    [
        (OWN, {"lat": -6.12, "lon": 106.15}, "unit_id", "missing: name the unit"),
        (OWN, {"unit_id": UNIT}, "lat", "missing: a word of a unit has a position"),
        (OWN, {"unit_id": UNIT, "lat": -6.12}, "lon", "missing beside the other"),
        (OWN, {"unit_id": UNIT, "lat": 52.5, "lon": 13.4}, "lat", "outside Indonesia"),
        (OWN, {"unit_id": UNIT, "status": "dispatched"}, "status", "is given by the dispatcher"),
        (OWN, {"unit_id": UNIT, "status": "meluncur"}, "status", "must be one of off_duty"),
        (OWNTRACKS, {**LOCATION, "tst": None}, "tst", "missing"),
        (OWNTRACKS, {"_type": "encrypted", "data": "x"}, "_type", "is encrypted, which is not read"),
        (TRACCAR, forwarded(latitude="north"), "position.latitude", "must be a number"),
        (TRACCAR, {**FORWARDED, "device": {}}, "device.uniqueId", "missing"),
        (TRACCAR, {"lat": "-6.12", "lon": "106.15"}, "id", "missing"),
        (OWN, [], "", "must be an object"),
    ],
)
def test_what_cannot_be_taken_names_its_field(door: TrackerDoor, payload: object, field: str, reason: str) -> None:
    found = take(door, payload, FLEET, ARRIVED_MS)
    assert isinstance(found, Refusal)
    assert found.field == field
    assert found.reason.startswith(reason)


def test_an_unknown_device_is_told_and_a_drills_moves_nobody() -> None:
    assert isinstance(take(OWNTRACKS, {**LOCATION, "topic": "owntracks/x/y"}, FLEET, ARRIVED_MS), Unknown)
    assert take(OWNTRACKS, LOCATION, replace(FLEET, test=True), ARRIVED_MS) == Ignored("test")


def test_a_name_that_the_way_vouches_for_is_the_only_one() -> None:
    """Over MQTT a phone may write any topic into its payload; only the one it published to is guarded by the broker."""
    vouched = take(
        OWNTRACKS, {**LOCATION, "tid": "BD"}, FLEET, ARRIVED_MS, vouched=("owntracks/evil/phone", "evil/phone")
    )
    assert isinstance(vouched, Unknown)


def test_a_clock_that_is_ahead_moves_no_events_time_and_stays_on_the_fix() -> None:
    found = word(OWN, {"unit_id": UNIT, "at": ARRIVED_MS + 3_600_000, "lat": -6.12, "lon": 106.15})
    assert found.at_ms == ARRIVED_MS
    assert found.position is not None
    assert found.position.fixed_at_ms == ARRIVED_MS + 3_600_000


def test_the_id_follows_from_device_time_and_place() -> None:
    first = word(OWNTRACKS, LOCATION)
    assert word(OWNTRACKS, {**LOCATION, "batt": 11}).report_id == first.report_id
    others = [
        word(OWNTRACKS, {**LOCATION, **change}).report_id for change in ({"tst": FIX_MS // 1000 - 1}, {"lat": -6.13})
    ]
    assert len({first.report_id, *others}) == 3


def test_the_handbooks_examples_are_taken() -> None:
    page = (Path(__file__).parents[3] / "docs" / "trackers.md").read_text("utf-8")
    examples = re.findall(r"(/v1/units/\w+)\"[^`]*?-d '([\[{].*?)'\n", page, re.DOTALL)
    by_path = {door.path: door for door in doors.DOORS}
    assert {path for path, _ in examples} == set(by_path)
    known = load_tenants(Path(__file__).parents[3] / "tenants")["36.73"]
    fleet = Fleet("36.73", {unit.unit_id: unit.unit_id for unit in known.units})
    for path, body in examples:
        value = json.loads(body)
        for payload in value if isinstance(value, list) else [value]:
            assert isinstance(take(by_path[path], payload, fleet, ARRIVED_MS), UnitWord)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
NAMES = st.sampled_from(
    [
        "unit_id",
        "device",
        "at",
        "lat",
        "lon",
        "status",
        "_type",
        "tst",
        "acc",
        "topic",
        "tid",
        "position",
        "id",
        "timestamp",
    ]
)


@given(
    door=st.sampled_from(doors.DOORS),
    changes=st.dictionaries(NAMES, JSON, max_size=4),
    base=st.sampled_from([LOCATION, FORWARDED]),
)
def test_no_payload_raises(door: TrackerDoor, changes: dict[str, Any], base: dict[str, Any]) -> None:
    found: Taken = take(door, {**base, **changes}, FLEET, ARRIVED_MS)
    if isinstance(found, UnitWord):
        assert found.unit_id == UNIT
        assert found.at_ms <= ARRIVED_MS
