"""The contest for one unit, between processes on the real Redis."""

import pytest
from siaga_cli.bench.dispatch_contest import COMMANDS, contest

pytestmark = pytest.mark.stack


async def test_of_a_hundred_in_several_processes_one_wins_and_all_others_are_told_why(redis_url: str) -> None:
    # A database of its own, for it is emptied.
    apart = redis_url.rpartition("/")[0] + "/9"
    assert await contest(apart) == {"won": 1, "unit_busy": COMMANDS - 1}
