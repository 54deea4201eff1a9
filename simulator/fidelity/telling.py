"""The ledger of behaviours as text, as JSON and as Markdown."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from simulator.fidelity.behaviours import Behaviour, Sort
from simulator.rules.catalogue import Confidence

HEADINGS = {
    Sort.RULE: "Rules",
    Sort.SWITCH: "Switches: where documents disagree or are silent",
    Sort.OPERATION: "Operations",
    Sort.READING: "Readings of ours that have no rule and no switch",
}
PLURALS = {Sort.RULE: "rules", Sort.SWITCH: "switches", Sort.OPERATION: "operations", Sort.READING: "readings of ours"}
LEFT_OUT = {Sort.OPERATION: "Left out, answers 501", Sort.OMISSION: "Left out of operations that answer"}
NOT_SHOWN = "not shown by a test"
WIDTH = 110


def as_text(ledger: Sequence[Behaviour]) -> str:
    """For a terminal: one paragraph a behaviour, and figures at the end."""
    lines: list[str] = []
    for sort, heading in HEADINGS.items():
        mine = [each for each in ledger if each.sort is sort and each.emulated]
        if mine:
            lines += [f"{heading} ({len(mine)})", ""]
            for each in mine:
                lines += [*_paragraph(each), ""]
    for sort, heading in LEFT_OUT.items():
        left_out = [each for each in ledger if each.sort is sort and not each.emulated]
        if left_out:
            lines += [f"{heading} ({len(left_out)})", ""]
            lines += [f"  {each.rooms[0]:<9}  {each.where}  {each.name}: {each.sentence}" for each in left_out] + [""]
    return "\n".join([*lines, *figures(ledger)]) + "\n"


def as_json(ledger: Sequence[Behaviour]) -> str:
    """For programs: a list of objects, all with the same keys."""
    return json.dumps([_plain(each) for each in ledger], indent=2, ensure_ascii=False) + "\n"


def as_markdown(ledger: Sequence[Behaviour]) -> str:
    """For a page: one table a sort."""
    lines = ["# Fidelity", "", *figures(ledger)]
    for sort, heading in HEADINGS.items():
        mine = [each for each in ledger if each.sort is sort and each.emulated]
        if mine:
            lines += ["", f"## {heading}", "", "| behaviour | what | source | confidence | shown by |"]
            lines.append("|---|---|---|---|---|")
            lines += [_row(each) for each in mine]
    for sort, heading in LEFT_OUT.items():
        left_out = [each for each in ledger if each.sort is sort and not each.emulated]
        if left_out:
            lines += ["", f"## {heading}", "", "| operation | what | source |", "|---|---|---|"]
            lines += [f"| `{each.where}` | {_cell(each.sentence)} | {_cell(each.source)} |" for each in left_out]
    return "\n".join(lines) + "\n"


def figures(ledger: Sequence[Behaviour]) -> list[str]:
    """How many, how sure, and what no test shows."""
    emulated = [each for each in ledger if each.emulated]
    sorts = Counter(each.sort for each in emulated)
    sure = Counter(confidence for each in emulated for confidence in Confidence if each.is_sure(confidence))
    counted = ", ".join(f"{sorts[sort]} {PLURALS[sort]}" for sort in Sort if sorts[sort])
    said = ", ".join(f"{sure[confidence]} {confidence}" for confidence in Confidence if sure[confidence])
    left_out = Counter(each.sort for each in ledger if not each.emulated)
    parts = f", {left_out[Sort.OMISSION]} parts of others" if left_out[Sort.OMISSION] else ""
    bare = [each.name for each in emulated if not each.tests]
    return [
        f"{counted or 'nothing emulated'}; {left_out[Sort.OPERATION]} operations left out{parts}",
        f"{said or 'no confidence'}",
        f"{NOT_SHOWN}: {', '.join(dict.fromkeys(bare)) or 'nothing'}",
    ]


def _paragraph(each: Behaviour) -> Iterator[str]:
    place = f"  {each.rooms[0]} {each.where}" if each.sort is Sort.OPERATION else ""
    yield f"  {each.name}  [{each.confidence}]{place}"
    yield from textwrap.wrap(each.sentence, WIDTH, initial_indent="      ", subsequent_indent="      ")
    if each.sort is not Sort.READING:
        yield f"      source: {each.source}"
    if each.values:
        default, *others = each.values
        named = f"rule {each.switch}" if each.sort is Sort.SWITCH else f"switch {each.switch}"
        yield f"      {named}: {default} (default), {', '.join(others)}"
    for test in each.tests or (NOT_SHOWN,):
        yield f"      - {test}"


def _plain(each: Behaviour) -> dict[str, object]:
    return {
        "sort": each.sort,
        "name": each.name,
        "sentence": each.sentence,
        "source": each.source,
        "confidence": each.confidence,
        "services": list(each.rooms),
        "switch": each.switch if each.sort is Sort.RULE else "",
        "rule": each.switch if each.sort is Sort.SWITCH else "",
        "values": list(each.values),
        "operation": each.where,
        "emulated": each.emulated,
        "tests": list(each.tests),
    }


def _row(each: Behaviour) -> str:
    what = each.sentence
    if each.values:
        default, *others = each.values
        what += f" ({each.switch}: **{default}**, {', '.join(others)})"
    name = f"`{each.where}` {each.name}" if each.where else f"`{each.name}`" if each.sort is Sort.READING else each.name
    shown = "<br>".join(f"`{test}`" for test in each.tests) or NOT_SHOWN
    return f"| {name} | {_cell(what)} | {_cell(each.source)} | {each.confidence} | {_cell(shown)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
