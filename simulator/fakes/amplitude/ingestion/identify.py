"""`/identify` and `/groupidentify`: properties without events, answered by the bare word `success`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from simulator.fakes.amplitude.ingestion.intake import Intake, Taken
from simulator.fakes.amplitude.ingestion.limits import Endpoint, IngestionLimits
from simulator.fakes.amplitude.ingestion.reading import incoming
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import SUCCESS, text
from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.rules.ingestion import MIN_ID_LENGTH, THROTTLED, CleanEvent, Refusal, check_events, identifier_text
from simulator.rules.instants import Instant

IDENTIFY = Endpoint("/identify", 1024 * 1024, 2_000, 30, "Amplitude, Identify API")
URL_CHARACTERS = 8_192
"""The longest address of a GET; the documents say that there is a limit and not which (inferred)."""
GROUPS_AT_MOST = 1_024
GROUP_PROPERTIES_AT_MOST = 1_024
MISSING_EVENT = "missing_event"
INVALID_KEY = "invalid_api_key"


def parameters(call: Call) -> dict[str, str]:
    """Query and form together, the form winning; clients use either. Raises Problem 414 for too long an address."""
    if len(call.url) > URL_CHARACTERS:
        raise Problem(text(414, "Request-URI Too Long"))
    both = {name: values[0] for name, values in call.query.items() if values}
    both.update({name: values[0] for name, values in call.form().items() if values} if call.body else {})
    return both


def objects_of(text_of_json: str | None) -> list[Mapping[str, object]] | None:
    """One JSON object or an array of them; None when it is anything else."""
    try:
        found = orjson.loads(text_of_json or "")
    except orjson.JSONDecodeError:
        return None
    items = found if isinstance(found, list) else [found]
    return items if items and all(isinstance(each, Mapping) for each in items) else None


def shortest_id(options: str | None) -> int:
    """`min_id_length` out of the form field `options`, which holds JSON text."""
    found = objects_of(options) if options else None
    shortest = found[0].get("min_id_length") if found else None
    return shortest if isinstance(shortest, int) and not isinstance(shortest, bool) else MIN_ID_LENGTH


class Identify:
    """Both endpoints, by POST and by GET."""

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
            "identify": self._identify,
            "identifyByQuery": self._identify,
            "groupIdentify": self._group_identify,
            "groupIdentifyByQuery": self._group_identify,
        }

    def take(
        self, project: Project, identifications: Sequence[Mapping[str, object]], at: Instant, *, request: str = ""
    ) -> Taken:
        """Apply identify calls without HTTP; the ids are taken as they are. Raises ValueError when one has none."""
        clean = []
        for index, each in enumerate(identifications):
            identifiers = [each.get("user_id"), each.get("device_id")]
            if identifiers == [None, None]:
                raise ValueError(f"identify call {index} has neither user_id nor device_id")
            user_id, device_id = (None if value is None else identifier_text(value) for value in identifiers)
            fields = {name: value for name, value in each.items() if name not in ("user_id", "device_id")}
            clean.append(CleanEvent(index, "$identify", user_id, device_id, fields))
        return self._take(project, clean, at, request)

    def _identify(self, call: Call) -> Reply:
        given = parameters(call)
        if self._settings.limits and len(call.body) > IDENTIFY.body_bytes:
            raise Problem(text(413, "Payload too large"))
        identifications = objects_of(given.get("identification"))
        if identifications is None:
            raise Problem(text(400, MISSING_EVENT))
        project = self._project(given, call)
        events = [{**each, "event_type": "$identify"} for each in identifications]
        clean = check_events(events, shortest_id(given.get("options")), short_ids=self._intake.rules.short_ids)
        if isinstance(clean, Refusal):
            # An identification without any id is malformed; other refusals use the words of the upload endpoints.
            error = MISSING_EVENT if clean.missing else clean.error
            raise Problem(text(400, error))
        with self._store.database.transaction():
            if self._limits.check(project, IDENTIFY, clean, call.at):
                raise Problem(text(429, THROTTLED))
            self._take(project, clean, call.at, call.request_id)
            self._limits.spend(project, IDENTIFY, clean, call.at)
        return SUCCESS

    def _project(self, given: Mapping[str, str], call: Call) -> Project:
        project = self._store.projects.of_api_key(given.get("api_key", ""), call.host)
        if project is None:
            raise Problem(text(400, INVALID_KEY))
        return project

    def _take(self, project: Project, clean: Sequence[CleanEvent], at: Instant, request: str) -> Taken:
        calls = [incoming(each, at, path=IDENTIFY.path) for each in clean]
        return self._intake.take(project, calls, at, request=request)

    def _group_identify(self, call: Call) -> Reply:
        given = parameters(call)
        if self._settings.limits and len(call.body) > IDENTIFY.body_bytes:
            raise Problem(Reply(413, {"error": "Payload too large"}))
        identifications = objects_of(given.get("identification"))
        if identifications is None:
            raise Problem(Reply(400, {"error": "Missing identification"}))
        project = self._store.projects.of_api_key(given.get("api_key", ""), call.host)
        if project is None:
            raise Problem(Reply(400, {"error": "Invalid API key"}))
        for each in identifications:
            _check_group(each)
        count = sum(len(_properties(each)) for each in identifications)
        if self._settings.limits and (len(identifications) > GROUPS_AT_MOST or count > GROUP_PROPERTIES_AT_MOST):
            raise Problem(Reply(413, {"error": "Payload too large"}))
        with self._store.database.transaction():
            for each in identifications:
                for value in _values(each):
                    group_type = str(each["group_type"])
                    self._store.relations.change_group(project, group_type, value, _properties(each))
        return SUCCESS


def _check_group(identification: Mapping[str, object]) -> None:
    for name in ("group_type", "group_value"):
        if identification.get(name) in (None, "", []):
            raise Problem(Reply(400, {"error": f"Missing {name}"}))
    properties = identification.get("group_properties")
    if properties is not None and not isinstance(properties, Mapping):
        raise Problem(Reply(400, {"error": "Invalid group_properties"}))


def _properties(identification: Mapping[str, object]) -> Mapping[str, object]:
    properties = identification.get("group_properties")
    return properties if isinstance(properties, Mapping) else {}


def _values(identification: Mapping[str, object]) -> list[str]:
    value = identification["group_value"]
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
