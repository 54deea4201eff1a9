"""What a run sends."""

from __future__ import annotations

import pytest

from simulator.rules.identity import AmplitudeUser, Identifier, Kind
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import SkipReason
from simulator.rules.planning import Change, Direction, Skip, batches, plan

BY_USER_ID = (Mapping("user_id", Kind.EXTERNAL_ID),)


def test_entered_people_are_added_under_the_mapping_of_now_and_leavers_under_the_stored_identifier() -> None:
    stored = Identifier(Kind.DEVICE_ID, "d-ben")
    planned = plan([AmplitudeUser(2, user_id="ida-1001")], [1], {1: stored}, BY_USER_ID, "on_missing")
    assert (
        Change(2, Direction.ADD, Identifier(Kind.EXTERNAL_ID, "ida-1001"), 0),
        Change(1, Direction.REMOVE, stored, -1),
    ) == planned.changes


def test_somebody_nameless_is_skipped_and_their_leaving_sends_nothing() -> None:
    planned = plan([AmplitudeUser(1)], [2], {}, BY_USER_ID, "on_missing")
    assert () == planned.changes
    assert (Skip(1, SkipReason.UNRESOLVED_MAPPING, ("user_id",)),) == planned.skips


@pytest.mark.parametrize(("people", "sizes"), [(0, []), (999, [999]), (1000, [1000]), (1001, [1000, 1])])
def test_a_request_holds_at_most_a_thousand_identifiers(people: int, sizes: list[int]) -> None:
    identifier = Identifier(Kind.EXTERNAL_ID, "x")
    changes = [Change(n, Direction.ADD, identifier, 0) for n in range(people)]
    assert sizes == [len(batch) for batch in batches(changes)]
