"""users/external_ids/rename and users/external_ids/remove.

Sources: Braze, "Rename external ID endpoint", "Remove external ID endpoint" (LIFE-3, MATCH-6). Both answer with what
they did, so they take effect before the answer whatever the visibility of other writes.
"""

from __future__ import annotations

from simulator.fakes.binding import Call, Reply
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import IDS_PER_REQUEST, TOO_MANY_IDS, body_of, objects_in, refuse, success
from simulator.ledger import Entry
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.attributes.objects import check_external_id, id_text
from simulator.rules.identity import Identifier, Kind

SAME = "current_external_id and new_external_id are the same"
DEPRECATED = "current_external_id is deprecated"
UNKNOWN = "current_external_id does not exist"
TAKEN = "new_external_id is already in use"
PRIMARY = "external_id is not deprecated"
NOT_THERE = "external_id does not exist"
NOT_STRINGS = "'external_ids' must be a non-empty array of strings"


class ExternalIds:
    """Renames, and the end of old names."""

    def __init__(self, room: Room, keys: Keys, life: LifeCycle) -> None:
        self._room = room
        self._keys = keys
        self._life = life

    def rename(self, call: Call) -> Reply:
        """Up to 50 renames, each on its own; the switch `renamed_ids` says how those that were done are listed."""
        accepted = Accepted(self._keys.workspace_of(call), call.at, call.request_id)
        renames = objects_in(body_of(call), "external_id_renames", IDS_PER_REQUEST, TOO_MANY_IDS)
        renamed: list[dict[str, str]] = []
        errors: list[list[str]] = []
        with self._room.database.transaction():
            for each in renames:
                current, new = each.get("current_external_id"), each.get("new_external_id")
                wrong = self._rename_one(accepted, current, new)
                if wrong:
                    errors.append([str(current), wrong])
                else:
                    renamed.append({"current_external_id": str(current), "new_external_id": str(new)})
        told: list[object] = list(renamed)
        if self._room.rules.renamed_ids == "new_ids":
            told = [each["new_external_id"] for each in renamed]
        return success(external_ids=told, rename_errors=errors)

    def _rename_one(self, accepted: Accepted, current: object, new: object) -> str:
        """What is wrong with a rename, or nothing when it is done."""
        workspace, store = accepted.workspace, self._room.store
        try:
            current, new = check_external_id(current), check_external_id(new)
        except InvalidObject as invalid:
            return str(invalid)
        if current == new:
            return SAME
        if store.identifiers.is_deprecated(workspace, current):
            return DEPRECATED
        profile = store.profiles.by_external_id(workspace, current)
        if profile is None:
            return UNKNOWN
        if store.profiles.by_external_id(workspace, new) is not None:
            return TAKEN
        self._life.rename(accepted, profile, new)
        return ""

    def remove(self, call: Call) -> Reply:
        """Up to 50 deprecated ids; a primary id is an error."""
        accepted = Accepted(self._keys.workspace_of(call), call.at, call.request_id)
        sent = body_of(call).get("external_ids")
        wanted = [text for each in sent if isinstance(text := id_text(each), str)] if isinstance(sent, list) else []
        if not isinstance(sent, list) or not sent or len(wanted) < len(sent) or not all(wanted):
            raise refuse(400, NOT_STRINGS)
        if len(wanted) > IDS_PER_REQUEST:
            raise refuse(400, TOO_MANY_IDS)
        removed: list[str] = []
        errors: list[list[str]] = []
        with self._room.database.transaction():
            for external_id in wanted:
                wrong = self._remove_one(accepted, external_id)
                if wrong:
                    errors.append([external_id, wrong])
                else:
                    removed.append(external_id)
        return success(removed_ids=removed, removal_errors=errors)

    def _remove_one(self, accepted: Accepted, external_id: str) -> str:
        store = self._room.store
        profile = store.profiles.by_external_id(accepted.workspace, external_id)
        if profile is None:
            return NOT_THERE
        if profile.external_id == external_id:
            return PRIMARY
        store.identifiers.forget_deprecated(accepted.workspace, external_id)
        entry = Entry(
            "", profile.braze_id, Identifier(Kind.EXTERNAL_ID, external_id), "id_removed", ("LIFE-3", "MATCH-6")
        )
        self._room.ledger.write(
            accepted.at, room="braze", event="external_id_removed", entries=[entry], request=accepted.request,
            detail={"workspace": accepted.workspace},
        )  # fmt: skip
        return ""
