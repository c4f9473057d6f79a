"""`coverage.yaml`: what may be left out, and which hour has which minimum."""

from dataclasses import replace
from pathlib import Path

import pytest
from siaga_tenants import Post, load_tenants
from siaga_tenants.coverage import Hours

ROOT = Path(__file__).parents[3]
NIGHT = Hours(21, 6, 1)
POST = Post("p", "Pos", -6.1, 106.1, ("damkar",), (), 3, within_m=5_000)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ((), {0: 3, 12: 3}),
        ((NIGHT,), {20: 3, 21: 1, 23: 1, 0: 1, 5: 1, 6: 3}),
        ((Hours(8, 16, 5),), {7: 3, 8: 5, 15: 5, 16: 3}),
        ((Hours(0, 24, 0),), {0: 0, 23: 0}),
        ((Hours(22, 2, 0), NIGHT), {21: 1, 22: 0, 1: 0, 2: 1}),
    ],
)
def test_the_minimum_of_an_hour(hours: tuple[Hours, ...], expected: dict[int, int]) -> None:
    post = replace(POST, hours=hours)
    assert {hour: post.minimum_at(hour) for hour in expected} == expected
    assert post.highest_minimum == max(3, *(entry.minimum for entry in hours), 0)


def test_each_of_our_tenants_has_posts_and_says_that_they_are_invented() -> None:
    for tenant in load_tenants(ROOT / "tenants").values():
        assert len(tenant.posts) == 4
        assert all(post.example for post in tenant.posts)
        kinds = {kind for post in tenant.posts for kind in post.kinds}
        assert kinds == {"damkar", "puskesmas", "satgas"}
