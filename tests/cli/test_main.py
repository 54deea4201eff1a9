"""The command line as a whole: what there is, what is said of it, what does not belong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import click
import pytest

from simulator.cli import common
from simulator.cli.main import absim
from simulator.cli.scenarios import run as run_command

Absim = Callable[..., Any]
COMMANDS = absim.list_commands(click.Context(absim))
ASCII_ONLY = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}


def test_help_lists_every_command(run_absim: Absim) -> None:
    ended = run_absim("--help")

    assert 0 == ended.code
    assert [] == [name for name in COMMANDS if f"\n  {name} " not in ended.out]
    assert {"run", "lint", "plan", "schema", "why", "new"} <= set(COMMANDS)


@pytest.mark.parametrize("words", [(), ("contract",), ("clock",)])
def test_every_line_of_a_list_of_commands_is_a_whole_sentence(run_absim: Absim, words: tuple[str, ...]) -> None:
    listed = run_absim(*words, "--help").out.partition("Commands:\n")[2].splitlines()

    assert len(listed) > 3
    assert [] == [line for line in listed if not line.endswith(".") or line.endswith("...")]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(run_absim: Absim, name: str) -> None:
    ended = run_absim(name, "--help")

    assert 0 == ended.code
    assert ended.out.startswith("Usage: ")


def test_a_misspelt_command_gets_a_suggestion(run_absim: Absim) -> None:
    ended = run_absim("lnt")

    assert 2 == ended.code
    assert "No such command 'lnt'. Did you mean lint?" in ended.err


def test_a_fault_of_ours_is_4_and_not_hidden(run_absim: Absim, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("this cannot be")

    monkeypatch.setattr(run_command, "_check_rules", broken)

    ended = run_absim("run", "good.scenario.yaml")
    assert 4 == ended.code
    assert "RuntimeError: this cannot be" in ended.err
    assert "This is a fault in absim itself" in ended.err


def test_output_that_has_no_room_is_no_fault_of_ours(run_absim: Absim, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(run_command, "_tell", full)
    ended = run_absim("run", "good.scenario.yaml")

    assert 3 == ended.code
    assert "Error: what was to be written had no room: No space left on device\n" in ended.err
    assert "Traceback" not in ended.err


def test_the_module_is_the_command() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "simulator.cli", "--version"], capture_output=True, text=True, check=True
    )

    assert ended.stdout.startswith("absim, version ")


def test_a_terminal_that_knows_ascii_only_shows_what_it_can(tmp_path: Path) -> None:
    scenario = tmp_path / "seoul.scenario.yaml"
    scenario.write_text(
        "scenario: 민서 and Jürgen\npeople: {민서: {user_id: minseo-1}}\nconnections: {braze: user_id}\n"
        "cohorts: {vips: {people: [민서]}}\nsteps:\n  - sync: {cohort: vips}\n  - expect: {added: [민서]}\n",
        encoding="utf-8",
    )
    ended = subprocess.run(
        [sys.executable, "-m", "simulator.cli", "run", scenario.name],
        cwd=tmp_path, env={**os.environ, **ASCII_ONLY}, capture_output=True, check=False,
    )  # fmt: skip
    assert 0 == ended.returncode, ended.stderr
    assert b"\\ubbfc\\uc11c and J\\xfcrgen" in ended.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["run", "größe.scenario.yaml", "--report", "ledger,json,junit", "--report-dir", "Läufe"],
        ["run", "größe.scenario.yaml", "--only", "Jürgen"],
        ["why", "josé", "--scenario", "größe.scenario.yaml"],
        ["plan", "größe.scenario.yaml"],
        ["lint", "größe.scenario.yaml"],
        ["history", "größe.scenario.yaml", "--sync", "größe", "--full"],
        ["history", "größe.scenario.yaml", "--write", "Läufe"],
        ["forecast", "größe.scenario.yaml", "--cohort", "größe", "--days", "1"],
        ["new", "später"],
        ["population", "--size", "3", "--locale", "ko_KR", "--format", "jsonl"],
    ],
)
def test_where_the_locale_has_ascii_only_names_of_every_language_are_taken(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "größe.scenario.yaml").write_text(
        "scenario: josé and Jürgen\npeople: {josé: {user_id: jose-1}}\nconnections: {braze: user_id}\n"
        "cohorts: {größe: {people: [josé]}}\nsteps:\n  - sync: {cohort: größe}\n  - expect: {added: [josé]}\n",
        encoding="utf-8",
    )
    ended = subprocess.run(
        [sys.executable, "-m", "simulator.cli", *words],
        cwd=tmp_path, env={**os.environ, **ASCII_ONLY}, capture_output=True, check=False,
    )  # fmt: skip

    assert (0, b"") == (ended.returncode, ended.stderr if b"Traceback" in ended.stderr else b""), ended.stderr
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert not words.count("ledger,json,junit") or "größe.ndjson" in written
    assert words[0] != "new" or "scenario: Später" in (tmp_path / "später.scenario.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["run", "größe.scenario.yaml", "--format", "json"],
        ["why", "josé", "--scenario", "größe.scenario.yaml", "--format", "json"],
        ["forecast", "größe.scenario.yaml", "--days", "1", "--cadence", "daily", "--format", "json"],
        ["history", "größe.scenario.yaml", "--list", "--format", "json"],
        ["lint", "größe.scenario.yaml", "falsch.scenario.yaml", "--format", "json"],
    ],
)
def test_what_machines_read_is_utf_8_whatever_a_terminal_can_show(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "größe.scenario.yaml").write_text(
        "scenario: josé\npeople: {josé: {user_id: jose-1}}\nconnections: {braze: user_id}\n"
        "cohorts: {größe: {people: [josé]}}\nsteps:\n  - sync: {cohort: größe}\n  - expect: {added: [josé]}\n",
        encoding="utf-8",
    )
    (tmp_path / "falsch.scenario.yaml").write_text("scenario: größe\ngröße: 1\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "simulator.cli", *words],
        cwd=tmp_path, env={**os.environ, **ASCII_ONLY}, capture_output=True, check=False,
    )  # fmt: skip

    assert "größe" in json.dumps(json.loads(ended.stdout), ensure_ascii=False)


def test_a_path_is_shown_with_slashes_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "_shown_path", lambda path: PureWindowsPath("scenarios\\runs\\first.scenario.yaml"))

    assert "scenarios/runs/first.scenario.yaml" == common.shown_name(Path("first.scenario.yaml"))
