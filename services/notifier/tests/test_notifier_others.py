"""E-mail and others through Apprise, against a real mail server and a JSON endpoint."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from notifier_graph import Graph
from notifier_mail import MailServer
from notifier_smsc import free_port, until
from siaga_notifier.adapters.others.messengers import MOST_AT_ONCE, Messengers
from siaga_notifier.core.model import OTHER, Attempt, Contact, Order, OrderKind
from siaga_notifier.core.outcomes import Accepted, Permanent, Temporary, Unknown
from siaga_tenants.model import ProviderSpec

ORDER = Order(
    order_id="o-1", tenant="36.73", incident_id="i-1", ticket_no="T-1", unit_id="u-1", kind=OrderKind.DISPATCH,
    task_code="114", type="fire_building", priority="P1", confidential=False, address="Jl. <Merdeka> 1", lat=-6.1,
    lon=106.1, text="ada korban", callback_number="0812", contacts=(Contact(OTHER, "mail"),), event_at_ms=5,
)  # fmt: skip
ATTEMPT = Attempt("a-1", OTHER, "mail", 1, "#114 P1 Kebakaran: Jl. <Merdeka> *1* &amp;", ORDER)


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    async with MailServer() as running:
        yield running


@pytest.fixture
def endpoint() -> Iterator[Graph]:
    with Graph() as running:
        yield running


def others(folder: Path, send_s: float = 10.0, **urls: str) -> Messengers:
    entries = {name: folder / f"{name}.key" for name in urls}
    for name, url in urls.items():
        entries[name].write_text(url + "\n")
    return Messengers(ProviderSpec("lain", "apprise", OTHER, {"entries": entries}), send_s)


async def test_a_mail_says_what_the_sms_does(mail: MailServer, tmp_path: Path) -> None:
    sent = await others(tmp_path, mail=mail.url()).send(replace(ATTEMPT, link="https://siaga.example/a/x"))
    assert sent == Accepted("a-1")
    (got,) = mail.mails
    assert (got["To"], got["Subject"]) == ("damkar@serang.example", "Tugas #114 P1")
    body = got.get_body(("plain",))
    assert body is not None
    # As it was typed: no part of it is taken for HTML or Markdown.
    assert body.get_content().strip() == f"{ATTEMPT.text}\nhttps://siaga.example/a/x"


async def test_a_confidential_order_says_no_more_than_its_sms(mail: MailServer, tmp_path: Path) -> None:
    order = replace(ORDER, confidential=True, type="kdrt", text="istri dipukul", address="Jl. Melati (KDRT)")
    text = "#114 P1 Jl. Melati Gunakan pendekatan senyap."
    assert isinstance(
        await others(tmp_path, mail=mail.url("&format=text")).send(replace(ATTEMPT, order=order, text=text)), Accepted
    )
    told = mail.mails[0].as_string().lower()
    for secret in ("kdrt", "dipukul", "0812", "fire"):
        assert secret not in told
    assert mail.mails[0].get_content().strip() == text


async def test_a_repeat_reads_as_one(mail: MailServer, tmp_path: Path) -> None:
    channel = others(tmp_path, mail=mail.url("&format=text"))
    await channel.send(replace(ATTEMPT, repeat=True))
    await channel.send(replace(ATTEMPT, repeat=True, text="ULANG #114"))
    assert [one.get_content().split("#")[0] for one in mail.mails] == ["ULANG ", "ULANG "]


async def test_a_json_endpoint_gets_the_words(endpoint: Graph, tmp_path: Path) -> None:
    endpoint.answers.append((200, {}, {}))
    channel = others(tmp_path, hook=endpoint.url.replace("http://", "json://"))
    assert isinstance(await channel.send(replace(ATTEMPT, address="hook")), Accepted)
    assert (endpoint.requests[0]["title"], endpoint.requests[0]["message"]) == ("Tugas #114 P1", ATTEMPT.text)


async def test_what_is_refused_may_be_tried_again(mail: MailServer, endpoint: Graph, tmp_path: Path) -> None:
    mail.refuses = True
    endpoint.answers.append((500, {}, {}))
    urls = {
        "mail": mail.url(),
        "hook": endpoint.url.replace("http://", "json://"),
        "away": f"json://127.0.0.1:{free_port()}",
    }
    channel = others(tmp_path, 10.0, **urls)
    for name in urls:
        found = await channel.send(replace(ATTEMPT, address=name))
        assert isinstance(found, Temporary), name
        assert name in found.reason


async def test_a_server_that_hangs_holds_up_nobody_else(mail: MailServer, tmp_path: Path) -> None:
    mail.hangs = True
    async with MailServer() as quick:
        channel = others(tmp_path, 0.3, slow=mail.url(), mail=quick.url())
        slow = replace(ATTEMPT, address="slow")
        found = await asyncio.gather(*(channel.send(slow) for _ in range(MOST_AT_ONCE + 2)))
        assert [type(one) for one in found] == [Unknown] * MOST_AT_ONCE + [Temporary] * 2
        assert mail.connections <= MOST_AT_ONCE
        patient = others(tmp_path, slow=mail.url(), mail=quick.url())
        assert isinstance(await patient.send(ATTEMPT), Accepted)
        # As soon as it lets go, the places are free again.
        mail.let_go.set()
        mail.hangs = False

        async def taken() -> bool:
            return isinstance(await channel.send(slow), Accepted)

        await until(taken)


@pytest.mark.parametrize("scheme", ["smpp", "smpps", "SMPP"])
async def test_apprises_smpp_is_refused_when_loaded(
    scheme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = others(tmp_path, sms=f"{scheme}://user:word@smsc.example:2775/112/6281100000114")
    assert "use a provider of kind smpp" in (channel.trouble() or "")
    found = await channel.send(replace(ATTEMPT, address="sms"))
    assert isinstance(found, Permanent)
    assert "kind smpp" in found.reason


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must hold a secret"),
        ("two://a, smpp://u:p@h/1/2", "one Apprise address"),
        ("two://a\nsmpp://u:p@h/1/2", "one Apprise address"),
        ("json://a,smpp://u:p@h/1/2", "not an address that Apprise knows"),
        ("nonsense://a", "not an address that Apprise knows"),
    ],
)
async def test_what_is_no_address_says_so(url: str, said: str, tmp_path: Path) -> None:
    found = await others(tmp_path, mail=url).send(ATTEMPT)
    assert isinstance(found, Permanent | Temporary)
    assert said in found.reason


async def test_what_apprise_does_not_know_is_logged_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = asyncio.create_task(others(tmp_path, mail="nonsense://user:word@a").run())
    said = ""

    def told() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "not an address that Apprise knows" in said

    await until(told)
    assert "word" not in said
    running.cancel()


async def test_one_bad_entry_leaves_the_others(mail: MailServer, tmp_path: Path) -> None:
    channel = others(tmp_path, sms="smpp://u:p@h/1/2", mail=mail.url())
    assert channel.trouble() is None
    assert isinstance(await channel.send(ATTEMPT), Accepted)
    (tmp_path / "mail.key").unlink()
    assert "mail.key" in (channel.trouble() or "")
    missing = await channel.send(replace(ATTEMPT, address="telegram"))
    assert isinstance(missing, Permanent)
    assert "it has sms, mail" in missing.reason


async def test_a_service_whose_code_fails_may_have_sent_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr("siaga_notifier.adapters.others.messengers.deliver", broken)
    assert await others(tmp_path, mail="json://a").send(ATTEMPT) == Unknown("entry mail: KeyError")


async def test_nothing_personal_is_logged(
    mail: MailServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        await others(tmp_path, mail=mail.url(), bad="nonsense://user:word@a").send(ATTEMPT)
        mail.refuses = True
        await others(tmp_path, mail=mail.url()).send(ATTEMPT)
    told = caplog.text + json.dumps(capsys.readouterr())
    for personal in ("damkar@", "Merdeka", "word"):
        assert personal not in told
