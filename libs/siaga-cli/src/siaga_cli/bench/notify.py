"""The notifier's whole process: how soon an order is at the SMS centre, how many a second, and that none is lost."""

import tempfile
from pathlib import Path

from siaga_kit.embedded.stack import Stack

from siaga_cli.bench import Report, notify_kannel, notify_kills, notify_outage, notify_speed
from siaga_cli.console import err


def measure() -> Report:
    """Each part on a stack of its own: what one has left behind must not slow the next."""
    err.print(f"  {notify_speed.PACED:,} orders at {notify_speed.PACE_S}/s; {notify_speed.WAITING:,} that wait")
    with Stack(services=("notifier",)) as stack:
        paced = notify_speed.paced(stack)
        waiting = notify_speed.waiting(stack)
        kannel = _kannel(stack) if notify_kannel.available() else None
    err.print(f"  {notify_kills.NOTIFICATIONS:,} notifications, kill -9 {notify_kills.KILLS} times, links that drop")
    with Stack(services=("notifier",)) as stack:
        killed = notify_kills.killed(stack)
    err.print(f"  {notify_outage.NOTIFICATIONS} notifications while the SMS centre is away")
    outage = notify_outage.outage()
    parts = (paced, waiting, *([notify_speed.beside(waiting, kannel)] if kannel else []), killed, outage)
    return Report(
        tuple(figure for part in parts for figure in part.figures),
        {name: value for part in parts for name, value in part.data.items()},
    )


def _kannel(stack: Stack) -> notify_kannel.Speed:
    addresses = stack.addresses
    notify_speed.forget(addresses)
    control_port = int(addresses.smsc_control_url.rpartition(":")[2])
    with tempfile.TemporaryDirectory() as folder:
        return notify_kannel.through_kannel(Path(folder), addresses.smsc_port, control_port, notify_speed.WAITING)
