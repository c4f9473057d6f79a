"""Stacks that a replay does not touch."""

from pathlib import Path

import pytest
from siaga_kit.embedded.addresses import StackAddresses
from siaga_replay import SmsUnseen, replay


async def test_no_call_is_posted_to_a_stack_that_sends_real_sms(tmp_path: Path) -> None:
    recorded = tmp_path / "calls.jsonl"
    recorded.touch()
    # Nothing listens on any of these: only a refusal before the first request can end this way.
    real = StackAddresses("k:1", "redis://r:2/0", "http://i:3", "", 2775, "c:6", "d:7", tmp_path, "")
    with pytest.raises(SmsUnseen, match="without the embedded SMS centre a replay cannot compare SMS"):
        await replay(recorded, real)
