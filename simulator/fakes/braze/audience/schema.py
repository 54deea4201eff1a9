"""The tables of segments, messaging, lists and exports, made by migrations.

Everything is derived from these rows and the simulated clock: when a campaign is due, whether an export is ready,
whether its link still works. `profile` is a row number of `braze_profile`.
"""

from __future__ import annotations

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

MIGRATIONS = Migrations("braze audience")


@MIGRATIONS()
def create_segments(sql: SqliteDatabase) -> None:
    """Segments with their filters as JSON, exports of their members, and the Global Control Group.

    An export's `segment_id` is empty when it exports the Global Control Group. `archive` is filled at `ready_at`.
    """
    sql.execute(
        """CREATE TABLE braze_segment (
            position INTEGER PRIMARY KEY, segment_id TEXT NOT NULL UNIQUE, workspace TEXT NOT NULL,
            name TEXT NOT NULL, description TEXT NOT NULL, filters TEXT NOT NULL, tracked INTEGER NOT NULL,
            archived INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL, teams TEXT NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL)"""
    )
    sql.execute("CREATE UNIQUE INDEX braze_segment_name ON braze_segment (workspace, name)")
    sql.execute(
        """CREATE TABLE braze_export (
            export INTEGER PRIMARY KEY, workspace TEXT NOT NULL, segment_id TEXT NOT NULL, prefix TEXT NOT NULL UNIQUE,
            fields TEXT NOT NULL, attributes TEXT NOT NULL, callback TEXT NOT NULL, link TEXT NOT NULL,
            request TEXT NOT NULL, started_at INTEGER NOT NULL, ready_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
            cancelled_at INTEGER, finished_at INTEGER, people INTEGER, archive BLOB, called_back TEXT)"""
    )
    sql.execute("CREATE INDEX braze_export_due ON braze_export (ready_at) WHERE finished_at IS NULL")
    sql.execute(
        """CREATE TABLE braze_control_group (
            workspace TEXT PRIMARY KEY, buckets INTEGER NOT NULL) WITHOUT ROWID"""
    )


@MIGRATIONS()
def create_messaging(sql: SqliteDatabase) -> None:
    """Campaigns and Canvases, who entered them, what is still to be sent, and what happened to whom.

    `definition` holds the plan as JSON, `braze_wake` the events and products that a plan has to hear of. `next_run` is
    the next occurrence of a schedule. An entry is one passage of one person; a pending row is a step of an entry, or a
    triggered entry, that waits for its delay. `origin` is the profile that a message event was written for; a merge
    changes `profile` only.
    """
    sql.execute(
        """CREATE TABLE braze_campaign (
            position INTEGER PRIMARY KEY, campaign_id TEXT NOT NULL UNIQUE, workspace TEXT NOT NULL,
            canvas INTEGER NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, definition TEXT NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, next_run INTEGER)"""
    )
    sql.execute("CREATE UNIQUE INDEX braze_campaign_name ON braze_campaign (workspace, canvas, name)")
    sql.execute(
        """CREATE TABLE braze_wake (
            workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, campaign_id TEXT NOT NULL,
            PRIMARY KEY (workspace, kind, name, campaign_id)) WITHOUT ROWID"""
    )
    sql.execute("CREATE INDEX braze_campaign_due ON braze_campaign (next_run) WHERE next_run IS NOT NULL")
    sql.execute(
        """CREATE TABLE braze_entry (
            entry INTEGER PRIMARY KEY, campaign_id TEXT NOT NULL, profile INTEGER NOT NULL, at INTEGER NOT NULL,
            variant TEXT NOT NULL, control INTEGER NOT NULL, send_id TEXT NOT NULL, dispatch_id TEXT NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_entry_who ON braze_entry (campaign_id, profile, at)")
    sql.execute("CREATE INDEX braze_entry_profile ON braze_entry (profile, at)")
    sql.execute(
        """CREATE TABLE braze_pending_send (
            pending INTEGER PRIMARY KEY, campaign_id TEXT NOT NULL, profile INTEGER NOT NULL, due_at INTEGER NOT NULL,
            entry INTEGER, step INTEGER NOT NULL, request TEXT NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_pending_send_due ON braze_pending_send (due_at, pending)")
    sql.execute(
        """CREATE TABLE braze_message_event (
            sequence INTEGER PRIMARY KEY, workspace TEXT NOT NULL, at INTEGER NOT NULL, name TEXT NOT NULL,
            profile INTEGER NOT NULL, braze_id TEXT NOT NULL, external_id TEXT, device_id TEXT,
            campaign_id TEXT NOT NULL, send_id TEXT NOT NULL, properties TEXT NOT NULL, origin INTEGER NOT NULL)"""
    )
    # Behaviour is only ever read in sequence; messages are also looked up by campaign and person.
    for name, columns in (("campaign", "campaign_id, at"), ("profile", "profile, at")):
        sql.execute(
            f"CREATE INDEX braze_message_event_{name} ON braze_message_event ({columns}) WHERE campaign_id <> ''"
        )


@MIGRATIONS()
def create_sends(sql: SqliteDatabase) -> None:
    """Sends of the API that wait for their time, the ids under which sends are counted, and references of callers."""
    sql.execute(
        """CREATE TABLE braze_api_schedule (
            number INTEGER PRIMARY KEY, schedule_id TEXT NOT NULL UNIQUE, noun TEXT NOT NULL, workspace TEXT NOT NULL,
            campaign_id TEXT NOT NULL, body BLOB NOT NULL, due_at INTEGER NOT NULL, request TEXT NOT NULL,
            dispatch_id TEXT NOT NULL, send_id TEXT NOT NULL, done_at INTEGER)"""
    )
    sql.execute("CREATE INDEX braze_api_schedule_due ON braze_api_schedule (due_at) WHERE done_at IS NULL")
    sql.execute(
        """CREATE TABLE braze_send (
            workspace TEXT NOT NULL, send_id TEXT NOT NULL, campaign_id TEXT NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (workspace, send_id)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_send_reference (
            workspace TEXT NOT NULL, reference TEXT NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (workspace, reference)) WITHOUT ROWID"""
    )


@MIGRATIONS()
def create_lists(sql: SqliteDatabase) -> None:
    """Subscription groups, and what is known of addresses and numbers apart from the profiles that carry them."""
    sql.execute(
        """CREATE TABLE braze_subscription_group (
            workspace TEXT NOT NULL, group_id TEXT NOT NULL, name TEXT NOT NULL, channel TEXT NOT NULL,
            PRIMARY KEY (workspace, group_id)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_address (
            workspace TEXT NOT NULL, email TEXT NOT NULL, state TEXT, unsubscribed_at INTEGER, bounced_at INTEGER,
            spam_at INTEGER, PRIMARY KEY (workspace, email)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_invalid_number (
            workspace TEXT NOT NULL, phone TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,
            PRIMARY KEY (workspace, phone)) WITHOUT ROWID"""
    )
