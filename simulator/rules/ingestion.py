"""What Amplitude refuses in an event and how it tidies what it takes (INGEST-1), without any store.

Sources: Amplitude, HTTP V2 API and Batch Event Upload API; the id length refusal as seen on the live service. A request
is taken or refused as a whole: clients send the events that were not blamed again.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

MIN_ID_LENGTH = 5
STRING_LENGTH_AT_MOST = 1024
DEPTH_AT_MOST = 40
GROUP_TYPES_AT_MOST = 5
GROUP_VALUES_AT_MOST = 10
DEDUPE_DAYS = 7

INVALID_JSON = "Invalid JSON request body"
MISSING_BODY = "Missing request body"
INVALID_PATH = "Invalid request path"
MISSING_FIELD = "Request missing required field"
INVALID_EVENT = "Invalid event JSON"
INVALID_FIELDS = "Invalid field values on some events"
INVALID_ID_LENGTH = "Invalid id length for user_id or device_id"
SILENCED = "Events silenced for device_id"
THROTTLED = "Too many requests for some devices and users"

EXACT_BELOW = 2**53
"""From here on a number that is not whole in 64 bits has lost digits on its way through a reader of JSON."""
DENIED_IDS = frozenset(
    {
        "anonymous", "nil", "none", "null", "n/a", "na", "undefined", "unknown", "",
        "00000000-0000-0000-0000-000000000000", "{}", "lmy47d", "0", "-1",
    }
)  # fmt: skip
"""Placeholders that would make one giant user; compared without regard to case and surrounding blanks."""

SPECIAL_TYPES = frozenset({"$identify", "$groupidentify"})
"""They change properties and are no events: no volume, nobody becomes active or new by them."""

SERVER_DEVICE_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: the text, and by field name the indexes of every event it blames."""

    error: str
    missing: Mapping[str, list[int]] = field(default_factory=dict)
    invalid: Mapping[str, list[int]] = field(default_factory=dict)
    id_lengths: Mapping[str, list[int]] = field(default_factory=dict)

    def blamed(self) -> dict[str, dict[str, list[int]]]:
        """The keys of the answer that hold indexes; empty ones are left out."""
        keys = {
            "events_with_invalid_fields": self.invalid,
            "events_with_missing_fields": self.missing,
            "events_with_invalid_id_lengths": self.id_lengths,
        }
        return {key: dict(indexes) for key, indexes in keys.items() if indexes}


@dataclass(frozen=True, slots=True)
class CleanEvent:
    """One accepted event: ids trimmed, texts cut, everything else as sent."""

    index: int
    event_type: str
    user_id: str | None
    device_id: str | None
    fields: Mapping[str, object]

    @property
    def special(self) -> bool:
        """Whether this is an identify or group identify in the clothes of an event."""
        return self.event_type in SPECIAL_TYPES


def is_denied(identifier: str) -> bool:
    """Whether an id is one of the placeholders that Amplitude refuses."""
    return identifier.strip().lower() in DENIED_IDS


def server_device_id(user_id: str) -> str:
    """The device id that the server fills in for a user without device: always the same, and looking like a UUID v5.

    The real recipe is not public; that it is stable per user id was seen live.
    """
    return str(uuid.uuid5(SERVER_DEVICE_NAMESPACE, user_id))


def cut_strings(value: object) -> object:
    """The value with every text in it, keys excepted, cut to 1024 characters ("truncated, not rejected")."""
    if isinstance(value, str):
        return value[:STRING_LENGTH_AT_MOST]
    if isinstance(value, Mapping):
        return {name: cut_strings(each) for name, each in value.items()}
    if isinstance(value, list):
        return [cut_strings(each) for each in value]
    return value


def too_deep(value: object, left: int = DEPTH_AT_MOST) -> bool:
    """Whether an object nests deeper than 40 levels."""
    if not isinstance(value, Mapping | list):
        return False
    if left == 0:
        return True
    inner = value.values() if isinstance(value, Mapping) else value
    return any(too_deep(each, left - 1) for each in inner)


def groups_kept(groups: Mapping[str, object]) -> dict[str, object]:
    """At most 5 group types and 10 group values; what is beyond is not tracked."""
    kept: dict[str, object] = {}
    room = GROUP_VALUES_AT_MOST
    for name, value in list(groups.items())[:GROUP_TYPES_AT_MOST]:
        values = value if isinstance(value, list) else [value]
        if taken := values[:room]:
            kept[name] = taken if isinstance(value, list) else taken[0]
            room -= len(taken)
    return kept


def _is_time(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0 <= value < 2**63
    return isinstance(value, float) and math.isfinite(value) and 0 <= value < 2**63


def _is_whole(value: object) -> bool:
    return _is_time(value) or (isinstance(value, int) and not isinstance(value, bool) and value >= -(2**63))


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return isinstance(value, int | float) and math.isfinite(value)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool) or value in ("true", "false", "True", "False")


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping) and not too_deep(value)


def _is_identifier(value: object) -> bool:
    """Text or a number. One of more than 64 bits has lost digits and would be another id: it is refused (inferred)."""
    if isinstance(value, float):
        return abs(value) < EXACT_BELOW
    return isinstance(value, str | int) and not isinstance(value, bool)


_TEXTS = (
    "app_version", "platform", "os_name", "os_version", "device_brand", "device_manufacturer", "device_model",
    "carrier", "country", "region", "city", "dma", "language", "ip", "productId", "revenueType", "currency", "idfa",
    "idfv", "adid", "android_id", "android_app_set_id", "insert_id", "library", "partner_id", "user_agent",
)  # fmt: skip

FIELD_CHECKS: dict[str, Callable[[object], bool]] = {
    "time": _is_time,
    "session_id": _is_whole,
    "event_id": _is_whole,
    "quantity": _is_number,
    "price": _is_number,
    "revenue": _is_number,
    "location_lat": _is_number,
    "location_lng": _is_number,
    "event_properties": _is_object,
    "user_properties": _is_object,
    "groups": _is_object,
    "group_properties": _is_object,
    "plan": _is_object,
    "$skip_user_properties_sync": _is_flag,
    **dict.fromkeys(_TEXTS, _is_scalar),
}
"""What a field must look like when it is there and not null. Unknown fields are tolerated."""


def check_events(
    events: Sequence[object],
    min_id_length: int = MIN_ID_LENGTH,
    *,
    short_ids: str = "refuse",
    error_indexes: str = "all",
) -> Refusal | list[CleanEvent]:
    """Every event tidied, or one refusal that blames all bad ones (or the first of each kind, switch `error_indexes`).

    `short_ids="strip"` is the documented reading, in which a short id is removed and the event kept if another id is
    left; the live service refuses it even then (switch `short_ids`).
    """
    clean: list[CleanEvent] = []
    missing: dict[str, list[int]] = {}
    invalid: dict[str, list[int]] = {}
    lengths: dict[str, list[int]] = {}
    for index, event in enumerate(events):
        if not isinstance(event, Mapping):
            return Refusal(INVALID_EVENT)
        identifiers = _identifiers(event, min_id_length, short_ids)
        for name, found in identifiers.items():
            if found.fault == "invalid":
                invalid.setdefault(name, []).append(index)
            elif found.fault == "length":
                lengths.setdefault(name, []).append(index)
        if all(found.value is None and not found.fault for found in identifiers.values()):
            for name in identifiers:
                missing.setdefault(name, []).append(index)
        event_type = event.get("event_type")
        if event_type is None or event_type == "":
            missing.setdefault("event_type", []).append(index)
        elif not isinstance(event_type, str):
            invalid.setdefault("event_type", []).append(index)
        for name in event.keys() & FIELD_CHECKS.keys():
            if event[name] is not None and not FIELD_CHECKS[name](event[name]):
                invalid.setdefault(name, []).append(index)
        if not (missing or invalid or lengths):
            clean.append(_clean(index, event, identifiers))
    if not (missing or invalid or lengths):
        return clean
    if error_indexes == "first":
        missing, invalid, lengths = _firsts(missing), _firsts(invalid), _firsts(lengths)
    error = MISSING_FIELD if missing else INVALID_FIELDS if invalid else INVALID_ID_LENGTH
    return Refusal(error, _sorted(missing), _sorted(invalid), _sorted(lengths))


def _firsts(indexes: Mapping[str, list[int]]) -> dict[str, list[int]]:
    return {name: each[:1] for name, each in indexes.items()}


def _sorted(indexes: Mapping[str, list[int]]) -> dict[str, list[int]]:
    # The fields of an event come out of a set: sorted names make the answer the same on every machine.
    return dict(sorted(indexes.items()))


@dataclass(frozen=True, slots=True)
class _Id:
    value: str | None
    fault: str = ""


def _identifiers(event: Mapping[str, object], min_id_length: int, short_ids: str) -> dict[str, _Id]:
    return {name: _identifier(event.get(name), min_id_length, short_ids) for name in ("user_id", "device_id")}


def _identifier(value: object, min_id_length: int, short_ids: str) -> _Id:
    if value is None:
        return _Id(None)
    if not _is_identifier(value):
        return _Id(None, "invalid")
    text = identifier_text(value)
    if is_denied(text):
        return _Id(None, "invalid")
    # Blanks around an id count for its length and are trimmed afterwards.
    if len(text) < min_id_length:
        return _Id(None, "length" if short_ids == "refuse" else "")
    return _Id(text.strip()[:STRING_LENGTH_AT_MOST])


def identifier_text(value: object) -> str:
    """An id as text: numbers without a fraction when they have none, and no NUL characters, which no store keeps.

    What the vendor does with NUL is not documented (inferred).
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\0", "")


def _clean(index: int, event: Mapping[str, object], identifiers: Mapping[str, _Id]) -> CleanEvent:
    fields = {
        name: cut_strings(value)
        for name, value in event.items()
        if value is not None and name not in ("user_id", "device_id", "event_type")
    }
    if isinstance(groups := fields.get("groups"), Mapping):
        fields["groups"] = groups_kept(groups)
    return CleanEvent(
        index=index,
        event_type=str(event["event_type"])[:STRING_LENGTH_AT_MOST],
        user_id=identifiers["user_id"].value,
        device_id=identifiers["device_id"].value,
        fields=fields,
    )
