"""`absim lint`: check scenario files without running them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from simulator.cli.common import ExitCode, counted, emit, option, scenario_files, shown_name, talk


@click.command(short_help="Check scenario files without running them.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How problems are written.")
@option("--quiet", is_flag=True, help="Say nothing when all is well.")
def command(paths: tuple[Path, ...], form: str, quiet: bool) -> int:
    """Check scenario files: every problem with its place, the line, a caret and a suggestion.

    PATHS are files or folders; without any, the shipped scenarios.
    """
    from simulator.scenario.language.source import Problem, ScenarioInvalid
    from simulator.scenario.parse import load

    files = scenario_files(paths)
    problems: list[Problem] = []
    for path in files:
        try:
            load(path, shown_name(path))
        except ScenarioInvalid as invalid:
            problems += invalid.problems
    if form == "json":
        emit(json.dumps([_plain(problem) for problem in problems], indent=2, ensure_ascii=False) + "\n")
    else:
        for problem in problems:
            click.echo(f"{problem}\n")
    if problems:
        talk(f"{counted(len(problems), 'problem')} in {counted(len(files), 'file')}")
        return ExitCode.USAGE
    if not quiet:
        talk(f"{counted(len(files), 'scenario file')}, no problems")
    return ExitCode.PASSED


def _plain(problem: object) -> dict[str, object]:
    from simulator.scenario.language.source import Problem

    assert isinstance(problem, Problem)
    where = problem.where
    return {
        "file": where.source.name,
        "line": where.line,
        "column": where.column,
        "length": where.length,
        "problem": problem.what,
        "hint": problem.hint,
    }
