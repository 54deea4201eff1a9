"""The world's mailbox: the mails that Amplitude sends when a sync job succeeds or fails (ALERT-1)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.database import Database
from simulator.rules.instants import Instant, format_instant
from simulator.rules.outcomes import RunStatus
from simulator.sync.store.records import Run, Sync


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, as kept. `about` is `success` or `failed`."""

    id: int
    at: Instant
    to: str
    about: str
    subject: str
    body: str
    sync: str
    run: int


_SUBJECTS = {
    RunStatus.SUCCESS: "Your sync of {name} succeeded",
    RunStatus.FAILED: "Your sync of {name} failed",
}


class Mailbox:
    """Kept in the world and read by expectations; sending it on by SMTP is somebody else's step."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def run_finished(self, sync: Sync, run: Run, status: RunStatus, at: Instant) -> None:
        """ALERT-1. Amplitude, Braze (Cohort Sync), Email notifications: one mail for each job that ends."""
        name = run.cohort_name or sync.id
        subject = _SUBJECTS[status].format(name=name)
        body = (
            f"Sync {sync.id} of {name}, run {run.number}, began {format_instant(run.started_at)} and ended "
            f"{format_instant(at)}: {status}. Added {run.added:,}, removed {run.removed:,}, skipped {run.skipped:,}, "
            f"not delivered {run.undelivered:,}.{f' {run.reason}' if run.reason else ''}"
        )
        self._database.execute(
            'INSERT INTO engine_mail (at, "to", about, subject, body, sync, run) VALUES (?, ?, ?, ?, ?, ?, ?)',
            (at, sync.owner, status, subject, body, sync.id, run.number),
        )

    def mails(self, *, after: int = 0, to: str | None = None, about: str | None = None) -> list[Mail]:
        """Mails newer than the one with id `after`, oldest first."""
        rows = self._database.rows(
            'SELECT id, at, "to", about, subject, body, sync, run FROM engine_mail '
            'WHERE id > ?1 AND (?2 IS NULL OR "to" = ?2) AND (?3 IS NULL OR about = ?3) ORDER BY id',
            (after, to, about),
        )
        return [Mail(*row) for row in rows]

    def sent_on(self) -> int:
        """The id of the newest mail that was sent on by SMTP, 0 before the first."""
        return int(self._database.value("SELECT coalesce(max(id), 0) FROM engine_mail WHERE sent_on"))

    def mark_sent_on(self, mail_id: int) -> None:
        """Remember that a mail was sent on."""
        self._database.execute("UPDATE engine_mail SET sent_on = 1 WHERE id = ?", (mail_id,))
