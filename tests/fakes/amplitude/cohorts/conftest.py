"""An Amplitude without its HTTP side: the real store, the real intake, and the cohorts that listen to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from simulator.clock import Agenda, SimClock
from simulator.database import Database
from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.cohorts.facade import Cohorts, Stores
from simulator.fakes.amplitude.cohorts.histories import Histories
from simulator.fakes.amplitude.cohorts.tables import MIGRATIONS as COHORT_MIGRATIONS
from simulator.fakes.amplitude.ingestion.intake import Incoming, Intake
from simulator.fakes.amplitude.projects import AmplitudeSettings, Projects, ProjectSettings
from simulator.fakes.amplitude.store import MIGRATIONS as STORE_MIGRATIONS
from simulator.fakes.amplitude.store.events import Events, Kind
from simulator.fakes.amplitude.store.users import Users
from simulator.ledger import MIGRATIONS as LEDGER_MIGRATIONS
from simulator.ledger import Ledger
from simulator.rules.cohorts.definition import needs
from simulator.rules.cohorts.history import History
from simulator.rules.cohorts.membership import is_member
from simulator.rules.instants import Instant, parse_duration
from simulator.rules.switches import RuleSet


class Shop:
    """One Amplitude with a clock; people are named by user id, or by device id after a colon (`:d-ben-0001`)."""

    def __init__(self, start: Instant, rules: RuleSet | None = None, file: Path | None = None) -> None:
        migrations = [LEDGER_MIGRATIONS, STORE_MIGRATIONS, COHORT_MIGRATIONS]
        self.database = Database.open(file, migrations) if file else Database.memory(migrations)
        self.clock = SimClock(start)
        self.agenda = Agenda(self.clock)
        self.ledger = Ledger(self.database)
        self.rules = rules or RuleSet()
        self.projects = Projects(self.database, seed=7)
        self.project = self.projects.add(ProjectSettings())
        self.users = Users(self.database)
        self.events = Events(self.database)
        self.intake = Intake(
            self.database, self.ledger, self.projects, self.users, self.events, self.rules, AmplitudeSettings()
        )
        stores = Stores(self.database, self.ledger, self.clock, 7, self.projects, self.users, self.events)
        self.cohorts = Cohorts(stores, self.rules)
        self.intake.listeners.append(self.cohorts.users_changed)
        self.agenda.register(self.cohorts.due_work)

    def did(self, person: str, event: str = "app_opened", at: int | None = None, **properties: object) -> int:
        """One event; the amplitude_id it went to."""
        user_id, _, device_id = person.partition(":")
        call = Incoming(
            Kind.EVENT,
            event,
            self.clock.now if at is None else at,
            user_id or None,
            device_id or None,
            event_properties=properties,
        )
        return self.intake.take(self.project, [call], self.clock.now).amplitude_ids[0]

    def did_all(self, people: Iterable[str], event: str = "app_opened", at: int | None = None) -> list[int]:
        """One event of each, taken in together."""
        time = self.clock.now if at is None else at
        calls = [Incoming(Kind.EVENT, event, time, person, None) for person in people]
        return self.intake.take(self.project, calls, self.clock.now).amplitude_ids

    def has(self, person: str, **properties: object) -> int:
        """An identify call."""
        user_id, _, device_id = person.partition(":")
        call = Incoming(
            Kind.IDENTIFY, "$identify", self.clock.now, user_id or None, device_id or None, user_properties=properties
        )
        return self.intake.take(self.project, [call], self.clock.now).amplitude_ids[0]

    def later(self, duration: str) -> None:
        """Move the clock, running everything due."""
        self.agenda.advance_to(Instant(self.clock.now + parse_duration(duration)))

    def who(self, cohort: str) -> list[str]:
        """User ids (or device ids) of the members, sorted."""
        members = self.users.by_amplitude_id(self.project, self.cohorts.members(cohort)).values()
        return sorted(each.user_id or f":{each.device_id}" for each in members)

    def read(self, cohort: Cohort) -> list[History]:
        """Everybody's history, as far as the cohort's definition looks at it."""
        everybody = [record.amplitude_id for record in self.users.iterate(self.project)]
        stamped = self.rules.property_most_recently == "latest_active_event"
        wanted = needs(cohort.definition, stamped_properties=stamped)
        return Histories(self.users, self.events).load(self.project, everybody, wanted)

    def judged(self, cohort: str) -> list[int]:
        """Who is in by the full evaluation: every history, read whole and judged now."""
        found = self.cohorts.describe(cohort)
        if found.definition is None:
            return self.cohorts.members(cohort)
        return [
            history.amplitude_id
            for history in self.read(found)
            if is_member(found.definition, history, self.clock.now, lambda c, a, at: a in self.judged(c), self.rules)
        ]


@pytest.fixture
def shop(start: Instant) -> Shop:
    return Shop(start)


@pytest.fixture
def shop_in(start: Instant, tmp_path: Path):
    """A shop that lives in a file; opened again it stands where it stood, at the instant given."""
    return lambda at=start: Shop(at, file=tmp_path / "world.db")


@pytest.fixture
def shop_under(start: Instant):
    """A shop under other switches."""
    return lambda **switches: Shop(start, RuleSet().with_switches(switches))
