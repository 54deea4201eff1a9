"""Instants and durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.rules.instants import (
    DAY_MS,
    HOUR_MS,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01 00:00:01.250", 1_250),
        ("1970-01-01T05:00:00+05:00", 0),
        ("1970-01-01T00:00:00-0130", 5_400_000),
        ("1970-01-01T00:00Z", 0),
    ],
)
def test_an_iso_text_is_an_instant(text: str, expected: int) -> None:
    assert expected == parse_instant(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-03-02T25:00:00Z", "20260302", "1700000000"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an instant"):
        parse_instant(text)


@given(st.integers(min_value=-62_135_596_800_000, max_value=4_102_444_800_000))
def test_an_instant_reads_back_as_it_was_written(instant: int) -> None:
    assert instant == parse_instant(format_instant(instant))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3h", 3 * HOUR_MS), ("1d 2h", DAY_MS + 2 * HOUR_MS), ("90s", 90_000), ("250ms", 250), ("1w", 7 * DAY_MS)],
)
def test_a_duration_is_a_sum_of_units(text: str, expected: int) -> None:
    assert expected == parse_duration(text)


@pytest.mark.parametrize("text", ["", "3", "3 hours", "-1h", "1h and 2m", "h"])
def test_a_text_without_units_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=400 * DAY_MS))
def test_a_duration_reads_back_as_it_was_written(duration_ms: int) -> None:
    assert duration_ms == parse_duration(format_duration(duration_ms))
