"""`notify.yaml`: plans, providers and what is complained about."""

import shutil
from pathlib import Path

import pytest
from siaga_tenants import TenantError, load_tenants
from siaga_tenants.document import Problems, read_document
from siaga_tenants.model import USUAL_NOTIFY, Feedback, MassPolicy, NotifyPolicy, PlanStep
from siaga_tenants.notify import read_notify

SMPP = (
    "{id: smsc, kind: smpp, host: smsc.example, port: 2775, system_id: siaga, password_file: smpp.key, sender: '112'}"
)


def read(folder: Path, text: str) -> tuple[NotifyPolicy, list[str]]:
    (folder / "smpp.key").write_text("secret")
    problems = Problems()
    policy = read_notify(read_document(folder / "notify.yaml", problems, text), ("spv-01", "spv-02"))
    return policy, problems.found


def test_left_out_all_is_as_usual(tmp_path: Path) -> None:
    policy, problems = read(tmp_path, "links: {hours: 6}")
    assert problems == []
    assert policy.plans == USUAL_NOTIFY.plans
    assert policy.link_hours == 6


@pytest.mark.parametrize(
    ("kind", "priority", "first"),
    [("damkar", "P1", "fcm"), ("damkar", "P3", "mqtt"), ("satgas", "P1", "sms"), ("satgas", "P3", "whatsapp")],
)
def test_the_nearest_plan_holds(tmp_path: Path, kind: str, priority: str, first: str) -> None:
    text = (
        "plans:\n"
        "  default: {P1: [{channels: [sms], wait_s: 20}], default: [{channels: [whatsapp], wait_s: 9}]}\n"
        "  damkar: {P1: [{channels: [fcm], wait_s: 5}], default: [{channels: [mqtt, sms], wait_s: 5}]}"
    )
    policy, problems = read(tmp_path, text)
    assert problems == []
    assert policy.plan(kind, priority).steps[0].channels[0] == first


def test_a_centres_plan_for_everything_outweighs_the_usual_for_urgent_ones(tmp_path: Path) -> None:
    policy, problems = read(tmp_path, "plans: {default: {default: [{channels: [sms], wait_s: 30}]}}")
    assert problems == []
    assert policy.plan("damkar", "P1").steps == (PlanStep(("sms",), 30),)


def test_providers_in_their_order(tmp_path: Path) -> None:
    text = f"providers:\n- {SMPP[:-1]}, rate_per_s: 30, tls: true}}\n- {{id: m, kind: modem, folder: /var/spool/gammu}}"
    policy, problems = read(tmp_path, text)
    assert problems == []
    smsc, modem = policy.providers
    assert (smsc.channel, smsc.rate_per_s, smsc.settings["tls"]) == ("sms", 30, True)
    assert smsc.settings["password_file"] == tmp_path / "smpp.key"
    assert (modem.channel, modem.settings) == ("sms", {"folder": Path("/var/spool/gammu")})


def test_callers(tmp_path: Path) -> None:
    text = "feedback: {unit_sent: true}\nmass: {allowed: true, approvers: [spv-01, spv-02]}"
    policy, problems = read(tmp_path, text)
    assert problems == []
    assert (policy.feedback, policy.mass) == (Feedback(unit_sent=True), MassPolicy(True, ("spv-01", "spv-02")))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("plan: {}", "plan: unknown key; did you mean 'plans'?"),
        ("plans: {default: {P1: []}}", "plans.default.P1: is empty; nobody would be told"),
        ("plans: {default: {P1: [{channels: [smss], wait_s: 9}]}}", "'smss' is not known; did you mean 'sms'?"),
        ("plans: {default: {P1: [{channels: [], wait_s: 9}]}}", "channels: is empty; name at least one of: sms"),
        ("plans: {default: {P1: [{channels: [operator], wait_s: 9}]}}", "tells no crew; name at least one of"),
        ("plans: {default: {P1: [{channels: [sms], wait_s: 0}]}}", "wait_s: 0 is not a number from 1 to 1800"),
        ("plans: {damkr: {}}", "plans.damkr: unknown key; did you mean 'damkar'?"),
        ("providers: [{id: a, kind: smp}]", "providers[0].kind: 'smp' is not known; did you mean 'smpp'?"),
        ("providers: [{id: a, kind: modem}]", "providers[0]: has no 'folder'; add 'folder: …'"),
        ("providers: [{id: a, kind: http_sms}]", "must name either a preset or a file"),
        (f"providers: [{SMPP}, {SMPP}]", "'smsc' stands twice; every provider has its own name"),
        (f"providers: [{SMPP.replace('smpp.key', 'none.key')}]", "there is no file"),
        (f"providers: [{SMPP.replace('}', ', source_npi: 2}')}]", "must be one of 0, 1, 3, 4, 6"),
        (f"providers: [{SMPP.replace('2775', '99999')}]", "port: 99999 is not a number from 1 to 65535"),
        ("links: {hours: 400}", "links.hours: 400 is not a number from 1 to 72"),
        ("mass: {allowed: true, approvers: [spv-01]}", "mass: needs 2 approvers"),
        ("mass: {allowed: true, approvers: [spv-09]}", "'spv-09' is not known"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    assert complaint in "\n".join(read(tmp_path, text)[1])


def test_a_contact_that_nothing_serves(tmp_path: Path) -> None:
    directory = shutil.copytree(Path(__file__).parents[3] / "tenants", tmp_path / "tenants")
    folder = directory / "36.73-kota-serang"
    units = folder / "units.yaml"
    known = '- {channel: sms, address: "+6281103673201"}'
    more = f"{known}\n      - {{channel: webpush, address: tablet-1}}\n      - {{channel: other, address: tele}}"
    units.write_text(units.read_text().replace(known, more))
    (folder / "tele.key").write_text("json://127.0.0.1")
    (folder / "notify.yaml").write_text("providers: [{id: a, kind: apprise, entries: {telegram: tele.key}}]")
    with pytest.raises(TenantError) as caught:
        load_tenants(directory)
    assert "has a contact by webpush, which nothing serves; add a provider of kind webpush" in str(caught.value)
    assert "'tele' is no entry of an apprise provider" in str(caught.value)


WHATSAPP = (
    "{id: wa1, kind: whatsapp_cloud, phone_number_id: '106540352242922', token_file: smpp.key, app_secret_file: smpp.key, "
    f"verify_token_sha256: {'ab' * 32}, template: tugas, language: id, stand_down_template: batal, "
    "buttons: [%s]}"
)


def test_quick_replies_say_what_a_crew_may_say(tmp_path: Path) -> None:
    policy, problems = read(tmp_path, f"providers: [{WHATSAPP % 'en_route, declined'}]")
    assert problems == []
    assert policy.providers[0].settings["buttons"] == ("en_route", "declined")
    assert policy.providers[0].settings["stand_down_template"] == "batal"
    (problem,) = read(tmp_path, f"providers: [{WHATSAPP % 'en_rout'}]")[1]
    assert "en_route" in problem


def test_apprises_smpp_is_no_way_to_a_crew(tmp_path: Path) -> None:
    (tmp_path / "mail.key").write_text("mailto://a@b.example")
    (tmp_path / "sms.key").write_text(" SMPPS://user:word@host/112/62811\n")
    policy, problems = read(tmp_path, "providers: [{id: l, kind: apprise, entries: {mail: mail.key, sms: sms.key}}]")
    assert policy.providers[0].settings["entries"]["mail"] == tmp_path / "mail.key"
    (problem,) = problems
    assert "use a provider of kind smpp" in problem
    assert "word" not in problem
