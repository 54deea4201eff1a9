"""Results on a terminal: what went wrong and how to see it again, then a table, one drop explained, the seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePath

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulator.reports.words import fit, problem_texts
from simulator.rules.outcomes import Outcome
from simulator.scenario.events import Drop, Result, Verdict

_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "bold yellow"}
_OUTCOMES = {
    "added": Outcome.ADDED,
    "there": Outcome.ALREADY_THERE,
    "removed": Outcome.REMOVED,
    "skipped": Outcome.SKIPPED,
    "dropped": Outcome.DROPPED,
}
"""What became of people, by the heads of the table's columns."""
_MOVED = [(outcome, str(outcome).replace("_", " ")) for outcome in _OUTCOMES.values()]
_LEAST_TELLING = ("cases", "people", "there", "removed", "skipped", "added")
TITLE_AT_LEAST = 40
"""Columns that the titles of scenarios should have."""
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
        for text in problem_texts(result):
            console.print(Text(_fitted(text, console) + "\n"), soft_wrap=True)
        console.print(Text(f"reproduce: {result.reproduce}\n", "bold"), soft_wrap=True)


def print_summary(console: Console, results: Sequence[Result], interrupted: bool = False) -> None:
    """The table of scenarios with the people who moved, and one drop in a sentence."""
    console.print(_table(results, console.width))
    total = {verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    counted = ", ".join(f"{count} {verdict}" for verdict, count in total.items() if count) or "nothing ran"
    people = sum(result.people for result in results)
    ending = " before the interruption" if interrupted else ""
    told = f"{counted}{ending}; {people:,} {'person' if people == 1 else 'people'}{_moved(results)}"
    console.print(Text(_fitted(told, console)), soft_wrap=True)
    drop = instructive(results)
    if drop:
        console.print(Text(_fitted(f"\nWhy somebody is missing: {drop.sentence}", console)), soft_wrap=True)
        console.print(Text(f"  the whole story: {drop.story}"), soft_wrap=True)


def _moved(results: Sequence[Result]) -> str:
    """How many people moved, over all scenarios."""
    sums = sum((Counter(result.outcomes) for result in results), Counter[str]())
    moved = [f"{sums[outcome]:,} {words}" for outcome, words in _MOVED if sums[outcome]]
    return f", {', '.join(moved)}" if moved else ""


def _fitted(text: str, console: Console) -> str:
    """Lines broken between words on a terminal; a file or a pipe gets them whole."""
    return "\n".join(fit(line, console.width) for line in text.split("\n")) if console.is_terminal else text


def instructive(results: Sequence[Result]) -> Drop | None:
    """One drop of all scenarios that is worth explaining, of a scenario that is about it if there is one."""
    told = [(result.drop, result.covers[:1]) for result in results if result.drop is not None]
    told.sort(key=lambda each: (each[0].rule != DROP_PREFERRED, each[1] != (each[0].rule,)))
    return told[0][0] if told else None


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

    def figure(self, name: str) -> str:
        """What stands in a column; a dot where nobody is."""
        if name in _OUTCOMES:
            count = self.counts[_OUTCOMES[name]]
            return f"{count:,}" if count else "·"
        return f"{self.cases if name == 'cases' else self.people:,}"


def _rows(results: Sequence[Result]) -> list[_Row]:
    """A line for each file; cases that did not pass have their own."""
    rows: dict[tuple[str, str], _Row] = {}
    for result in results:
        passed = result.verdict is Verdict.PASSED
        title = result.title.removesuffix(f" [{result.case_text}]") if passed else result.title
        row = rows.setdefault((result.file, "" if passed else result.id), _Row(title, result.verdict))
        row.take(result)
    return list(rows.values())


def _table(results: Sequence[Result], width: int) -> Table:
    shown = _shown_columns(width)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("scenario", overflow="fold")
    table.add_column("verdict")
    for name in shown:
        table.add_column(name, justify="right")
    ordered = sorted(results, key=lambda each: (_folder(each), each.file))
    for folder, members in groupby(ordered, key=_folder):
        if folder != ".":
            table.add_row(Text(folder, "dim"))
        for row in _rows(list(members)):
            table.add_row(
                Padding(Text(row.title), (0, 0, 0, 2)),
                Text(str(row.verdict), _STYLES[row.verdict]),
                *(row.figure(name) for name in shown),
            )
    return table


def _shown_columns(width: int) -> list[str]:
    """The columns of figures for which there is room; on a narrow terminal the less telling ones go first."""
    shown = ["cases", "people", *_OUTCOMES]
    for name in _LEAST_TELLING:
        if width - len("verdict ") - sum(len(f"{each} ") for each in shown) < min(TITLE_AT_LEAST, width // 2):
            shown.remove(name)
    return shown


def _folder(result: Result) -> str:
    return str(PurePath(result.file).parent)
