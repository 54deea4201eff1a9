"""What the Amplitude application does for a test: projects, people, placed values, silenced devices (control plane)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from simulator.fakes.amplitude.projects import Project, Projects, ProjectSettings, UnknownProject
from simulator.fakes.amplitude.store.computations import ComputationExists
from simulator.fakes.amplitude.store.placed import COMPUTATION, NOBODY, PROFILE_COHORT, PROPENSITY, RECOMMENDATION
from simulator.fakes.amplitude.store.users import UserRecord
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.fakes.control import problem, refuse
from simulator.rules.cohorts.computations import Computation, Formula, InvalidComputation
from simulator.rules.instants import Instant, format_duration, format_instant, parse_duration, parse_instant

USERS_AT_ONCE = 100


class Doors(Protocol):
    """The facade that the control plane and the scenario runner share."""

    store: AmplitudeStore

    def add_project(self, settings: ProjectSettings) -> Project: ...

    def find(self, project: str, *, user_id: str | None = None, device_id: str | None = None) -> UserRecord | None: ...

    def user(self, project: str, amplitude_id: int) -> UserRecord | None: ...

    def tell(self, project: Project, amplitude_ids: Sequence[int]) -> None: ...

    def seed_people(self, project: str, people: Sequence[Mapping[str, Any]]) -> list[int]: ...


class Control:
    """Handlers of the operations tagged `amplitude`, cohorts apart."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def handlers(self) -> dict[str, Handler]:
        """By operationId."""
        return {
            "listAmplitudeProjects": self._list_projects,
            "createAmplitudeProject": self._create_project,
            "changeAmplitudePlan": self._change_plan,
            "listAmplitudeUsers": self._list_users,
            "getAmplitudeUser": self._get_user,
            "seedAmplitudeUsers": self._seed,
            "markAmplitudeSender": self._mark,
            "placeRecommendation": self._placing(RECOMMENDATION, "rec_id"),
            "listComputations": self._list_computations,
            "defineComputation": self._define_computation,
            "placeComputation": self._placing(COMPUTATION, "comp_id"),
            "placePropensity": self._placing(PROPENSITY, "prediction_id"),
            "syncCohortToProfileApi": self._track_cohort,
        }

    def _projects(self) -> Projects:
        return self._doors.store.projects

    def _project(self, name: object) -> Project:
        try:
            return self._projects().named(str(name or "main"))
        except UnknownProject as error:
            raise refuse(404, str(error)) from None

    def _list_projects(self, call: Call) -> Reply:
        return Reply(200, {"projects": [_project(each) for each in self._projects().all()]})

    def _create_project(self, call: Call) -> Reply:
        body = call.json()
        if any(each.name == body["name"] for each in self._projects().all()):
            raise refuse(409, f"there is already a project {body['name']!r}")
        return Reply(201, _project(self._doors.add_project(ProjectSettings(**body))))

    def _change_plan(self, call: Call) -> Reply:
        project = self._project(call.path["project"])
        wanted = call.json()
        self._projects().change_plan(project.name, wanted["plan"])
        if "automated_syncs" in wanted:
            self._projects().include_syncs(project.name, wanted["automated_syncs"])
        return Reply(200, _project(self._projects().named(project.name)))

    def _list_users(self, call: Call) -> Reply:
        project = self._project(call.argument("project"))
        limit = int(call.argument("limit") or USERS_AT_ONCE)
        pages = self._doors.store.users.pages(project, int(call.argument("after") or 0), limit)
        found = next(pages, [])
        return Reply(200, {"users": [_user(each) for each in found], "count": self._doors.store.users.count(project)})

    def _get_user(self, call: Call) -> Reply:
        project = self._project(call.argument("project"))
        record = self._doors.user(project.name, int(call.path["amplitude_id"]))
        if record is None:
            raise refuse(404, f"project {project.name} has no user {call.path['amplitude_id']}")
        return Reply(200, _user(record))

    def _seed(self, call: Call) -> Reply:
        body = call.json()
        project = self._project(body.get("project"))
        people = []
        for number, each in enumerate(body["users"]):
            if each.get("user_id") is None and each.get("device_id") is None:
                raise refuse(400, f"users[{number}]: a person needs a user_id or a device_id")
            people.append({**each, "events": [_event(event, call.at) for event in each.get("events", ())]})
        return Reply(201, {"amplitude_ids": self._doors.seed_people(project.name, people)})

    def _mark(self, call: Call) -> Reply:
        body = call.json()
        project = self._project(body.get("project"))
        kind = "device" if "device_id" in body else "user"
        self._doors.store.relations.mark(project, body["mark"], kind, body[f"{kind}_id"], body.get("present", True))
        return Reply(204)

    def _placing(self, kind: str, name: str) -> Callable[[Call], Reply]:
        def place(call: Call) -> Reply:
            body = call.json()
            project = self._project(body.pop("project", None))
            record = self._person(project, body)
            with self._doors.store.database.transaction():
                self._doors.store.placed.put(project, kind, body.pop(name), record.amplitude_id, body, call.at)
                if kind == PROPENSITY:
                    self._doors.tell(project, [record.amplitude_id])
            return Reply(204)

        return place

    def _list_computations(self, call: Call) -> Reply:
        project = self._project(call.argument("project"))
        known = self._doors.store.computations.all(project)
        return Reply(200, {"computations": [_computation(comp_id, each) for comp_id, each in known.items()]})

    def _define_computation(self, call: Call) -> Reply:
        body = call.json()
        project = self._project(body.get("project"))
        wanted = Computation(
            name=body["name"], formula=Formula(body["formula"]), event=body["event"],
            event_property=body.get("event_property", ""), within_ms=parse_duration(body["within"]),
        )  # fmt: skip
        try:
            comp_id = self._doors.store.computations.define(project, wanted, call.at)
        except (InvalidComputation, ComputationExists) as error:
            raise refuse(409 if isinstance(error, ComputationExists) else 400, str(error)) from error
        return Reply(201, _computation(comp_id, wanted))

    def _person(self, project: Project, body: dict[str, Any]) -> UserRecord:
        user_id, device_id = body.pop("user_id", None), body.pop("device_id", None)
        record = self._doors.find(project.name, user_id=user_id, device_id=device_id)
        if record is None:
            raise refuse(404, f"project {project.name} has no user {user_id or device_id or 'without ids'}")
        return record

    def _track_cohort(self, call: Call) -> Reply:
        body = call.json()
        project = self._project(body.get("project"))
        self._doors.store.placed.put(project, PROFILE_COHORT, body["cohort_id"], NOBODY, {}, call.at)
        return Reply(204)


def _project(project: Project) -> dict[str, object]:
    return {
        "name": project.name,
        "app_id": project.app_id,
        "org_id": project.org_id,
        "region": project.region,
        "plan": project.plan,
        "automated_syncs": project.automated_syncs,
        "api_key": project.api_key,
        "secret_key": project.secret_key,
    }


def _computation(comp_id: str, computation: Computation) -> dict[str, object]:
    told: dict[str, object] = {
        "comp_id": comp_id,
        "name": computation.name,
        "formula": str(computation.formula),
        "event": computation.event,
        "within": format_duration(computation.within_ms),
    }
    return told | ({"event_property": computation.event_property} if computation.event_property else {})


def _user(record: UserRecord) -> dict[str, object]:
    return {
        "amplitude_id": record.amplitude_id,
        "user_id": record.user_id,
        "device_id": record.device_id,
        "properties": record.all_properties(),
        "events": record.event_count,
        "first_event_at": None if record.first_event_at is None else format_instant(record.first_event_at),
        "last_event_at": None if record.last_event_at is None else format_instant(record.last_event_at),
    }


def _event(event: Mapping[str, Any], now: Instant) -> tuple[str, Instant, Mapping[str, object]]:
    try:
        time = parse_instant(event["at"]) if "at" in event else now
    except ValueError as error:
        raise Problem(problem(400, str(error))) from error
    return event["name"], time, event.get("properties", {})
