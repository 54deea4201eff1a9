"""Which events lie in a window at an instant, and at which instants an event comes into it or drops out (COHORT-2).

Every window is turned into `start <= time < end` in whole milliseconds; nothing later than `at` is ever inside. The
bounds of a rolling window are inferred: Amplitude documents "last N days" and not the millisecond. The switch
`rolling_window` chooses between a window that slides with the instant and one of whole UTC days.
"""

from __future__ import annotations

from simulator.rules.cohorts.definition import INTERVAL_MS, Between, Interval, OfFirstUse, Rolling, Since, Window
from simulator.rules.instants import DAY_MS, Instant

FIRST_MONDAY_MS = 4 * DAY_MS
"""1970-01-05 was a Monday."""


def day_of(instant: int) -> int:
    """The beginning of the UTC day that holds the instant."""
    return instant - instant % DAY_MS


def number_of(instant: int, interval: Interval) -> int:
    """The number of the UTC hour, day or week that holds the instant; weeks begin on Monday."""
    shift = FIRST_MONDAY_MS if interval is Interval.WEEK else 0
    return (instant - shift) // INTERVAL_MS[interval]


def begin_of(instant: int, interval: Interval) -> int:
    """The beginning of the UTC hour, day or week that holds the instant."""
    shift = FIRST_MONDAY_MS if interval is Interval.WEEK else 0
    return number_of(instant, interval) * INTERVAL_MS[interval] + shift


def in_whole_days(window: Rolling, whole_days: bool) -> bool:
    """Whether the window is counted in UTC days: the switch says so and its length is a number of days."""
    return whole_days and window.length_ms % DAY_MS == 0


def bounds(window: Window, at: Instant, first_event_at: Instant | None, whole_days: bool) -> tuple[int, int]:
    """The window at `at` as `start <= time < end`; an empty one has `start >= end`."""
    now_included = at + 1
    match window:
        case Rolling(length_ms, offset_ms, skip):
            if skip is not None:
                end = begin_of(at, skip) - offset_ms
                return end - length_ms, end
            if in_whole_days(window, whole_days):
                end = day_of(at) - offset_ms + DAY_MS
                return end - length_ms, min(end, now_included)
            end = now_included - offset_ms
            return end - length_ms, end
        case Between(start, end_of_it):
            return start, min(end_of_it, now_included)
        case Since(start):
            return start, now_included
        case OfFirstUse(length_ms):
            if first_event_at is None:
                return 0, 0
            return first_event_at, min(first_event_at + length_ms, now_included)
        case _:
            return _BEGINNING, now_included


_BEGINNING = -(2**62)


def flips(window: Window, event_at: int, whole_days: bool, cut_ms: int | None = None) -> tuple[int, ...]:
    """The instants at which an event of that time may come into the window or leave it, ascending.

    With `cut_ms` the end that leaves is not the window's own but a cut that far back from its new end.
    """
    if not isinstance(window, Rolling):
        return (event_at,)
    oldest = event_at + window.offset_ms + (window.length_ms if cut_ms is None else cut_ms)
    newest = event_at + window.offset_ms
    if window.skip is not None:
        length_ms = INTERVAL_MS[window.skip]
        return max(event_at, begin_of(newest, window.skip) + length_ms), begin_of(oldest, window.skip) + length_ms
    if in_whole_days(window, whole_days):
        return max(event_at, day_of(newest)), day_of(oldest)
    return newest, oldest


def periods(
    window: Window, at: Instant, first_event_at: Instant | None, whole_days: bool, length_ms: int | None
) -> list[tuple[int, int]]:
    """The window cut, backwards from its end, into periods of that length; all of it as one period for None."""
    start, end = bounds(window, at, first_event_at, whole_days)
    if length_ms is None:
        return [(start, end)]
    if isinstance(window, Rolling) and in_whole_days(window, whole_days) and window.skip is None:
        end = day_of(at) - window.offset_ms + DAY_MS
    return [(max(start, cut - length_ms), cut) for cut in range(end, start, -length_ms)]
