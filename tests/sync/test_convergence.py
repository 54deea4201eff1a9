"""A seeded sample of the convergence matrix; `python -m benchmarks.convergence` plays all of it."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "convergence.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("convergence", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["convergence"] = module
    spec.loader.exec_module(module)
    return module


CONVERGENCE = load()
SAMPLE = random.Random(7).sample(CONVERGENCE.cases(), 6)


def test_the_matrix_has_every_cell() -> None:
    assert 15 * 3 * 4 * 2 == len(set(CONVERGENCE.cases()))


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_memberships_become_what_the_rules_promise_once_the_fault_is_over(case: Any) -> None:
    assert [] == CONVERGENCE.run(case)


def test_a_case_that_does_not_mend_is_told() -> None:
    ghostly = CONVERGENCE.Case("400", "first", CONVERGENCE.Cadence.HOURLY, True)
    assert {"user-00005"} == CONVERGENCE.ghosts(ghostly)
    assert set() == CONVERGENCE.ghosts(CONVERGENCE.Case("500", "first", CONVERGENCE.Cadence.HOURLY, True))
