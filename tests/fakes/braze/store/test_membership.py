"""Members of a cohort, now and then."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.database import Database
from simulator.fakes.braze.store.membership import Membership
from simulator.fakes.braze.store.schema import MIGRATIONS
from simulator.rules.instants import Instant

SNAPSHOT = Database.memory([MIGRATIONS]).snapshot()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sets(st.integers(1, 6)), st.integers(0, 2)), max_size=12))
def test_the_past_is_what_the_present_was(history: list[tuple[bool, set[int], int]]) -> None:
    membership = Membership(Database.memory([], template=SNAPSHOT))
    key = membership.key("main", "amplitude", "c", Instant(0))
    at, members, remembered = 1, set[int](), {0: set[int]()}
    for remove, rows, later in history:
        at += later
        membership.change(key, set() if remove else rows - members, rows & members if remove else set(), Instant(at))
        members = members - rows if remove else members | rows
        remembered[at] = set(members)
    assert set(membership.members_of(key)) == members
    for instant, expected in remembered.items():
        assert set(membership.members_of(key, Instant(instant))) == expected


def test_a_cohort_nobody_mentioned_has_no_members(braze: Any) -> None:
    membership = braze.store.membership
    assert membership.cohort("main", "amplitude", "none") is None
    assert (membership.members("main", "amplitude", "none"), membership.size("main", "amplitude", "none")) == ([], 0)


def test_cohorts_are_listed_by_workspace_and_partner(braze: Any) -> None:
    braze.change(cohort_id="a")
    braze.change(cohort_id="b", partner="segment")
    listed = [cohort.cohort_id for cohort in braze.store.membership.cohorts("main")]
    assert (listed, braze.store.membership.cohorts("eu")) == (["a", "b"], [])
    assert [cohort.cohort_id for cohort in braze.store.membership.cohorts("main", "segment")] == ["b"]


def test_a_profile_knows_its_cohorts_until_it_is_gone(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    for cohort_id in ("a", "b"):
        braze.change({"user_ids": ["ida-1001"]}, cohort_id=cohort_id)
    assert [cohort.cohort_id for cohort in braze.store.membership.cohorts_of(ida.row)] == ["a", "b"]
    braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    assert braze.store.membership.cohorts_of(ida.row) == []


def test_members_are_read_page_by_page_in_the_order_of_arrival(braze: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.fakes.braze.store.membership.MEMBERS_AT_ONCE", 2)
    rows = [braze.identified(name).row for name in ("ida-1001", "ben-1001", "zoe-1001", "åsa-1001", "kim-1001")]
    braze.change({"user_ids": ["kim-1001", "ida-1001", "åsa-1001", "zoe-1001"]}, cohort_id="a")
    (cohort,) = braze.store.membership.cohorts("main")
    ida, _, zoe, asa, kim = rows
    assert [[ida, zoe], [asa, kim]] == list(braze.store.membership.by_the_thousand(cohort.key))
