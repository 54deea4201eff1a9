"""Cohorts through the control plane: made, changed and deleted, which no vendor API does, and who is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.fakes.amplitude.cohorts.api.limits import CohortLimits
from simulator.fakes.amplitude.cohorts.catalogue import Cohort, CohortRefused
from simulator.fakes.amplitude.cohorts.facade import Cohorts
from simulator.fakes.amplitude.projects import Project, Projects, UnknownProject
from simulator.fakes.amplitude.store.users import Users
from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.control import refuse
from simulator.feeds import UnknownCohort
from simulator.rules.cohorts.definition import Definition, DefinitionError, real_time_blockers
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.language.writing import to_language
from simulator.rules.cohorts.stored.reading import from_stored_json
from simulator.rules.instants import Instant, format_instant, parse_duration

MEMBERS_AT_ONCE = 100
OfProject = Callable[[Project, Call], Reply]


class CohortControl:
    """Handlers of the operations under `/_sim/amplitude/cohorts`."""

    def __init__(self, cohorts: Cohorts, projects: Projects, users: Users, limits: CohortLimits) -> None:
        self._cohorts = cohorts
        self._projects = projects
        self._users = users
        self._limits = limits

    def handlers(self) -> dict[str, Handler]:
        """By operationId."""
        each: dict[str, OfProject] = {
            "listAmplitudeCohorts": self._list,
            "createAmplitudeCohort": self._create,
            "getAmplitudeCohort": self._get,
            "changeAmplitudeCohort": self._change,
            "deleteAmplitudeCohort": self._delete,
            "listAmplitudeCohortMembers": self._members,
            "moveAmplitudeCohortMembers": self._move,
            "holdAmplitudeCohort": self._hold,
        }
        return {name: self._in_project(handler) for name, handler in each.items()}

    def _in_project(self, handler: OfProject) -> Handler:
        """Find the project, and word what the facade refuses."""

        def answer(call: Call) -> Reply:
            try:
                return handler(self._projects.named(call.argument("project") or "main"), call)
            except (UnknownProject, UnknownCohort) as error:
                raise refuse(404, str(error)) from None
            except CohortRefused as error:
                raise refuse(409, str(error)) from None
            except DefinitionError as error:
                place = ".".join(str(part) for part in error.path)
                raise refuse(400, f"{place}: {error}") from None

        return answer

    def _list(self, project: Project, call: Call) -> Reply:
        self._cohorts.due_work.catch_up(call.at)
        return Reply(200, {"cohorts": [_view(each) for each in self._cohorts.all(project.name)]})

    def _create(self, project: Project, call: Call) -> Reply:
        body = call.json()
        definition = _definition(body)
        if definition is None:
            raise refuse(400, "definition: say who is in the cohort, as definition or as stored")
        cohort = self._cohorts.create(
            body["name"], definition, project=project.name, owners=body.get("owners", ()),
            published=body.get("published", True), description=body.get("description", ""),
        )  # fmt: skip
        return Reply(201, _view(cohort))

    def _get(self, project: Project, call: Call) -> Reply:
        return Reply(200, _view(self._cohorts.compute(call.path["cohort"], project=project.name)))

    def _change(self, project: Project, call: Call) -> Reply:
        body = call.json()
        cohort = self._cohorts.describe(call.path["cohort"], project=project.name)
        definition = _definition(body)
        if definition is not None:
            cohort = self._cohorts.edit(cohort.cohort_id, definition, project=project.name)
        if "name" in body:
            cohort = self._cohorts.rename(cohort.cohort_id, body["name"], project=project.name)
        if "archived" in body:
            cohort = self._cohorts.archive(cohort.cohort_id, body["archived"], project=project.name)
        return Reply(200, _view(cohort))

    def _delete(self, project: Project, call: Call) -> Reply:
        self._cohorts.delete(call.path["cohort"], project=project.name)
        return Reply(204)

    def _members(self, project: Project, call: Call) -> Reply:
        cohort = self._cohorts.compute(call.path["cohort"], project=project.name)
        limit = int(call.argument("limit") or MEMBERS_AT_ONCE)
        after = int(call.argument("after") or 0)
        page = next(self._cohorts.members_table.pages(cohort, limit, after), [])
        records = self._users.by_amplitude_id(project, page).values()
        members = [
            {"amplitude_id": each.amplitude_id, "user_id": each.user_id, "device_id": each.device_id}
            for each in records
        ]
        return Reply(200, {"members": members, "count": cohort.size})

    def _move(self, project: Project, call: Call) -> Reply:
        body = call.json()
        name = call.path["cohort"]
        enter, leave = (self._numbers(project, body.get(key, ())) for key in ("enter", "leave"))
        self._cohorts.remove_members(name, leave, project=project.name)
        return Reply(200, _view(self._cohorts.add_members(name, enter, project=project.name)))

    def _numbers(self, project: Project, people: list[int | str]) -> list[int]:
        """Amplitude ids of people given by amplitude id (a number) or user id (a text)."""
        numbers = self._users.canonical(project, [each for each in people if isinstance(each, int)])
        names = self._users.by_user_id(project, [each for each in people if isinstance(each, str)])
        known: dict[int | str, int] = {name: user.amplitude_id for name, user in names.items()}
        for number, reads_as in numbers.items():
            known[number] = reads_as
        for each in people:
            if each not in known:
                raise refuse(404, f"project {project.name} has no user {each}")
        return [known[each] for each in people]

    def _hold(self, project: Project, call: Call) -> Reply:
        cohort = self._cohorts.describe(call.path["cohort"], project=project.name)
        until = Instant(call.at + parse_duration(call.json()["for"]))
        self._limits.hold(cohort, until)
        return Reply(200, {"cohort_id": cohort.cohort_id, "until": format_instant(until)})


def _definition(body: Mapping[str, Any]) -> Definition | None:
    """The definition of a body: as the scenario language writes it, or as Amplitude stores it."""
    if "definition" in body:
        return from_language(body["definition"], ("definition",))
    if "stored" not in body:
        return None
    try:
        return from_stored_json(body["stored"])
    except DefinitionError as error:
        raise DefinitionError(("stored", *error.path), error.what, error.suggestion) from None


def _view(cohort: Cohort) -> dict[str, object]:
    definition = cohort.definition
    return {
        "cohort_id": cohort.cohort_id,
        "name": cohort.name,
        "definition": None if definition is None else to_language(definition),
        "size": None if cohort.computed_at is None else cohort.size,
        "created_at": format_instant(cohort.created_at),
        "computed_at": None if cohort.computed_at is None else format_instant(cohort.computed_at),
        "published": cohort.published,
        "archived": cohort.archived,
        "owners": list(cohort.owners),
        "real_time_blockers": [] if definition is None else list(real_time_blockers(definition)),
    }
