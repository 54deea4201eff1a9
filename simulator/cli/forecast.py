"""`absim forecast`: what each cadence would cost: calls, 429s, data points, and how late Braze is right."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.common import (
    ExitCode,
    Listed,
    NothingRan,
    colours_wanted,
    counted,
    emit,
    option,
    scenario_files,
    shown_name,
    talk,
)

if TYPE_CHECKING:
    from simulator.rules.cadence import Cadence
    from simulator.scenario.acting.stage import Crowd
    from simulator.scenario.model.scenario import Scenario
    from simulator.scenario.runner import RunOptions
    from simulator.sync.forecast import Outlook

CADENCES = ("one_time", "hourly", "daily", "real_time")
DAYS_AT_MOST = 31
USUAL = """scenario: A thousand people on the free plan, and a thousand who may come
population: {size: 2000}
connections: {braze: [user_id, device_id]}
cohorts: {free plan: {property: {plan: free}}}
steps: [sync: free plan]
expect: {profiles_created: 0}
"""
"""What is forecast when no file is given: identifiers, kinds and shares of the usual population."""


@click.command(short_help="What each cadence costs, and how late it is, over some days.")
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@option("--days", type=click.IntRange(1, DAYS_AT_MOST), default=7, help="Simulated days under each cadence.")
@option(
    "--churn", default="1%/h", metavar="SHARE/h", help="How many of the cohort leave, and as many enter: 1%/h, 5%/d."
)
@option("--cadence", "cadences", type=Listed(CADENCES), default=",".join(CADENCES), help="Which, by commas.")
@option("--cohort", help="Which cohort; otherwise the one that the file syncs first.")
@option("--connection", help="Over which connection; otherwise that of the sync.")
@option("--case", type=click.IntRange(1), default=1, envvar=None, help="Which case of the scenario's matrix.")
@option("--seed", type=click.IntRange(0, 2**53), help="Another seed than that of the file.")
@option("--rules", default="", help="Another rule set than that of the file.")
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What stdout gets.")
@option("--no-color", is_flag=True, help="No colours; NO_COLOR does the same.")
def command(
    scenario: Path | None, days: int, churn: str, cadences: tuple[str, ...], cohort: str | None,
    connection: str | None, case: int, seed: int | None, rules: str, form: str, no_color: bool,
) -> int:  # fmt: skip
    """Play some days of churn under each cadence and print what each costs.

    SCENARIO gives people, cohort and connection; its steps are left aside. Without one, a usual population is taken.
    The same people move at the same instants under each cadence. A delay is from the move to the answer of the
    request that carried it; `waiting` are moves that no request has carried when the days are over; moves that
    were taken back before a request could carry them are in neither column.
    """
    from simulator.scenario.language.source import ScenarioInvalid
    from simulator.scenario.runner import RunOptions, settings_of

    share = _share_per_hour(churn)
    _check_rules(rules)
    try:
        chosen = _scenario(scenario, case)
    except ScenarioInvalid as invalid:
        talk(str(invalid))
        return ExitCode.USAGE
    cohort = _named(cohort, chosen, "cohort")
    connection = _named(connection, chosen, "connection", cohort)
    options = RunOptions(seed=seed, rules=rules)
    seed = settings_of(chosen, options).seed
    question = _Question(chosen, options, cohort, connection, share, days, seed)
    rows = _rows(question, cadences)
    if form == "json":
        emit(json.dumps(_plain(question, rows), indent=2, ensure_ascii=False) + "\n")
    else:
        _print(question, rows, no_color)
    return ExitCode.PASSED


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked."""

    scenario: Scenario
    options: RunOptions
    cohort: str
    connection: str
    share_per_hour: float
    days: int
    seed: int


@dataclass(frozen=True, slots=True)
class _Row:
    """One cadence: its outlook, or why Amplitude refuses it. `members` and `people` are counted at the start."""

    cadence: Cadence
    outlook: Outlook | None
    refusal: str
    members: int
    people: int


def _share_per_hour(text: str) -> float:
    """`1%/h` and `5%/d` as a share of the cohort an hour. Raises BadParameter."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)%(?:/(h|d))?", text.strip())
    share = float(found[1]) / 100 if found else -1.0
    if found is None or share > 1:
        raise click.BadParameter(
            f"{text!r} is no share of the cohort in a time; write 1%/h or 5%/d, at most 100%", param_hint="--churn"
        )
    return share / 24 if found[2] == "d" else share


def _check_rules(rules: str) -> None:
    from simulator.rules.rule_sets import rule_set
    from simulator.rules.switches import UnknownSwitch

    try:
        rule_set(rules or "default")
    except UnknownSwitch as error:
        raise click.BadParameter(str(error), param_hint="--rules") from error


def _scenario(path: Path | None, case: int) -> Scenario:
    """The scenario of a file, or the usual one. Raises ScenarioInvalid, UsageError."""
    from simulator.scenario.parse import load, load_text

    if path is None:
        return load_text(USUAL, "the usual population")[0]
    file = scenario_files([path])[0]
    cases = load(file, shown_name(file))
    if case > len(cases):
        raise click.UsageError(f"{shown_name(file)} has {counted(len(cases), 'case')}")
    return cases[case - 1]


def _named(name: str | None, scenario: Scenario, what: str, cohort: str = "") -> str:
    """The cohort or connection that is meant. Raises UsageError, NothingRan."""
    from simulator.scenario.language.source import did_you_mean
    from simulator.scenario.trial import cohort_of, connection_of

    names = list(scenario.cohorts if what == "cohort" else scenario.connections)
    if not names:
        raise NothingRan(f"{scenario.file} has no {what}; a forecast needs one")
    if name is not None and name not in names:
        raise click.UsageError(f"no {what} is called {name!r}; {did_you_mean(name, names)}")
    chosen = name or (cohort_of(scenario) if what == "cohort" else connection_of(scenario, cohort))
    if chosen is None:
        raise click.UsageError(f"{scenario.file} has several {what}s; choose with --{what}: {', '.join(names)}")
    return chosen


def _rows(question: _Question, cadences: Sequence[str]) -> list[_Row]:
    """Each cadence in a world of its own; a bar on a terminal. Raises NothingRan for a cohort that nobody is in."""
    import sys

    from simulator.rules.cadence import Cadence

    rows: list[_Row] = []
    chosen = [each for each in Cadence if each in cadences]
    crowd = None
    with click.progressbar(chosen, label="forecast", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for cadence in bar:
            row, crowd = _row(question, cadence, crowd)
            rows.append(row)
    return rows


def _row(question: _Question, cadence: Cadence, crowd: Crowd | None) -> tuple[_Row, Crowd | None]:
    from simulator.rules.instants import DAY_MS
    from simulator.scenario.trial import ScenarioTrial
    from simulator.sync.connections import SetupRefused
    from simulator.sync.forecast import Churn, forecast

    trial = ScenarioTrial(question.scenario, question.options, question.cohort, question.connection, crowd)
    members = len(trial.inside())
    people = members + len(trial.outside())
    if not members:
        trial.close()
        raise NothingRan(f"nobody is in {question.cohort} when {question.scenario.file} begins; nothing can move")
    churn = Churn(members, people - members, question.share_per_hour)
    outlook, refusal = None, ""
    try:
        span_ms = question.days * DAY_MS
        (outlook,) = forecast(lambda: trial, churn, question.seed, cadences=[cadence], span_ms=span_ms)
    except SetupRefused as refused:
        refusal = str(refused)
    return _Row(cadence, outlook, refusal, members, people), trial.stage.population


def _plain(question: _Question, rows: Sequence[_Row]) -> dict[str, Any]:
    return {
        "scenario": question.scenario.file,
        "cohort": question.cohort,
        "connection": question.connection,
        "members": rows[0].members,
        "people": rows[0].people,
        "days": question.days,
        "churn_per_hour": question.share_per_hour,
        "seed": question.seed,
        "cadences": [_figures(row) for row in rows],
    }


def _figures(row: _Row) -> dict[str, Any]:
    outlook = row.outlook
    if outlook is None:
        return {"cadence": str(row.cadence), "refused": row.refusal}
    return {
        "cadence": str(row.cadence),
        "runs": outlook.runs,
        "empty_runs": outlook.empty_runs,
        "calls": outlook.calls,
        "answers_429": outlook.busy_answers,
        "data_points": outlook.data_points,
        "moves": outlook.moves,
        "moves_sent": outlook.moves_sent,
        "moves_waiting": outlook.moves_waiting,
        "median_delay_ms": outlook.median_delay_ms,
        "longest_delay_ms": outlook.longest_delay_ms,
    }


HEADINGS = ("runs", "empty", "calls", "429s", "data points", "moves", "sent", "waiting", "delay: median", "longest")


def _print(question: _Question, rows: Sequence[_Row], no_color: bool) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    first = rows[0]
    click.echo(
        f"{question.cohort} over {question.connection}: {first.members:,} of {first.people:,} people, "
        f"{100 * question.share_per_hour:.3g}% leave an hour and as many enter; {counted(question.days, 'day')}"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("cadence")
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(str(row.cadence), *_cells(row))
    width = None if sys.stdout.isatty() else 160
    Console(file=sys.stdout, no_color=not colours_wanted(no_color), highlight=False, width=width).print(table)
    for row in rows:
        if row.refusal:
            click.echo(f"{row.cadence}: refused; {row.refusal}")
    if first.members == first.people:
        click.echo("Everybody is in the cohort, so only those who left can enter.")
    click.echo(f"seed: {question.seed}")


def _cells(row: _Row) -> list[str]:
    from simulator.rules.instants import format_duration

    outlook = row.outlook
    if outlook is None:
        return ["refused", *[""] * (len(HEADINGS) - 1)]
    counts = (
        outlook.runs, outlook.empty_runs, outlook.calls, outlook.busy_answers, outlook.data_points, outlook.moves,
        outlook.moves_sent, outlook.moves_waiting,
    )  # fmt: skip
    delays = (outlook.median_delay_ms, outlook.longest_delay_ms)
    return [*(f"{each:,}" for each in counts), *("-" if each is None else format_duration(each) for each in delays)]
