"""What a plan or a cohort does not allow, and when a request is tried again."""

from __future__ import annotations

import pytest

from simulator.rules.cadence import (
    AUTOMATED_SYNCS,
    Cadence,
    Plan,
    Verdict,
    automated_refusal,
    cadence_refusal,
    destination_refusal,
    maybe_applied,
    next_free_run,
    real_time_refusal,
    retry_pause_ms,
    verdict,
)
from simulator.rules.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant

SAVED = Instant(10 * HOUR_MS)


def test_the_destination_needs_a_paid_plan() -> None:
    assert destination_refusal(Plan.STARTER) is not None
    assert [None, None, None] == [destination_refusal(plan) for plan in (Plan.PLUS, Plan.GROWTH, Plan.ENTERPRISE)]


@pytest.mark.parametrize(
    ("plan", "offered"),
    [
        (Plan.STARTER, {Cadence.ONE_TIME}),
        (Plan.PLUS, {Cadence.ONE_TIME, Cadence.HOURLY, Cadence.DAILY}),
        (Plan.GROWTH, set(Cadence)),
        (Plan.ENTERPRISE, set(Cadence)),
    ],
)
def test_each_plan_offers_its_cadences(plan: Plan, offered: set[Cadence]) -> None:
    assert offered == {cadence for cadence in Cadence if cadence_refusal(cadence, plan) is None}


def test_a_refused_cadence_names_the_plans_that_have_it() -> None:
    assert "a real_time sync needs the plan growth and enterprise; this project is on plus" == cadence_refusal(
        Cadence.REAL_TIME, Plan.PLUS
    )


@pytest.mark.parametrize(("size", "refused"), [(999_999, False), (1_000_000, False), (1_000_001, True)])
def test_real_time_takes_a_million_users(size: int, refused: bool) -> None:
    assert refused is (real_time_refusal(size, ()) is not None)


def test_real_time_refuses_some_clauses_by_name() -> None:
    assert "a real-time sync refuses cohorts defined by funnel, nth_time" == real_time_refusal(
        1, ("nth_time", "funnel")
    )


@pytest.mark.parametrize(
    ("cadence", "now", "due"),
    [
        (Cadence.ONE_TIME, SAVED + HOUR_MS, None),
        (Cadence.REAL_TIME, SAVED, SAVED + MINUTE_MS),
        (Cadence.REAL_TIME, SAVED + MINUTE_MS, SAVED + MINUTE_MS),
        (Cadence.REAL_TIME, SAVED + 255 * SECOND_MS, SAVED + 5 * MINUTE_MS),
        (Cadence.HOURLY, SAVED + 5 * HOUR_MS, SAVED + 5 * HOUR_MS),
        (Cadence.HOURLY, SAVED + 5 * HOUR_MS + 1, SAVED + 6 * HOUR_MS),
        (Cadence.DAILY, SAVED + 40 * HOUR_MS, Instant(72 * HOUR_MS)),
    ],
)
def test_slots_that_passed_are_not_made_up_for(cadence: Cadence, now: int, due: int | None) -> None:
    assert due == next_free_run(cadence, SAVED, SAVED, 0, Instant(now))


@pytest.mark.parametrize(
    ("status", "judged", "doubtful"),
    [
        (200, Verdict.DELIVERED, False),
        (201, Verdict.DELIVERED, False),
        (400, Verdict.REFUSED, False),
        (401, Verdict.REFUSED, False),
        (403, Verdict.REFUSED, False),
        (404, Verdict.REFUSED, False),
        (408, Verdict.REFUSED, False),
        (413, Verdict.REFUSED, False),
        (423, Verdict.RETRY, False),
        (429, Verdict.RETRY, False),
        (500, Verdict.RETRY, True),
        (504, Verdict.RETRY, True),
        (None, Verdict.RETRY, True),
    ],
)
def test_an_answer_is_a_delivery_a_refusal_or_worth_another_try(
    status: int | None, judged: Verdict, doubtful: bool
) -> None:
    assert (judged, doubtful) == (verdict(status), maybe_applied(status))


def test_eight_retries_double_from_one_second_to_two_minutes() -> None:
    pauses = [retry_pause_ms(attempts) for attempts in range(1, 10)]
    assert [1_000 * 2**n for n in range(8)] == pauses[:8]
    assert pauses[8] is None
    assert 255 * SECOND_MS == sum(pause for pause in pauses if pause)


@pytest.mark.parametrize(("running", "allowed"), [(4, True), (5, False), (6, False)])
def test_a_plan_includes_five_automated_syncs(running: int, allowed: bool) -> None:
    for cadence in (Cadence.HOURLY, Cadence.DAILY, Cadence.REAL_TIME):
        assert allowed is (automated_refusal(cadence, running, AUTOMATED_SYNCS) is None)


def test_one_time_syncs_are_unlimited_and_a_plan_may_lift_the_limit() -> None:
    assert automated_refusal(Cadence.ONE_TIME, 99, AUTOMATED_SYNCS) is None
    assert automated_refusal(Cadence.HOURLY, 99, None) is None
