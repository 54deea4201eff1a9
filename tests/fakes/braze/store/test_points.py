"""The data point ledger."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.rules.instants import DAY_MS


def test_points_are_read_by_profile_cause_request_day_and_window(braze: Any) -> None:
    points, at = braze.store.points, braze.clock.now
    assert points.log("main", at, "cohort", "DP-1", [1, 2, 2], request="r-1", cohort_id="c", partner="amplitude") == 3
    assert points.log_counts("main", at + DAY_MS, "attribute", "DP-2", {1: 4, 2: 1, 3: 4}, request="r-2") == 9
    assert points.log("main", at, "nothing", "DP-2", []) == 0
    assert [points.of_profile(row) for row in (1, 2, 3, 4)] == [5, 3, 4, 0]
    assert points.by("main", "cause") == {"attribute": 9, "cohort": 3}
    assert points.by("main", "request") == {"r-1": 3, "r-2": 9}
    assert list(points.by_day("main").values()) == [3, 9]
    assert points.total("main", since=at, until=at + 1) == 3
    assert (points.total("main"), points.total("main", cause="cohort"), points.total("eu")) == (12, 3, 0)


def test_another_word_cannot_be_grouped_by(braze: Any) -> None:
    with pytest.raises(KeyError):
        braze.store.points.by("main", "moon")
