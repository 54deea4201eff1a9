"""What the engine asks of a destination: how to cut a run into requests, and the bytes of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulator.feeds import CohortInfo
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import Instant
from simulator.sync.ports import Request
from simulator.sync.store.packing import Batch
from simulator.sync.store.records import Connection, Delivery, Sync


class Unwritable(ValueError):
    """The request of a delivery cannot be written, so nothing is sent; the message says why."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request to build: the delivery's row and what it carries."""

    sync: Sync
    connection: Connection
    delivery: Delivery
    cohort_name: str
    started_at: Instant
    run_id: str
    """A UUID of the run."""
    batch: Batch
    extras: Mapping[str, Any] = field(default_factory=dict)


class Destination(Protocol):
    """A wire client: settings and bytes, no decisions about people."""

    kind: str
    batch_size: int
    """Identifiers in one request, over all kinds and directions (SYNC-3)."""
    patience_ms: int
    """Simulated time that the sender waits for an answer."""

    def request_size(self, track_limit: str) -> int:
        """Identifiers in one request under the contract with Braze that the switch names; else `batch_size`."""

    def name_call(self, sync: Sync, cohort: CohortInfo) -> Mapping[str, Any] | None:
        """What a call that names the cohort says, or None when no such call is needed now (SYNC-2)."""

    one_pile: bool
    """Whether entries and exits may share a request."""

    def details(self, connection: Connection, user: AmplitudeUser) -> Mapping[str, Any] | None:
        """What goes with somebody who enters, beside the identifier; None for nothing."""

    def request(self, parcel: Parcel) -> Request:
        """The request of a delivery, with the keys that the connection has now. Raises Unwritable."""

    def rejected(self, body: bytes) -> dict[int, str]:
        """What a 2xx answer refused all the same, by position in the request; empty where no answer can tell."""
