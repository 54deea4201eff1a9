"""When a sync runs: the cadences, the slot drawn for each, and the first instant that is due."""

from __future__ import annotations

from enum import StrEnum

from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant


class Cadence(StrEnum):
    """CAD-1 to CAD-3. How often a sync runs."""

    ONE_TIME = "one_time"
    HOURLY = "hourly"
    DAILY = "daily"
    REAL_TIME = "real_time"


PERIOD_MS = {Cadence.HOURLY: HOUR_MS, Cadence.DAILY: DAY_MS, Cadence.REAL_TIME: MINUTE_MS}
REAL_TIME_USERS_AT_MOST = 1_000_000


def slot_of(cadence: Cadence, drawn: int) -> int:
    """CAD-2. The offset in milliseconds within the period, from a drawn number; whole minutes, never chosen."""
    if cadence in (Cadence.HOURLY, Cadence.DAILY):
        minutes = PERIOD_MS[cadence] // MINUTE_MS
        return drawn % minutes * MINUTE_MS
    return 0


def next_run(cadence: Cadence, saved_at: Instant, last_run_at: Instant | None, slot_ms: int) -> Instant | None:
    """The next instant at which a sync is due, or None when it never is again.

    The first run is at once. Later runs of hourly and daily syncs fall on the drawn slot, so the first two may be
    closer together than the period (CAD-2); real-time syncs run every whole minute after the last (CAD-3).
    """
    if last_run_at is None:
        return saved_at
    if cadence is Cadence.ONE_TIME:
        return None
    if cadence is Cadence.REAL_TIME:
        return Instant(last_run_at + MINUTE_MS)
    period = PERIOD_MS[cadence]
    periods = (last_run_at - slot_ms) // period + 1
    return Instant(periods * period + slot_ms)
