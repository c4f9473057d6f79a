"""The real Kafka and Redis that tests marked `stack` run against: one pair for the whole session."""

import asyncio
import os
from collections.abc import Iterator

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


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With SIAGA_NO_SKIP (set by `./siaga test`) a skipped test fails the run: nothing is left out silently."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("SIAGA_NO_SKIP") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("skipped tests count as failed here (SIAGA_NO_SKIP)", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
