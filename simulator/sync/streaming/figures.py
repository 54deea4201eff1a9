"""What became of a stream's objects in a period: delivered, expired, discarded, and how long delivery took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.ledger import Page
from simulator.rules.instants import SECOND_MS, Instant
from simulator.sync.streaming.outbox import ParcelState, Posted

PERCENTILE = 95
DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Objects counted where their fate was settled; `latency_seconds` is the 95th percentile from ingestion."""

    on_first_attempt: int = 0
    after_retry: int = 0
    expired: int = 0
    discarded: int = 0
    latency_seconds: float = 0.0


def delivery(posted: Iterable[Posted], told: Iterable[Page], reading_ms: int, start: Instant, end: Instant) -> Delivery:
    """Count what was settled from `start` up to and without `end` (Amplitude, Event Streaming Metrics Summary API).

    `told` are the stream's pages of the ledger, which say what was discarded: objects that could not be made, and
    those that Braze blamed in a request that it took (TRACK-1). `reading_ms` passes between ingestion and the first
    try.
    """
    discarded, blamed = 0, Counter[str]()
    for page in told:
        lost = sum(entry.outcome == DISCARDED for entry in page.entries)
        blamed[page.request] += lost
        discarded += lost * (start <= page.at < end)
    first = retried = expired = 0
    latencies_ms: list[int] = []
    for each in posted:
        # The last try is the one that settled it.
        if not start <= each.due_at < end:
            continue
        if each.state is ParcelState.DELIVERED:
            count = len(each.items) - blamed[each.request]
            at_once = each.attempts == 0 and each.tries == 0
            first, retried = first + count * at_once, retried + count * (not at_once)
            latencies_ms += [each.due_at - each.first_due_at + reading_ms] * count
        elif each.state is ParcelState.EXPIRED:
            expired += len(each.items)
    return Delivery(first, retried, expired, discarded, _percentile(latencies_ms) / SECOND_MS)


def _percentile(values: list[int]) -> int:
    """The smallest value that as many in a hundred do not exceed; 0 of none."""
    if not values:
        return 0
    rank = -(-len(values) * PERCENTILE // 100)
    return sorted(values)[rank - 1]
