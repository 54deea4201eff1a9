"""Computations: one value of a person, worked out from the events of a time range (TRAIT-1).

Amplitude, Computations: how often an event happened; sum, minimum, maximum or average of an event property; the first
or the last value of one; each over a time range, and only for people who were active in it. What is not a number does
not count among numbers, and nothing to add up, compare or pick gives no value (inferred).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulator.rules.cohorts.conditions import as_number, is_nothing
from simulator.rules.cohorts.definition import Rolling
from simulator.rules.cohorts.history import Event, History
from simulator.rules.cohorts.windows import bounds
from simulator.rules.instants import Instant


class Formula(StrEnum):
    """How the events become one value."""

    COUNT = "count"
    SUM = "sum"
    MINIMUM = "min"
    MAXIMUM = "max"
    AVERAGE = "average"
    FIRST = "first"
    LAST = "last"


class InvalidComputation(ValueError):
    """A computation that Amplitude would not save; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """What is worked out. `name` is what the value is called among a person's properties."""

    name: str
    formula: Formula
    event: str
    event_property: str = ""
    """Of which the formula takes the values; none for a count."""
    within_ms: int

    def checked(self) -> Computation:
        """This computation. Raises InvalidComputation."""
        if not self.name or not self.event:
            raise InvalidComputation("a computation needs a name and an event")
        if self.formula is Formula.COUNT and self.event_property:
            raise InvalidComputation(f"a count looks at no property; take {self.event_property!r} away")
        if self.formula is not Formula.COUNT and not self.event_property:
            raise InvalidComputation(f"of which event property is it the {self.formula}?")
        if self.within_ms <= 0:
            raise InvalidComputation("a time range is longer than nothing")
        return self


def computed(computation: Computation, person: History, at: Instant, whole_days: bool) -> object:
    """The value at an instant, None for none; `person` has all events of the range, other names included."""
    start, end = bounds(Rolling(computation.within_ms), at, person.first_event_at, whole_days)
    inside = [event for event in person.events if start <= event.at < end]
    if not any(event.active for event in inside):
        return None
    chosen = [event for event in inside if event.name == computation.event]
    if computation.formula is Formula.COUNT:
        return len(chosen)
    if computation.formula in (Formula.FIRST, Formula.LAST):
        ordered = chosen if computation.formula is Formula.FIRST else reversed(chosen)
        values = (event.properties.get(computation.event_property) for event in ordered)
        return next((value for value in values if not is_nothing(value)), None)
    numbers = _numbers(chosen, computation.event_property)
    return _whole(_AGGREGATIONS[computation.formula](numbers)) if numbers else None


_AGGREGATIONS: dict[Formula, Callable[[Sequence[float]], float]] = {
    Formula.SUM: sum,
    Formula.MINIMUM: min,
    Formula.MAXIMUM: max,
    Formula.AVERAGE: lambda numbers: sum(numbers) / len(numbers),
}


def _numbers(events: Sequence[Event], event_property: str) -> list[float]:
    found = (as_number(event.properties.get(event_property)) for event in events)
    return [number for number in found if number is not None]


def _whole(number: float) -> float | int:
    return int(number) if number.is_integer() else number
