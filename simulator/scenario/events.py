"""What a run of a scenario tells while it goes on, and what is left of it at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.scenario.language.source import Where
from simulator.scenario.model.scenario import Scenario, case_text
from simulator.scenario.model.steps.base import Step


class Verdict(StrEnum):
    """How a scenario ended. Unknown is not passed."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected: where the file says so, what, and why the world is as it is."""

    where: Where
    what: str
    expected: str
    got: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """One invariant that does not hold, or could not be decided."""

    rule: str
    what: str
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """One drop, skip or ghost that teaches something, in a sentence."""

    person: str
    sentence: str
    rule: str
    story: str = ""
    """The command that tells the whole of it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What is left of a scenario: plain enough to travel between processes."""

    title: str
    file: str
    line: int
    case: Mapping[str, object]
    covers: tuple[str, ...]
    tags: tuple[str, ...]
    seed: int
    rules: str
    door: str
    verdict: Verdict
    people: int
    evaluated: int
    differences: tuple[Difference, ...] = ()
    breaches: tuple[Breach, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    runs: int = 0
    requests: int = 0
    digest: str = ""
    drop: Drop | None = None
    reproduce: str = ""
    """The command that runs exactly this again."""
    unwritten: str = ""
    """Why the ledger that was asked for could not be left as a file."""

    @property
    def case_text(self) -> str:
        """The values of the case, as the title shows them."""
        return case_text(self.case)

    @property
    def id(self) -> str:
        """File and case, unique in a run of many."""
        return f"{self.file}[{self.case_text}]" if self.case else self.file


@dataclass(frozen=True, slots=True)
class ScenarioStarted:
    """A world is about to be made."""

    scenario: Scenario


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step is about to be acted out; `at` is the simulated instant."""

    index: int
    step: Step
    at: int


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step is done, with what differs from the file."""

    index: int
    step: Step
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ScenarioFinished:
    """All is said."""

    result: Result


Event = ScenarioStarted | StepStarted | StepFinished | ScenarioFinished
