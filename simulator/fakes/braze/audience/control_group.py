"""The Global Control Group: a share of all people, by random bucket, whom campaigns and Canvases never reach.

Source: Braze, "Global Control Group", "Export user profile by global control group". Messages sent by API without a
campaign do reach them.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.fakes.braze.store.profiles import RANDOM_BUCKETS, random_bucket
from simulator.fakes.braze.store.room import Room

WHOLE_PERCENT = 100


class ControlGroup:
    """The lowest random buckets of a workspace."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._database = room.database

    def set(self, workspace: str, percent: float) -> None:
        """Take a share of all people; 0 ends it. Raises ValueError."""
        if not 0 <= percent <= WHOLE_PERCENT:
            raise ValueError("the Global Control Group is 0 to 100 percent")
        self._database.execute(
            "INSERT OR REPLACE INTO braze_control_group (workspace, buckets) VALUES (?, ?)",
            (workspace, round(percent * RANDOM_BUCKETS / WHOLE_PERCENT)),
        )

    def exists(self, workspace: str) -> bool:
        """Whether there is one."""
        return self._buckets(workspace) > 0

    def members(self, workspace: str) -> list[int]:
        """Rows of the people in it."""
        buckets, store = self._buckets(workspace), self._room.store.profiles
        living = store.by_rows(store.rows(workspace)) if buckets else []
        return [profile.row for profile in living if random_bucket(profile.braze_id) < buckets]

    def outside(self, workspace: str, rows: Sequence[int]) -> list[int]:
        """Those of the profiles that are not in it."""
        buckets = self._buckets(workspace)
        if not buckets:
            return list(rows)
        profiles = self._room.store.profiles.by_rows(rows)
        return [profile.row for profile in profiles if random_bucket(profile.braze_id) >= buckets]

    def among(self, workspace: str, rows: Sequence[int]) -> list[int]:
        """Those of the profiles that are in it: users/merge leaves them as they are."""
        outside = self.outside(workspace, rows)
        return [row for row in rows if row not in outside]

    def _buckets(self, workspace: str) -> int:
        query = "SELECT buckets FROM braze_control_group WHERE workspace = ?"
        return int(self._database.value(query, (workspace,)) or 0)
