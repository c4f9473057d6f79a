"""The catalogue is complete, consistent with the messages, and nowhere at the mercy of a broker's defaults."""

import re
from pathlib import Path

import pytest
from siaga_contracts import describe
from siaga_contracts.catalogue import BY_NAME, TOPICS, Topic

PROTOS = Path(__file__).parents[3] / "protos" / "siaga" / "v1"


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_says_everything(topic: Topic) -> None:
    assert re.fullmatch(r"siaga\.[a-z]+(-[a-z]+)*\.v1", topic.name)
    assert topic.partitions > 0
    assert topic.purpose
    assert topic.written_by
    config = topic.config()
    assert {"cleanup.policy", "retention.ms", "max.message.bytes"} <= config.keys()
    assert ("compact" in config["cleanup.policy"]) == topic.compacted


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topics_key_is_a_field_of_its_message(topic: Topic) -> None:
    if topic.key == "key of the source record":
        return
    assert topic.key in topic.message.DESCRIPTOR.fields_by_name


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(TOPICS)


def test_every_topic_named_in_the_contracts_exists() -> None:
    named = {name for file in PROTOS.glob("*.proto") for name in re.findall(r"siaga\.[a-z-]+\.v1", file.read_text())}
    assert named - {"siaga.v1"} == set(BY_NAME)


def test_no_key_is_a_phone_number() -> None:
    assert not {topic.key for topic in TOPICS} & {"number", "phone", "caller"}


def test_the_page_of_topics_is_current() -> None:
    page = Path(__file__).parents[3] / "docs" / "topics.md"
    assert page.read_text() == describe.page(), "run: python -m siaga_contracts.describe > docs/topics.md"
