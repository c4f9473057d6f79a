"""The whole stack as a plan: servers, topics, services, with their ports and settings."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siaga_kit.embedded import jars, kafka_server, probes, redis_server
from siaga_kit.embedded.addresses import StackAddresses
from siaga_kit.embedded.home import Home, project_root
from siaga_kit.embedded.ports import HOST, Mode, Ports, is_free
from siaga_kit.embedded.processes import PidFile, Spec, is_same
from siaga_kit.embedded.state import ProcessState
from siaga_kit.embedded.supervisor import Plan, Stage
from siaga_kit.settings import SmppSettings
from siaga_kit.topics import ensure_topics


@dataclass(frozen=True, slots=True)
class Service:
    """One of our programs."""

    name: str
    module: str
    http: bool = False
    grpc: bool = False


SERVICES: Final = (
    Service("intake", "siaga_intake", http=True, grpc=True),
    Service("classifier", "siaga_classifier", grpc=True),
    Service("ledger", "siaga_classifier.ledger"),
    Service("dispatcher", "siaga_dispatcher", grpc=True),
    Service("notifier", "siaga_notifier"),
)
ALL_SERVICES: Final = tuple(service.name for service in SERVICES)
# In the order in which they may be stopped: each only needs those behind it.
STOP_ORDER: Final = (*ALL_SERVICES, "smsc", "redis", "kafka")


@dataclass(frozen=True, slots=True)
class Choices:
    """What to run."""

    ports: Mode = "fixed"
    # Names of our own programs; none = Kafka and Redis only.
    services: tuple[str, ...] = ALL_SERVICES
    # The front door takes unsigned requests; for the demonstration only.
    demo: bool = False
    # SMS go to the centre that SIAGA_SMPP__HOST names, where it names one. Only for real work: the recorded and made-up
    # calls of a demonstration, a measurement or a test must never send SMS to anybody's phone.
    real_sms: bool = False


class Planner:
    """Makes the plan of one home; the ports of a process that already runs there stay as they are."""

    def __init__(self, home: Home, choices: Choices, environ: Mapping[str, str] = os.environ) -> None:
        self._home = home
        self._choices = choices
        self._environ = environ
        self._ports = Ports(home.data / "ports.json", choices.ports)

    def plan(self, progress: jars.Progress | None = None) -> Plan:
        """The plan. Fetches Kafka's jars when they are not there yet."""
        external: list[ProcessState] = []
        servers: list[Spec] = []
        bootstrap = self._environ.get("SIAGA_KAFKA__BOOTSTRAP")
        redis_url = self._environ.get("SIAGA_REDIS__URL")
        if bootstrap:
            external.append(ProcessState("kafka", None, ready=True, restarts=0, url=bootstrap, why=None))
        else:
            servers.append(self._kafka(progress))
        if redis_url:
            external.append(ProcessState("redis", None, ready=True, restarts=0, url=redis_url, why=None))
        else:
            servers.append(redis_server.spec(self._home.data / "redis", self._port("redis", "redis")))
        real_sms = bool(self._choices.real_sms and self._environ.get("SIAGA_SMPP__HOST"))
        smsc_port = self._real_smsc_port() if real_sms else self._port("smsc", "smsc")
        if real_sms:
            url = f"{self._environ['SIAGA_SMPP__HOST']}:{smsc_port}"
            external.append(ProcessState("smsc", None, ready=True, restarts=0, url=url, why=None))
        elif "notifier" in self._choices.services:
            servers.append(self._smsc())
        addresses = StackAddresses(
            kafka_bootstrap=bootstrap or servers[0].url,
            redis_url=redis_url or next(spec.url for spec in servers if spec.name == "redis"),
            intake_url=f"http://{HOST}:{self._port('intake', 'intake')}",
            smsc_control_url="" if real_sms else f"http://{HOST}:{self._port('smsc', 'smsc-control')}",
            smsc_port=smsc_port,
            classifier_grpc=f"{HOST}:{self._port('classifier', 'classifier')}",
            dispatcher_grpc=f"{HOST}:{self._port('dispatcher', 'dispatcher')}",
            intake_grpc=f"{HOST}:{self._port('intake', 'intake-grpc')}",
            advice_url=f"http://{HOST}:{self._port('classifier', 'advice')}",
            notifier_url=f"http://{HOST}:{self._port('notifier', 'notifier')}",
            tenants_dir=Path(self._environ.get("SIAGA_TENANTS_DIR") or project_root() / "tenants").absolute(),
            token=self._home.token,
        )
        replication = int(self._environ.get("SIAGA_KAFKA__REPLICATION", "3")) if bootstrap else 1

        async def topics() -> None:
            await ensure_topics(addresses.kafka_bootstrap, replication)

        services = [
            self._service(service, addresses, replication)
            for service in SERVICES
            if service.name in self._choices.services
        ]
        stages = [Stage(servers, topics if services else None)]
        if services:
            stages.append(Stage(services))
        return Plan(stages, addresses, external)

    def _port(self, process: str, name: str) -> int:
        """The port of a process: kept while the process left running holds it, else one that is free now."""
        running = PidFile(self._home.run / f"{process}.pid").read()
        if running is not None and is_same(running[0], running[1]) and not is_free(self._ports.get(name)):
            return self._ports.get(name)
        return self._ports.claim(name)

    def _kafka(self, progress: jars.Progress | None) -> Spec:
        port, controller_port = self._port("kafka", "kafka"), self._port("kafka", "kafka-controller")
        return kafka_server.spec(self._home.jars, self._home.data / "kafka", port, controller_port, progress)

    def _real_smsc_port(self) -> int:
        return int(self._environ.get("SIAGA_SMPP__PORT") or SmppSettings().port)

    def _smsc(self) -> Spec:
        port, control_port = self._port("smsc", "smsc"), self._port("smsc", "smsc-control")
        journal = self._home.data / "smsc" / "journal.jsonl"
        options = ["--port", str(port), "--control-port", str(control_port), "--journal", str(journal)]

        def probe() -> str | None:
            return probes.tcp(port) or probes.tcp(control_port)

        return Spec(
            name="smsc",
            argv=[sys.executable, "-m", "siaga_kit.embedded.smsc", *options],
            env=dict(self._environ),
            cwd=journal.parent,
            probe=probe,
            url=f"http://{HOST}:{control_port}",
        )

    def _service(self, service: Service, addresses: StackAddresses, replication: int) -> Spec:
        health = self._port(service.name, f"{service.name}-health")
        folder = self._home.data / service.name
        env = {
            **self._environ,
            "SIAGA_KAFKA__BOOTSTRAP": addresses.kafka_bootstrap,
            "SIAGA_KAFKA__REPLICATION": str(replication),
            "SIAGA_REDIS__URL": addresses.redis_url,
            "SIAGA_TENANTS_DIR": str(addresses.tenants_dir),
            "SIAGA_CALLER_SECRET": self._environ.get("SIAGA_CALLER_SECRET") or self._home.secret("caller-secret"),
            "SIAGA_LOCAL_TOKEN_SHA256": self._home.token_sha256,
            "SIAGA_INSTANCE": "1",
            "SIAGA_DATA_DIR": str(folder),
            "SIAGA_HEALTH__PORT": str(health),
        }
        if addresses.smsc_control_url:
            env |= {"SIAGA_SMPP__HOST": HOST, "SIAGA_SMPP__PORT": str(addresses.smsc_port)}
        url = f"http://{HOST}:{health}"
        if service.grpc:
            url = {
                "intake": addresses.intake_grpc,
                "classifier": addresses.classifier_grpc,
                "dispatcher": addresses.dispatcher_grpc,
            }[service.name]
            env["SIAGA_GRPC__PORT"] = url.rpartition(":")[2]
        if service.name == "classifier":
            env["SIAGA_ADVICE__PORT"] = addresses.advice_url.rpartition(":")[2]
        if service.name == "notifier":
            env["SIAGA_NOTIFIER__PORT"] = addresses.notifier_url.rpartition(":")[2]
        if service.http:
            url = addresses.intake_url
            env["SIAGA_HTTP__PORT"] = url.rpartition(":")[2]
        if self._choices.demo:
            env["SIAGA_ALLOW_ANONYMOUS"] = "1"
        return Spec(
            name=service.name,
            argv=[sys.executable, "-m", service.module],
            env=env,
            cwd=folder,
            probe=lambda: probes.http_ready(health),
            url=url,
        )
