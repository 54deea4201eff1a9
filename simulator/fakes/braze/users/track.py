"""users/track, track/bulk and track/sync: check every object, apply the good ones, list the bad ones (TRACK-1).

Sources: Braze, "Create and update users", the same "(bulk)" and "(synchronous)".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.activity import Total
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.users.writing import Sent, TrackWriter
from simulator.fakes.braze.wire import ObjectError, body_of, object_error, refuse, success, utc_text
from simulator.rules.attributes.faults import Fault, InvalidObject
from simulator.rules.attributes.objects import (
    Naming,
    Target,
    check_attributes,
    check_event,
    check_purchase,
    custom_of,
    id_text,
    target_of,
)

OBJECTS_PER_REQUEST = {"total": 75, "total_50": 50, "per_array": 75}
OBJECTS_PER_BULK_REQUEST = 1_000
OBJECTS_PER_USER = 100
NOTHING_VALID = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
TOO_MANY = "Max Input Length Exceeded"

ARRAYS: Mapping[str, Callable[[object], Target]] = {
    "attributes": check_attributes,
    "events": check_event,
    "purchases": check_purchase,
}
"""The three arrays in the order in which they are applied, and what checks an object of each."""

Arrays = dict[str, list[object]]


class Track:
    """The three ways to create and update users."""

    def __init__(self, room: Room, keys: Keys, life: LifeCycle) -> None:
        self._room = room
        self._keys = keys
        self._writer = TrackWriter(room, life)
        for operation in ("trackUsers", "trackUsersBulk"):
            room.writes.register(operation, self._apply)

    def _apply(self, accepted: Accepted, body: Mapping[str, Sequence[Sent]]) -> None:
        self._writer.apply(accepted, body)

    def track(self, call: Call) -> Reply:
        """TRACK-2. 75 objects in all, or by switch 50, or 75 per array."""
        sent = _arrays(body_of(call))
        sizes = [len(objects) for objects in sent.values()]
        limit = self._room.rules.track_limit
        counted = max(sizes, default=0) if limit == "per_array" else sum(sizes)
        if counted > OBJECTS_PER_REQUEST[limit]:
            raise refuse(400, TOO_MANY)
        return self._accept(call, sent)

    def track_bulk(self, call: Call) -> Reply:
        """1,000 objects in all, 100 for one user."""
        sent = _arrays(body_of(call))
        objects = [each for array in sent.values() for each in array]
        users = Counter(_user_of(each) for each in objects)
        most = max((count for user, count in users.items() if user is not None), default=0)
        if len(objects) > OBJECTS_PER_BULK_REQUEST or most > OBJECTS_PER_USER:
            raise refuse(400, TOO_MANY)
        return self._accept(call, sent)

    def _accept(self, call: Call, sent: Arrays) -> Reply:
        workspace = self._keys.workspace_of(call)
        good, errors = self._check(workspace, sent)
        if not any(good.values()):
            raise refuse(400, NOTHING_VALID, errors=errors)
        self._room.writes.accept(call.operation, Accepted(workspace, call.at, call.request_id), good)
        counters = {f"{name}_processed": len(good[name]) for name in sent if good[name]}
        return success(**counters, errors=errors)

    def track_sync(self, call: Call) -> Reply:
        """One object, applied before the answer whatever the visibility of other writes."""
        workspace = self._keys.workspace_of(call)
        sent = _arrays(body_of(call))
        if sum(len(objects) for objects in sent.values()) > 1:
            raise refuse(400, TOO_MANY)
        good, errors = self._check(workspace, sent)
        if not any(good.values()):
            raise refuse(400, NOTHING_VALID, errors=errors)
        with self._room.database.transaction():
            met = self._writer.apply(Accepted(workspace, call.at, call.request_id), good)
            users = [self._shown(good, profile) for profile in met if profile is not None]
        return success(users=users)

    def _shown(self, good: Mapping[str, Sequence[Sent]], profile: Profile) -> dict[str, object]:
        """The identifier as it was sent, and what the request named."""
        (name, sent), *_ = ((name, objects[0]) for name, objects in good.items() if objects)
        naming = target_of(sent).naming
        shown: dict[str, object] = {naming.value: id_text(sent[naming.value])}
        if name == "attributes":
            custom = {key: profile.custom[key] for key in custom_of(sent) if key in profile.custom}
            shown["custom_attributes"] = custom
        elif name == "events":
            totals = self._room.store.activity.event_totals(profile.row, name=str(sent["name"]))
            shown["custom_events"] = [_first_last_count("name", total) for total in totals]
        else:
            totals = self._room.store.activity.purchase_totals(profile.row, product_id=str(sent["product_id"]))
            shown["purchase_events"] = [_first_last_count("product_id", total) for total in totals]
        return shown

    def _unmade_groups(self, workspace: str, objects: Sequence[object]) -> set[str]:
        """Groups that are named and that nobody made; none when the switch lets them pass."""
        if self._room.rules.unknown_subscription_group == "accept":
            return set()
        named = {group_id for each in objects for group_id in _groups_of(each)}
        return {group_id for unmade in self._room.unmade_groups for group_id in unmade(workspace, named)}

    def _check(self, workspace: str, sent: Arrays) -> tuple[dict[str, list[Sent]], list[ObjectError]]:
        """The objects that can be applied, and one error for each of the others."""
        objects = [each for array in sent.values() for each in array if isinstance(each, dict)]
        named = [id_text(each.get("external_id")) for each in objects]
        external_ids = [external_id for external_id in named if isinstance(external_id, str)]
        blocked = self._room.store.identifiers.blocked(workspace, external_ids)
        unmade = self._unmade_groups(workspace, sent.get("attributes", ()))
        good: dict[str, list[Sent]] = {}
        errors: list[ObjectError] = []
        for name, array in sent.items():
            good[name] = []
            for index, each in enumerate(array):
                try:
                    target = ARRAYS[name](each)
                    if target.naming is Naming.EXTERNAL_ID and target.value in blocked:
                        raise InvalidObject(Fault.BLOCKED_EXTERNAL_ID)
                    if unmade and name == "attributes" and not unmade.isdisjoint(_groups_of(each)):
                        raise InvalidObject(Fault.UNKNOWN_GROUP)
                except InvalidObject as invalid:
                    errors.append(object_error(invalid.fault.text(self._room.rules.error_type), name, index))
                else:
                    good[name].append(each if isinstance(each, dict) else {})
        return good, errors


def _groups_of(sent: object) -> list[str]:
    """The subscription groups that an attributes object names."""
    groups = sent.get("subscription_groups") if isinstance(sent, dict) else None
    named = [
        group.get("subscription_group_id")
        for group in (groups if isinstance(groups, list) else ())
        if isinstance(group, dict)
    ]
    return [group_id for group_id in named if isinstance(group_id, str)]


def _arrays(body: Mapping[str, object]) -> Arrays:
    """The arrays that a request carries; a null counts as not there. Raises Problem for another kind of value."""
    arrays: Arrays = {}
    for name in ARRAYS:
        found = body.get(name)
        if found is None:
            continue
        if not isinstance(found, list):
            raise refuse(400, NOTHING_VALID)
        arrays[name] = found
    return arrays


def _user_of(sent: object) -> tuple[str, str, str] | None:
    if not isinstance(sent, dict):
        return None
    try:
        target = target_of(sent)
    except InvalidObject:
        return None
    return target.naming, target.label, target.value


def _first_last_count(name: str, total: Total) -> dict[str, object]:
    return {name: total.name, "first": utc_text(total.first), "last": utc_text(total.last), "count": total.times}
