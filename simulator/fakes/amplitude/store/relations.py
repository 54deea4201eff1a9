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
