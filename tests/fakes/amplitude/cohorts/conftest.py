"""An Amplitude without its HTTP side: the real store, the real intake, and the cohorts that listen to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from simulator.clock import Agenda, SimClock
from simulator.database import Database
from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.cohorts.facade import Cohorts, Stores
from simulator.fakes.amplitude.cohorts.histories import Histories, stamps_of
from simulator.fakes.amplitude.cohorts.tables import MIGRATIONS as COHORT_MIGRATIONS
from simulator.fakes.amplitude.ingestion.intake import Incoming, Intake
from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings
from simulator.fakes.amplitude.reads.privacy.deletions import Deletions
from simulator.fakes.amplitude.store import MIGRATIONS as STORE_MIGRATIONS
from simulator.fakes.amplitude.store.events import Kind
from simulator.fakes.amplitude.store.placed import PROPENSITY
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.ledger import MIGRATIONS as LEDGER_MIGRATIONS
from simulator.ledger import Ledger
from simulator.rules.cohorts.definition import needs
from simulator.rules.cohorts.history import Event, History
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
        self.store = AmplitudeStore(self.database, seed=7)
        self.projects, self.users, self.events = self.store.projects, self.store.users, self.store.events
        self.relations = self.store.relations
        self.project = self.projects.add(ProjectSettings())
        self.intake = Intake(
            self.database, self.ledger, self.projects, self.users, self.events, self.rules, AmplitudeSettings()
        )
        store = self.store
        stores = Stores(
            self.database, self.ledger, self.clock, 7, store.projects, store.users, store.events, store.relations,
            store.placed,
        )  # fmt: skip
        self.cohorts = Cohorts(stores, self.rules)
        self.histories = Histories(store.users, store.events, store.relations, store.placed)
        self.deletions = Deletions(self.store, self.intake, self.ledger, self.clock)
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

    def known(self, person: str) -> list[int]:
        """The amplitude_id of a person, in a list; empty for somebody unknown."""
        user_id, _, device_id = person.partition(":")
        if user_id:
            return [each.amplitude_id for each in self.users.by_user_id(self.project, [user_id]).values()]
        device = self.users.devices(self.project, [device_id]).get(device_id)
        owner = device and (device.last_user_id or device.anonymous_id)
        return list(self.users.canonical(self.project, [owner]).values()) if owner else []

    def erase(self, person: str) -> None:
        """What a deletion job does on its day; a device stands for its anonymous user, merged by now or not."""
        numbers = self.known(person)
        if person.startswith(":"):
            device = self.users.devices(self.project, [person[1:]]).get(person[1:])
            numbers = [device.anonymous_id] if device and device.anonymous_id else []
        if numbers:
            self.deletions.erase(self.project, numbers, self.clock.now)

    def maps(self, user_id: str, global_user_id: str | None) -> None:
        """What `/usermap` does."""
        concerned = self.relations.targets(self.project, [user_id])
        self.relations.map_user(self.project, user_id, global_user_id)
        concerned += self.relations.targets(self.project, [user_id])
        self.intake.tell(self.project, concerned, self.clock.now)

    def predicts(self, prediction: str, person: str, percentile: int) -> None:
        """What Amplitude's model says of a person, put in place."""
        (number,) = self.known(person)
        value = {"score": percentile / 100, "pct": percentile}
        self.store.placed.put(self.project, PROPENSITY, prediction, number, value, self.clock.now)
        self.intake.tell(self.project, [number], self.clock.now)

    def mark_active(self, event: str, active: bool) -> None:
        """What the tracking plan does when an event type is set active or inactive."""
        self.events.mark_active(self.project, event, active, self.clock.now)
        self.cohorts.activity_changed(self.project, self.clock.now)

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
        return self.histories.load(self.project, everybody, wanted)

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

    def everybody(self) -> list[History]:
        """Every history whole: all rows read, merges and mappings followed here and not by the store."""
        ids = [each.amplitude_id for each in self.users.iterate(self.project)]
        records = {row[0]: row[1:] for row in self.database.rows(
            "SELECT amplitude_id, user_id, merged_into, first_event_at FROM amplitude_user")}  # fmt: skip
        mapping = dict(self.database.rows("SELECT user_id, global_user_id FROM amplitude_mapping"))
        by_user_id = {user_id: number for number, (user_id, _, _) in records.items() if user_id is not None}
        inactive = self.events.inactive_types(self.project)
        counted: dict[int, set[int]] = {number: {number} for number in ids}
        for user_id, number in by_user_id.items():
            target, seen = mapping.get(user_id), set[str]()
            while self.rules.mapped_users == "joined" and target is not None and target not in seen:
                seen.add(target)
                counted.get(by_user_id.get(target, 0), set()).add(number)
                target = mapping.get(target)
        for number, (_, merged_into, _) in records.items():
            for parts in counted.values():
                if merged_into in parts:
                    parts.add(number)
        stored = list(self.events.uploaded(self.project, Instant(0), Instant(2**62)))
        stored.sort(key=lambda each: (each.time, each.sequence))
        people = self.users.by_amplitude_id(self.project, ids)
        predicted = self.store.placed.of(self.project, PROPENSITY, ids)
        return [
            History(
                number, people[number].user_id, people[number].device_id, people[number].all_properties(),
                [Event(each.time, each.event_type, each.properties(), stamps_of(each), each.event_type not in inactive)
                 for each in stored if each.amplitude_id in parts],
                min((each.time for each in stored if each.amplitude_id in parts), default=None),
                frozenset(parts - {number}),
                {name: value["pct"] for name, value in predicted.get(number, {}).items()},
            )
            for number, parts in counted.items()
        ]  # fmt: skip

    def evaluated(self, cohorts: Iterable[str]) -> dict[str, list[int]]:
        """Who is in each cohort by the full evaluation: every history judged now, by nothing that is kept."""
        histories = {history.amplitude_id: history for history in self.everybody()}

        def inside(cohort: str, amplitude_id: int, at: Instant) -> bool:
            found = self.cohorts.describe(cohort)
            if found.definition is None:
                return amplitude_id in self.cohorts.members(cohort)
            return is_member(found.definition, histories[amplitude_id], at, inside, self.rules)

        return {
            cohort: [number for number in sorted(histories) if inside(cohort, number, self.clock.now)]
            for cohort in cohorts
        }


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
