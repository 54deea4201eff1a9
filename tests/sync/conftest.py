"""A world with a real database and clock, a cohort held in a dict, and a Braze that only writes down its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator import ledger as ledger_module
from simulator.clock import Agenda, SimClock
from simulator.database import Database
from simulator.feeds import ChangeFeed, CohortInfo, UnknownCohort
from simulator.ledger import Ledger
from simulator.rules.identity import AmplitudeUser, Identifier, Kind
from simulator.rules.instants import Instant, parse_instant
from simulator.rules.mapping import Mapping
from simulator.rules.switches import RuleSet
from simulator.sync import store
from simulator.sync.engine import Engine
from simulator.sync.ports import Request, Response, Transport, TransportError
from simulator.sync.store import EngineStore
from simulator.sync.store.records import Connection

START = parse_instant("2026-03-02T10:00:00Z")
SEED = 7
BY_USER_ID = (Mapping("user_id", Kind.EXTERNAL_ID),)
HIERARCHY = (
    Mapping("user_id", Kind.EXTERNAL_ID),
    Mapping("crm_id", Kind.ALIAS, "crm"),
    Mapping("device_id", Kind.DEVICE_ID),
)
Answer = int | Response | BaseException


class MemoryCohorts:
    """Amplitude's cohorts as sets, with a history so that any cursor stays valid."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.people: dict[int, AmplitudeUser] = {}
        self.members: dict[str, set[int]] = {}
        self.names: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.blockers: dict[str, tuple[str, ...]] = {}
        self._history: list[frozenset[int]] = []

    def cohort(self, cohort_id: str, *users: AmplitudeUser, name: str = "") -> str:
        self.members[cohort_id] = set()
        self.names[cohort_id] = name or cohort_id.title()
        self.enter(cohort_id, *users)
        return cohort_id

    def enter(self, cohort_id: str, *users: AmplitudeUser) -> None:
        for user in users:
            self.people[user.amplitude_id] = user
            self.members[cohort_id].add(user.amplitude_id)

    def leave(self, cohort_id: str, *users: AmplitudeUser) -> None:
        self.members[cohort_id] -= {user.amplitude_id for user in users}

    def cohort_info(self, cohort_id: str) -> CohortInfo:
        if cohort_id not in self.members:
            raise UnknownCohort(cohort_id)
        return CohortInfo(cohort_id, self.names[cohort_id], START, self.blockers.get(cohort_id, ()))

    def size(self, cohort_id: str) -> int:
        return self.sizes.get(cohort_id, len(self.members[cohort_id]))

    def changes(self, cohort_id: str, since: str | None, at: Instant) -> ChangeFeed:
        before = self._history[int(since)] if since else frozenset[int]()
        now = frozenset(self.members[cohort_id])
        self._history.append(now)
        entered = iter([self.people[person] for person in sorted(now - before)])
        return ChangeFeed(str(len(self._history) - 1), entered, sorted(before - now))

    def users(self, amplitude_ids: Sequence[int]) -> list[AmplitudeUser]:
        return [self.people[person] for person in sorted(amplitude_ids) if person in self.people]


@dataclass
class Recorder:
    """A service that writes down each request and answers as told: by default 201."""

    clock: SimClock
    requests: list[Request] = field(default_factory=list)
    instants: list[Instant] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    written_down: list[str] = field(default_factory=list)
    always: Callable[[Request], Answer | None] = lambda request: None
    during: Callable[[Request], None] = lambda request: None

    def to(self, endpoint: str) -> Transport:
        if endpoint.endswith("nobody"):
            raise LookupError(endpoint)
        return self

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        self.instants.append(self.clock.now)
        self.during(request)
        answer = self.always(request)
        if answer is None:
            answer = self.answers.pop(0) if self.answers else 201
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Response) else Response(answer, {}, b'{"message":"text"}')

    def settled(self, request_id: str) -> None:
        self.written_down.append(request_id)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(request.body) for request in self.requests]

    @property
    def changes(self) -> list[list[dict[str, Any]]]:
        return [body["cohort_changes"] for body in self.bodies if "cohort_changes" in body]

    @property
    def names(self) -> list[str]:
        return [body["name"] for body in self.bodies if "name" in body]

    def forget(self) -> None:
        self.requests.clear()
        self.instants.clear()


class Unmatched:
    """What Braze would say about who did not match."""

    def __init__(self) -> None:
        self.identifiers: set[Identifier] = set()

    def unmatched(self, request_ids: Sequence[str]) -> set[Identifier]:
        return self.identifiers if request_ids else set()


@dataclass
class Bench:
    """An engine with everything around it that a test may want to touch."""

    database: Database
    clock: SimClock
    agenda: Agenda
    ledger: Ledger
    source: MemoryCohorts
    braze: Recorder
    outcomes: Unmatched
    engine: Engine

    def connect(self, mappings: Sequence[Mapping] = HIERARCHY, name: str = "braze") -> Connection:
        return self.engine.create_connection(
            name,
            rest_endpoint="https://rest.iad-01.braze.com",
            partner_api_key="partner-key-0001",
            data_import_key="import-key-0001",
            mappings=mappings,
        )

    def advance(self, duration_ms: int) -> None:
        self.agenda.advance_to(Instant(self.clock.now + duration_ms))

    def stories(self, event: str) -> list[tuple[str, str, str]]:
        return [
            (entry.person, str(entry.identifier or ""), entry.outcome)
            for page in self.ledger.pages(rooms=["engine"], events=[event])
            for entry in page.entries
        ]

    def sent(self) -> set[tuple[int, str]]:
        """Who is in Braze under which value, as far as the engine knows."""
        store = EngineStore(self.database)
        found = {sync.number: store.standing(sync.number, list(self.source.people)) for sync in store.syncs()}
        return {
            (person, each.identifier.value)
            for people in found.values()
            for person, standing in people.items()
            for each in standing
            if each.certain
        }


def make_bench(database: Database, rules: RuleSet) -> Bench:
    clock = SimClock(START)
    ledger, source, braze, outcomes = Ledger(database), MemoryCohorts(clock), Recorder(clock), Unmatched()
    engine = Engine(
        database=database, ledger=ledger, clock=clock, source=source, transports=braze, rules=rules, seed=SEED,
        outcomes=outcomes,
    )  # fmt: skip
    agenda = Agenda(clock)
    agenda.register(engine)
    return Bench(database, clock, agenda, ledger, source, braze, outcomes, engine)


MIGRATIONS = (ledger_module.MIGRATIONS, store.MIGRATIONS)


@pytest.fixture
def build() -> Iterator[Callable[..., Bench]]:
    """Make a bench under a rule set: `build(fallback="off")`."""
    made: list[Database] = []

    def make(path: Path | None = None, **switches: str) -> Bench:
        database = Database.open(path, MIGRATIONS) if path else Database.memory(MIGRATIONS)
        made.append(database)
        return make_bench(database, RuleSet().with_switches(switches))

    yield make
    for each in made:
        each.close()


@pytest.fixture
def bench(build: Callable[..., Bench]) -> Bench:
    """A bench under the default rule set."""
    return build()


@pytest.fixture
def reset() -> TransportError:
    """A connection that broke before the answer."""
    return TransportError("reset")


@pytest.fixture
def ben() -> AmplitudeUser:
    """Device only."""
    return AmplitudeUser(101, device_id="d-ben-0001")


@pytest.fixture
def ida() -> AmplitudeUser:
    """Identified."""
    return AmplitudeUser(102, user_id="ida-1001", device_id="d-ida-0001")


@pytest.fixture
def kim() -> AmplitudeUser:
    """Alias only."""
    return AmplitudeUser(103, properties={"crm_id": 4711})
