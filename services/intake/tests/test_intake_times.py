"""Times as switches write them."""

import pytest
from siaga_intake.core.fields import Refused
from siaga_intake.core.times import moment

LATEST_MS = 1_710_123_600_000
AT_MS = 1_710_123_330_120


@pytest.mark.parametrize(
    "written",
    [
        "1710123330.120", "1710123330.1200", "1710123330.120999", 1710123330.12, "1710123330120", 1710123330120,
        "1710123330120000", 1710123330120000, "1710123330120000000", "2024-03-11T09:15:30.120+0700",
        "2024-03-11T09:15:30.120+07:00", "2024-03-11T02:15:30.120Z", "20240311T021530.120Z", " 1710123330.120 ",
    ],
)  # fmt: skip
def test_every_writing_of_one_moment(written: object) -> None:
    assert moment({"t": written}, "t", LATEST_MS) == AT_MS


@pytest.mark.parametrize("written", [None, "", "0", 0, "0.0", 0.0])
def test_never(written: object) -> None:
    assert moment({"t": written}, "t", LATEST_MS) is None


@pytest.mark.parametrize(
    "written",
    [
        "soon", "-1710123330", "1710123330.x", "1e9", "1,5", "½", "2024-03-11", "2024-03-11T02:15:30",
        "2024-13-11T02:15:30Z", "0001-01-01T00:00:00+23:00", "9" * 30, "5", True, [], {}, "1971-01-01T00:00:00Z", "9" * 65,
        float("nan"), "٣٤٥",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(written: object) -> None:
    with pytest.raises(Refused) as refused:
        moment({"t": written}, "t", LATEST_MS)
    assert refused.value.field == "t"


def test_a_day_ahead_is_a_wrong_clock_and_more_is_refused() -> None:
    day_s = 24 * 3600
    assert moment({"t": LATEST_MS // 1000 + day_s}, "t", LATEST_MS) == LATEST_MS + day_s * 1000
    with pytest.raises(Refused):
        moment({"t": LATEST_MS // 1000 + day_s + 1}, "t", LATEST_MS)
