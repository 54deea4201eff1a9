"""Durations, moments, percentages and amounts: each has one syntax and one meaning."""

from __future__ import annotations

import pytest

from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from simulator.scenario.language.quantities import Amount, read_amount, read_moment

NOW = parse_instant("2026-03-02T10:00:00Z")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-05T00:00:00Z", "2026-03-05T00:00:00Z"),
        ("2026-03-05", "2026-03-05T00:00:00Z"),
        ("10:00", "2026-03-02T10:00:00Z"),
        ("10:01", "2026-03-02T10:01:00Z"),
        ("09:59", "2026-03-03T09:59:00Z"),
        ("02:30:15", "2026-03-03T02:30:15Z"),
        ("+90m", "2026-03-02T11:30:00Z"),
        ("+1d 2h", "2026-03-03T12:00:00Z"),
    ],
)
def test_a_moment_is_seen_from_the_simulated_now(written: str, meant: str) -> None:
    assert parse_instant(meant) == read_moment(written).seen_from(NOW)


@pytest.mark.parametrize("written", ["24:00", "9:30", "02:60", "+", "later", "3h", "-3h"])
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        read_moment(written)


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("4", [4], [3, 5]),
        ("= 4", [4], [3, 5]),
        ("7_980..8_020", [7980, 8000, 8020], [7979, 8021]),
        (">= 3", [3, 400], [2]),
        ("> 3", [4], [3]),
        ("<= 3", [0, 3], [4]),
        ("< 3", [0, 2], [3]),
    ],
)
def test_an_amount_is_a_number_a_range_or_a_bound(written: str, inside: list[int], outside: list[int]) -> None:
    amount = read_amount(written)

    assert (True, False) == (all(n in amount for n in inside), any(n in amount for n in outside))


@pytest.mark.parametrize("written", ["5..3", "many", "", "1..", "3.5", "-1"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        read_amount(written)


def test_amounts_compare_by_what_they_hold() -> None:
    assert Amount(4, 4, "4") == read_amount("4")
    assert (HOUR_MS, DAY_MS) == (60 * MINUTE_MS, 24 * HOUR_MS)
