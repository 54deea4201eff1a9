"""`/usermap`: relates user ids to a global one and never merges their properties (ID-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from simulator.fakes.amplitude.ingestion.identify import INVALID_KEY, objects_of, parameters, shortest_id
from simulator.fakes.amplitude.ingestion.intake import Intake
from simulator.fakes.amplitude.ingestion.windows import SlidingCount
from simulator.fakes.amplitude.projects import AmplitudeSettings, Project
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import SUCCESS, detailed_error, text
from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.rules.ingestion import INVALID_ID_LENGTH, identifier_text
from simulator.rules.instants import SECOND_MS

MAPPINGS_PER_CALL = 2_000
BODY_BYTES = 1024 * 1024
MAPPINGS_PER_WINDOW = 1_500
WINDOW_MS = 30 * SECOND_MS
USERS_PER_READ = 100
MISSING_MAPPING = "missing_mapping"


class UserMapping:
    """Writes by POST or GET with the API key alone, reads with both keys."""

    def __init__(self, store: AmplitudeStore, intake: Intake, settings: AmplitudeSettings) -> None:
        self._store = store
        self._intake = intake
        self._settings = settings
        self._recent: SlidingCount[str] = SlidingCount(WINDOW_MS)

    def handlers(self) -> dict[str, Handler]:
        """By operationId; the read is authorised by a gate."""
        return {"mapUsers": self._map, "mapUsersByQuery": self._map}

    def _map(self, call: Call) -> Reply:
        given = parameters(call)
        if self._settings.limits and len(call.body) > BODY_BYTES:
            raise Problem(text(413, "Payload too large"))
        mappings = objects_of(given.get("mapping"))
        if mappings is None:
            raise Problem(text(400, MISSING_MAPPING))
        project = self._store.projects.of_api_key(given.get("api_key", ""), call.host)
        if project is None:
            raise Problem(text(400, INVALID_KEY))
        pairs = [_pair(each, shortest_id(given.get("options"))) for each in mappings]
        with self._store.database.transaction():
            if self._settings.limits:
                self._spend(project, call, len(pairs))
            concerned: set[int] = set()
            for user_id, global_user_id in pairs:
                # Whoever gains or loses this user's events; the user keeps its own either way.
                concerned.update(self._store.relations.targets(project, [user_id]))
                self._store.relations.map_user(project, user_id, global_user_id)
                concerned.update(self._store.relations.targets(project, [user_id]))
            self._intake.tell(project, sorted(concerned), call.at)
        return SUCCESS

    def _spend(self, project: Project, call: Call, count: int) -> None:
        if count > MAPPINGS_PER_CALL:
            raise Problem(text(413, "Payload too large"))
        if self._recent.count(project.name, call.at) + count > MAPPINGS_PER_WINDOW:
            raise Problem(text(429, "too_many_requests"))
        self._recent.add({project.name: count}, call.at)

    def read(self, project: Project, call: Call) -> Reply:
        """`GET /api/2/usermap`: who maps into each user and whom it maps to."""
        user_ids = _user_ids(call)
        if not 1 <= len(user_ids) <= USERS_PER_READ:
            message = f"Between 1 and {USERS_PER_READ} user_ids are required, got {len(user_ids)}."
            raise Problem(detailed_error(400, "invalid_request", message))
        relations = self._store.relations
        found: dict[str, tuple[list[str], str | None]] = {
            user_id: (relations.mapped_from(project, user_id), relations.mapped_to(project, user_id))
            for user_id in user_ids
        }
        mentioned = {each for sources, target in found.values() for each in (*sources, target) if each is not None}
        records = self._store.users.by_user_id(project, mentioned)

        def entry(user_id: str) -> dict[str, object]:
            record = records.get(user_id)
            return {"amplitude_id": record.amplitude_id if record else None, "user_id": user_id}

        return Reply(
            200,
            {
                user_id: {
                    "mapped_from": [entry(each) for each in sources],
                    "mapped_to": [] if target is None else [entry(target)],
                }
                for user_id, (sources, target) in found.items()
            },
        )


def _pair(mapping: Mapping[str, object], shortest: int) -> tuple[str, str | None]:
    """The user and the global user it maps to, None to end the mapping. Raises Problem."""
    user_id, target = mapping.get("user_id"), mapping.get("global_user_id")
    unmap = str(mapping.get("unmap", False)).lower() == "true"
    if user_id is None or (target is None and not unmap):
        raise Problem(text(400, MISSING_MAPPING))
    wanted = [user_id] if unmap else [user_id, target]
    if not all(isinstance(each, str | int) and not isinstance(each, bool) for each in wanted):
        raise Problem(text(400, MISSING_MAPPING))
    texts = [identifier_text(each) for each in wanted]
    if any(len(each) < shortest for each in texts):
        raise Problem(text(400, INVALID_ID_LENGTH))
    return texts[0], None if unmap else texts[1]


def _user_ids(call: Call) -> Sequence[str]:
    """Repeated, a JSON list, or parted by commas; in the query or, as in the vendor's sample, in a form."""
    values = call.query.get("user_ids") or (call.form().get("user_ids") if call.body else None) or []
    if len(values) != 1:
        return values
    try:
        listed = orjson.loads(values[0])
    except orjson.JSONDecodeError:
        return [each for each in values[0].split(",") if each]
    return [identifier_text(each) for each in listed] if isinstance(listed, list) else values
