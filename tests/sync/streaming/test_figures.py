"""Figures of a stream: what was settled in a period, and the latency that 95 of 100 objects did not exceed."""

from __future__ import annotations

import pytest

from simulator.rules.instants import Instant
from simulator.sync.streaming.figures import Delivery, delivery
from simulator.sync.streaming.outbox import ParcelState, Posted


def posted(
    state: ParcelState, due_at: int, *, items: int = 1, attempts: int = 0, tries: int = 0, first: int = 0
) -> Posted:
    """A request that was last tried at an instant."""
    return Posted(1, "stream-1", "r-1", [{}] * items, state, attempts, tries, Instant(first or due_at), Instant(due_at),
                  200, "")  # fmt: skip


def of(*requests: Posted, start: int = 0, end: int = 1_000_000) -> Delivery:
    """The figures of a period, without anything discarded."""
    return delivery(requests, [], 5_000, Instant(start), Instant(end))


def test_without_requests_everything_is_zero() -> None:
    assert Delivery() == of()


def test_first_attempts_and_later_ones_are_told_apart_and_what_waits_counts_nowhere() -> None:
    found = of(
        posted(ParcelState.DELIVERED, 10_000, items=3),
        posted(ParcelState.DELIVERED, 20_000, tries=1),
        posted(ParcelState.DELIVERED, 30_000, attempts=2),
        posted(ParcelState.EXPIRED, 40_000, items=2, attempts=10),
        posted(ParcelState.WAITING, 50_000, items=9),
    )
    assert (3, 2, 2) == (found.on_first_attempt, found.after_retry, found.expired)


@pytest.mark.parametrize(("at", "counted"), [(9_999, 0), (10_000, 1), (19_999, 1), (20_000, 0)])
def test_the_start_of_a_period_is_in_and_its_end_is_out(at: int, counted: int) -> None:
    assert counted == of(posted(ParcelState.DELIVERED, at), start=10_000, end=20_000).on_first_attempt


def test_latency_is_that_of_the_slowest_but_one_in_twenty() -> None:
    quick = [posted(ParcelState.DELIVERED, 10_000)] * 19
    slow = posted(ParcelState.DELIVERED, 70_000, first=10_000, tries=1)
    assert 5.0 == of(*quick, slow).latency_seconds
    assert 65.0 == of(*quick, slow, slow).latency_seconds
