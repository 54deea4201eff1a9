"""Computations of Amplitude as a file writes them: one value of each person, worked out from events (TRAIT-1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from simulator.feeds import MAIN
from simulator.rules.cohorts.computations import Computation as Defined
from simulator.rules.cohorts.computations import Formula
from simulator.scenario.language.quantities import Duration
from simulator.scenario.language.records import Record, key
from simulator.scenario.language.source import Problem
from simulator.scenario.model.words import PROJECT, TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation(Record):
    """A computed property of the people who were active within a time range: how often an event happened, or one
    formula over the values of an event property."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "orders_30d: {count: order_placed, within: 30d}",
        "spent: {sum: amount, of: order_placed, within: 90d}",
        "last_city: {last: city, of: order_placed, within: 30d}",
    )

    count: str | None = key(TEXT, "Counts this event.", default=None)
    sum_: str | None = key(TEXT, "Adds up this property of the event `of`.", default=None)
    min_: str | None = key(TEXT, "The smallest value of this property.", default=None)
    max_: str | None = key(TEXT, "The largest value of this property.", default=None)
    average: str | None = key(TEXT, "The average of this property.", default=None)
    first: str | None = key(TEXT, "The first value of this property.", default=None)
    last: str | None = key(TEXT, "The last value of this property.", default=None)
    of: str | None = key(TEXT, "The event whose property it is.", default=None)
    within_ms: int = key(Duration(1), "The time range, back from when somebody asks.")
    project: str = key(PROJECT, "The Amplitude project that it is defined in.", default=MAIN)

    def _chosen(self) -> list[tuple[Formula, str]]:
        given = {
            Formula.COUNT: self.count, Formula.SUM: self.sum_, Formula.MINIMUM: self.min_, Formula.MAXIMUM: self.max_,
            Formula.AVERAGE: self.average, Formula.FIRST: self.first, Formula.LAST: self.last,
        }  # fmt: skip
        return [(formula, value) for formula, value in given.items() if value is not None]

    def problems(self) -> Iterator[Problem]:
        chosen = self._chosen()
        if len(chosen) != 1:
            formulas = ", ".join(f"`{each}`" for each in Formula)
            yield Problem("a computation has one formula", self.where, f"write one of {formulas}")
        elif (chosen[0][0] is Formula.COUNT) is (self.of is not None):
            hint = "`count` names its event itself" if self.of else "add `of:` with the event that has the property"
            yield Problem("of which event?", self.where, hint)

    def defined(self, name: str) -> Defined:
        """The computation as Amplitude keeps it."""
        ((formula, value),) = self._chosen()
        event, event_property = (value, "") if formula is Formula.COUNT else (self.of or "", value)
        return Defined(name=name, formula=formula, event=event, event_property=event_property, within_ms=self.within_ms)
