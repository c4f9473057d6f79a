"""`source`: who may post to the front door. A running intake takes every change within two seconds."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table
from siaga_kit.embedded.errors import StackError
from siaga_kit.embedded.home import project_root
from siaga_tenants import Source, TenantError, load_sources
from siaga_tenants.editing import Editing, Entry, editing, rotate

from siaga_cli.console import err, out
from siaga_cli.credentials import CERTIFICATE, KEY, TOKEN, Made, made_for
from siaga_cli.durations import duration

app = typer.Typer(help="Who may post to the front door, and with which credential.", no_args_is_help=True)
_WORDS: Final = {TOKEN: "token", KEY: "hmac", CERTIFICATE: "certificate"}

Name = Annotated[str, typer.Argument(metavar="KIND/INSTANCE", help="As asterisk/pbx1.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="The regency, as 36.73.")]
Folder = Annotated[
    Path | None,
    typer.Option("--tenants-dir", envvar="SIAGA_TENANTS_DIR", help="Default: tenants in the project."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Hmac = Annotated[bool, typer.Option("--hmac", help="A key to sign with, in a file of its own, instead of a token.")]
Certificate = Annotated[
    Path | None,
    typer.Option("--client-cert", help="The certificate (PEM) that its TLS connections show, instead of a token."),
]


def register(root: typer.Typer) -> None:
    """Add the group."""
    root.add_typer(app, name="source")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source stands."""

    directory: Path
    tenant: str
    name: str

    @property
    def folder(self) -> Path:
        return next(path for path in sorted(self.directory.glob(f"{self.tenant}-*")) if path.is_dir())


@app.command("list")
def list_(*, tenant: TenantOption = None, directory: Folder = None, as_json: AsJson = False) -> None:
    """List the sources with the kind of their credential; never the credential."""
    found = _sources(_directory(directory))
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    told = [
        _told(code, source, now_ms)
        for code, sources in sorted(found.items())
        for source in sources
        if tenant in (None, code)
    ]
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
        return
    shown = Table("tenant", "source", "credential", "rotation", "state", box=None, pad_edge=False)
    for each in told:
        state = [word for word in ("disabled", "test") if each[word]]
        if each["rate_per_s"]:
            state.append(f"{each['rate_per_s']:g} events/s")
        shown.add_row(
            str(each["tenant"]), str(each["source"]), str(each["credential"]), str(each["rotation"]),
            ", ".join(state) or "-",
        )  # fmt: skip
    out.print(shown)


@app.command()
def add(
    name: Name,
    *,
    tenant: TenantOption = None,
    hmac: Hmac = False,
    client_cert: Certificate = None,
    test: Annotated[bool, typer.Option("--test", help="All it sends are drills: no unit is sent.")] = False,
    rate_per_s: Annotated[float | None, typer.Option("--rate-per-s", help="Events a second in the long run.")] = None,
    directory: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Add a source with a new token, which is shown this once."""
    folder = _directory(directory)
    codes = sorted(_sources(folder))
    if tenant is None and len(codes) > 1:
        raise StackError(f"which regency? say --tenant, one of {', '.join(codes)}")
    place = Place(folder, _known(tenant or codes[0], codes, folder), _checked(name))
    made = made_for(place.folder, place.name, hmac=hmac, client_cert=client_cert)
    kind, _, instance = place.name.partition("/")
    entry: Entry = {"kind": kind, "instance": instance, made.key: made.value}
    if test:
        entry["test"] = True
    if rate_per_s is not None:
        entry["rate_per_s"] = rate_per_s
    with _changing(place, made) as sources:
        if sources.entry(place.name) is not None:
            raise StackError(f"{place.name} is there already: `./siaga source rotate` gives it a new credential")
        sources.add(entry)
    _tell(place, made, "added", "", as_json=as_json)


@app.command("rotate")
def rotate_(
    name: Name,
    *,
    tenant: TenantOption = None,
    overlap: Annotated[str, typer.Option(help="How long the credential of before stays good; 0 = not at all.")] = "24h",
    lost: Annotated[
        bool,
        typer.Option("--lost", help="The one given out last was lost: make another, the one before it stays good."),
    ] = False,
    hmac: Hmac = False,
    client_cert: Certificate = None,
    directory: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Give a source a new credential; the one of before stays good for a while, so that no event is turned away."""
    now = datetime.now(UTC).replace(microsecond=0)
    overlap_s = duration(overlap, "--overlap")
    place = _place(name, tenant, directory)
    source = _source(place)
    signs = hmac or (source.hmac_secret_file is not None and source.token_sha256 is None and client_cert is None)
    running = source.previous_until_ms > now.timestamp() * 1000
    until = _moment(source.previous_until_ms) if running else (now + timedelta(seconds=overlap_s)).isoformat()
    if running and overlap_s and not lost:
        raise StackError(
            f"the last rotation of {place.name} still runs, until {until}, and what it showed before that would be cut off: "
            "wait; or say --lost if nobody has the new one yet; or --overlap 0 to end both"
        )
    made = made_for(place.folder, place.name, hmac=signs, client_cert=client_cert)
    with _changing(place, made) as sources:
        entry = _entry(sources, place)
        had = bool(entry.get(made.key))
        if lost and running:
            entry[made.key] = made.value
        else:
            rotate(entry, made.key, made.value, until if overlap_s else None)
    _tell(place, made, "rotated", until if had and overlap_s else "", as_json=as_json)


@app.command()
def disable(name: Name, *, tenant: TenantOption = None, directory: Folder = None, as_json: AsJson = False) -> None:
    """Let a source in no more; its credentials stay for when it is enabled again."""
    _switch(_place(name, tenant, directory), disabled=True, as_json=as_json)


@app.command()
def enable(name: Name, *, tenant: TenantOption = None, directory: Folder = None, as_json: AsJson = False) -> None:
    """Let a disabled source in again."""
    _switch(_place(name, tenant, directory), disabled=False, as_json=as_json)


@contextmanager
def _changing(place: Place, made: Made | None = None) -> Iterator[Editing]:
    """Editing, with errors told as ours; a key that was made for nothing goes again."""
    try:
        with editing(place.directory, place.folder) as sources:
            yield sources
    except BaseException as error:
        if made is not None and made.file is not None:
            made.file.unlink(missing_ok=True)
        if isinstance(error, TenantError):
            raise StackError(str(error)) from error
        raise


def _switch(place: Place, *, disabled: bool, as_json: bool) -> None:
    with _changing(place) as sources:
        entry = _entry(sources, place)
        entry.pop("disabled", None)
        if disabled:
            entry["disabled"] = True
    word = "disabled" if disabled else "enabled"
    if as_json:
        sys.stdout.write(json.dumps({"tenant": place.tenant, "source": place.name, "done": word}) + "\n")
    err.print(f"{place.name} of {place.tenant} is {word}; a running intake knows it within two seconds.")


def _tell(place: Place, made: Made, done: str, until: str, *, as_json: bool) -> None:
    """The story goes to stderr, so that `TOKEN=$(./siaga source add …)` holds the token alone."""
    told = {"tenant": place.tenant, "source": place.name, "done": done}
    if made.token:
        told["token"] = made.token
    if made.file is not None:
        told["key_file"] = str(made.file)
    if until:
        told["previous_until"] = until
    if as_json:
        sys.stdout.write(json.dumps(told) + "\n")
        return
    err.print(f"{place.name} of {place.tenant} is {done}; a running intake knows it within two seconds.")
    if until:
        err.print(f"What it showed before stays good until {until}.")
    if made.file is not None:
        err.print("The key it signs with is in this file, for you and intake alone to read:")
        sys.stdout.write(f"{made.file}\n")
    if made.token:
        err.print("Its token, shown this once, goes into `Authorization: Bearer …`:")
        sys.stdout.write(f"{made.token}\n")


def _told(code: str, source: Source, now_ms: int) -> dict[str, object]:
    rotation = "-"
    if source.previous_until_ms:
        over = source.previous_until_ms < now_ms
        rotation = f"the one before {'was' if over else 'is'} good until {_moment(source.previous_until_ms)}"
    return {
        "tenant": code,
        "source": source.name,
        "credential": " + ".join(word for key, word in _WORDS.items() if getattr(source, key)) or "none",
        "rotation": rotation,
        "previous_until": _moment(source.previous_until_ms) if source.previous_until_ms else None,
        "disabled": source.disabled,
        "test": source.test,
        "rate_per_s": source.rate_per_s,
    }


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _directory(told: Path | None) -> Path:
    return told or project_root() / "tenants"


def _sources(directory: Path) -> dict[str, tuple[Source, ...]]:
    try:
        return dict(load_sources(directory))
    except TenantError as error:
        raise StackError(str(error)) from error


def _place(name: str, tenant: str | None, directory: Path | None) -> Place:
    """Where the source is; without a tenant it must stand in one only."""
    folder = _directory(directory)
    found = _sources(folder)
    wanted = _checked(name)
    having = [code for code, sources in sorted(found.items()) if any(source.name == wanted for source in sources)]
    if tenant is not None:
        code = _known(tenant, sorted(found), folder)
        if code not in having:
            known = ", ".join(source.name for source in found[code])
            raise StackError(f"{code} has no source {wanted}: it has {known}; `./siaga source add` adds one")
        return Place(folder, code, wanted)
    if not having:
        raise StackError(f"no tenant has a source {wanted}: `./siaga source list` shows them, `source add` adds one")
    if len(having) > 1:
        raise StackError(f"several tenants have a source {wanted}: say --tenant, one of {', '.join(having)}")
    return Place(folder, having[0], wanted)


def _source(place: Place) -> Source:
    return next(source for source in _sources(place.directory)[place.tenant] if source.name == place.name)


def _entry(sources: Editing, place: Place) -> Entry:
    entry = sources.entry(place.name)
    if entry is None:
        raise StackError(f"{place.name} went from {sources.file} a moment ago; look at the file")
    return entry


def _known(tenant: str, codes: list[str], directory: Path) -> str:
    if tenant not in codes:
        raise StackError(f"there is no tenant {tenant} in {directory}: say one of {', '.join(codes)}")
    return tenant


def _checked(name: str) -> str:
    kind, slash, instance = name.partition("/")
    if not (kind and slash and instance):
        raise typer.BadParameter(
            f"{name!r} is no source: write kind/instance, as asterisk/pbx1", param_hint="KIND/INSTANCE"
        )
    return name
