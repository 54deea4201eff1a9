"""users/merge and users/delete: profiles that end, into another one or into nothing.

Sources: Braze, "Merge users", "Delete users" (LIFE-3). Whoever is not found, or not found alone, is left as is, and so
are people of the Global Control Group and those marked for deletion; the answer is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import IDS_PER_REQUEST, TOO_MANY_IDS, body_of, refuse, success
from simulator.rules.attributes import prioritization
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.attributes.fields import is_phone_number
from simulator.rules.attributes.objects import check_alias, id_text
from simulator.rules.attributes.prioritization import BadPrioritization

MERGES_NOT_OBJECTS = "'merge_updates' must be an array of objects"
TOO_MANY_MERGES = "a single request may not contain more than 50 merge updates"
WRONG_IDENTIFIERS = (
    "identifiers must be objects with an 'external_id' property that is a string, 'user_alias' property that is an "
    "object, 'email' property that is a string, or 'phone' property that is a string"
)
WRONG_KEYS = "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"
MERGE_KEYS = {"identifier_to_merge", "identifier_to_keep"}

DELETE_LISTS = ("external_ids", "user_aliases", "braze_ids", "email_addresses", "phone_numbers")
ONE_LIST = "Only one of 'external_ids', 'user_aliases', 'braze_ids', 'email_addresses' or 'phone_numbers' may be given"
NO_LIST = "One of 'external_ids', 'user_aliases', 'braze_ids', 'email_addresses' or 'phone_numbers' must be an array"
WRONG_ENTRY = "'{name}' must be a non-empty array of {what}"
ENTRIES = {
    "external_ids": "strings",
    "user_aliases": "objects with 'alias_name' and 'alias_label'",
    "braze_ids": "strings",
    "email_addresses": "objects with 'email'",
    "phone_numbers": "objects with 'phone'",
}


class Endings:
    """Merges and deletions."""

    def __init__(self, room: Room, keys: Keys, life: LifeCycle) -> None:
        self._room = room
        self._keys = keys
        self._life = life
        room.writes.register("mergeUsers", self._apply_merges)
        room.writes.register("deleteUsers", self._apply_deletions)
        room.not_merged.append(self._marked_for_deletion)

    def merge(self, call: Call) -> Reply:
        """Up to 50 merges, answered with 202 before they happen."""
        workspace = self._keys.workspace_of(call)
        updates = body_of(call).get("merge_updates")
        if not isinstance(updates, list) or not all(isinstance(update, dict) for update in updates):
            raise refuse(400, MERGES_NOT_OBJECTS)
        if len(updates) > IDS_PER_REQUEST:
            raise refuse(400, TOO_MANY_MERGES)
        for update in updates:
            if update.keys() != MERGE_KEYS:
                raise refuse(400, WRONG_KEYS)
            for identifier in update.values():
                _check_merge_identifier(identifier)
        self._room.writes.accept(call.operation, Accepted(workspace, call.at, call.request_id), updates)
        return success(202)

    def _apply_merges(self, accepted: Accepted, updates: Sequence[Mapping[str, Mapping[str, object]]]) -> None:
        for update in updates:
            source = self._one(accepted.workspace, update["identifier_to_merge"])
            target = self._one(accepted.workspace, update["identifier_to_keep"])
            if source is None or target is None or source.row == target.row:
                continue
            if any(exempt(accepted.workspace, [source.row, target.row]) for exempt in self._room.not_merged):
                continue
            if all(each.phone is not None and not is_phone_number(each.phone) for each in (source, target)):
                continue
            self._life.merge(accepted, source, target, rule="LIFE-3")

    def _marked_for_deletion(self, workspace: str, rows: Sequence[int]) -> set[int]:
        """Those whose deletion was accepted and is not visible yet."""
        waiting = self._room.writes.waiting(workspace, "deleteUsers")
        entries = [(name, entry) for body in waiting for name, wanted in body.items() for entry in wanted]
        found = (self._found(workspace, name, entry) for name, entry in entries)
        return {profile.row for profile in found if profile is not None and profile.row in rows}

    def _one(self, workspace: str, identifier: Mapping[str, object]) -> Profile | None:
        profiles = self._room.store.profiles
        if "external_id" in identifier:
            return profiles.by_external_id(workspace, str(identifier["external_id"]))
        if "user_alias" in identifier:
            label, name = check_alias(identifier["user_alias"])
            return profiles.by_alias(workspace, label, name)
        order = prioritization.check(identifier)
        return prioritization.choose(self._sharing(workspace, identifier), order)

    def _sharing(self, workspace: str, contact: Mapping[str, object]) -> list[Profile]:
        profiles = self._room.store.profiles
        if "email" in contact:
            return profiles.by_email(workspace, str(contact["email"]))
        return profiles.by_phone(workspace, str(contact["phone"]).strip())

    def delete(self, call: Call) -> Reply:
        """Up to 50 identifiers of one kind (by switch of several); `deleted` counts what was asked for, not who was
        found. An empty list beside a filled one counts as not there."""
        workspace = self._keys.workspace_of(call)
        body = body_of(call)
        given = {name: body[name] for name in DELETE_LISTS if body.get(name) is not None}
        filled = {name: wanted for name, wanted in given.items() if wanted != []} or given
        if not filled:
            raise refuse(400, NO_LIST)
        if len(filled) > 1 and self._room.rules.delete_kinds == "one":
            raise refuse(400, ONE_LIST)
        asked: dict[str, list[object]] = {}
        for name, wanted in filled.items():
            if not isinstance(wanted, list) or not wanted or not all(_is_entry(name, entry) for entry in wanted):
                raise refuse(400, WRONG_ENTRY.format(name=name, what=ENTRIES[name]))
            asked[name] = wanted
        count = sum(map(len, asked.values()))
        if count > IDS_PER_REQUEST:
            raise refuse(400, TOO_MANY_IDS)
        self._room.writes.accept(call.operation, Accepted(workspace, call.at, call.request_id), asked)
        return success(deleted=count)

    def _apply_deletions(self, accepted: Accepted, body: Mapping[str, Sequence[object]]) -> None:
        for name, wanted in body.items():
            for entry in wanted:
                found = self._found(accepted.workspace, name, entry)
                if found is not None:
                    self._life.delete(accepted, found)

    def _found(self, workspace: str, name: str, entry: object) -> Profile | None:
        profiles = self._room.store.profiles
        if name == "external_ids":
            return profiles.by_external_id(workspace, str(entry))
        if name == "braze_ids":
            return profiles.by_braze_id(workspace, str(entry))
        if name == "user_aliases":
            label, alias = check_alias(entry)
            return profiles.by_alias(workspace, label, alias)
        contact = entry if isinstance(entry, Mapping) else {}
        order = prioritization.check(contact)
        return prioritization.choose(self._sharing(workspace, contact), order)


def _check_merge_identifier(identifier: object) -> None:
    """One of the four ways to name a user. Raises Problem."""
    if not isinstance(identifier, dict):
        raise refuse(400, WRONG_IDENTIFIERS)
    texts = [name for name in ("external_id", "email", "phone") if name in identifier]
    named = [name for name in (*texts, "user_alias") if name in identifier]
    if len(named) != 1 or not all(isinstance(identifier[name], str) and identifier[name] for name in texts):
        raise refuse(400, WRONG_IDENTIFIERS)
    try:
        if "user_alias" in identifier:
            check_alias(identifier["user_alias"])
        prioritization.check(identifier)
    except InvalidObject:
        raise refuse(400, WRONG_IDENTIFIERS) from None
    except BadPrioritization as wrong:
        raise refuse(400, str(wrong)) from None


def _is_entry(name: str, entry: object) -> bool:
    if name == "external_ids":
        entry = id_text(entry)
    if name in ("external_ids", "braze_ids"):
        return isinstance(entry, str) and bool(entry)
    try:
        if name == "user_aliases":
            check_alias(entry)
            return True
        key = "email" if name == "email_addresses" else "phone"
        if not isinstance(entry, dict) or not isinstance(entry.get(key), str) or not entry[key]:
            return False
        prioritization.check(entry)
        return True
    except (InvalidObject, BadPrioritization):
        return False
