"""When a sync runs and when a request is tried again: cadences, drawn slots, plans that allow them, retries."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant


class Cadence(StrEnum):
    """CAD-1 to CAD-3. How often a sync runs."""

    ONE_TIME = "one_time"
    HOURLY = "hourly"
    DAILY = "daily"
    REAL_TIME = "real_time"


PERIOD_MS = {Cadence.HOURLY: HOUR_MS, Cadence.DAILY: DAY_MS, Cadence.REAL_TIME: MINUTE_MS}
REAL_TIME_USERS_AT_MOST = 1_000_000


def slot_of(cadence: Cadence, drawn: int, left_ms: int | None = None) -> int:
    """CAD-2. The offset in milliseconds within the period, from a drawn number; whole minutes, never chosen.

    A sync that is saved again leaves the slot `left_ms` and gets any of the others: a new slot under every seed.
    """
    if cadence not in (Cadence.HOURLY, Cadence.DAILY):
        return 0
    minutes = PERIOD_MS[cadence] // MINUTE_MS
    if left_ms is None or left_ms >= PERIOD_MS[cadence]:
        return drawn % minutes * MINUTE_MS
    minute = drawn % (minutes - 1)
    return (minute + (minute >= left_ms // MINUTE_MS)) * MINUTE_MS


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


# --- what a plan allows --------------------------------------------------------------------------


class Plan(StrEnum):
    """Amplitude's plans, cheapest first."""

    STARTER = "starter"
    PLUS = "plus"
    GROWTH = "growth"
    ENTERPRISE = "enterprise"


_SCHEDULED = frozenset({Plan.PLUS, Plan.GROWTH, Plan.ENTERPRISE})
_REAL_TIME = frozenset({Plan.GROWTH, Plan.ENTERPRISE})
PLANS_FOR: dict[Cadence, frozenset[Plan]] = {
    Cadence.ONE_TIME: frozenset(Plan),
    Cadence.HOURLY: _SCHEDULED,
    Cadence.DAILY: _SCHEDULED,
    Cadence.REAL_TIME: _REAL_TIME,
}
"""CONN-3. Amplitude, Sync to third-party destinations."""


def destination_refusal(plan: Plan) -> str | None:
    """CONN-3. Why a plan cannot have a destination, cohort webhooks included; None when it can.

    Amplitude, Braze (Cohort Sync) and Cohort webhooks.
    """
    if plan is Plan.STARTER:
        return "a destination needs a paid Amplitude plan; this project is on starter"
    return None


def cadence_refusal(cadence: Cadence, plan: Plan) -> str | None:
    """CONN-3. Why a plan does not offer a cadence; None when it does."""
    if plan in PLANS_FOR[cadence]:
        return None
    offered = " and ".join(each for each in Plan if each in PLANS_FOR[cadence])
    return f"a {cadence} sync needs the plan {offered}; this project is on {plan}"


AUTOMATED_SYNCS = 5
"""How many scheduled and real-time syncs a plan includes by default. Amplitude, Audiences."""


def automated_refusal(cadence: Cadence, running: int, included: int | None) -> str | None:
    """CONN-3. Why one more automated sync is too many; one-time ones are unlimited, `included` None lifts it."""
    if cadence is Cadence.ONE_TIME or included is None or running < included:
        return None
    return (
        f"the plan includes {included} automated syncs and {running} are set up; delete one, make it one-time, or "
        "let the plan include more"
    )


def real_time_refusal(size: int, blockers: Sequence[str]) -> str | None:
    """CAD-3. Why a cohort cannot be synced in real time: its size or its clauses; None when it can."""
    if size > REAL_TIME_USERS_AT_MOST:
        return f"a real-time sync takes at most {REAL_TIME_USERS_AT_MOST:,} users; the cohort has {size:,}"
    if blockers:
        return f"a real-time sync refuses cohorts defined by {', '.join(sorted(blockers))}"
    return None


def next_free_run(
    cadence: Cadence, saved_at: Instant, last_run_at: Instant, slot_ms: int, now: Instant
) -> Instant | None:
    """The next due instant at or after `now`: slots that passed during a long run are not made up for."""
    due = next_run(cadence, saved_at, last_run_at, slot_ms)
    if due is None or due >= now:
        return due
    if cadence is Cadence.REAL_TIME:
        return Instant(due + -(-(now - due) // MINUTE_MS) * MINUTE_MS)
    return next_run(cadence, saved_at, Instant(now - 1), slot_ms)


# --- retries -------------------------------------------------------------------------------------

RETRIES = 8
FIRST_PAUSE_MS = SECOND_MS


class Verdict(StrEnum):
    """SYNC-4. What the sender makes of an answer."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"


RETRYABLE_STATUSES = frozenset({423, 429})


def verdict(status: int | None) -> Verdict:
    """SYNC-4. Judge a status; None means that no complete answer came. 2xx is all a sender learns (MATCH-5)."""
    if status is None or status in RETRYABLE_STATUSES or status >= 500:
        return Verdict.RETRY
    return Verdict.DELIVERED if 200 <= status < 300 else Verdict.REFUSED


def maybe_applied(status: int | None) -> bool:
    """SYNC-6. Whether a request that was not delivered may have been applied: no answer, or a server error."""
    return status is None or status >= 500


def retry_pause_ms(attempts_made: int) -> int | None:
    """SYNC-4. The wait after this many attempts: 1 s, doubling, 8 retries (255 s in all); None gives up.

    Amplitude, Receiving behavioral cohorts, names this schedule alone. What an answer says of its own accord, in
    Retry-After or X-RateLimit-Reset, makes no wait longer or shorter (inferred).
    """
    if attempts_made > RETRIES:
        return None
    return int(FIRST_PAUSE_MS * 2 ** (attempts_made - 1))
