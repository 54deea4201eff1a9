"""What a run sends when an earlier one failed half-way, and when nothing is known of anybody."""

from __future__ import annotations

import pytest

from simulator.rules.identity import AmplitudeUser, Identifier, Kind
from simulator.rules.mapping import Mapping
from simulator.rules.planning import Change, Direction, Skip, Standing, additions, plan, reconcile, release_reused

HIERARCHY = (Mapping("user_id", Kind.EXTERNAL_ID), Mapping("device_id", Kind.DEVICE_ID))
USER = Identifier(Kind.EXTERNAL_ID, "ben-1001")
DEVICE = Identifier(Kind.DEVICE_ID, "d-ben-0001")
BEN = AmplitudeUser(1, user_id="ben-1001", device_id="d-ben-0001")


def test_somebody_certainly_there_is_not_sent_again() -> None:
    planned = reconcile([BEN], [], {1: [Standing(DEVICE, True)]}, HIERARCHY, "on_missing")
    assert ((), ()) == (planned.changes, planned.skips)


def test_somebody_perhaps_there_is_sent_again_under_the_mapping_of_now() -> None:
    planned = reconcile([BEN], [], {1: [Standing(DEVICE, False)]}, HIERARCHY, "on_missing")
    assert (Change(1, Direction.ADD, USER, 0),) == planned.changes


def test_somebody_unwanted_is_removed_under_every_identifier_that_may_be_there() -> None:
    standing = {1: [Standing(DEVICE, False), Standing(USER, True)]}
    planned = reconcile([], [1, 2], standing, HIERARCHY, "on_missing")
    assert [DEVICE, USER] == [change.identifier for change in planned.changes]
    assert {Direction.REMOVE} == {change.direction for change in planned.changes}


def test_a_removal_gives_way_to_the_entry_of_somebody_else_under_the_same_identifier() -> None:
    removals = [Change(1, Direction.REMOVE, DEVICE, -1), Change(1, Direction.REMOVE, USER, -1)]
    assert [Direction.RELEASE, Direction.REMOVE] == [each.direction for each in release_reused(removals, {DEVICE})]


@pytest.mark.parametrize("fallback", ["on_missing", "off", "on_no_match"])
@pytest.mark.parametrize("hierarchy", [HIERARCHY, HIERARCHY[::-1], HIERARCHY[1:], (Mapping("age", Kind.ALIAS, "crm"),)])
def test_a_first_run_says_the_same_of_everybody_as_a_plan(hierarchy: tuple[Mapping, ...], fallback: str) -> None:
    people = [
        BEN,
        AmplitudeUser(2, user_id="ida-1001"),
        AmplitudeUser(3, device_id="d-3"),
        AmplitudeUser(4),
        AmplitudeUser(5, user_id="  ", device_id="d-5"),
        AmplitudeUser(6, user_id="", properties={"age": 41}),
    ]
    planned = plan(people, [], {}, hierarchy, fallback)
    found = additions(people, hierarchy, fallback)
    columns = list(zip(found.people, found.values, found.ranks, strict=True))
    assert [(each.amplitude_id, each.identifier.value, each.rank) for each in planned.changes] == columns
    assert list(planned.skips) == found.skips
    assert all(isinstance(skip, Skip) for skip in found.skips)
