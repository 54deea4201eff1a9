"""The bodies of Braze's cohort import."""

from __future__ import annotations

from simulator.rules.identity import Identifier, Kind
from simulator.rules.planning import Change, Direction
from simulator.sync.destinations.braze_cohorts import cohort_changes
from simulator.sync.store.packing import Batch


def test_a_body_groups_by_direction_and_kind_and_leaves_out_what_is_empty() -> None:
    changes = [
        Change(1, Direction.REMOVE, Identifier(Kind.ALIAS, "4711", "crm"), -1),
        Change(2, Direction.ADD, Identifier(Kind.EXTERNAL_ID, "李雷-1001"), 0),
        Change(3, Direction.RELEASE, Identifier(Kind.EXTERNAL_ID, "李雷-1001"), -1),
        Change(4, Direction.ADD, Identifier(Kind.DEVICE_ID, "d-4"), 2),
        Change(5, Direction.ADD, Identifier(Kind.EXTERNAL_ID, "ann-1001"), 0),
    ]
    assert [
        {"user_ids": ["李雷-1001", "ann-1001"], "device_ids": ["d-4"], "should_remove": False},
        {"aliases": [{"alias_name": "4711", "alias_label": "crm"}], "should_remove": True},
    ] == cohort_changes(Batch.of(changes))
    assert [] == cohort_changes(Batch([]))
