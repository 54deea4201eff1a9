"""Steps beside cohorts: user properties as attributes, events as they come in, campaigns, events on the way back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from simulator.feeds import MAIN
from simulator.rules.cadence import Cadence
from simulator.scenario.language.nodes import Node, Scalar
from simulator.scenario.language.records import key
from simulator.scenario.language.shapes import Broken, Choice, ListOf, Reader, SchemaBook, Shape, expected
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import FLAG, PROJECT, SEGMENT, TEXT

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
    """Syncs user properties to custom attributes of the same name in Braze (TRAIT-1). Like `sync` it runs for the first
    time within the step; each run sends everybody who was active in the last 90 days, and unknown user ids get a
    profile (CREATE-1)."""

    SHORT: ClassVar[str] = "properties"
    EXAMPLES: ClassVar[tuple[str, ...]] = (
        "sync_traits: {properties: [plan, city]}",
        "sync_traits: {properties: plan, cadence: daily, name: plans}",
    )

    properties: tuple[str, ...] = key(_TEXTS, "Which user properties.")
    cadence: Cadence = key(Choice(Cadence), "How often; never real_time.", default=Cadence.ONE_TIME)
    identify_by: Naming = key(
        NAMING, "How people are named; other than by user id only with the switch `trait_identifier: any`.",
        default=Naming(), shown="user_id -> external_id",
    )  # fmt: skip
    name: str | None = key(TEXT, "What other steps call this sync.", default=None, shown="traits")
    project: str = key(PROJECT, "Whose people.", default=MAIN)


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
    )

    events: tuple[str, ...] = key(_TEXTS, "Which events.", default=())
    event_properties: tuple[str, ...] = key(_TEXTS, "Which of their properties.", default=())
    user_properties: tuple[str, ...] = key(_TEXTS, "User properties that are put into each event.", default=())
    forward: tuple[str, ...] = key(
        _TEXTS, "User properties that become custom attributes when one of them changes.", default=()
    )
    identify_by: Naming = key(NAMING, "How people are named.", default=Naming(), shown="user_id -> external_id")
    update_users_only: bool = key(FLAG, "Whether Braze creates no profile.", default=False)
    name: str = key(TEXT, "The name of the stream.", default="stream")
    project: str = key(PROJECT, "Whose events.", default=MAIN)


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
