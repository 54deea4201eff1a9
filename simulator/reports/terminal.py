"""Results on a terminal: what went wrong and how to see it again, then a table, one drop explained, the seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePath

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulator.reports.words import breach_text, difference_text
from simulator.rules.outcomes import Outcome
from simulator.scenario.events import Result, Verdict

_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "bold yellow"}
_COLUMNS = (
    ("added", (Outcome.ADDED,)),
    ("there", (Outcome.ALREADY_THERE,)),
    ("removed", (Outcome.REMOVED,)),
    ("skipped", (Outcome.SKIPPED,)),
    ("dropped", (Outcome.DROPPED,)),
)
DROP_PREFERRED = "MATCH-4"
"""The drop that surprises most people; it is the one explained when any scenario has it."""


def print_failures(console: Console, results: Sequence[Result]) -> None:
    """Every scenario that did not pass, with its differences and the command that shows them again."""
    for result in results:
        if result.verdict is Verdict.PASSED:
            continue
        console.print(
            Text(f"{result.verdict} ", _STYLES[result.verdict]) + Text(f"{result.title} ({result.file})"),
            soft_wrap=True,
        )
        for text in _problems(result):
            console.print(Text(text + "\n"), soft_wrap=True)
        console.print(Text(f"reproduce: {result.reproduce}\n", "bold"), soft_wrap=True)


def _problems(result: Result) -> Iterator[str]:
    yield from (difference_text(difference) for difference in result.differences)
    yield from (breach_text(breach) for breach in result.breaches)
    if not result.evaluated:
        yield f"{result.file}:{result.line}: no expectation was evaluated under these rules ({result.rules})"


def print_summary(console: Console, results: Sequence[Result], interrupted: bool = False) -> None:
    """The table of scenarios with the people who moved, and one drop in a sentence."""
    console.print(_table(results))
    total = {verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    counted = ", ".join(f"{count} {verdict}" for verdict, count in total.items() if count) or "nothing ran"
    people = sum(result.people for result in results)
    ending = " before the interruption" if interrupted else ""
    console.print(Text(f"{counted}{ending}; {people:,} {'person' if people == 1 else 'people'}"))
    drop = instructive(results)
    if drop:
        console.print(Text(f"\n{drop}"), soft_wrap=True)


def instructive(results: Sequence[Result]) -> str:
    """One drop of all scenarios, explained, with the command that tells the whole story."""
    dropped = [result for result in results if result.drop is not None]
    chosen = next((each for each in dropped if each.drop and each.drop.rule == DROP_PREFERRED), None)
    chosen = chosen or next(iter(dropped), None)
    if chosen is None or chosen.drop is None:
        return ""
    return f"{chosen.drop.sentence}\n  the whole story: absim why {chosen.drop.person} --scenario {chosen.file}"


@dataclass(slots=True)
class _Row:
    """One line of the table: a scenario, or all cases of one that passed."""

    title: str
    verdict: Verdict
    cases: int = 0
    people: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, result: Result) -> None:
        """Add the figures of one case."""
        self.cases += 1
        self.people += result.people
        self.counts.update(result.outcomes)


def _rows(results: Sequence[Result]) -> list[_Row]:
    """A line for each file; cases that did not pass have their own."""
    rows: dict[tuple[str, str], _Row] = {}
    for result in results:
        passed = result.verdict is Verdict.PASSED
        title = result.title.removesuffix(f" [{result.case_text}]") if passed else result.title
        row = rows.setdefault((result.file, "" if passed else result.id), _Row(title, result.verdict))
        row.take(result)
    return list(rows.values())


def _table(results: Sequence[Result]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("scenario", overflow="fold")
    table.add_column("verdict")
    for name in ("cases", "people", *(name for name, _ in _COLUMNS)):
        table.add_column(name, justify="right")
    ordered = sorted(results, key=lambda each: (_folder(each), each.file))
    for folder, members in groupby(ordered, key=_folder):
        if folder != ".":
            table.add_row(Text(folder, "dim"))
        for row in _rows(list(members)):
            counts = [sum(row.counts[outcome] for outcome in outcomes) for _, outcomes in _COLUMNS]
            table.add_row(
                Padding(Text(row.title), (0, 0, 0, 2)),
                Text(str(row.verdict), _STYLES[row.verdict]),
                str(row.cases),
                f"{row.people:,}",
                *(f"{count:,}" if count else "·" for count in counts),
            )
    return table


def _folder(result: Result) -> str:
    return str(PurePath(result.file).parent)
