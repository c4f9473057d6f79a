"""Reading how a provider is asked and how it answers: the `send` and `answer` of a definition."""

import codecs
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from ruamel.yaml.nodes import MappingNode, SequenceNode

from siaga_tenants.document import Problems, Table, Value, read_document
from siaga_tenants.http_sms.addresses import check_url
from siaga_tenants.http_sms.definition import (
    NUMBER_FORMATS,
    VERDICTS,
    Answers,
    Auth,
    HttpSms,
    NumberFormat,
    Place,
    Rule,
    Sending,
    Verdict,
)
from siaga_tenants.http_sms.reading_callbacks import read_checks, read_messages, read_receipts
from siaga_tenants.http_sms.templates import check_places, own_names, places

METHODS: Final = ("GET", "POST", "PUT")
_SEND: Final = (
    "url", "headers", "auth", "query", "form", "json", "unicode", "charset", "idempotent", "callback",
)  # fmt: skip
# What a provider is not asked again within: longer, and the order has gone another way.
LONGEST_WAIT_S: Final = 300.0
_SOONEST_S: Final = 0.1
_ANY_STATUS: Final = (100, 599)


def read_definition(file: Path, problems: Problems) -> HttpSms:
    """A provider's definition; what is wrong with it is in the problems, each with its line and a remedy."""
    document = read_document(file, problems).table(("send", "answer"), ("receipts", "messages", "check", "about"))
    sending = _sending(document)
    signature, jwt_header, token_header = read_checks(document)
    templates: tuple[Any, ...] = (
        sending.url, sending.headers, sending.query, sending.form, sending.json, sending.unicode, sending.callback,
        *((sending.auth.name, sending.auth.value) if sending.auth else ()),
    )  # fmt: skip
    return HttpSms(
        sending,
        _answers(document),
        read_receipts(document),
        read_messages(document),
        signature,
        jwt_header,
        token_header,
        params=own_names("params", *templates),
        secrets=own_names("secrets", *templates),
        needs_sender=any(name == "sender" for each in templates for name in places(each)),
    )


def _sending(document: Table) -> Sending:
    table = document.table("send", ("method", "number"), _SEND)
    for name in ("url", "headers", "auth", "query", "form", "json", "unicode", "callback"):
        if name in table:
            check_places(table.values[name])
    url = table.text("url")
    if url:
        check_url(url, table.values["url"])
    method = table.choice("method", METHODS)
    bodies = [name for name in ("form", "json") if name in table]
    if len(bodies) > 1:
        table.values["json"].wrong("stands beside form; a request has one body: remove one of them")
    if bodies and method == "GET":
        table.values[bodies[0]].wrong("is a body, which GET has not; use query, or method: POST")
    json = table.values["json"].raw() if "json" in table else None
    sending = Sending(
        cast("Any", method),
        url,
        cast("NumberFormat", table.choice("number", NUMBER_FORMATS)),
        texts(table, "headers"),
        _auth(table),
        texts(table, "query"),
        texts(table, "form") if "form" in table else None,
        json if isinstance(json, Mapping) else None,
        _unicode(table),
        _charset(table),
        table.flag("idempotent"),
        texts(table, "callback"),
    )
    _check_carried(sending, table, document)
    return sending


def _check_carried(sending: Sending, table: Table, document: Table) -> None:
    if "send" not in document:
        return
    carried = {name for part in (sending.url, sending.query, sending.form, sending.json) for name in places(part)}
    for name in ("to", "text"):
        if name not in carried:
            document.values["send"].wrong(
                f"has no {{{name}}} in query, form or json; put it where the provider reads it"
            )
    if sending.idempotent and "key" not in {*carried, *places(sending.headers)}:
        table.values["idempotent"].wrong("needs {key} where the provider reads its key, in a header or a field")
    if sending.callback and "callback_url" not in carried:
        table.values["callback"].wrong("stands without {callback_url}; put that where the provider reads it")


def _auth(table: Table) -> Auth | None:
    if "auth" not in table:
        return None
    entries = table.table("auth", (), ("basic", "bearer", "header", "query"))
    if len(entries.values) != 1:
        table.values["auth"].wrong("must have one of basic, bearer, header, query")
        return None
    if "basic" in entries:
        basic = entries.table("basic", ("user", "password"))
        return Auth("basic", basic.text("password"), basic.text("user"))
    if "bearer" in entries:
        return Auth("bearer", entries.text("bearer"))
    kind: Any = "header" if "header" in entries else "query"
    named = entries.table(kind, ("name", "value"))
    return Auth(kind, named.text("value"), named.text("name", r"[A-Za-z0-9_-]+", "a name"))


def _unicode(table: Table) -> Mapping[str, Any]:
    if "unicode" not in table:
        return {}
    raw = table.values["unicode"].raw() if "json" in table else texts(table, "unicode")
    return raw if isinstance(raw, Mapping) else {}


def _charset(table: Table) -> str:
    charset = table.text("charset") or "utf-8"
    try:
        codecs.lookup(charset)
    except LookupError:
        table.values["charset"].wrong(f"{charset!r} is no encoding; use 'utf-8' or 'iso-8859-1'")
        return "utf-8"
    return charset


def texts(table: Table, key: str) -> Mapping[str, str]:
    """A mapping of names to texts; empty when it is absent."""
    if key not in table:
        return {}
    return {name: value.text(r".*") for name, value in table.values[key].entries().items()}


def _answers(document: Table) -> Answers:
    table = document.table("answer", ("id",), ("accepted", "code", "errors"))
    accepted = table.table("accepted", (), ("status", "json", "regex", "header", "is"))
    where = _place(accepted, table) if {"json", "regex", "header"} & set(accepted.values) else None
    words = _words(accepted, "is")
    if where is not None and where.kind == "json" and not words:
        table.values["accepted"].wrong("needs 'is', the words that mean an acceptance; add it")
    if where is None and words:
        accepted.values["is"].wrong("stands without json, regex or header; say where the word stands")
    return Answers(
        _statuses(accepted),
        where,
        words,
        _message_id(table),
        _place(table.table("code", (), ("json", "regex", "header")), table) if "code" in table else None,
        tuple(_rule(item) for item in table.items("errors")),
    )


def _message_id(table: Table) -> Place:
    if "id" in table and not isinstance(table.values["id"].node, MappingNode):
        table.values["id"].choice(("ours",))
        return Place("ours")
    return _place(table.table("id", (), ("json", "regex", "header")), table) or Place("ours")


def _place(place: Table, around: Table) -> Place | None:
    kinds = [kind for kind in ("json", "regex", "header") if kind in place]
    if len(kinds) != 1:
        for value in list(around.values.values())[:1]:
            value.wrong("must say one of json, regex, header for each place in an answer")
        return None
    kind: Any = kinds[0]
    expression = place.text(kind)
    if kind == "regex":
        try:
            re.compile(expression)
        except re.error as error:
            place.values[kind].wrong(f"is no regular expression: {error}")
            return None
    return Place(kind, expression)


def _rule(item: Value) -> Rule:
    table = item.table(("then",), ("status", "code", "reason", "after_s"))
    if "status" not in table and "code" not in table:
        item.wrong("fits every answer; add status or code")
    return Rule(
        _statuses(table),
        _words(table, "code"),
        cast("Verdict", table.choice("then", VERDICTS)),
        table.text("reason"),
        table.number("after_s", _SOONEST_S, LONGEST_WAIT_S) if "after_s" in table else 0.0,
    )


def _statuses(table: Table) -> tuple[int, ...]:
    return tuple(item.integer(*_ANY_STATUS) for item in _listed(table, "status"))


def _words(table: Table, key: str) -> tuple[str, ...]:
    return tuple(item.text() for item in _listed(table, key))


def _listed(table: Table, key: str) -> Sequence[Value]:
    """The entries of a list, or the one thing that stands instead of a list."""
    if key not in table:
        return ()
    value = table.values[key]
    return value.items() if isinstance(value.node, SequenceNode) else (value,)
