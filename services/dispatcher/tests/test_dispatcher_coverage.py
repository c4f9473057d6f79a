"""Which posts are short, who could move up, and what the supervisor is told: tables, and what must always hold."""

from dataclasses import replace

import pytest
from dispatcher_samples import CENTRE, NOON_MS, POLICY, TENANT, north, unit
from hypothesis import given
from hypothesis import strategies as st
from siaga_dispatcher.core.coverage import Cover, alerts_of, available, covers_of, kept_by, left_short, movers
from siaga_dispatcher.core.values import Alert, Unit, UnitStatus
from siaga_tenants.coverage import Hours, Post


def post(post_id: str, away_m: float = 0, **fields: object) -> Post:
    """A post that wants one engine within 3 km, so far north of the centre."""
    there = north(away_m)
    made = Post(post_id, f"Pos {post_id}", there.lat, there.lon, ("damkar",), (), 1, within_m=3_000)
    return replace(made, **fields)  # type: ignore[arg-type]


def covers(posts: list[Post], units: list[Unit], hour: int = 12) -> tuple[Cover, ...]:
    return covers_of(posts, available(units, NOON_MS), POLICY, hour)


def told(
    posts: list[Post], units: list[Unit], holding: tuple[Alert, ...] = (), now: int = NOON_MS
) -> tuple[Alert, ...]:
    return alerts_of(TENANT, covers(posts, units), available(units, NOON_MS), holding, POLICY, now)


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        ({}, True),
        ({"away_m": 3_100}, False),
        ({"kind": "satgas"}, False),
        ({"incident_id": "x", "status": UnitStatus.ON_SCENE}, False),
        ({"off_shift": True}, False),
        ({"retired": True}, False),
        ({"position": replace(CENTRE, source="gps", fixed_at_ms=NOON_MS - 3_600_000)}, False),
    ],
)
def test_who_counts_for_a_post(one: dict[str, object], counts: bool) -> None:
    (cover,) = covers([post("a")], [unit("d1", **one)])  # type: ignore[arg-type]
    assert cover.short is not counts


def test_near_by_driving_time_depends_on_how_fast_the_kind_is() -> None:
    # 1,500 m with the detour take 189 s at 40 km/h and 126 s at 60.
    soon = post("a", kinds=("puskesmas", "pmi"), within_m=None, within_s=150.0)
    (cover,) = covers([soon], [unit("p1", "puskesmas", away_m=1_500), unit("m1", "pmi", away_m=1_500)])
    assert cover.unit_ids == {"m1"}


def test_capabilities_and_hours_count() -> None:
    night = post("a", capabilities=("LightRescue",), hours=(Hours(21, 6, 0),))
    assert [covers([night], [unit("d1")], hour)[0].short for hour in (12, 22, 5)] == [True, False, False]


def test_a_post_that_falls_short_is_told_once_with_who_could_move_up_and_cleared_once() -> None:
    posts = [post("south"), post("north", 10_000)]
    home, spare = unit("d1"), unit("d2", away_m=10_000)
    others = [unit("d3", away_m=10_500), spare]
    (raised,) = told(posts, others)
    assert (raised.kind, raised.post_id, raised.suggested_unit_id) == ("coverage", "south", "d2")
    assert raised.detail == (
        "Pos south: 0 dari 1 unit damkar siaga dalam 3.0 km; Pos d2 dapat bergeser; Pos north tetap cukup"
    )
    assert not told(posts, others, (raised,), NOON_MS + 1)
    (cleared,) = told(posts, [home, *others], (raised,), NOON_MS + 60_000)
    assert (cleared.alert_id, cleared.cleared_at_ms, cleared.version) == (raised.alert_id, NOON_MS + 60_000, 2)
    (again,) = told(posts, others, (), NOON_MS + 120_000)
    assert again.alert_id != raised.alert_id


def test_nobody_moves_up_who_would_leave_another_post_short() -> None:
    posts = [post("south"), post("north", 10_000)]
    (raised,) = told(posts, [unit("d2", away_m=10_000)])
    assert not raised.suggested_unit_id
    assert raised.detail.endswith("tidak ada unit yang dapat bergeser tanpa membuat pos lain kurang")
    # From its new place it still counts for the other post.
    both = [post("south"), post("middle", 2_000)]
    (moved,) = told(both, [unit("d2", away_m=4_500)])
    assert (moved.post_id, moved.suggested_unit_id) == ("south", "d2")


def test_who_was_suggested_stays_so_while_able() -> None:
    posts = [post("south")]
    far, farther = unit("d1", away_m=8_000), unit("d2", away_m=9_000)
    (raised,) = told(posts, [farther])
    assert not told(posts, [far, farther], (raised,))
    (moved,) = told(posts, [far], (raised,))
    assert (moved.alert_id, moved.suggested_unit_id, moved.version) == (raised.alert_id, "d1", 2)


def test_a_post_that_is_no_longer_listed_is_cleared() -> None:
    (raised,) = told([post("south")], [])
    (cleared,) = told([], [], (raised,))
    assert cleared.cleared_at_ms
    mayday = Alert("m", TENANT, "mayday", "", NOON_MS)
    assert not told([], [], (mayday,))


def test_what_would_be_left_short_is_told_beforehand() -> None:
    standing = covers([post("a", minimum=2), post("b", 10_000, minimum=0)], [unit("d1"), unit("d2"), unit("d3")])
    assert left_short(standing, frozenset({"d1"})) == ()
    assert left_short(standing, frozenset({"d1", "d2"})) == ("Pos a: 1 dari 2 unit damkar siaga dalam 3.0 km",)
    assert kept_by(standing) == {}
    assert kept_by(covers([post("a", minimum=2)], [unit("d1"), unit("d2")])) == {"d1": "Pos a", "d2": "Pos a"}


POSTS = st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 3)), max_size=5).map(
    lambda rows: [post(f"p{i}", away, minimum=minimum) for i, (away, minimum) in enumerate(rows)]
)
UNITS = st.lists(st.tuples(st.integers(0, 20_000), st.booleans()), max_size=8).map(
    lambda rows: [unit(f"d{i}", away_m=away, off_shift=off) for i, (away, off) in enumerate(rows)]
)


@given(POSTS, UNITS)
def test_a_move_up_helps_its_post_and_leaves_no_other_short(posts: list[Post], units: list[Unit]) -> None:
    before = covers(posts, units)
    for cover in before:
        for mover in movers(cover, before, available(units, NOON_MS), POLICY):
            there = replace(CENTRE, lat=cover.post.lat, lon=cover.post.lon)
            moved = [replace(u, position=there) if u is mover else u for u in units]
            for was, now in zip(before, covers(posts, moved), strict=True):
                assert len(now.units) > len(was.units) if was is cover else not now.short or was.short
                assert not was.short or len(now.units) >= len(was.units)


@given(st.lists(st.tuples(POSTS, UNITS), max_size=6))
def test_never_two_alerts_for_a_post_and_each_holds_exactly_while_it_is_short(
    steps: list[tuple[list[Post], list[Unit]]],
) -> None:
    holding: dict[str, Alert] = {}
    for second, (posts, units) in enumerate(steps):
        for alert in told(posts, units, tuple(holding.values()), NOON_MS + second):
            known = holding.get(alert.alert_id)
            assert alert.version == (known.version + 1 if known else 1)
            if alert.cleared_at_ms:
                del holding[alert.alert_id]
            else:
                holding[alert.alert_id] = alert
        short = sorted(cover.post.post_id for cover in covers(posts, units) if cover.short)
        assert sorted(alert.post_id for alert in holding.values()) == short
        assert not told(posts, units, tuple(holding.values()), NOON_MS + second)
