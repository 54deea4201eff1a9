"""`POST /2/httpapi` and `POST /batch`: every refusal in its exact words, and all or nothing (INGEST-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.fakes.amplitude.ingestion.intake import Intake, Taken
from simulator.fakes.amplitude.ingestion.limits import BATCH, HTTP_API, Endpoint, IngestionLimits
from simulator.fakes.amplitude.ingestion.reading import clock_shift, incoming
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import ingestion_error
from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.rules.ingestion import (
    INVALID_JSON,
    MIN_ID_LENGTH,
    MISSING_BODY,
    MISSING_FIELD,
    SILENCED,
    THROTTLED,
    CleanEvent,
    Refusal,
    check_events,
)
from simulator.rules.instants import Instant

_TOO_LARGE = ingestion_error(413, "Payload too large")


class UploadRefused(ValueError):
    """A batch that the facade was given is refused; `body` is what the wire would have answered."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status}: {reply.body}")
        self.body = reply.body
        self.status = reply.status


@dataclass(frozen=True, slots=True)
class _Upload:
    project: Project
    events: Sequence[object]
    min_id_length: int
    client_upload_time: object


class Uploads:
    """Both endpoints; they differ in sizes and rates only."""

    def __init__(
        self, store: AmplitudeStore, intake: Intake, limits: IngestionLimits, settings: AmplitudeSettings
    ) -> None:
        self._store = store
        self._intake = intake
        self._limits = limits
        self._settings = settings

    def handlers(self) -> dict[str, Handler]:
        """By operationId."""
        return {
            "uploadEvents": lambda call: self._upload(call, HTTP_API),
            "batchUploadEvents": lambda call: self._upload(call, BATCH),
        }

    def take(
        self, project: Project, events: Sequence[object], at: Instant, *, min_id_length: int = MIN_ID_LENGTH
    ) -> Taken:
        """The same way in without HTTP, sizes and rates. Raises UploadRefused."""
        try:
            clean = self._checked(events, min_id_length)
            return self._take(project, clean, at, path=HTTP_API.path)
        except Problem as problem:
            raise UploadRefused(problem.reply) from None

    def _upload(self, call: Call, endpoint: Endpoint) -> Reply:
        upload = self._read(call, endpoint)
        clean = self._checked(upload.events, upload.min_id_length)
        # Counting and storing are one step: two threads must not both see the last free place of a rate.
        with self._store.database.transaction():
            self._refuse_silenced(upload.project, clean, endpoint)
            throttle = self._limits.check(upload.project, endpoint, clean, call.at)
            if throttle:
                raise Problem(ingestion_error(429, THROTTLED, **throttle.body()))
            taken = self._take(
                upload.project,
                clean,
                call.at,
                path=endpoint.path,
                remote=call.remote,
                shift_ms=clock_shift(upload.client_upload_time, call.at),
                request=call.request_id,
            )
            self._limits.spend(upload.project, endpoint, clean, call.at)
        counted = len(upload.events)
        if self._intake.rules.ingested_count == "new_only":
            counted -= taken.duplicates
        answer = {
            "code": 200,
            "server_upload_time": call.at,
            # Of a body that was compressed, what it unpacked to (inferred).
            "payload_size_bytes": len(call.body),
            "events_ingested": counted,
        }
        return Reply(200, answer)

    def _read(self, call: Call, endpoint: Endpoint) -> _Upload:
        if self._settings.limits and len(call.body) > endpoint.body_bytes:
            raise Problem(_TOO_LARGE)
        if not call.body:
            raise Problem(ingestion_error(400, MISSING_BODY))
        body = call.json()
        if not isinstance(body, Mapping):
            raise Problem(ingestion_error(400, INVALID_JSON))
        for name in ("api_key", "events"):
            if body.get(name) is None:
                raise Problem(ingestion_error(400, MISSING_FIELD, missing_field=name))
        project = self._store.projects.of_api_key(str(body["api_key"]), call.host)
        if project is None:
            raise Problem(ingestion_error(400, f"Invalid API key: {body['api_key']}"))
        events, options = body["events"], body.get("options") or {}
        if not isinstance(events, list) or not isinstance(options, Mapping):
            raise Problem(ingestion_error(400, INVALID_JSON))
        if self._settings.limits and len(events) > endpoint.events:
            raise Problem(_TOO_LARGE)
        shortest = options.get("min_id_length")
        if shortest is None:
            shortest = MIN_ID_LENGTH
        elif isinstance(shortest, bool) or not isinstance(shortest, int):
            raise Problem(ingestion_error(400, INVALID_JSON))
        return _Upload(project, events, shortest, body.get("client_upload_time"))

    def _checked(self, events: Sequence[object], min_id_length: int) -> list[CleanEvent]:
        rules = self._intake.rules
        found = check_events(events, min_id_length, short_ids=rules.short_ids, error_indexes=rules.error_indexes)
        if isinstance(found, Refusal):
            raise Problem(ingestion_error(400, found.error, **found.blamed()))
        return found

    def _refuse_silenced(self, project: Project, events: Sequence[CleanEvent], endpoint: Endpoint) -> None:
        if not self._store.relations.any_marked(project, "silenced"):
            return
        devices = {each.device_id for each in events if each.device_id is not None}
        silenced = self._store.relations.marked(project, "silenced", "device", devices)
        if not silenced:
            return
        raise Problem(
            ingestion_error(
                400,
                SILENCED,
                eps_threshold=endpoint.events_per_second,
                exceeded_daily_quota_devices={},
                silenced_devices=sorted(silenced),
                silenced_events=[each.index for each in events if each.device_id in silenced],
                throttled_devices={},
                throttled_events=[],
            )
        )

    def _take(
        self,
        project: Project,
        events: Sequence[CleanEvent],
        at: Instant,
        *,
        path: str,
        remote: str = "",
        shift_ms: int = 0,
        request: str = "",
    ) -> Taken:
        operations = self._intake.rules.property_operations
        people = [each for each in events if each.event_type != "$groupidentify"]
        calls = [
            incoming(each, at, path=path, remote=remote, operations=operations, shift_ms=shift_ms) for each in people
        ]
        with self._store.database.transaction():
            for each in events:
                if each.event_type == "$groupidentify":
                    self._change_groups(project, each)
            return self._intake.take(project, calls, at, request=request)

    def _change_groups(self, project: Project, event: CleanEvent) -> None:
        groups, update = event.fields.get("groups"), event.fields.get("group_properties")
        if not isinstance(groups, Mapping) or not isinstance(update, Mapping):
            return
        for group_type, value in groups.items():
            for each in value if isinstance(value, list) else [value]:
                self._store.relations.change_group(project, group_type, str(each), update)
