"""Partner cohorts and their members, now and at any past instant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import orjson

from simulator.database import Database
from simulator.rules.instants import Instant


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as a partner made it; the name is None until the partner has given one."""

    key: int
    workspace: str
    partner: str
    cohort_id: str
    name: str | None
    created_at: str | None
    first_seen_at: Instant

    @property
    def shown_name(self) -> str:
        """What the dashboard shows: the id stands in for a name that was never given."""
        return self.name if self.name is not None else self.cohort_id


MEMBERS_AT_ONCE = 10_000

_ROWS = """
    SELECT json_group_array(profile) FROM (
        SELECT profile FROM braze_member WHERE cohort = ? AND profile > ? ORDER BY profile LIMIT ?)"""

_COHORT = "cohort, workspace, partner, cohort_id, name, created_at, first_seen_at"


class Membership:
    """Which profiles belong to which cohort, with the instants at which that changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cohort(self, workspace: str, partner: str, cohort_id: str) -> Cohort | None:
        """One cohort, if the partner has ever mentioned it."""
        query = f"SELECT {_COHORT} FROM braze_cohort WHERE workspace = ? AND partner = ? AND cohort_id = ?"
        found = self._database.row(query, (workspace, partner, cohort_id))
        return None if found is None else Cohort(*found)

    def cohorts(self, workspace: str, partner: str | None = None) -> list[Cohort]:
        """All cohorts of a workspace (of one partner), in the order in which they appeared."""
        query = (
            f"SELECT {_COHORT} FROM braze_cohort WHERE workspace = ? AND coalesce(?, partner) = partner ORDER BY cohort"
        )
        return [Cohort(*row) for row in self._database.rows(query, (workspace, partner))]

    def key(self, workspace: str, partner: str, cohort_id: str, at: Instant) -> int:
        """The key of a cohort, which is noted if the partner has never mentioned it."""
        with self._database.transaction() as sql:
            triple = (workspace, partner, cohort_id)
            found = sql.execute(
                "SELECT cohort FROM braze_cohort WHERE workspace = ? AND partner = ? AND cohort_id = ?", triple
            ).fetchone()
            if found:
                return int(found[0])
            inserted = sql.execute(
                "INSERT INTO braze_cohort (workspace, partner, cohort_id, first_seen_at) VALUES (?, ?, ?, ?)",
                (*triple, at),
            )
            return int(inserted.lastrowid or 0)

    def name(self, key: int, name: str, created_at: str, at: Instant) -> None:
        """Name or rename a cohort; the partner's `created_at` of the first naming is kept."""
        self._database.execute(
            "UPDATE braze_cohort SET name = ?, created_at = coalesce(created_at, ?), named_at = ? WHERE cohort = ?",
            (name, created_at, at, key),
        )

    def present(self, key: int, rows: Collection[int]) -> set[int]:
        """Those of the profiles that are members now.

        Who is sent in the order of arrival is asked for as one stretch of it, in which nobody may be a member yet.
        """
        if not rows:
            return set()
        wanted, enough = set(rows), len(rows) + 1
        stretch = self._database.rows(
            "SELECT profile FROM braze_member WHERE cohort = ? AND profile BETWEEN ? AND ? LIMIT ?",
            (key, min(wanted), max(wanted), enough),
        )
        if len(stretch) < enough:
            return {row for (row,) in stretch if row in wanted}
        found = self._database.rows(
            "SELECT m.profile FROM json_each(?) asked "
            "CROSS JOIN braze_member m ON m.cohort = ? AND m.profile = asked.value",
            (orjson.dumps(sorted(rows)).decode(), key),
        )
        return {row for (row,) in found}

    def change(self, key: int, added: Collection[int], removed: Collection[int], at: Instant) -> None:
        """Put profiles in and take profiles out; the two may not overlap."""
        with self._database.transaction() as sql:
            if removed:
                self._end(key, removed, at)
            if added:
                # One statement over a JSON array takes a fifth of the time of a thousand bound rows.
                sql.execute(
                    "INSERT OR IGNORE INTO braze_member (cohort, profile, since) SELECT ?, value, ? FROM json_each(?)",
                    (key, at, orjson.dumps(sorted(added)).decode()),
                )

    def end_all(self, row: int, at: Instant) -> list[Cohort]:
        """A profile is gone, and with it its memberships; the cohorts it was in."""
        with self._database.transaction():
            ended = self.cohorts_of(row)
            for cohort in ended:
                self._end(cohort.key, (row,), at)
        return ended

    def _end(self, key: int, rows: Iterable[int], at: Instant) -> None:
        wanted = orjson.dumps(sorted(rows)).decode()
        members = "FROM braze_member WHERE cohort = ? AND profile IN (SELECT value FROM json_each(?))"
        # A membership that began at this very instant was never visible and leaves no trace.
        self._database.execute(
            f"INSERT INTO braze_member_past SELECT cohort, profile, since, ? {members} AND since < ?",
            (at, key, wanted, at),
        )
        self._database.execute(f"DELETE {members}", (key, wanted))

    def cohorts_of(self, row: int) -> list[Cohort]:
        """The cohorts that a profile belongs to now."""
        columns = ", ".join(f"c.{column}" for column in _COHORT.split(", "))
        found = self._database.rows(
            f"SELECT {columns} FROM braze_cohort c JOIN braze_member m ON m.cohort = c.cohort AND m.profile = ? "
            "ORDER BY c.cohort",
            (row,),
        )
        return [Cohort(*each) for each in found]

    def members(self, workspace: str, partner: str, cohort_id: str, at: Instant | None = None) -> list[int]:
        """Row numbers of the members at an instant (now if none is given), in the order of arrival."""
        cohort = self.cohort(workspace, partner, cohort_id)
        return [] if cohort is None else self.members_of(cohort.key, at)

    def members_of(self, key: int, at: Instant | None = None) -> list[int]:
        """Like `members`, by the cohort's key."""
        if at is None:
            query = "SELECT profile FROM braze_member WHERE cohort = ? ORDER BY profile"
            return [row for (row,) in self._database.rows(query, (key,))]
        query = (
            "SELECT profile FROM braze_member WHERE cohort = ? AND since <= ? UNION "
            "SELECT profile FROM braze_member_past WHERE cohort = ? AND since <= ? AND until > ? ORDER BY profile"
        )
        return [row for (row,) in self._database.rows(query, (key, at, key, at, at))]

    def by_the_thousand(self, key: int) -> Iterator[list[int]]:
        """Row numbers of the members now, some thousands at a time, in the order of arrival. Made for millions."""
        rows, last = [0], 0
        while rows:
            (rows,) = self._database.columns(_ROWS, (key, last, MEMBERS_AT_ONCE))
            if rows:
                yield rows
                last = rows[-1]

    def size(self, workspace: str, partner: str, cohort_id: str) -> int:
        """How many members a cohort has now."""
        return int(
            self._database.value(
                "SELECT count(*) FROM braze_member m JOIN braze_cohort c ON c.cohort = m.cohort "
                "WHERE c.workspace = ? AND c.partner = ? AND c.cohort_id = ?",
                (workspace, partner, cohort_id),
            )
        )
