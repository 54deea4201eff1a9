"""When a sync runs."""

from __future__ import annotations

import pytest

from simulator.rules.cadence import Cadence, next_run, slot_of
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant

SAVED = Instant(10 * HOUR_MS + 5 * MINUTE_MS)


@pytest.mark.parametrize("cadence", list(Cadence))
def test_the_first_run_is_at_once(cadence: Cadence) -> None:
    assert SAVED == next_run(cadence, SAVED, None, 0)


def test_a_one_time_sync_never_runs_again() -> None:
    assert next_run(Cadence.ONE_TIME, SAVED, SAVED, 0) is None


def test_an_hourly_sync_runs_on_its_slot_so_the_first_two_runs_can_be_close() -> None:
    slot_ms = 7 * MINUTE_MS
    second = next_run(Cadence.HOURLY, SAVED, SAVED, slot_ms)
    assert 10 * HOUR_MS + slot_ms == second
    assert second is not None
    assert 11 * HOUR_MS + slot_ms == next_run(Cadence.HOURLY, SAVED, second, slot_ms)


def test_a_run_exactly_on_its_slot_is_followed_a_whole_period_later() -> None:
    assert 11 * HOUR_MS + 5 * MINUTE_MS == next_run(Cadence.HOURLY, SAVED, SAVED, 5 * MINUTE_MS)


def test_a_daily_sync_runs_once_a_day() -> None:
    assert DAY_MS + HOUR_MS == next_run(Cadence.DAILY, SAVED, SAVED, HOUR_MS)


def test_a_real_time_sync_runs_every_minute() -> None:
    assert SAVED + MINUTE_MS == next_run(Cadence.REAL_TIME, SAVED, SAVED, 0)


def test_slots_are_whole_minutes_within_the_period() -> None:
    assert 13 * MINUTE_MS == slot_of(Cadence.HOURLY, 60 * 5 + 13)
    assert 73 * MINUTE_MS == slot_of(Cadence.DAILY, 24 * 60 + 73)
    assert slot_of(Cadence.REAL_TIME, 99) == 0
