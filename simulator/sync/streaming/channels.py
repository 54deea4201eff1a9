"""Setting up continuous channels: saved, edited, paused, taken up again, deleted; every change is a row in the ledger.

No page says what becomes of what happens while a channel is paused. Amplitude streams what is ingested after a stream
was enabled and keeps no history, so a pause leaves a gap; for Currents that is our reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from simulator.clock import SimClock
from simulator.feeds import MAIN
from simulator.ledger import Ledger
from simulator.sync.connections import UnknownSetup
from simulator.sync.streaming.outbox import Channel, ChannelState, Outbox


class ChannelDesk:
    """The settings pages of one kind of channel. Settings have been checked by then.

    `last_sequence` says how far the followed sequence of a project is; `collect` reads what a channel has yet to
    read by now.
    """

    def __init__(
        self, kind: str, outbox: Outbox, ledger: Ledger, clock: SimClock, last_sequence: Callable[[str], int],
        collect: Callable[[Channel], None],
    ) -> None:  # fmt: skip
        self._kind = kind
        self._outbox = outbox
        self._ledger = ledger
        self._clock = clock
        self._last_sequence = last_sequence
        self._collect = collect

    def open(self, settings: Mapping[str, Any], project: str = MAIN) -> Channel:
        """Save a channel of an Amplitude project; only what happens from now on is sent."""
        with self._outbox.transaction():
            made = self._outbox.open(self._kind, settings, self._last_sequence(project), self._clock.now, project)
            self._note("saved", made)
        return made

    def all(self) -> list[Channel]:
        """All channels that were not deleted, oldest first."""
        return [each for each in self._outbox.channels(self._kind) if each.state is not ChannelState.DELETED]

    def edit(self, channel_id: str, settings: Mapping[str, Any]) -> None:
        """Change the settings, a key too; requests that are still tried use the new ones. Raises UnknownSetup."""
        channel = self.found(channel_id)
        stored = orjson.loads(orjson.dumps(settings))
        changed = sorted(name for name, value in stored.items() if channel.settings.get(name) != value)
        with self._outbox.transaction():
            self._outbox.change(channel_id, settings=settings)
            self._note("edited", channel, {"changed": changed})

    def pause(self, channel_id: str) -> None:
        """What happened until now is sent, what happens during the pause never will be. Raises UnknownSetup."""
        channel = self.found(channel_id)
        if channel.state is ChannelState.ACTIVE:
            self._collect(channel)
            self._change(channel, ChannelState.PAUSED)

    def resume(self, channel_id: str) -> None:
        """Send what happens from now on. Raises UnknownSetup."""
        channel = self.found(channel_id)
        if channel.state is ChannelState.PAUSED:
            self._outbox.move(channel_id, self._last_sequence(channel.project))
            self._change(channel, ChannelState.ACTIVE)

    def delete(self, channel_id: str) -> None:
        """Read nothing more; requests made before are still tried. Raises UnknownSetup."""
        channel = self.found(channel_id)
        if channel.state is ChannelState.ACTIVE:
            self._collect(channel)
        self._change(channel, ChannelState.DELETED)

    def found(self, channel_id: str) -> Channel:
        """A channel that exists. Raises UnknownSetup."""
        for each in self.all():
            if each.id == channel_id:
                return each
        raise UnknownSetup(f"there is no {self._kind} {channel_id!r}")

    def _change(self, channel: Channel, state: ChannelState) -> None:
        with self._outbox.transaction():
            self._outbox.change(channel.id, state=state)
            self._note("resumed" if state is ChannelState.ACTIVE else state, channel)

    def _note(self, what: str, channel: Channel, detail: Mapping[str, object] | None = None) -> None:
        told = {"name": channel.settings["name"], **(detail or {})}
        self._ledger.write(self._clock.now, room="engine", event=f"{self._kind}_{what}", sync=channel.id, detail=told)
