"""The command line in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from simulator.cli.main import run

Absim = Callable[..., "Ended"]

GOOD = """scenario: Who is known is added
covers: [MATCH-1]
tags: [quick]
people:
  ida: {user_id: ida-1001, events: [app_opened]}
  ben: {device_id: d-ben-0001, events: [app_opened]}
connections: {braze: [user_id, device_id]}
cohorts: {openers: {performed: app_opened, within: 7d}}
steps:
  - log_in: {person: ben, user_id: ben-1001}
  - sync: openers
expect: {added: [ida], dropped: {ben: MATCH-4}}
"""
RED = GOOD.replace("Who is known is added", "A red one").replace("expect: {added: [ida]", "expect: {added: [ben]")


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of a command, with a green and a red scenario."""
    place = tmp_path_factory.mktemp("cli")
    monkeypatch.chdir(place)
    for name in ("ABSIM_SEED", "ABSIM_RULES", "ABSIM_REPORT", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    (place / "good.scenario.yaml").write_text(GOOD)
    (place / "red.scenario.yaml").write_text(RED)
    return place


class Ended(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_absim(folder: Path, capsys: pytest.CaptureFixture[str]) -> Absim:
    """Runs one command line in this process; the code is what the process would return."""

    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(arguments)
        return Ended(code, *capsys.readouterr())

    return call
