"""`absim run`: run scenarios, say what is not as expected, leave reports."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator import resources
from simulator.cli.common import (
    EnvironmentFault,
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
    from rich.console import Console

    from simulator.scenario.events import Result
    from simulator.scenario.many import Work
    from simulator.scenario.runner import RunOptions

LAST_RUN = "last-run.json"
"""What `absim why` reads: which scenarios were run, how, and how they ended."""
DEPARTURES_AT_MOST = 20
"""So many of the ways in which a contract is not what was agreed are told; a count stands for the rest."""
RULE_SET_HELP = "A named rule set in place of each file's; switches that a file sets one by one stay."


@click.command(short_help="Run scenarios and compare what happens with what they expect.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@option("--seed", type=click.IntRange(0, 2**53), help="The seed of every world, in place of each file's.")
@option("--rules", default="", help=RULE_SET_HELP)
@option("--door", type=click.Choice(["wsgi", "http"]), default="wsgi", help="In process, or over HTTP on loopback.")
@option("--only", multiple=True, metavar="TEXT", help="Only titles or files that contain or match TEXT; repeatable.")
@option("--tag", "tags", multiple=True, metavar="TAG", help="Only scenarios with this tag or rule id; repeatable.")
@option("--jobs", type=click.IntRange(0), default=0, help="Processes; 0 chooses. The results are the same.")
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What stdout gets.")
@option("--report", "reports", type=Listed(["junit", "json", "ledger"]), default="", metavar="WORDS",
        help="Reports to leave as files: junit, json and ledger, any of them, with commas.")  # fmt: skip
@option("--report-dir", type=click.Path(path_type=Path, file_okay=False), default=Path("absim-reports"),
        help="Where reports and the memory of this run lie.")  # fmt: skip
@option("--no-color", is_flag=True, help="No colours; NO_COLOR does the same.")
@option("--quiet", is_flag=True, help="Only what is not as expected.")
def command(
    paths: tuple[Path, ...], seed: int | None, rules: str, door: str, only: tuple[str, ...], tags: tuple[str, ...],
    jobs: int, form: str, reports: tuple[str, ...], report_dir: Path, no_color: bool, quiet: bool,
) -> int:  # fmt: skip
    """Run scenarios between both fakes and compare what happens with what they expect.

    PATHS are files or folders; without any, the shipped scenarios. Every scenario is run twice and must leave the same
    ledger both times. Exit code 1 when a check failed or could not be decided, 5 when nothing ran.
    """
    from simulator.scenario.language.source import ScenarioInvalid
    from simulator.scenario.many import works_of
    from simulator.scenario.runner import RunOptions
    from simulator.world import DoorKind

    _check_rules(rules)
    files = [(path, shown_name(path)) for path in scenario_files(paths)]
    try:
        works = _selected(works_of(files), only, tags)
    except ScenarioInvalid as invalid:
        click.echo(f"{invalid}\n")
        talk(f"{counted(len(invalid.problems), 'problem')}; nothing was run")
        return ExitCode.USAGE
    ledgers = report_dir / "ledger" if "ledger" in reports else None
    options = RunOptions(seed=seed, rules=rules, door=DoorKind(door), ledgers=ledgers)
    remembered = _prepare(report_dir, ledgers, needed=bool(reports))
    seeds = _seeds((work.scenario.seed for work in works), seed)
    announced = f"{counted(len(works), 'scenario')}, seed {seeds}, rules {rules or 'of each file'}, door {door}"
    results, interrupted, broken = _run(works, options, jobs, "" if quiet else announced, no_color)
    results += _disagreed(options, works[0].scenario.seed if seed is None else seed, broken)
    written, unwritten = _write_reports(report_dir, reports, results, seed, interrupted)
    if remembered:
        _remember(report_dir, works, results, options)
    _tell(results, written, form, quiet, no_color, interrupted, seed)
    if unwritten:
        raise EnvironmentFault("; ".join(unwritten))
    return _exit_code(results, interrupted)


def _check_rules(rules: str) -> None:
    from simulator.rules.rule_sets import rule_set
    from simulator.rules.switches import UnknownSwitch

    if rules:
        try:
            rule_set(rules)
        except UnknownSwitch as error:
            raise click.BadParameter(str(error), param_hint="--rules") from error


def _selected(works: Sequence[Work], only: Sequence[str], tags: Sequence[str]) -> list[Work]:
    def fits(work: Work) -> bool:
        scenario = work.scenario
        named = not only or any(_matches(text, scenario.title) or _matches(text, work.name) for text in only)
        return named and (not tags or bool({*scenario.tags, *scenario.covers} & set(tags)))

    chosen = [work for work in works if fits(work)]
    if not chosen:
        filters = " ".join([*(f"--only {text!r}" for text in only), *(f"--tag {tag!r}" for tag in tags)])
        raise NothingRan(
            f"no scenario fits {filters or 'the paths'}; there {'is' if len(works) == 1 else 'are'} {len(works)}"
        )
    return chosen


def _matches(text: str, name: str) -> bool:
    return text.lower() in name.lower() or fnmatch(name.lower(), text.lower())


def _prepare(report_dir: Path, ledgers: Path | None, *, needed: bool) -> bool:
    """Make the folder of reports. Without one and without need, the run is just not remembered for `absim why`."""
    folder = ledgers or report_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if needed:
            raise EnvironmentFault(f"{folder} cannot be made: {error.strerror}; give another --report-dir") from error
        talk(f"{folder} cannot be made ({error.strerror}), so `absim why` will not know of this run")
        return False
    return True


def _run(
    works: Sequence[Work], options: RunOptions, jobs: int, announced: str, no_color: bool
) -> tuple[list[Result], bool, str]:
    """The results in the order of the works, whether somebody pressed Ctrl-C since the announcement, and why no world
    can be made when a contract is not one, or not that of the services."""
    from simulator.fakes.binding import ContractMismatch
    from simulator.openapi import BrokenContract
    from simulator.scenario.many import run_many

    results: dict[int, Result] = {}
    interrupted, broken = False, ""
    try:
        if announced:
            talk(announced)
        with _Progress(len(works), shown=bool(announced) and sys.stderr.isatty(), no_color=no_color) as progress:
            for index, result in run_many(works, options, jobs):
                results[index] = result
                progress.advance()
    except KeyboardInterrupt:
        interrupted = True
    except (BrokenContract, ContractMismatch) as error:
        broken = str(error)
    return [results[index] for index in sorted(results)], interrupted, broken


def _disagreed(options: RunOptions, seed: int, broken: str) -> list[Result]:
    """A failed result for each contract that is not what was agreed: INV-5 judges every call by it, and no stricter.

    `broken` says why no world could be made; whoever took an operation away reads both.
    """
    from simulator.contract.agreement import shipped_departures
    from simulator.openapi import BrokenContract
    from simulator.scenario.events import Breach, Result, Verdict

    found = []
    if broken:
        found.append(
            Result(
                title="The services start with their contracts", file="contracts", line=1, case={}, covers=(), tags=(),
                seed=seed, rules=options.rules, door=str(options.door), verdict=Verdict.FAILED, people=0, evaluated=1,
                breaches=(Breach("INV-5", broken),), reproduce="absim contract --phases examples",
            )
        )  # fmt: skip
    try:
        disagreed = shipped_departures()
    except BrokenContract:
        return found
    for name, departures in disagreed.items():
        meant = f"; when that is meant: absim contract agree --service {name}"
        told = [f"the contract of {name} is not what was agreed: {each}" for each in departures[:DEPARTURES_AT_MOST]]
        if (more := len(departures) - len(told)) > 0:
            told.append(f"... and {more} more places of the contract of {name}")
        found.append(
            Result(
                title=f"The contract of {name} is the one that was agreed", file=f"contracts/{name}.openapi.yaml",
                line=1, case={}, covers=(), tags=(), seed=seed, rules=options.rules, door=str(options.door),
                verdict=Verdict.FAILED, people=0, evaluated=len(departures),
                breaches=tuple(Breach("INV-5", line + meant) for line in told),
                reproduce=f"absim contract --service {name} --phases examples",
            )
        )  # fmt: skip
    return found


class _Progress:
    """A bar on a terminal's stderr, nothing anywhere else."""

    def __init__(self, total: int, *, shown: bool, no_color: bool) -> None:
        self._bar: Any = None
        if shown:
            from rich.console import Console
            from rich.progress import Progress

            # Redrawn by hand: a thread of its own must not be there when processes are forked.
            console = Console(stderr=True, no_color=no_color)
            self._bar = Progress(console=console, transient=True, auto_refresh=False)
            self._task = self._bar.add_task("scenarios", total=total)

    def __enter__(self) -> _Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self) -> None:
        """One more is done."""
        if self._bar is not None:
            self._bar.advance(self._task)
            self._bar.refresh()


def _write_reports(
    report_dir: Path, reports: Sequence[str], results: Sequence[Result], seed: int | None, interrupted: bool
) -> tuple[list[Path], list[str]]:
    """The reports that lie there now, and what is wrong with the others."""
    from simulator.reports.junit import write_junit
    from simulator.reports.plain import write_json

    written: list[Path] = []
    unwritten = [result.unwritten for result in results if result.unwritten][:1]

    def save(name: str, content: bytes) -> None:
        problem = _problem_saving(report_dir / name, content)
        if problem:
            unwritten.append(problem)
        else:
            written.append(report_dir / name)

    if "junit" in reports:
        save("junit.xml", write_junit(results))
    if "json" in reports:
        save("results.json", write_json(results, seed, interrupted))
    if "ledger" in reports and not any(result.unwritten for result in results):
        written.append(report_dir / "ledger")
    return written, unwritten


def _problem_saving(path: Path, content: bytes) -> str:
    """Save a file; why it could not be saved. What is on the terminal is not lost for it."""
    try:
        path.write_bytes(content)
    except OSError as error:
        return f"{resources.text_of(str(path))} cannot be written: {error.strerror}"
    return ""


def _remember(report_dir: Path, works: Sequence[Work], results: Sequence[Result], options: RunOptions) -> None:
    """Leave what `absim why` needs to tell a story again: the scenarios, in which order, with which options."""
    verdicts = {result.id: result.verdict for result in results}
    known = [
        {
            "path": resources.text_of(str(work.path.resolve())),
            "name": work.name,
            "case": work.case,
            "people": list(work.scenario.people),
            "generated": work.scenario.population.size if work.scenario.population else 0,
            "verdict": verdicts.get(_id(work), "not run"),
        }
        for work in works
    ]
    memory = {"seed": options.seed, "rules": options.rules, "door": str(options.door), "scenarios": known}
    problem = _problem_saving(report_dir / LAST_RUN, json.dumps(memory, indent=1).encode())
    if problem:
        talk(f"{problem}, so `absim why` will not know of this run")


def _id(work: Work) -> str:
    from simulator.scenario.model.scenario import case_text

    return f"{work.name}[{case_text(work.scenario.case)}]" if work.scenario.case else work.name


def _tell(
    results: Sequence[Result], written: Sequence[Path], form: str, quiet: bool, no_color: bool, interrupted: bool,
    seed: int | None,
) -> None:  # fmt: skip
    if form == "json":
        from simulator.reports.plain import write_json

        emit(write_json(results, seed, interrupted).decode())
        return
    from simulator.reports.terminal import print_failures, print_summary

    console = _console(no_color)
    print_failures(console, results)
    if not quiet:
        print_summary(console, results, interrupted)
        where = ", ".join(shown_name(path) for path in written) or "none; --report junit,json,ledger leaves some"
        click.echo(f"\nreports: {where}")
        click.echo(f"seed: {_seeds((result.seed for result in results), seed)}")


def _seeds(seeds: Iterable[int], asked_for: int | None) -> str:
    """The seed that was asked for, or those of the files."""
    if asked_for is not None:
        return str(asked_for)
    known = sorted(set(seeds))
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return f"{', '.join(map(str, known[:8]))}{more} (as each file says)"


def _console(no_color: bool) -> Console:
    from rich.console import Console

    coloured = colours_wanted(no_color)
    width = None if sys.stdout.isatty() else 160
    return Console(file=sys.stdout, no_color=not coloured, highlight=False, width=width)


def _exit_code(results: Sequence[Result], interrupted: bool) -> int:
    if interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if any(result.verdict != "passed" for result in results) else ExitCode.PASSED
