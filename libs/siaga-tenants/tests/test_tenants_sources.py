"""`sources.yaml`: how intake connects to a switch by itself, and what is said of a connection that cannot be."""

import shutil
from pathlib import Path

import pytest
from siaga_tenants import Connect, Source, TenantError, load_tenants

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(REAL / SERANG, tmp_path / SERANG)
    return tmp_path


def _write(directory: Path, *entries: str) -> Path:
    file = directory / SERANG / "sources.yaml"
    file.write_text("sources:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries), "utf-8")
    return file


def _sources(directory: Path) -> dict[str, Source]:
    return {source.name: source for source in load_tenants(directory)["36.73"].sources}


def test_each_way_of_connecting(directory: Path) -> None:
    file = _write(
        directory,
        'kind: asterisk, instance: a1, connect: {protocol: ami, address: "10.0.0.5:5038", user: siaga, secret_file: a.key}',
        "kind: asterisk, instance: a2, connect: {protocol: ari, address: 'ws://pbx2:8088/ari', user: u, secret_file: /k}",
        "kind: asterisk, instance: a3, connect: {protocol: ari-outbound}",
        'kind: freeswitch, instance: f1, connect: {protocol: esl, address: "[::1]:8021", secret_file: fs.key}',
        "kind: asterisk, instance: a4",
    )
    found = _sources(directory)
    assert {name: source.connect for name, source in found.items()} == {
        "asterisk/a1": Connect("ami", "10.0.0.5:5038", "siaga", str(file.parent / "a.key")),
        "asterisk/a2": Connect("ari", "ws://pbx2:8088/ari", "u", "/k"),
        "asterisk/a3": Connect("ari-outbound"),
        "freeswitch/f1": Connect("esl", "[::1]:8021", "", str(file.parent / "fs.key")),
        "asterisk/a4": None,
    }
    assert all(source.backfill == {} for source in found.values())


def test_backfill_names_the_switchs_own_records(directory: Path) -> None:
    _write(
        directory,
        "kind: asterisk, instance: a1, backfill: {queue_log: /var/log/asterisk/queue_log, cdr: /var/log/a/Master.csv}",
        "kind: freeswitch, instance: f1, backfill: {cdr_dir: /var/log/freeswitch/json_cdr}",
    )
    assert [dict(source.backfill) for source in _sources(directory).values()] == [
        {"queue_log": "/var/log/asterisk/queue_log", "cdr": "/var/log/a/Master.csv"},
        {"cdr_dir": "/var/log/freeswitch/json_cdr"},
    ]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "kind: asterisk, instance: a, connect: {protocol: amo}",
            "connect.protocol: 'amo' is not known; did you mean 'ami'?",
        ),
        ("kind: asterisk, instance: a, connect: {user: u}", "connect: has no 'protocol'; add 'protocol: …'"),
        (
            "kind: asterisk, instance: a, connect: ami",
            "connect: is a text, must be a mapping; write 'key: value' lines",
        ),
        (
            "kind: freeswitch, instance: a, connect: {protocol: ari-outbound}",
            "connect.protocol: 'ari-outbound' is how asterisk is connected, and this source is freeswitch",
        ),
        (
            "kind: asterisk, instance: a, connect: {protocol: ami, user: u, secret_file: k}",
            "connect: has no 'address'; add 'address: …'",
        ),
        (
            'kind: asterisk, instance: a, connect: {protocol: ami, address: "pbx", user: u, secret_file: k}',
            "connect.address: 'pbx' is not an address like 10.0.0.5:5038",
        ),
        (
            'kind: asterisk, instance: a, connect: {protocol: ari, address: "pbx:8088", user: u, secret_file: k}',
            "connect.address: 'pbx:8088' is not an address like ws://10.0.0.5:8088/ari",
        ),
        (
            'kind: freeswitch, instance: a, connect: {protocol: esl, address: "f:1", user: u, secret_file: k}',
            "connect.user: unknown key; use one of: protocol, address, secret_file",
        ),
        (
            "kind: asterisk, instance: a, backfill: {queue_log: queue_log}",
            "backfill.queue_log: 'queue_log' is not a path like /var/log/asterisk/queue_log",
        ),
        (
            "kind: asterisk, instance: a, backfill: {cdr_dir: /x}",
            "backfill.cdr_dir: unknown key; did you mean 'cdr'?",
        ),
        (
            "kind: kamailio, instance: a, backfill: {cdr: /x}",
            "backfill: a source of kind kamailio has no records that could be read; remove it",
        ),
    ],
)
def test_what_cannot_be_is_named_with_its_place_and_remedy(directory: Path, entry: str, expected: str) -> None:
    file = _write(directory, entry)
    with pytest.raises(TenantError) as caught:
        load_tenants(directory)
    assert f"{file}:2: sources[0].{expected}" in caught.value.problems
