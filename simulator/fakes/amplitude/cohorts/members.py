"""The rows of who is in a cohort, who came and went, and whom to look at again when (COHORT-2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from simulator.database import Database
from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.store.users import json_list
from simulator.rules.instants import HOUR_MS, Instant

PAGE = 2_000
FEW_AN_HOUR = 20
"""With more than so many dues inside one hour the agenda is called once, at the hour's end (see `next_due`)."""

ENTERED, LEFT = 1, -1


class Move(NamedTuple):
    """One person who came or went, and the instant at which the answer changed."""

    amplitude_id: int
    at: Instant


class Members:
    """Reads and writes the member, change and due tables; decides nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- writing -----------------------------------------------------------------------------------

    def enter(self, cohort: Cohort, moves: Sequence[Move], *, logged: bool = True) -> None:
        """Put people in. Without `logged` no change is written: nobody can hold an older cursor."""
        self._database.executemany(
            "INSERT OR IGNORE INTO amplitude_membership (project, cohort, amplitude_id, since) VALUES (?, ?, ?, ?)",
            [(cohort.project, cohort.number, person, at) for person, at in moves],
        )
        if logged:
            self._log(cohort, moves, ENTERED)

    def leave(self, cohort: Cohort, moves: Sequence[Move]) -> None:
        """Take people out."""
        self._database.executemany(
            "DELETE FROM amplitude_membership WHERE project = ? AND cohort = ? AND amplitude_id = ?",
            [(cohort.project, cohort.number, person) for person, _ in moves],
        )
        self._log(cohort, moves, LEFT)

    def _log(self, cohort: Cohort, moves: Sequence[Move], direction: int) -> None:
        self._database.executemany(
            "INSERT INTO amplitude_membership_change (project, cohort, amplitude_id, at, direction)"
            " VALUES (?, ?, ?, ?, ?)",
            [(cohort.project, cohort.number, person, at, direction) for person, at in moves],
        )

    def set_due(self, cohort: Cohort, dues: Mapping[int, Instant | None]) -> None:
        """Remember when to look at each of these people again; None means never."""
        self._database.executemany(
            "INSERT OR REPLACE INTO amplitude_membership_due (project, cohort, amplitude_id, due_at)"
            " VALUES (?, ?, ?, ?)",
            [(cohort.project, cohort.number, person, at) for person, at in dues.items() if at is not None],
        )
        never = [person for person, at in dues.items() if at is None]
        if never:
            self._database.execute(
                "DELETE FROM amplitude_membership_due WHERE project = ? AND cohort = ?"
                " AND amplitude_id IN (SELECT value FROM json_each(?))",
                (cohort.project, cohort.number, json_list(never)),
            )

    def forget_dues(self, cohort: Cohort) -> None:
        """Nobody of this cohort needs looking at any more."""
        self._database.execute(
            "DELETE FROM amplitude_membership_due WHERE project = ? AND cohort = ?", (cohort.project, cohort.number)
        )

    def forget_members(self, cohort: Cohort) -> None:
        """The cohort is deleted."""
        self._database.execute(
            "DELETE FROM amplitude_membership WHERE project = ? AND cohort = ?", (cohort.project, cohort.number)
        )

    def forget_dues_of(self, amplitude_ids: Collection[int]) -> None:
        """These people are gone from Amplitude."""
        self._database.executemany(
            "DELETE FROM amplitude_membership_due WHERE project = ? AND cohort = ? AND amplitude_id = ?",
            self._database.rows(
                "SELECT d.project, d.cohort, d.amplitude_id FROM amplitude_cohort c CROSS JOIN json_each(?) j"
                " CROSS JOIN amplitude_membership_due d ON d.project = c.project AND d.cohort = c.number"
                " AND d.amplitude_id = j.value",
                (json_list(amplitude_ids),),
            ),
        )

    # --- reading -----------------------------------------------------------------------------------

    def inside(self, cohort: Cohort, amplitude_ids: Collection[int]) -> set[int]:
        """Which of these people are in."""
        rows = self._database.rows(
            "SELECT m.amplitude_id FROM json_each(?) j CROSS JOIN amplitude_membership m"
            " ON m.project = ? AND m.cohort = ? AND m.amplitude_id = j.value",
            (json_list(amplitude_ids), cohort.project, cohort.number),
        )
        return {row[0] for row in rows}

    def cohorts_of(self, amplitude_ids: Collection[int]) -> dict[int, dict[int, Instant]]:
        """For each cohort number, those of these people who are in it, and since when."""
        rows = self._database.rows(
            "SELECT m.cohort, m.amplitude_id, m.since FROM amplitude_cohort c CROSS JOIN json_each(?) j"
            " CROSS JOIN amplitude_membership m ON m.project = c.project AND m.cohort = c.number"
            " AND m.amplitude_id = j.value ORDER BY m.cohort, m.amplitude_id",
            (json_list(amplitude_ids),),
        )
        found: dict[int, dict[int, Instant]] = {}
        for cohort, person, since in rows:
            found.setdefault(cohort, {})[person] = Instant(since)
        return found

    def count(self, cohort: Cohort) -> int:
        """How many are in, counted."""
        query = "SELECT count(*) FROM amplitude_membership WHERE project = ? AND cohort = ?"
        return int(self._database.value(query, (cohort.project, cohort.number)))

    def pages(self, cohort: Cohort, size: int = PAGE, after: int = 0) -> Iterator[list[int]]:
        """Everybody in the cohort beyond `after`, ascending, a page at a time; reads on as the iterator is drawn."""
        while rows := self._database.rows(
            "SELECT amplitude_id FROM amplitude_membership WHERE project = ? AND cohort = ? AND amplitude_id > ?"
            " ORDER BY amplitude_id LIMIT ?",
            (cohort.project, cohort.number, after, size),
        ):
            page = [row[0] for row in rows]
            yield page
            after = page[-1]

    def last_change(self) -> int:
        """The newest sequence number of the change log, 0 when nobody ever moved."""
        return int(self._database.value("SELECT coalesce(max(sequence), 0) FROM amplitude_membership_change"))

    def net_changes(self, cohort: Cohort, since: int, until: int) -> tuple[list[int], list[int]]:
        """Who is in at `until` and was not at `since`, and the reverse; both ascending (SYNC-7).

        A person's changes alternate, so the first one tells where they stood before and the last one where they
        ended: who came and went again cancels out.
        """
        rows = self._database.rows(
            "SELECT amplitude_id, direction FROM amplitude_membership_change"
            " WHERE cohort = ? AND sequence > ? AND sequence <= ? ORDER BY sequence",
            (cohort.number, since, until),
        )
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for person, direction in rows:
            first.setdefault(person, direction)
            last[person] = direction
        moved = sorted(person for person, direction in last.items() if direction == first[person])
        return [p for p in moved if last[p] == ENTERED], [p for p in moved if last[p] == LEFT]

    def pages_at(self, cohort: Cohort, sequence: int, size: int = PAGE) -> Iterator[list[int]]:
        """Everybody who was in the cohort at a point of the change log, ascending, a page at a time.

        Reads the present members and undoes whatever was written after that point, so that a first run which takes
        hours still sends the cohort as it was when it began.
        """
        after = 0
        while True:
            (present,) = self._database.columns(
                "SELECT json_group_array(amplitude_id) FROM (SELECT amplitude_id FROM amplitude_membership"
                " WHERE project = ? AND cohort = ? AND amplitude_id > ? ORDER BY amplitude_id LIMIT ?)",
                (cohort.project, cohort.number, after, size),
            )
            came, went = self.net_changes(cohort, sequence, self.last_change())
            # Beyond the last present member of this page the next page takes over; with none left, all remain.
            reach = present[-1] if len(present) == size else None
            back = {p for p in went if p > after and (reach is None or p <= reach)}
            if people := sorted({*present, *back} - set(came)) if came or back else present:
                yield people
            if reach is None:
                return
            after = reach

    # --- due ---------------------------------------------------------------------------------------

    def first_due(self) -> Instant | None:
        """The earliest instant at which somebody has to be looked at again."""
        found = self._database.value("SELECT min(due_at) FROM amplitude_membership_due")
        return None if found is None else Instant(found)

    def next_due(self) -> Instant | None:
        """When the agenda should call: at the very instant, or, with many inside one hour, at the end of that hour.

        Whoever reads members first catches up to the instant of asking, so nobody can see the difference; a million
        people who each leave at a millisecond of their own then cost a call an hour.
        """
        first = self.first_due()
        if first is None:
            return None
        end_of_hour = first - first % HOUR_MS + HOUR_MS
        later = self._database.value(
            "SELECT due_at FROM amplitude_membership_due ORDER BY due_at LIMIT 1 OFFSET ?", (FEW_AN_HOUR,)
        )
        return Instant(end_of_hour) if later is not None and first < later < end_of_hour else first

    def count_due(self, cohort: Cohort, at: Instant) -> int:
        """How many people of a cohort are due by `at`."""
        query = "SELECT count(*) FROM amplitude_membership_due WHERE project = ? AND cohort = ? AND due_at <= ?"
        return int(self._database.value(query, (cohort.project, cohort.number, at)))

    def due(self, at: Instant, limit: int) -> dict[int, tuple[Instant, list[int]]]:
        """Some people with something due by `at`, earliest first: the earliest instant of each, and for which cohorts.

        Up to `limit` rows are read; whatever is left over is still due afterwards.
        """
        rows = self._database.rows(
            "SELECT amplitude_id, due_at, cohort FROM amplitude_membership_due WHERE due_at <= ?"
            " ORDER BY due_at LIMIT ?",
            (at, limit),
        )
        found: dict[int, tuple[Instant, list[int]]] = {}
        for person, due_at, cohort in rows:
            earliest, cohorts = found.setdefault(person, (Instant(due_at), []))
            if due_at == earliest:
                cohorts.append(cohort)
        return found
