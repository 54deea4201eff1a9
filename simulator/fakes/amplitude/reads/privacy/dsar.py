"""Everything about one person, month by month: requests that take a day and whose files expire (DSAR API)."""

from __future__ import annotations

import gzip
from itertools import groupby
from typing import NamedTuple

import orjson

from simulator.clock import SimClock
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.reads.parameters import day, day_text, fields_of, invalid
from simulator.fakes.amplitude.reads.rows import exported
from simulator.fakes.amplitude.store.events import StoredEvent
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import detailed_error
from simulator.fakes.binding import Call, Problem, Reply
from simulator.rules.ingestion import identifier_text
from simulator.rules.instants import DAY_MS, HOUR_MS, Instant, to_datetime

STAGING_MS = HOUR_MS
WORKING_MS = DAY_MS
"""When a request is done; the page promises three days at most (inferred)."""
EXPIRES_MS = 2 * DAY_MS
EVENTS_PER_MONTH = 100_000
FIRST_REQUEST_ID = 53_001


class _Request(NamedTuple):
    request_id: int
    amplitude_id: int | None
    user_id: str | None
    start_date: str
    end_date: str
    requested_at: Instant


class _File(NamedTuple):
    project: Project
    events: list[StoredEvent]


class SubjectAccess:
    """The handlers of the three endpoints. Keys of any project of the organisation do."""

    def __init__(self, store: AmplitudeStore, clock: SimClock) -> None:
        self._store = store
        self._database = store.database
        self._clock = clock

    def create(self, project: Project, call: Call) -> Reply:
        """`POST /api/2/dsar/requests`."""
        body = fields_of(call)
        user_id, number = body.get("userId"), body.get("amplitudeId")
        if user_id is None and number is None:
            raise invalid("Either userId or amplitudeId is required")
        for name in ("startDate", "endDate"):
            if body.get(name) is None:
                raise invalid(f"Missing required parameter: {name}")
        start, end = day(body["startDate"], "startDate"), day(body["endDate"], "endDate")
        if end < start:
            raise invalid("startDate must not be later than endDate")
        text = None if number is None else identifier_text(number)
        if text is not None and not (text.isascii() and text.isdigit() and len(text) < 19):
            raise invalid("amplitudeId must be an integer")
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO amplitude_dsar (request_id, project, amplitude_id, user_id, start_date, end_date,"
                " requested_at) SELECT coalesce(max(request_id) + 1, ?), ?, ?, ?, ?, ?, ? FROM amplitude_dsar",
                (FIRST_REQUEST_ID, project.name, None if text is None else int(text),
                 None if user_id is None else identifier_text(user_id), day_text(start), day_text(end), call.at),
            )  # fmt: skip
            request_id = connection.execute("SELECT max(request_id) FROM amplitude_dsar").fetchone()[0]
        return Reply(202, {"requestId": request_id})

    def status(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/dsar/requests/{request_id}`: staging, submitted, done or failed, by the clock alone."""
        request = self._request(call)
        age = call.at - request.requested_at
        state = "staging" if age < STAGING_MS else "submitted" if age < WORKING_MS else "done"
        files = self._files(request) if state == "done" else []
        too_many = any(len(each.events) > EVENTS_PER_MONTH for each in files)
        base = call.url.split("?")[0].rstrip("/")
        done = state == "done" and not too_many
        return Reply(
            200,
            {
                "requestId": request.request_id,
                "userId": request.user_id,
                "amplitudeId": request.amplitude_id,
                "startDate": request.start_date,
                "endDate": request.end_date,
                "status": "failed" if too_many else state,
                "failReason": f"More than {EVENTS_PER_MONTH} events in a month" if too_many else None,
                "urls": [f"{base}/outputs/{number}" for number in range(len(files))] if done else [],
                "expires": day_text(request.requested_at + WORKING_MS + EXPIRES_MS) if done else None,
            },
        )

    def output(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/dsar/requests/{request_id}/outputs/{output_id}`: one gzipped file of JSON lines."""
        request = self._request(call)
        done_at = request.requested_at + WORKING_MS
        files = self._files(request) if done_at <= call.at < done_at + EXPIRES_MS else []
        output_id = call.path["output_id"]
        if not output_id.isascii() or not output_id.isdigit() or int(output_id) >= len(files):
            raise Problem(detailed_error(404, "not_found", f"Output {output_id} was not found or has expired"))
        file = files[int(output_id)]
        lines = b"".join(orjson.dumps(exported(file.project, each, self._store.seed)) + b"\n" for each in file.events)
        return Reply(200, gzip.compress(lines, mtime=0), content_type="application/gzip")

    def _request(self, call: Call) -> _Request:
        text = call.path["request_id"]
        row = None
        if text.isascii() and text.isdigit() and len(text) < 19:
            row = self._database.row(
                "SELECT request_id, amplitude_id, user_id, start_date, end_date, requested_at FROM amplitude_dsar"
                " WHERE request_id = ?",
                (int(text),),
            )
        if row is None:
            raise Problem(detailed_error(404, "not_found", f"Request {text} was not found"))
        return _Request(*row)

    def _files(self, request: _Request) -> list[_File]:
        """One file per project and month in which the person did something."""
        start, end = day(request.start_date, "startDate"), day(request.end_date, "endDate") + DAY_MS
        files = []
        for project in self._store.projects.all():
            numbers: set[int] = set()
            if request.user_id is not None:
                records = self._store.users.by_user_id(project, [request.user_id])
                numbers.update(each.amplitude_id for each in records.values())
            if request.amplitude_id is not None:
                numbers.update(self._store.users.canonical(project, [request.amplitude_id]).values())
            for events in self._store.events.of_users(sorted(numbers)).values():
                wanted = [each for each in events if start <= each.time < end]
                for _, month in groupby(wanted, key=lambda each: to_datetime(each.time).strftime("%Y-%m")):
                    files.append(_File(project, list(month)))
        return files
