"""The engine's tables; the one with a row per person is keyed in the order in which people are sent."""

from __future__ import annotations

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

MIGRATIONS = Migrations("engine")


@MIGRATIONS()
def create_tables(sql: SqliteDatabase) -> None:
    """Nine tables; the one with a row per person is keyed in the order in which people are sent."""
    sql.table("engine_connection").create(
        {
            "id": str, "project": str, "workspace": str, "kind": str, "name": str, "endpoint": str,
            "settings": str, "mappings": str, "created_at": int, "deleted": int,
        },
        pk="id",
    )  # fmt: skip
    sql.table("engine_sync").create(
        {
            "number": int, "id": str, "project": str, "kind": str, "cohort": str, "connection": str, "cadence": str,
            "slot_ms": int, "owner": str, "state": str, "settings": str, "saved_at": int, "next_run_at": int,
            "cursor": str, "last_success": int, "name_sent": str, "runs": int,
        },
        pk="number",
    )  # fmt: skip
    sql.table("engine_run").create(
        {
            "sync": int, "number": int, "trigger": str, "started_at": int, "finished_at": int, "status": str,
            "cursor": str, "cohort_name": str, "mappings": str, "stage": int, "added": int, "removed": int,
            "skipped": int, "undelivered": int, "requests": int, "reason": str,
        },
        pk=("sync", "number"),
    )  # fmt: skip
    sql.table("engine_delivery").create(
        {
            "id": int, "sync": int, "run": int, "number": int, "stage": int, "operation": str, "request": str,
            "state": str, "attempts": int, "due_at": int, "status": int, "failure": str, "maybe_applied": int,
            "answered": int, "settled_at": int, "people": int,
        },
        pk="id",
    )  # fmt: skip
    # What a request carries never changes; beside its state it would be written again with each answer.
    sql.execute("CREATE TABLE engine_content (delivery INTEGER PRIMARY KEY, changes BLOB, extras BLOB)")
    sql.execute("CREATE TABLE engine_delivered (place INTEGER PRIMARY KEY, sync INTEGER, delivery INTEGER)")
    sql.execute("CREATE UNIQUE INDEX engine_delivery_of_run ON engine_delivery (sync, run, number)")
    sql.execute("CREATE INDEX engine_delivery_open ON engine_delivery (sync, run, number) WHERE state = 'waiting'")
    sql.execute("CREATE INDEX engine_run_open ON engine_run (sync) WHERE status = 'running'")
    sql.execute(
        "CREATE TABLE engine_sent (sync INTEGER, person INTEGER, kind INTEGER, value TEXT, label TEXT, "
        "certain INTEGER, PRIMARY KEY (sync, person, kind, value, label)) WITHOUT ROWID"
    )
    sql.execute(
        "CREATE TABLE engine_skip (sync INTEGER, run INTEGER, number INTEGER, people BLOB, "
        "PRIMARY KEY (sync, run, number)) WITHOUT ROWID"
    )
    sql.table("engine_mail").create(
        {
            "id": int, "at": int, "to": str, "about": str, "subject": str, "body": str, "sync": str, "run": int,
            "sent_on": int,
        },
        pk="id",
    )  # fmt: skip


@MIGRATIONS()
def create_outbox(sql: SqliteDatabase) -> None:
    """Channels with their position, and their requests."""
    sql.table("engine_channel").create(
        {"id": str, "project": str, "kind": str, "settings": str, "position": int, "state": str, "created_at": int},
        pk="id",
    )
    sql.table("engine_outbox").create(
        {
            "id": int, "channel": str, "request": str, "items": bytes, "state": str, "attempts": int, "tries": int,
            "first_due_at": int, "due_at": int, "status": int, "failure": str,
        },
        pk="id",
    )  # fmt: skip
    sql.execute("CREATE INDEX engine_outbox_open ON engine_outbox (due_at, id) WHERE state = 'waiting'")
