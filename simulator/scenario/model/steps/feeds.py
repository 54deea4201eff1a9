"""Steps beside cohorts: user properties as attributes, events as they come in, campaigns, events on the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from simulator.feeds import MAIN
from simulator.rules.cadence import Cadence
from simulator.scenario.language.nodes import Node, Scalar
from simulator.scenario.language.quantities import Duration
from simulator.scenario.language.records import Record, RecordOf, key
from simulator.scenario.language.shapes import Broken, Choice, ListOf, MapOf, Reader, SchemaBook, Shape, expected
from simulator.scenario.language.source import Problem
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import (
    COMPUTATION,
    CONNECTION,
    COUNT,
    FEED,
    FLAG,
    PEOPLE,
    PROJECT,
    SEGMENT,
    STATUS,
    SYNC,
    TEXT,
)
from simulator.sync.streaming.settings import OPERATORS

_TEXTS = ListOf(TEXT, single=True)
_WRITTEN = re.compile(r"(.+?)\s*->\s*(external_id|braze_id|email|alias\s+(\S.*))")


class Naming(NamedTuple):
    """Which Amplitude property names a person, and as what."""

    amplitude_property: str = "user_id"
    target: str = "external_id"
    alias_label: str = ""


class NamingShape(Shape):
    """One line: `user_id -> external_id`."""

    words = "`PROPERTY -> external_id`, `-> braze_id`, `-> email` or `-> alias LABEL`"

    def read(self, node: Node, reader: Reader) -> Naming | Broken:
        text = node.text.strip() if isinstance(node, Scalar) else ""
        if text == "user_id":
            return Naming()
        found = _WRITTEN.fullmatch(text)
        if not found:
            hint = "an alias needs its label" if text.endswith("alias") else ""
            return expected(self.words, node, reader, hint)
        target = "alias" if found[3] else found[2]
        return Naming(found[1], target, found[3] or "")

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(user_id|{_WRITTEN.pattern})$"}


NAMING = NamingShape()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncTraits(Step):
    """Syncs user properties, computations and recommendations to custom attributes of the same name in Braze (TRAIT-1).
    Like `sync` it runs for the first time within the step; each run sends everybody who was active in the last 90 days,
    and unknown user ids get a profile (CREATE-1)."""

    SHORT: ClassVar[str] = "properties"
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "sync_traits: {properties: [plan, city]}",
        "sync_traits: {properties: plan, cadence: daily, name: plans}",
        "sync_traits: {computations: orders_30d, recommendations: next_best, cadence: hourly}",
    )

    properties: tuple[str, ...] = key(_TEXTS, "Which user properties.", default=())
    computations: tuple[str, ...] = key(ListOf(COMPUTATION, single=True), "Which computations of the file.", default=())
    recommendations: tuple[str, ...] = key(_TEXTS, "Which recommendations; their items are sent.", default=())
    cadence: Cadence = key(Choice(Cadence), "How often; never real_time.", default=Cadence.ONE_TIME)
    identify_by: Naming = key(
        NAMING, "How people are named; other than by user id only with the switch `trait_identifier: any`.",
        default=Naming(), shown="user_id -> external_id",
    )  # fmt: skip
    name: str | None = key(TEXT, "What other steps call this sync.", default=None, shown="traits")
    project: str = key(PROJECT, "Whose people.", default=MAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter(Record):
    """A condition of the event picker."""

    property: str = key(TEXT, "Which event property.")
    test: str = key(Choice(OPERATORS), "How it is compared.", default="is")
    values: tuple[str, ...] = key(_TEXTS, "With what, as texts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvents(Step):
    """Streams events to Braze as they come in from now on, within a few seconds (STREAM-1): let time run afterwards.
    Unknown people get a profile unless `update_users_only` (CREATE-2); whoever lacks the property of `identify_by` is
    not sent."""

    SHORT: ClassVar[str] = "events"
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "stream_events: [order_placed]",
        "stream_events: {events: [order_placed], event_properties: [amount], update_users_only: true}",
        "stream_events: {forward: [plan], identify_by: crm_id -> alias crm}",
        "stream_events: {events: order_placed, where: {order_placed: {property: country, values: [SE, NO]}}}",
    )

    events: tuple[str, ...] = key(_TEXTS, "Which events.", default=())
    where_: Mapping[str, tuple[EventFilter, ...]] = key(
        MapOf(TEXT, ListOf(RecordOf(EventFilter), single=True)), "Only such events, by the event's name.", default={}
    )
    event_properties: tuple[str, ...] = key(_TEXTS, "Which of their properties.", default=())
    user_properties: tuple[str, ...] = key(_TEXTS, "User properties that are put into each event.", default=())
    forward: tuple[str, ...] = key(
        _TEXTS, "User properties that become custom attributes when one of them changes.", default=()
    )
    identify_by: Naming = key(NAMING, "How people are named.", default=Naming(), shown="user_id -> external_id")
    update_users_only: bool = key(FLAG, "Whether Braze creates no profile.", default=False)
    app: str = key(TEXT, "The Braze app identifier that events are sent for.", default="", shown="none")
    name: str = key(TEXT, "The name of the stream.", default="stream")
    project: str = key(PROJECT, "Whose events.", default=MAIN)

    def problems(self) -> Iterator[Problem]:
        for name in self.where_:
            if name not in self.events:
                hint = "name it under `events`"
                yield Problem(f"{name!r} is not streamed", self.spots.get(f"where.{name}", self.where), hint)


FEEDS = {"stream_events": "stream", "export_currents": "currents"}
"""Steps that save a stream or a connector, and what it is called when nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditStream(Step):
    """Saves a stream with other settings; what is not named stays. What came in before is sent as it was, also when it
    is tried again."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "edit_stream: {stream: stream, events: [order_placed, cart_filled]}",
        "edit_stream: {stream: stream, update_users_only: true}",
    )

    stream: str = key(FEED, "Which stream.")
    events: tuple[str, ...] | None = key(_TEXTS, "Which events.", default=None)
    event_properties: tuple[str, ...] | None = key(_TEXTS, "Which of their properties.", default=None)
    user_properties: tuple[str, ...] | None = key(_TEXTS, "User properties in each event.", default=None)
    forward: tuple[str, ...] | None = key(_TEXTS, "User properties that become attributes.", default=None)
    update_users_only: bool | None = key(FLAG, "Whether Braze creates no profile.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseFeed(Step):
    """A stream or a Currents connector rests. What happens meanwhile is never sent."""

    SHORT: ClassVar[str] = "feed"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("pause_feed: stream", "pause_feed: currents")

    feed: str = key(FEED, "Which stream or connector.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeFeed(Step):
    """A stream or a Currents connector goes on with what happens from now on."""

    SHORT: ClassVar[str] = "feed"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("resume_feed: stream",)

    feed: str = key(FEED, "Which stream or connector.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFeed(Step):
    """A stream or a Currents connector ends; what was read before is still tried."""

    SHORT: ClassVar[str] = "feed"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("delete_feed: stream",)

    feed: str = key(FEED, "Which stream or connector.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _RestKeyStep(Step):
    stream: str | None = key(FEED, "The key of which stream.", default=None)
    traits: str | None = key(SYNC, "In place of `stream`: the key of which trait sync.", default=None)

    def problems(self) -> Iterator[Problem]:
        if (self.stream is None) == (self.traits is None):
            yield Problem("say whose key: that of a stream or of a trait sync", self.where, "write `traits: NAME`")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRestKey(_RestKeyStep):
    """Braze revokes the REST key that a stream or a trait sync uses (KEY-4). Each stream has one of its own; the trait
    syncs of a project share one, and `call` and `track` use another."""

    SHORT: ClassVar[str] = "stream"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("revoke_rest_key: stream", "revoke_rest_key: {traits: traits}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRestKey(_RestKeyStep):
    """Braze makes another REST key, and the stream or the trait syncs use it from now on, also for what is still tried
    (KEY-4)."""

    SHORT: ClassVar[str] = "stream"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("new_rest_key: stream", "new_rest_key: {traits: traits}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswers(Step):
    """Lets the receiver of a webhook connection answer otherwise: with another status, or late (simulated time). It has
    1 to 2 seconds."""

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "webhook_answers: {connection: hook, status: 500, times: 2}",
        "webhook_answers: {connection: hook, latency: 3s, times: 1}",
    )

    connection: str = key(CONNECTION, "Which connection.")
    status: int = key(STATUS, "The status.", default=200)
    latency_ms: int = key(Duration(), "How long it takes.", default=0, shown="no time")
    times: int | None = key(COUNT, "For so many messages.", default=None, shown="from now on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommend(Step):
    """Amplitude's model recommends items to people, from now on (PROF-1, TRAIT-1)."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ("recommend: {person: ida, name: next_best, items: [mug, cap]}",)

    person: tuple[str, ...] = key(PEOPLE, "To whom.")
    name: str = key(TEXT, "The id of the recommendation.")
    items: tuple[str, ...] = key(_TEXTS, "What, the best first.")


class Channel(StrEnum):
    """How a campaign reaches people."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    CONTENT_CARD = "content_card"
    SMS = "sms"
    ANDROID_PUSH = "android_push"
    APPLE_PUSH = "apple_push"
    WEB_PUSH = "web_push"
    IN_APP_MESSAGE = "in_app_message"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCampaign(Step):
    """Sends a campaign to everybody in a segment, at once (SEG-2). E-mail and text messages need an address or number
    in the profile's attributes, push needs a token; a webhook and a content card need nothing."""

    SHORT: ClassVar[str] = "segment"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("send_campaign: {segment: in_app, channel: webhook, name: hello}",)

    segment: str = key(SEGMENT, "To whom.")
    channel: Channel = key(Choice(Channel), "How.", default=Channel.EMAIL)
    name: str | None = key(TEXT, "What expectations call this campaign.", default=None, shown="the segment's name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCurrents(Step):
    """Exports Braze's message and behaviour events to Amplitude from now on (CUR-1), in batches of 100 events or every
    15 minutes: let time run afterwards. In Amplitude they are called `[Appboy] Email Send` and the like."""

    SHORT: ClassVar[str] = "types"
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "export_currents:",
        "export_currents: [users.messages.email.Send]",
    )

    types: tuple[str, ...] = key(_TEXTS, "Which type ids.", default=(), shown="all")
    name: str = key(TEXT, "The name of the connector.", default="currents")
    project: str = key(PROJECT, "Which project gets them.", default=MAIN)
