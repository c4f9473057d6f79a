"""`devices.csv`, and sources that bring units' positions."""

import shutil
from pathlib import Path

import pytest
from siaga_tenants import Connect, TenantError, load_devices, load_tenants

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(REAL / SERANG, tmp_path / SERANG)
    return tmp_path / SERANG


def test_a_device_and_a_unit_itself_speak_for_the_unit(folder: Path) -> None:
    (folder / "devices.csv").write_text("device,unit_id\nbudi/phone, 3673-PKM-01 \n\n862095022345678,3673-PKM-02\n")
    found = load_devices(folder.parent)["36.73"]
    assert found["budi/phone"] == "3673-PKM-01"
    assert found["862095022345678"] == "3673-PKM-02"
    assert found["3673-PKM-03"] == "3673-PKM-03"
    assert dict(load_tenants(folder.parent)["36.73"].devices) == {
        "budi/phone": "3673-PKM-01",
        "862095022345678": "3673-PKM-02",
    }


def test_a_tenant_without_devices_has_its_units(folder: Path) -> None:
    assert set(load_devices(folder.parent)["36.73"].values()) == {
        unit.unit_id for unit in load_tenants(folder.parent)["36.73"].units
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("device,unit\na,3673-PKM-01\n", "devices.csv:1: header: must be exactly device,unit_id"),
        ("device,unit_id\na,3673-PKM-99\n", "devices.csv:2: row: units.yaml has no unit '3673-PKM-99'"),
        ("device,unit_id\na,3673-PKM-01\na,3673-PKM-02\n", "devices.csv:3: row: 'a' stands twice"),
        ("device,unit_id\n,3673-PKM-01\n", "devices.csv:2: row: the device must have 1 to 128 characters"),
        ("device,unit_id\na\n", "devices.csv:2: row: has 1 columns, must have 2"),
    ],
)
def test_a_bad_row_is_named_with_its_place_and_remedy(folder: Path, rows: str, expected: str) -> None:
    (folder / "devices.csv").write_text(rows)
    for load in (load_devices, load_tenants):
        with pytest.raises(TenantError) as caught:
            load(folder.parent)
        assert any(expected in problem for problem in caught.value.problems)


def test_a_broker_is_named_with_what_it_needs_and_no_more(folder: Path) -> None:
    (folder / "sources.yaml").write_text(
        "sources:\n"
        '  - {kind: tracker, instance: a, connect: {protocol: mqtt, address: "mqtt://10.0.0.7:1883"}}\n'
        '  - {kind: tracker, instance: b, connect: {protocol: mqtt, address: "mqtts://b:8883", user: u, secret_file: k,'
        ' topic: "serang/+/+"}}\n'
    )
    sources = load_tenants(folder.parent)["36.73"].sources
    assert [source.connect for source in sources] == [
        Connect("mqtt", "mqtt://10.0.0.7:1883"),
        Connect("mqtt", "mqtts://b:8883", "u", str(folder / "k"), "serang/+/+"),
    ]


@pytest.mark.parametrize(
    ("connect", "expected"),
    [
        ("protocol: mqtt, address: 'b:1883'", "connect.address: 'b:1883' is not an address like mqtt://10.0.0.7:1883"),
        (
            "protocol: mqtt, address: 'mqtt://b:1', topic: 'a/#'",
            "connect.topic: 'a/#' is not a topic like owntracks/+/+",
        ),
        (
            "protocol: ami, address: 'b:1', user: u, secret_file: k",
            "'ami' is how asterisk is connected, and this source",
        ),
    ],
)
def test_a_broker_that_cannot_be_reached_so_is_refused(folder: Path, connect: str, expected: str) -> None:
    (folder / "sources.yaml").write_text(f"sources:\n  - {{kind: tracker, instance: a, connect: {{{connect}}}}}\n")
    with pytest.raises(TenantError) as caught:
        load_tenants(folder.parent)
    assert any(expected in problem for problem in caught.value.problems)
