"""Braze's events as Currents hands them over: one ascending sequence of messages and behaviour (CUR-1)."""

from __future__ import annotations

from simulator.fakes.braze.audience.records.events import MessageEvents
from simulator.feeds import CurrentsEvent


class CurrentsFeed:
    """What a Currents connector of one workspace follows."""

    def __init__(self, events: MessageEvents, workspace: str) -> None:
        self._events = events
        self._workspace = workspace

    def last_sequence(self) -> int:
        """The newest sequence number, 0 before the first event."""
        return self._events.last()

    def events(self, after: int, limit: int) -> list[CurrentsEvent]:
        """Up to `limit` events whose sequence is greater than `after`, ascending."""
        return [
            CurrentsEvent(
                sequence=event.sequence,
                event_id=event.event_id,
                type_id=event.name,
                at=event.at,
                external_id=event.external_id,
                device_id=event.device_id,
                properties=event.properties,
                braze_id=event.braze_id,
            )
            for event in self._events.since(after, workspace=self._workspace, limit=limit)
        ]
