"""The engine's rows: what goes in comes out, and people are found by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator.database import Database
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import RunStatus
from simulator.rules.planning import Change, Direction, Standing
from simulator.sync.store import MIGRATIONS, EngineStore
from simulator.sync.store.packing import Batch, pack_mappings, unpack_mappings
from simulator.sync.store.records import NewDelivery, Run

ALIAS = Identifier(Kind.ALIAS, "4711", "crm")
DEVICE = Identifier(Kind.DEVICE_ID, "d-1")
START = Instant(0)
RUN = Run(
    sync=1, number=1, trigger="saved", started_at=START, finished_at=None, status=RunStatus.RUNNING, cursor=None,
    cohort_name="", mappings=(), stage=1, added=0, removed=0, skipped=0, undelivered=0, requests=0, reason="",
)  # fmt: skip


@pytest.fixture
def store() -> Iterator[EngineStore]:
    database = Database.memory([MIGRATIONS])
    yield EngineStore(database)
    database.close()


def test_changes_and_mappings_survive_packing() -> None:
    changes = [Change(1, Direction.ADD, ALIAS, 1), Change(2, Direction.RELEASE, DEVICE, -1)]
    mappings = (Mapping("crm_id", Kind.ALIAS, "crm"), Mapping("user_id", Kind.EXTERNAL_ID))
    assert changes == Batch.unpack(Batch.of(changes).pack()).changes()
    assert 0 == len(Batch.unpack(None))
    assert mappings == unpack_mappings(pack_mappings(mappings))


def deliver(store: EngineStore, sync: int, changes: list[Change]) -> None:
    """A request of a sync arrives."""
    run = replace(RUN, sync=sync, number=1)
    number = store.delivery_count(sync, 1)
    store.add_deliveries(run, number, [NewDelivery("users", 1, Batch.of(changes))], [f"request-{number}"], START)
    store.note_delivered(sync, store.deliveries(sync, 1)[-1].id)


def test_what_was_sent_is_remembered_until_it_is_taken_back(store: EngineStore) -> None:
    assert not store.anybody_sent(1)
    deliver(store, 1, [Change(5, Direction.ADD, ALIAS, 0), Change(6, Direction.ADD, DEVICE, 0)])
    assert {5: [Standing(ALIAS, True)]} == store.standing(1, [4, 5])
    deliver(store, 1, [Change(5, Direction.REMOVE, ALIAS, -1), Change(6, Direction.RELEASE, DEVICE, -1)])
    assert {} == store.standing(1, [5, 6])


def test_a_doubtful_request_leaves_its_people_in_doubt_and_a_later_answer_settles_it(store: EngineStore) -> None:
    add = [Change(5, Direction.ADD, ALIAS, 0)]
    store.record_doubt(1, Batch.of([*add, Change(6, Direction.RELEASE, DEVICE, -1)]))
    assert {5: [Standing(ALIAS, False)]} == store.standing(1, [5, 6])
    deliver(store, 1, add)
    assert {5: [Standing(ALIAS, True)]} == store.standing(1, [5])
    store.record_doubt(1, Batch.of([Change(5, Direction.REMOVE, ALIAS, -1)]))
    assert {5: [Standing(ALIAS, False)]} == store.standing(1, [5])
    store.forget_sent(1, [(5, ALIAS)])
    assert not store.anybody_sent(1)


def test_syncs_do_not_see_each_others_people(store: EngineStore) -> None:
    deliver(store, 1, [Change(5, Direction.ADD, ALIAS, 0)])
    assert {} == store.standing(2, [5])
