"""The small parts under the stack: ports, files, locks, secrets, the jar list."""

import json
import socket
import stat
import threading
from pathlib import Path

import pytest
from siaga_kit.embedded import jars, state
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.files import LOG_LIMIT_BYTES, rotate, tail
from siaga_kit.embedded.home import Home
from siaga_kit.embedded.lock import Lock, is_held
from siaga_kit.embedded.ports import FREE_RANGE, HOST, USUAL, Ports, any_free, is_free


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", tmp_path / "jars")
    made.prepare()
    return made


def listener(port: int = 0) -> socket.socket:
    server = socket.create_server((HOST, port))
    server.listen()
    return server


def test_a_port_is_remembered(tmp_path: Path) -> None:
    first = Ports(tmp_path / "ports.json", "free")
    chosen = {name: first.claim(name) for name in USUAL}
    again = Ports(tmp_path / "ports.json", "free")
    assert {name: again.claim(name) for name in USUAL} == chosen
    assert len(set(chosen.values())) == len(USUAL)
    assert all(FREE_RANGE[0] <= port < FREE_RANGE[1] for port in chosen.values())


def test_a_remembered_port_that_is_taken_gives_way(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json", "free")
    before = ports.claim("redis")
    with listener(before):
        assert not is_free(before)
        assert ports.get("redis") == before
        after = ports.claim("redis")
    assert after != before
    assert json.loads((tmp_path / "ports.json").read_text())["redis"] == after


def test_a_taken_usual_port_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listener() as server:
        monkeypatch.setattr("siaga_kit.embedded.ports.USUAL", {"redis": server.getsockname()[1]})
        assert Ports(tmp_path / "ports.json").claim("redis") != server.getsockname()[1]


def test_a_free_usual_port_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = any_free(set())
    monkeypatch.setattr("siaga_kit.embedded.ports.USUAL", {"redis": usual})
    assert Ports(tmp_path / "ports.json").claim("redis") == usual


def test_no_free_port_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siaga_kit.embedded.ports.is_free", lambda _: False)
    with pytest.raises(StackError, match="no free port"):
        any_free(set())


def test_a_second_holder_is_refused_with_the_firsts_pid(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with Lock(path, "somebody is here", "go away"):
        assert is_held(path)
        with (
            pytest.raises(StackError, match=r"somebody is here \(pid \d+\)\n  → go away"),
            Lock(path, "somebody is here", "go away"),
        ):
            pass
    assert not is_held(path)
    with Lock(path, "", ""):
        pass


def test_a_secret_is_made_once_for_this_user_only(home: Home) -> None:
    found: list[str] = []
    askers = [threading.Thread(target=lambda: found.append(home.secret("s"))) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(set(found)) == 1
    assert len(found[0]) >= 32
    assert stat.S_IMODE((home.secrets / "s").stat().st_mode) == 0o600
    assert [path.name for path in home.secrets.iterdir()] == ["s"]


def test_a_large_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    rotate(log)
    log.write_text("small")
    rotate(log)
    assert log.read_text() == "small"
    with log.open("wb") as file:
        file.truncate(LOG_LIMIT_BYTES + 1)
    rotate(log)
    assert not log.exists()
    assert (tmp_path / "kafka.log.1").stat().st_size == LOG_LIMIT_BYTES + 1


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert tail(log) == ""
    log.write_text("\n".join(str(number) for number in range(100_000)))
    assert tail(log, lines=2) == "99998\n99999"


def test_the_state_comes_back_with_the_token_which_is_not_in_the_file(home: Home) -> None:
    addresses = StackAddresses(
        "k:1", "redis://r:2/0", "http://i:3", "http://s:4", 5, "c:6", "d:7", Path("/t"), home.token
    )
    processes = (state.ProcessState("kafka", 12, ready=True, restarts=3, url="k:1", why=None),)
    told = state.StackState(1, "ready", None, processes, addresses)
    state.write(home, told)
    assert state.read(home) == told
    assert home.token not in state.state_file(home).read_text()
    assert told.process("kafka") == processes[0]
    assert told.process("nobody") is None


def test_the_jar_list_names_kafka_and_every_hash() -> None:
    listed = jars.listed()
    assert any(jar.artifact == "kafka_2.13" and jar.version == jars.KAFKA_VERSION for jar in listed)
    assert len({jar.file_name for jar in listed}) == len(listed)
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in listed)
    assert jars.ENDPOINT.startswith("org.apache.kafka:kafka_2.13:")


def test_a_jar_with_another_hash_is_refused_and_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = jars.Jar("org.example", "thing", "1.0", "0" * 64)

    def fetch(_: jars.Jar, staging: Path) -> Path:
        staging.mkdir(parents=True, exist_ok=True)
        (staging / "thing").write_text("something else")
        return staging / "thing"

    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setattr(jars, "_fetch", fetch)
    monkeypatch.setattr(jars, "listed", lambda: (jar,))
    with pytest.raises(StackError, match=r"org.example:thing:1.0: the registry's jar is not the one listed"):
        jars.prepare(tmp_path / "kafka")
    assert not list((tmp_path / "kafka").rglob("thing*"))
    assert not jars.is_complete(tmp_path / "kafka")


def test_a_jar_in_mavens_own_cache_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of "hello"
    jar = jars.Jar("org.example", "thing", "1.0", digest)
    cached = tmp_path / "m2" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    cached.parent.mkdir(parents=True)
    cached.write_text("hello")
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setattr(jars, "listed", lambda: (jar,))
    seen: list[tuple[int, int]] = []
    folder = jars.prepare(tmp_path / "kafka", lambda done, total: seen.append((done, total)))
    assert (folder / "thing-1.0.jar").read_text() == "hello"
    assert seen == [(0, 1), (1, 1)]
    cached.unlink()
    assert jars.prepare(tmp_path / "kafka") == folder


def test_a_registry_out_of_reach_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "jgo.conf"
    config.write_text(f"[repositories]\ncentral = http://{HOST}:1\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(config))
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    monkeypatch.setattr("jgo.constants.MAVEN_CENTRAL_URL", f"http://{HOST}:1")
    monkeypatch.setattr(jars, "listed", lambda: (jars.Jar("org.example", "thing", "1.0", "0" * 64),))
    with pytest.raises(StackError, match=r"cannot be fetched(.|\n)*jgo\.conf"):
        jars.prepare(tmp_path / "kafka")
