"""How many people used an app, came for the first time or took it off their phones, by day or hour.

Source: Braze, "Export app sessions by time", "Export daily new users by date", "Export daily active users by date",
"Export monthly active users for last 30 days", "Export daily app uninstalls by date". A new user is somebody whose
first session lies on the day, an active one somebody with a session on it (inferred). People who are gone still count:
what has been counted stays so (inferred).
"""

from __future__ import annotations

from collections.abc import Collection

from simulator.fakes.braze.audience.lists.names import UNITS_MS
from simulator.fakes.braze.store.room import Room
from simulator.rules.instants import DAY_MS, Instant

MONTH_DAYS = 30


class Sessions:
    """Counts sessions of one workspace, in all apps or in one."""

    def __init__(self, room: Room) -> None:
        self._database = room.database

    def sessions(
        self, workspace: str, slots: Collection[Instant], unit: str, *, app: str = "", rows: str = ""
    ) -> dict[Instant, int]:
        """How many sessions began in each slot of time; `rows` narrows to profiles (a JSON array)."""
        narrow = "AND s.profile IN (SELECT value FROM json_each(?))" if rows else ""
        length = UNITS_MS[unit]
        found = self._database.rows(
            f"SELECT s.at - s.at % {length}, sum(s.times) {_FROM} AND s.at >= ? AND s.at < ? {narrow} GROUP BY 1",
            (workspace, app, app, min(slots), max(slots) + length, *([rows] if rows else [])),
        )
        return _by_slot(slots, found)

    def active(self, workspace: str, days: Collection[Instant], *, app: str = "", span: int = 1) -> dict[Instant, int]:
        """How many people had a session in the so many days that end with each day."""
        query = f"SELECT count(DISTINCT s.profile) {_FROM} AND s.at >= ? AND s.at < ?"
        return {
            day: int(
                self._database.value(query, (workspace, app, app, day - (span - 1) * DAY_MS, day + DAY_MS))
            )
            for day in days
        }  # fmt: skip

    def new(self, workspace: str, days: Collection[Instant], *, app: str = "") -> dict[Instant, int]:
        """How many people had their first session on each day."""
        found = self._database.rows(
            f"SELECT first - first % {DAY_MS}, count(*) FROM (SELECT min(s.at) AS first {_FROM} GROUP BY s.profile) "
            "GROUP BY 1",
            (workspace, app, app),
        )
        return _by_slot(days, found)

    def uninstalls(self, workspace: str, days: Collection[Instant], *, app: str = "") -> dict[Instant, int]:
        """How often an app was taken off a phone on each day."""
        found = self._database.rows(
            f"SELECT u.at - u.at % {DAY_MS}, count(*) FROM braze_uninstall u WHERE u.workspace = ? "
            "AND (? = '' OR u.app = ?) AND u.at >= ? AND u.at < ? GROUP BY 1",
            (workspace, app, app, min(days), max(days) + DAY_MS),
        )
        return _by_slot(days, found)


_FROM = (
    "FROM braze_session s JOIN braze_profile p ON p.profile = s.profile WHERE p.workspace = ? AND (? = '' OR s.app = ?)"
)


def _by_slot(slots: Collection[Instant], found: list[tuple[int, int]]) -> dict[Instant, int]:
    counted = dict(found)
    return {slot: int(counted.get(slot, 0)) for slot in slots}
