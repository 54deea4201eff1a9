"""Aliases, devices and deprecated external ids of profiles, and whom a device serves at the moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from simulator.database import Database
from simulator.fakes.braze.store.profiles import Profile, Profiles
from simulator.rules.instants import Instant


class Identifiers:
    """What a profile can be found by, apart from its external id, email and phone."""

    def __init__(self, database: Database, profiles: Profiles) -> None:
        self._database = database
        self._profiles = profiles

    def aliases_of(self, rows: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
        """(label, name) pairs of each profile, in order; profiles without alias are left out."""
        return self._grouped(
            "SELECT profile, label, name FROM braze_alias WHERE profile IN (SELECT value FROM json_each(?)) "
            "ORDER BY profile, label, name",
            rows,
        )

    def devices_of(self, rows: Iterable[int]) -> dict[int, list[tuple[str, dict[str, object]]]]:
        """(device id, details) of each profile, in order; profiles without device are left out."""
        found: dict[int, list[tuple[str, dict[str, object]]]] = {}
        for row, device_id, details in self._database.rows(
            "SELECT profile, device_id, details FROM braze_device WHERE profile IN (SELECT value FROM json_each(?)) "
            "ORDER BY profile, device_id",
            (_array(rows),),
        ):
            found.setdefault(row, []).append((device_id, orjson.loads(details)))
        return found

    def deprecated_ids_of(self, row: int) -> list[str]:
        """External ids that a profile had before it was renamed."""
        query = "SELECT external_id FROM braze_deprecated_id WHERE profile = ? ORDER BY external_id"
        return [external_id for (external_id,) in self._database.rows(query, (row,))]

    def add_alias(self, profile: Profile, label: str, name: str, at: Instant) -> bool:
        """Add an alias; False when the pair is taken or the profile has a name under that label already."""
        with self._database.transaction() as sql:
            taken = sql.execute(
                "SELECT 1 FROM braze_alias WHERE workspace = ? AND label = ? AND name = ?",
                (profile.workspace, label, name),
            ).fetchone()
            second = sql.execute(
                "SELECT 1 FROM braze_alias WHERE profile = ? AND label = ?", (profile.row, label)
            ).fetchone()
            if taken or second:
                return False
            self._profiles.keep_past(profile.row, at)
            sql.execute("INSERT INTO braze_alias VALUES (?, ?, ?, ?)", (profile.workspace, label, name, profile.row))
            return True

    def rename_alias(self, profile: Profile, label: str, old: str, new: str, at: Instant) -> bool:
        """Give an alias another name under its label; False when that pair is taken."""
        with self._database.transaction() as sql:
            if self._profiles.by_alias(profile.workspace, label, new) is not None:
                return False
            self._profiles.keep_past(profile.row, at)
            sql.execute(
                "UPDATE braze_alias SET name = ? WHERE workspace = ? AND label = ? AND name = ?",
                (new, profile.workspace, label, old),
            )
            return True

    def add_device(self, profile: Profile, device_id: str, details: Mapping[str, object] | None = None) -> None:
        """Note that a profile was seen on a device; known details stay, new ones are added."""
        with self._database.transaction() as sql:
            key = (profile.workspace, device_id, profile.row)
            known = sql.execute(
                "SELECT details FROM braze_device WHERE workspace = ? AND device_id = ? AND profile = ?", key
            ).fetchone()
            merged = {**(orjson.loads(known[0]) if known else {}), **(details or {})}
            sql.execute(
                "INSERT OR REPLACE INTO braze_device VALUES (?, ?, ?, ?)", (*key, orjson.dumps(merged).decode())
            )

    def move(self, source: Profile, target: Profile, *, devices: bool = True) -> None:
        """On a merge: aliases whose label is free on the target go over, push tokens, and `devices` if they shall."""
        with self._database.transaction() as sql:
            sql.execute(
                "UPDATE braze_alias SET profile = ? WHERE profile = ? "
                "AND label NOT IN (SELECT label FROM braze_alias WHERE profile = ?)",
                (target.row, source.row, target.row),
            )
            for table in ("device", "phone", "push_token") if devices else ("push_token",):
                sql.execute(
                    f"UPDATE OR IGNORE braze_{table} SET profile = ? WHERE profile = ?", (target.row, source.row)
                )

    def deprecate(self, profile: Profile, external_id: str) -> None:
        """Note an external id that the profile no longer has and still answers to."""
        self._database.execute(
            "INSERT OR REPLACE INTO braze_deprecated_id VALUES (?, ?, ?)", (profile.workspace, external_id, profile.row)
        )

    def is_deprecated(self, workspace: str, external_id: str) -> bool:
        """Whether the id was somebody's before a rename."""
        query = "SELECT 1 FROM braze_deprecated_id WHERE workspace = ? AND external_id = ?"
        return self._database.row(query, (workspace, external_id)) is not None

    def forget_deprecated(self, workspace: str, external_id: str) -> bool:
        """The deprecated id resolves no longer; False when it was none."""
        statement = "DELETE FROM braze_deprecated_id WHERE workspace = ? AND external_id = ?"
        return self._database.execute(statement, (workspace, external_id)) > 0

    def user_of_device(self, workspace: str, device_id: str) -> Profile | None:
        """Whose profile the SDK on the device writes to: who logged in last, else who was last seen there."""
        row = self._database.value(
            "SELECT profile FROM braze_phone WHERE workspace = ? AND device_id = ?", (workspace, device_id)
        )
        if row is not None:
            return self._profiles.by_row(row)
        owners = self._profiles.by_device(workspace, device_id)
        return owners[-1] if owners else None

    def hand_over(self, profile: Profile, device_id: str) -> None:
        """From now on the SDK on the device writes to this profile."""
        self._database.execute(
            "INSERT OR REPLACE INTO braze_phone VALUES (?, ?, ?)", (profile.workspace, device_id, profile.row)
        )

    def block(self, workspace: str, external_id: str) -> None:
        """Refuse an external id from now on, as Braze does with dummy users."""
        self._database.execute("INSERT OR IGNORE INTO braze_blocked_id VALUES (?, ?)", (workspace, external_id))

    def blocked(self, workspace: str, external_ids: Iterable[str]) -> frozenset[str]:
        """Those of the external ids that are blocked."""
        found = self._database.rows(
            "SELECT external_id FROM braze_blocked_id WHERE workspace = ? "
            "AND external_id IN (SELECT value FROM json_each(?))",
            (workspace, orjson.dumps(list(external_ids)).decode()),
        )
        return frozenset(external_id for (external_id,) in found)

    def _grouped(self, query: str, rows: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
        found: dict[int, list[tuple[str, str]]] = {}
        for row, label, name in self._database.rows(query, (_array(rows),)):
            found.setdefault(row, []).append((label, name))
        return found


def _array(rows: Iterable[int]) -> str:
    return orjson.dumps(list(rows)).decode()
