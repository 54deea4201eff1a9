"""users/identify: give alias-only, email-only and phone-only users an external id, or merge them into who has it.

Source: Braze, "Identify users", "Aliases to identify object". Everything that has no effect is silent: clients read any
`errors` in a 2xx as a failure (LIFE-3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import (
    IDS_PER_REQUEST,
    TOO_MANY_USERS,
    ObjectError,
    body_of,
    object_error,
    refuse,
    success,
)
from simulator.rules.attributes import prioritization
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.attributes.fields import is_phone_number
from simulator.rules.attributes.objects import check_alias, check_external_id
from simulator.rules.attributes.prioritization import BadPrioritization

Entry = dict[str, object]

COUNTERS = {
    "aliases_to_identify": "aliases_processed",
    "emails_to_identify": "emails_processed",
    "phone_numbers_to_identify": "phone_numbers_processed",
}
MISSING = "'aliases_to_identify', 'emails_to_identify' or 'phone_numbers_to_identify' must be an array of objects"
WRONG_BEHAVIOR = "'merge_behavior' must be 'none' or 'merge'"
ERRORS_UNDER = "user_identifiers"
UNKNOWN_EXTERNAL_ID = "'external_id' does not belong to a known user"
NOT_FATAL = {prioritization.BOTH_UPDATED, prioritization.BOTH_IDENTIFIED, UNKNOWN_EXTERNAL_ID}
"""Errors of an entry that is well formed: told in a 2xx, also when there is no other entry (LIFE-3)."""


class Identify:
    """Checks the entries of a request, and applies each on its own."""

    def __init__(self, room: Room, keys: Keys, life: LifeCycle) -> None:
        self._room = room
        self._keys = keys
        self._life = life
        room.writes.register("identifyUsers", self._apply)

    def identify(self, call: Call) -> Reply:
        """Up to 50 entries over the three arrays; an empty one counts as not there."""
        workspace = self._keys.workspace_of(call)
        body = body_of(call)
        given = {name: body[name] for name in COUNTERS if body.get(name) not in (None, [])}
        if not given or not all(_objects(entries) for entries in given.values()):
            raise refuse(400, MISSING)
        if sum(len(entries) for entries in given.values() if isinstance(entries, list)) > IDS_PER_REQUEST:
            raise refuse(400, TOO_MANY_USERS)
        behavior = body.get("merge_behavior")
        if behavior not in (None, "none", "merge"):
            raise refuse(400, WRONG_BEHAVIOR)
        good, errors = self._check(workspace, given)
        if errors and not any(good.values()) and not any(error["type"] in NOT_FATAL for error in errors):
            raise refuse(400, MISSING, errors=errors)
        accepted = Accepted(workspace, call.at, call.request_id)
        body_to_apply = {**good, "merge_behavior": behavior or self._room.rules.identify_behavior}
        self._room.writes.accept(call.operation, accepted, body_to_apply)
        return success(**{COUNTERS[name]: len(entries) for name, entries in good.items()}, errors=errors)

    def _check(self, workspace: str, given: Mapping[str, object]) -> tuple[dict[str, list[Entry]], list[ObjectError]]:
        good: dict[str, list[Entry]] = {}
        errors: list[ObjectError] = []
        index = 0
        for name, entries in given.items():
            good[name] = []
            for entry in entries if isinstance(entries, list) else ():
                try:
                    self._check_entry(workspace, name, entry)
                    good[name].append(entry)
                except (InvalidObject, BadPrioritization) as wrong:
                    errors.append(object_error(str(wrong), ERRORS_UNDER, index))
                index += 1
        return good, errors

    def _check_entry(self, workspace: str, name: str, entry: Mapping[str, object]) -> None:
        external_id = check_external_id(entry.get("external_id"))
        if name == "aliases_to_identify":
            check_alias(entry.get("user_alias"))
        else:
            _check_contact(name, entry)
            if not prioritization.check(entry):
                raise BadPrioritization(prioritization.UNKNOWN_WORD)
        unknown = self._room.store.profiles.by_external_id(workspace, external_id) is None
        if unknown and self._room.rules.identify_unknown_id == "error":
            raise BadPrioritization(UNKNOWN_EXTERNAL_ID)

    def _apply(self, accepted: Accepted, body: Mapping[str, Any]) -> None:
        profiles, workspace = self._room.store.profiles, accepted.workspace
        keep_data = body["merge_behavior"] == "merge"
        for entry in body.get("aliases_to_identify", ()):
            label, name = check_alias(entry["user_alias"])
            found = profiles.by_alias(workspace, label, name)
            # An alias of an identified user identifies nobody (inferred).
            if found is not None and not found.identified:
                self._identify(accepted, found, str(entry["external_id"]), keep_data, alias_label=label)
        for entry in body.get("emails_to_identify", ()):
            self._by_contact(accepted, profiles.by_email(workspace, str(entry["email"])), entry, keep_data)
        for entry in body.get("phone_numbers_to_identify", ()):
            self._by_contact(accepted, profiles.by_phone(workspace, str(entry["phone"]).strip()), entry, keep_data)

    def _by_contact(
        self, accepted: Accepted, sharing: Sequence[Profile], entry: Mapping[str, object], keep_data: bool
    ) -> None:
        """More than one profile left, or the target itself: no merge, still success."""
        order = prioritization.check(entry)
        found = prioritization.choose(sharing, order)
        external_id = str(entry["external_id"])
        if found is None or found.external_id == external_id:
            return
        if not found.identified or "identified" in order:
            self._identify(accepted, found, external_id, keep_data)

    def _identify(
        self, accepted: Accepted, found: Profile, external_id: str, keep_data: bool, alias_label: str = ""
    ) -> None:
        target = self._room.store.profiles.by_external_id(accepted.workspace, external_id)
        if target is None:
            if not found.identified:
                self._life.identify(accepted, found, external_id, rule="LIFE-3")
            return
        if target.row == found.row:
            return
        labels = {label for label, _ in self._room.store.identifiers.aliases_of([target.row]).get(target.row, ())}
        if alias_label and alias_label in labels:
            return
        self._life.merge(
            accepted, found, target, rule="LIFE-3", history="blank_fields" if keep_data else "lost", activity=keep_data,
            devices=self._room.rules.devices_on_identify == "moved",
        )  # fmt: skip


def _objects(entries: object) -> bool:
    return isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)


def _check_contact(name: str, entry: Mapping[str, object]) -> None:
    if name == "emails_to_identify":
        if not isinstance(entry.get("email"), str) or not entry["email"]:
            raise BadPrioritization("'email' must be a non-empty string")
    elif not is_phone_number(entry.get("phone")):
        raise BadPrioritization("'phone' must be a phone number")
