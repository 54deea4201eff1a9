"""One Braze event as one event of Amplitude's /batch, or the reason why it is not sent (CUR-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from simulator.feeds import CurrentsEvent
from simulator.sync.currents.names import (
    CUSTOM_EVENT,
    CUSTOM_PROPERTY_PREFIX,
    PURCHASE,
    PURCHASE_PROPERTY_PREFIX,
    amplitude_name,
)

LIBRARY = "Braze"
EVENT_BYTES_AT_MOST = 900 * 1024
"""Braze, Currents: larger events are dropped."""
NOBODY = "neither an external id nor a device id"
TOO_LARGE = "more than 900 KB"


def batch_event(event: CurrentsEvent) -> dict[str, Any] | str:
    """The event for Amplitude, or a sentence that says why it is dropped.

    `time` is in milliseconds (inferred: Braze says Unix timestamp and no unit, Amplitude reads milliseconds).
    """
    if not event.external_id and not event.device_id:
        return NOBODY
    made: dict[str, Any] = {
        "event_type": amplitude_name(event.type_id, str(event.properties.get("name", ""))),
        "time": event.at,
        "insert_id": event.event_id,
        "library": LIBRARY,
        "event_properties": _properties(event),
    }
    if event.external_id:
        made["user_id"] = event.external_id
    if event.device_id:
        made["device_id"] = event.device_id
    made |= {name: event.properties[name] for name in ("idfa", "adid") if event.properties.get(name)}
    if event.type_id == PURCHASE:
        made |= _revenue(event.properties)
    return TOO_LARGE if len(orjson.dumps(made)) > EVENT_BYTES_AT_MOST else made


def _properties(event: CurrentsEvent) -> dict[str, object]:
    """Braze's own values under their names, the event's own values under a prefix; nothing without a value."""
    prefix = {CUSTOM_EVENT: CUSTOM_PROPERTY_PREFIX, PURCHASE: PURCHASE_PROPERTY_PREFIX}.get(event.type_id, "")
    found: dict[str, object] = {}
    for name, value in event.properties.items():
        if value is None or name in ("idfa", "adid"):
            continue
        if name == "properties" and isinstance(value, dict):
            found |= {f"{prefix}{key}": inner for key, inner in value.items() if inner is not None}
        else:
            found[name] = value
    return found


def _revenue(properties: Mapping[str, object]) -> dict[str, object]:
    """A purchase also fills Amplitude's own product and price."""
    names = {"product_id": "productId", "price": "price", "currency": "currency"}
    return {ours: properties[theirs] for theirs, ours in names.items() if properties.get(theirs) is not None}
