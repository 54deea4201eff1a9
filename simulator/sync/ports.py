"""What the engine needs from the outside, as Protocols: people, events, a wire, and Braze's silent outcomes.

The engine imports neither fake. Whoever wires a world hands it objects of these shapes. All instants are
simulated milliseconds (`Instant`); all sequences are ascending; all cursors are opaque text that stays valid for
ever, so that a failed run can ask the same question again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from simulator.feeds import ChangeFeed, CohortInfo, CurrentsEvent, IngestedEvent
from simulator.rules.identity import AmplitudeUser, Identifier
from simulator.rules.instants import Instant

# --- Amplitude, as cohorts -------------------------------------------------------------------------


class Source(Protocol):
    """Amplitude's cohorts, those of every project, asked for changes and never for members."""

    def cohort_info(self, cohort_id: str) -> CohortInfo:
        """Asked at every run for the name, so it must not count anybody. Raise UnknownCohort."""

    def size(self, cohort_id: str) -> int:
        """Members at the moment of asking; real-time syncs refuse more than 1,000,000 (CAD-3)."""

    def changes(self, cohort_id: str, since: str | None, at: Instant) -> ChangeFeed:
        """The net changes after `since`; the whole cohort when `since` is None. Has no lasting effect."""

    def users(self, amplitude_ids: Sequence[int]) -> list[AmplitudeUser]:
        """The people of these ids that still exist, by ascending amplitude_id."""


# --- Amplitude, as traits and as a stream of events ------------------------------------------------


class TraitSource(Protocol):
    """People of one Amplitude project with the values that a trait, computation or recommendation sync carries."""

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those of the names that are no computation and no recommendation of the project."""

    def people(
        self, active_since: Instant, at: Instant, properties: Sequence[str], computations: Sequence[str]
    ) -> Iterator[AmplitudeUser]:
        """People active at or after `active_since`, by ascending amplitude_id.

        `properties` of each holds their user properties, plus under its own name each computation or
        recommendation asked for that has a value for them.
        """


class EventSource(Protocol):
    """Ingestion of one of Amplitude's projects, followed from a sequence number."""

    def last_sequence(self) -> int:
        """The newest sequence number, 0 before the first event."""

    def events(self, after: int, limit: int) -> list[IngestedEvent]:
        """Up to `limit` events whose sequence is greater than `after`, ascending."""


TraitSources = Callable[[str], TraitSource]
EventSources = Callable[[str], EventSource]
"""By the name of the project."""


# --- Braze, as Currents ----------------------------------------------------------------------------


class CurrentsSource(Protocol):
    """Braze's message and behaviour events, followed from a sequence number."""

    def last_sequence(self) -> int:
        """The newest sequence number, 0 before the first event."""

    def events(self, after: int, limit: int) -> list[CurrentsEvent]:
        """Up to `limit` events whose sequence is greater than `after`, ascending."""


# --- the wire --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; the path is relative to the endpoint that the transport was made for."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    patience_ms: int | None = None
    """How long the sender waits for an answer; somebody else's server is given up after so much real time."""


@dataclass(frozen=True, slots=True)
class Response:
    """One complete HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    took_ms: int = 0
    """Simulated time between request and answer; 0 unless a latency fault is on."""


class Failure(StrEnum):
    """How an exchange ends without a usable answer; the request may have been applied (SYNC-6)."""

    RESET = "reset"
    TRUNCATED = "truncated"
    TIMEOUT = "timeout"


class TransportError(Exception):
    """No usable answer came back."""

    def __init__(self, failure: Failure | str, took_ms: int = 0) -> None:
        super().__init__(str(failure))
        self.failure = Failure(failure)
        self.took_ms = took_ms
        """Simulated time until the sender knew."""


class Transport(Protocol):
    """One endpoint, reachable: through WSGI or through a real loopback listener."""

    def send(self, request: Request) -> Response:
        """Raise TransportError when no complete answer comes back."""


class Transports(Protocol):
    """All endpoints that the engine may be told to send to."""

    def to(self, endpoint: str) -> Transport:
        """The transport of an endpoint such as `https://rest.iad-01.braze.com`. Raise LookupError."""

    def settled(self, request_id: str) -> None:
        """What came of a request is being written down, in the transaction that is open now.

        Until then the same X-Request-Id sent again is the same sending, in a process that was killed before it knew.
        """


# --- Braze's silent outcomes -----------------------------------------------------------------------


class OutcomeReader(Protocol):
    """What the wire never tells: who did not match. Only `fallback: on_no_match` uses it (MAP-2)."""

    def unmatched(self, request_ids: Sequence[str]) -> set[Identifier]:
        """Identifiers sent in these requests (by X-Request-Id) that matched no profile."""
