"""Additional Data of RFC 7852: real blocks, what is kept of them and what is not, and references that nobody follows."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siaga_intake.core.events import AdditionalData, Defect
from siaga_intake.core.position import pidf_lo
from siaga_intake.core.position.additional_data import additional, joined

CAPTURES = Path(__file__).parent / "data" / "additional_data"
BROKEN = "is no XML: mismatched tag: line 6, column 28"
# Of each captured block: what is kept, and what is said against it.
CAPTURED: dict[str, tuple[AdditionalData | None, list[str]]] = {
    "ProviderInfo_0": (AdditionalData("T-Mobile", "tel:+1-888-662-4662"), []),
    "ProviderInfo_1": (AdditionalData("NG911 Test Provider Corp", "tel:+1-202-555-0100"), []),
    "ProviderInfo_2": (AdditionalData("Example VoIP Provider", "tel:+1-201-555-0123"), []),
    "ServiceInfo_0": (
        AdditionalData(service_environment="Business", service_types=("wireless",), service_mobility="Mobile"),
        [],
    ),
    "ServiceInfo_1": (
        AdditionalData(service_environment="Business", service_types=("MLTS-hosted",), service_mobility="Fixed"),
        [],
    ),
    "DeviceInfo_0": (
        AdditionalData(device_classification="fixed", device_make_and_model="ng911-device ng911-device-model"),
        [],
    ),
    "DeviceInfo_1": (
        AdditionalData(device_classification="Mobile", device_make_and_model="TestVendor Model-X"),
        [],
    ),
    "DeviceInfo_2": (
        AdditionalData(device_classification="Mobile", device_make_and_model="TestVendor"),
        [BROKEN],
    ),
    "DeviceInfo_3": (
        AdditionalData(device_classification="fixed", device_make_and_model="ng911-device ng911-device-model"),
        [],
    ),
    "SubscriberInfo_0": (AdditionalData(subscriber_name="John Doe"), []),
    "Control_0": (None, ["no block that is known: EmergencyCallData.Control"]),
    "Control_1": (None, ["no block that is known: EmergencyCallData.Control"]),
    "Control_2": (None, ["no block that is known: EmergencyCallData.Control"]),
}


@pytest.mark.parametrize("path", sorted(CAPTURES.glob("*.xml")), ids=lambda path: path.stem)
def test_captures(path: Path) -> None:
    found, defects = additional([path.read_bytes()])
    assert (found, [defect.reason for defect in defects]) == CAPTURED[path.stem]


SUBSCRIBER = (
    '<EmergencyCallData.SubscriberInfo xmlns="urn:ietf:params:xml:ns:EmergencyCallData:SubscriberInfo" {}>'
    '<DataProviderReference>x@y</DataProviderReference><SubscriberData xmlns="urn:ietf:params:xml:ns:vcard-4.0"><vcard>'
    "<fn><text>Siti\n  Aminah</text></fn><lang><language-tag>id</language-tag></lang>"
    "<lang><language-tag>su</language-tag></lang></vcard></SubscriberData></EmergencyCallData.SubscriberInfo>"
)
COMMENT = (
    '<EmergencyCallData.Comment xmlns="urn:ietf:params:xml:ns:EmergencyCallData:Comment">'
    '<Comment xml:lang="id">Alarm rumah sakit, lantai {}</Comment></EmergencyCallData.Comment>'
)


def test_a_subscriber_by_xcard() -> None:
    found, defects = additional([SUBSCRIBER.format("")])
    assert found == AdditionalData(subscriber_name="Siti Aminah", languages=("id", "su"))
    assert defects == ()


def test_a_subscriber_who_asks_for_privacy() -> None:
    found, defects = additional([SUBSCRIBER.format('privacyRequested="true"')])
    assert found == AdditionalData(languages=("id", "su"))
    assert [defect.field for defect in defects] == ["additional_data.SubscriberInfo"]


def test_blocks_add_up_and_the_first_provider_stays() -> None:
    providers = [(CAPTURES / f"ProviderInfo_{number}.xml").read_text() for number in (0, 1)]
    found, defects = additional([*providers, COMMENT.format(2), COMMENT.format(3)], ["https://lis.example/a", ""])
    assert found == AdditionalData(
        "T-Mobile",
        "tel:+1-888-662-4662",
        comments=("Alarm rumah sakit, lantai 2", "Alarm rumah sakit, lantai 3"),
        references=("https://lis.example/a",),
    )
    assert defects == ()


def test_no_number_of_a_device_is_kept() -> None:
    found, _ = additional([(CAPTURES / "DeviceInfo_0.xml").read_text()])
    assert "11122123" not in repr(found)


def test_nothing_says_nothing() -> None:
    assert additional([]) == (None, ())
    assert additional([""]) == (None, (Defect("additional_data", "is empty"),))


def test_lists_and_texts_are_bounded() -> None:
    found, _ = additional([COMMENT.format("x" * 5_000), *(COMMENT.format(number) for number in range(50))])
    assert found is not None
    assert (len(found.comments), len(found.comments[0])) == (16, 1_000)


def test_a_location_says_who_gave_it() -> None:
    located = pidf_lo.locations((CAPTURES.parent / "pidf_lo" / "pidf_10.xml").read_text(), 1_785_000_000_000)
    assert located.additional == AdditionalData(
        references=("http://192.168.0.105:8080/serviceinfo", "http://192.168.0.105:8080/providerinfo")
    )
    (happening,) = located.happenings("b7c1@10.0.0.5", 1_785_000_000_000)
    assert (happening.part, happening.civic, happening.additional) == ("civic", located.civic, located.additional)


def test_joined() -> None:
    one, other = AdditionalData(provider="a", references=("x",)), AdditionalData("b", "tel:1", references=("x", "y"))
    assert joined(one, other) == AdditionalData("a", "tel:1", references=("x", "y"))
    assert joined(None, one) == joined(one, None) == one


@given(st.lists(st.text(max_size=80) | st.binary(max_size=80), max_size=3), st.lists(st.text(max_size=20), max_size=3))
def test_anything_never_raises(blocks: list[str | bytes], references: list[str]) -> None:
    found, _ = additional(blocks, references)
    assert found is None or set(found.references) <= set(references)


BLOCK = (CAPTURES / "ServiceInfo_0.xml").read_text()


def test_a_block_cut_anywhere_gives_only_what_the_whole_one_gives() -> None:
    whole, _ = additional([BLOCK])
    assert whole is not None
    for end in range(len(BLOCK)):
        found, _ = additional([BLOCK[:end]])
        if found is not None:
            assert found.service_environment in ("", whole.service_environment)
            assert found.service_types in ((), whole.service_types)
