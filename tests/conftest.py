"""Fixtures that many rooms share."""

from __future__ import annotations

import pytest

from simulator.clock import SimClock
from simulator.database import Database
from simulator.ledger import MIGRATIONS as LEDGER_MIGRATIONS
from simulator.ledger import Ledger
from simulator.rules.instants import Instant, parse_instant


@pytest.fixture
def start() -> Instant:
    """Monday morning, 2 March 2026, 10:00 UTC: when every test world begins."""
    return parse_instant("2026-03-02T10:00:00Z")


@pytest.fixture
def clock(start: Instant) -> SimClock:
    return SimClock(start)


@pytest.fixture
def ledger_database() -> Database:
    return Database.memory([LEDGER_MIGRATIONS])


@pytest.fixture
def ledger(ledger_database: Database) -> Ledger:
    return Ledger(ledger_database)
