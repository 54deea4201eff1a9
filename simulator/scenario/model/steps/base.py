"""What all steps have in common, and the list of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.scenario.language.quantities import Moment
from simulator.scenario.language.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Record):
    """Something that happens. `at` lets time run until then first; `refused` is what the refusal of the step says."""

    at: Moment | None = None
    refused: str | None = None


def verb_of(step: type[Record]) -> str:
    """The verb of a step class, the key of an expectation class: LogIn is `log_in`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", step.__name__).lower()
