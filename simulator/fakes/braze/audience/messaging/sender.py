"""Sends messages to profiles: who can be reached over a channel, what is written down, and why somebody was not.

Source: Braze, "Send messages immediately using the API only" (subscription states), "User subscription" pages, "Query
invalid phone numbers", "Aborting Liquid messages". An address that bounced hard or marked a message as spam gets no
e-mail, an invalid number no SMS. Liquid is not evaluated: a message whose content holds `abort_message` is given up for
everybody (our reading). Nothing leaves the process: a message is its events and its ledger rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from simulator.fakes.braze.audience.messaging.channels import CHANNELS, STATES_FOR, Channel
from simulator.fakes.braze.audience.messaging.plans import Message
from simulator.fakes.braze.audience.records.events import MessageEvents, NewEvent
from simulator.fakes.braze.store.activity import PushToken
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_uuid
from simulator.ledger import Entry
from simulator.rules.instants import Instant

_ABORT = re.compile(r"{%-?\s*abort_message\s*(?:\(\s*['\"]?(.*?)['\"]?\s*\))?\s*-?%}")
SENT = "message_sent"
NOT_REACHED = "message_not_sent"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What a send belongs to: its campaign or Canvas (or none), ids and the properties that its events share."""

    workspace: str
    at: Instant
    campaign_id: str = ""
    send_id: str = ""
    recipients: str = "subscribed"
    request: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class _Reach:
    """What is known of one profile's reachability."""

    profile: Profile
    tokens: list[PushToken]
    uses_app: bool
    blocked_address: bool
    invalid_number: bool
    devices: Mapping[str, Mapping[str, object]]

    @property
    def device_id(self) -> str | None:
        """The first of the person's devices."""
        return next(iter(self.devices), None)


class Sender:
    """Writes the events of messages."""

    def __init__(self, room: Room, events: MessageEvents) -> None:
        self._room = room
        self._database = room.database
        self._events = events

    def _cards(self, message: Message, dispatch: Dispatch) -> Message:
        """A content card has an id of its own, the same for everybody who gets it."""
        if message.channel != "content_card" or "card_id" in message.content:
            return message
        of = message.variation_id or str(dispatch.properties.get("dispatch_id", ""))
        card_id = derive_uuid(self._room.seed, "braze", "card", of)
        return replace(message, content={**message.content, "card_id": card_id})

    def send(self, dispatch: Dispatch, rows: Sequence[int], messages: Sequence[Message]) -> int:
        """Send every message to every profile that it can reach; how many people got at least one."""
        written: list[NewEvent] = []
        entries: list[Entry] = []
        reached = 0
        with self._database.transaction():
            messages = [self._cards(message, dispatch) for message in messages]
            for reach in self._reaches(dispatch.workspace, rows):
                got_one = False
                for message in messages:
                    why_not = _obstacle(reach, CHANNELS[message.channel], dispatch.recipients)
                    aborted = "" if why_not else abort_in(message)
                    if aborted:
                        why_not = f"the message was aborted: {aborted}"
                        written.append(_abort(dispatch, reach, message, aborted))
                    elif not why_not:
                        written.extend(_events(dispatch, reach, message))
                        got_one = True
                    outcome = NOT_REACHED if why_not else SENT
                    note = f"{message.channel}: {why_not}" if why_not else message.channel
                    entries.append(Entry(profile=reach.profile.braze_id, outcome=outcome, rules=("SEG-2",), note=note))
                reached += got_one
            self._events.add(dispatch.workspace, written)
            self._room.ledger.write(
                dispatch.at,
                room="braze",
                event="send",
                entries=entries,
                request=dispatch.request,
                detail={"campaign_id": dispatch.campaign_id, "send_id": dispatch.send_id, **dispatch.properties},
            )
        return reached

    def note(self, dispatch: Dispatch, rows: Sequence[int], name: str, properties: Mapping[str, object]) -> None:
        """Write one event for each profile: an entry, an enrolment in a control group, a conversion."""
        reaches = self._reaches(dispatch.workspace, rows)
        shared = {**dispatch.properties, **properties}
        self._events.add(dispatch.workspace, [_event(dispatch, reach, name, shared) for reach in reaches])

    def _reaches(self, workspace: str, rows: Sequence[int]) -> list[_Reach]:
        profiles = self._room.store.profiles.by_rows(rows)
        wanted = _array(profile.row for profile in profiles)
        tokens: dict[int, list[PushToken]] = {}
        for row, *token in self._database.rows(
            "SELECT profile, app_id, token, device_id, platform FROM braze_push_token "
            "WHERE profile IN (SELECT value FROM json_each(?)) ORDER BY profile, app_id, token",
            (wanted,),
        ):
            tokens.setdefault(row, []).append(PushToken(*token))
        query = "SELECT DISTINCT profile FROM braze_app_use WHERE profile IN (SELECT value FROM json_each(?))"
        using = {row for (row,) in self._database.rows(query, (wanted,))}
        query = (
            "SELECT email FROM braze_address WHERE workspace = ? AND email IN (SELECT value FROM json_each(?)) "
            "AND (bounced_at IS NOT NULL OR spam_at IS NOT NULL)"
        )
        emails = _array(profile.email for profile in profiles if profile.email)
        blocked = {email for (email,) in self._database.rows(query, (workspace, emails))}
        query = (
            "SELECT phone FROM braze_invalid_number WHERE workspace = ? "
            "AND phone IN (SELECT ltrim(trim(value), '+') FROM json_each(?))"
        )
        phones = _array(profile.phone for profile in profiles if profile.phone)
        invalid = {f"+{phone}" for (phone,) in self._database.rows(query, (workspace, phones))}
        devices = self._room.store.identifiers.devices_of(profile.row for profile in profiles)
        return [
            _Reach(
                profile, tokens.get(profile.row, []), profile.row in using, profile.email in blocked,
                f"+{(profile.phone or '').strip().lstrip('+')}" in invalid,
                dict(devices.get(profile.row, ())),
            )
            for profile in profiles
        ]  # fmt: skip


def _obstacle(reach: _Reach, channel: Channel, recipients: str) -> str:
    """Why a profile cannot be reached over a channel; empty if it can."""
    profile = reach.profile
    if channel.needs == "email" and not profile.email:
        return "no e-mail address"
    if channel.needs == "email" and reach.blocked_address:
        return "the address has bounced hard or marked a message as spam"
    if channel.needs == "phone" and not profile.phone:
        return "no phone number"
    if channel.name == "sms" and reach.invalid_number:
        return "the number cannot receive text messages"
    if channel.needs == "push" and not _tokens(reach, channel):
        return "no push token"
    if channel.needs == "app" and not reach.uses_app:
        return "never used an app"
    if channel.subscription:
        state = str(profile.fields.get(channel.subscription) or "subscribed")
        if state not in STATES_FOR[recipients]:
            return f"{channel.subscription} is {state}"
    return ""


def _tokens(reach: _Reach, channel: Channel) -> list[PushToken]:
    return [token for token in reach.tokens if token.platform in ("", channel.push_platform)]


def _events(dispatch: Dispatch, reach: _Reach, message: Message) -> Iterable[NewEvent]:
    channel = CHANNELS[message.channel]
    shared: dict[str, object] = {**dispatch.properties}
    if message.variation_id:
        shared["message_variation_id"] = message.variation_id
    if channel.needs == "email":
        shared["email_address"] = reach.profile.email
    elif channel.needs == "phone":
        shared["to_phone_number"] = reach.profile.phone
    elif channel.needs == "push":
        for token in _tokens(reach, channel):
            device = reach.devices.get(token.device_id, {})
            told = {"device_model": device.get("model"), "os_version": device.get("os")}
            own = {**shared, "platform": channel.push_platform, "app_id": token.app_id}
            own |= {name: value for name, value in told.items() if value}
            yield _event(dispatch, reach, channel.events[0], own, token.device_id or None)
        return
    if channel.name == "content_card":
        shared["card_id"] = message.content["card_id"]
    for name in channel.events:
        yield _event(dispatch, reach, name, shared)


def abort_in(message: Message) -> str:
    """What a message gives up with; empty if it does not."""
    for text in message.content.values():
        found = _ABORT.search(text) if isinstance(text, str) else None
        if found is not None:
            return found[1] or "abort_message"
    return ""


def _abort(dispatch: Dispatch, reach: _Reach, message: Message, log: str) -> NewEvent:
    shared = {**dispatch.properties, "abort_type": "liquid_abort_message", "abort_log": log}
    if message.variation_id:
        shared["message_variation_id"] = message.variation_id
    return _event(dispatch, reach, CHANNELS[message.channel].abort, shared)


def _event(
    dispatch: Dispatch, reach: _Reach, name: str, properties: Mapping[str, object], device_id: str | None = None
) -> NewEvent:
    """An event that is not about a device names one only for people without an external id."""
    profile = reach.profile
    device = device_id or (None if profile.identified else reach.device_id)
    return NewEvent(
        dispatch.at, name, profile.row, profile.braze_id, profile.external_id, device, dispatch.campaign_id,
        dispatch.send_id, properties,
    )  # fmt: skip


def _array(values: Iterable[object]) -> str:
    return orjson.dumps(list(values)).decode()
