"""`siaga notify test` on a running stack: what is shown, what the phone gets, and how the crew's answer ends it."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from typing import Any, Final

import aiohttp
import pytest
from siaga_kit.embedded.stack import Stack
from siaga_replay.ledger import Sms
from siaga_replay.smsc import SmsCentre

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

UNIT: Final = "3673-PKM-01"
WITHIN_S: Final = 60.0


@pytest.fixture(scope="module")
def notifier() -> Iterator[Stack]:
    """A trial needs nobody else."""
    with Stack(services=("notifier",)) as running:
        yield running


async def tried(stack: Stack, answer: str | None, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the states shown and the SMS, with the crew answering; `{code}` is the trial's."""
    argv = ["--home", str(stack.home.root), "notify", "test", "--unit", UNIT, "--json", *options]
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siaga_cli", *argv, stdout=asyncio.subprocess.PIPE
    )
    async with aiohttp.ClientSession() as session, asyncio.timeout(WITHIN_S):
        centre = SmsCentre(stack.addresses.smsc_control_url, session)
        seen: list[Sms] = []
        while not seen:
            seen = [sms for sms in await centre.next_messages() if "UJI COBA" in sms.text]
        code = re.search(r"#(\d+)", seen[0].text)
        assert code is not None
        shown: list[dict[str, Any]] = []
        assert command.stdout is not None
        # A phone that answers at once may be heard before the centre's word that it took the SMS.
        while answer is not None and "submitted" not in {one["state"] for one in shown}:
            line = await command.stdout.readline()
            assert line, f"ended before it was submitted: {shown}"
            shown.append(json.loads(line))
        if answer is not None:
            await centre.send_from_phone(seen[0].number, answer.format(code=code[1]), "112")
        rest, _ = await command.communicate()
    assert command.returncode is not None
    return command.returncode, shown + [json.loads(line) for line in rest.splitlines()], seen[0].text


async def test_a_trial_is_shown_until_the_crew_answers(notifier: Stack) -> None:
    exit_code, states, text = await tried(notifier, "OK #{code}", "--channel", "sms")
    assert exit_code == 0
    assert states[0]["state"] == "queued"
    assert {"submitted", "acknowledged"} <= {one["state"] for one in states}
    assert {one["channel"] for one in states} == {"sms"}
    # Nobody may take it for a task.
    assert text.startswith("UJI COBA")
    assert "P1" not in text
