"""What the engine remembers, as values: connections, syncs, runs and deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.feeds import MAIN
from simulator.rules.cadence import Cadence
from simulator.rules.instants import Instant
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.rules.outcomes import RunStatus
from simulator.sync.store.packing import Batch


class SyncKind(StrEnum):
    """What a sync carries."""

    COHORT = "cohort"
    TRAITS = "traits"


class SyncState(StrEnum):
    """Whether a sync will run again."""

    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"


class DeliveryState(StrEnum):
    """Where one request stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Connection:
    """CONN-1. A configured destination: where to send, with which keys, and how to name a person."""

    id: str
    kind: str
    name: str
    endpoint: str
    settings: Mapping[str, Any]
    mappings: tuple[IdentifierMapping, ...]
    workspace: str
    created_at: Instant
    deleted: bool
    project: str = MAIN
    """CONN-2. Destinations are made per Amplitude project; their syncs send that project's people."""


@dataclass(frozen=True, slots=True)
class Sync:
    """A cohort (or a set of traits) bound to a connection and a cadence."""

    number: int
    id: str
    kind: SyncKind
    cohort: str
    connection: str
    cadence: Cadence
    slot_ms: int
    owner: str
    state: SyncState
    settings: Mapping[str, Any]
    saved_at: Instant
    next_run_at: Instant | None
    cursor: str | None
    last_success: int
    name_sent: str | None
    runs: int


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a sync. `added` and `removed` count people whose request was delivered."""

    sync: int
    number: int
    trigger: str
    started_at: Instant
    finished_at: Instant | None
    status: RunStatus
    cursor: str | None
    cohort_name: str
    mappings: tuple[IdentifierMapping, ...]
    stage: int
    added: int
    removed: int
    skipped: int
    undelivered: int
    requests: int
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request: what it carries, how often it was tried, and what the last answer was."""

    id: int
    sync: int
    run: int
    number: int
    stage: int
    operation: str
    request: str
    state: DeliveryState
    attempts: int
    due_at: Instant
    status: int | None
    failure: str
    maybe_applied: bool
    answered: bool
    """True while a slow answer is on its way: its status is known here, and the sender learns it at `due_at`."""
    settled_at: Instant | None
    people: int


class NewDelivery:
    """What a plan wants sent in one request."""

    __slots__ = ("batch", "extras", "operation", "stage")

    def __init__(self, operation: str, stage: int, batch: Batch, extras: Mapping[str, Any] | None = None) -> None:
        self.operation = operation
        self.stage = stage
        self.batch = batch
        self.extras = extras
