"""One stored event as raw data: the keys and forms of exports and of user activity, as recorded live."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.reads.parameters import timestamp
from simulator.fakes.amplitude.store.events import StoredEvent
from simulator.ids import derive_int, derive_uuid

DEFAULT_LIBRARY = "http/2.0"
SCHEMA_VERSION = 13
_AS_SENT = {
    "adid": "adid", "city": "city", "country": "country", "device_brand": "device_brand",
    "device_carrier": "carrier", "device_family": "device_model", "device_manufacturer": "device_manufacturer",
    "device_model": "device_model", "dma": "dma", "idfa": "idfa", "ip_address": "ip", "language": "language",
    "location_lat": "location_lat", "location_lng": "location_lng", "os_name": "os_name", "os_version": "os_version",
    "partner_id": "partner_id", "paying": "paying", "platform": "platform", "region": "region",
    "start_version": "start_version", "version_name": "app_version",
}  # fmt: skip
_ALWAYS_NULL = (
    "$insert_key", "amplitude_attribution_ids", "amplitude_event_type", "device_type", "sample_rate",
    "user_creation_time",
)  # fmt: skip
_PLAN_KEYS = ("branch", "source", "version")
_REVENUE = {"price": "$price", "quantity": "$quantity", "revenue": "$revenue", "productId": "$productId",
            "revenueType": "$revenueType", "currency": "$currency"}  # fmt: skip


def _common(project: Project, event: StoredEvent, seed: int) -> dict[str, object]:
    extra = event.extra()
    path = ("amplitude", "event", event.sequence)
    data: dict[str, object] = {"path": extra.get("path", "/2/httpapi"), "group_first_event": {}, "group_ids": {}}
    if event.changed:
        data["user_properties_updated"] = True
    plan = extra.get("plan")
    row: dict[str, object] = {name: extra.get(source) for name, source in _AS_SENT.items()}
    row.update(dict.fromkeys(_ALWAYS_NULL))
    row.update(
        {
            "$insert_id": event.insert_id or derive_uuid(seed, *path, "insert id"),
            "amplitude_id": event.amplitude_id,
            "app": project.app_id,
            "client_event_time": timestamp(_number(extra.get("client_event_time"), event.time)),
            "client_upload_time": timestamp(event.uploaded_at),
            "data": data,
            "data_type": "event",
            "device_id": event.device_id,
            "event_id": _number(extra.get("event_id"), derive_int(seed, *path, "event id", bits=30)),
            "event_properties": {**event.properties(), **_revenue(extra)},
            "event_time": timestamp(event.time),
            "event_type": event.event_type,
            "group_properties": extra.get("group_properties", {}),
            "groups": extra.get("groups", {}),
            "library": extra.get("library", DEFAULT_LIBRARY),
            "plan": {name: plan[name] for name in _PLAN_KEYS if name in plan} if isinstance(plan, Mapping) else {},
            "server_received_time": timestamp(event.uploaded_at),
            "server_upload_time": timestamp(event.uploaded_at),
            "session_id": event.session_id,
            "source_id": "",
            "user_id": event.user_id,
            "user_properties": event.stamped(),
            "uuid": derive_uuid(seed, *path),
        }
    )
    return row


def _number(value: object, default: int) -> int:
    return int(value) if isinstance(value, int | float) else default


def _revenue(extra: Mapping[str, object]) -> dict[str, object]:
    return {name: extra[source] for source, name in _REVENUE.items() if source in extra}


def exported(project: Project, event: StoredEvent, seed: int) -> dict[str, object]:
    """A line of an export file, keys in alphabetical order."""
    row = _common(project, event, seed)
    row.update(
        {
            "$schema": None,
            "global_user_properties": None,
            "is_attribution_event": None,
            "processed_time": timestamp(event.uploaded_at),
        }
    )
    return dict(sorted(row.items()))


def active(project: Project, event: StoredEvent, seed: int) -> dict[str, object]:
    """An event of the user activity API."""
    row = _common(project, event, seed)
    names = [str(row[name]) for name in ("os_name", "os_version") if row[name] is not None]
    row.update(
        {
            "$schema": SCHEMA_VERSION,
            "global_user_properties": {},
            "is_attribution_event": False,
            "raw_event_type": event.event_type,
            "os": " ".join(names) or None,
        }
    )
    return row
