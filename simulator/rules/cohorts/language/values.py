"""Reads the small values of the cohort language: texts, numbers, comparisons, durations and windows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from simulator.rules.cohorts.definition import (
    Between,
    Comparison,
    DefinitionError,
    Ever,
    Interval,
    OfFirstUse,
    Rolling,
    Scalar,
    Since,
    Window,
)
from simulator.rules.cohorts.language.trees import Path
from simulator.rules.cohorts.language.vocabulary import COMPARISON_WORDS, SKIPS, WINDOW_HEADS
from simulator.rules.instants import DAY_MS, Instant, format_duration, parse_duration, parse_instant

_WORDS = "|".join(re.escape(word) for word in sorted(COMPARISON_WORDS, key=len, reverse=True))
_COMPARISON = re.compile(rf"^\s*(?:({_WORDS})\s*)?(-?\d+(?:\.\d+)?)\s*(?:times?)?\s*$", re.IGNORECASE)
MOST_MS = 100_000 * DAY_MS
"""Nothing lasts longer: instants have to fit what a store can hold."""
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def read_mapping(value: object, path: Path, hint: str) -> Mapping[str, object]:
    """A mapping whose keys are texts."""
    if not isinstance(value, Mapping):
        raise DefinitionError(path, f"{_shown(value)} is not a mapping", hint)
    for key in value:
        if not isinstance(key, str):
            raise DefinitionError(path, f"the key {key!r} is not a text", f'write "{key}"')
    return cast("Mapping[str, object]", value)


def read_list(value: object, path: Path, wanted: str, *, empty: bool = False) -> list[object]:
    """A list; an empty one only where it says so."""
    if not isinstance(value, list):
        raise DefinitionError(path, f"{_shown(value)} is not {wanted}", f"write [{_shown(value)}]")
    if not value and not empty:
        raise DefinitionError(path, "the list is empty", f"give {wanted}")
    return value


def read_text(value: object, path: Path, wanted: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise DefinitionError(path, f"{_shown(value)} is not {wanted}")
    return value


def read_scalar(value: object, path: Path) -> Scalar:
    """A text, a number, true, false or null."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise DefinitionError(path, f"{_shown(value)} is not a single value")


def read_flag(value: object, path: Path) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise DefinitionError(path, f"{_shown(value)} is neither true nor false")
    return value


def read_count(value: object, path: Path, least: int, most: int | None = None) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        bounds = f"from {least} to {most}" if most is not None else f"of {least} or more"
        raise DefinitionError(path, f"{_shown(value)} is not a whole number {bounds}")
    return value


def read_comparison(value: object, path: Path) -> tuple[Comparison, int | float]:
    """`>= 3`, `at least 3`, or a bare number, which means exactly so many."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Comparison.EXACTLY, value
    match = _COMPARISON.match(value) if isinstance(value, str) else None
    if match is None:
        raise DefinitionError(path, f"{_shown(value)} is not a comparison", 'write it like ">= 3" or "at least 3"')
    word, number = match.groups()
    comparison = COMPARISON_WORDS[word.lower()] if word else Comparison.EXACTLY
    return comparison, float(number) if "." in number else int(number)


def read_duration(value: object, path: Path, least_ms: int = 1) -> int:
    """A duration in milliseconds."""
    if not isinstance(value, str):
        hint = f"write {value}d for days" if isinstance(value, int) else "write it like 7d or 12h"
        raise DefinitionError(path, f"{_shown(value)} is not a duration", hint)
    try:
        duration_ms = parse_duration(value)
    except ValueError as error:
        raise DefinitionError(path, str(error)) from error
    if duration_ms < least_ms:
        raise DefinitionError(path, "the duration is zero")
    if duration_ms > MOST_MS:
        raise DefinitionError(path, f"the duration is longer than {format_duration(MOST_MS)}")
    return duration_ms


def read_window(body: Mapping[str, object], path: Path) -> Window:
    """The window that the keys of a clause name; everything up to now when they name none."""
    heads = [key for key in WINDOW_HEADS if key in body]
    if len(heads) > 1:
        raise DefinitionError((*path, heads[1]), f"{heads[0]} and {heads[1]} cannot stand side by side")
    head = heads[0] if heads else ""
    for key in ("offset", *SKIPS):
        if key in body and head != "within":
            raise DefinitionError((*path, key), f"{key} needs within")
    spot = (*path, head)
    if head == "within":
        offset = read_duration(body["offset"], (*path, "offset"), 0) if "offset" in body else 0
        return Rolling(read_duration(body["within"], spot), offset, _skip(body, path))
    if head == "since":
        return Since(_instant(body["since"], spot))
    if head == "within_first":
        return OfFirstUse(read_duration(body["within_first"], spot))
    if head == "between":
        ends = read_list(body["between"], spot, "two dates or instants")
        if len(ends) != 2:
            raise DefinitionError(spot, "between takes two dates or instants", "write [2026-03-01, 2026-03-07]")
        start, end = _instant(ends[0], (*spot, 0)), _instant(ends[1], (*spot, 1), whole_day=True)
        if start >= end:
            raise DefinitionError((*spot, 1), "the window ends before it begins")
        return Between(start, end)
    return Ever()


def _skip(body: Mapping[str, object], path: Path) -> Interval | None:
    named = [key for key in SKIPS if key in body and read_flag(body[key], (*path, key))]
    if len(named) > 1:
        raise DefinitionError((*path, named[1]), f"{named[0]} and {named[1]} cannot stand side by side")
    return SKIPS[named[0]] if named else None


def _instant(value: object, path: Path, *, whole_day: bool = False) -> Instant:
    """An instant; a bare date means the beginning of its UTC day, or its end where `whole_day`."""
    text = value if isinstance(value, str) else str(value)
    try:
        instant = parse_instant(text)
    except ValueError as error:
        raise DefinitionError(path, str(error)) from error
    return Instant(instant + DAY_MS) if whole_day and _DATE.match(text.strip()) else instant


def _shown(value: object) -> str:
    """A value as an author wrote it, cut short."""
    named = {None: "null", True: "true", False: "false"} if not isinstance(value, (list, Mapping)) else {}
    if isinstance(value, bool) or value is None:
        return named[value]
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
