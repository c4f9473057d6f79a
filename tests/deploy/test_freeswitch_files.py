"""What is given to FreeSWITCH is XML, and names doors, queues and variables that there are. None of it is run on a switch here."""

import re
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import parse
from siaga_intake.core import doors
from siaga_intake.core.centre import plain
from siaga_intake.core.switches import freeswitch
from siaga_tenants import load_tenants

ROOT: Final = Path(__file__).resolve().parents[2]
# Somebody who hides needs that long to find a key.
SILENT_WAIT_MS: Final = 4_000
FILES: Final = sorted((ROOT / "deploy" / "freeswitch").glob("*.xml"))


def root_of(name: str) -> Element:
    found: Element | None = parse(ROOT / "deploy" / "freeswitch" / name).getroot()
    assert found is not None
    return found


def parameters(name: str) -> dict[str, str]:
    return {each.attrib["name"]: each.attrib["value"] for each in root_of(name).iter("param")}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_is_xml_and_says_where_it_goes(file: Path) -> None:
    assert root_of(file.name) is not None
    assert "/etc/freeswitch/" in file.read_text(encoding="utf-8").partition("-->")[0]


def test_records_are_posted_to_a_door_and_left_where_intake_can_look() -> None:
    told = parameters("json_cdr.conf.xml")
    assert told["url"].endswith(doors.SWITCH_DOORS["freeswitch"].path)
    assert told["auth-scheme"] == "basic"
    assert told["cred"].count(":") == 1
    assert told["err-log-dir"].startswith("/")
    page = (ROOT / "docs" / "switches" / "freeswitch.md").read_text(encoding="utf-8")
    assert told["err-log-dir"] in page


def test_the_dialplan_sets_variables_that_are_read() -> None:
    text = "".join(
        (ROOT / "deploy" / "freeswitch" / name).read_text() for name in ("dialplan_siaga.xml", "ivr_siaga.xml")
    )
    said = set(re.findall(r'"(siaga_(?:ivr|test)=[^"]*)"', text))
    results = {f"{freeswitch.IVR_VARIABLE}={result}" for result in freeswitch.MENU_RESULTS}
    assert said == {*results, f"{freeswitch.TEST_VARIABLE}=true"}


def test_menu_and_dialplan_use_the_queue_and_one_another() -> None:
    queues = {each.attrib["name"] for each in root_of("callcenter.conf.xml").iter("queue")}
    actions = [
        (each.attrib["application"], each.attrib.get("data", ""))
        for each in root_of("dialplan_siaga.xml").iter("action")
    ]
    assert {data for application, data in actions if application == "callcenter"} == queues
    menus = {each.attrib["name"] for each in root_of("ivr_siaga.xml").iter("menu")}
    assert {data for application, data in actions if application == "ivr"} == menus
    extensions = {each.attrib["expression"].strip("^$") for each in root_of("dialplan_siaga.xml").iter("condition")}
    assert {each.attrib["param"].split()[1] for each in root_of("ivr_siaga.xml").iter("entry")} <= extensions


def test_who_cannot_speak_is_asked_waits_long_enough_and_comes_first() -> None:
    freeswitch_told = (ROOT / "deploy" / "freeswitch" / "dialplan_siaga.xml").read_text(encoding="utf-8")
    key_ms = re.search(r'play_and_get_digits" data="1 1 1 (\d+) ', freeswitch_told)
    sound_ms = re.search(r'detect_audio" data="\d+ \d+ (\d+)"', freeswitch_told)
    assert key_ms is not None
    assert sound_ms is not None
    assert min(int(key_ms[1]), int(sound_ms[1])) >= SILENT_WAIT_MS
    assert "cc_base_score=" in freeswitch_told
    asterisk_told = (ROOT / "deploy" / "asterisk" / "extensions_siaga.conf").read_text(encoding="utf-8")
    listens_s = re.search(r"BackgroundDetect\(silence/(\d+)", asterisk_told)
    assert listens_s is not None
    assert int(listens_s[1]) * 1_000 >= SILENT_WAIT_MS
    assert "QUEUE_PRIO=" in asterisk_told
    assert "SIAGA_IVR=silent" in asterisk_told


def test_agents_are_operators_of_the_example_centre() -> None:
    operators = {plain(each) for each in load_tenants(ROOT / "tenants")["36.73"].operators}
    agents = {plain(freeswitch.short(each.attrib["name"])) for each in root_of("callcenter.conf.xml").iter("agent")}
    assert agents <= operators
