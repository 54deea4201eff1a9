"""Rate limits as pure counting: fixed windows, buckets that several operations share, and the headers they send.

Source: Braze, "API limits" (2026): limits are per workspace; windows are fixed, an hourly one resets on the clock hour
and does not roll; every reply carries X-RateLimit-Limit, -Remaining and -Reset. That shorter windows lie on the clock
too, and that a refused request uses nothing up, is inferred. Two dialects (LIMIT-1): X-RateLimit-Reset as epoch seconds
("API limits"), or as seconds left with X-Ratelimit-Retry-After in the place of the three headers on a 429 ("Create and
update users", monthly-active-user plans). The plain Retry-After is added to a 429 in both, for clients that know no
other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.rules.instants import SECOND_MS, Instant, format_duration


class Alignment(StrEnum):
    """Where a window begins: on a whole multiple of its length on the clock, or with its first request."""

    CLOCK = "clock"
    FIRST_REQUEST = "first_request"


class Dialect(StrEnum):
    """What X-RateLimit-Reset says (the values of the switch `rate_limit_reset`)."""

    EPOCH_SECONDS = "epoch_seconds"
    SECONDS_LEFT = "seconds_left"


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many requests in a window; operations that name the same bucket share it.

    `source` and `confidence` say where the figure comes from; `per` names what else keeps counts apart besides the
    workspace ("" for nothing, "audience" for one count per audience).
    """

    name: str
    limit: int
    window_ms: int
    source: str
    confidence: str = "documented"
    per: str = ""
    alignment: Alignment = Alignment.CLOCK

    @property
    def in_words(self) -> str:
        """`3000 per 3s`, `250000 per 1h`."""
        each = f" and {self.per}" if self.per else ""
        return f"{self.limit} per {format_duration(self.window_ms)}{each}"


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of one window is used up: the instant it began and the requests let through since."""

    began: Instant
    used: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a bucket stands at an instant."""

    limit: int
    remaining: int
    resets_at: Instant


def current(bucket: Bucket, usage: Usage | None, at: Instant) -> Usage:
    """The usage of the window that holds the instant: the given one, or a fresh one when that is over."""
    if usage is not None and usage.began <= at < usage.began + bucket.window_ms:
        return usage
    if bucket.alignment is Alignment.CLOCK:
        return Usage(Instant(at - at % bucket.window_ms), 0)
    return Usage(at, 0)


def standing(bucket: Bucket, usage: Usage | None, at: Instant) -> Standing:
    """What is left of the window that holds the instant."""
    now = current(bucket, usage, at)
    return Standing(bucket.limit, max(0, bucket.limit - now.used), Instant(now.began + bucket.window_ms))


def take(bucket: Bucket, usage: Usage | None, at: Instant) -> Usage | None:
    """One request more: the usage afterwards, or None when the limit is reached and the request must be refused."""
    now = current(bucket, usage, at)
    return None if now.used >= bucket.limit else Usage(now.began, now.used + 1)


def tightest(standings: Mapping[str, Standing]) -> Standing:
    """Which of several buckets the headers speak of: the one with the least left, then the one that resets last."""
    return min(standings.values(), key=lambda one: (one.remaining, -one.resets_at))


def seconds_until(instant: Instant, at: Instant) -> int:
    """Whole seconds to wait, rounded up so that waiting them is enough; at least 0."""
    return max(0, -(-(instant - at) // SECOND_MS))


def headers(now: Standing, at: Instant, dialect: Dialect, *, refused: bool = False) -> dict[str, str]:
    """The headers of one reply, lower-case as HTTP/2 carries them."""
    wait = str(seconds_until(now.resets_at, at))
    if refused and dialect is Dialect.SECONDS_LEFT:
        return {"x-ratelimit-retry-after": wait, "retry-after": wait}
    reset = wait if dialect is Dialect.SECONDS_LEFT else str(-(-now.resets_at // SECOND_MS))
    found = {
        "x-ratelimit-limit": str(now.limit),
        "x-ratelimit-remaining": str(now.remaining),
        "x-ratelimit-reset": reset,
    }
    return found | {"retry-after": wait} if refused else found
