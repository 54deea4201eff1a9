"""A Currents connector: Braze's events in batches to Amplitude's /batch, at least once, with Braze's retry rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import orjson

from simulator.clock import SimClock
from simulator.database import Database
from simulator.feeds import MAIN, CurrentsEvent
from simulator.ids import derive_hex, derive_int
from simulator.ledger import Entry, Ledger
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import DAY_MS, MINUTE_MS, SECOND_MS, Instant
from simulator.sync.connections import SetupRefused
from simulator.sync.currents.payload import batch_event
from simulator.sync.ports import CurrentsSource, Request, TransportError, Transports
from simulator.sync.streaming.channels import ChannelDesk
from simulator.sync.streaming.outbox import Channel, Outbox, ParcelState, Posted

KIND = "currents"
BATCH_EVENTS = 100
BATCH_WAIT_MS = 15 * MINUTE_MS
FULL_BATCH_WAIT_MS = SECOND_MS
"""Braze, Currents for custom HTTP connectors: about 100 events, or 15 minutes."""

BUSY_FOR_MS = DAY_MS
"""429, 5xx and silence: dropped after 24 hours."""
LOCKED_OUT_FOR_MS = 2 * DAY_MS
"""Bad credentials: dropped after 48 hours."""
FIRST_PAUSE_MS = 15 * SECOND_MS
LONGEST_PAUSE_MS = 30 * MINUTE_MS
"""The backoff is documented as exponential with jitter; where it begins and ends is inferred."""
BAD_KEY = b"Invalid API key"
"""Amplitude refuses an unknown key with a 400 and this text; it is a matter of credentials, not of the events."""


class Fate(StrEnum):
    """What becomes of a request after an answer."""

    DELIVERED = "delivered"
    SPLIT = "split"
    LATER = "later"
    LOCKED_OUT = "locked_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentsSettings:
    """Braze, Amplitude for Currents, Setup."""

    name: str
    endpoint: str
    api_key: str
    """The key of the Amplitude project; Braze's page calls it the export key."""
    types: tuple[str, ...] = ()
    """The type ids that are exported; empty for all."""

    def checked(self) -> CurrentsSettings:
        """These settings. Raises SetupRefused."""
        if not self.endpoint or not self.api_key:
            raise SetupRefused("a Currents connector needs Amplitude's endpoint and the project's API key")
        return self


def fate_of(status: int | None, body: bytes) -> Fate:
    """CUR-1. Judge an answer of /batch; None means that none came."""
    if status is None or status == 429 or status >= 500:
        return Fate.LATER
    if status in (401, 403, 404) or (status == 400 and BAD_KEY in body):
        return Fate.LOCKED_OUT
    if status in (400, 413):
        return Fate.SPLIT
    return Fate.DELIVERED if status < 300 else Fate.LATER


class Connector:
    """Due work: Braze's events are read, kept until a batch is full or old enough, and sent until they are taken."""

    name = "currents"

    def __init__(
        self, *, database: Database, ledger: Ledger, clock: SimClock, source: CurrentsSource, transports: Transports,
        seed: int,
    ) -> None:  # fmt: skip
        self.outbox = Outbox(database)
        self._ledger = ledger
        self._clock = clock
        self._source = source
        self._transports = transports
        self._seed = seed
        self.desk = ChannelDesk(
            KIND, self.outbox, ledger, clock, lambda project: source.last_sequence(),
            lambda channel: self._collect(channel, clock.now, flush=True),
        )  # fmt: skip

    # setting up

    def create(self, settings: CurrentsSettings, project: str = MAIN) -> Channel:
        """Save a connector to an Amplitude project; only what happens from now on is exported. Raises SetupRefused."""
        return self.desk.open(asdict(settings.checked()), project)

    def edit(self, channel_id: str, settings: CurrentsSettings) -> None:
        """Change a connector, its key too; batches that are still tried go with a new key to a new endpoint.

        What happened before is exported by the types of then (our reading, as for a stream).
        Raises SetupRefused, UnknownSetup.
        """
        checked = settings.checked()
        channel = self.desk.found(channel_id)
        if channel.active:
            self._collect(channel, self._clock.now, flush=True)
        self.desk.edit(channel_id, asdict(checked))

    def connectors(self) -> list[Channel]:
        """All connectors that were not deleted, oldest first."""
        return self.desk.all()

    def flush(self) -> None:
        """Send what is waiting for a batch to fill, without waiting for the quarter of an hour."""
        for channel in self._reading():
            self._collect(channel, self._clock.now, flush=True)
        self._send_due(self._clock.now)

    # due work

    def next_due(self) -> Instant | None:
        """When a batch is full or old enough, or the next try is due."""
        channels = self.outbox.channels(KIND)
        if not channels:
            return None
        dues = [due] if (due := self.outbox.next_due(KIND)) is not None else []
        for channel in (each for each in channels if each.active):
            waiting = self._source.events(channel.position, BATCH_EVENTS)
            if waiting:
                full = len(waiting) == BATCH_EVENTS
                dues.append(Instant(waiting[-1].at + FULL_BATCH_WAIT_MS if full else waiting[0].at + BATCH_WAIT_MS))
        return min(dues, default=None)

    def run_due(self, at: Instant) -> None:
        """Cut the batches that are due, then send what is due."""
        for channel in self._reading():
            self._collect(channel, at)
        self._send_due(at)

    def unfinished(self) -> bool:
        """Whether anything is unread or still tried."""
        return self.next_due() is not None

    # reading

    def _reading(self) -> list[Channel]:
        return [each for each in self.outbox.channels(KIND) if each.active]

    def _collect(self, channel: Channel, at: Instant, flush: bool = False) -> None:
        position = channel.position
        while waiting := self._source.events(position, BATCH_EVENTS):
            old_enough = waiting[0].at + BATCH_WAIT_MS <= at
            if len(waiting) < BATCH_EVENTS and not old_enough and not flush:
                return
            with self.outbox.transaction():
                position = waiting[-1].sequence
                self._post(channel, waiting, at)
                self.outbox.move(channel.id, position)

    def _post(self, channel: Channel, events: Sequence[CurrentsEvent], at: Instant) -> None:
        wanted = set(channel.settings["types"])
        items: list[dict[str, Any]] = []
        dropped: list[Entry] = []
        for event in events:
            if wanted and event.type_id not in wanted:
                continue
            made = batch_event(event)
            if isinstance(made, str):
                dropped.append(Entry("", event.braze_id, None, "dropped", ("CUR-1",), f"{event.type_id}: {made}"))
            else:
                items.append({"profile": event.braze_id, "event": made})
        if dropped:
            self._ledger.write(at, room="engine", event="currents_dropped", entries=dropped, sync=channel.id)
        if items:
            self._new(channel.id, items, at)

    def _new(self, channel_id: str, items: Sequence[Mapping[str, Any]], at: Instant) -> None:
        number = self.outbox.count(channel_id) + 1
        self.outbox.post(channel_id, derive_hex(self._seed, channel_id, number, length=32), items, at)

    # sending

    def _send_due(self, at: Instant) -> None:
        while (posted := self.outbox.due(KIND, at)) is not None:
            status, body, took_ms = self._send(self.outbox.channel(posted.channel), posted)
            with self.outbox.transaction():
                self._transports.settled(posted.request)
                self._settle(posted, status, body, at, took_ms)

    def _send(self, channel: Channel, posted: Posted) -> tuple[int | None, bytes, int]:
        """Status and body of the answer (None for no complete one), and the simulated time it took."""
        headers = {"content-type": "application/json", "user-agent": "Braze/Currents", "x-request-id": posted.request}
        body = orjson.dumps(
            {"api_key": channel.settings["api_key"], "events": [item["event"] for item in posted.items]}
        )
        try:
            transport = self._transports.to(channel.settings["endpoint"])
            answer = transport.send(Request("POST", "/batch", headers, body))
        except TransportError as error:
            return None, b"", error.took_ms
        except LookupError:
            return None, b"", 0
        return answer.status, answer.body, answer.took_ms

    def _settle(self, posted: Posted, status: int | None, body: bytes, at: Instant, took_ms: int) -> None:
        fate = fate_of(status, body)
        if fate is Fate.DELIVERED:
            self.outbox.update(posted.id, state=ParcelState.DELIVERED, status=status)
            self._write(posted, at, "currents_sent", "sent_event", "", status)
        elif fate is Fate.SPLIT and len(posted.items) > 1:
            # The whole batch was turned down; a 413 wants smaller ones, a 400 wants the bad event alone.
            self.outbox.update(posted.id, state=ParcelState.DISCARDED, status=status, failure="split")
            size = 1 if status == 400 else (len(posted.items) + 1) // 2
            for start in range(0, len(posted.items), size):
                self._new(posted.channel, posted.items[start : start + size], Instant(at + took_ms))
        elif fate is Fate.SPLIT:
            self.outbox.update(posted.id, state=ParcelState.DISCARDED, status=status)
            self._write(posted, at, "currents_dropped", "dropped", f"refused alone with {status}", status)
        else:
            self._later(posted, status, at, fate, took_ms)

    def _later(self, posted: Posted, status: int | None, at: Instant, fate: Fate, took_ms: int) -> None:
        patience_ms = LOCKED_OUT_FOR_MS if fate is Fate.LOCKED_OUT else BUSY_FOR_MS
        drawn = derive_int(self._seed, posted.request, posted.attempts, bits=32)
        if fate is Fate.LOCKED_OUT:
            pause_ms = 2 * MINUTE_MS + drawn % (3 * MINUTE_MS)
        else:
            whole = min(FIRST_PAUSE_MS * 2 ** min(posted.attempts, 16), LONGEST_PAUSE_MS)
            pause_ms = whole // 2 + drawn % (whole // 2 + 1)
        pause_ms += took_ms
        if at + pause_ms > posted.first_due_at + patience_ms:
            self.outbox.update(posted.id, state=ParcelState.EXPIRED, status=status, attempts=posted.attempts + 1)
            hours = patience_ms // (60 * MINUTE_MS)
            self._write(posted, at, "currents_dropped", "expired", f"no success in {hours} hours", status)
            return
        self.outbox.update(posted.id, attempts=posted.attempts + 1, due_at=at + pause_ms, status=status)

    def _write(self, posted: Posted, at: Instant, event: str, outcome: str, note: str, status: int | None) -> None:
        entries = [_entry(item, outcome, note) for item in posted.items]
        self._ledger.write(
            at, room="engine", event=event, entries=entries, sync=posted.channel, request=posted.request,
            detail={"status": status, "attempts": posted.attempts + 1},
        )  # fmt: skip


def _entry(item: Mapping[str, Any], outcome: str, note: str) -> Entry:
    event = item["event"]
    known = "user_id" in event
    identifier = Identifier(Kind.EXTERNAL_ID if known else Kind.DEVICE_ID, event["user_id" if known else "device_id"])
    told = f"{event['event_type']}{f': {note}' if note else ''}"
    return Entry("", item["profile"], identifier, outcome, ("CUR-1",), told)
