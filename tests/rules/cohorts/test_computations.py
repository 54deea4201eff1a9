"""Computations (TRAIT-1): every formula over a time range, for people who were active in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.rules.cohorts.computations import Computation, Formula, InvalidComputation, computed
from simulator.rules.cohorts.history import Event, whole_history
from simulator.rules.instants import DAY_MS, HOUR_MS, Instant, parse_instant

NOW = parse_instant("2026-03-02T10:00:00Z")
SPENT = Computation(name="spent", formula=Formula.SUM, event="order", event_property="amount", within_ms=30 * DAY_MS)


def days_ago(days: float) -> Instant:
    return Instant(int(NOW - days * DAY_MS))


ANN = whole_history(
    1,
    [
        Event(days_ago(40), "order", {"amount": 1_000, "city": "Oslo"}),
        Event(days_ago(29), "order", {"amount": 20, "city": "Köln"}),
        Event(days_ago(3), "order", {"amount": 5, "city": ""}),
        Event(days_ago(2), "order", {"amount": "12", "city": "Lund"}),
        Event(days_ago(1), "order", {"amount": "much"}),
        Event(days_ago(1), "opened"),
    ],
)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (Formula.SUM, 37),
        (Formula.MINIMUM, 5),
        (Formula.MAXIMUM, 20),
        (Formula.AVERAGE, 37 / 3),
        (Formula.FIRST, 20),
        (Formula.LAST, "much"),
    ],
)
def test_every_formula_takes_the_values_of_the_range(formula: Formula, value: object) -> None:
    assert value == computed(replace(SPENT, formula=formula), ANN, NOW, False)


def test_a_count_counts_events_and_is_nought_for_somebody_who_was_active_otherwise() -> None:
    count = replace(SPENT, formula=Formula.COUNT, event_property="")
    assert (4, 0) == (computed(count, ANN, NOW, False), computed(replace(count, event="refund"), ANN, NOW, False))


def test_first_and_last_pass_over_what_has_no_value() -> None:
    city = replace(SPENT, event_property="city")
    assert ("Köln", "Lund") == tuple(
        computed(replace(city, formula=formula), ANN, NOW, False) for formula in (Formula.FIRST, Formula.LAST)
    )


def test_whoever_was_not_active_in_the_range_has_no_value() -> None:
    count = replace(SPENT, formula=Formula.COUNT, event_property="", within_ms=HOUR_MS)
    asleep = whole_history(2, [Event(Instant(NOW - 1), "order", active=False)])
    assert [None, None] == [computed(count, ANN, NOW, False), computed(count, asleep, NOW, False)]


def test_nothing_to_add_up_gives_no_value() -> None:
    assert computed(replace(SPENT, event="refund"), ANN, NOW, False) is None


def test_a_range_slides_or_is_one_of_whole_days() -> None:
    day = replace(SPENT, formula=Formula.COUNT, event="order", event_property="", within_ms=DAY_MS)
    early = whole_history(3, [Event(Instant(NOW - 11 * HOUR_MS), "order"), Event(Instant(NOW - HOUR_MS), "order")])
    assert (2, 1) == (computed(day, early, NOW, False), computed(day, early, NOW, True))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "a name and an event"),
        ({"formula": Formula.COUNT}, "a count looks at no property"),
        ({"event_property": ""}, "of which event property is it the sum"),
        ({"within_ms": 0}, "longer than nothing"),
    ],
)
def test_a_computation_that_makes_no_sense_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidComputation, match=said):
        replace(SPENT, **changes).checked()  # type: ignore[arg-type]
