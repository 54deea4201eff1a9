"""The tables of cohorts, members, changes, what is due, and jobs."""

from __future__ import annotations

from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

MIGRATIONS = Migrations("amplitude_cohorts")


@MIGRATIONS()
def create_cohorts(sql: SqliteDatabase) -> None:
    """One row a cohort; `number` is its short key in the other tables and unique in the world."""
    sql.table("amplitude_cohort").create(
        {
            "number": int,
            "project": str,
            "cohort_id": str,
            "name": str,
            "definition": str,
            "static": int,
            "description": str,
            "owners": str,
            "viewers": str,
            "published": int,
            "archived": int,
            "deleted_at": int,
            "created_at": int,
            "modified_at": int,
            "renamed_at": int,
            "computed_at": int,
            "size": int,
        },
        pk="number",
    )
    sql.table("amplitude_cohort").create_index(["project", "cohort_id"], unique=True)


@MIGRATIONS()
def create_members(sql: SqliteDatabase) -> None:
    """Who is in, since when; every coming and going; and at what instant whom to look at again.

    Clustered by cohort and amplitude_id: members are read, compared and written in that order.
    """
    sql.execute(
        "CREATE TABLE amplitude_membership (project TEXT NOT NULL, cohort INTEGER NOT NULL,"
        " amplitude_id INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (project, cohort, amplitude_id))"
        " WITHOUT ROWID"
    )
    sql.execute(
        "CREATE TABLE amplitude_membership_change (sequence INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL,"
        " cohort INTEGER NOT NULL, amplitude_id INTEGER NOT NULL, at INTEGER NOT NULL, direction INTEGER NOT NULL)"
    )
    sql.execute("CREATE INDEX amplitude_membership_change_cohort ON amplitude_membership_change (cohort, sequence)")
    sql.execute(
        "CREATE TABLE amplitude_membership_due (project TEXT NOT NULL, cohort INTEGER NOT NULL,"
        " amplitude_id INTEGER NOT NULL, due_at INTEGER NOT NULL, PRIMARY KEY (project, cohort, amplitude_id))"
        " WITHOUT ROWID"
    )
    sql.execute("CREATE INDEX amplitude_membership_due_at ON amplitude_membership_due (due_at)")


@MIGRATIONS()
def create_jobs(sql: SqliteDatabase) -> None:
    """Export jobs, every call that a limit counts, and cohorts that are being written by somebody else."""
    sql.table("amplitude_cohort_export").create(
        {
            "request_id": str,
            "project": str,
            "cohort": int,
            "cursor": int,
            "size": int,
            "asked_at": int,
            "ready_at": int,
            "with_properties": int,
            "property_keys": str,
        },
        pk="request_id",
    )
    sql.table("amplitude_cohort_call").create({"number": int, "project": str, "at": int}, pk="number")
    sql.table("amplitude_cohort_call").create_index(["project", "at"])
    sql.table("amplitude_cohort_lock").create({"cohort": int, "until": int}, pk="cohort")
