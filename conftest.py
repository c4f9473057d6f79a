"""The real servers that tests run against: one Kafka and Redis for the whole session, an MQTT broker for each that asks."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.stack import Stack
from siaga_kit.topics import ensure_topics

# A busy machine is no failure. In CI the same examples every time; at a desk new ones, which is where they find something.
settings.register_profile(
    "siaga", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("siaga")


@pytest.fixture(scope="session")
def _servers() -> Iterator[StackAddresses]:
    with Stack(services=()) as stack:
        yield stack.addresses


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest) -> str:
    """The broker: SIAGA_TEST_KAFKA if it is set, else the embedded one on a folder of its own."""
    bootstrap = os.environ.get("SIAGA_TEST_KAFKA")
    if not bootstrap:
        servers: StackAddresses = request.getfixturevalue("_servers")
        bootstrap = servers.kafka_bootstrap
    # Tests make topics of their own, but dead letters go to the one of the catalogue, whichever test comes first.
    asyncio.run(ensure_topics(bootstrap, 1))
    return bootstrap


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> str:
    """Redis: SIAGA_TEST_REDIS if it is set, else the embedded one."""
    given = os.environ.get("SIAGA_TEST_REDIS")
    if given:
        return given
    servers: StackAddresses = request.getfixturevalue("_servers")
    return servers.redis_url


class MqttBroker:
    """A broker process (amqtt: MQTT 3.1.1) that lets anybody in; can be killed and started again on its port."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._config = folder / "amqtt.yaml"
        self._config.write_text(
            f"listeners: {{default: {{type: tcp, bind: '127.0.0.1:{self.port}'}}}}\n"
            "plugins: {amqtt.plugins.authentication.AnonymousAuthPlugin: {allow_anonymous: true}}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it listens some moments later."""
        command = [sys.executable, "-m", "amqtt.scripts.broker_script", "-c", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)


@pytest.fixture
def mqtt_broker(tmp_path: Path) -> Iterator[MqttBroker]:
    """A broker of the test's own."""
    process = MqttBroker(tmp_path)
    process.start()
    yield process
    process.kill()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With SIAGA_NO_SKIP (set by `./siaga test`) a skipped test fails the run: nothing is left out silently."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("SIAGA_NO_SKIP") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("skipped tests count as failed here (SIAGA_NO_SKIP)", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
