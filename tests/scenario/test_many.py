"""Many scenarios: the same results in the same order, whatever the number of processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.scenario.many import run_many, works_of
from simulator.scenario.runner import RunOptions

TEXT = """
scenario: A small one
matrix: {n: [1, 2, 3]}
people: {ida: {user_id: "ida-${n}", events: [app_opened]}}
connections: {braze: [user_id]}
cohorts: {openers: {performed: app_opened}}
steps: [sync: openers]
expect: {added: [ida]}
"""


@pytest.fixture
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("many")
    found = []
    for name in ("a", "b"):
        path = folder / f"{name}.scenario.yaml"
        path.write_text(TEXT)
        found.append((path, path.name))
    return found


def test_results_do_not_depend_on_the_number_of_processes(files: list[tuple[Path, str]]) -> None:
    works = works_of(files)

    alone = dict(run_many(works, RunOptions(), jobs=1))
    together = dict(run_many(works, RunOptions(), jobs=2))

    assert 6 == len(works)
    assert [alone[index] for index in range(6)] == [together[index] for index in range(6)]
    assert {"passed"} == {str(result.verdict) for result in alone.values()}


def test_ledgers_are_left_as_lines_of_json(
    files: list[tuple[Path, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("ledgers")

    dict(run_many(works_of(files[:1]), RunOptions(ledgers=folder), jobs=1))

    assert ["a-n-1.ndjson", "a-n-2.ndjson", "a-n-3.ndjson"] == sorted(path.name for path in folder.iterdir())
    assert '"person":"ida"' in (folder / "a-n-1.ndjson").read_text()


def test_the_hash_seed_of_python_changes_nothing(files: list[tuple[Path, str]]) -> None:
    probe = (
        "import sys; from pathlib import Path; from simulator.scenario.many import *; "
        "from simulator.scenario.runner import *; "
        "print(*[r.digest for _, r in run_many(works_of([(Path(sys.argv[1]), 'a')]), RunOptions(), 1)])"
    )

    digests = {
        subprocess.run(
            [sys.executable, "-c", probe, str(files[0][0])],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(digests)
