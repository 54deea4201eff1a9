"""User mappings, group properties, and marks on devices and users (silenced, suspected of spam)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.users import json_list, packed
from simulator.rules.user_properties import GROUP_OPERATIONS, apply


class Relations:
    """What a project knows besides users and events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def map_user(self, project: Project, user_id: str, global_user_id: str | None) -> None:
        """Relate a user to a global user (ID-6), or end that with None. Properties stay where they are."""
        if global_user_id is None:
            statement = "DELETE FROM amplitude_mapping WHERE project = ? AND user_id = ?"
            self._database.execute(statement, (project.name, user_id))
        else:
            statement = "INSERT OR REPLACE INTO amplitude_mapping (project, user_id, global_user_id) VALUES (?, ?, ?)"
            self._database.execute(statement, (project.name, user_id, global_user_id))

    def mapped_to(self, project: Project, user_id: str) -> str | None:
        """The global user that this user was mapped to, or None."""
        query = "SELECT global_user_id FROM amplitude_mapping WHERE project = ? AND user_id = ?"
        found: str | None = self._database.value(query, (project.name, user_id))
        return found

    def mapped_from(self, project: Project, user_id: str) -> list[str]:
        """The users that were mapped to this one, directly."""
        query = "SELECT user_id FROM amplitude_mapping WHERE project = ? AND global_user_id = ? ORDER BY user_id"
        return [row[0] for row in self._database.rows(query, (project.name, user_id))]

    def any_mapped(self, project: Project) -> bool:
        """Whether any user is mapped; nearly always not."""
        return bool(self._database.value("SELECT 1 FROM amplitude_mapping WHERE project = ? LIMIT 1", (project.name,)))

    def sources(self, project: Project, amplitude_ids: Collection[int] | None = None) -> dict[int, list[int]]:
        """For each of these users (None: of all) whoever is mapped to them, directly or through others, ascending."""
        if not self.any_mapped(project):
            return {}
        begin = (
            "SELECT DISTINCT u.amplitude_id, u.user_id FROM amplitude_mapping m CROSS JOIN amplitude_user u"
            " ON u.project = ?1 AND u.user_id = m.global_user_id WHERE m.project = ?1 AND ?2 IS NULL"
            if amplitude_ids is None
            else "SELECT u.amplitude_id, u.user_id FROM json_each(?2) j CROSS JOIN amplitude_user u"
            " ON u.amplitude_id = j.value WHERE u.project = ?1 AND u.user_id IS NOT NULL"
        )
        rows = self._database.rows(
            f"WITH RECURSIVE reach (target, user_id) AS ({begin} UNION"
            " SELECT r.target, m.user_id FROM reach r CROSS JOIN amplitude_mapping m"
            " ON m.project = ?1 AND m.global_user_id = r.user_id)"
            " SELECT r.target, s.amplitude_id FROM reach r CROSS JOIN amplitude_user s"
            " ON s.project = ?1 AND s.user_id = r.user_id WHERE s.amplitude_id <> r.target ORDER BY 1, 2",
            (project.name, None if amplitude_ids is None else json_list(amplitude_ids)),
        )
        found: dict[int, list[int]] = {}
        for target, source in rows:
            found.setdefault(target, []).append(source)
        return found

    def targets(self, project: Project, user_ids: Collection[str]) -> list[int]:
        """Whom these users are mapped to, directly or through others, as far as Amplitude knows them; ascending."""
        if not user_ids or not self.any_mapped(project):
            return []
        rows = self._database.rows(
            "WITH RECURSIVE reach (user_id) AS (SELECT m.global_user_id FROM json_each(?2) j CROSS JOIN"
            " amplitude_mapping m ON m.project = ?1 AND m.user_id = j.value UNION"
            " SELECT m.global_user_id FROM reach r CROSS JOIN amplitude_mapping m"
            " ON m.project = ?1 AND m.user_id = r.user_id)"
            " SELECT u.amplitude_id FROM reach r CROSS JOIN amplitude_user u"
            " ON u.project = ?1 AND u.user_id = r.user_id ORDER BY 1",
            (project.name, json_list(user_ids)),
        )
        return [row[0] for row in rows]

    def group(self, project: Project, group_type: str, group_value: str) -> dict[str, object]:
        """The properties of one group; empty when it has none."""
        query = "SELECT properties FROM amplitude_group WHERE project = ? AND group_type = ? AND group_value = ?"
        text = self._database.value(query, (project.name, group_type, group_value))
        found: dict[str, object] = orjson.loads(text) if text else {}
        return found

    def change_group(self, project: Project, group_type: str, group_value: str, update: Mapping[str, object]) -> None:
        """Apply group property operations to one group."""
        with self._database.transaction():
            before = self.group(project, group_type, group_value)
            after = apply(before, update, allowed=GROUP_OPERATIONS)
            self._database.execute(
                "INSERT OR REPLACE INTO amplitude_group (project, group_type, group_value, properties)"
                " VALUES (?, ?, ?, ?)",
                (project.name, group_type, group_value, packed(after)),
            )

    def erase(self, project: Project, user_ids: Collection[str]) -> None:
        """Forget what these users were mapped to, and who was mapped to them."""
        for column in ("user_id", "global_user_id"):
            self._database.execute(
                f"DELETE FROM amplitude_mapping WHERE project = ? AND {column} IN (SELECT value FROM json_each(?))",
                (project.name, json_list(user_ids)),
            )

    def mark(self, project: Project, mark: str, kind: str, value: str, present: bool) -> None:
        """Put a mark (`silenced`, `suspected`) on a `device` or `user`, or take it off."""
        statement = (
            "INSERT OR IGNORE INTO amplitude_mark (project, mark, kind, value) VALUES (?, ?, ?, ?)"
            if present
            else "DELETE FROM amplitude_mark WHERE project = ? AND mark = ? AND kind = ? AND value = ?"
        )
        self._database.execute(statement, (project.name, mark, kind, value))

    def marked(self, project: Project, mark: str, kind: str, values: Collection[str]) -> frozenset[str]:
        """Which of these devices or users carry the mark."""
        rows = self._database.rows(
            "SELECT m.value FROM amplitude_mark m WHERE m.project = ? AND m.mark = ? AND m.kind = ?"
            " AND m.value IN (SELECT value FROM json_each(?))",
            (project.name, mark, kind, json_list(values)),
        )
        return frozenset(row[0] for row in rows)

    def any_marked(self, project: Project, mark: str) -> bool:
        """Whether anything carries the mark; nearly always not."""
        query = "SELECT 1 FROM amplitude_mark WHERE project = ? AND mark = ? LIMIT 1"
        return self._database.value(query, (project.name, mark)) is not None
