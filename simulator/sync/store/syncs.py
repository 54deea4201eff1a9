"""Rows of connections, syncs and runs."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from simulator.rules.cadence import Cadence
from simulator.rules.instants import Instant
from simulator.rules.outcomes import RunStatus
from simulator.sync.store.packing import pack_mappings, unpack_mappings
from simulator.sync.store.records import Connection, Run, Sync, SyncKind, SyncState
from simulator.sync.store.rows import Rows

_SYNC = (
    "number, id, kind, cohort, connection, cadence, slot_ms, owner, state, settings, saved_at, next_run_at, cursor, "
    "last_success, name_sent, runs"
)
_RUN = (
    "sync, number, trigger, started_at, finished_at, status, cursor, cohort_name, mappings, stage, added, removed, "
    "skipped, undelivered, requests, reason"
)


class SyncRows(Rows):
    """Connections, the syncs that use them, and the runs of each sync."""

    def add_connection(self, connection: Connection) -> None:
        """Remember a new connection."""
        self._database.execute(
            "INSERT INTO engine_connection VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                connection.id, connection.project, connection.workspace, connection.kind, connection.name,
                connection.endpoint,
                orjson.dumps(dict(connection.settings)).decode(), pack_mappings(connection.mappings),
                connection.created_at,
            ),
        )  # fmt: skip

    def connection(self, connection_id: str) -> Connection | None:
        """One connection, deleted ones too."""
        found = self.connections(connection_id)
        return found[0] if found else None

    def connections(self, connection_id: str | None = None) -> list[Connection]:
        """All connections by creation, or the one of this id."""
        rows = self._database.rows(
            "SELECT id, kind, name, endpoint, settings, mappings, workspace, created_at, deleted, project "
            "FROM engine_connection WHERE ?1 IS NULL OR id = ?1 ORDER BY rowid",
            (connection_id,),
        )
        return [
            Connection(
                id=row[0], kind=row[1], name=row[2], endpoint=row[3], settings=orjson.loads(row[4]),
                mappings=unpack_mappings(row[5]), workspace=row[6], created_at=row[7], deleted=bool(row[8]),
                project=row[9],
            )
            for row in rows
        ]  # fmt: skip

    def update_connection(self, connection_id: str, **columns: object) -> None:
        """Set columns of a connection; `settings` and `mappings` are packed here."""
        if "settings" in columns:
            columns["settings"] = orjson.dumps(columns["settings"]).decode()
        if "mappings" in columns:
            columns["mappings"] = pack_mappings(columns["mappings"])  # type: ignore[arg-type]
        self._update("engine_connection", {"id": connection_id}, columns)

    def add_sync(self, sync: Sync) -> None:
        """Remember a new sync."""
        self._database.execute(
            "INSERT INTO engine_sync"
            f" (project, {_SYNC}) VALUES ((SELECT project FROM engine_connection WHERE id = ?){', ?' * 16})",
            (
                sync.connection,
                sync.number, sync.id, sync.kind, sync.cohort, sync.connection, sync.cadence, sync.slot_ms, sync.owner,
                sync.state, orjson.dumps(dict(sync.settings)).decode(), sync.saved_at, sync.next_run_at, sync.cursor,
                sync.last_success, sync.name_sent, sync.runs,
            ),
        )  # fmt: skip

    def next_sync_number(self) -> int:
        """1 for the first sync, ascending."""
        return 1 + int(self._database.value("SELECT coalesce(max(number), 0) FROM engine_sync"))

    def sync(self, number: int) -> Sync:
        """The sync of this number; it exists."""
        return self._syncs("WHERE number = ?", (number,))[0]

    def sync_by_id(self, sync_id: str) -> Sync | None:
        """The sync of this public id."""
        found = self._syncs("WHERE id = ?", (sync_id,))
        return found[0] if found else None

    def syncs(self) -> list[Sync]:
        """All syncs by creation, deleted ones too."""
        return self._syncs("ORDER BY number", ())

    def due_syncs(self, at: Instant) -> list[Sync]:
        """Syncs whose next run is due and that are not running, by due instant and then by creation."""
        return self._syncs(
            "WHERE next_run_at <= ? AND NOT EXISTS (SELECT 1 FROM engine_run r WHERE r.sync = engine_sync.number "
            "AND r.status = 'running') ORDER BY next_run_at, number",
            (at,),
        )

    def next_run_due(self, any_running: bool) -> Instant | None:
        """The earliest instant at which a sync that is not running is due."""
        if not any_running:
            first: Instant | None = self._database.value("SELECT min(next_run_at) FROM engine_sync")
            return first
        due: Instant | None = self._database.value(
            "SELECT min(next_run_at) FROM engine_sync WHERE NOT EXISTS (SELECT 1 FROM engine_run r "
            "WHERE r.sync = engine_sync.number AND r.status = 'running')"
        )
        return due

    def any_owing(self) -> bool:
        """Whether a sync that will run again has had a run since its last success that failed."""
        return (
            self._database.row(
                "SELECT 1 FROM engine_sync WHERE state = 'active' AND next_run_at IS NOT NULL "
                "AND runs > last_success LIMIT 1"
            )
            is not None
        )

    def update_sync(self, number: int, **columns: object) -> None:
        """Set columns of a sync."""
        self._update("engine_sync", {"number": number}, columns)

    def _syncs(self, condition: str, parameters: Sequence[object]) -> list[Sync]:
        return [
            Sync(
                row[0], row[1], SyncKind(row[2]), row[3], row[4], Cadence(row[5]), row[6], row[7], SyncState(row[8]),
                orjson.loads(row[9]), *row[10:],
            )
            for row in self._database.rows(f"SELECT {_SYNC} FROM engine_sync {condition}", parameters)
        ]  # fmt: skip

    def add_run(self, run: Run) -> None:
        """Remember a run that has begun."""
        self._database.execute(
            f"INSERT INTO engine_run ({_RUN}) VALUES (?{', ?' * 15})",
            (
                run.sync, run.number, run.trigger, run.started_at, run.finished_at, run.status, run.cursor,
                run.cohort_name, pack_mappings(run.mappings), run.stage, run.added, run.removed, run.skipped,
                run.undelivered, run.requests, run.reason,
            ),
        )  # fmt: skip

    def run(self, sync: int, number: int) -> Run:
        """One run; it exists."""
        return self._runs("WHERE sync = ? AND number = ?", (sync, number))[0]

    def runs(self, sync: int, since: int = 0) -> list[Run]:
        """The runs of a sync that began at or after an instant, oldest first."""
        return self._runs("WHERE sync = ? AND started_at >= ? ORDER BY number", (sync, since))

    def runs_after(self, sync: int, number: int) -> list[Run]:
        """The runs of a sync after one of them, oldest first."""
        return self._runs("WHERE sync = ? AND number > ? ORDER BY number", (sync, number))

    def running(self) -> list[Run]:
        """Runs that have begun and not finished, by start and then by sync."""
        return self._runs("WHERE status = 'running' ORDER BY started_at, sync", ())

    def update_run(self, sync: int, number: int, **columns: object) -> None:
        """Set columns of a run."""
        self._update("engine_run", {"sync": sync, "number": number}, columns)

    def count_in_run(self, sync: int, number: int, **increments: int) -> None:
        """Add to counting columns of a run."""
        names = ", ".join(f"{name} = {name} + ?" for name in increments)
        self._database.execute(
            f"UPDATE engine_run SET {names} WHERE sync = ? AND number = ?", (*increments.values(), sync, number)
        )

    def _runs(self, condition: str, parameters: Sequence[object]) -> list[Run]:
        return [
            Run(*[*row[:5], RunStatus(row[5]), row[6], row[7], unpack_mappings(row[8]), *row[9:]])
            for row in self._database.rows(f"SELECT {_RUN} FROM engine_run {condition}", parameters)
        ]
