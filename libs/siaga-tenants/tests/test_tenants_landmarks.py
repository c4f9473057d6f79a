"""`landmarks.csv`: what is read, and what each mistake is told as."""

import shutil
from pathlib import Path

import pytest
from siaga_tenants import Landmark, TenantError, load_tenants

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"
HEADER = "name,aliases,lat,lon,radius_m,source"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(REAL / SERANG, tmp_path / SERANG)
    return tmp_path


def write(directory: Path, *lines: str) -> None:
    (directory / SERANG / "landmarks.csv").write_text("\n".join(lines) + "\n", "utf-8")


def test_landmarks_are_read_with_their_aliases(directory: Path) -> None:
    write(
        directory,
        HEADER,
        "Alun-alun, alun-alun kota | lapangan kota ,-6.11,106.15,150,surveyed",
        '"Pasar, Rau",,-6.1,106.15,80,surveyed',
    )
    assert load_tenants(directory)["36.73"].landmarks == (
        Landmark("Alun-alun", ("alun-alun kota", "lapangan kota"), -6.11, 106.15, 150.0, "surveyed"),
        Landmark("Pasar, Rau", (), -6.1, 106.15, 80.0, "surveyed"),
    )


def test_a_tenant_may_have_none(directory: Path) -> None:
    (directory / SERANG / "landmarks.csv").unlink()
    assert load_tenants(directory)["36.73"].landmarks == ()


@pytest.mark.parametrize(
    ("lines", "where", "complaint"),
    [
        (["name,lat,lon"], 1, "must be exactly name,aliases,lat,lon,radius_m,source"),
        ([], 1, "must be exactly"),
        ([HEADER, "Rau,,-6.1,106.15,80"], 2, "has 5 columns, must have 6"),
        ([HEADER, ",,-6.1,106.15,80,surveyed"], 2, "name and source must not be empty"),
        ([HEADER, "Rau,,-6.1,106.15,80,"], 2, "name and source must not be empty"),
        ([HEADER, "Rau,,here,106.15,80,surveyed"], 2, "must be numbers"),
        ([HEADER, "Rau,,106.15,-6.1,80,surveyed"], 2, "lat comes before lon"),
        ([HEADER, "Rau,,-6.1,106.15,0,surveyed"], 2, "the radius is above 0 and at most 20000"),
        ([HEADER, "Rau,,nan,106.15,80,surveyed"], 2, "out of range"),
        ([HEADER, "Monas,,-6.1754,106.8272,80,surveyed"], 2, "km outside the tenant"),
        ([HEADER, "Rau,,-6.1,106.15,80,surveyed", "Pasar,rau,-6.1,106.15,80,surveyed"], 3, "'rau' stands twice"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(directory: Path, lines: list[str], where: int, complaint: str) -> None:
    write(directory, *lines)
    with pytest.raises(TenantError) as caught:
        load_tenants(directory)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{directory / SERANG / 'landmarks.csv'}:{where}: ")
    assert complaint in problem


def test_a_file_that_is_no_text_is_named(directory: Path) -> None:
    (directory / SERANG / "landmarks.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TenantError, match=r"landmarks\.csv:1: .*UTF-8"):
        load_tenants(directory)
