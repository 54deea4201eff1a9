"""What all parts of the Braze fake share: the world's clock, ledger and rules, and Braze's own memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from simulator.clock import SimClock
from simulator.database import Database
from simulator.fakes.braze.store.activity import Activity
from simulator.fakes.braze.store.candidates import CandidateReader
from simulator.fakes.braze.store.identifiers import Identifiers
from simulator.fakes.braze.store.membership import Membership
from simulator.fakes.braze.store.points import DataPoints
from simulator.fakes.braze.store.profiles import Profile, Profiles
from simulator.fakes.braze.store.writes import Writes
from simulator.ledger import Ledger
from simulator.rules.instants import Instant
from simulator.rules.switches import RuleSet


class Store:
    """Braze's memory, one reader and writer per kind of thing; all share the world's database."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.profiles = Profiles(database, seed)
        self.identifiers = Identifiers(database, self.profiles)
        self.candidates = CandidateReader(database, self.profiles)
        self.membership = Membership(database)
        self.activity = Activity(database)
        self.points = DataPoints(database)


class Room:
    """Handed to every part of the fake. `rules` may be replaced while the world runs; parts read it each time."""

    def __init__(self, database: Database, ledger: Ledger, clock: SimClock, rules: RuleSet, seed: int) -> None:
        self.database = database
        self.ledger = ledger
        self.clock = clock
        self.rules = rules
        self.seed = seed
        self.store = Store(database, seed)
        self.when_merged: list[Callable[[Profile, Profile, Instant], None]] = []
        """Told (source, target, at) before the source ends, so that what others keep by profile can go over."""
        self.not_merged: list[Callable[[str, Sequence[int]], Collection[int]]] = []
        """Asked (workspace, rows) which of these profiles users/merge leaves as they are."""
        self.when_emailed: list[Callable[[Profile], None]] = []
        """Told a profile that has just got an address, before it is written; the follower may set its fields."""
        self.exported_by_others: list[Callable[[Sequence[int], Instant], Mapping[int, Mapping[str, object]]]] = []
        """Asked (rows, at) for further fields of an export, such as the campaigns a profile received."""
        self.unmade_groups: list[Callable[[str, Collection[str]], Collection[str]]] = []
        """Asked (workspace, ids) which of these subscription groups nobody has made."""
        self.writes = Writes(database, seed, lambda: self.rules.write_visibility)
