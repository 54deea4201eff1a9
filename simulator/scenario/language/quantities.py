"""Durations, moments, shares and amounts: the numbers of the language, each with one syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from simulator.rules.instants import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Instant,
    format_instant,
    parse_duration,
    parse_instant,
)
from simulator.scenario.language.nodes import Node, Scalar
from simulator.scenario.language.shapes import Broken, Reader, SchemaBook, Shape, expected

_DURATION_PATTERN = r"(?:\d+ ?(?:ms|s|m|h|d|w) ?)+"


@dataclass(frozen=True, slots=True)
class Duration(Shape):
    """A length of time, read as milliseconds."""

    least_ms: int = 0
    words = "a duration"

    def read(self, node: Node, reader: Reader) -> int | Broken:
        if not isinstance(node, Scalar):
            return expected(self.words, node, reader, "write it like 90s, 15m, 3h, 7d or 1d 2h")
        try:
            duration_ms = parse_duration(node.text)
        except ValueError:
            return expected(self.words, node, reader, "write it like 90s, 15m, 3h, 7d or 1d 2h")
        if duration_ms < self.least_ms:
            return reader.refuse(f"{node.text} is too short", node)
        return duration_ms

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_DURATION_PATTERN}$"}


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, a time of day, or a distance from now; exactly one is set."""

    text: str
    instant: Instant | None = None
    time_of_day_ms: int | None = None
    offset_ms: int | None = None

    def seen_from(self, now: Instant) -> Instant:
        """The instant that is meant when the clock shows `now`: a time of day is the next one, today's if it is now."""
        if self.instant is not None:
            return self.instant
        if self.offset_ms is not None:
            return Instant(now + self.offset_ms)
        midnight = now - now % DAY_MS
        today = midnight + (self.time_of_day_ms or 0)
        return Instant(today if today >= now else today + DAY_MS)


_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def read_moment(text: str) -> Moment:
    """Read `2026-03-02T10:00:00Z`, `02:30` or `+90m`. Raises ValueError."""
    time_of_day = _TIME_OF_DAY.fullmatch(text)
    if time_of_day:
        hours, minutes, seconds = (int(part or 0) for part in time_of_day.groups())
        return Moment(text, time_of_day_ms=hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS)
    if text.startswith("+"):
        return Moment(text, offset_ms=parse_duration(text[1:]))
    return Moment(text, instant=parse_instant(text))


_MOMENT_HINT = "write 2026-03-02T10:00:00Z, a time of day such as 02:30 (UTC), or a distance from now such as +90m"


@dataclass(frozen=True, slots=True)
class MomentShape(Shape):
    """A point in time, seen from the simulated now."""

    words = "a moment"

    def read(self, node: Node, reader: Reader) -> Moment | Broken:
        try:
            return read_moment(node.text if isinstance(node, Scalar) else "")
        except ValueError:
            return expected(self.words, node, reader, _MOMENT_HINT)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"type": "string", "description": "2026-03-02T10:00:00Z, 02:30 (UTC, the next one) or +90m"}


@dataclass(frozen=True, slots=True)
class InstantShape(Shape):
    """A point in time written in full."""

    words = "an instant"

    def read(self, node: Node, reader: Reader) -> Instant | Broken:
        try:
            return parse_instant(node.text if isinstance(node, Scalar) else "")
        except ValueError:
            return expected(self.words, node, reader, "write it like 2026-03-02T10:00:00Z")

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        example = format_instant(1_772_445_600_000)
        return {"type": "string", "description": f"ISO 8601, UTC, such as {example}"}


@dataclass(frozen=True, slots=True)
class Share(Shape):
    """A percentage, read as a fraction of 1."""

    words = "a percentage"

    def read(self, node: Node, reader: Reader) -> float | Broken:
        text = node.text if isinstance(node, Scalar) else ""
        found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%", text)
        if not found or float(found[1]) > 100:
            return expected("a percentage from 0% to 100%", node, reader, "write it like 5% or 0.5%")
        return float(found[1]) / 100

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d{1,3}(\.\d+)? ?%$"}


@dataclass(frozen=True, slots=True)
class Amount:
    """How many: from `low` to `high`, both included; no `high` means no upper bound."""

    low: int
    high: int | None
    text: str

    def __contains__(self, number: int) -> bool:
        return number >= self.low and (self.high is None or number <= self.high)


_AMOUNT = re.compile(r"(>=|<=|>|<|=|==)?\s*([\d_]+)|([\d_]+)\s*\.\.\s*([\d_]+)")
_AMOUNT_HINT = 'write 4, "3..5", ">= 3" or "<= 5"'


def read_amount(text: str) -> Amount:
    """Read `4`, `3..5`, `>= 3`, `> 2`, `<= 5` or `< 6`. Raises ValueError."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not an amount; {_AMOUNT_HINT}")
    operator, number, low, high = found.groups()
    if low is not None:
        if int(low) > int(high):
            raise ValueError(f"{text!r} is an empty range; put the smaller number first")
        return Amount(int(low), int(high), text)
    count = int(number)
    bounds: dict[str | None, tuple[int, int | None]] = {
        ">=": (count, None),
        ">": (count + 1, None),
        "<=": (0, count),
        "<": (0, count - 1),
    }
    at_least, at_most = bounds.get(operator, (count, count))
    return Amount(at_least, at_most, text)


@dataclass(frozen=True, slots=True)
class AmountShape(Shape):
    """How many of something: a number, a range, or a bound."""

    words = "an amount"

    def read(self, node: Node, reader: Reader) -> Amount | Broken:
        try:
            return read_amount(node.text if isinstance(node, Scalar) else "")
        except ValueError:
            return expected(self.words, node, reader, _AMOUNT_HINT)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        pattern = r"^((>=|<=|>|<|=|==)?\s*[0-9_]+|[0-9_]+\s*\.\.\s*[0-9_]+)$"
        described = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": pattern}]}
        return book.reference("amount", lambda: described)
