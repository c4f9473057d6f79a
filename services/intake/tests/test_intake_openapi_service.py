"""The document against the running service: made-up requests of every kind, from a fixed seed."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from intake_here import TOKEN, only_local_token, serving
from siaga_contracts.catalogue import Topic
from siaga_intake.openapi import document

pytestmark = pytest.mark.stack

# All checks. Of two the expected statuses are widened, for reasons that no schema can tell: a payload that fits its schema
# may be refused for what its fields mean together (422), and one that does not fit is taken without its bad part, or as
# one of a list, or as an event that is not known here, because no call may be lost for a field; and a phone's app that would
# repeat what is refused for ever is thanked for it (200).
CONFIG: Final = """
seed = 112
[parameters]
"X-Siaga-Tenant" = "36.73"
"X-Siaga-Arrived-At" = "2026-01-15T14:15:30+07:00"
[checks.positive_data_acceptance]
expected-statuses = ["200", "202", "400", "401", "403", "422"]
[checks.negative_data_rejection]
expected-statuses = ["200", "202", "400", "401", "403", "404", "405", "413", "422"]
"""


# It takes half a minute; a busy machine may need four times as long.
@pytest.mark.timeout(240)
async def test_made_up_requests(
    topic: Topic, kafka_bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_local_token(monkeypatch)
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    async with serving(topic, kafka_bootstrap, tmp_path) as here:
        async with aiohttp.ClientSession() as session, session.get(f"{here.url}/v1/openapi.json") as response:
            assert await response.json() == document()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{here.url}/v1/openapi.json",
            "-H", f"Authorization: Bearer {TOKEN}", "--checks", "all", "--max-examples", "8",
            "--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all",
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
