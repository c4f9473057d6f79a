import pytest
from siaga_replay.recount import DAY_MS, HOUR_MS, Policy, state_of, states_by_caller
from siaga_replay.truth import CallTruth

START = 1_549_818_000_000
SHORT = {"p": "answered_prank", "i": "ivr_prank", "a": "abandon", "g": "ghost", "r": "real", "n": "non_emergency"}


def calls(*told: tuple[float, str]) -> list[CallTruth]:
    """Calls of one number: hour of their end, and a letter of SHORT."""
    return [
        CallTruth("asterisk/pbx1", str(index), "+62840", START + int(hour * HOUR_MS), SHORT[kind], kind in "pgrn")
        for index, (hour, kind) in enumerate(told)
    ]


def state(*told: tuple[float, str], clock_h: float = 24 * 28) -> str:
    return state_of(calls(*told), START + int(clock_h * HOUR_MS), Policy())


def run(kinds: str, every_h: float = 1) -> list[tuple[float, str]]:
    return [(index * every_h, kind) for index, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("", "clean"),
        ("pp", "clean"),
        ("ppp", "watch"),
        ("pppp", "watch"),
        ("ppppp", "warned"),
        ("aaaaaaaaaa", "clean"),
        ("gggggggggg", "clean"),
        ("nnnnnnnnnn", "clean"),
        ("iii", "clean"),
        ("iiiii", "clean"),  # the fourth and fifth count
        ("iiiiii", "watch"),  # three count
        ("i" * 8, "warned"),  # five count
        ("i" * 20, "warned"),  # seventeen count, but no operator confirmed any
        ("ppr", "lifted"),
        ("pppppr", "lifted"),
        ("rpppppppppp", "lifted"),  # protected: nothing counts
    ],
)
def test_levels(kinds: str, expected: str) -> None:
    assert state(*run(kinds)) == expected


def test_sixth_abuse_is_temporary_and_expires_to_clean() -> None:
    assert state(*run("pppppp"), clock_h=6) == "temporary"
    assert state(*run("pppppp"), clock_h=5 + 23.99) == "temporary"
    assert state(*run("pppppp"), clock_h=5 + 24) == "clean"


def test_abuse_during_a_temporary_is_recorded_only() -> None:
    assert state(*run("pppppp"), (20, "p"), (21, "p"), clock_h=22) == "temporary"
    assert state(*run("pppppp"), (20, "p"), (21, "p")) == "clean"


def test_abuse_after_a_temporary_is_permanent() -> None:
    assert state(*run("pppppp"), (40, "p")) == "permanent"
    assert state(*run("pppppp"), (40, "i")) == "clean"  # one menu prank counts nothing
    assert state(*run("pppppp"), (40, "i"), (41, "i"), (42, "i"), (43, "i")) == "permanent"


def test_abuse_long_after_a_temporary_begins_anew() -> None:
    late = 24 * 190.0
    assert state(*run("pppppp"), (late, "p"), clock_h=late + 1) == "clean"


def test_score_forgets_what_is_older_than_the_memory() -> None:
    late = 24 * 181.0
    assert state(*run("pp"), (late, "p"), clock_h=late + 1) == "clean"


def test_menu_pranks_need_one_confirmed_abuse_for_a_sanction() -> None:
    assert state(*run("i" * 12), (13, "p"), clock_h=14) == "temporary"


def test_free_menu_pranks_are_those_of_the_trailing_day() -> None:
    # Seven and a half hours apart there are never more than four in 24 hours: the fourth of each window counts.
    assert state(*run("iii", every_h=9)) == "clean"
    assert state(*run("i" * 9, every_h=9)) == "clean"
    assert state(*run("i" * 9, every_h=7.5)) == "warned"


def test_real_call_lifts_permanent_and_protects() -> None:
    told = [*run("pppppp"), (40, "p"), (50, "r")]
    assert state(*told) == "lifted"
    assert state(*told, *((60 + index, "p") for index in range(10))) == "lifted"
    after = 50 + 24 * 30.0
    assert state(*told, *((after + index, "p") for index in range(3)), clock_h=after + 9) == "watch"


def test_confidential_call_lifts_whatever_its_outcome() -> None:
    own = calls(*run("ppppp"))
    told = CallTruth("asterisk/pbx1", "x", "+62840", START + 10 * HOUR_MS, "non_emergency", True, confidential=True)
    assert state_of([*own, told], START + DAY_MS, Policy()) == "lifted"


def test_calls_without_number_have_no_state_and_later_calls_are_not_seen() -> None:
    own = calls(*run("ppp"))
    nobody = CallTruth("asterisk/pbx1", "y", None, START, "answered_prank", True)
    assert states_by_caller([nobody, *reversed(own)], START + 3 * HOUR_MS) == {"+62840": "watch"}
    assert states_by_caller(own, START + HOUR_MS) == {"+62840": "clean"}
