"""Where the clock stood is found again, also when nothing happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator import timekeeping
from simulator.database import Database
from simulator.rules.instants import SECOND_MS, Instant, parse_instant
from simulator.timekeeping import Timekeeper

NOW = parse_instant("2026-03-02T10:00:00Z")


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database.memory([timekeeping.MIGRATIONS])
    yield made
    made.close()


def test_a_new_world_has_stood_nowhere(database: Database) -> None:
    assert Timekeeper(database).last() is None


def test_the_last_instant_is_found_again(database: Database) -> None:
    Timekeeper(database).keep(NOW)
    assert NOW == Timekeeper(database).last()


@pytest.mark.parametrize(("step_ms", "kept"), [(SECOND_MS - 1, 0), (SECOND_MS, SECOND_MS), (SECOND_MS + 1, 1_001)])
def test_steps_of_less_than_a_second_are_not_written(database: Database, step_ms: int, kept: int) -> None:
    keeper = Timekeeper(database)
    keeper.keep(NOW)
    keeper.moved(Instant(NOW + step_ms))
    assert NOW + kept == keeper.last()


def test_openings_are_counted(database: Database) -> None:
    before = []
    for _ in range(3):
        keeper = Timekeeper(database)
        keeper.open()
        before.append(keeper.opened_before)
    assert [0, 1, 2] == before
