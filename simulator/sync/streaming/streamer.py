"""Follows Amplitude's ingestion and sends each chosen event, and each changed user, to Braze's users/track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from simulator.clock import SimClock
from simulator.database import Database
from simulator.feeds import MAIN, IngestedEvent
from simulator.ids import derive_hex, derive_int
from simulator.ledger import Entry, Ledger
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import MINUTE_MS, SECOND_MS, Instant
from simulator.rules.switches import RuleSet
from simulator.sync.connections import SetupRefused
from simulator.sync.destinations.braze_attributes import OBJECTS_PER_REQUEST, rejected_objects
from simulator.sync.ports import EventSources, Request, TransportError, Transports
from simulator.sync.streaming.channels import ChannelDesk
from simulator.sync.streaming.figures import DISCARDED, Delivery, delivery
from simulator.sync.streaming.outbox import Channel, Outbox, ParcelState, Posted
from simulator.sync.streaming.settings import Filter, Objects, StreamSettings, identity, objects_of

KIND = "stream"
LATENCY_MS = 5 * SECOND_MS
"""From ingestion to the first try. Amplitude's aim is 60 s for 95 of 100 events."""
READ_AT_ONCE = 500

ATTEMPTS = 10
PAUSES_MS = tuple(int(minutes * MINUTE_MS) for minutes in (0.5, 1, 2, 4, 8, 15, 30, 60, 119.5))
"""STREAM-1. Nine more attempts over four hours, whatever the error; the spacing is inferred. Amplitude, Webhooks."""
TRIES = 3
FIRST_TRY_PAUSE_MS = 100
"""Inside an attempt, on 429 and 5xx: three tries, 100 ms doubling, 50 % jitter. Amplitude, Webhooks."""

_RULES = ("STREAM-1", "CREATE-2")


class Streamer:
    """Due work: what was ingested is read a moment later, batched within Braze's limits, and tried for four hours."""

    name = "event streaming"

    def __init__(
        self, *, database: Database, ledger: Ledger, clock: SimClock, sources: EventSources, transports: Transports,
        rules: RuleSet, seed: int,
    ) -> None:  # fmt: skip
        self.outbox = Outbox(database)
        self._ledger = ledger
        self._clock = clock
        self._sources = sources
        self._transports = transports
        self._rules = rules
        self._seed = seed
        self.desk = ChannelDesk(
            KIND,
            self.outbox,
            ledger,
            clock,
            lambda project: sources(project).last_sequence(),
            lambda channel: self._collect(channel, clock.now),
        )

    def use_rules(self, rules: RuleSet) -> None:
        """Read the documents differently from now on."""
        self._rules = rules

    # setting up

    def create(self, settings: StreamSettings, project: str = MAIN) -> Channel:
        """Save a stream of a project; only what is ingested from now on is sent. Raises SetupRefused."""
        try:
            checked = settings.checked()
        except ValueError as error:
            raise SetupRefused(str(error)) from error
        return self.desk.open(_stored(checked), project)

    def edit(self, channel_id: str, settings: StreamSettings) -> None:
        """Change a stream, its key too; requests that are still tried go with a new key to a new endpoint.

        What is in them stays: what was ingested before is made under the old settings.
        Raises SetupRefused, UnknownSetup.
        """
        try:
            checked = settings.checked()
        except ValueError as error:
            raise SetupRefused(str(error)) from error
        channel = self.desk.found(channel_id)
        if channel.active:
            self._collect(channel, self._clock.now)
        self.desk.edit(channel_id, _stored(checked))

    def streams(self) -> list[Channel]:
        """All streams that were not deleted, oldest first."""
        return self.desk.all()

    def metrics(self, channel: Channel) -> dict[str, int]:
        """Delivered, discarded and expired objects, and how many came through at the first try. Read only."""
        found = self.delivery(channel, Instant(0), Instant(self._clock.now + 1))
        waiting = sum(len(each.items) for each in self.outbox.all(channel.id) if each.state is ParcelState.WAITING)
        return {
            "delivered": found.on_first_attempt + found.after_retry, "first_attempt": found.on_first_attempt,
            "after_retry": found.after_retry, "expired": found.expired, "waiting": waiting,
            "discarded": found.discarded,
        }  # fmt: skip

    def delivery(self, channel: Channel, start: Instant, end: Instant) -> Delivery:
        """What became of a stream's objects from `start` up to and without `end`. Read only."""
        told = self._ledger.pages(rooms=["engine"], events=["stream_discarded", "streamed"], sync=channel.id)
        return delivery(self.outbox.all(channel.id), told, LATENCY_MS, start, end)

    # due work

    def next_due(self) -> Instant | None:
        """When the oldest unread event, or the next try, is due."""
        channels = self.outbox.channels(KIND)
        if not channels:
            return None
        dues = [due] if (due := self.outbox.next_due(KIND)) is not None else []
        newest: dict[str, int] = {}
        for channel in channels:
            source = self._sources(channel.project)
            if channel.project not in newest:
                newest[channel.project] = source.last_sequence()
            if channel.active and newest[channel.project] > channel.position:
                waiting = source.events(channel.position, 1)
                dues += [Instant(each.at + LATENCY_MS) for each in waiting]
        return min(dues, default=None)

    def run_due(self, at: Instant) -> None:
        """Read what is due to be read, then send what is due to be sent."""
        self._collect_all(Instant(at - LATENCY_MS))
        while (posted := self.outbox.due(KIND, at)) is not None:
            self._try(posted, at)

    def unfinished(self) -> bool:
        """Whether anything is unread or still tried."""
        return self.next_due() is not None

    # reading

    def _collect_all(self, until: Instant) -> None:
        for channel in self.streams():
            if channel.active:
                self._collect(channel, until)

    def _collect(self, channel: Channel, until: Instant) -> None:
        settings = settings_of(channel)
        source, position = self._sources(channel.project), channel.position
        while ingested := [each for each in source.events(position, READ_AT_ONCE) if each.at <= until]:
            with self.outbox.transaction():
                position = ingested[-1].sequence
                self._post(channel, settings, ingested)
                self.outbox.move(channel.id, position)

    def _post(self, channel: Channel, settings: StreamSettings, ingested: Sequence[IngestedEvent]) -> None:
        items: list[dict[str, Any]] = []
        discarded: list[Entry] = []
        for each in ingested:
            made = objects_of(settings, each, self._rules.user_forwarding)
            if made is None:
                continue
            if made.identified:
                items += _items(settings, each, made)
            else:
                note = f"{each.event_type}: no value for {settings.amplitude_property}"
                discarded.append(Entry(str(each.user.amplitude_id), "", None, DISCARDED, ("STREAM-1",), note))
        if discarded:
            self._ledger.write(
                self._clock.now, room="engine", event="stream_discarded", entries=discarded, sync=channel.id
            )
        for batch in batches(items, self._rules.track_limit):
            number = self.outbox.count(channel.id) + 1
            request = derive_hex(self._seed, channel.id, number, length=32)
            self.outbox.post(channel.id, request, batch, Instant(ingested[-1].at + LATENCY_MS))

    # sending

    def _try(self, posted: Posted, at: Instant) -> None:
        settings = settings_of(self.outbox.channel(posted.channel))
        status, body, took_ms = self._send(settings, posted)
        known_at = Instant(at + took_ms)
        with self.outbox.transaction():
            self._transports.settled(posted.request)
            if status is not None and 200 <= status < 300:
                self.outbox.update(posted.id, state=ParcelState.DELIVERED, status=status)
                self._tell(posted, at, status, body)
            elif (status is None or status == 429 or status >= 500) and posted.tries + 1 < TRIES:
                pause_ms = self._jittered(posted)
                self.outbox.update(posted.id, tries=posted.tries + 1, due_at=known_at + pause_ms, status=status)
            elif posted.attempts + 1 < ATTEMPTS:
                pause_ms = PAUSES_MS[posted.attempts]
                self.outbox.update(
                    posted.id, attempts=posted.attempts + 1, tries=0, due_at=known_at + pause_ms, status=status
                )
            else:
                self.outbox.update(posted.id, state=ParcelState.EXPIRED, attempts=ATTEMPTS, status=status)
                self._expire(posted, at, status)

    def _jittered(self, posted: Posted) -> int:
        pause_ms: int = FIRST_TRY_PAUSE_MS * 2**posted.tries
        drawn = derive_int(self._seed, posted.request, posted.attempts, posted.tries, bits=32)
        return pause_ms // 2 + drawn % (pause_ms + 1)

    def _send(self, settings: StreamSettings, posted: Posted) -> tuple[int | None, bytes, int]:
        """Status and body of the answer (None for no complete one), and the simulated time it took."""
        body: dict[str, list[Any]] = {}
        for item in posted.items:
            body.setdefault(item["array"], []).append(item["object"])
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {settings.rest_api_key}",
            "user-agent": "Amplitude/Event-Streaming",
            "x-request-id": posted.request,
        }
        try:
            answer = self._transports.to(settings.endpoint).send(
                Request("POST", "/users/track", headers, orjson.dumps(body))
            )
        except TransportError as error:
            return None, b"", error.took_ms
        except LookupError:
            return None, b"", 0
        return answer.status, answer.body, answer.took_ms

    def _tell(self, posted: Posted, at: Instant, status: int, body: bytes) -> None:
        blamed = {array: rejected_objects(body, array) for array in ("attributes", "events")}
        seen = {"attributes": 0, "events": 0}
        entries = []
        for item in posted.items:
            position, array = seen[item["array"]], item["array"]
            seen[array] += 1
            why = blamed[array].get(position)
            outcome = DISCARDED if why is not None else f"sent_{array}"
            entries.append(_entry(item, outcome, why or item["what"]))
        self._write(posted, at, "streamed", entries, status)

    def _expire(self, posted: Posted, at: Instant, status: int | None) -> None:
        note = f"no success in {ATTEMPTS} attempts over four hours"
        self._write(posted, at, "stream_expired", [_entry(item, "expired", note) for item in posted.items], status)

    def _write(self, posted: Posted, at: Instant, event: str, entries: Sequence[Entry], status: int | None) -> None:
        self._ledger.write(
            at, room="engine", event=event, entries=entries, sync=posted.channel, request=posted.request,
            detail={"status": status, "attempts": posted.attempts + 1},
        )  # fmt: skip


def _stored(settings: StreamSettings) -> dict[str, Any]:
    values = asdict(settings)
    values["events"] = {name: [tuple(each) for each in filters] for name, filters in settings.events.items()}
    return values


def settings_of(channel: Channel) -> StreamSettings:
    """The settings of a stored channel."""
    values = dict(channel.settings)
    values["events"] = {
        name: tuple(Filter(prop, operator, tuple(wanted)) for prop, operator, wanted in filters)
        for name, filters in values["events"].items()
    }
    for name in ("event_properties", "user_properties", "forwarded"):
        values[name] = tuple(values[name])
    return StreamSettings(**values)


def batches(items: Sequence[dict[str, Any]], track_limit: str) -> list[list[dict[str, Any]]]:
    """TRACK-2. Objects in order, cut where a request is full: 75 or 50 together, or 75 of each array."""
    made: list[list[dict[str, Any]]] = []
    counts: dict[str, int] = {}
    for item in items:
        key = item["array"] if track_limit == "per_array" else "all"
        if not made or counts.get(key, 0) == OBJECTS_PER_REQUEST[track_limit]:
            made.append([])
            counts = {}
        counts[key] = counts.get(key, 0) + 1
        made[-1].append(item)
    return made


def _items(settings: StreamSettings, ingested: IngestedEvent, made: Objects) -> list[dict[str, Any]]:
    keys = identity(settings, ingested.user) or {}
    common = {"person": ingested.user.amplitude_id, "named": _named(keys), "what": ingested.event_type}
    found: list[dict[str, Any]] = []
    if made.attributes is not None:
        found.append({**common, "array": "attributes", "object": made.attributes})
    if made.event is not None:
        found.append({**common, "array": "events", "object": made.event})
    return found


def _named(keys: Mapping[str, Any]) -> list[str]:
    """Kind, value and label as the ledger writes them; e-mail and Braze id stand as a value."""
    if "user_alias" in keys:
        alias = keys["user_alias"]
        return [Kind.ALIAS, str(alias["alias_name"]), str(alias["alias_label"])]
    return [Kind.EXTERNAL_ID, *(str(value) for value in keys.values()), ""]


def _entry(item: Mapping[str, Any], outcome: str, note: str) -> Entry:
    kind, value, label = item["named"]
    return Entry(str(item["person"]), "", Identifier(Kind(kind), value, label), outcome, _RULES, note)
