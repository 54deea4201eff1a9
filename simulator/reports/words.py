"""Differences and breaches in words: what, where in the file, expected, got, why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap

from simulator.scenario.events import Breach, Difference, Result

NARROW = 60
"""Below so many columns nothing is gained by hanging lines under their beginning."""
_STAMPED = re.compile(r"  \d{4}-\d\d-\d\dT\S+\s+\w+\s+")


def fit(line: str, width: int) -> str:
    """One line of a story broken between words to fit a terminal, its rest hanging under where its sentence begins."""
    stamp = _STAMPED.match(line)
    hanging = stamp.end() if stamp is not None else len(line) - len(line.lstrip()) + 2
    if width < NARROW or len(line) <= width:
        return line
    hang = " " * hanging
    return "\n".join(wrap(line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False))


def difference_text(difference: Difference) -> str:
    """One difference, for somebody with the file open."""
    lines = [
        f"{difference.where}: {difference.what}",
        difference.where.excerpt(),
        f"      expected  {difference.expected}",
        f"      got       {difference.got}",
    ]
    if difference.why:
        lines.append(f"      why       {difference.why}")
    return "\n".join(lines)


def problem_texts(result: Result) -> Iterator[str]:
    """Everything that keeps a scenario from having passed."""
    yield from (difference_text(difference) for difference in result.differences)
    yield from (breach_text(breach) for breach in result.breaches)
    if not result.evaluated and not result.differences:
        yield f"{result.file}:{result.line}: no expectation was evaluated under these rules ({result.rules})"


def breach_text(breach: Breach) -> str:
    """One invariant that does not hold, or could not be decided."""
    return f"{breach.rule} {'could not be decided' if breach.undecided else 'is broken'}: {breach.what}"
