"""`notify mass`, `notify approve`: a look first, another approver, and one message per caller of the drawn area."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from siaga.v1.assessment_pb2 import CallAssessment
from siaga.v1.callback_pb2 import CALLBACK_STATE_OPEN, CallbackTask, MissedCall
from siaga.v1.mass_pb2 import MASS_STATE_APPROVED, MASS_STATE_ASKED, MassMessage, MassRequest
from siaga.v1.place_pb2 import Place, Position
from siaga_cli import callbacks, mass
from siaga_cli.main import build
from siaga_contracts.catalogue import CALL_ASSESSMENTS, CALLBACK_TASKS, MASS_MESSAGES, MASS_REQUESTS
from siaga_kit.audit import Deed
from siaga_kit.embedded.errors import StackError
from siaga_kit.records import Outgoing
from siaga_tenants import load_tenants
from siaga_tenants.model import Tenants
from siaga_tenants.model.notify import MassPolicy
from typer.testing import CliRunner

TENANTS = Path(__file__).parents[3] / "tenants"
PHONE = "+628123456780{}"
SQUARE = [[[106.0, -6.2], [106.2, -6.2], [106.2, -6.0], [106.0, -6.0], [106.0, -6.2]]]
LONG_AGO_MS = 1_000


class World:
    """Topics, in memory."""

    def __init__(self) -> None:
        self.topics: dict[str, list[tuple[str, Any]]] = {}
        self.deeds: list[Deed] = []
        self.policy = MassPolicy(True, ("spv-01", "spv-02"))

    def put(self, topic: Any, key: str, message: Any) -> None:
        self.topics.setdefault(topic.name, []).append((key, message))

    def of(self, topic: Any) -> list[Any]:
        return [message for _, message in self.topics.get(topic.name, [])]

    def read_all(self, _: object, topic: Any) -> list[Any]:
        rows = self.topics.get(topic.name, [])
        return [SimpleNamespace(key=key.encode(), value=message.SerializeToString()) for key, message in rows]

    def caller(self, name: int, place: tuple[float, float] | None, at_ms: int = 2**50, **more: Any) -> None:
        calls = [MissedCall(call_id=f"c{name}", ended_at_ms=at_ms)]
        self.put(CALLBACK_TASKS, f"k{name}", CallbackTask(
            task_id=f"t{name}", tenant="36.73", caller_key=f"k{name}", state=CALLBACK_STATE_OPEN, calls=calls,
            latest_at_ms=at_ms, **more,
        ))  # fmt: skip
        told = CallAssessment(call_id=f"c{name}", callback_number=PHONE.format(name))
        if place is not None:
            told.place.CopyFrom(Place(position=Position(lat=place[0], lon=place[1])))
        self.put(CALL_ASSESSMENTS, f"c{name}", told)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    centre = load_tenants(TENANTS)["36.73"]

    class Publisher:
        def __init__(self, *_: object) -> None: ...

        async def publish(self, outgoing: Sequence[Outgoing]) -> None:
            for record in outgoing:
                assert record.message is not None
                made.put(record.topic, record.key, deepcopy(record.message))

        async def close(self) -> None: ...

    class Audit:
        def __init__(self, *_: object) -> None: ...

        async def write(self, deed: Deed) -> None:
            made.deeds.append(deed)

    def tenants(_: object) -> Tenants:
        return Tenants({"36.73": replace(centre, notify=replace(centre.notify, mass=made.policy))})

    for module in (callbacks, mass):
        monkeypatch.setattr(module, "cluster", lambda _: SimpleNamespace(settings=None))
        monkeypatch.setattr(module, "read_all", made.read_all)
    monkeypatch.setattr(mass, "redis_url", lambda _: "redis://127.0.0.1:1")
    monkeypatch.setattr(mass, "tenants_dir", lambda _: TENANTS)
    monkeypatch.setattr(mass, "load_tenants", tenants)
    monkeypatch.setattr(mass, "Publisher", Publisher)
    monkeypatch.setattr(mass, "AuditLog", Audit)
    made.caller(1, (-6.1, 106.1))
    made.caller(2, (-6.1, 106.15))
    made.caller(3, (-7.0, 110.0))
    made.caller(4, None)
    made.caller(5, (-6.1, 106.1), only_if_safe=True)
    made.caller(6, (-6.1, 106.1), at_ms=LONG_AGO_MS)
    return made


@pytest.fixture
def area(tmp_path: Path) -> Path:
    file = tmp_path / "area.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": SQUARE}}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return file


def invoke(*words: str) -> str:
    result = CliRunner().invoke(build("notify"), ["notify", *words], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def asked(area: Path, *more: str, by: str = "spv-01", text: str = "banjir") -> str:
    return invoke(
        "mass", "--tenant", "36.73", "--area", str(area), "--since", "2h", "--text-name", text, "--by", by, *more
    )


def test_a_look_sends_nothing_and_says_what_it_would_cost(world: World, area: Path) -> None:
    said = asked(area, "--price", "350")
    for part in (
        "2 callers, 1 SMS each: 2 SMS, Rp 700",
        "1 left out: outside",
        "1 left out: only if it is safe",
        "1 left out: of whom no place",
        "1 left out: were missed before",
    ):
        assert part in said
    assert PHONE.format(1) not in said
    assert "Nothing was sent" in said
    assert world.of(MASS_REQUESTS) == world.of(MASS_MESSAGES) == world.deeds == []


def test_the_second_approver_has_it_sent(world: World, area: Path) -> None:
    asked(area, "--send")
    (request,) = world.of(MASS_REQUESTS)
    assert (request.state, request.recipients, request.asked_by) == (MASS_STATE_ASKED, 2, "spv-01")
    assert world.of(MASS_MESSAGES) == []
    with pytest.raises(StackError, match="another approver"):
        invoke("approve", request.mass_id[:8], "--by", "spv-01", "--send")
    assert "Nothing was sent" in invoke("approve", request.mass_id[:8], "--by", "spv-02")
    # Who called in the meantime is written to as well.
    world.caller(7, (-6.05, 106.05))
    for _ in range(2):
        invoke("approve", request.mass_id[:8], "--by", "spv-02", "--send")
    sent: list[MassMessage] = world.of(MASS_MESSAGES)
    assert sorted({one.number for one in sent}) == [PHONE.format(name) for name in (1, 2, 7)]
    assert len({one.message_id for one in sent}) == 3
    assert {(one.asked_by, one.approved_by) for one in sent} == {("spv-01", "spv-02")}
    last: MassRequest = world.of(MASS_REQUESTS)[-1]
    assert (last.state, last.recipients) == (MASS_STATE_APPROVED, 3)
    assert [(deed.actor, deed.action) for deed in world.deeds] == [
        ("spv-01", "mass_ask"), ("spv-02", "mass_approve"), ("spv-02", "mass_approve"),
    ]  # fmt: skip
    assert all(PHONE.format(1) not in f"{deed.subject} {deed.reason}" for deed in world.deeds)


def test_one_approver_is_enough_where_the_centre_says_so(world: World, area: Path) -> None:
    world.policy = MassPolicy(True, ("spv-01",), second_approval=False)
    asked(area, "--send", "--unplaced")
    assert len(world.of(MASS_MESSAGES)) == 3


@pytest.mark.parametrize(
    ("policy", "by", "text", "part"),
    [
        (MassPolicy(), "spv-01", "banjir", "does not allow"),
        (MassPolicy(True, ("spv-01", "spv-02")), "op-7", "banjir", "'op-7' is no approver"),
        (MassPolicy(True, ("spv-01", "spv-02")), "spv-01", "gempa", "approved no text 'gempa'"),
    ],
)
def test_what_may_not_be_sent(world: World, area: Path, policy: MassPolicy, by: str, text: str, part: str) -> None:
    world.policy = policy
    with pytest.raises(StackError, match=part):
        asked(area, "--send", by=by, text=text)
    assert world.of(MASS_REQUESTS) == []


@pytest.mark.parametrize(
    "drawn",
    [
        "",
        "{}",
        '{"type": "Point", "coordinates": [106, -6]}',
        '{"type": "FeatureCollection", "features": []}',
        '{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}',
    ],
)
def test_an_area_that_is_none(world: World, area: Path, drawn: str) -> None:
    area.write_text(drawn)
    with pytest.raises(StackError, match=str(area)):
        asked(area)


def test_nothing_is_approved_by_half_a_name(world: World, area: Path) -> None:
    with pytest.raises(StackError, match="nothing that was asked for"):
        invoke("approve", "abcd", "--by", "spv-02")
