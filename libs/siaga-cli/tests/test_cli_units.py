"""`units`: a list is shown as it would change things, brought in row by row, and looked at afterwards."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from siaga.v1.unit_directory_service_pb2 import UnitDirectoryListResponse
from siaga.v1.unit_directory_service_pb2_grpc import UnitDirectoryServicer, add_UnitDirectoryServicer_to_server
from siaga.v1.unit_pb2 import Contact, Unit, UnitKind, UnitStatus
from siaga_cli.main import build
from siaga_kit.embedded.errors import StackError
from siaga_tenants import load_tenants
from typer.testing import CliRunner, Result

REAL = Path(__file__).resolve().parents[3] / "tenants"
SERANG = "36.73-kota-serang"
LIST = """\
Kode Unit;Jenis;Nama;Lintang;Bujur;No HP;Kemampuan;Catatan
3673-DMK-01;damkar;Mako Damkar;-6,1326;106,1951;0811-999-0001;mobil pemadam;baru
;damkar;Pos Baru;-6,12;106,16;0811-999-0002;mobil pemadam;
;pustu;Pustu;-6,12;106,16;0811-999-0003;;
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "tenants"
    shutil.copytree(REAL / SERANG, directory / SERANG)
    return directory


def invoke(directory: Path, *words: str) -> Result:
    words = ("--home", str(directory.parent / "home"), "units", words[0], "--tenants-dir", str(directory), *words[1:])
    return CliRunner().invoke(build("units"), list(words))


def listed(directory: Path, text: str = LIST) -> str:
    file = directory.parent / "units.csv"
    file.write_text(text)
    return str(file)


def told(directory: Path, *words: str, code: int = 0) -> Any:
    result = invoke(directory, *words, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_a_dry_run_tells_and_writes_nothing(directory: Path) -> None:
    before = (directory / SERANG / "units.yaml").read_bytes()
    found = told(directory, "import", listed(directory), "--dry-run", code=1)
    assert found["tenant"] == "36.73"
    assert found["new"] == [{"unit_id": "3673-DMK-05", "line": 3, "name": "Pos Baru"}]
    (changed,) = found["changed"]
    assert changed["fields"]["name"] == ["Contoh: Mako Damkar Kota Serang", "Mako Damkar"]
    assert changed["moved_m"] == pytest.approx(4.3, abs=0.5)
    # How many, never which: the output goes into logs and chats.
    assert changed["fields"]["contacts"] == [2, 2]
    assert "0811" not in json.dumps(found)
    assert found["rejected"][0]["line"] == 4
    assert found["unused_columns"] == ["Catatan"]
    assert len(found["missing"]) == 25
    assert (directory / SERANG / "units.yaml").read_bytes() == before


def test_valid_rows_are_taken_beside_one_that_is_not(directory: Path) -> None:
    result = invoke(directory, "import", listed(directory))
    assert result.exit_code == 1
    assert "1 new, 1 changed, 0 unchanged, 25 missing, 1 rejected" in result.stdout
    assert "units.csv:4: Jenis: 'pustu' is no kind of unit" in result.stdout
    units = {unit.unit_id: unit for unit in load_tenants(directory)["36.73"].units}
    assert units["3673-DMK-05"].name == "Pos Baru"
    assert not units["3673-DMK-01"].example
    assert len(units) == 27


def test_nothing_is_taken_out_while_a_row_is_rejected(directory: Path) -> None:
    result = invoke(directory, "import", listed(directory), "--retire-missing", "--dry-run")
    assert "Nothing is taken out while rows are rejected" in result.stdout
    everything = "\n".join(
        f"{unit.unit_id};;;;;;;" for unit in load_tenants(directory)["36.73"].units if unit.unit_id != "3673-STG-06"
    )
    file = listed(directory, f"{LIST.splitlines()[0]}\n{everything}\n")
    assert told(directory, "import", file)["retired"] == []
    assert told(directory, "import", file, "--retire-missing")["retired"] == ["3673-STG-06"]
    assert "3673-STG-06" not in {unit.unit_id for unit in load_tenants(directory)["36.73"].units}


def test_the_regency_is_asked_for_when_nothing_tells_it(directory: Path) -> None:
    shutil.copytree(REAL / "32.14-purwakarta", directory / "32.14-purwakarta")
    nameless = "\n".join(line for line in LIST.splitlines() if not line.startswith("3673"))
    result = invoke(directory, "import", listed(directory, nameless))
    assert isinstance(result.exception, StackError)
    assert "say --tenant, one of 32.14, 36.73" in str(result.exception)
    assert told(directory, "import", listed(directory, nameless), "--tenant", "36.73", code=1)["tenant"] == "36.73"


def test_a_file_that_is_no_list_is_a_wrong_command_line(directory: Path) -> None:
    result = invoke(directory, "import", listed(directory, "a;b\n1;2\n"))
    assert result.exit_code == 2
    assert "the first line names the columns" in " ".join(result.output.replace("│", " ").split())


def test_without_a_stack_the_files_are_shown(directory: Path) -> None:
    units = told(directory, "list", "--tenant", "36.73")
    assert len(units) == 26
    assert units[0]["unit_id"] == "3673-DMK-01"
    assert told(directory, "show", "3673-pkm-01")["name"] == "Puskesmas Curug"
    assert isinstance(invoke(directory, "show", "3673-PKM-99").exception, StackError)


class Directory(UnitDirectoryServicer):
    """A dispatcher's directory of two units."""

    def List(self, request: Any, context: Any) -> UnitDirectoryListResponse:  # noqa: N802
        on_task = Unit(
            unit_id="3673-DMK-01", tenant=request.tenant, name="Mako", kind=UnitKind.UNIT_KIND_DAMKAR,
            status=UnitStatus.UNIT_STATUS_EN_ROUTE, status_label="otw", task_code="114",
            contacts=[Contact(channel="sms", address="+628119990001")],
        )  # fmt: skip
        off = Unit(
            unit_id="3673-STG-01", status=UnitStatus.UNIT_STATUS_AVAILABLE, status_label="lepas tugas", off_shift=True
        )
        return UnitDirectoryListResponse(units=[on_task, off] if request.tenant == "36.73" else [])


def test_with_a_stack_the_dispatcher_is_asked_even_if_a_file_is_wrong(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / SERANG / "units.yaml").write_text("units: []\n")
    server = grpc.server(ThreadPoolExecutor(2))
    add_UnitDirectoryServicer_to_server(Directory(), server)  # type: ignore[abstract]
    monkeypatch.setenv("SIAGA_DISPATCHER_GRPC", f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    first, second = told(directory, "list")
    assert (first["status"], first["status_label"], first["task_code"]) == ("en_route", "otw", "114")
    assert first["eido"] == {"primary": "NotAvailable", "secondary": ["Assigned", "Dispatched", "EnRoute"]}
    assert "+628119990001" not in json.dumps(first)
    assert second["off_shift"] is True
    table = invoke(directory, "list").stdout
    assert "lepas tugas, by the roster" in table
    assert "#114" in table
    server.stop(None).wait()
