"""Settings from the environment (`SIAGA_*`, nested by `__`), validated at start."""

import socket
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseModel, frozen=True):
    """Where the broker is."""

    bootstrap: str = "127.0.0.1:9092"
    # 3 needs three brokers; the embedded stack, which has one, sets 1.
    replication: int = Field(default=3, ge=1)
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None


class RedisSettings(BaseModel, frozen=True):
    """Where Redis is."""

    url: str = "redis://127.0.0.1:6379/0"


class ServerSettings(BaseModel, frozen=True):
    """An address to listen on; port 0 = any free one."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)


class HttpSettings(ServerSettings, frozen=True):
    """The front door; with a certificate it speaks TLS."""

    # Certificate with its chain, and key, in PEM. Renewed files are noticed.
    tls_cert_file: str | None = None
    tls_key_file: str | None = None
    # Authorities, in PEM, whose certificates clients may show.
    tls_client_ca_file: str | None = None
    # Without a certificate of these no connection is made at all.
    tls_client_cert_required: bool = False


class SmppSettings(BaseModel, frozen=True):
    """The SMS centre."""

    host: str = "127.0.0.1"
    port: int = 2775
    system_id: str = "siaga"
    password: SecretStr = SecretStr("siaga")
    # Instead of `password`: read at every bind, so that a new one needs no restart.
    password_file: Path | None = None
    sender: str = "112"
    # What kind of number the sender is (SMPP 3.4 §5.2.5, §5.2.6): by default a short one of the telephone plan.
    source_ton: int = Field(default=0, ge=0, le=6)
    source_npi: Literal[0, 1, 3, 4, 6, 8, 9, 10, 14, 18] = 1
    system_type: str = ""
    tls: bool = False
    # Who may have signed the centre's certificate, in PEM; without it whom the system trusts.
    ca_file: Path | None = None
    # Messages without an answer; 50 is the usual limit of centres, which refuse more as throttled.
    window: int = Field(default=50, ge=1)
    # How receipts write the number of a message whose answer had it the other way; empty = find out each time.
    receipts_in: Literal["", "hex", "decimal"] = ""


class NotifierSettings(ServerSettings, frozen=True):
    """The notifier's door: devices that sign in, providers' receipts, crews' links."""

    # How the door is reached from outside, e.g. https://112.example.go.id/n; empty = no links in messages.
    public_url: str = ""


class PushSettings(BaseModel, frozen=True):
    """Push messages to crews' devices."""

    # Hosts of push services in the centre's own network. No other may have a private address, for a device names its own.
    trusted_hosts: frozenset[str] = frozenset()


class MqttSettings(BaseModel, frozen=True):
    """The MQTT broker; no host = channel off."""

    host: str | None = None
    port: int = 1883
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False
    # Who vouches for the broker, in PEM; none = the system's authorities.
    ca_file: Path | None = None


class Settings(BaseSettings):
    """What a service is told from outside; one type for all, each reads its part."""

    model_config = SettingsConfigDict(env_prefix="SIAGA_", env_nested_delimiter="__", frozen=True, extra="ignore")

    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    http: HttpSettings = HttpSettings(port=8112)
    grpc: ServerSettings = ServerSettings(port=7112)
    # Where switches that speak no gRPC ask for advice.
    advice: ServerSettings = ServerSettings(port=8113)
    health: ServerSettings = ServerSettings()
    smpp: SmppSettings = SmppSettings()
    mqtt: MqttSettings = MqttSettings()
    notifier: NotifierSettings = NotifierSettings(port=8114)
    push: PushSettings = PushSettings()
    # Names this process in its consumer groups: the same after a restart, different for each copy.
    instance: str = Field(default_factory=socket.gethostname)
    tenants_dir: Path = Path("tenants")
    # Data of this process on disk (intake's spool).
    data_dir: Path = Path(".siaga/data")
    # Key of the HMAC behind caller keys; the embedded stack makes one and keeps it.
    caller_secret: SecretStr = SecretStr("")
    log_level: str = "INFO"
