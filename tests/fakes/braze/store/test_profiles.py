"""Profiles by every identifier, and their earlier versions."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.store.profiles import random_bucket


def test_an_external_id_is_found_exactly(braze: Any) -> None:
    braze.identified("ida-1001")
    assert braze.store.profiles.by_external_id("main", "IDA-1001") is None
    assert braze.store.profiles.by_external_id("eu", "ida-1001") is None


@pytest.mark.parametrize("braze_id", ["", "xyz", "0" * 24, "f" * 24, "1"])
def test_a_made_up_braze_id_finds_nobody(braze: Any, braze_id: str) -> None:
    braze.identified("ida-1001")
    assert braze.store.profiles.by_braze_id("main", braze_id) is None


def test_the_row_is_part_of_the_braze_id(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    assert [ida.row, None, None] == [
        braze.store.profiles.row_of(*named)
        for named in (("main", ida.braze_id), ("eu", ida.braze_id), ("main", "no id at all"))
    ]


def test_rows_at_an_instant_are_those_that_lived(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    then = braze.clock.now
    braze.clock.move_to(then + 1)
    ben = braze.identified("ben-1001")
    braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    profiles = braze.store.profiles
    assert (profiles.rows("main", then - 1), profiles.rows("main", then), profiles.rows("main")) == (
        [],
        [ida.row],
        [ben.row],
    )


def test_several_changes_at_one_instant_keep_the_version_before_them(braze: Any) -> None:
    ida = braze.identified("ida-1001", plan="one")
    then = braze.clock.now
    braze.clock.move_to(then + 1)
    for plan in ("two", "three"):
        braze.identified("ida-1001", plan=plan)
    braze.clock.move_to(then + 2)
    braze.identified("ida-1001", plan="four")
    plans = [braze.store.profiles.past([ida.row], then + n).get(ida.row) for n in (0, 1, 2)]
    assert [plan.custom["plan"] if plan else None for plan in plans] == ["one", "three", None]


def test_random_buckets_spread_over_ten_thousand(braze: Any) -> None:
    buckets = [random_bucket(braze.store.profiles.braze_id_of("main", row)) for row in range(1, 1001)]
    assert all(0 <= bucket < 10_000 for bucket in buckets)
    assert len(set(buckets)) > 900
