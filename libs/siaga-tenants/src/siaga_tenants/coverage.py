"""Which posts must not stand empty: `coverage.yaml`, which a tenant may leave out."""

from dataclasses import dataclass
from typing import Final

from siaga_tenants.document import Table, Value
from siaga_tenants.vocabulary import UNIT_KINDS

POST_ID: Final = r"[a-z0-9][a-z0-9-]{0,40}"
# Each is looked at after every dispatch of its tenant.
MOST_POSTS: Final = 200
MOST_UNITS_OF_A_POST: Final = 20
WIDEST_M: Final = 50_000
# Help that is an hour away covers nothing.
LONGEST_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Hours:
    """From one full hour until another of the tenant's day, over midnight where `until` is not later."""

    start: int
    until: int
    minimum: int

    def hold(self, hour: int) -> bool:
        """Whether the hour lies within."""
        if self.start < self.until:
            return self.start <= hour < self.until
        return hour >= self.start or hour < self.until


@dataclass(frozen=True, slots=True)
class Post:
    """A place from which help must be near: so many free units, of any of the kinds and with all of the capabilities.

    Near is `within_s` of driving or `within_m` on the straight line; the other is None.
    """

    post_id: str
    name: str
    lat: float
    lon: float
    kinds: tuple[str, ...]
    capabilities: tuple[str, ...]
    minimum: int
    within_s: float | None = None
    within_m: float | None = None
    hours: tuple[Hours, ...] = ()
    # An invented minimum that the centre replaces with its own.
    example: bool = False

    def minimum_at(self, hour: int) -> int:
        """How many it must be in that hour of the tenant's day; of several entries that hold, the first."""
        return next((entry.minimum for entry in self.hours if entry.hold(hour)), self.minimum)

    @property
    def highest_minimum(self) -> int:
        """The most it ever must be."""
        return max(self.minimum, *(entry.minimum for entry in self.hours), 0)


def read_coverage(document: Value, capabilities: tuple[str, ...]) -> tuple[tuple[Post, Value], ...]:
    """The posts, each with its place in the file, for the checks that need other files."""
    table = document.table(("posts",))
    posts: list[tuple[Post, Value]] = []
    for item in table.items("posts"):
        post = _post(item, capabilities)
        if post.post_id and any(post.post_id == other.post_id for other, _ in posts):
            item.child("post_id").wrong(f"{post.post_id!r} stands twice; give it another id")
        posts.append((post, item))
    if len(posts) > MOST_POSTS:
        table.values["posts"].wrong(f"has {len(posts)} posts, at most {MOST_POSTS} are looked after; leave some out")
    return tuple(posts)


def _post(item: Value, capabilities: tuple[str, ...]) -> Post:
    entry = item.table(
        ("post_id", "name", "lat", "lon", "kinds", "minimum"),
        ("capabilities", "within_minutes", "within_m", "hours", "example"),
    )
    kinds = entry.choices("kinds", UNIT_KINDS)
    if "kinds" in entry and not kinds:
        entry.values["kinds"].wrong(f"is empty; name at least one of: {', '.join(UNIT_KINDS)}")
    if ("within_minutes" in entry) == ("within_m" in entry):
        item.wrong("must say how near help is, by within_minutes or within_m, and not by both")
    return Post(
        post_id=entry.text("post_id", POST_ID, "a short id like damkar-pusat"),
        name=entry.text("name"),
        lat=entry.number("lat", -90, 90),
        lon=entry.number("lon", -180, 180),
        kinds=kinds,
        capabilities=entry.choices("capabilities", capabilities),
        minimum=entry.integer("minimum", 0, MOST_UNITS_OF_A_POST),
        within_s=entry.number("within_minutes", 1, LONGEST_MINUTES) * 60 if "within_minutes" in entry else None,
        within_m=entry.number("within_m", 100, WIDEST_M) if "within_m" in entry else None,
        hours=tuple(_hours(hours) for hours in entry.items("hours")),
        example=entry.flag("example"),
    )


def _hours(item: Value) -> Hours:
    entry: Table = item.table(("from", "to", "minimum"))
    hours = Hours(
        entry.integer("from", 0, 23), entry.integer("to", 0, 24), entry.integer("minimum", 0, MOST_UNITS_OF_A_POST)
    )
    if hours.start == hours.until and "to" in entry:
        entry.values["to"].wrong("is the hour at which it begins; write 'from: 0, to: 24' for the whole day")
    return hours
