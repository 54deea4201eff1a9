"""Braze's users/track as a trait sync uses it: attributes objects, which create unknown users (CREATE-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from simulator.feeds import CohortInfo
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import MINUTE_MS
from simulator.sync.destinations.base import Parcel
from simulator.sync.ports import Request
from simulator.sync.store.records import Connection, Sync

OBJECTS_PER_REQUEST = {"total": 75, "total_50": 50, "per_array": 75}
"""Braze, Create and update users: objects by the switch `track_limit`, together or of each array (TRACK-2)."""


class BrazeAttributes:
    """The REST key travels as a bearer token (KEY-4); the answer blames objects by index (TRACK-1)."""

    kind = "braze_attributes"
    batch_size = OBJECTS_PER_REQUEST["total"]
    patience_ms = MINUTE_MS
    one_pile = True

    def request_size(self, track_limit: str) -> int:
        """TRACK-2. As many objects as users/track takes."""
        return OBJECTS_PER_REQUEST[track_limit]

    def name_call(self, sync: Sync, cohort: CohortInfo) -> Mapping[str, Any] | None:
        """Nothing to name."""
        return None

    def details(self, connection: Connection, user: AmplitudeUser) -> Mapping[str, Any] | None:
        """Identifiers are all that travels."""
        return None

    def request(self, parcel: Parcel) -> Request:
        """One attributes array, in the order of the people."""
        attributes = [parcel.extras[str(person)] for person in parcel.batch.people]
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {parcel.connection.settings['rest_api_key']}",
            "user-agent": "Amplitude/Trait-Sync",
        }
        return Request("POST", "/users/track", headers, orjson.dumps({"attributes": attributes}))

    def rejected(self, body: bytes) -> dict[int, str]:
        """TRACK-1. Which objects of a 2xx answer were not applied, by position, and why."""
        return rejected_objects(body, "attributes")


def rejected_objects(body: bytes, array: str) -> dict[int, str]:
    """The `errors` of a users/track answer that blame objects of one array."""
    if b'"errors"' not in body:
        return {}
    try:
        errors = orjson.loads(body).get("errors", [])
    except (orjson.JSONDecodeError, AttributeError):
        return {}
    return {
        int(each["index"]): str(each.get("type", ""))
        for each in errors
        if isinstance(each, dict) and each.get("input_array", array) == array and "index" in each
    }
