"""Rows of deliveries: one per request, remembered before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from simulator.rules.instants import Instant
from simulator.sync.store.packing import Batch
from simulator.sync.store.records import Delivery, DeliveryState, NewDelivery, Run
from simulator.sync.store.rows import Rows

_DELIVERY = (
    "id, sync, run, number, stage, operation, request, state, attempts, due_at, status, failure, maybe_applied, "
    "answered, settled_at, people"
)


class DeliveryRows(Rows):
    """Requests: planned, waiting for a lane or a retry, answered."""

    def add_deliveries(
        self, run: Run, first_number: int, new: Sequence[NewDelivery], requests: Sequence[str], at: Instant
    ) -> None:
        """Remember requests before any of them is sent; all are due at `at`."""
        with self._database.transaction() as sql:
            (last,) = sql.execute("SELECT coalesce(max(id), 0) FROM engine_delivery").fetchone()
            sql.executemany(
                "INSERT INTO engine_delivery (id, sync, run, number, stage, operation, request, state, attempts, "
                "due_at, failure, maybe_applied, answered, people) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, '', 0, 0, ?)",
                [
                    (
                        last + 1 + offset, run.sync, run.number, first_number + offset, each.stage, each.operation,
                        request, at, len(each.batch),
                    )
                    for offset, (each, request) in enumerate(zip(new, requests, strict=True))
                ],
            )  # fmt: skip
            sql.executemany(
                "INSERT INTO engine_content VALUES (?, ?, ?)",
                [
                    (last + 1 + offset, each.batch.pack(), orjson.dumps(each.extras) if each.extras else None)
                    for offset, each in enumerate(new)
                ],
            )

    def delivery_count(self, sync: int, run: int) -> int:
        """How many requests a run has planned so far; they are numbered from 0 without gaps."""
        return int(self._database.value("SELECT count(*) FROM engine_delivery WHERE sync = ? AND run = ?", (sync, run)))

    def lanes(self, sync: int, run: int, stages: tuple[int, int], width: int) -> list[Delivery]:
        """The requests in the lanes of a run's stages: the first few that have no final answer yet."""
        return self._deliveries(
            "WHERE sync = ? AND run = ? AND state = 'waiting' AND stage IN (?, ?) ORDER BY number LIMIT ?",
            (sync, run, *stages, width),
        )

    def deliveries(self, sync: int, run: int) -> list[Delivery]:
        """All requests of a run, in order."""
        return self._deliveries("WHERE sync = ? AND run = ? ORDER BY number", (sync, run))

    def runs_by_request(self) -> dict[str, tuple[int, int]]:
        """(sync, run) of every request that was ever planned, by its id."""
        found = self._database.rows("SELECT request, sync, run FROM engine_delivery")
        return {request: (sync, run) for request, sync, run in found}

    def waiting(self, sync: int, run: int) -> list[Delivery]:
        """Requests of a run without a final answer, in order."""
        return self._deliveries("WHERE sync = ? AND run = ? AND state = 'waiting' ORDER BY number", (sync, run))

    def lost(self, sync: int, run: int) -> list[Delivery]:
        """Requests of a run that were given up or never sent, in order."""
        return self._deliveries(
            "WHERE sync = ? AND run = ? AND state IN ('failed', 'abandoned') ORDER BY number", (sync, run)
        )

    def delivery(self, delivery_id: int) -> Delivery:
        """One request; it exists."""
        return self._deliveries("WHERE id = ?", (delivery_id,))[0]

    def batch_of(self, delivery_id: int) -> Batch:
        """What a request carries."""
        return Batch.unpack(
            self._database.value("SELECT changes FROM engine_content WHERE delivery = ?", (delivery_id,))
        )

    def extras_of(self, delivery_id: int) -> dict[str, Any]:
        """Values that go with the people of a request, by amplitude_id as text."""
        packed = self._database.value("SELECT extras FROM engine_content WHERE delivery = ?", (delivery_id,))
        return orjson.loads(packed) if packed else {}

    def update_delivery(self, delivery_id: int, **columns: object) -> None:
        """Set columns of a delivery."""
        self._update("engine_delivery", {"id": delivery_id}, columns)

    def _deliveries(self, condition: str, parameters: Sequence[object]) -> list[Delivery]:
        return [
            Delivery(*[*row[:7], DeliveryState(row[7]), *row[8:12], bool(row[12]), bool(row[13]), *row[14:]])
            for row in self._database.rows(f"SELECT {_DELIVERY} FROM engine_delivery {condition}", parameters)
        ]
