"""The figures of a replayed log, for people."""

from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table

from siaga_cli.console import out

DEPTHS: Final = ("1", "2", "3", "5")
WAYS: Final = {
    "nearest_station": "nearest station, there or not",
    "nearest_free": "nearest free engine",
    "learnt": "… own area first, as learnt from earlier calls",
    "map": "… own area first, as the log has it",
    "chosen": "chosen: own area first, from both; a paramedic first",
}
MISSES: Final = {
    "station_unknown": "the station of the engine sent is not known",
    "busy_in_log": "the engine sent was busy by the log",
    "same_second": "the engine chosen was sent in the same second",
    "sent_later": "the engine chosen was sent later",
    "no_paramedic": "a life at risk, and no paramedic on the engine chosen",
    "chosen_just_cleared": "the engine chosen had just ended a task",
    "sent_just_cleared": "the engine sent had just ended a task",
    "home_busy": "the area's own engine was busy, another order behind it",
    "equally_far": "both equally far",
    "sent_nearer": "the engine sent is nearer by air",
    "untold": "nothing in the log tells why",
}


def print_fire_evaluation(found: Mapping[str, Any]) -> None:
    """Print every table of an evaluated fire log."""
    learnt = found["learnt_from"]
    out.print(
        f"{found['incidents']} incidents, {found['engines']} engines; areas learnt from {learnt['incidents']} of other days "
        f"({learnt['left_out']} left out: their days are in the file) and from each call once it is over"
    )
    if found["stations_unknown"]:
        out.print(f"station not known: {', '.join(found['stations_unknown'])}")
    ways = Table("the engine really sent first is", *(f"among {depth}" for depth in DEPTHS), box=None, pad_edge=False)
    for way, title in WAYS.items():
        ways.add_row(title, *_shares(found["ways"][way]))
    for name, group in found["groups"].items():
        ways.add_row(f"chosen, {name or 'no group'} ({group['incidents']})", *_shares(group["top"]))
    out.print(ways)
    _print_misses(found)
    _print_times(found["times"])


def _shares(top: Mapping[str, float]) -> list[str]:
    return [f"{100 * top[depth]:.1f} %" for depth in DEPTHS]


def _print_misses(found: Mapping[str, Any]) -> None:
    missed = sum(found["misses"].values())
    shown = Table(f"why not the first ({missed})", "incidents", "of all", box=None, pad_edge=False)
    for reason, count in found["misses"].items():
        shown.add_row(MISSES[reason], str(count), f"{100 * count / found['incidents']:.1f} %")
    out.print("", shown)


def _print_times(times: Mapping[str, Any]) -> None:
    shown = Table("times really taken, s", "n", "median", "p90", box=None, pad_edge=False)
    for name, title in (("received_to_dispatch_s", "received to dispatch"), ("travel_s", "driving")):
        row = times[name]
        shown.add_row(title, str(row["n"]), *(_seconds(row[column]) for column in ("median", "p90")))
    out.print("", shown)
    drives = times["drives"]
    if "start_s" in drives:
        out.print(
            f"{drives['n']} drives from the station: {drives['start_s']:.0f} s and {drives['s_per_km']:.0f} s for each km by air; "
            f"the product's estimate is {drives['estimate_over_s']:+.0f} s beside it"
        )
        for whose, row in drives["off_line_s"].items():
            out.print(f"  {whose.replace('_', ' ')}: {row['mean']:+.0f} s off that line ({row['n']})")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def print_county_evaluation(found: Mapping[str, Any]) -> None:
    """Print every table of an evaluated list of a county's calls."""
    out.print(f"{found['calls']} calls; {found['faults']} lines were none of this county")
    shown = Table(
        "joined within", "calls", "of all", "same address", "most likely of another person", "incidents of several agencies",
        box=None, pad_edge=False,
    )  # fmt: skip
    for row in (found["joining"], *found["other_rules"]):
        shown.add_row(
            f"{row['minutes']} min, {row['distance_m']:.0f} m",
            str(row["joined"]),
            f"{100 * row['joined'] / found['calls']:.1f} %",
            str(row["same_address"]),
            str(row["other_person"]),
            str(row["several_agencies"]),
        )
    out.print(shown)
    sizes = ", ".join(f"{size}: {count}" for size, count in found["joining"]["sizes"].items())
    out.print(f"incidents by their calls: {sizes}; the largest has {found['joining']['largest']}")
    out.print(f"kept apart at one address by their types: {sum(found['kept_apart'].values())}")
    _print_agencies(found["agencies"])


def _print_agencies(agencies: Mapping[str, Any]) -> None:
    shown = Table(
        "called", "calls", "the plan sends it, P1", "P3", "services in all, P1", "P3", box=None, pad_edge=False
    )
    for agency, row in agencies.items():
        levels = [row[priority] for priority in ("P1", "P3")]
        shown.add_row(
            agency,
            str(row["calls"]),
            *(f"{100 * level['same'] / row['calls']:.1f} %" for level in levels),
            *(f"{level['services'] / row['calls']:.2f}" for level in levels),
        )
    out.print("", shown)
