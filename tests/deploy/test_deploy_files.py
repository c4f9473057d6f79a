"""The compose file and the image's recipe are checked by the real tools, without an engine."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from siaga_kit.embedded.plan import SERVICES

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"


def compose(file: Path) -> subprocess.CompletedProcess[str]:
    package = find_spec("compose")
    assert package is not None
    assert package.submodule_search_locations
    # The package's own wrapper hides the exit code, so the binary itself.
    binary = Path(next(iter(package.submodule_search_locations))) / "docker-compose"
    env = {**os.environ, "SIAGA_CALLER_SECRET": "x"}
    return subprocess.run(
        [str(binary), "-f", str(file), "config"], env=env, capture_output=True, text=True, check=False
    )


def test_the_compose_file_is_valid_and_has_every_service() -> None:
    done = compose(COMPOSE)
    assert done.returncode == 0, done.stderr
    services = YAML(typ="safe").load(done.stdout)["services"]
    assert {service.name for service in SERVICES} <= services.keys()
    assert services["kafka"]["image"].startswith("apache/kafka:4.")
    assert services["redis"]["image"].startswith("redis:")
    for service in SERVICES:
        assert services[service.name]["command"] == ["python", "-m", service.module]
        assert "container_name" not in services[service.name], "a fixed name cannot be scaled"


def test_a_wrong_compose_file_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE.read_text().replace("condition: service_healthy", "condition: service_cheerful"))
    assert compose(broken).returncode != 0


def test_the_image_recipe_is_clean() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [str(hadolint), str(ROOT / "deploy" / "docker" / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_carry_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pinned = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
    assert pinned
    for line in pinned:
        assert line.rstrip().endswith("\\"), f"{line}: no hash follows"


def test_the_uv_lock_stays_out() -> None:
    assert "uv.lock" in (ROOT / ".gitignore").read_text().splitlines()
