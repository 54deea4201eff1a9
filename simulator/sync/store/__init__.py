"""What the engine remembers; everything it does next is derived from these rows, so a killed process loses nothing."""

from __future__ import annotations

from simulator.sync.store.people import PeopleRows
from simulator.sync.store.schema import MIGRATIONS
from simulator.sync.store.syncs import SyncRows

__all__ = ["MIGRATIONS", "EngineStore"]


class EngineStore(SyncRows, PeopleRows):
    """All rows of the engine, in one world's database."""
