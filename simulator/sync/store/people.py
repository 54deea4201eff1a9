"""Rows about people: the identifier sent for each, and who was skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import orjson

from simulator.rules.identity import Identifier
from simulator.rules.planning import Skip, Standing
from simulator.sync.store.deliveries import DeliveryRows
from simulator.sync.store.packing import ADDED, KIND_CODES, KINDS, RELEASED, Batch, Group

_SentRow = tuple[int, int, int, str, str]
"""Sync, amplitude_id, kind code, value and label of an identifier."""


def _sent_rows(sync: int, group: Group) -> Iterator[_SentRow]:
    head, people, values = group
    return zip(repeat(sync), people, repeat(head.kind), values, repeat(head.label))


class PeopleRows(DeliveryRows):
    """Who is in Braze as far as the engine knows, per sync.

    A delivery is only noted; its people get their rows when somebody asks. A one-time sync of a million never does.
    """

    def note_delivered(self, sync: int, delivery: int) -> None:
        """MAP-5. A request has arrived: its entries are stored under what was sent, its leavers are forgotten."""
        self._database.execute("INSERT INTO engine_delivered (sync, delivery) VALUES (?, ?)", (sync, delivery))

    def _catch_up(self, sync: int) -> None:
        """Give the people of noted deliveries their rows, in the order of arrival."""
        noted = self._database.rows(
            "SELECT place, delivery FROM engine_delivered WHERE sync = ? ORDER BY place", (sync,)
        )
        if not noted:
            return
        with self._database.transaction() as sql:
            for _, delivery in noted:
                self._record_sent(sync, self.batch_of(delivery))
            sql.execute("DELETE FROM engine_delivered WHERE sync = ? AND place <= ?", (sync, noted[-1][0]))

    def _record_sent(self, sync: int, batch: Batch) -> None:
        for group in batch.groups:
            if group.head.direction == ADDED:
                self._database.executemany(
                    "INSERT OR REPLACE INTO engine_sent VALUES (?, ?, ?, ?, ?, 1)", _sent_rows(sync, group)
                )
            else:
                self._forget(_sent_rows(sync, group))

    def record_doubt(self, sync: int, batch: Batch) -> None:
        """SYNC-6. After a request of unknown fate: its people may or may not be there."""
        self._catch_up(sync)
        for group in batch.groups:
            if group.head.direction != RELEASED:
                self._database.executemany(
                    "INSERT INTO engine_sent VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET certain = 0",
                    _sent_rows(sync, group),
                )

    def forget_sent(self, sync: int, people: Iterable[tuple[int, Identifier]]) -> None:
        """Drop what is stored for people under identifiers that turned out to match nobody."""
        self._catch_up(sync)
        self._forget(
            [(sync, amplitude_id, KIND_CODES[kind], value, label) for amplitude_id, (kind, value, label) in people]
        )

    def _forget(self, rows: Iterable[_SentRow]) -> None:
        self._database.executemany(
            "DELETE FROM engine_sent WHERE sync = ? AND person = ? AND kind = ? AND value = ? AND label = ?", rows
        )

    def anybody_sent(self, sync: int) -> bool:
        """Whether anything is stored for a sync."""
        self._catch_up(sync)
        return self._database.row("SELECT 1 FROM engine_sent WHERE sync = ? LIMIT 1", (sync,)) is not None

    def standing(self, sync: int, people: Sequence[int]) -> dict[int, list[Standing]]:
        """What earlier requests left in Braze for these people; people without anything are left out."""
        self._catch_up(sync)
        found: dict[int, list[Standing]] = {}
        rows = self._database.rows(
            "SELECT s.person, s.kind, s.value, s.label, s.certain FROM json_each(?2) j "
            "CROSS JOIN engine_sent s ON s.sync = ?1 AND s.person = j.value "
            "ORDER BY s.person, s.kind, s.value, s.label",
            (sync, orjson.dumps(people).decode()),
        )
        for person, kind, value, label, certain in rows:
            found.setdefault(person, []).append(Standing(Identifier(KINDS[kind], value, label), bool(certain)))
        return found

    def attempted_since(self, sync: int, run: int) -> list[Batch]:
        """What requests of later runs than this one carried that were, or may have been, applied; oldest first."""
        return [
            Batch.unpack(row[0])
            for row in self._database.rows(
                "SELECT changes FROM engine_delivery JOIN engine_content ON delivery = id WHERE sync = ? AND run > ? "
                "AND (state = 'delivered' OR maybe_applied) ORDER BY run, number",
                (sync, run),
            )
        ]

    def add_skips(self, sync: int, run: int, number: int, skips: Sequence[Skip]) -> None:
        """Keep who was skipped in one chunk of a run, for the history."""
        packed = orjson.dumps([(skip.amplitude_id, skip.reason, skip.tried) for skip in skips])
        self._database.execute("INSERT INTO engine_skip VALUES (?, ?, ?, ?)", (sync, run, number, packed))

    def skips(self, sync: int, run: int) -> list[tuple[int, str, list[str]]]:
        """Who was skipped in a run: amplitude_id, reason, properties tried."""
        rows = self._database.rows(
            "SELECT people FROM engine_skip WHERE sync = ? AND run = ? ORDER BY number", (sync, run)
        )
        return [tuple(skip) for row in rows for skip in orjson.loads(row[0])]
