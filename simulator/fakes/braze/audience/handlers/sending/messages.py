"""/messages/send: a message made in the call itself, to people or to whoever is in a segment or an audience.

Source: Braze, "Send messages immediately using the API only", "API errors". Of several reasons to refuse, the order is
ours (inferred): who, what, which campaign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.control_group import ControlGroup
from simulator.fakes.braze.audience.handlers.arguments import says_true, texts
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.channels import API_CHANNELS, CHANNELS, STATES_FOR
from simulator.fakes.braze.audience.messaging.entries import Entries
from simulator.fakes.braze.audience.messaging.plans import Delivery, Message
from simulator.fakes.braze.audience.messaging.sender import Dispatch, Sender
from simulator.fakes.braze.audience.messaging.sends import SendIds
from simulator.fakes.braze.audience.segments import Segments
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import IDS_PER_REQUEST, TOO_MANY_USERS, body_of, refuse, success
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.attributes.objects import check_alias
from simulator.rules.segments import AllOf, SegmentFormError, Tree, parse_connected_audience
from simulator.rules.segments.tree import EVERYBODY

Body = Mapping[str, object]
BROADCAST_NEEDED = "'broadcast' must be true to send to a whole segment or audience"
LONGEST_PUSH = {
    "apple_push": (1_912, "Apple Push Length Exceeded"), "android_push": (4_000, "Android Push Length Exceeded"),
}  # fmt: skip
"""Bytes of a push object as JSON, and the complaint about more (Braze, API errors)."""
BOTH = "Cannot send to both a broadcast and a list of recipients"


class Named(NamedTuple):
    """People whom a call names."""

    external_ids: Sequence[str]
    aliases: Sequence[tuple[str, str]]

    def __bool__(self) -> bool:
        return bool(self.external_ids or self.aliases)


class Order(NamedTuple):
    """A send without a plan: to whom, what, and which subscription states are reached."""

    campaign: Campaign | None
    people: Named
    tree: Tree
    messages: Sequence[Message]
    recipients: str


class MessageHandlers:
    """Sends without a plan of the dashboard."""

    def __init__(
        self, room: Room, keys: Keys, segments: Segments, campaigns: Campaigns, entries: Entries, sender: Sender,
        send_ids: SendIds, control_group: ControlGroup,
    ) -> None:  # fmt: skip
        self._room = room
        self._keys = keys
        self._segments = segments
        self._campaigns = campaigns
        self._entries = entries
        self._sender = sender
        self._send_ids = send_ids
        self._control_group = control_group

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {"sendMessages": self.send}

    def send(self, call: Call) -> Reply:
        """Accepted and sent at once; the answer says nothing about who was reached."""
        accepted, body = Accepted(self._keys.workspace_of(call), call.at, call.request_id), body_of(call)
        order = self.checked(accepted.workspace, body)
        shown = {"dispatch_id": self._entries.dispatch_id(call.request_id, call.at)}
        with self._room.database.transaction():
            send_id = self.send_id(accepted, order, body)
            self.dispatch(accepted, order, shown["dispatch_id"], send_id)
        if send_id:
            shown["send_id"] = send_id
        return success(201, **shown)

    def checked(self, workspace: str, body: Body) -> Order:
        """What a body asks for, once it makes sense. Raises Problem."""
        people = _people(body)
        tree = self._audience(workspace, body)
        if not people and tree is None:
            raise refuse(400, "No Recipients")
        messages = _messages(body)
        recipients = body.get("recipient_subscription_state", "subscribed")
        if not isinstance(recipients, str) or recipients not in STATES_FOR:
            raise refuse(400, "'recipient_subscription_state' must be 'opted_in', 'subscribed' or 'all'")
        campaign = self._campaign(workspace, body)
        if campaign is not None:
            messages = _tracked(campaign, messages)
        broadcast = says_true(body.get("broadcast"))
        if people and broadcast:
            raise refuse(400, BOTH)
        if not people and not broadcast:
            raise refuse(400, BROADCAST_NEEDED)
        return Order(campaign, people, tree or EVERYBODY, messages, str(recipients))

    def send_id(self, accepted: Accepted, order: Order, body: Body) -> str:
        """The send id of a tracked send that goes to a whole audience or names one; none otherwise."""
        wanted = body.get("send_id")
        given = wanted if isinstance(wanted, str) else ""
        if order.campaign is None or (order.people and not given):
            return ""
        return self._send_ids.create(order.campaign, accepted.at, accepted.request, given)

    def dispatch(self, accepted: Accepted, order: Order, dispatch_id: str, send_id: str) -> None:
        """Send to whoever is meant now."""
        rows = self._rows(accepted.workspace, order.people, order.tree)
        properties: dict[str, object] = {"dispatch_id": dispatch_id}
        campaign_id = ""
        if order.campaign is not None:
            campaign_id = order.campaign.campaign_id
            properties = {"campaign_id": campaign_id, "campaign_name": order.campaign.name, **properties}
            rows = self._control_group.outside(accepted.workspace, rows)
        if send_id:
            properties["send_id"] = send_id
        dispatch = Dispatch(
            accepted.workspace, accepted.at, campaign_id, send_id, order.recipients, accepted.request, properties
        )
        self._sender.send(dispatch, rows, order.messages)

    def _audience(self, workspace: str, body: Body) -> Tree | None:
        """The filters of the segment and of the connected audience together; None without either. Raises Problem."""
        trees: list[Tree] = []
        segment_id = body.get("segment_id")
        if segment_id:
            segment = self._segments.find(workspace, str(segment_id))
            if segment is None:
                raise refuse(400, "Invalid Segment ID")
            trees.append(segment.tree)
        extra = connected_audience(body)
        if extra is not None:
            trees.append(extra)
        return AllOf(tuple(trees)) if trees else None

    def _campaign(self, workspace: str, body: Body) -> Campaign | None:
        campaign_id = body.get("campaign_id")
        if not campaign_id:
            if body.get("send_id"):
                raise refuse(400, "send_id requires campaign_id")
            return None
        campaign = self._campaigns.find(workspace, str(campaign_id), canvas=False)
        if campaign is None or campaign.plan.delivery is not Delivery.API:
            raise refuse(400, "Invalid Campaign ID")
        return campaign

    def _rows(self, workspace: str, people: Named, tree: Tree) -> list[int]:
        """Everybody in the audience, or those of the named people who are in it."""
        if not people:
            return self._segments.members_of(workspace, tree)
        store = self._room.store.profiles
        found = [store.by_external_id(workspace, external_id) for external_id in people.external_ids]
        found += [store.by_alias(workspace, label, name) for label, name in people.aliases]
        rows = sorted({profile.row for profile in found if profile is not None})
        return self._segments.among(workspace, tree, rows, self._room.clock.now)


def connected_audience(body: Body) -> Tree | None:
    """The `audience` of a call; None without one. Raises Problem."""
    audience = body.get("audience")
    if not audience:
        return None
    try:
        return parse_connected_audience(audience)
    except SegmentFormError as error:
        raise refuse(400, f"'audience' is not a valid connected audience: {error}") from error


def _people(body: Body) -> Named:
    external_ids = texts(body, "external_user_ids", too_many=TOO_MANY_USERS)
    sent = body.get("user_aliases") or []
    aliases = sent if isinstance(sent, list) else [sent]
    try:
        pairs = [check_alias(alias) for alias in aliases]
    except InvalidObject:
        raise refuse(400, "'user_aliases' must be an array of alias objects") from None
    if len(external_ids) + len(pairs) > IDS_PER_REQUEST:
        raise refuse(400, TOO_MANY_USERS)
    return Named(external_ids, pairs)


def _messages(body: Body) -> list[Message]:
    sent = body.get("messages")
    if not isinstance(sent, Mapping) or not sent:
        raise refuse(400, "No message to send")
    known = {channel: sent[channel] for channel in API_CHANNELS if sent.get(channel)}
    if not known:
        raise refuse(400, "'messages' has no known channel")
    for channel, content in known.items():
        if not isinstance(content, Mapping):
            raise refuse(400, f"'messages.{channel}' must be an object")
        if CHANNELS[channel].needs == "push" and not isinstance(content.get("extra", {}), Mapping):
            raise refuse(400, "Invalid Extra Push Payload")
        longest, complaint = LONGEST_PUSH.get(channel, (0, ""))
        if longest and len(orjson.dumps(content)) > longest:
            raise refuse(400, complaint)
    return [
        Message(channel, dict(content), str(content.get("message_variation_id") or ""))
        for channel, content in known.items()
    ]


def _tracked(campaign: Campaign, messages: Sequence[Message]) -> list[Message]:
    """Each message must name a variation of the campaign, of its own channel. Raises Problem."""
    channels = {message.variation_id: message.channel for step in campaign.plan.steps for message in step.all_messages}
    for message in messages:
        if not message.variation_id:
            raise refuse(400, "Message Variant Unspecified")
        if message.variation_id not in channels:
            raise refuse(400, "Invalid Message Variant")
        if channels[message.variation_id] != message.channel:
            raise refuse(400, "Mismatched Message Type")
    return list(messages)
