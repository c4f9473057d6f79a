"""Generate the Python code of the contracts into libs/siaga-contracts (`python protos/generate.py`).

The result is checked in, so that running Siaga112 needs no compiler; `--check` fails when it is stale.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent
TARGET = ROOT.parent / "libs" / "siaga-contracts" / "src"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"


def generate(into: Path) -> None:
    """Run protoc over every contract; raises SystemExit with its message when a file does not compile."""
    scripts = Path(sys.executable).parent
    sources = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("siaga/v1/*.proto"))
    arguments = [
        "protoc",
        f"--proto_path={ROOT}",
        f"--proto_path={WELL_KNOWN}",
        f"--plugin=protoc-gen-mypy={scripts / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={scripts / 'protoc-gen-mypy_grpc'}",
        f"--python_out={into}",
        f"--mypy_out=quiet:{into}",
    ]
    services = [source for source in sources if source.endswith("_service.proto")]
    if protoc.main([*arguments, *sources]):
        raise SystemExit("protoc failed: the message above names the file and line")
    if protoc.main([*arguments[:5], f"--grpc_python_out={into}", f"--mypy_grpc_out=quiet:{into}", *services]):
        raise SystemExit("protoc failed for the gRPC services: the message above names the file and line")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        made = {path.name: path.read_bytes() for path in (fresh / "siaga" / "v1").iterdir()}
        target = TARGET / "siaga" / "v1"
        kept = {path.name: path.read_bytes() for path in target.glob("*_pb2*")}
        if "--check" in sys.argv:
            if made != kept:
                raise SystemExit("the checked-in contracts are stale: run `python protos/generate.py` and commit")
            return
        for name in kept.keys() - made.keys():
            (target / name).unlink()
        shutil.copytree(fresh / "siaga", TARGET / "siaga", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
