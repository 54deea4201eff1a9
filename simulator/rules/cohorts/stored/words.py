"""The words and numbers of Amplitude's stored definitions, JSON version 3 with `andClauses` of `orClauses` (COHORT-1).

Recorded live: the frame, the rolling time keys, and the clause types `event`, `new_active`, `distinct_interval` and
`retention`. No public source shows the others; the types `relative_event`, `historical_count`, `sequence`, `property`,
`propensity`, `cohort` and `static`, the time types other than `rolling`, and where an event clause keeps its filters
are inferred, in the words of Amplitude's Dashboard REST API.
"""

from __future__ import annotations

from typing import Any

from simulator.rules.cohorts.definition import INTERVAL_MS, Comparison, Interval
from simulator.rules.instants import DAY_MS, HOUR_MS, WEEK_MS

Json = dict[str, Any]

VERSION = 3
USER_GROUP = "User"
COHORT_TYPE = "UNIQUES"
CUSTOM_PROPERTY = "gp:"
BUILT_IN_PROPERTIES: dict[str, str] = {
    "user_id": "user_id", "device_id": "device_id", "app_version": "version", "dma": "DMA", "device_model": "device",
    **{name: name for name in ("country", "city", "region", "language", "platform", "start_version", "paying")},
}  # fmt: skip
"""Built-in properties as the Dashboard REST API names them, without the prefix of custom ones."""

INTERVALS_MS: dict[int, int] = {1: DAY_MS, 7: WEEK_MS, 30: 30 * DAY_MS}
"""Amplitude's interval numbers; a negative number is that many milliseconds (-3600000 is an hour)."""

SKIPPED: dict[int, Interval] = {1: Interval.DAY, 7: Interval.WEEK, -HOUR_MS: Interval.HOUR}
"""What `exclude_current_interval` leaves out, by interval number; a current month is not emulated."""

STICKINESS_WORDS: dict[Comparison, str] = {
    Comparison.AT_LEAST: "greater or equal",
    Comparison.MORE_THAN: "greater",
    Comparison.EXACTLY: "is",
    Comparison.OTHER_THAN: "is not",
    Comparison.AT_MOST: "less or equal",
    Comparison.FEWER_THAN: "less",
}
IN_ALL_PERIODS = "STICKY_IN_ALL_PERIODS"
IN_THE_WINDOW = "STICKY_IN_WINDOW"
BRACKET = "bracket"

EMPTY: Json = {
    "version": VERSION,
    "countGroup": {"name": USER_GROUP, "is_computed": False},
    "cohortType": COHORT_TYPE,
    "andClauses": [],
    "referenceFrameTimeParams": {},
    "orClauses": [],
}
"""What a cohort without a definition (an uploaded list) shows."""


def interval_number(unit_ms: int) -> int:
    """Amplitude's number for a unit of so many milliseconds."""
    return next((number for number, length in INTERVALS_MS.items() if length == unit_ms), -unit_ms)


def unit_ms(interval: int) -> int:
    """The milliseconds of an interval number. Raises KeyError for one that is not known."""
    return INTERVALS_MS[interval] if interval > 0 else -interval


def skip_number(interval: Interval) -> int:
    """The interval number under which that interval is left out."""
    return interval_number(INTERVAL_MS[interval])
