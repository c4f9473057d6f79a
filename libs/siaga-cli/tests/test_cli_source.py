"""`source`: sources.yaml is changed as a careful person would, and a running intake follows without a restart."""

import asyncio
import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from siaga_cli.main import build
from siaga_kit.embedded.errors import StackError
from siaga_tenants import Source, load_sources
from typer.testing import CliRunner, Result

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"
HANGUP = {"Event": "Hangup", "Uniqueid": "1710123330.41", "Cause": "16"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "tenants"
    shutil.copytree(REAL / SERANG, directory / SERANG)
    return directory


def invoke(directory: Path, *words: str) -> Result:
    return CliRunner().invoke(build("source"), ["source", words[0], "--tenants-dir", str(directory), *words[1:]])


def done(directory: Path, *words: str) -> dict[str, Any]:
    result = invoke(directory, *words, "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def refused(directory: Path, *words: str) -> str:
    before = (directory / SERANG / "sources.yaml").read_bytes()
    files = set((directory / SERANG).iterdir())
    result = invoke(directory, *words)
    assert isinstance(result.exception, StackError), result.output
    assert (directory / SERANG / "sources.yaml").read_bytes() == before
    assert set((directory / SERANG).iterdir()) == files
    return str(result.exception)


def source(directory: Path, name: str) -> Source:
    return next(each for each in load_sources(directory)["36.73"] if each.name == name)


def key_of(told: dict[str, Any]) -> str:
    return Path(told["key_file"]).read_text().strip()


def sha(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def test_a_source_is_added_and_nothing_else_changes(directory: Path) -> None:
    file = directory / SERANG / "sources.yaml"
    file.chmod(0o640)
    before = file.read_text()
    told = done(directory, "add", "asterisk/pbx2", "--test", "--rate-per-s", "50")
    after = file.read_text()
    assert after.startswith(before)
    assert after.removeprefix(before).startswith("  - {kind: asterisk, instance: pbx2, token_sha256: ")
    assert told["token"] not in after
    assert source(directory, "asterisk/pbx2") == Source(
        "asterisk", "pbx2", sha(told["token"]), test=True, rate_per_s=50
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_comments_and_layout_stay(directory: Path) -> None:
    file = directory / SERANG / "sources.yaml"
    file.write_text(
        "# ours\nsources:\n- kind: asterisk   # the old one\n  instance: 'pbx1'\n\n  # signs\n"
        "- {kind: kamailio,\n   instance: edge1}\n"
    )
    done(directory, "disable", "asterisk/pbx1")
    assert file.read_text() == (
        "# ours\nsources:\n- kind: asterisk   # the old one\n  instance: 'pbx1'\n\n  # signs\n"
        "  disabled: true\n- {kind: kamailio, instance: edge1}\n"
    )
    done(directory, "enable", "asterisk/pbx1")
    assert "disabled" not in file.read_text()


def test_a_first_token_then_one_that_overlaps_then_one_that_does_not(directory: Path) -> None:
    first = done(directory, "rotate", "asterisk/pbx1")
    assert "previous_until" not in first
    assert source(directory, "asterisk/pbx1") == Source("asterisk", "pbx1", sha(first["token"]))

    now = time.time()
    second = done(directory, "rotate", "asterisk/pbx1", "--overlap", "2h")
    found = source(directory, "asterisk/pbx1")
    assert (found.token_sha256, found.previous_token_sha256) == (sha(second["token"]), sha(first["token"]))
    assert abs(found.previous_until_ms / 1000 - now - 7_200) < 60

    assert "--lost" in refused(directory, "rotate", "asterisk/pbx1")
    lost = done(directory, "rotate", "asterisk/pbx1", "--lost")
    again = source(directory, "asterisk/pbx1")
    assert (again.token_sha256, again.previous_token_sha256) == (sha(lost["token"]), sha(first["token"]))
    assert again.previous_until_ms == found.previous_until_ms

    third = done(directory, "rotate", "asterisk/pbx1", "--overlap", "0")
    assert source(directory, "asterisk/pbx1") == Source("asterisk", "pbx1", sha(third["token"]))


def test_a_key_is_a_file_for_its_owner_alone_and_stays_when_the_next_one_is_made(directory: Path) -> None:
    first = Path(done(directory, "add", "kamailio/edge2", "--hmac")["key_file"])
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    second = Path(done(directory, "rotate", "kamailio/edge2")["key_file"])
    assert first.read_text() != second.read_text()
    found = source(directory, "kamailio/edge2")
    assert (found.hmac_secret_file, found.previous_hmac_secret_file) == (str(second), str(first))
    assert first.read_text() not in (directory / SERANG / "sources.yaml").read_text()


def test_a_certificate_is_bound_by_its_digest(directory: Path, tmp_path: Path) -> None:
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=pbx",
            "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(tmp_path / "cert.pem"), "-noout", "-fingerprint", "-sha256"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "token" not in done(directory, "add", "asterisk/pbx2", "--client-cert", str(tmp_path / "cert.pem"))
    digest = shown.partition("=")[2].strip().replace(":", "").lower()
    assert source(directory, "asterisk/pbx2") == Source("asterisk", "pbx2", client_cert_sha256=digest)
    assert "no certificate in PEM" in refused(
        directory, "add", "asterisk/pbx3", "--client-cert", str(tmp_path / "key.pem")
    )


def test_list_tells_the_kind_of_credential_and_never_the_credential(directory: Path) -> None:
    done(directory, "rotate", "asterisk/pbx1")
    done(directory, "rotate", "asterisk/pbx1")
    done(directory, "add", "kamailio/edge2", "--hmac", "--test")
    done(directory, "disable", "kamailio/edge1")
    listed = {each["source"]: each for each in json.loads(invoke(directory, "list", "--json").stdout)}
    assert listed["asterisk/pbx1"]["credential"] == "token"
    assert listed["asterisk/pbx1"]["rotation"].startswith("the one before is good until 20")
    assert (listed["kamailio/edge2"]["credential"], listed["kamailio/edge2"]["test"]) == ("hmac", True)
    assert listed["kamailio/edge1"]["disabled"] is True
    assert listed["form/console"]["credential"] == "none"
    shown = invoke(directory, "list").stdout + json.dumps(listed)
    secrets = [each.token_sha256 for each in load_sources(directory)["36.73"] if each.token_sha256]
    assert secrets
    assert not any(secret in shown for secret in secrets)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "asterisk/pbx1"], "source rotate"),
        (["add", "kamailio/edge1", "--hmac"], "source rotate"),
        (["add", "asteriks/pbx2"], "did you mean 'asterisk'?"),
        (["add", "asterisk/PBX 2", "--hmac"], "is not a short name like pbx1"),
        (["add", "asterisk/pbx2", "--tenant", "99.99"], "say one of 36.73"),
        (["add", "asterisk/pbx2", "--rate-per-s", "0"], "is not a number from 0.1"),
        (["rotate", "asterisk/pbx9"], "`./siaga source list`"),
        (["rotate", "asterisk/pbx9", "--tenant", "36.73"], "it has asterisk/pbx1, "),
        (["disable", "asterisk/pbx9"], "`./siaga source list`"),
    ],
)
def test_what_cannot_be_is_said_with_its_remedy_and_changes_nothing(
    directory: Path, words: list[str], told: str
) -> None:
    assert told in refused(directory, *words)


@pytest.mark.parametrize("words", [["add", "pbx2"], ["rotate", "asterisk/pbx1", "--overlap", "soon"]])
def test_a_wrong_command_line(directory: Path, words: list[str]) -> None:
    assert invoke(directory, *words).exit_code == 2


def test_with_several_tenants_one_must_be_named(directory: Path) -> None:
    shutil.copytree(REAL / "32.14-purwakarta", directory / "32.14-purwakarta")
    assert "--tenant, one of 32.14, 36.73" in refused(directory, "add", "asterisk/pbx2")
    assert "--tenant, one of 32.14, 36.73" in refused(directory, "rotate", "asterisk/pbx1")
    done(directory, "add", "asterisk/pbx2", "--tenant", "36.73")
    assert done(directory, "rotate", "asterisk/pbx2")["tenant"] == "36.73"


def test_a_file_that_is_broken_is_not_made_worse(directory: Path) -> None:
    (directory / SERANG / "sources.yaml").write_text("sources: [")
    assert "sources.yaml" in refused(directory, "add", "asterisk/pbx2")


def test_two_at_once_lose_nothing(directory: Path) -> None:
    command = [sys.executable, "-m", "siaga_cli", "source", "add", "--tenants-dir", str(directory)]
    adding = [
        subprocess.Popen([*command, f"asterisk/q{number}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(3)
    ]
    assert [each.communicate()[0] != b"" and each.returncode for each in adding] == [0] * 3
    assert {f"asterisk/q{number}" for number in range(3)} <= {each.name for each in load_sources(directory)["36.73"]}


class Running:
    """An intake process without a broker: what it takes goes to its spool."""

    def __init__(self, session: aiohttp.ClientSession, port: int, health: int) -> None:
        self._session = session
        self._url, self._health = (f"http://127.0.0.1:{number}" for number in (port, health))

    async def post(self, body: bytes = json.dumps(HANGUP).encode(), path: str = "asterisk", **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.post(f"{self._url}/v1/switch/{path}", data=body, headers=named) as response:
            return response.status

    async def by_token(self, token: str) -> int:
        return await self.post(Authorization=f"Bearer {token}")

    async def notes(self) -> dict[str, str]:
        with suppress(aiohttp.ClientError):
            async with self._session.get(f"{self._health}/health/ready") as response:
                told = await response.json()
                return dict(told["notes"], up="") if response.status == 200 else {}
        return {}

    async def listens(self) -> bool:
        with suppress(aiohttp.ClientError):
            async with self._session.get(self._url) as response:
                return response.status == 404
        return False

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(30):
            while not await condition():
                await asyncio.sleep(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@asynccontextmanager
async def running(directory: Path, data: Path) -> AsyncIterator[Running]:
    port, health = free_port(), free_port()
    environment = {
        **os.environ,
        "SIAGA_KAFKA__BOOTSTRAP": f"127.0.0.1:{free_port()}",
        "SIAGA_HTTP__PORT": str(port),
        "SIAGA_HEALTH__PORT": str(health),
        "SIAGA_TENANTS_DIR": str(directory),
        "SIAGA_DATA_DIR": str(data),
        "SIAGA_INSTANCE": "1",
        "SIAGA_CALLER_SECRET": "secret of the tests",
        "SIAGA_ALLOW_ANONYMOUS": "",
        "SIAGA_LOCAL_TOKEN_SHA256": "",
    }
    log = data.parent / "intake.log"
    with log.open("wb") as writing:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "siaga_intake", env=environment, stdout=writing, stderr=writing
        )
    try:
        async with aiohttp.ClientSession() as session:
            made = Running(session, port, health)

            async def up() -> bool:
                assert process.returncode is None, log.read_text()
                # Health answers before the front door stands.
                return "up" in await made.notes() and await made.listens()

            await made.until(up)
            yield made
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def test_a_running_intake_follows_without_a_restart_and_turns_nobody_away(
    directory: Path, tmp_path: Path
) -> None:
    first = done(directory, "rotate", "asterisk/pbx1")["token"]
    async with running(directory, tmp_path / "data") as intake:
        assert await intake.by_token(first) == 202

        second = done(directory, "rotate", "asterisk/pbx1", "--overlap", "1h")["token"]

        async def both() -> bool:
            # The one of before is never turned away, whether the new one is known already or not.
            assert await intake.by_token(first) == 202
            return await intake.by_token(second) == 202

        await intake.until(both)

        done(directory, "disable", "asterisk/pbx1")

        async def neither() -> bool:
            return {await intake.by_token(first), await intake.by_token(second)} == {403}

        await intake.until(neither)
        done(directory, "enable", "asterisk/pbx1")

        async def let_in_again() -> bool:
            return await intake.by_token(first) == 202

        await intake.until(let_in_again)

        third = done(directory, "rotate", "asterisk/pbx1", "--overlap", "0")["token"]

        async def only_the_third() -> bool:
            return [await intake.by_token(each) for each in (first, second, third)] == [401, 401, 202]

        await intake.until(only_the_third)


async def test_what_is_broken_changes_nothing_in_a_running_intake_and_health_tells_it(
    directory: Path, tmp_path: Path
) -> None:
    token = done(directory, "rotate", "asterisk/pbx1")["token"]
    file = directory / SERANG / "sources.yaml"
    good = file.read_text()
    async with running(directory, tmp_path / "data") as intake:
        file.write_text(good.replace("kind: kamailio", "kind: kamailo"))

        async def told() -> bool:
            return "did you mean 'kamailio'?" in (await intake.notes()).get("sources", "")

        await intake.until(told)
        assert await intake.by_token(token) == 202
        file.write_text(good)

        async def silent() -> bool:
            return "sources" not in await intake.notes()

        await intake.until(silent)
    log = (tmp_path / "intake.log").read_text()
    assert re.search(r'"level": ?"error".*did you mean|did you mean.*"level": ?"error"', log)


async def test_a_new_key_signs_at_once_and_what_is_no_json_can_be_looked_at(directory: Path, tmp_path: Path) -> None:
    async with running(directory, tmp_path / "data") as intake:
        key = key_of(done(directory, "add", "kamailio/edge2", "--hmac"))

        async def signed(body: bytes) -> int:
            now = f"{time.time():.0f}"
            digest = hmac.new(key.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
            headers = {"X_Siaga_Signature": f"t={now},v1={digest}", "X_Siaga_Tenant": "36.73"}
            return await intake.post(body, "kamailio", **headers)

        bye = json.dumps({"method": "BYE", "callid": "x", "time": 1710123548}).encode()

        async def taken() -> bool:
            return await signed(bye) == 202

        await intake.until(taken)
        assert await signed(b'{"src_user": "+6281234567890"') == 400
    data = ["--data-dir", str(tmp_path / "data"), "--json"]
    command = build("quarantine")
    (entry,) = json.loads(CliRunner().invoke(command, ["quarantine", "list", *data]).stdout)
    assert (entry["source"], entry["outcome"]) == ("kamailio/edge2", "unreadable")
    shown = json.loads(CliRunner().invoke(command, ["quarantine", "show", entry["id"], *data]).stdout)
    assert shown["samples"][0]["payload"] == '{"src_user": "+628********90"'
