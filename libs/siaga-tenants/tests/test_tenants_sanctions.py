"""`sanctions.yaml`: versions that follow each other, and what a centre may leave to the national rule."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from siaga_tenants import SanctionPolicy, TenantError, load_tenants

ROOT = Path(__file__).parents[3]
SERANG = "36.73-kota-serang"
VERSION = """
  - version: "{version}"
    watch_at: 2
    warn_at: 4
    temporary_above: 6
    temporary_hours: 72
    memory_days: 180
    protection_days: 30
    review_days: 90
    ivr_prank_free_in_24h: 3
    weights:
      {{answered_prank: 1, ivr_prank: 1, abandon: 0, ghost: 0, non_emergency: 0, misdirected: 0, test: 0, real: 0,
       unserved: 0, unresolved: 0}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tenants" / SERANG, tmp_path / SERANG)
    return tmp_path / SERANG / "sanctions.yaml"


def policy_of(file: Path) -> SanctionPolicy:
    return load_tenants(file.parents[1])["36.73"].sanctions


def problems_of(file: Path) -> str:
    with pytest.raises(TenantError) as caught:
        load_tenants(file.parents[1])
    return "\n".join(caught.value.problems)


def with_lines(file: Path, *lines: str) -> Path:
    file.write_text(file.read_text("utf-8") + "\n" + "\n".join(lines), "utf-8")
    return file


def test_a_version_keeps_those_before_it(file: Path) -> None:
    policy = policy_of(with_lines(file, 'from: "2026-12-01"', "earlier:" + VERSION.format(version="old")))
    assert policy.valid_from == date(2026, 12, 1)
    (old,) = policy.earlier
    assert (old.version, old.temporary_above, old.valid_from) == ("old", 6, None)
    # What a version does not say is the national rule.
    assert (old.ghost_screen_at, old.tag_weights, old.appeal_working_days) == (5, {"child": 0.5}, 3)


def test_what_holds_for_the_centre_now(file: Path) -> None:
    policy = policy_of(file)
    assert date(2026, 12, 25) in policy.holidays
    assert (policy.valid_from, policy.earlier) == (None, ())


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["earlier:" + VERSION.format(version="old")], "must be a day after that of the version before"),
        (
            ['from: "2026-12-01"', "earlier:" + VERSION.format(version="a") + VERSION.format(version="b")],
            "earlier[1]: must be a day after that of the version before",
        ),
        (
            ['from: "2026-12-01"', "earlier:" + VERSION.format(version="36.73-2")],
            "'36.73-2' names two versions; every one has its own",
        ),
        (['from: "2026-13-01"'], "from: '2026-13-01' is no day of the calendar"),
        (["from: soon"], "from: 'soon' is not a day like"),
        (
            ['from: "2026-12-01"', "earlier:" + VERSION.format(version="a") + '    holidays: ["2026-12-25"]'],
            "earlier[0].holidays: unknown key",
        ),
    ],
)
def test_versions_that_do_not_follow_each_other(file: Path, lines: list[str], complaint: str) -> None:
    assert complaint in problems_of(with_lines(file, *lines))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("child: 0.5", "child: 2", "tag_weights.child: 2 is not a number from 0 to 1"),
        ("child: 0.5", "anak: 0.5", "tag_weights.anak: unknown key"),
        ("false_report_weight: 1", "false_report_weight: 3", "false_report_weight: 3 is not a number from 0 to 1"),
        ("appeal_working_days: 3", "appeal_working_days: 9", "appeal_working_days: 9 is not a number from 1 to 3"),
        ("ghost_screen_at: 5", "ghost_screen_at: -1", "ghost_screen_at: -1 is not a number from 0 to 100"),
        ('"2026-12-25"', '"25 December"', "holidays[0]: '25 December' is not a day like"),
    ],
)
def test_what_a_policy_may_not_say(file: Path, old: str, new: str, complaint: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    assert complaint in problems_of(file)
