"""Braze's partner cohort import: the call that names a cohort and the calls that change who is in it.

Braze, Partner cohort import integration. The bodies are written out here and share nothing with the service that
reads them, so that a wrong field name cannot agree with itself. Amplitude's own traffic is in no page: that it calls
itself `amplitude` in the path and sends the cohort's own creation time as `created_at` is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from simulator.feeds import CohortInfo
from simulator.rules.identity import AmplitudeUser, Kind
from simulator.rules.instants import MINUTE_MS, format_instant
from simulator.rules.planning import IDENTIFIERS_PER_REQUEST, Direction
from simulator.sync.destinations.base import Parcel
from simulator.sync.ports import Request
from simulator.sync.store.packing import Batch
from simulator.sync.store.records import Connection, Sync

NAME = "name"
USERS = "users"


class BrazeCohorts:
    """Both keys travel in the body (KEY-2); no per-person answer comes back (MATCH-5)."""

    kind = "braze"
    batch_size = IDENTIFIERS_PER_REQUEST
    patience_ms = MINUTE_MS
    one_pile = True

    def request_size(self, track_limit: str) -> int:
        """Always the same."""
        return self.batch_size

    def name_call(self, sync: Sync, cohort: CohortInfo) -> Mapping[str, Any] | None:
        """SYNC-2. On the first export, and again when the name has changed."""
        if sync.name_sent == cohort.name:
            return None
        return {"name": cohort.name, "created_at": format_instant(cohort.created_at)}

    def details(self, connection: Connection, user: AmplitudeUser) -> Mapping[str, Any] | None:
        """Identifiers are all that travels."""
        return None

    def request(self, parcel: Parcel) -> Request:
        """The JSON body of either call."""
        settings = parcel.connection.settings
        body: dict[str, object] = {
            "partner_api_key": settings["partner_api_key"],
            "client_secret": settings["data_import_key"],
            "cohort_id": parcel.sync.cohort,
        }
        path = f"/partners/{settings['partner']}/cohorts"
        if parcel.delivery.operation == NAME:
            body |= parcel.extras
        else:
            path += "/users"
            body["cohort_changes"] = cohort_changes(parcel.batch)
        headers = {"content-type": "application/json", "user-agent": "Amplitude/Cohort-Sync"}
        return Request("POST", path, headers, orjson.dumps(body))

    def rejected(self, body: bytes) -> dict[int, str]:
        """MATCH-5. No answer names anybody."""
        return {}


def cohort_changes(batch: Batch) -> list[dict[str, object]]:
    """One object for entries and one for exits, each with only the kinds that it has; the order is kept."""
    groups: list[dict[str, object]] = []
    for direction in (Direction.ADD, Direction.REMOVE):
        group: dict[str, object] = {}
        for name, kind in (("user_ids", Kind.EXTERNAL_ID), ("device_ids", Kind.DEVICE_ID)):
            if values := [value for each in batch.only(direction, kind) for value in each.values]:
                group[name] = values
        if aliases := [
            {"alias_name": value, "alias_label": each.head.label}
            for each in batch.only(direction, Kind.ALIAS)
            for value in each.values
        ]:
            group["aliases"] = aliases
        if group:
            groups.append({**group, "should_remove": direction is Direction.REMOVE})
    return groups
