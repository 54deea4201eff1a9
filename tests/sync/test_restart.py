"""A real process is killed at a few random points; `python -m benchmarks.restart` does it two hundred times."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "restart.py"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("restart", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["restart"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("story", ["cohorts", "feeds"])
def test_a_killed_world_goes_on_where_it_stopped_and_neither_loses_nor_doubles_a_change(story: str) -> None:
    assert [] == load().kill_at_random_points(story, points=3, seed=11, jobs=1)
