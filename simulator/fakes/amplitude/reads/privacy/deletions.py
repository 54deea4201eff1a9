"""Deleting people: jobs that wait, can be revoked until three days before they run, then erase (User Privacy API)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from simulator.clock import SimClock
from simulator.fakes.amplitude.ingestion.intake import Intake
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.reads.parameters import day, day_text, fields_of, flag, invalid, required
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import detailed_error
from simulator.fakes.binding import Call, Problem, Reply
from simulator.ledger import Entry, Ledger
from simulator.rules.ingestion import identifier_text
from simulator.rules.instants import DAY_MS, Instant

IDS_PER_CALL = 100
DAYS_UNTIL_THE_RUN = 12
"""Seen live: requested on the 16th, scheduled for the 28th; the page promises "within 30 days"."""
LOCKED_DAYS = 3
RANGE_DAYS = 184
DEFAULT_REQUESTER = "rest"
LIVE_HTML = "text/html; charset=UTF-8"
"""What the live service says of its JSON, other than of a bare word: with a space and in capitals."""


class Deletions:
    """Handlers, and the work that erases when a job's day has come."""

    name = "amplitude deletions"

    def __init__(self, store: AmplitudeStore, intake: Intake, ledger: Ledger, clock: SimClock) -> None:
        self._store = store
        self._database = store.database
        self._intake = intake
        self._ledger = ledger
        self._clock = clock

    # --- DueWork -----------------------------------------------------------------------------------

    def next_due(self) -> Instant | None:
        """The beginning of the earliest day with a job that has not run."""
        first = self._database.value("SELECT min(day) FROM amplitude_deletion WHERE erased = 0")
        return None if first is None else day(first, "day")

    def run_due(self, at: Instant) -> None:
        """Erase users and all their events; listeners hear that they are no longer what they were."""
        today = day_text(at)
        with self._database.transaction():
            for project in self._store.projects.all():
                rows = self._database.rows(
                    "SELECT amplitude_id FROM amplitude_deletion WHERE project = ? AND erased = 0 AND day <= ?"
                    " ORDER BY amplitude_id",
                    (project.name, today),
                )
                if numbers := [row[0] for row in rows]:
                    self.erase(project, numbers, at)
            self._database.execute("UPDATE amplitude_deletion SET erased = 1 WHERE day <= ?", (today,))

    def unfinished(self) -> bool:
        """A job that waits for its day keeps nobody waiting."""
        return False

    def erase(self, project: Project, numbers: Sequence[int], at: Instant) -> None:
        """Remove these users, whoever was merged into them, and all that they did and were mapped to."""
        merged = [each for ids in self._store.users.merged_ids(numbers).values() for each in ids]
        everything = sorted({*numbers, *merged})
        records = self._store.users.by_amplitude_id(project, everything).values()
        user_ids = [each.user_id for each in records if each.user_id is not None]
        # Whoever counted their events as well has lost them.
        others = {each.merged_into for each in records if each.merged_into is not None}
        others.update(self._store.relations.targets(project, user_ids))
        self._store.events.erase(project, everything)
        self._store.users.erase(project, everything)
        self._store.placed.erase(project, everything)
        self._store.relations.erase(project, user_ids)
        entries = [Entry(str(each), "", None, "erased", ("READ-1",)) for each in everything]
        self._ledger.write(at, room="amplitude", event="deletion", entries=entries)
        self._intake.tell(project, [*everything, *sorted(others.difference(everything))], at)

    # --- handlers ----------------------------------------------------------------------------------

    def create(self, project: Project, call: Call) -> Reply:
        """`POST /api/2/deletions/users`: up to 100 people join the job that is open for changes, or a new one."""
        body = fields_of(call, lists=("user_ids", "amplitude_ids"))
        user_ids, amplitude_ids = _list(body, "user_ids"), _list(body, "amplitude_ids")
        if not 1 <= len(user_ids) + len(amplitude_ids) <= IDS_PER_CALL:
            raise invalid(f"Between 1 and {IDS_PER_CALL} user_ids and amplitude_ids are required")
        everywhere = flag(body.get("delete_from_org"))
        ignore = everywhere or flag(body.get("ignore_invalid_id")) or flag(body.get("ignore_invalid_ids"))
        requester = body.get("requester") or DEFAULT_REQUESTER
        if not isinstance(requester, str):
            raise invalid("requester must be a text")
        with_users = flag(body.get("include_mapped_user_ids"))
        jobs = []
        with self._database.transaction():
            for each in self._store.projects.all() if everywhere else [project]:
                found, unknown = self._known(each, user_ids, amplitude_ids)
                if unknown and not ignore:
                    raise invalid(f"Users not found in the project: {', '.join(unknown)}")
                if everywhere and not found:
                    continue
                jobs.append(self._enter(each, found, unknown, requester, with_users))
        return Reply(200, jobs)

    def _known(
        self, project: Project, user_ids: Sequence[object], amplitude_ids: Sequence[object]
    ) -> tuple[dict[int, str | None], list[str]]:
        """Canonical ids with the user id that named them, and the ids that name nobody here."""
        named = [identifier_text(each) for each in user_ids]
        records = self._store.users.by_user_id(project, named)
        found: dict[int, str | None] = {each.amplitude_id: each.user_id for each in records.values()}
        unknown = [each for each in named if each not in records]
        for value in amplitude_ids:
            text = identifier_text(value)
            number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
            canonical = self._store.users.canonical(project, [number]).get(number)
            if canonical is None:
                unknown.append(text)
            else:
                found.setdefault(canonical, None)
        return found, unknown

    def _enter(
        self,
        project: Project,
        found: Mapping[int, str | None],
        unknown: Sequence[str],
        requester: str,
        with_users: bool,
    ) -> dict[str, object]:
        today = day_text(self._clock.now)
        run_day = self._open_day(project)
        self._database.executemany(
            "INSERT OR IGNORE INTO amplitude_deletion (project, day, amplitude_id, requested_on_day, requester,"
            " user_id, erased) VALUES (?, ?, ?, ?, ?, ?, 0)",
            [(project.name, run_day, number, today, requester, user_id) for number, user_id in found.items()],
        )
        people = [
            {"amplitude_id": number, "requested_on_day": today, "requester": requester}
            | ({"user_id": user_id} if with_users and user_id is not None else {})
            for number, user_id in found.items()
        ]
        job = self._job(project, run_day, people)
        return job | ({"invalid_ids": list(unknown)} if unknown else {})

    def _open_day(self, project: Project) -> str:
        """The day of the job that may still be edited: the batch's first request sets it."""
        editable = day_text(self._clock.now + LOCKED_DAYS * DAY_MS)
        query = "SELECT min(day) FROM amplitude_deletion WHERE project = ? AND erased = 0 AND day > ?"
        opened: str | None = self._database.value(query, (project.name, editable))
        return opened or day_text(self._clock.now + DAYS_UNTIL_THE_RUN * DAY_MS)

    def _job(self, project: Project, run_day: str, people: Sequence[Mapping[str, object]]) -> dict[str, object]:
        status = self._status(run_day)
        return {
            "active_scrub_done_date": run_day if status == "done" else None,
            "amplitude_ids": list(people),
            "app": str(project.app_id),
            "day": run_day,
            "status": status,
        }

    def _status(self, run_day: str) -> str:
        begins, now = day(run_day, "day"), self._clock.now
        if now >= begins:
            return "done"
        return "submitted" if now >= begins - LOCKED_DAYS * DAY_MS else "staging"

    def list_jobs(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/deletions/users`: the jobs of a range of days. JSON, though it says text/html, as seen live."""
        start, end = day(required(call, "start_day"), "start_day"), day(required(call, "end_day"), "end_day")
        if end < start:
            raise invalid("start_day must not be later than end_day")
        if end - start > RANGE_DAYS * DAY_MS:
            raise invalid("The time range must not be longer than six months")
        rows = self._database.rows(
            "SELECT day, amplitude_id, requested_on_day, requester FROM amplitude_deletion WHERE project = ?"
            " AND day BETWEEN ? AND ? ORDER BY day, amplitude_id",
            (project.name, day_text(start), day_text(end)),
        )
        jobs: dict[str, list[dict[str, object]]] = {}
        for run_day, number, requested, requester in rows:
            person = {"amplitude_id": number, "requested_on_day": requested, "requester": requester}
            jobs.setdefault(run_day, []).append(person)
        return _as_html([self._job(project, run_day, people) for run_day, people in jobs.items()])

    def revoke(self, project: Project, call: Call) -> Reply:
        """`DELETE /api/2/deletions/users/{amplitude_id}/{day}`: takes one person out while the job is in staging."""
        number, run_day = call.path["amplitude_id"], day_text(day(call.path["day"], "day"))
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise invalid(f"{number} is not an Amplitude ID")
        key = (project.name, run_day, int(number))
        with self._database.transaction():
            row = self._database.row(
                "SELECT requested_on_day, requester FROM amplitude_deletion WHERE project = ? AND day = ?"
                " AND amplitude_id = ?",
                key,
            )
            if row is None:
                message = f"Amplitude ID {number} is in no deletion job on {run_day}"
                raise Problem(detailed_error(404, "not_found", message))
            if self._status(run_day) != "staging":
                raise invalid(f"The deletion job of {run_day} can no longer be changed")
            self._database.execute(
                "DELETE FROM amplitude_deletion WHERE project = ? AND day = ? AND amplitude_id = ?", key
            )
        return _as_html({"amplitude_id": int(number), "requested_on_day": row[0], "requester": row[1]})


def _list(body: Mapping[str, object], name: str) -> Sequence[object]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(
        isinstance(each, str | int) and not isinstance(each, bool) for each in value
    ):
        raise invalid(f"{name} must be a list of ids")
    return value


def _as_html(body: object) -> Reply:
    return Reply(200, orjson.dumps(body), content_type=LIVE_HTML)
