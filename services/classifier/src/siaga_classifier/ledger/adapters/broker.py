"""How faust signs in at the broker: as every client of ours does."""

from typing import Any

import faust
from siaga_kit.kafka import security
from siaga_kit.settings import KafkaSettings


def faust_broker(settings: KafkaSettings) -> dict[str, Any]:
    """Arguments of a faust app."""
    broker: dict[str, Any] = {"broker": [f"kafka://{address}" for address in settings.bootstrap.split(",")]}
    chosen = security(settings)
    if settings.security_protocol.startswith("SASL_"):
        broker["broker_credentials"] = faust.SASLCredentials(
            mechanism=chosen["sasl_mechanism"],
            username=chosen["sasl_plain_username"],
            password=chosen["sasl_plain_password"],
            ssl_context=chosen.get("ssl_context"),
        )
    elif settings.security_protocol == "SSL":
        broker["broker_credentials"] = faust.SSLCredentials(chosen["ssl_context"])
    return broker
