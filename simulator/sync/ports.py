"""What the engine needs from the outside, as Protocols: people, events, a wire, and Braze's silent outcomes.

The engine imports neither fake. Whoever wires a world hands it objects of these shapes. All instants are
simulated milliseconds (`Instant`); all sequences are ascending; all cursors are opaque text that stays valid for
ever, so that a failed run can ask the same question again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from simulator.rules.identity import AmplitudeUser, Identifier
from simulator.rules.instants import Instant

# --- Amplitude, as cohorts -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CohortInfo:
    """A cohort as its owner sees it."""

    cohort_id: str
    name: str
    created_at: Instant
    real_time_blockers: tuple[str, ...] = ()
    """Clause kinds that a real-time sync refuses (CAD-3): funnel, retention, stickiness, nth_time,
    event_within, distinct_interval. Empty when the cohort may be synced each minute."""


@dataclass(frozen=True, slots=True)
class ChangeFeed:
    """Who entered and who left a cohort between a cursor and now, net: nobody is in both lists (SYNC-7)."""

    cursor: str
    """Give it back as `since` to continue from here."""
    entered: Iterator[AmplitudeUser]
    """Streamed once, by ascending amplitude_id, with the properties that each person has now."""
    left: Sequence[int]
    """amplitude_ids, ascending."""


class UnknownCohort(LookupError):
    """No cohort of that id exists in the project."""


class Source(Protocol):
    """Amplitude's cohorts, asked for changes and never for members."""

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
    """Amplitude's people with the values that a trait, computation or recommendation sync carries."""

    def people(
        self, active_since: Instant, at: Instant, properties: Sequence[str], computations: Sequence[str]
    ) -> Iterator[AmplitudeUser]:
        """People active at or after `active_since`, by ascending amplitude_id.

        `properties` of each holds their user properties, plus under its own name each computation or
        recommendation asked for that has a value for them.
        """


@dataclass(frozen=True, slots=True)
class IngestedEvent:
    """One thing that Amplitude took in: an event, or an identify call."""

    sequence: int
    """Ascending by one project-wide counter; never reused."""
    at: Instant
    """When it was taken in."""
    event_type: str
    """`$identify` for an identify call."""
    event_time: Instant
    user: AmplitudeUser
    """The person, with properties as they are after this event."""
    event_properties: Mapping[str, object] = field(default_factory=dict)
    changed_user_properties: frozenset[str] = frozenset()
    """Names of the user properties whose value this event changed."""
    insert_id: str = ""


class EventSource(Protocol):
    """Amplitude's ingestion, followed from a sequence number."""

    def last_sequence(self) -> int:
        """The newest sequence number, 0 before the first event."""

    def events(self, after: int, limit: int) -> list[IngestedEvent]:
        """Up to `limit` events whose sequence is greater than `after`, ascending."""


# --- Braze, as Currents ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CurrentsEvent:
    """One message or behaviour event of Braze, as Currents exports it."""

    sequence: int
    event_id: str
    """Unique; becomes Amplitude's insert_id (CUR-1)."""
    type_id: str
    """Braze's type id, for example `users.messages.pushnotification.Send`."""
    at: Instant
    external_id: str | None
    device_id: str | None
    properties: Mapping[str, object] = field(default_factory=dict)
    """campaign_id, product_id, and so on; a custom event carries its `name` and its own `properties` object,
    a purchase its `product_id`, `price`, `currency` and `properties`."""


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


# --- Braze's silent outcomes -----------------------------------------------------------------------


class OutcomeReader(Protocol):
    """What the wire never tells: who did not match. Only `fallback: on_no_match` uses it (MAP-2)."""

    def unmatched(self, request_ids: Sequence[str]) -> set[Identifier]:
        """Identifiers sent in these requests (by X-Request-Id) that matched no profile."""
