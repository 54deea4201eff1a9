"""User search and user activity (Amplitude, Dashboard REST API; shapes as recorded live)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.reads.parameters import day_text, invalid, required, whole_number
from simulator.fakes.amplitude.reads.rows import DEFAULT_LIBRARY, active
from simulator.fakes.amplitude.store.events import StoredEvent
from simulator.fakes.amplitude.store.users import UserRecord
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import detailed_error
from simulator.fakes.binding import Call, Problem, Reply
from simulator.rules.instants import format_instant
from simulator.rules.switches import RuleSet

PREFIX_MATCHES_AT_MOST = 100
EVENTS_AT_MOST = 1_000
NOWHERE = "1.7976931348623157E308"
"""What the live service answers as the latitude of somebody who was never located."""


class UserReads:
    """The handlers of both endpoints."""

    def __init__(self, store: AmplitudeStore, rules: Callable[[], RuleSet]) -> None:
        self._store = store
        self._rules = rules

    def search(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/usersearch`: amplitude id, device id or user id exactly, else a prefix of user ids."""
        wanted = required(call, "user")
        exact = self._exact(project, wanted)
        if exact:
            return Reply(200, {"matches": [_match(each) for each in exact], "type": "match_user_or_device_id"})
        prefixed = self._store.users.by_user_id_prefix(project, wanted, PREFIX_MATCHES_AT_MOST)
        kind = "match_user_prefix" if prefixed else "nomatch"
        return Reply(200, {"matches": [_match(each) for each in prefixed], "type": kind})

    def _exact(self, project: Project, wanted: str) -> list[UserRecord]:
        users = self._store.users
        numbers: set[int] = set()
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
            numbers.update(users.canonical(project, [int(wanted)]).values())
        if (named := users.by_user_id(project, [wanted]).get(wanted)) is not None:
            numbers.add(named.amplitude_id)
        device = users.devices(project, [wanted]).get(wanted)
        owner = device and (device.last_user_id or device.anonymous_id)
        if owner:
            numbers.update(users.canonical(project, [owner]).values())
        return list(users.by_amplitude_id(project, sorted(numbers)).values())

    def activity(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/useractivity`: who the user is, and the newest or oldest events."""
        record = self._user(project, required(call, "user"))
        offset = whole_number(call, "offset", 0, 0, 2**31)
        zero_indexed = self._rules().activity_limit == "zero_indexed"
        limit = whole_number(call, "limit", EVENTS_AT_MOST, 0, EVENTS_AT_MOST) + int(zero_indexed)
        direction = call.argument("direction", "latest")
        if direction not in ("latest", "earliest"):
            raise invalid(f"direction must be latest or earliest, got {direction}")
        events = self._stream(project, record)
        chosen = events if direction == "earliest" else events[::-1]
        rows = [
            active(project, each, self._store.seed) for each in chosen[offset : offset + min(limit, EVENTS_AT_MOST)]
        ]
        return Reply(200, {"userData": self._user_data(project, record, events), "events": rows})

    def _user(self, project: Project, wanted: str) -> UserRecord:
        canonical: dict[int, int] = {}
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
            canonical = self._store.users.canonical(project, [int(wanted)])
        if not canonical:
            raise Problem(detailed_error(404, "not_found", f"User {wanted} was not found"))
        number = canonical[int(wanted)]
        return self._store.users.by_amplitude_id(project, [number])[number]

    def _stream(self, project: Project, record: UserRecord) -> list[StoredEvent]:
        """The user's events and those of everybody mapped to them, directly or through others (ID-6)."""
        sources = self._store.relations.sources(project, [record.amplitude_id]).get(record.amplitude_id, [])
        found = self._store.events.of_users([record.amplitude_id, *sources])
        return sorted(
            (each for events in found.values() for each in events), key=lambda each: (each.time, each.sequence)
        )

    def _user_data(self, project: Project, record: UserRecord, events: Sequence[StoredEvent]) -> dict[str, object]:
        merged = self._store.users.merged_ids([record.amplitude_id]).get(record.amplitude_id, [])
        merged_records = self._store.users.by_amplitude_id(project, merged)
        extras = [each.extra() for each in events]
        last = extras[-1] if extras else {}
        revenue = [float(value) for extra in extras if isinstance(value := extra.get("revenue"), int | float)]
        located = next((extra for extra in reversed(extras) if "location_lat" in extra), {})
        devices = self._store.events.device_ids([record.amplitude_id, *merged])
        if record.device_id is not None and record.device_id not in devices:
            devices.append(record.device_id)
        sessions = sorted({each.session_id for each in events if each.session_id >= 0})
        data: dict[str, object] = {
            "user_id": record.user_id,
            "canonical_amplitude_id": record.amplitude_id,
            "merged_amplitude_ids": merged,
            "merge_times": {
                str(number): format_instant(each.merged_at or each.last_seen_at)
                for number, each in merged_records.items()
            },
            "num_events": len(events),
            "num_sessions": len(sessions),
            "usage_time": _usage_time(events),
            "first_used": day_text(events[0].time) if events else "",
            "last_used": day_text(events[-1].time) if events else "",
            "purchases": str(len(revenue)),
            "revenue": str(sum(revenue, 0.0)),
            "device_ids": devices,
            "last_device_id": record.device_id,
            "last_location": {
                "lat": str(located.get("location_lat", NOWHERE)),
                "lng": str(located.get("location_lng", NOWHERE)),
            },
            "properties": record.properties,
            "profileProperties": {},
            "library": last.get("library", DEFAULT_LIBRARY),
            "ip_address": last.get("ip", ""),
            "groups": next((extra["groups"] for extra in reversed(extras) if extra.get("groups")), {}),
        }
        return data | _built_in(record) | self._aliases(project, record)

    def _aliases(self, project: Project, record: UserRecord) -> dict[str, object]:
        user_id = record.user_id or ""
        target = self._store.relations.mapped_to(project, user_id) if user_id else None
        target_record = self._store.users.by_user_id(project, [target]).get(target) if target else None
        return {
            "aliasing_user_ids": self._store.relations.mapped_from(project, user_id) if user_id else [],
            "aliased_user_id": target,
            "aliased_amplitude_id": target_record.amplitude_id if target_record else None,
            "aliasing_profiles": {},
        }


def _match(record: UserRecord) -> dict[str, object]:
    return {
        "user_id": record.user_id,
        "amplitude_id": record.amplitude_id,
        "last_seen": None,
        "last_device_id": record.device_id,
    }


def _built_in(record: UserRecord) -> dict[str, object]:
    sent = record.built_in
    words = {name: str(sent.get(name, "")) for name in ("platform", "carrier", "country", "region", "city", "dma")}
    words |= {name: str(sent.get(name, "")) for name in ("language", "start_version", "paying")}
    return {
        **words,
        "os": " ".join(str(sent[name]) for name in ("os_name", "os_version") if name in sent),
        "version": str(sent.get("app_version", "")),
        "device": str(sent.get("device_model", "")),
        "device_type": str(sent.get("device_model", "")),
    }


def _usage_time(events: Sequence[StoredEvent]) -> int:
    """Milliseconds between the first and the last event of each session, together."""
    spans: dict[int, tuple[int, int]] = {}
    for event in events:
        if event.session_id >= 0:
            first, last = spans.get(event.session_id, (event.time, event.time))
            spans[event.session_id] = (min(first, event.time), max(last, event.time))
    return sum(last - first for first, last in spans.values())
