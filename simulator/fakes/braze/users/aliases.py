"""users/alias/new and users/alias/update.

Sources: Braze, "Create new user aliases", "Update user aliases", "User alias object" (LIFE-3). A pair that is taken, a
label that the user has already and an external id that nobody has are answered with success and change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import (
    IDS_PER_REQUEST,
    TOO_MANY_USERS,
    ObjectError,
    body_of,
    object_error,
    objects_in,
    refuse,
    success,
)
from simulator.ledger import Entry
from simulator.rules.attributes.objects import id_text, is_alias_text
from simulator.rules.identity import Identifier, Kind

NEW = "user_aliases"
UPDATES = "alias_updates"
NOT_TEXT = "'{name}' must be a non-empty string of at most 236 bytes"
NOTHING_VALID = "Valid data must be provided in the '{array}' field."


class Aliases:
    """Aliases made and renamed by API; the SDK's own way is on the phone."""

    def __init__(self, room: Room, keys: Keys, life: LifeCycle) -> None:
        self._room = room
        self._keys = keys
        self._life = life
        room.writes.register("createUserAliases", self._apply_new)
        room.writes.register("updateUserAliases", self._apply_updates)

    def create(self, call: Call) -> Reply:
        """Add aliases to users; without an external id, make alias-only users."""
        workspace = self._keys.workspace_of(call)
        sent = [_flat(each) for each in objects_in(body_of(call), NEW, IDS_PER_REQUEST, TOO_MANY_USERS)]
        good, errors = _check(NEW, sent, ("alias_name", "alias_label"))
        self._room.writes.accept(call.operation, Accepted(workspace, call.at, call.request_id), good)
        return success(aliases_processed=len(good), errors=errors)

    def _apply_new(self, accepted: Accepted, aliases: Sequence[Mapping[str, str]]) -> None:
        profiles = self._room.store.profiles
        for alias in aliases:
            label, name, external_id = alias["alias_label"], alias["alias_name"], id_text(alias.get("external_id"))
            if profiles.by_alias(accepted.workspace, label, name) is not None:
                continue
            if external_id is None:
                self._life.create(accepted, alias=(label, name), cause="LIFE-3")
                continue
            found = profiles.by_external_id(accepted.workspace, str(external_id))
            if found is not None:
                self._life.add_alias(accepted, found, label, name)

    def update(self, call: Call) -> Reply:
        """Rename aliases; a pair that nobody has, or a new one that is taken, changes nothing."""
        workspace = self._keys.workspace_of(call)
        sent = objects_in(body_of(call), UPDATES, IDS_PER_REQUEST, TOO_MANY_USERS)
        good, errors = _check(UPDATES, sent, ("alias_label", "old_alias_name", "new_alias_name"))
        self._room.writes.accept(call.operation, Accepted(workspace, call.at, call.request_id), good)
        return success(errors=errors)

    def _apply_updates(self, accepted: Accepted, updates: Sequence[Mapping[str, str]]) -> None:
        for update in updates:
            label, old, new = update["alias_label"], update["old_alias_name"], update["new_alias_name"]
            found = self._room.store.profiles.by_alias(accepted.workspace, label, old)
            if found is None or not self._room.store.identifiers.rename_alias(found, label, old, new, accepted.at):
                continue
            entry = Entry(
                "", found.braze_id, Identifier(Kind.ALIAS, new, label), "alias_renamed", ("LIFE-3",), f"was {old}"
            )
            self._room.ledger.write(
                accepted.at, room="braze", event="alias_renamed", entries=[entry], request=accepted.request,
                detail={"workspace": accepted.workspace},
            )  # fmt: skip


def _flat(sent: dict[str, object]) -> dict[str, object]:
    """An alias may stand under `user_alias`: recorded answers to a public client count such an object as processed."""
    inner = sent.get("user_alias")
    return {**inner, **sent} if isinstance(inner, dict) else sent


def _check(
    array: str, sent: Sequence[dict[str, object]], names: Sequence[str]
) -> tuple[list[dict[str, object]], list[ObjectError]]:
    """The objects whose names and labels are texts of 1 to 236 bytes. Raises Problem when there is none."""
    good: list[dict[str, object]] = []
    errors: list[ObjectError] = []
    for index, each in enumerate(sent):
        wrong = [name for name in names if not is_alias_text(each.get(name))]
        if each.get("external_id") is not None and not isinstance(id_text(each["external_id"]), str):
            wrong.append("external_id")
        if wrong:
            errors.append(object_error(NOT_TEXT.format(name=wrong[0]), array, index))
        else:
            good.append(each)
    if not good:
        raise refuse(400, NOTHING_VALID.format(array=array), errors=errors)
    return good, errors
