"""How the ledger is wired: tenants' policies in its units, and faust kept from what it would do by itself."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from siaga_classifier.ledger import app
from siaga_classifier.ledger.adapters.faust_app import Ledger
from siaga_classifier.ledger.adapters.names import Names
from siaga_classifier.ledger.core.policy import DAY_MS, HOUR_MS, Policy
from siaga_contracts.callers import caller_key
from siaga_kit.settings import KafkaSettings, Settings
from siaga_tenants import SanctionPolicy


async def offer(_: Any) -> None: ...


def test_a_tenants_policy_in_the_ledgers_units() -> None:
    given = SanctionPolicy(
        version="7", watch_at=2, warn_at=4, temporary_above=6, temporary_hours=72, memory_days=90, protection_days=10,
        review_days=60, weights={"answered_prank": 1, "abandon": 0.1}, ivr_prank_free_in_24h=5,
    )  # fmt: skip
    assert app.policy_of(given) == Policy(
        version="7", watch_at=2, warn_at=4, temporary_above=6, temporary_ms=72 * HOUR_MS, memory_ms=90 * DAY_MS,
        protection_ms=10 * DAY_MS, review_ms=60 * DAY_MS, weights={"answered_prank": 1, "abandon": 0.1},
        ivr_prank_free=5,
    )  # fmt: skip


def test_a_new_version_holds_from_its_first_day_in_the_centres_zone_and_keeps_the_old_ones() -> None:
    first = SanctionPolicy(version="1", temporary_above=5, memory_days=180)
    second = SanctionPolicy(
        version="2", temporary_above=8, memory_days=90, valid_from=date(1970, 1, 3), earlier=(first,)
    )  # fmt: skip
    jakarta, jayapura = app.policy_of(second, "Asia/Jakarta"), app.policy_of(second, "Asia/Jayapura")
    assert jakarta.from_ms == 2 * DAY_MS - 7 * HOUR_MS
    assert jayapura.from_ms == 2 * DAY_MS - 9 * HOUR_MS
    assert [jakarta.at(jakarta.from_ms + off).version for off in (-1, 0)] == ["1", "2"]
    assert jakarta.at(0).temporary_above == 5
    assert jakarta.at(0).memory_ms == 90 * DAY_MS


def test_holidays_are_days_of_the_calendar() -> None:
    assert app.policy_of(SanctionPolicy(version="1", holidays=(date(1970, 1, 2),))).holidays == {1}


def test_shared_numbers_are_known_by_their_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Tenant:
        timezone = "Asia/Jakarta"
        sanctions = SanctionPolicy(version="1", shared_numbers=("+6225420112",))

    monkeypatch.setattr(app, "load_tenants", lambda folder: {"36.73": Tenant()} if folder == tmp_path else {})
    policies, shared = app.tenants_rules(Settings(tenants_dir=tmp_path, caller_secret=SecretStr("salt")))
    assert policies["36.73"].version == "1"
    assert shared == {"36.73": frozenset({caller_key(b"salt", "36.73", "+6225420112")})}


@pytest.fixture
async def ledger(tmp_path: Path) -> Ledger:
    settings = Settings(kafka=KafkaSettings(bootstrap="a:1,b:2", replication=3), instance="7", data_dir=tmp_path)
    return Ledger(Names(), settings, 6, offer)


async def test_faust_makes_no_topic_serves_nothing_and_has_one_task(ledger: Ledger) -> None:
    conf = ledger.app.conf
    assert (conf.topic_allow_declare, conf.topic_disable_leader, conf.web_enabled) == (False, True, False)
    assert [agent.concurrency for agent in ledger.app.agents.values()] == [1]
    assert (str(conf.processing_guarantee.value), conf.producer_acks) == ("at_least_once", -1)
    assert (conf.key_serializer, conf.value_serializer) == ("raw", "raw")


async def test_a_restarted_member_keeps_its_place(ledger: Ledger) -> None:
    conf = ledger.app.conf
    assert conf.consumer_group_instance_id == "siaga.ledger.7"
    assert (conf.broker_session_timeout, conf.broker_request_timeout > 45) == (45, True)


async def test_table_and_brokers(ledger: Ledger) -> None:
    assert ledger.table.changelog_topic_name == Names().changelog == "siaga.ledger-accounts-changelog"
    assert ledger.table.partitions == 6
    assert [(url.host, url.port) for url in ledger.app.conf.broker] == [("a", 1), ("b", 2)]
