"""Windows as half-open stretches of time, and the instants at which an event crosses their ends."""

import pytest

from simulator.rules.cohorts.definition import Between, Ever, Interval, OfFirstUse, Rolling, Since
from simulator.rules.cohorts.windows import begin_of, bounds, day_of, flips, periods
from simulator.rules.instants import DAY_MS, HOUR_MS, parse_instant

NOON = parse_instant("2026-03-02T12:00:00Z")
MIDNIGHT = parse_instant("2026-03-02T00:00:00Z")


@pytest.mark.parametrize(
    ("window", "whole_days", "expected"),
    [
        (Rolling(HOUR_MS), False, (NOON + 1 - HOUR_MS, NOON + 1)),
        (Rolling(HOUR_MS, HOUR_MS), False, (NOON + 1 - 2 * HOUR_MS, NOON + 1 - HOUR_MS)),
        (Rolling(DAY_MS), True, (MIDNIGHT, NOON + 1)),
        (Rolling(2 * DAY_MS, DAY_MS), True, (MIDNIGHT - 2 * DAY_MS, MIDNIGHT)),
        (Rolling(HOUR_MS), True, (NOON + 1 - HOUR_MS, NOON + 1)),
        (Rolling(DAY_MS, 0, Interval.DAY), False, (MIDNIGHT - DAY_MS, MIDNIGHT)),
        (Rolling(3 * HOUR_MS, 0, Interval.HOUR), False, (NOON - 3 * HOUR_MS, NOON)),
        (Rolling(14 * DAY_MS, 0, Interval.WEEK), False, (MIDNIGHT - 14 * DAY_MS, MIDNIGHT)),
        (Between(5, 9), False, (5, 9)),
        (Between(5, NOON + 9), False, (5, NOON + 1)),
        (Since(5), False, (5, NOON + 1)),
        (OfFirstUse(10), False, (100, 110)),
    ],
)
def test_bounds(window, whole_days, expected):
    assert bounds(window, NOON, 100, whole_days) == expected


def test_ever_begins_before_everything_and_nobody_has_no_first_use():
    start, end = bounds(Ever(), NOON, None, False)
    assert (start < 0, end) == (True, NOON + 1)
    assert bounds(OfFirstUse(10), NOON, None, False) == (0, 0)


@pytest.mark.parametrize(
    ("window", "whole_days", "expected"),
    [
        (Ever(), False, (NOON,)),
        (Since(5), False, (NOON,)),
        (Rolling(HOUR_MS), False, (NOON, NOON + HOUR_MS)),
        (Rolling(HOUR_MS, HOUR_MS), False, (NOON + HOUR_MS, NOON + 2 * HOUR_MS)),
        (Rolling(DAY_MS), True, (NOON, MIDNIGHT + DAY_MS)),
        (Rolling(DAY_MS, 0, Interval.DAY), False, (MIDNIGHT + DAY_MS, MIDNIGHT + 2 * DAY_MS)),
        (Rolling(HOUR_MS, 0, Interval.HOUR), False, (NOON + HOUR_MS, NOON + 2 * HOUR_MS)),
        (Rolling(7 * DAY_MS, 0, Interval.WEEK), False, (MIDNIGHT + 7 * DAY_MS, MIDNIGHT + 14 * DAY_MS)),
    ],
)
def test_flips(window, whole_days, expected):
    assert flips(window, NOON, whole_days) == expected


def test_periods_are_cut_backwards_from_the_end():
    assert periods(Rolling(3 * HOUR_MS), NOON, None, False, 2 * HOUR_MS) == [
        (NOON + 1 - 2 * HOUR_MS, NOON + 1),
        (NOON + 1 - 3 * HOUR_MS, NOON + 1 - 2 * HOUR_MS),
    ]
    assert periods(Rolling(2 * DAY_MS), NOON, None, True, DAY_MS) == [
        (MIDNIGHT, MIDNIGHT + DAY_MS),
        (MIDNIGHT - DAY_MS, MIDNIGHT),
    ]
    assert periods(Since(5), NOON, None, False, None) == [(5, NOON + 1)]


def test_days_are_those_of_utc():
    assert day_of(NOON) == MIDNIGHT


@pytest.mark.parametrize(
    ("text", "interval", "begins"),
    [
        ("2026-03-02T12:34:56Z", Interval.HOUR, "2026-03-02T12:00:00Z"),
        ("2026-03-02T12:34:56Z", Interval.DAY, "2026-03-02T00:00:00Z"),
        ("2026-03-01T23:59:59.999Z", Interval.WEEK, "2026-02-23T00:00:00Z"),
        ("2026-03-02T00:00:00Z", Interval.WEEK, "2026-03-02T00:00:00Z"),
        ("1969-12-31T23:00:00Z", Interval.WEEK, "1969-12-29T00:00:00Z"),
    ],
)
def test_hours_days_and_weeks_begin_in_utc_and_weeks_on_monday(text, interval, begins):
    assert begin_of(parse_instant(text), interval) == parse_instant(begins)
