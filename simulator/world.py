"""One isolated world: both services, the engine between them, clock, store and seed, plugged together here only."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlite_utils import Migrations

from simulator import answers, openapi, timekeeping
from simulator import ledger as ledger_module
from simulator.acts import Acts
from simulator.answers import Answers
from simulator.audit.creation import CohortCalls
from simulator.audit.wire import WireWatch
from simulator.clock import Agenda, SimClock
from simulator.database import Database, StoreUnusable
from simulator.exchange import LATENCY_HEADER, TRANSPORT_HEADER, Exchange
from simulator.fakes import faults
from simulator.fakes.amplitude import store as amplitude_store
from simulator.fakes.amplitude.cohorts import tables as amplitude_cohort_tables
from simulator.fakes.amplitude.cohorts.api.objects import SyncInfo
from simulator.fakes.amplitude.projects import ENDPOINTS, US, AmplitudeSettings, Project
from simulator.fakes.amplitude.reads.housekeeping import DeliveryMetrics
from simulator.fakes.amplitude.service import AmplitudeService
from simulator.fakes.binding import Service
from simulator.fakes.braze.audience import schema as braze_audience_schema
from simulator.fakes.braze.keys import CLUSTER_HOSTS, BrazeSettings
from simulator.fakes.braze.service import BrazeService
from simulator.fakes.braze.store import schema as braze_schema
from simulator.fakes.faults import FaultBook, FaultGate
from simulator.journal import Journal
from simulator.ledger import Ledger
from simulator.rules.cadence import Cadence, Plan
from simulator.rules.identity import Identifier
from simulator.rules.instants import Instant, parse_instant
from simulator.rules.outcomes import Outcome
from simulator.rules.switches import RuleSet
from simulator.serving.listener import Aside, Door
from simulator.serving.transports import EndpointBook, HttpTransport, WsgiTransport
from simulator.sync.connections import Terms
from simulator.sync.currents.connector import Connector
from simulator.sync.engine import Engine
from simulator.sync.ports import Request, Response, Transport, TransportError
from simulator.sync.store import schema as engine_schema
from simulator.sync.streaming.streamer import KIND, Streamer
from simulator.timekeeping import Timekeeper, seed_of

MIGRATIONS: tuple[Migrations, ...] = tuple(
    room.MIGRATIONS
    for room in (
        ledger_module, amplitude_store, amplitude_cohort_tables, braze_schema, braze_audience_schema, engine_schema,
        faults, timekeeping, answers,
    )
)  # fmt: skip
_FREQUENCIES = {Cadence.REAL_TIME: "minute", Cadence.HOURLY: "hourly", Cadence.DAILY: "daily"}
AMPLITUDE_ENDPOINT = ENDPOINTS[US]
"""The endpoint of a project in the default region."""
DEFAULT_START = parse_instant("2026-03-02T10:00:00Z")


class DoorKind(StrEnum):
    """How the engine reaches the services: a direct WSGI call, or HTTP to a listener on loopback."""

    WSGI = "wsgi"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """Everything a world may be told; the same settings make the same world, byte for byte."""

    seed: int = 1
    start: Instant = DEFAULT_START
    rules: RuleSet = field(default_factory=RuleSet)
    amplitude: AmplitudeSettings = field(default_factory=AmplitudeSettings)
    braze: BrazeSettings = field(default_factory=BrazeSettings)
    state: Path | None = None
    """The file that the world lives in; None for one that dies with the process."""


class World:
    """Use as a context manager, or call `close`. Raises StoreUnusable, ContractMismatch."""

    def __init__(self, settings: WorldSettings | None = None, door: DoorKind = DoorKind.WSGI) -> None:
        self.settings = settings or WorldSettings()
        seed, rules = self.settings.seed, self.settings.rules
        self.database = _database(self.settings.state, seed)
        self.timekeeper = Timekeeper(self.database)
        self.clock = SimClock(_stored_now(self.database, self.timekeeper, self.settings.start))
        if self.settings.state is not None:
            self.clock.watcher = self.timekeeper.moved
            self.timekeeper.open()
        self.agenda = Agenda(self.clock)
        self.ledger = Ledger(self.database)
        self.journal = Journal()
        contracts = {name: openapi.load(name) for name in ("amplitude", "braze")}
        self.wire = WireWatch(contracts, lambda switch: getattr(self.rules, switch))
        self.faults = FaultBook(self.database, seed, self.ledger)
        gates = {name: [FaultGate(name, self.faults, contract)] for name, contract in contracts.items()}
        self.amplitude = AmplitudeService(
            self.database, self.ledger, self.clock, contracts["amplitude"], rules, seed, self.settings.amplitude,
            gates=gates["amplitude"],
        )  # fmt: skip
        self.cohort_calls = CohortCalls(lambda: self.braze.store.profiles.next_row())
        self.braze = BrazeService(
            self.database, self.ledger, self.clock, contracts["braze"], rules, seed, self.settings.braze,
            gates=[self.cohort_calls, *gates["braze"]],
        )  # fmt: skip
        self.endpoints = EndpointBook()
        self._transports = _Marked(self.endpoints, self.wire, _kept(self.database, self.settings.state))
        self._doors: list[Door] = []
        self._asides: list[Aside] = []
        self._open(door)
        self.engine = Engine(
            database=self.database, ledger=self.ledger, clock=self.clock, source=self.amplitude.cohorts.source(),
            transports=self._transports, rules=rules, seed=seed, outcomes=_Outcomes(self.ledger),
            traits=self.amplitude.trait_source,
        )  # fmt: skip
        self.amplitude.store.projects.watchers.append(self._use_plan)
        for project in self.amplitude.store.projects.all():
            self._use_plan(project)
        self.amplitude.cohort_api.sync_info = self._sync_info
        self.amplitude.housekeeping.metrics = self._delivery_metrics
        common: dict[str, Any] = {
            "database": self.database, "ledger": self.ledger, "clock": self.clock, "seed": seed,
            "transports": self._transports,
        }  # fmt: skip
        self.streams = Streamer(sources=self.amplitude.event_source, rules=rules, **common)
        self.currents = Connector(source=self.braze.audience.currents(), **common)
        self.acts = Acts(self.engine, self.amplitude, self.braze, self.braze_endpoint)
        for name, act in self.acts.table().items():
            self.faults.teach(name, act)
        for service in (self.amplitude.service, self.braze.service):
            self._listen(service)
        ours = (self.faults, self.engine, self.streams, self.currents)
        for work in (*self.amplitude.due_works, *self.braze.due_works, *ours):
            self.agenda.register(work)

    @property
    def rules(self) -> RuleSet:
        """The reading of the documents in force."""
        return self.braze.rules

    def use_rules(self, rules: RuleSet) -> None:
        """Read the documents differently from now on; what has happened stays."""
        self.amplitude.use_rules(rules)
        self.braze.rules = rules
        self.engine.use_rules(rules)
        self.streams.use_rules(rules)

    @property
    def braze_endpoint(self) -> str:
        """The REST endpoint of the first workspace, as a connection names it."""
        return f"https://{CLUSTER_HOSTS[self.settings.braze.workspaces[0].cluster]}"

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listeners and close the store. A world in a file can be opened again where it stopped."""
        for door in self._doors:
            door.stop()
        for aside in self._asides:
            aside.stop()
        self.endpoints.close()
        if self.settings.state is not None:
            self.timekeeper.keep(self.clock.now)
            self.database.close()
        elif (spare := self.database.emptied()) is not None:
            _SPARE.append(spare)

    def _open(self, kind: DoorKind) -> None:
        applications = {"amplitude": self.amplitude.app, "braze": self.braze.app}
        names = {"amplitude": list(ENDPOINTS.values())}
        # Every cluster leads to the one Braze; which of them a key belongs to is its own business (KEY-3).
        names["braze"] = [f"https://{host}" for host in CLUSTER_HOSTS.values()]
        aside = Aside() if kind is DoorKind.HTTP else None
        for name, application in applications.items():
            # In process a fault of the simulator is raised; behind a listener it can only be a 500.
            application.config["PROPAGATE_EXCEPTIONS"] = aside is None
            if aside is not None:
                door = Door(name, application, aside)
                door.start()
                self._doors.append(door)
            for endpoint in names[name]:
                transport = WsgiTransport(application, endpoint) if aside is None else HttpTransport(door.url, endpoint)
                self.endpoints.add(endpoint, transport)
        if aside is not None:
            self._asides.append(aside)

    def _use_plan(self, project: Project) -> None:
        self.engine.setup.terms[project.name] = Terms(Plan(project.plan), project.automated_syncs)

    def _sync_info(self, project: str, cohort_id: str) -> list[SyncInfo]:
        """What includeSyncInfo shows; one-time, paused and deleted syncs are left out."""
        del project  # a cohort's id belongs to one project
        return [
            SyncInfo(each.target, _FREQUENCIES[each.cadence], each.last_successful, each.last_failure, each.params)
            for each in self.engine.tidings(cohort_id)
            if each.cadence in _FREQUENCIES
        ]

    def _delivery_metrics(self, project: Project, sync_id: str, start: Instant, end: Instant) -> DeliveryMetrics | None:
        """The figures of a stream of that project, one that was deleted too."""
        for channel in self.streams.outbox.channels(KIND):
            if (channel.id, channel.project) == (sync_id, project.name):
                found = self.streams.delivery(channel, start, end)
                return DeliveryMetrics(
                    found.on_first_attempt, found.after_retry, found.expired, found.discarded, found.latency_seconds
                )
        return None

    def _listen(self, service: Service) -> None:
        service.observers.append(self._observe)
        service.answers = self._transports.answers
        service.opened_before = self.timekeeper.opened_before
        self.faults.serve(service.name, service.handlers)

    def _observe(self, exchange: Exchange) -> None:
        self._transports.heard(exchange)
        self.journal.record(exchange, self.wire.check(exchange), self.faults.refusal_in(exchange.request_id))


@dataclass(frozen=True, slots=True)
class _Marked:
    """The engine's transports; remembers which requests were the engine's own, for the watch on the wire.

    An answer that breaks on the way cannot carry how long it took (simulated), so that is kept here by request.
    """

    endpoints: EndpointBook
    wire: WireWatch
    answers: Answers | None
    """None in a world that dies with its process."""
    broken_ms: dict[str, int] = field(default_factory=dict)

    def to(self, endpoint: str) -> Transport:
        return _MarkedTransport(self.endpoints.to(endpoint), self)

    def settled(self, request_id: str) -> None:
        if self.answers is not None:
            self.answers.settled(request_id)

    def heard(self, exchange: Exchange) -> None:
        """Note how long a broken answer of an own request took."""
        headers = exchange.response_headers
        took = headers.get(LATENCY_HEADER.lower())
        if took and TRANSPORT_HEADER.lower() in headers and exchange.request_id in self.wire.engine_requests:
            self.broken_ms[exchange.request_id] = int(took)


@dataclass(frozen=True, slots=True)
class _MarkedTransport:
    transport: Transport
    marked: _Marked

    def send(self, request: Request) -> Response:
        request_id = request.headers.get("x-request-id", "")
        if request_id:
            self.marked.wire.engine_requests.add(request_id)
            if self.marked.answers is not None:
                self.marked.answers.expect(request_id)
        try:
            return self.transport.send(request)
        except TransportError as error:
            took_ms = self.marked.broken_ms.get(request_id, 0)
            raise TransportError(error.failure, max(error.took_ms, took_ms)) from error
        finally:
            self.marked.broken_ms.pop(request_id, None)


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """Tells the engine whom Braze did not match, for the reading `fallback: on_no_match` (MAP-2)."""

    ledger: Ledger

    def unmatched(self, request_ids: Sequence[str]) -> set[Identifier]:
        return {
            entry.identifier
            for request_id in request_ids
            for page in self.ledger.pages(rooms=["braze"], request=request_id)
            for entry in page.entries
            if entry.identifier is not None and entry.outcome == Outcome.DROPPED
        }


@lru_cache(maxsize=1)
def _template() -> bytes:
    """A migrated, empty database; making the next world from it takes no schema work."""
    database = Database.memory(MIGRATIONS)
    try:
        return database.snapshot()
    finally:
        database.close()


_SPARE: deque[Database] = deque(maxlen=2)
"""Empty databases that closed worlds have left for the next ones."""


def _database(state: Path | None, seed: int) -> Database:
    if state is not None:
        return _reopened(state, seed)
    with contextlib.suppress(IndexError):
        return _SPARE.pop()
    return Database.memory((), _template())


def _reopened(state: Path, seed: int) -> Database:
    """What is in a file came from one seed, and goes on with no other. Raises StoreUnusable."""
    database = Database.open(state, MIGRATIONS)
    if (made_from := seed_of(database, seed)) != seed:
        database.close()
        what = f"{state} holds a world of seed {made_from}, not of seed {seed}"
        raise StoreUnusable(f"{what}; say --seed {made_from}, or give another file")
    return database


def _kept(database: Database, state: Path | None) -> Answers | None:
    """Where answers wait for an engine that was killed; nobody comes back to a world without a file."""
    return None if state is None else Answers(database)


def _stored_now(database: Database, timekeeper: Timekeeper, start: Instant) -> Instant:
    """Where a reopened world stopped: not before the last thing that happened in it."""
    last = database.value("SELECT max(at) FROM ledger_page")
    return Instant(max(int(last or start), timekeeper.last() or start, start))
