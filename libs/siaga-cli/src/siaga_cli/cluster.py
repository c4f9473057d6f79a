"""Which Kafka the operating commands talk to: the one of the environment, else the running stack's."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from siaga_kit.embedded import state
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import Home
from siaga_kit.kafka import security
from siaga_kit.settings import KafkaSettings, Settings


@dataclass(frozen=True, slots=True)
class Cluster:
    """A broker to ask, and how."""

    settings: KafkaSettings
    security: dict[str, Any] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        return self.settings.bootstrap

    @property
    def replication(self) -> int:
        return self.settings.replication


def cluster(home: Home) -> Cluster:
    """The cluster; raises StackError when there is none."""
    if os.environ.get("SIAGA_KAFKA__BOOTSTRAP"):
        settings = Settings().kafka
        return Cluster(settings, security(settings))
    told = state.read(home)
    if told is None or told.addresses is None or not state.is_running(home):
        raise StackError(f"no stack runs on {home.root}", "start it with `./siaga up`, or set SIAGA_KAFKA__BOOTSTRAP")
    return Cluster(KafkaSettings(bootstrap=told.addresses.kafka_bootstrap, replication=1))


def redis_url(home: Home) -> str:
    """The Redis of the environment, else the running stack's; raises StackError when there is none."""
    if os.environ.get("SIAGA_REDIS__URL"):
        return Settings().redis.url
    told = state.read(home)
    if told is None or told.addresses is None or not state.is_running(home):
        raise StackError(f"no stack runs on {home.root}", "start it with `./siaga up`, or set SIAGA_REDIS__URL")
    return told.addresses.redis_url


def tenants_dir(home: Home) -> Path:
    """The tenants that the running stack serves, else those of the environment."""
    told = state.read(home)
    if told is not None and told.addresses is not None and state.is_running(home):
        return told.addresses.tenants_dir
    return Settings().tenants_dir
