"""From events to requests: batches as a forwarder sends them, with what goes wrong on the way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

# A forwarder sends what it has when it has fifty events, or ten minutes after the first of them. (One that sends every
# minute makes three times the requests of the month and nothing else that is different.)
BATCH_EVENTS: Final = 50
BATCH_MS: Final = 600_000
# Rates of what goes wrong: a post that a network fault holds up, one that is sent twice, a batch out of order.
LATE_SHARE: Final = 0.01
TWICE_SHARE: Final = 0.01
SHUFFLED_SHARE: Final = 0.01
LATEST_MS: Final = 1_800_000


@dataclass(frozen=True, slots=True)
class Post:
    """One request at the front door; `at_ms` is its arrival."""

    at_ms: int
    path: str
    body: Any


def batches(rng: Random, path: str, events: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[Post]:
    """Lists of events, flushed by number or age; `events` come in the order of their times."""
    held: list[dict[str, Any]] = []
    first_ms = last_ms = 0
    for at_ms, event in events:
        if held and (len(held) == BATCH_EVENTS or at_ms - first_ms > BATCH_MS):
            yield _batch(rng, path, held, last_ms if len(held) == BATCH_EVENTS else first_ms + BATCH_MS)
            held = []
        if not held:
            first_ms = at_ms
        last_ms = at_ms
        held.append(event)
    if held:
        yield _batch(rng, path, held, last_ms)


def delivered(rng: Random, posts: Iterable[Post]) -> list[Post]:
    """The posts in the order they arrive: some late, some twice."""
    arriving = []
    for post in posts:
        if rng.random() < LATE_SHARE:
            post = Post(post.at_ms + rng.randrange(LATEST_MS), post.path, post.body)  # noqa: PLW2901 - the same post, later
        arriving.append(post)
        if rng.random() < TWICE_SHARE:
            arriving.append(Post(post.at_ms + 1_000 + rng.randrange(60_000), post.path, post.body))
    arriving.sort(key=lambda post: post.at_ms)
    return arriving


def _batch(rng: Random, path: str, events: list[dict[str, Any]], at_ms: int) -> Post:
    if rng.random() < SHUFFLED_SHARE:
        rng.shuffle(events)
    return Post(at_ms + 20 + rng.randrange(200), path, events)
