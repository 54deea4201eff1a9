"""What a check says: passed, failed, or not known; an unknown is not a pass."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The three answers of a check."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant's verdict on one world; `broken` has a line for each way in which it does not hold."""

    invariant: str
    verdict: Verdict
    broken: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.invariant} {self.verdict}" + "".join(f"\n  {line}" for line in self.broken)


def judged(invariant: str, broken: list[str]) -> Finding:
    """Passed when nothing is broken."""
    return Finding(invariant, Verdict.FAILED if broken else Verdict.PASSED, tuple(broken))
