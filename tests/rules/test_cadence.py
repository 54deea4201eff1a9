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
    assert 0 == slot_of(Cadence.REAL_TIME, 99)


@pytest.mark.parametrize(("cadence", "minutes"), [(Cadence.HOURLY, 60), (Cadence.DAILY, 24 * 60)])
def test_a_sync_that_is_saved_again_gets_any_slot_but_the_one_it_had(cadence: Cadence, minutes: int) -> None:
    others = [minute * MINUTE_MS for minute in range(minutes) if minute != 13]

    assert others == sorted(slot_of(cadence, drawn, 13 * MINUTE_MS) for drawn in range(minutes - 1))
    assert 59 * MINUTE_MS == slot_of(Cadence.HOURLY, 59, left_ms=90 * MINUTE_MS)  # a daily slot that no hour has
