"""What a stream sends: chosen events, chosen properties, one identity; pure decisions about one event (STREAM-1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.exchange import fits_header
from simulator.feeds import IngestedEvent
from simulator.rules.cohorts.conditions import passes
from simulator.rules.cohorts.definition import Test
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import format_instant
from simulator.rules.mapping import value_of

TARGETS = ("external_id", "braze_id", "alias", "email")
IDENTIFY = "$identify"
NOT_EVENTS = ("_all", "_identify", IDENTIFY)
"""Names that the event picker does not offer. Amplitude, Event streaming overview."""
NOT_STREAMED = ("Version", "Device Family")
"""User properties that never stream. Amplitude, Event streaming overview."""


class InvalidStream(ValueError):
    """A stream that Amplitude would not save; the message says what to change."""


class Filter(NamedTuple):
    """A condition of the event picker on one event property, compared as everywhere in Amplitude."""

    event_property: str
    operator: str
    values: tuple[str, ...]


OPERATORS = (Test.IS, Test.IS_NOT, Test.CONTAINS, Test.DOES_NOT_CONTAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Amplitude, Braze event streaming, Setup."""

    name: str
    endpoint: str
    rest_api_key: str
    app_id: str = ""
    amplitude_property: str = "user_id"
    target: str = "external_id"
    alias_label: str = ""
    update_users_only: bool = False
    """CREATE-2. On: Braze creates no profile. Must be off for alias-only profiles."""
    events: Mapping[str, tuple[Filter, ...]] = field(default_factory=dict)
    """The events to send, each with its filters. Empty: Send Events is off."""
    event_properties: tuple[str, ...] = ()
    user_properties: tuple[str, ...] = ()
    """Copied into each event's properties, beside the event properties."""
    send_users: bool = False
    forwarded: tuple[str, ...] = ()
    """User properties that become custom attributes when one of them changes."""

    def checked(self) -> StreamSettings:
        """These settings. Raises InvalidStream."""
        if not self.endpoint or not self.rest_api_key:
            raise InvalidStream("a stream needs the Braze API endpoint and a REST API key")
        if not fits_header(self.rest_api_key):
            raise InvalidStream("a REST API key is sent in a header; it holds printable ASCII characters only")
        if self.target not in TARGETS:
            raise InvalidStream(f"{self.target!r} is none of {', '.join(TARGETS)}")
        if self.target == "alias" and not self.alias_label:
            raise InvalidStream("a user alias needs a user alias label")
        if not self.events and not self.send_users:
            raise InvalidStream("a stream sends events, users or both; choose at least one event, or send users")
        if wrong := [name for name in self.events if name in NOT_EVENTS]:
            raise InvalidStream(f"{', '.join(wrong)} cannot be streamed as an event")
        if wrong := [name for name in (*self.user_properties, *self.forwarded) if name in NOT_STREAMED]:
            raise InvalidStream(f"{', '.join(wrong)} does not stream")
        if self.send_users and not self.forwarded:
            raise InvalidStream("sending users needs at least one user property")
        for filters in self.events.values():
            if wrong := [each.operator for each in filters if each.operator not in OPERATORS]:
                raise InvalidStream(f"{', '.join(wrong)} is none of {', '.join(OPERATORS)}")
        return self


class Objects(NamedTuple):
    """What one ingested event becomes; `identified` is False when the person lacks the mapped identifier."""

    event: Mapping[str, object] | None
    attributes: Mapping[str, object] | None
    identified: bool = True


def objects_of(settings: StreamSettings, ingested: IngestedEvent, user_forwarding: str) -> Objects | None:
    """None when the stream is not concerned; otherwise the objects of a users/track call."""
    sends_event = _wanted(settings, ingested)
    sends_user = settings.send_users and _user_changed(settings, ingested, user_forwarding)
    if not sends_event and not sends_user:
        return None
    keys = identity(settings, ingested.user)
    if keys is None:
        return Objects(None, None, identified=False)
    event = _event(settings, ingested, keys) if sends_event else None
    attributes = _attributes(settings, ingested.user, keys) if sends_user else None
    return Objects(event, attributes)


def identity(settings: StreamSettings, user: AmplitudeUser) -> dict[str, object] | None:
    """The identifying keys of an object; None when the person has no value for the mapped property."""
    value = value_of(user, settings.amplitude_property)
    if value is None:
        return None
    if settings.target == "alias":
        return {"user_alias": {"alias_name": value, "alias_label": settings.alias_label}}
    return {settings.target: value}


def _wanted(settings: StreamSettings, ingested: IngestedEvent) -> bool:
    filters = settings.events.get(ingested.event_type)
    if filters is None or ingested.event_type in NOT_EVENTS:
        return False
    read = ingested.event_properties.get
    return all(passes(Test(each.operator), each.values, read(each.event_property)) for each in filters)


def _user_changed(settings: StreamSettings, ingested: IngestedEvent, user_forwarding: str) -> bool:
    """STREAM-1. The switch `user_forwarding`: a selected property changed, or (2023) any identify or any change."""
    if user_forwarding == "any_identify":
        return ingested.event_type == IDENTIFY or bool(ingested.changed_user_properties)
    return not ingested.changed_user_properties.isdisjoint(settings.forwarded)


def _event(settings: StreamSettings, ingested: IngestedEvent, keys: Mapping[str, object]) -> dict[str, object]:
    properties = _chosen(ingested.event_properties, settings.event_properties)
    properties |= _chosen(ingested.user.properties, settings.user_properties)
    made: dict[str, object] = {
        **keys,
        "name": ingested.event_type,
        "time": format_instant(ingested.event_time),
        "_update_existing_only": settings.update_users_only,
    }
    if settings.app_id:
        made["app_id"] = settings.app_id
    if properties:
        made["properties"] = properties
    return made


def _attributes(settings: StreamSettings, user: AmplitudeUser, keys: Mapping[str, object]) -> dict[str, object]:
    chosen = _chosen(user.properties, settings.forwarded)
    return {**chosen, **keys, "_update_existing_only": settings.update_users_only}


def _chosen(values: Mapping[str, object], names: tuple[str, ...]) -> dict[str, object]:
    return {name: values[name] for name in names if values.get(name) is not None}
