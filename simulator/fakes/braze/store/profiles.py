"""Profiles: one record per person Braze knows, found by any identifier, with their earlier versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from simulator.database import Database
from simulator.ids import derive_hex, numbered_id, split_id
from simulator.rules.instants import Instant

RANDOM_BUCKETS = 10_000
_STEM_DIGITS = 14

_COLUMNS = "profile, workspace, external_id, email, phone, created_at, updated_at, once_anonymous, fields, custom"


@dataclass(slots=True)
class Profile:
    """One living profile. `row` is its place in the order of arrival; times are instants."""

    row: int
    workspace: str
    braze_id: str
    external_id: str | None
    email: str | None
    phone: str | None
    created_at: Instant
    updated_at: Instant
    once_anonymous: bool
    fields: dict[str, object] = field(default_factory=dict)
    custom: dict[str, object] = field(default_factory=dict)

    @property
    def identified(self) -> bool:
        """Whether the profile has an external id."""
        return self.external_id is not None


@dataclass(frozen=True, slots=True)
class PastProfile:
    """What a profile was at an earlier instant."""

    row: int
    external_id: str | None
    email: str | None
    phone: str | None
    fields: dict[str, object]
    custom: dict[str, object]
    aliases: frozenset[tuple[str, str]]


def random_bucket(braze_id: str) -> int:
    """The number from 0 to 9999 that Braze gives every profile for random splits; here it follows from the id."""
    return int(braze_id, 16) * 0x9E3779B97F4A7C15 % (1 << 64) * RANDOM_BUCKETS >> 64


class Profiles:
    """Reads and writes profiles; every change keeps the version before it."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed

    def stem(self, workspace: str) -> str:
        """What all Braze ids of a workspace begin with."""
        return _stem(self._seed, workspace)

    def braze_id_of(self, workspace: str, row: int) -> str:
        """24 hexadecimal digits as Braze's are; here they follow from the workspace and the row, and stand nowhere."""
        return numbered_id(self.stem(workspace), row)

    def row_of(self, workspace: str, braze_id: str) -> int | None:
        """The row number that is part of a Braze id of the workspace; None for a text that is none."""
        try:
            _, row = split_id(braze_id)
        except ValueError:
            return None
        return row if braze_id == self.braze_id_of(workspace, row) else None

    def next_row(self) -> int:
        """The row that the next profile gets."""
        return int(self._database.value("SELECT coalesce(max(profile), 0) + 1 FROM braze_profile"))

    def create(
        self,
        workspace: str,
        at: Instant,
        *,
        external_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        once_anonymous: bool = False,
    ) -> Profile:
        """A new profile without aliases and devices."""
        with self._database.transaction() as sql:
            row = self.next_row()
            sql.execute(
                "INSERT INTO braze_profile (profile, workspace, external_id, email, phone, created_at, "
                "updated_at, once_anonymous) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (row, workspace, external_id, email, phone, at, at, once_anonymous),
            )
        braze_id = self.braze_id_of(workspace, row)
        return Profile(row, workspace, braze_id, external_id, email, phone, at, at, once_anonymous)

    def save(self, profile: Profile, at: Instant) -> None:
        """Write a changed profile, keeping what it was before `at`."""
        with self._database.transaction() as sql:
            self.keep_past(profile.row, at)
            sql.execute(
                "UPDATE braze_profile SET external_id = ?, email = ?, phone = ?, once_anonymous = ?, fields = ?, "
                "custom = ?, updated_at = ? WHERE profile = ?",
                (
                    profile.external_id, profile.email, profile.phone, profile.once_anonymous,
                    orjson.dumps(profile.fields).decode(), orjson.dumps(profile.custom).decode(), at, profile.row,
                ),
            )  # fmt: skip
        profile.updated_at = at

    def keep_past(self, row: int, at: Instant) -> None:
        """Keep the version of a profile that ends at `at`; call it before any change, of aliases too."""
        self._database.execute(
            "INSERT OR IGNORE INTO braze_profile_past "
            "SELECT profile, updated_at, ?, external_id, email, phone, fields, custom, "
            "(SELECT json_group_array(json_array(label, name)) FROM braze_alias a WHERE a.profile = p.profile) "
            "FROM braze_profile p WHERE profile = ? AND updated_at < ?",
            (at, row, at),
        )
        self._database.execute("UPDATE braze_profile SET updated_at = ? WHERE profile = ?", (at, row))

    def end(self, profile: Profile, at: Instant, merged_into: int | None = None) -> None:
        """A profile that was merged away or deleted: the row stays, its identifiers go."""
        with self._database.transaction() as sql:
            self.keep_past(profile.row, at)
            sql.execute(
                "UPDATE braze_profile SET gone_at = ?, merged_into = ?, external_id = NULL, email = NULL, phone = NULL "
                "WHERE profile = ?",
                (at, merged_into, profile.row),
            )
            for table in ("alias", "device", "deprecated_id", "phone", "push_token"):
                sql.execute(f"DELETE FROM braze_{table} WHERE profile = ?", (profile.row,))

    def by_row(self, row: int) -> Profile | None:
        """The living profile of that row number."""
        return self._one("profile = ?", (row,))

    def by_rows(self, rows: Iterable[int]) -> list[Profile]:
        """Living profiles of these rows, in the order of arrival."""
        wanted = orjson.dumps(sorted(rows)).decode()
        return self._many("profile IN (SELECT value FROM json_each(?))", (wanted,))

    def by_braze_id(self, workspace: str, braze_id: str) -> Profile | None:
        """The profile of that Braze id; the row number is part of the id, so no index is needed."""
        row = self.row_of(workspace, braze_id)
        return None if row is None else self._one("profile = ? AND workspace = ?", (row, workspace))

    def was(self, workspace: str, row: int) -> bool:
        """Whether the workspace has a profile of that row, or had one."""
        query = "SELECT 1 FROM braze_profile WHERE profile = ? AND workspace = ?"
        return self._database.row(query, (row, workspace)) is not None

    def by_external_id(self, workspace: str, external_id: str) -> Profile | None:
        """The profile whose external id is, or once was, exactly this one (MATCH-6)."""
        # The index ignores case; the second comparison does not.
        found = self._one(
            "workspace = ? AND external_id = ? COLLATE NOCASE AND external_id = ?",
            (workspace, external_id, external_id),
        )
        if found is not None:
            return found
        return self._one(
            "profile = (SELECT profile FROM braze_deprecated_id WHERE workspace = ? AND external_id = ?)",
            (workspace, external_id),
        )

    def by_alias(self, workspace: str, label: str, name: str) -> Profile | None:
        """The profile that carries the alias."""
        return self._one(
            "profile = (SELECT profile FROM braze_alias WHERE workspace = ? AND label = ? AND name = ?)",
            (workspace, label, name),
        )

    def by_device(self, workspace: str, device_id: str) -> list[Profile]:
        """All profiles that own the device, in the order of arrival."""
        return self._many(
            "profile IN (SELECT profile FROM braze_device WHERE workspace = ? AND device_id = ?)",
            (workspace, device_id),
        )

    def by_email(self, workspace: str, email: str) -> list[Profile]:
        """All profiles with the address, the most recently updated first."""
        return self._latest_first("email", workspace, email.lower())

    def by_phone(self, workspace: str, phone: str) -> list[Profile]:
        """All profiles with the number, the most recently updated first."""
        return self._latest_first("phone", workspace, phone)

    def count(self, workspace: str) -> int:
        """How many living profiles the workspace has."""
        return int(
            self._database.value(
                "SELECT count(*) FROM braze_profile WHERE workspace = ? AND gone_at IS NULL", (workspace,)
            )
        )

    def rows(self, workspace: str, at: Instant | None = None) -> list[int]:
        """Row numbers of the profiles that lived at an instant (now if none is given)."""
        if at is None:
            query = "SELECT profile FROM braze_profile WHERE workspace = ? AND gone_at IS NULL ORDER BY profile"
            return [row for (row,) in self._database.rows(query, (workspace,))]
        query = (
            "SELECT profile FROM braze_profile WHERE workspace = ? AND created_at <= ? "
            "AND (gone_at IS NULL OR gone_at > ?) ORDER BY profile"
        )
        return [row for (row,) in self._database.rows(query, (workspace, at, at))]

    def past(self, rows: Iterable[int], at: Instant) -> dict[int, PastProfile]:
        """Profiles that have changed since `at`, as they were then; the others are as they are now."""
        found = self._database.rows(
            "SELECT profile, external_id, email, phone, fields, custom, aliases FROM braze_profile_past "
            "WHERE profile IN (SELECT value FROM json_each(?)) AND since <= ? AND until > ?",
            (orjson.dumps(sorted(rows)).decode(), at, at),
        )
        return {
            row: PastProfile(
                row, external_id, email, phone, orjson.loads(fields), orjson.loads(custom),
                frozenset((label, name) for label, name in orjson.loads(aliases)),
            )
            for row, external_id, email, phone, fields, custom, aliases in found
        }  # fmt: skip

    def _latest_first(self, column: str, workspace: str, value: str) -> list[Profile]:
        found = self._many(f"workspace = ? AND {column} = ?", (workspace, value))
        # Of two that changed at one instant the one that came later counts as the later one, as in a prioritization.
        return sorted(found, key=lambda profile: (-profile.updated_at, -profile.row))

    def _one(self, condition: str, parameters: Sequence[object]) -> Profile | None:
        found = self._database.row(
            f"SELECT {_COLUMNS} FROM braze_profile WHERE {condition} AND gone_at IS NULL", parameters
        )
        return None if found is None else self._read(found)

    def _many(self, condition: str, parameters: Sequence[object]) -> list[Profile]:
        query = f"SELECT {_COLUMNS} FROM braze_profile WHERE {condition} AND gone_at IS NULL ORDER BY profile"
        return [self._read(row) for row in self._database.rows(query, parameters)]

    def _read(self, columns: Sequence[Any]) -> Profile:
        row, workspace, external_id, email, phone, created_at, updated_at, once_anonymous, fields, custom = columns
        return Profile(
            row, workspace, self.braze_id_of(workspace, row), external_id, email, phone, created_at, updated_at,
            bool(once_anonymous), orjson.loads(fields), orjson.loads(custom),
        )  # fmt: skip


@lru_cache(maxsize=256)
def _stem(seed: int, workspace: str) -> str:
    return derive_hex(seed, "braze", "braze_id", workspace, length=_STEM_DIGITS)
