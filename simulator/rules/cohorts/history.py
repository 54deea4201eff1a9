"""What is known of one person when a cohort asks: identity, profile and events, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.rules.instants import Instant

_NOTHING: Mapping[str, object] = {}


class Event(NamedTuple):
    """One event of a person; `user_properties` are the values that the profile had when it came in."""

    at: Instant
    name: str
    properties: Mapping[str, object] = _NOTHING
    user_properties: Mapping[str, object] = _NOTHING
    active: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """One person; `events` ascend by time and, at the same time, by arrival.

    `events` may hold only the names that the definition needs; `first_event_at` is the time of the earliest of all.
    """

    amplitude_id: int
    user_id: str | None = None
    device_id: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    events: Sequence[Event] = ()
    first_event_at: Instant | None = None
    merged_ids: frozenset[int] = frozenset()
    """Anonymous ids that became part of this person."""
    propensities: Mapping[str, float] = field(default_factory=dict)
    """Percentiles from 0 to 100 by prediction."""

    def value(self, key: str) -> object:
        """The current value of a user property; `user_id` and `device_id` are properties too. None when it has none."""
        if key == "user_id":
            return self.user_id
        if key == "device_id":
            return self.device_id
        return self.properties.get(key)


def whole_history(
    amplitude_id: int,
    events: Sequence[Event] = (),
    *,
    user_id: str | None = None,
    device_id: str | None = None,
    properties: Mapping[str, object] | None = None,
) -> History:
    """A history made of all the events of a person, in any order."""
    ordered = sorted(events, key=lambda event: event.at)
    return History(
        amplitude_id,
        user_id,
        device_id,
        properties or {},
        tuple(ordered),
        ordered[0].at if ordered else None,
    )
