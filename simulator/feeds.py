"""What one side reads of the other, as values: cohorts and their changes, ingested events, events of Currents.

The engine asks for these, the services give them; neither imports the other. Sequences are ascending and never used
twice; cursors are opaque text that stays valid for ever, so that a failed run can ask the same question again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import Instant

MAIN = "main"
"""The project that every world has."""


@dataclass(frozen=True, slots=True)
class CohortInfo:
    """A cohort as its owner sees it."""

    cohort_id: str
    name: str
    created_at: Instant
    real_time_blockers: tuple[str, ...] = ()
    """Clause kinds that a real-time sync refuses (CAD-3): funnel, retention, stickiness, nth_time,
    event_within, distinct_interval. Empty when the cohort may be synced each minute."""
    project: str = MAIN


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
    """No cohort of that id exists."""


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
    braze_id: str = ""
    """Whose event it is; it does not travel, but whoever asks for a person's story is told of it."""
