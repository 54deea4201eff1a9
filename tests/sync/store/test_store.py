"""The engine's rows: what goes in comes out, and people are found by batch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.database import Database
from simulator.rules.identity import Identifier, Kind
from simulator.rules.mapping import Mapping
from simulator.rules.planning import Change, Direction, Standing
from simulator.sync.store import MIGRATIONS, EngineStore
from simulator.sync.store.packing import Batch, pack_mappings, unpack_mappings

ALIAS = Identifier(Kind.ALIAS, "4711", "crm")
DEVICE = Identifier(Kind.DEVICE_ID, "d-1")


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


def test_what_was_sent_is_remembered_until_it_is_taken_back(store: EngineStore) -> None:
    assert not store.anybody_sent(1)
    store.record_sent(1, Batch.of([Change(5, Direction.ADD, ALIAS, 0), Change(6, Direction.ADD, DEVICE, 0)]))
    assert {5: [Standing(ALIAS, True)]} == store.standing(1, [4, 5])
    store.record_sent(1, Batch.of([Change(5, Direction.REMOVE, ALIAS, -1), Change(6, Direction.RELEASE, DEVICE, -1)]))
    assert {} == store.standing(1, [5, 6])


def test_a_doubtful_request_leaves_its_people_in_doubt_and_a_later_answer_settles_it(store: EngineStore) -> None:
    add = [Change(5, Direction.ADD, ALIAS, 0)]
    store.record_doubt(1, Batch.of([*add, Change(6, Direction.RELEASE, DEVICE, -1)]))
    assert {5: [Standing(ALIAS, False)]} == store.standing(1, [5, 6])
    store.record_sent(1, Batch.of(add))
    assert {5: [Standing(ALIAS, True)]} == store.standing(1, [5])
    store.record_doubt(1, Batch.of([Change(5, Direction.REMOVE, ALIAS, -1)]))
    assert {5: [Standing(ALIAS, False)]} == store.standing(1, [5])
    store.forget_sent(1, [(5, ALIAS)])
    assert not store.anybody_sent(1)


def test_syncs_do_not_see_each_others_people(store: EngineStore) -> None:
    store.record_sent(1, Batch.of([Change(5, Direction.ADD, ALIAS, 0)]))
    assert {} == store.standing(2, [5])
