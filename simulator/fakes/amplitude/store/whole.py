"""Amplitude's whole store: its tables side by side over one database."""

from __future__ import annotations

from simulator.database import Database
from simulator.fakes.amplitude.projects import Projects
from simulator.fakes.amplitude.store.computations import Computations
from simulator.fakes.amplitude.store.events import Events
from simulator.fakes.amplitude.store.placed import Placed
from simulator.fakes.amplitude.store.relations import Relations
from simulator.fakes.amplitude.store.users import Users


class AmplitudeStore:
    """Everything one Amplitude remembers."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.seed = seed
        self.projects = Projects(database, seed)
        self.users = Users(database)
        self.events = Events(database)
        self.relations = Relations(database)
        self.placed = Placed(database)
        self.computations = Computations(database, seed)
