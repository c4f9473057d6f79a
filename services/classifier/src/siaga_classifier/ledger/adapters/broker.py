"""How the ledger's own clients and faust's sign in at the broker."""

import ssl
from typing import Any

import faust
from siaga_kit.settings import KafkaSettings


def security(settings: KafkaSettings) -> dict[str, Any]:
    """Arguments of a client of ours."""
    if settings.security_protocol == "PLAINTEXT":
        return {}
    return {
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": _password(settings),
        "ssl_context": _ssl(settings),
    }


def faust_broker(settings: KafkaSettings) -> dict[str, Any]:
    """Arguments of a faust app."""
    broker: dict[str, Any] = {"broker": [f"kafka://{address}" for address in settings.bootstrap.split(",")]}
    if settings.security_protocol.startswith("SASL_"):
        broker["broker_credentials"] = faust.SASLCredentials(
            mechanism=settings.sasl_mechanism,
            username=settings.sasl_username,
            password=_password(settings),
            ssl_context=_ssl(settings),
        )
    elif settings.security_protocol == "SSL":
        broker["broker_credentials"] = faust.SSLCredentials(_ssl(settings))
    return broker


def _password(settings: KafkaSettings) -> str | None:
    return settings.sasl_password.get_secret_value() if settings.sasl_password else None


def _ssl(settings: KafkaSettings) -> ssl.SSLContext | None:
    return ssl.create_default_context() if settings.security_protocol in ("SSL", "SASL_SSL") else None
