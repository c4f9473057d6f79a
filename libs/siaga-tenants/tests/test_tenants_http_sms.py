"""Definitions of providers of SMS by HTTP: the packaged ones hold, and what is wrong with one is told with its place."""

from pathlib import Path
from typing import Any

import pytest
from siaga_tenants import TenantError
from siaga_tenants.document import Problems, read_document
from siaga_tenants.http_sms import PRESETS, provider
from siaga_tenants.model import ProviderSpec
from siaga_tenants.notify import read_notify

GOOD = {
    "send": 'send: {method: POST, url: "https://sms.example/send", number: "62", form: {to: "{to}", text: "{text}"}}',
    "answer": "answer: {id: {json: id}}",
}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "generic": {"url": "https://sms.example/send", "secrets": {"token": "t"}, "sender": "112"},
    "kannel": {"url": "http://127.0.0.1:13013/cgi-bin/sendsms", "params": {"username": "siaga"}, "secrets": {"password": "p"}, "sender": "112"},
    "oca_telkom": {"secrets": {"token": "t"}},
    "twilio": {"params": {"account_sid": "AC1"}, "secrets": {"auth_token": "t"}, "sender": "+6221500112"},
    "vonage": {"params": {"api_key": "k"}, "secrets": {"api_secret": "s"}, "sender": "SIAGA112"},
    "zenziva": {"params": {"userkey": "u"}, "secrets": {"passkey": "p"}},
}  # fmt: skip


def problems_of(folder: Path, **parts: str) -> list[str]:
    """What is said of a definition that is right but for these parts."""
    file = folder / "mine.yaml"
    file.write_text("\n".join({**GOOD, **parts}.values()) + "\n")
    try:
        provider({"file": file})
    except TenantError as error:
        return list(error.problems)
    return []


def test_every_preset_has_an_account_here_and_is_whole() -> None:
    assert sorted(ACCOUNTS) == list(PRESETS)
    for name, account in ACCOUNTS.items():
        found = provider({"preset": name, **account})
        assert found.definition.receipts is not None
        # Without a word of the centre nothing that comes in its name is believed, so nothing is confirmed.
        assert not found.confirms
        assert provider({"preset": name, **account, "callback_ips": ["203.0.113.0/24"]}).confirms


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_needs_of_the_centre_is_asked_for(name: str) -> None:
    with pytest.raises(TenantError) as told:
        provider({"preset": name, "params": {"typo": "x"}, "secrets": {}})
    text = str(told.value)
    assert "'typo' is not used by this provider" in text
    for kind in ("params", "secrets"):
        for key in ACCOUNTS[name].get(kind, {}):
            assert f"has no {kind}.{key}" in text
    assert ("has no 'sender'" in text) == ("sender" in ACCOUNTS[name])
    assert ("has no 'url'" in text) == ("url" in ACCOUNTS[name])


def test_a_definition_of_ones_own(tmp_path: Path) -> None:
    assert problems_of(tmp_path) == []


SEND = 'send: {{method: {method}, url: "{url}", number: "62", {rest}}}'


def send(rest: str, method: str = "POST", url: str = "https://sms.example/send") -> dict[str, str]:
    return {"send": SEND.format(method=method, url=url, rest=rest)}


FORM = 'form: {to: "{to}", text: "{text}"}'


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (send(FORM, url="http://sms.example/send"), "is not encrypted"),
        (send(FORM, url="http://10.0.0.5/send"), ""),
        (send(FORM, url="https://user:pw@sms.example/"), "holds a user or password"),
        (send(FORM, url="sms.example"), "is no address"),
        (send('form: {to: "{to}", text: "{txt}"}'), "{txt} is not known; did you mean 'text'?"),
        (send('form: {to: "{to}"}'), "has no {text}"),
        (send(FORM, method="GET"), "is a body, which GET has not"),
        (send(FORM + ', json: {a: "{to}"}'), "stands beside form"),
        (send(FORM + ", idempotent: true"), "needs {key}"),
        (send(FORM + ", charset: latin-99"), "is no encoding"),
        (send(FORM + ", auth: {}"), "must have one of basic"),
        (send(FORM + ', auth: {basic: {user: "{params.u}", passwort: x}}'), "did you mean 'password'?"),
        (send(FORM + ", callback: {id: x}"), "stands without {callback_url}"),
        (send(FORM + ", coding: 1"), "unknown key"),
        ({"answer": "answer: {}"}, "has no 'id'"),
        ({"answer": "answer: {id: ours}"}, ""),
        ({"answer": "answer: {id: theirs}"}, "use one of: ours"),
        ({"answer": "answer: {id: {json: a, regex: b}}"}, "must say one of json, regex, header"),
        ({"answer": "answer: {id: {regex: '('}}"}, "is no regular expression"),
        ({"answer": "answer: {id: {json: id}, accepted: {json: status}}"}, "needs 'is'"),
        ({"answer": "answer: {id: {json: id}, accepted: {is: [ok]}}"}, "stands without json, regex or header"),
        ({"answer": "answer: {id: {json: id}, errors: [{then: permanent}]}"}, "fits every answer"),
        ({"answer": "answer: {id: {json: id}, errors: [{status: 4000, then: permanent}]}"}, "4000 is not a number from"),
        ({"answer": "answer: {id: {json: id}, errors: [{code: x, then: forever}]}"}, "'forever' is not known"),
        ({"answer": "answer: {id: {json: id}, errors: [{code: x, then: down, after_s: 3600}]}"}, "3600 is not a number"),
        ({"receipts": "receipts: {id: a..b, status: s, states: {}}"}, "is not a path"),
        ({"receipts": "receipts: {id: a, status: s, states: {OK: arrived}}"}, "'arrived' is not known"),
        ({"receipts": "receipts: {id: a, status: s}"}, "has no 'states'"),
        ({"messages": "messages: {number: from}"}, "has no 'text'"),
        ({"check": "check: {hmac: {header: X-Sig, algorithm: md5, encoding: hex, over: body}}"}, "'md5' is not known"),
        ({"check": "check: {jwt: {header: 'two words'}}"}, "the name of a header"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_a_remedy(tmp_path: Path, parts: dict[str, str], said: str) -> None:
    problems = problems_of(tmp_path, **parts)
    if not said:
        assert problems == []
        return
    assert said in "\n".join(problems)
    assert all(problem.startswith(str(tmp_path / "mine.yaml")) for problem in problems)


def test_the_file_of_a_centre_points_at_the_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("\n".join(GOOD.values()).replace("{to}", "{tu}"))
    text = (
        "providers:\n"
        "- {id: a, kind: http_sms, file: mine.yaml}\n"
        "- {id: b, kind: http_sms, preset: zenzivo}\n"
        "- {id: c, kind: http_sms, preset: zenziva, params: {userkey: u}}\n"
        "- {id: d, kind: http_sms, file: absent.yaml}\n"
        "- {id: e, kind: http_sms, file: mine.yaml, callback_ips: [here]}\n"
    )
    problems = Problems()
    read_notify(read_document(tmp_path / "notify.yaml", problems, text), ())
    found = "\n".join(problems.found)
    assert f"{tmp_path}/mine.yaml:1: send.form.to: {{tu}} is not known; use one of: to, text" in found
    assert f"{tmp_path}/notify.yaml:3: providers[1].preset: 'zenzivo' is no preset" in found
    assert f"{tmp_path}/notify.yaml:4: providers[2]: has no secrets.passkey" in found
    assert found.count("absent.yaml") == 1


def test_a_changed_definition_is_another_provider(tmp_path: Path) -> None:
    def read() -> ProviderSpec:
        text = "providers: [{id: a, kind: http_sms, file: mine.yaml}]"
        problems = Problems()
        (spec,) = read_notify(read_document(tmp_path / "notify.yaml", problems, text), ()).providers
        assert problems.found == []
        return spec

    (tmp_path / "mine.yaml").write_text("\n".join(GOOD.values()))
    first = read()
    assert read() == first
    (tmp_path / "mine.yaml").write_text("\n".join(GOOD.values()).replace("/send", "/v2/send"))
    assert read() != first
