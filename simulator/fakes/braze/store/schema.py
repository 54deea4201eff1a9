"""The tables of the Braze fake, made by migrations.

A profile's row number (`profile`) is its place in the order of arrival. A profile that was merged away or deleted keeps
its row, with `gone_at` set and no identifier left, so that row numbers are never used twice and the past can be asked.
Rows that hang on a profile or a cohort belong to that one's workspace.
"""

from __future__ import annotations

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

MIGRATIONS = Migrations("braze")


@MIGRATIONS()
def create_profiles(sql: SqliteDatabase) -> None:
    """Profiles, their identifiers and their earlier versions.

    `fields` are the profile fields by their export names except email and phone, `custom` the custom attributes, both
    JSON. The index on external ids ignores the case of ASCII letters: one look-up finds the exact id and the id that
    nearly matches, and the rule decides (MATCH-1); ids come first in it, since they differ where workspaces do not.
    `braze_profile_past` holds what a profile was before a change: valid from `since` up to and not including `until`.
    """
    sql.execute(
        """CREATE TABLE braze_profile (
            profile INTEGER PRIMARY KEY, workspace TEXT NOT NULL,
            external_id TEXT, email TEXT, phone TEXT,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            once_anonymous INTEGER NOT NULL DEFAULT 0,
            fields TEXT NOT NULL DEFAULT '{}', custom TEXT NOT NULL DEFAULT '{}',
            gone_at INTEGER, merged_into INTEGER)"""
    )
    sql.execute(
        "CREATE INDEX braze_profile_external_id ON braze_profile (external_id COLLATE NOCASE, workspace) "
        "WHERE external_id IS NOT NULL"
    )
    for secondary in ("email", "phone"):
        sql.execute(
            f"CREATE INDEX braze_profile_{secondary} ON braze_profile (workspace, {secondary}) "
            f"WHERE {secondary} IS NOT NULL"
        )
    sql.execute("CREATE INDEX braze_profile_merged ON braze_profile (merged_into) WHERE merged_into IS NOT NULL")
    sql.execute(
        """CREATE TABLE braze_alias (
            workspace TEXT NOT NULL, label TEXT NOT NULL, name TEXT NOT NULL, profile INTEGER NOT NULL,
            PRIMARY KEY (workspace, label, name)) WITHOUT ROWID"""
    )
    sql.execute("CREATE INDEX braze_alias_profile ON braze_alias (profile)")
    sql.execute(
        """CREATE TABLE braze_device (
            workspace TEXT NOT NULL, device_id TEXT NOT NULL, profile INTEGER NOT NULL,
            details TEXT NOT NULL DEFAULT '{}',
            PRIMARY KEY (workspace, device_id, profile)) WITHOUT ROWID"""
    )
    sql.execute("CREATE INDEX braze_device_profile ON braze_device (profile)")
    sql.execute(
        """CREATE TABLE braze_deprecated_id (
            workspace TEXT NOT NULL, external_id TEXT NOT NULL, profile INTEGER NOT NULL,
            PRIMARY KEY (workspace, external_id)) WITHOUT ROWID"""
    )
    sql.execute("CREATE INDEX braze_deprecated_id_profile ON braze_deprecated_id (profile)")
    sql.execute(
        """CREATE TABLE braze_blocked_id (
            workspace TEXT NOT NULL, external_id TEXT NOT NULL,
            PRIMARY KEY (workspace, external_id)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_profile_past (
            profile INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
            external_id TEXT, email TEXT, phone TEXT, fields TEXT NOT NULL, custom TEXT NOT NULL,
            aliases TEXT NOT NULL, PRIMARY KEY (profile, until)) WITHOUT ROWID"""
    )


@MIGRATIONS()
def create_cohorts(sql: SqliteDatabase) -> None:
    """Partner cohorts, who is a member now (`braze_member`) and who was (`braze_member_past`).

    A cohort id means something within one workspace and one partner; `cohort` stands for the three. Members are kept
    in the order of profiles: a batch of a thousand touches few pages.
    """
    sql.execute(
        """CREATE TABLE braze_cohort (
            cohort INTEGER PRIMARY KEY, workspace TEXT NOT NULL, partner TEXT NOT NULL, cohort_id TEXT NOT NULL,
            name TEXT, created_at TEXT, first_seen_at INTEGER NOT NULL, named_at INTEGER,
            UNIQUE (workspace, partner, cohort_id))"""
    )
    sql.execute(
        """CREATE TABLE braze_member (
            cohort INTEGER NOT NULL, profile INTEGER NOT NULL, since INTEGER NOT NULL,
            PRIMARY KEY (cohort, profile)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_member_past (
            cohort INTEGER NOT NULL, profile INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_member_past_cohort ON braze_member_past (cohort, profile)")


@MIGRATIONS()
def create_activity(sql: SqliteDatabase) -> None:
    """Events, purchases, sessions and uninstalls of profiles.

    `profile` is who an event, a purchase or a session belongs to now, `origin` whom it was written for: together with
    who was merged into whom, and when, they say whose it was at any instant. `heard_at` is when it was written, which
    may be long after `at`. Rows of a profile that is gone stay, for its past.
    """
    sql.execute(
        """CREATE TABLE braze_event (
            event INTEGER PRIMARY KEY, profile INTEGER NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL,
            app_id TEXT, properties TEXT NOT NULL DEFAULT '{}', origin INTEGER NOT NULL, heard_at INTEGER NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_event_profile ON braze_event (profile, name, at)")
    sql.execute(
        """CREATE TABLE braze_purchase (
            purchase INTEGER PRIMARY KEY, profile INTEGER NOT NULL, product_id TEXT NOT NULL, at INTEGER NOT NULL,
            currency TEXT NOT NULL, price REAL NOT NULL, quantity INTEGER NOT NULL, app_id TEXT,
            properties TEXT NOT NULL DEFAULT '{}', origin INTEGER NOT NULL, heard_at INTEGER NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_purchase_profile ON braze_purchase (profile, product_id, at)")
    sql.execute(
        """CREATE TABLE braze_session (
            session INTEGER PRIMARY KEY, profile INTEGER NOT NULL, app TEXT NOT NULL, at INTEGER NOT NULL,
            times INTEGER NOT NULL, origin INTEGER NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_session_profile ON braze_session (profile, app, at)")
    sql.execute("CREATE INDEX braze_session_at ON braze_session (at)")
    sql.execute(
        """CREATE TABLE braze_uninstall (
            uninstall INTEGER PRIMARY KEY, workspace TEXT NOT NULL, profile INTEGER NOT NULL, app TEXT NOT NULL,
            at INTEGER NOT NULL)"""
    )


@MIGRATIONS()
def create_reach(sql: SqliteDatabase) -> None:
    """App use, push tokens, subscription group states and whom a phone serves.

    `braze_group_state_past` holds states that were valid from `since` up to and not including `until`.
    """
    sql.execute(
        """CREATE TABLE braze_app_use (
            profile INTEGER NOT NULL, app TEXT NOT NULL, platform TEXT NOT NULL, version TEXT NOT NULL,
            sessions INTEGER NOT NULL, first_used INTEGER NOT NULL, last_used INTEGER NOT NULL,
            PRIMARY KEY (profile, app)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_push_token (
            workspace TEXT NOT NULL, app_id TEXT NOT NULL, token TEXT NOT NULL, profile INTEGER NOT NULL,
            device_id TEXT NOT NULL, platform TEXT NOT NULL, PRIMARY KEY (workspace, app_id, token)) WITHOUT ROWID"""
    )
    sql.execute("CREATE INDEX braze_push_token_profile ON braze_push_token (profile)")
    sql.execute(
        """CREATE TABLE braze_group_state (
            profile INTEGER NOT NULL, group_id TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (profile, group_id)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_group_state_past (
            profile INTEGER NOT NULL, group_id TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL,
            until INTEGER NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_group_state_past_profile ON braze_group_state_past (profile, group_id)")
    sql.execute(
        """CREATE TABLE braze_phone (
            workspace TEXT NOT NULL, device_id TEXT NOT NULL, profile INTEGER NOT NULL,
            PRIMARY KEY (workspace, device_id)) WITHOUT ROWID"""
    )
    sql.execute("CREATE INDEX braze_phone_profile ON braze_phone (profile)")


@MIGRATIONS()
def create_books(sql: SqliteDatabase) -> None:
    """Data points, writes that are not visible yet, and keys.

    A row of `braze_data_point` stands for `each` points of every profile in `profiles` (a JSON array of row numbers).
    Keys are kept as digests with a masked form to show.
    """
    sql.execute(
        """CREATE TABLE braze_data_point (
            line INTEGER PRIMARY KEY, workspace TEXT NOT NULL, at INTEGER NOT NULL, cause TEXT NOT NULL,
            rule TEXT NOT NULL, each INTEGER NOT NULL, total INTEGER NOT NULL, partner TEXT NOT NULL DEFAULT '',
            cohort_id TEXT NOT NULL DEFAULT '', request TEXT NOT NULL DEFAULT '', profiles TEXT NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_data_point_at ON braze_data_point (workspace, at)")
    sql.execute(
        """CREATE TABLE braze_pending_write (
            write INTEGER PRIMARY KEY, workspace TEXT NOT NULL, operation TEXT NOT NULL, accepted_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL, request TEXT NOT NULL, body BLOB NOT NULL)"""
    )
    sql.execute("CREATE INDEX braze_pending_write_due ON braze_pending_write (due_at, write)")
    sql.execute(
        """CREATE TABLE braze_rest_key (
            digest TEXT PRIMARY KEY, workspace TEXT NOT NULL, shown TEXT NOT NULL, name TEXT NOT NULL,
            permissions TEXT NOT NULL, addresses TEXT NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER)"""
    )
    sql.execute(
        """CREATE TABLE braze_data_import_key (
            digest TEXT PRIMARY KEY, workspace TEXT NOT NULL, partner TEXT NOT NULL, shown TEXT NOT NULL,
            created_at INTEGER NOT NULL, revoked_at INTEGER)"""
    )
    sql.execute(
        """CREATE TABLE braze_partner (
            workspace TEXT NOT NULL, partner TEXT NOT NULL, enabled INTEGER NOT NULL,
            PRIMARY KEY (workspace, partner)) WITHOUT ROWID"""
    )
    sql.execute(
        """CREATE TABLE braze_workspace (
            workspace TEXT PRIMARY KEY, cluster TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID"""
    )


@MIGRATIONS()
def create_imported_profiles(sql: SqliteDatabase) -> None:
    """Anonymous profiles that a token import made, and when each is looked at next."""
    sql.execute("CREATE TABLE braze_imported_profile (profile INTEGER PRIMARY KEY, due_at INTEGER NOT NULL)")
    sql.execute("CREATE INDEX braze_imported_profile_due ON braze_imported_profile (due_at)")


@MIGRATIONS()
def tell_push_tokens_apart(sql: SqliteDatabase) -> None:
    """Whether the phone shows notifications, and whether it does so quietly until asked."""
    sql.execute("ALTER TABLE braze_push_token ADD COLUMN notifications_enabled INTEGER NOT NULL DEFAULT 1")
    sql.execute("ALTER TABLE braze_push_token ADD COLUMN provisionally_opted_in INTEGER NOT NULL DEFAULT 0")
