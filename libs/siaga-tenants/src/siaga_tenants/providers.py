"""The settings of each kind of provider in `notify.yaml`."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from siaga_tenants.document import Table, Value
from siaga_tenants.http_sms import read_provider

_HOST: Final = (r"[A-Za-z0-9._:-]+", "a host like smsc.example or 10.0.0.5")
_URL: Final = (r"https?://[A-Za-z0-9._-]+(?::\d{1,5})?(?:/\S*)?", "an address like https://gateway.example/send")
_SUBJECT: Final = (r"(mailto:\S+@\S+|https://\S+)", "how push services reach you, like mailto:112@example.go.id")
_DIGEST: Final = (r"[0-9a-f]{64}", "the SHA-256 of a token, 64 hex digits")
_DIGITS: Final = (r"\d{5,20}", "a number's id at Meta, like 106540352242922")
_TEMPLATE: Final = (r"[a-z0-9_]{1,512}", "a template's name at Meta")
# What the quick replies of a template may say.
_BUTTONS: Final = ("acknowledged", "en_route", "on_scene", "clear", "declined")
_LANGUAGE: Final = (r"[a-z]{2}(_[A-Z]{2})?", "a language like id")
_VERSION: Final = (r"v\d+\.\d+", "a version like v21.0")
_NAME: Final = (r"[A-Za-z][A-Za-z0-9_-]{0,40}", "a name like userkey")
# SMPP 3.4 §5.2: what a bind and an address may hold.
_SYSTEM_ID: Final = (r"[\x21-\x7e]{1,15}", "at most 15 characters, as the centre has given it")
_SENDER: Final = (r"[A-Za-z0-9+ ._-]{1,20}", "a short number like 112 or a name of at most 11 letters")
# A window that no centre grants, and one that would hold more than a minute of messages.
_MOST_OPEN: Final = 1_000
_PORT: Final = 65_535
# Plans of numbering that SMPP 3.4 §5.2.6 knows.
_PLANS: Final = (0, 1, 3, 4, 6, 8, 9, 10, 14, 18)

Read = Callable[[Value, Path], Any]


def _text(pattern: str, wanted: str) -> Read:
    return lambda place, _: place.text(pattern, wanted)


def _number(minimum: int, maximum: int) -> Read:
    return lambda place, _: place.integer(minimum, maximum)


def _plan(place: Value, _: Path) -> int:
    plan = place.integer(min(_PLANS), max(_PLANS))
    if plan not in _PLANS:
        place.wrong(f"must be one of {', '.join(map(str, _PLANS))}; 1 is the telephone plan")
    return plan


def _flag(place: Value, _: Path) -> bool:
    return place.flag()


def _file(place: Value, folder: Path) -> Path:
    """A file beside `notify.yaml` unless its path is whole; it must be there."""
    name = place.text(wanted="a file, like smpp.key")
    path = folder / name
    if name and not path.is_file():
        place.wrong(f"there is no file {path}; put it there (chmod 600), or correct the name")
    return path


def _folder(place: Value, folder: Path) -> Path:
    return folder / place.text(wanted="a folder, like /var/spool/gammu")


def _texts(place: Value, _: Path) -> Mapping[str, str]:
    return {name: value.text() for name, value in place.entries().items()}


def _files(place: Value, folder: Path) -> Mapping[str, Path]:
    return {name: _file(value, folder) for name, value in place.entries().items()}


def _entries(place: Value, folder: Path) -> Mapping[str, Path]:
    """Files with one Apprise address each; its SMPP counts refused messages as sent."""
    found: dict[str, Path] = {}
    for name, value in place.entries().items():
        found[name] = _file(value, folder)
        if _begins_with_smpp(found[name]):
            value.wrong(
                "holds an smpp:// address, by which refused messages count as sent; use a provider of kind smpp"
            )
    return found


def _begins_with_smpp(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            return content.read(64).lstrip().lower().startswith((b"smpp://", b"smpps://"))
    except OSError:
        # Not there, which its reader has said.
        return False


def _list(place: Value, _: Path) -> tuple[str, ...]:
    return tuple(item.text() for item in place.items())


def _statuses(place: Value, _: Path) -> tuple[str, ...]:
    return tuple(item.choice(_BUTTONS) for item in place.items())


@dataclass(frozen=True, slots=True)
class _Kind:
    """Which settings a kind of provider takes, and how each is read."""

    needed: Mapping[str, Read]
    optional: Mapping[str, Read]


_TLS: Final[Mapping[str, Read]] = {"tls": _flag, "ca_file": _file}
_CALLBACK: Final[Mapping[str, Read]] = {
    "callback_token_sha256": _text(*_DIGEST),
    "callback_secret_file": _file,
    "callback_ips": _list,
}
KINDS: Final[Mapping[str, _Kind]] = {
    "smpp": _Kind(
        {
            "host": _text(*_HOST), "port": _number(1, _PORT), "system_id": _text(*_SYSTEM_ID), "password_file": _file,
            "sender": _text(*_SENDER),
        },
        {
            **_TLS, "system_type": _text(r"\S{1,12}", "at most 12 characters"), "window": _number(1, _MOST_OPEN),
            "source_ton": _number(0, 6), "source_npi": _plan,
            "receipts_in": lambda place, _: place.choice(("hex", "decimal")),
        },
    ),
    "http_sms": _Kind(
        {},
        {
            "preset": _text(*_NAME), "file": _file, "url": _text(*_URL), "sender": _text(*_SENDER), "params": _texts,
            "secrets": _files, **_CALLBACK, "callback_base": _text(*_URL),
        },
    ),
    "modem": _Kind({"folder": _folder}, {}),
    "mqtt": _Kind(
        {"host": _text(*_HOST)},
        {"port": _number(1, _PORT), "username": _text(".{1,120}", "a user name"), "password_file": _file, **_TLS},
    ),
    "webpush": _Kind({"vapid_key_file": _file, "subject": _text(*_SUBJECT)}, {}),
    "fcm": _Kind({"service_account_file": _file}, {}),
    "whatsapp_cloud": _Kind(
        {
            "phone_number_id": _text(*_DIGITS), "token_file": _file, "app_secret_file": _file,
            "verify_token_sha256": _text(*_DIGEST), "template": _text(*_TEMPLATE),
            "language": _text(*_LANGUAGE),
        },
        {
            "url": _text(*_URL), "api_version": _text(*_VERSION), "buttons": _statuses,
            "stand_down_template": _text(*_TEMPLATE),
        },
    ),
    "apprise": _Kind({"entries": _entries}, {}),
}  # fmt: skip
_COMMON: Final = ("id", "kind")
_ALWAYS: Final = ("rate_per_s",)


def read_settings(item: Value, kind: str) -> tuple[Mapping[str, Any], Table]:
    """What an entry says beside its name, read by its kind; and the entry as a table. Files lie beside `notify.yaml`."""
    known = KINDS.get(kind)
    if known is None:
        return {}, item.table(_COMMON, tuple(item.entries()))
    table = item.table((*_COMMON, *known.needed), (*known.optional, *_ALWAYS))
    readers = {**known.needed, **known.optional}
    folder = item.file.parent
    settings = {name: readers[name](place, folder) for name, place in table.values.items() if name in readers}
    if kind == "http_sms" and read_provider(settings, item) is not None and "file" in settings:
        # Whoever holds a connection by these settings sees by it that the definition has changed.
        settings["file_sha256"] = hashlib.sha256(settings["file"].read_bytes()).hexdigest()
    return settings, table
