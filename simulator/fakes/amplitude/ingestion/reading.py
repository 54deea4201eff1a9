"""From a validated event to a call that the intake takes: times, languages, revenue, built-in fields."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.fakes.amplitude.ingestion.intake import Incoming
from simulator.fakes.amplitude.languages import language_name
from simulator.fakes.amplitude.store.events import Kind
from simulator.rules.ingestion import SPECIAL_TYPES, CleanEvent, identifier_text
from simulator.rules.instants import MINUTE_MS, Instant, parse_instant
from simulator.rules.user_properties import PLACE_FIELDS, PLATFORM_FIELDS

BUILT_IN_FIELDS = PLATFORM_FIELDS | PLACE_FIELDS | {"language", "app_version", "paying", "start_version"}
"""What an event or identify call says about the user and not about the event."""

_OWN_COLUMNS = frozenset(
    {"time", "insert_id", "session_id", "event_properties", "user_properties", "$skip_user_properties_sync"}
)


def incoming(
    event: CleanEvent, at: Instant, *, path: str, remote: str = "", operations: str = "every_event", shift_ms: int = 0
) -> Incoming:
    """One call of the intake. `shift_ms` corrects the sender's clock; `operations`: switch property_operations."""
    fields = _fields(event.fields, remote)
    sent_time = event.fields.get("time")
    client_time = int(sent_time) if isinstance(sent_time, int | float) else int(at) - shift_ms
    session = event.fields.get("session_id")
    if shift_ms:
        fields["client_event_time"] = client_time
    fields["path"] = path
    insert_id = event.fields.get("insert_id")
    return Incoming(
        kind=Kind.IDENTIFY if event.event_type in SPECIAL_TYPES else Kind.EVENT,
        event_type=event.event_type,
        time=client_time + shift_ms,
        user_id=event.user_id,
        device_id=event.device_id,
        insert_id=None if insert_id is None else identifier_text(insert_id),
        session_id=int(session) if isinstance(session, int | float) else -1,
        event_properties=_object(event.fields.get("event_properties")),
        user_properties=_object(event.fields.get("user_properties")) or None,
        # In the order sent: what comes out of a set differs from process to process (INV-8).
        built_in={name: value for name, value in fields.items() if name in BUILT_IN_FIELDS},
        fields=fields,
        skip_sync=str(event.fields.get("$skip_user_properties_sync", False)).lower() == "true",
        operations=operations == "every_event" or event.special,
    )


def clock_shift(client_upload_time: object, received: Instant) -> int:
    """How far the sender's clock is off, in milliseconds to add; 0 when it did not say or is within a minute.

    Amplitude: event_time = client_event_time + (server_received_time - client_upload_time), "applied only when that
    difference is 60 s or more".
    """
    if not isinstance(client_upload_time, str):
        return 0
    try:
        shift = received - parse_instant(client_upload_time)
    except ValueError:
        return 0
    return shift if abs(shift) >= MINUTE_MS else 0


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _fields(sent: Mapping[str, object], remote: str) -> dict[str, object]:
    fields = {name: value for name, value in sent.items() if name not in _OWN_COLUMNS}
    if isinstance(language := fields.get("language"), str):
        fields["language"] = language_name(language)
    if fields.get("ip") == "$remote":
        fields["ip"] = remote
    price = _number(fields.get("price"))
    if price is not None:
        # price * quantity wins over revenue when all three are sent.
        quantity = _number(fields.get("quantity"))
        fields["revenue"] = price * (1 if quantity is None else quantity)
    return fields


def _number(value: object) -> float | int | None:
    if isinstance(value, str):
        return float(value)
    return value if isinstance(value, int | float) else None
