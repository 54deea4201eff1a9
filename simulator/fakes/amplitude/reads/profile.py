"""The User Profile API: properties, computations, cohorts, recommendations and propensity of one person (PROF-1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.fakes.amplitude.cohorts.computed import Computed
from simulator.fakes.amplitude.ingestion.intake import Incoming, Intake
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.reads.parameters import day_text, flag
from simulator.fakes.amplitude.reads.rows import DEFAULT_LIBRARY
from simulator.fakes.amplitude.store.events import Kind
from simulator.fakes.amplitude.store.placed import COMPUTATION, PROPENSITY, RECOMMENDATION
from simulator.fakes.amplitude.store.users import UserRecord
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.binding import Call, Problem, Reply
from simulator.ids import derive_random
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant

ITEMS_AT_MOST = 100
UNKNOWN_MS, YOUNG_MS, IDLE_MS = 5 * MINUTE_MS, 2 * HOUR_MS, 90 * DAY_MS
"""Ages of the earliest version of the page: unknown below the first, without recommendations outside of the others."""
RECOMMENDATION_EVENT = "[Recs] Recommendation Event"
NOT_SEEN = "User id and device id not seen before"
"""The status that goes with this text is not documented; 400 is our reading."""

CohortsOf = Callable[[Project, int], Sequence[str]]
"""Ids of the cohorts that a user is in now."""


class UserProfile:
    """The handler of `GET /v1/userprofile`."""

    def __init__(self, store: AmplitudeStore, intake: Intake, cohorts_of: CohortsOf, computed: Computed) -> None:
        self._store = store
        self._computed = computed
        self._intake = intake
        self._cohorts_of = cohorts_of

    def profile(self, project: Project, call: Call) -> Reply:
        """Parts that were not asked for are null."""
        record = self._user(project, call)
        data: dict[str, object] = {
            "recommendations": None,
            "user_id": record.user_id,
            "device_id": record.device_id,
            "amp_props": None,
            "cohort_ids": None,
        }
        if flag(call.argument("get_recs")):
            data["recommendations"] = self._recommendations(project, record, call)
        properties: dict[str, object] = {}
        if flag(call.argument("get_amp_props")):
            properties |= self._properties(record)
        if flag(call.argument("get_computations")) or call.argument("comp_id"):
            properties |= self._computations(project, record, call)
        if properties or flag(call.argument("get_amp_props")):
            data["amp_props"] = properties
        if flag(call.argument("get_cohort_ids")):
            tracked = self._store.placed.profile_cohorts(project)
            data["cohort_ids"] = [each for each in self._cohorts_of(project, record.amplitude_id) if each in tracked]
        if flag(call.argument("get_propensity")):
            data |= self._propensity(project, record, call)
        return Reply(200, {"userData": data})

    def _user(self, project: Project, call: Call) -> UserRecord:
        user_id, device_id = call.argument("user_id"), call.argument("device_id")
        if not user_id and not device_id:
            raise Problem(Reply(400, {"error": "Either user_id or device_id is required"}))
        users = self._store.users
        record = users.by_user_id(project, [user_id]).get(user_id) if user_id else None
        if record is None and device_id:
            device = users.devices(project, [device_id]).get(device_id)
            owner = device and (device.last_user_id or device.anonymous_id)
            for number in users.canonical(project, [owner]).values() if owner else ():
                record = users.by_amplitude_id(project, [number])[number]
        if record is None or (self._waits() and call.at < record.created_at + UNKNOWN_MS):
            raise Problem(Reply(400, {"error": NOT_SEEN}))
        return record

    def _waits(self) -> bool:
        """The switch `profile_age`: whether somebody can be too young for this API."""
        return self._intake.rules.profile_age == "earliest_page"

    def _recommendable(self, record: UserRecord, at: Instant) -> bool:
        if not self._waits():
            return True
        last = record.last_event_at or record.created_at
        return at >= record.created_at + YOUNG_MS and at <= last + IDLE_MS

    def _properties(self, record: UserRecord) -> dict[str, object]:
        prefix = "gp:" if self._intake.rules.profile_prefix == "gp" else ""
        # Events of whoever was merged into this user are this user's (ID-5).
        events = self._store.events.of_users([record.amplitude_id]).get(record.amplitude_id, [])
        library = events[-1].extra().get("library", DEFAULT_LIBRARY) if events else DEFAULT_LIBRARY
        properties: dict[str, object] = {"library": library, **record.built_in}
        if events:
            properties["first_used"] = day_text(events[0].time)
            properties["last_used"] = day_text(events[-1].time)
        return properties | {f"{prefix}{name}": value for name, value in record.properties.items()}

    def _computations(self, project: Project, record: UserRecord, call: Call) -> dict[str, object]:
        """Computed properties as texts; one that was asked for by id and does not exist is null."""
        asked = _ids(call, "comp_id")
        number = record.amplitude_id
        defined = self._computed.by_id(project, asked or None)
        worked_out = self._computed.values(project, [number], call.at, defined).get(number, {})
        found = self._store.placed.of(project, COMPUTATION, [number], asked or None).get(number, {})
        values: dict[str, object] = {name: None for name in asked if name not in found and name not in worked_out}
        values |= {defined[comp_id].name: str(value) for comp_id, value in worked_out.items()}
        values.update({str(each["property"]): str(each["value"]) for each in found.values()})
        return values

    def _recommendations(self, project: Project, record: UserRecord, call: Call) -> list[dict[str, object]] | None:
        """Also leaves an event behind, as the live service does."""
        asked = _ids(call, "rec_id")
        if not asked:
            raise Problem(Reply(400, {"error": "rec_id is required when get_recs is true"}))
        if not self._recommendable(record, call.at):
            return None
        placed = self._store.placed.of(project, RECOMMENDATION, [record.amplitude_id], asked)
        found = placed.get(record.amplitude_id, {})
        random_order = call.argument("rec_type") == "random"
        given: list[dict[str, object]] = []
        for rec_id in asked:
            value = found.get(rec_id)
            if value is None:
                continue
            items = value.get("items")
            shown = list(items)[:ITEMS_AT_MOST] if isinstance(items, list) else []
            if random_order:
                derive_random(self._store.seed, "amplitude", rec_id, record.amplitude_id).shuffle(shown)
            source = value.get("recommendation_source", "model")
            updated_at = value["updated_at"]
            given.append(
                {
                    "rec_id": rec_id,
                    "child_rec_id": value.get("child_rec_id", rec_id),
                    "items": shown,
                    "is_control": random_order or bool(value.get("is_control", False)),
                    "recommendation_source": "random" if random_order else source,
                    "last_updated": updated_at // 1000 if isinstance(updated_at, int) else 0,
                }
            )
        event = Incoming(
            Kind.EVENT, RECOMMENDATION_EVENT, call.at, record.user_id, record.device_id,
            event_properties={"rec_ids": asked}, fields={"path": "/v1/userprofile"},
        )  # fmt: skip
        self._intake.take(project, [event], call.at, request=call.request_id)
        return given or None

    def _propensity(self, project: Project, record: UserRecord, call: Call) -> dict[str, object]:
        asked = _ids(call, "prediction_id")
        kind = call.argument("propensity_type", "score")
        if not asked or kind not in ("score", "pct"):
            raise Problem(Reply(400, {"error": "prediction_id and propensity_type (score or pct) are required"}))
        found = self._store.placed.of(project, PROPENSITY, [record.amplitude_id], asked).get(record.amplitude_id, {})
        propensities = [
            {"prop": found[each].get(kind), "pred_id": each, "prop_type": kind} for each in asked if each in found
        ]
        single = propensities[0]["prop"] if len(asked) == 1 and propensities else None
        return {"propensity": single, "propensities": propensities}


def _ids(call: Call, name: str) -> list[str]:
    return [each for each in (call.argument(name) or "").split(",") if each]
