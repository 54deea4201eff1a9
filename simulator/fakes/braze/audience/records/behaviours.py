"""What people did, in the one sequence that Currents exports: events, purchases and sessions beside messages.

Source: Braze, "Customer behavior events", "Amplitude for Currents" (CUR-1). A row says who did it, by the ids of the
moment: a later login or merge does not change it (Braze, "Merge users": not reflected in Currents).
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from simulator.fakes.braze.audience.records.events import MessageEvents, NewEvent
from simulator.fakes.braze.store.activity import Happened
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_uuid

TYPE_IDS = {
    "event": "users.behaviors.CustomEvent",
    "purchase": "users.behaviors.Purchase",
    "first session": "users.behaviors.app.FirstSession",
    "session start": "users.behaviors.app.SessionStart",
    "session end": "users.behaviors.app.SessionEnd",
    "uninstall": "users.behaviors.Uninstall",
    "install attribution": "users.behaviors.InstallAttribution",
    "location": "users.behaviors.Location",
}


class Behaviours:
    """Listens to activity."""

    def __init__(self, room: Room, events: MessageEvents) -> None:
        self._room = room
        self._database = room.database
        self._events = events

    def heard(self, happened: Sequence[Happened]) -> None:
        """Write down what happened to whom."""
        rows = orjson.dumps(sorted({each.row for each in happened})).decode()
        who = {
            row: person
            for row, *person in self._database.rows(
                "SELECT p.profile, p.workspace, p.external_id, CASE WHEN p.external_id IS NULL THEN "
                "(SELECT d.device_id FROM braze_device d WHERE d.profile = p.profile ORDER BY d.device_id LIMIT 1) END "
                "FROM json_each(?) asked CROSS JOIN braze_profile p ON p.profile = asked.value",
                (rows,),
            )
        }
        by_workspace: dict[str, list[NewEvent]] = {}
        for each in happened:
            workspace, external_id, device_id = who[each.row]
            braze_id = self._room.store.profiles.braze_id_of(workspace, each.row)
            properties = dict(each.properties)
            if each.kind == "event":
                properties["name"] = each.name
            if "session" in properties:
                number = int(str(properties.pop("session")))
                properties["session_id"] = derive_uuid(self._room.seed, "braze", "session", number)
            if each.app_id:
                properties["app_id"] = each.app_id
            by_workspace.setdefault(workspace, []).append(
                NewEvent(each.at, TYPE_IDS[each.kind], each.row, braze_id, external_id, device_id, "", "", properties)
            )
        for workspace, events in by_workspace.items():
            self._events.add(workspace, events)
