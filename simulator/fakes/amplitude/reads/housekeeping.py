"""Releases, the list of events, and delivery metrics of event streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.reads.parameters import fields_of, flag, invalid, moment, required, timestamp
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import dashboard_error, detailed_error
from simulator.fakes.binding import Call, Problem, Reply
from simulator.ids import derive_base36
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS, Instant, parse_instant

TIMES = "%Y-%m-%d %H:%M:%S"
MONDAY_MS = 4 * DAY_MS
"""The epoch was a Thursday: the first Monday came four days later."""
PERIODS_MS = {
    "TEN_MINUTES": 10 * MINUTE_MS,
    "ONE_HOUR": HOUR_MS,
    "FOUR_HOURS": 4 * HOUR_MS,
    "ONE_DAY": DAY_MS,
    "ONE_WEEK": WEEK_MS,
    "TWO_WEEKS": 2 * WEEK_MS,
}
RETENTION_MS = 90 * DAY_MS


@dataclass(frozen=True, slots=True)
class DeliveryMetrics:
    """What became of the events of one stream in one period; latency is the 95th percentile in seconds."""

    on_first_attempt: int = 0
    after_retry: int = 0
    expired: int = 0
    discarded: int = 0
    latency_seconds: float = 0.0


MetricsProvider = Callable[[Project, str, Instant, Instant], DeliveryMetrics | None]
"""The metrics of a sync id from a start up to and without an end; None when the project has no such stream."""


def nothing_delivered(project: Project, sync_id: str, start: Instant, end: Instant) -> DeliveryMetrics:
    """What is answered while nobody supplies figures."""
    return DeliveryMetrics()


class Housekeeping:
    """The handlers. `metrics` may be replaced by whoever runs event streams."""

    def __init__(self, store: AmplitudeStore) -> None:
        self._store = store
        self.metrics: MetricsProvider = nothing_delivered

    def create_release(self, project: Project, call: Call) -> Reply:
        """`POST /api/2/release`, as JSON or by query."""
        given = fields_of(call, _bad_request)
        for name in ("version", "release_start", "title"):
            if not given.get(name):
                raise _bad_request(f"Missing required parameter: {name}")
            if not isinstance(given[name], str):
                raise _bad_request(f"{name} must be a text")
        for name in ("release_start", "release_end"):
            if given.get(name):
                _check_time(str(given[name]), name)
        version, author = str(given["version"]), str(given.get("created_by") or "")
        count = self._store.database.value("SELECT count(*) FROM amplitude_release WHERE project = ?", (project.name,))
        platforms = given.get("platforms")
        if isinstance(platforms, str):
            platforms = [each.strip() for each in platforms.split(",") if each.strip()]
        elif platforms is not None and not (
            isinstance(platforms, list) and all(isinstance(each, str) for each in platforms)
        ):
            raise _bad_request("platforms must be a list of names")
        release = {
            "id": derive_base36(self._store.seed, "amplitude", project.name, "release", count),
            "app_id": project.app_id,
            "org_id": project.org_id,
            "version": version,
            "release_start": given["release_start"],
            "release_end": given.get("release_end") or None,
            "type": "integration",
            "title": str(given["title"]),
            "description": str(given.get("description") or ""),
            "platforms": platforms or None,
            "chart_visibility": flag(given.get("chart_visibility", True)),
            "params": {
                "created": call.at,
                "created_by": author,
                "last_modified": call.at,
                "last_modified_by": author,
            },
        }
        self._store.database.execute(
            "INSERT INTO amplitude_release (id, project, version, body) VALUES (?, ?, ?, ?)",
            (release["id"], project.name, version, orjson.dumps(release).decode()),
        )
        return Reply(200, {"success": True, "release": release})

    def list_events(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/events/list`: every event type with this week's total; the numeric id is on no page (live)."""
        week = Instant(call.at - (call.at - MONDAY_MS) % WEEK_MS)
        totals = self._store.events.totals_since(project, week)
        hidden: Mapping[str, object] = {"autohidden": False, "hidden": False, "deleted": False, "flow_hidden": False}
        rows = [
            {
                "id": project.app_id * 1_000 + number,
                "value": name,
                "display": name,
                "name": name,
                **hidden,
                "timeline_hidden": False,
                "non_active": not active,
                "in_waitroom": False,
                "waitroom_approved": None,
                "totals": totals.get(name, 0),
                "totals_delta": 0,
            }
            for number, name, _, _, active in self._store.events.types(project)
        ]
        rows.sort(key=lambda row: str(row["value"]))
        answer: dict[str, object] = {"data": rows, "timeComputed": call.at, "wasCached": False}
        answer |= {"cacheFreshness": "FRESH", "novaRuntime": 0, "novaRequestDuration": 0, "novaCost": 0}
        return Reply(200, {**answer, "throttleTime": 0, "transformationIds": []})

    def delivery_metrics(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/event-streaming/delivery-metrics-summary`; figures older than 90 days are a 500."""
        sync_id, period = required(call, "sync_id"), required(call, "time_period")
        if period == "CUSTOM":
            start, end = (_instant(required(call, name), name) for name in ("start", "end"))
            if end <= start:
                raise invalid("start must be earlier than end")
        elif period in PERIODS_MS:
            start, end = Instant(call.at - PERIODS_MS[period]), call.at
        else:
            raise invalid(f"time_period must be CUSTOM or one of {', '.join(PERIODS_MS)}")
        if start < call.at - RETENTION_MS:
            raise Problem(detailed_error(500, "internal_error", "Metrics are retained for 90 days"))
        found = self.metrics(project, sync_id, start, end)
        if found is None:
            raise Problem(dashboard_error(403, "Attempt to access sync outside of organization and app"))
        delivered, lost = found.on_first_attempt + found.after_retry, found.expired + found.discarded
        return Reply(
            200,
            {
                "timePeriod": period,
                "eventsDelivered": delivered,
                "eventsNotDelivered": lost,
                "deliveryRate": delivered / (delivered + lost) if delivered + lost else 0.0,
                "latencyInSeconds": found.latency_seconds,
                "timePeriodStart": timestamp(start),
                "timePeriodEnd": timestamp(end),
                "successOnFirstAttempt": found.on_first_attempt,
                "successAfterRetry": found.after_retry,
                "eventsExpired": found.expired,
                "eventsDiscarded": found.discarded,
            },
        )


def _bad_request(message: str) -> Problem:
    return Problem(Reply(400, {"success": False, "errors": [{"message": message}]}))


def _check_time(text: str, name: str) -> None:
    try:
        moment(text, TIMES, name)
    except Problem:
        raise _bad_request(f"{name} must be in the format yyyy-MM-dd HH:mm:ss") from None


def _instant(text: str, name: str) -> Instant:
    try:
        # A plus in a query string arrives as a blank.
        return parse_instant(text.replace(" ", "+"))
    except ValueError:
        raise invalid(f"{name} is not a valid time: {text}") from None
