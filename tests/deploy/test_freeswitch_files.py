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
    assert said == {f"{freeswitch.IVR_VARIABLE}={freeswitch.CONFIRMED}", f"{freeswitch.TEST_VARIABLE}=true"}


def test_menu_and_dialplan_use_the_queue_and_one_another() -> None:
    queues = {each.attrib["name"] for each in root_of("callcenter.conf.xml").iter("queue")}
    actions = [
        (each.attrib["application"], each.attrib.get("data", ""))
        for each in root_of("dialplan_siaga.xml").iter("action")
    ]
    assert {data for application, data in actions if application == "callcenter"} == queues
    menus = {each.attrib["name"] for each in root_of("ivr_siaga.xml").iter("menu")}
    assert {data for application, data in actions if application in freeswitch.MENUS} == menus
    extensions = {each.attrib["expression"].strip("^$") for each in root_of("dialplan_siaga.xml").iter("condition")}
    assert {each.attrib["param"].split()[1] for each in root_of("ivr_siaga.xml").iter("entry")} <= extensions


def test_agents_are_operators_of_the_example_centre() -> None:
    operators = {plain(each) for each in load_tenants(ROOT / "tenants")["36.73"].operators}
    agents = {plain(freeswitch.short(each.attrib["name"])) for each in root_of("callcenter.conf.xml").iter("agent")}
    assert agents <= operators
