"""The wheel alone is enough: contracts, scenarios and fixtures travel inside it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    (wheel,) = folder.glob("absim-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_the_wheel_holds_what_a_run_needs_and_nothing_of_a_machine(unpacked: Path) -> None:
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    packaged = "simulator/_packaged"
    assert f"{packaged}/contracts/braze.openapi.yaml" in names
    assert "simulator/py.typed" in names
    assert any(name.startswith(f"{packaged}/scenarios/matching/") for name in names)
    assert [] == [name for name in names if "__pycache__" in name or name.startswith(("tests/", "benchmarks/"))]


def test_the_packaged_scenarios_run_in_an_empty_folder_somewhere_else(unpacked: Path, tmp_path: Path) -> None:
    code = "import simulator, sys; print(simulator.__file__); from simulator.cli.main import run; sys.exit(run())"
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    ran = subprocess.run(
        [sys.executable, "-c", code, "run", "--only", "matching/"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert str(unpacked) in ran.stdout.splitlines()[0]
    assert "passed" in ran.stdout
