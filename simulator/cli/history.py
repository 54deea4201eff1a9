"""`absim history`: the runs of a scenario's syncs as Amplitude exports them, and what Amplitude cannot say."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator import resources
from simulator.cli.common import (
    EnvironmentFault,
    ExitCode,
    NothingRan,
    counted,
    emit,
    option,
    scenario_files,
    shown_name,
    talk,
)

if TYPE_CHECKING:
    from simulator.scenario.acting.stage import Stage
    from simulator.scenario.model.scenario import Scenario
    from simulator.sync.store.records import Run, Sync


@click.command(short_help="A run as Amplitude exports it, and what it cannot say.")
@click.argument("scenario", type=click.Path(path_type=Path))
@option("--sync", "sync_name", metavar="NAME", envvar=None, help="Which sync; needed when there are several.")
@option("--run", "number", type=click.IntRange(1), envvar=None, help="Which run of it; otherwise the newest.")
@option("--full", is_flag=True, envvar=None, help="What became of everybody, drops with their rule; real-time too.")
@option("--list", "listing", is_flag=True, envvar=None, help="The runs that history keeps, instead of a run's people.")
@option("--write", "target", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False), envvar=None,
        help="Write both CSV files of every run there, instead.")  # fmt: skip
@option("--case", type=click.IntRange(1), default=1, envvar=None, help="Which case of the scenario's matrix.")
@option("--seed", type=click.IntRange(0, 2**53), help="Another seed than that of the file.")
@option("--rules", default="", help="Another rule set than that of the file.")
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How --list is written.")
def command(
    scenario: Path, sync_name: str | None, number: int | None, full: bool, listing: bool, target: Path | None,
    case: int, seed: int | None, rules: str, form: str,
) -> int:  # fmt: skip
    """Run SCENARIO and print the history of one of its syncs as CSV.

    Without --full the columns are Amplitude's: Amplitude_id, Operation, the mapped properties, Skip_detected and
    Skip_reason (HIST-1); a drop is not in it, because Braze answers success. With --full every person of the run has
    an outcome and the rule that decided it. History reaches 14 days back from where the scenario ends.
    """
    from simulator.scenario.language.source import ScenarioInvalid
    from simulator.scenario.parse import load
    from simulator.scenario.runner import RunOptions, played_stage, settings_of
    from simulator.world import World

    path = scenario_files([scenario])[0]
    _check_rules(rules)
    try:
        cases = load(path, shown_name(path))
    except ScenarioInvalid as invalid:
        talk(str(invalid))
        return ExitCode.USAGE
    if case > len(cases):
        raise click.UsageError(f"{shown_name(path)} has {counted(len(cases), 'case')}")
    options = RunOptions(seed=seed, rules=rules)
    with World(settings_of(cases[case - 1], options)) as world:
        told = _Told(played_stage(cases[case - 1], world))
        names = told.chosen(sync_name, several=listing or target is not None)
        if target is not None:
            _write_all(told, names, target)
        elif listing:
            emit(_listing(told, names, form))
        else:
            emit(told.csv(names[0], told.number(names[0], number), full=full))
    return ExitCode.PASSED


def _check_rules(rules: str) -> None:
    from simulator.rules.rule_sets import rule_set
    from simulator.rules.switches import UnknownSwitch

    try:
        rule_set(rules or "default")
    except UnknownSwitch as error:
        raise click.BadParameter(str(error), param_hint="--rules") from error


@dataclass(frozen=True, slots=True)
class _Told:
    """The history of a played scenario, under the names of its file."""

    stage: Stage

    @property
    def scenario(self) -> Scenario:
        return self.stage.scenario

    def chosen(self, name: str | None, *, several: bool) -> list[str]:
        """The syncs that are asked for. Raises UsageError, NothingRan."""
        from simulator.scenario.language.source import did_you_mean

        names = list(self.stage.sync_ids)
        if not names:
            raise NothingRan(f"{self.scenario.file} syncs nothing")
        if name is not None and name not in names:
            raise click.UsageError(f"no sync is called {name!r}; {did_you_mean(name, names)}")
        if name is None and len(names) > 1 and not several:
            raise click.UsageError(f"there are {len(names)} syncs; choose with --sync: {', '.join(names)}")
        return names if name is None else [name]

    def sync(self, name: str) -> Sync:
        engine = self.stage.world.engine
        return next(each for each in engine.syncs() if each.id == self.stage.sync_ids[name])

    def runs(self, name: str) -> list[Run]:
        return self.stage.world.engine.history.runs(self.sync(name), self.stage.now)

    def number(self, name: str, asked: int | None) -> int:
        """The run that is asked for, or the newest. Raises NothingRan, UsageError when it is not in history."""
        runs = self.runs(name)
        if not runs:
            raise NothingRan(f"no run of {name} began in the last 14 days; history keeps no others (HIST-1)")
        kept = [run.number for run in runs]
        if asked is not None and asked not in kept:
            raise click.UsageError(f"{name} has the runs {kept[0]} to {kept[-1]} in history, not {asked}")
        if asked is None and len(kept) > 1:
            talk(f"run {kept[-1]} of {name}; others with --run {kept[0]} to {kept[-1]}, all with --list")
        return asked or kept[-1]

    def csv(self, name: str, number: int, *, full: bool) -> str:
        """One run as CSV. Raises UsageError for the export that the vendor does not have."""
        from simulator.sync.history import NoHistory

        history, sync = self.stage.world.engine.history, self.sync(name)
        if full:
            return self._with_names(history.full_csv(sync, number, self.stage.now))
        try:
            return history.vendor_csv(sync, number, self.stage.now)
        except NoHistory:
            what = f"{name} is a real-time sync; Amplitude has no export of those (HIST-1); --full has one"
            raise click.UsageError(what) from None

    def _with_names(self, text: str) -> str:
        """The same CSV with the person of the file in front of each line."""
        header, *rows = csv.reader(io.StringIO(text))
        wider = io.StringIO()
        writer = csv.writer(wider, lineterminator="\r\n")
        writer.writerow(["Person", *header])
        writer.writerows([self.stage.person_name(row[0]), *row] for row in rows)
        return wider.getvalue()


def _listing(told: _Told, names: Sequence[str], form: str) -> str:
    """The runs of these syncs, as a table or as data."""
    from simulator.rules.instants import format_instant

    rows = [
        {
            "sync": name,
            "run": run.number,
            "cadence": str(told.sync(name).cadence),
            "trigger": run.trigger,
            "started": format_instant(run.started_at),
            "finished": None if run.finished_at is None else format_instant(run.finished_at),
            "status": str(run.status),
            "added": run.added,
            "removed": run.removed,
            "skipped": run.skipped,
            "undelivered": run.undelivered,
            "requests": run.requests,
            "reason": run.reason,
        }
        for name in names
        for run in told.runs(name)
    ]
    if form == "json":
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    if not rows:
        return "no run began in the last 14 days\n"
    return _table(rows)


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, justify="right" if isinstance(rows[0][column], int) else "left", no_wrap=True)
    for row in rows:
        table.add_row(*("" if each is None else str(each) for each in row.values()))
    console = Console(file=io.StringIO(), width=250, no_color=True, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(table)
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _write_all(told: _Told, names: Sequence[str], folder: Path) -> None:
    """SYNC-run-N.csv as the vendor has it, SYNC-run-N-full.csv beside it. Raises EnvironmentFault, NothingRan."""
    from simulator.rules.cadence import Cadence

    written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
            for run in told.runs(name):
                kinds = {"-full": True} if told.sync(name).cadence is Cadence.REAL_TIME else {"": False, "-full": True}
                for ending, full in kinds.items():
                    text = told.csv(name, run.number, full=full)
                    (folder / resources.on_disk(f"{stem}-run-{run.number}{ending}.csv")).write_bytes(text.encode())
                    written += 1
    except OSError as error:
        raise EnvironmentFault(f"{folder} cannot be written: {error.strerror}") from error
    if not written:
        raise NothingRan(f"no run of {', '.join(names)} began in the last 14 days; nothing was written (HIST-1)")
    talk(f"wrote {written} files to {shown_name(folder)}")
