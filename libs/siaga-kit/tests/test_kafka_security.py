"""Every security protocol makes a client that can be built, and says no more than it must."""

import ssl

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr
from siaga_kit.kafka import security
from siaga_kit.settings import KafkaSettings


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        ("PLAINTEXT", set()),
        ("SSL", {"security_protocol", "ssl_context"}),
        ("SASL_PLAINTEXT", {"security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"}),
        (
            "SASL_SSL",
            {"security_protocol", "ssl_context", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"},
        ),
    ],
)
async def test_a_protocol_has_what_the_client_needs(protocol: str, names: set[str]) -> None:
    settings = KafkaSettings(security_protocol=protocol, sasl_username="siaga", sasl_password=SecretStr("secret"))
    chosen = security(settings)
    assert chosen.keys() == names
    if "ssl_context" in chosen:
        assert chosen["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    await AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", **chosen).stop()
