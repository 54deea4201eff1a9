"""Steps that let time run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from simulator.rules.instants import DAY_MS
from simulator.scenario.language.nodes import Node, Scalar
from simulator.scenario.language.quantities import Duration, Moment, MomentShape
from simulator.scenario.language.records import key
from simulator.scenario.language.shapes import Broken, Reader, SchemaBook, Shape, expected
from simulator.scenario.language.source import Problem
from simulator.scenario.model.steps.base import Step

NEXT = "next"
IDLE = "idle"


class Target(Shape):
    """`next`, `idle`, or a moment."""

    words = "`next`, `idle`, or a moment"

    def read(self, node: Node, reader: Reader) -> str | Moment | Broken:
        text = node.text if isinstance(node, Scalar) else ""
        if text in (NEXT, IDLE):
            return text
        before = len(reader.problems)
        moment = MomentShape().read(node, reader)
        if moment is Broken.BROKEN:
            del reader.problems[before:]
            return expected("next, idle or a moment", node, reader, "a moment is 2026-03-05T00:00:00Z, 02:30 or +90m")
        return moment

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"anyOf": [{"enum": [NEXT, IDLE]}, MomentShape().schema(book)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance(Step):
    """Lets simulated time run; everything that falls due on the way (runs, retries, exits from rolling windows) happens
    in order.

    `until: next` runs until the next thing that is due has been done. `until: idle` runs until nothing is unfinished:
    no run in progress, no retry outstanding, no change undelivered; a sync that merely repeats is not unfinished.
    When that takes longer than `at_most` the clock stops there and the step fails.
    """

    SHORT: ClassVar[str] = "by"
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "advance: 3h",
        "advance: {until: 2026-03-05T00:00:00Z}",
        "advance: {until: next}",
        "advance: {until: idle, at_most: 2d}",
    )

    by_ms: int | None = key(Duration(), "How long.", default=None)
    until: str | Moment | None = key(Target(), "Until when, in place of `by`.", default=None)
    at_most_ms: int = key(Duration(1), "The longest time that `next` and `idle` may take.", default=DAY_MS, shown="1d")

    def problems(self) -> Iterator[Problem]:
        if (self.by_ms is None) == (self.until is None):
            yield Problem(
                "say either how long or until when", self.where, "write `advance: 3h` or `advance: {until: idle}`"
            )
        elif "at_most" in self.spots and not isinstance(self.until, str):
            yield Problem("`at_most` belongs to `until: next` and `until: idle`", self.spots["at_most"])
