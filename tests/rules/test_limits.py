"""Rate limits: windows on the clock, shared counts, two dialects of headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.rules.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant, parse_instant
from simulator.rules.limits import (
    Alignment,
    Bucket,
    Dialect,
    Standing,
    Usage,
    current,
    headers,
    seconds_until,
    standing,
    take,
    tightest,
)

AT = parse_instant("2026-03-02T10:40:30Z")
HOURLY = Bucket("hourly", 3, HOUR_MS, "Braze, API limits")
MINUTELY = Bucket("minutely", 3, MINUTE_MS, "Braze, API limits", alignment=Alignment.FIRST_REQUEST)


def spend(bucket: Bucket, times: int, at: Instant) -> Usage | None:
    usage: Usage | None = None
    for _ in range(times):
        usage = take(bucket, usage, at)
    return usage


def test_a_request_below_the_limit_leaves_one() -> None:
    usage = spend(HOURLY, 2, AT)
    assert standing(HOURLY, usage, AT).remaining == 1


def test_the_last_allowed_request_leaves_none() -> None:
    usage = spend(HOURLY, 3, AT)
    assert standing(HOURLY, usage, AT).remaining == 0


def test_the_request_above_the_limit_is_refused() -> None:
    usage = spend(HOURLY, 3, AT)
    assert take(HOURLY, usage, AT) is None


def test_an_hourly_window_resets_on_the_clock_hour_and_does_not_roll() -> None:
    usage = spend(HOURLY, 3, AT)
    assert standing(HOURLY, usage, AT).resets_at == parse_instant("2026-03-02T11:00:00Z")


def test_a_millisecond_before_the_hour_is_still_the_old_window() -> None:
    usage = spend(HOURLY, 3, AT)
    assert take(HOURLY, usage, Instant(parse_instant("2026-03-02T11:00:00Z") - 1)) is None


def test_on_the_hour_the_window_is_new() -> None:
    usage = spend(HOURLY, 3, AT)
    hour = parse_instant("2026-03-02T11:00:00Z")
    assert take(HOURLY, usage, hour) == Usage(hour, 1)


def test_a_window_may_begin_with_its_first_request() -> None:
    usage = spend(MINUTELY, 3, AT)
    assert standing(MINUTELY, usage, AT).resets_at == AT + MINUTE_MS


def test_a_window_that_is_over_counts_for_nothing() -> None:
    assert current(MINUTELY, Usage(AT, 3), Instant(AT + MINUTE_MS)) == Usage(Instant(AT + MINUTE_MS), 0)


def test_the_headers_speak_of_the_bucket_with_the_least_left() -> None:
    hour, burst = Standing(250_000, 10, Instant(AT + HOUR_MS)), Standing(3_000, 2, Instant(AT + SECOND_MS))
    assert tightest({"hour": hour, "burst": burst}) == burst


def test_of_two_buckets_with_nothing_left_the_longer_wait_counts() -> None:
    hour, burst = Standing(250_000, 0, Instant(AT + HOUR_MS)), Standing(3_000, 0, Instant(AT + SECOND_MS))
    assert tightest({"burst": burst, "hour": hour}) == hour


@pytest.mark.parametrize(("left_ms", "seconds"), [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (-5, 0)])
def test_waits_are_rounded_up_to_whole_seconds(left_ms: int, seconds: int) -> None:
    assert seconds_until(Instant(AT + left_ms), AT) == seconds


def test_reset_is_epoch_seconds_by_default() -> None:
    now = Standing(3, 1, parse_instant("2026-03-02T11:00:00Z"))
    assert headers(now, AT, Dialect.EPOCH_SECONDS) == {
        "x-ratelimit-limit": "3",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": "1772449200",
    }


def test_reset_may_be_the_seconds_left() -> None:
    now = Standing(3, 1, parse_instant("2026-03-02T11:00:00Z"))
    assert headers(now, AT, Dialect.SECONDS_LEFT)["x-ratelimit-reset"] == "1170"


def test_a_refusal_keeps_the_three_headers_in_the_epoch_dialect() -> None:
    now = Standing(3, 0, parse_instant("2026-03-02T11:00:00Z"))
    assert headers(now, AT, Dialect.EPOCH_SECONDS, refused=True) == {
        "x-ratelimit-limit": "3",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1772449200",
        "retry-after": "1170",
    }


def test_a_refusal_in_the_other_dialect_says_only_when_to_come_back() -> None:
    now = Standing(3, 0, parse_instant("2026-03-02T11:00:00Z"))
    assert headers(now, AT, Dialect.SECONDS_LEFT, refused=True) == {
        "x-ratelimit-retry-after": "1170",
        "retry-after": "1170",
    }


def test_a_bucket_says_itself_in_words() -> None:
    sends = Bucket("audience", 10, MINUTE_MS, "Braze, API limits", per="audience")
    assert (HOURLY.in_words, sends.in_words) == ("3 per 1h", "10 per 1m and audience")


@given(st.lists(st.integers(0, 2 * HOUR_MS), max_size=60), st.sampled_from([HOURLY, MINUTELY]))
def test_no_window_ever_lets_more_through_than_its_limit(waits: list[int], bucket: Bucket) -> None:
    usage: Usage | None = None
    let_through: dict[Instant, int] = {}
    for at in sorted(Instant(AT + wait) for wait in waits):
        taken = take(bucket, usage, at)
        if taken is not None:
            let_through[taken.began] = let_through.get(taken.began, 0) + 1
            usage = taken
    assert all(count <= bucket.limit for count in let_through.values())
