"""What Amplitude remembers: users, devices and events, in tables that carry the project from the beginning."""

from __future__ import annotations

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

MIGRATIONS = Migrations("amplitude")

_EVENT_TABLE = """
CREATE TABLE amplitude_event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL,
  amplitude_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  time INTEGER NOT NULL,
  uploaded_at INTEGER NOT NULL,
  user_id TEXT,
  device_id TEXT,
  insert_id TEXT,
  session_id INTEGER NOT NULL,
  event_properties TEXT,
  user_properties TEXT,
  changed TEXT,
  fields TEXT
)
"""


@MIGRATIONS()
def create_projects(sql: SqliteDatabase) -> None:
    """Keys and plans; `next_id` is the next amplitude_id to give away."""
    sql.table("amplitude_project").create(
        {
            "name": str,
            "app_id": int,
            "org_id": int,
            "api_key": str,
            "secret_key": str,
            "plan": str,
            "first_id": int,
            "next_id": int,
        },
        pk="name",
    )


@MIGRATIONS()
def add_automated_syncs(sql: SqliteDatabase) -> None:
    """How many automated syncs the plan includes; nothing for any number."""
    sql.table("amplitude_project").add_column("automated_syncs", int)


@MIGRATIONS()
def add_region(sql: SqliteDatabase) -> None:
    """Where the data of a project lives."""
    sql.table("amplitude_project").add_column("region", str, not_null_default="us")


@MIGRATIONS()
def create_users(sql: SqliteDatabase) -> None:
    """Users by amplitude_id, and what is remembered of each device."""
    sql.table("amplitude_user").create(
        {
            "amplitude_id": int,
            "project": str,
            "user_id": str,
            "device_id": str,
            "properties": str,
            "built_in": str,
            "created_at": int,
            "last_seen_at": int,
            "first_event_at": int,
            "last_event_at": int,
            "event_count": int,
            "merged_into": int,
            "merged_at": int,
        },
        pk="amplitude_id",
    )
    sql.execute("CREATE UNIQUE INDEX amplitude_user_id ON amplitude_user (project, user_id) WHERE user_id IS NOT NULL")
    sql.execute("CREATE INDEX amplitude_user_merged ON amplitude_user (merged_into) WHERE merged_into IS NOT NULL")
    sql.execute(
        "CREATE TABLE amplitude_device (project TEXT NOT NULL, device_id TEXT NOT NULL, anonymous_id INTEGER,"
        " last_user_id INTEGER, PRIMARY KEY (project, device_id)) WITHOUT ROWID"
    )


@MIGRATIONS()
def add_lapses(sql: SqliteDatabase) -> None:
    """When the properties of a user will be lost for want of events (INGEST-3)."""
    sql.table("amplitude_user").add_column("lapses_at", int)
    sql.execute(
        "CREATE INDEX amplitude_user_lapse ON amplitude_user (lapses_at)"
        " WHERE properties IS NOT NULL OR built_in IS NOT NULL"
    )


@MIGRATIONS()
def create_events(sql: SqliteDatabase) -> None:
    """Events keep the amplitude_id they came with for ever; merges are applied when they are read (ID-5)."""
    sql.execute(_EVENT_TABLE)
    sql.execute("CREATE INDEX amplitude_event_user ON amplitude_event (amplitude_id, time)")
    sql.execute("CREATE INDEX amplitude_event_upload ON amplitude_event (project, uploaded_at)")
    sql.execute(
        "CREATE INDEX amplitude_event_insert ON amplitude_event (project, insert_id, device_id)"
        " WHERE insert_id IS NOT NULL"
    )
    sql.table("amplitude_event_type").create(
        {"project": str, "number": int, "event_type": str, "total": int, "first_at": int, "active": int},
        pk=("project", "event_type"),
    )


@MIGRATIONS()
def create_relations(sql: SqliteDatabase) -> None:
    """User mappings (ID-6), group properties, silenced devices and suspected spammers."""
    sql.table("amplitude_mapping").create(
        {"project": str, "user_id": str, "global_user_id": str}, pk=("project", "user_id")
    )
    sql.table("amplitude_mapping").create_index(["project", "global_user_id"])
    sql.table("amplitude_group").create(
        {"project": str, "group_type": str, "group_value": str, "properties": str},
        pk=("project", "group_type", "group_value"),
    )
    sql.table("amplitude_mark").create(
        {"project": str, "mark": str, "kind": str, "value": str}, pk=("project", "mark", "kind", "value")
    )


@MIGRATIONS()
def create_housekeeping(sql: SqliteDatabase) -> None:
    """Placed profile data, deletion jobs, data requests, taxonomy and releases."""
    sql.table("amplitude_placed").create(
        {"project": str, "kind": str, "name": str, "amplitude_id": int, "value": str, "updated_at": int},
        pk=("project", "kind", "name", "amplitude_id"),
    )
    sql.table("amplitude_placed").create_index(["amplitude_id"])
    sql.table("amplitude_deletion").create(
        {
            "project": str,
            "day": str,
            "amplitude_id": int,
            "requested_on_day": str,
            "requester": str,
            "user_id": str,
            "erased": int,
        },
        pk=("project", "day", "amplitude_id"),
    )
    sql.table("amplitude_dsar").create(
        {
            "request_id": int,
            "project": str,
            "amplitude_id": int,
            "user_id": str,
            "start_date": str,
            "end_date": str,
            "requested_at": int,
        },
        pk="request_id",
    )
    sql.table("amplitude_taxonomy").create(
        {"id": int, "project": str, "kind": str, "name": str, "parent": str, "state": str, "body": str}, pk="id"
    )
    sql.table("amplitude_taxonomy").create_index(["project", "kind", "name", "parent"], unique=True)
    sql.table("amplitude_release").create(
        {"id": str, "project": str, "version": str, "body": str}, pk=("project", "id")
    )


@MIGRATIONS()
def create_computations(sql: SqliteDatabase) -> None:
    """Computations that somebody defined; placed values of others stand in amplitude_placed."""
    sql.table("amplitude_computation").create(
        {
            "project": str,
            "comp_id": str,
            "name": str,
            "formula": str,
            "event": str,
            "event_property": str,
            "within_ms": int,
            "created_at": int,
        },
        pk=("project", "comp_id"),
    )
