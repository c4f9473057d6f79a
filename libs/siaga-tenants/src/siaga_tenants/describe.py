"""What the tenants of a directory are, in a few lines for people; and the slow check of every polygon."""

from collections import Counter
from collections.abc import Iterator

from siaga_tenants.borders import BordersError
from siaga_tenants.model import Tenant


def describe(tenant: Tenant) -> str:
    """One paragraph about a tenant."""
    kinds = Counter(unit.kind for unit in tenant.units)
    estimated = sum(unit.coord_source != "surveyed" for unit in tenant.units)
    levels = Counter(area.level for area in tenant.gazetteer.areas)
    examples = sum(unit.example for unit in tenant.units)
    units = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    policy = f"sanctions {tenant.sanctions.version}, plan of {len(tenant.plan.entries)} entries"
    lines = (
        f"{tenant.code} {tenant.name} ({tenant.timezone}, {len(tenant.operators)} operators)",
        f"  sources   {', '.join(source.name for source in tenant.sources)}",
        f"  units     {units}; {examples} are examples, {estimated} positions are estimates",
        f"  areas     {', '.join(f'{count} {level}' for level, count in levels.items())}",
        f"  landmarks {len(tenant.landmarks)} of its own",
        f"  coverage  {len(tenant.posts)} posts, {sum(post.example for post in tenant.posts)} are examples",
        f"  policy    {policy}, {len(tenant.rules)} own rules",
    )
    return "\n".join(lines)


def border_problems(tenant: Tenant) -> Iterator[str]:
    """What is wrong between gazetteer and polygons. Reads every polygon, which loading does not."""
    gazetteer = tenant.gazetteer
    try:
        with_polygon = set(gazetteer.borders.codes())
    except BordersError as error:
        yield str(error)
        return
    file = gazetteer.borders.desa_file
    for code in sorted(with_polygon):
        if gazetteer.by_code(code) is None:
            yield f"{file}:1: {code}: has a polygon but no row in gazetteer.csv; add the row"
    for area in gazetteer.areas:
        if area.level == "kecamatan":
            continue
        if area.code not in with_polygon:
            yield f"{file}:1: {area.code}: {area.title} has no polygon; add it"
        elif area.level == "desa" and gazetteer.at(area.lat, area.lon) != area:
            yield f"{file}:1: {area.code}: the point of {area.title} does not lie in its polygon; correct lat and lon"
