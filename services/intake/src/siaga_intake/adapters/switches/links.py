"""The switches that the tenants' sources say intake connects to, each with its way there and its records."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from siaga_tenants import Connect, Source, Tenants

from siaga_intake.adapters.reception import Reception
from siaga_intake.adapters.sources import Sources
from siaga_intake.adapters.switches.ami import Ami
from siaga_intake.adapters.switches.ari import Ari
from siaga_intake.adapters.switches.ari_inbound import PROTOCOL, Expected
from siaga_intake.adapters.switches.asterisk_history import AsteriskHistory
from siaga_intake.adapters.switches.cdr_folder import CdrFolder
from siaga_intake.adapters.switches.connector import Connector, Feed, History, Link
from siaga_intake.adapters.switches.delivery import Delivery, Line
from siaga_intake.adapters.switches.esl import EslLink
from siaga_intake.adapters.switches.progress import Progress
from siaga_intake.core.doors import SWITCH_DOORS

# By the protocol that `connect` names.
LINKS: Final[Mapping[str, Callable[[Connect], Link]]] = {"ami": Ami, "ari": Ari, "esl": EslLink}
# By kind of source: where `backfill` says its records are.
HISTORIES: Final[Mapping[str, Callable[[Mapping[str, str]], History]]] = {"asterisk": AsteriskHistory}


def connectors(
    tenants: Tenants, sources: Sources, reception: Reception, secret: bytes, notes: Path
) -> Iterator[Connector]:
    """One connector for each source that intake connects to; their notes of progress are files in `notes`."""
    for code, tenant in tenants.items():
        for source in tenant.sources:
            if source.connect is None or source.connect.protocol not in LINKS:
                continue
            line = Line(sources.centres[code], source, SWITCH_DOORS[source.kind], secret)
            yield Connector(feed(line, sources, reception, notes), LINKS[source.connect.protocol](source.connect))


def expected(
    tenants: Tenants, sources: Sources, reception: Reception, secret: bytes, notes: Path
) -> dict[tuple[str, str], Expected]:
    """By tenant and instance, the sources whose Asterisk connects to us."""
    return {
        (code, source.instance): Expected(
            feed(Line(sources.centres[code], source, SWITCH_DOORS[source.kind], secret), sources, reception, notes)
        )
        for code, tenant in tenants.items()
        for source in tenant.sources
        if source.connect is not None and source.connect.protocol == PROTOCOL
    }


def folders(tenants: Tenants, sources: Sources, reception: Reception, secret: bytes) -> Iterator[CdrFolder]:
    """The folders in which switches leave what they could not post, whether intake connects to them or not."""
    for code, tenant in tenants.items():
        for source in tenant.sources:
            if "cdr_dir" in source.backfill:
                line = Line(sources.centres[code], source, SWITCH_DOORS[source.kind], secret)
                let_in = partial(sources.lets_in, code, source.name)
                yield CdrFolder(Delivery(line, reception), Path(source.backfill["cdr_dir"]), let_in)


def feed(line: Line, sources: Sources, reception: Reception, notes: Path) -> Feed:
    """What the source tells, with its note of progress and its records, for as long as it is not disabled."""
    progress = Progress(notes / f"{line.centre.tenant}-{line.source.kind}-{line.source.instance}.seen")
    let_in = partial(sources.lets_in, line.centre.tenant, line.source.name)
    return Feed(line, reception, progress, history(line.source), let_in=let_in)


def history(source: Source) -> History | None:
    """The source's own records, where it says that there are some."""
    make = HISTORIES.get(source.kind)
    return make(source.backfill) if make is not None and source.backfill else None
