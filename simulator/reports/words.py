"""Differences and breaches in words: what, where in the file, expected, got, why."""

from __future__ import annotations

from simulator.scenario.events import Breach, Difference


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


def breach_text(breach: Breach) -> str:
    """One invariant that does not hold, or could not be decided."""
    return f"{breach.rule} {'could not be decided' if breach.undecided else 'is broken'}: {breach.what}"
