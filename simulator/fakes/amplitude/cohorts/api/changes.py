"""Uploads of whole cohorts, and people added to and removed from one: what is refused, and what is skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from simulator.fakes.amplitude.cohorts.api.limits import IDS_IN_A_REQUEST, CohortLimits
from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.cohorts.facade import Cohorts
from simulator.fakes.amplitude.projects import Project, Projects
from simulator.fakes.amplitude.store.users import Users
from simulator.fakes.amplitude.wire import detailed_error
from simulator.fakes.binding import Call, MalformedBody, Problem, Reply
from simulator.feeds import UnknownCohort

SAMPLE = 10
"""How many invalid ids an answer shows at most (inferred)."""
UPLOAD_ID_TYPES = ("BY_AMP_ID", "BY_USER_ID")
NUMBER_ID_TYPES = ("BY_AMP_ID", "BY_ID")
MEMBERSHIP_ID_TYPES = ("BY_ID", "BY_NAME", "BY_AMP_ID")
"""BY_AMP_ID is not documented here, a shipping sender uses it; BY_USER_ID is refused (seen live)."""
OPERATIONS = ("ADD", "REMOVE")
USER_GROUP = "User"


class Found(NamedTuple):
    """Ids of one list looked up: the users they name, and the ids that name nobody."""

    users: list[int]
    unknown: list[str]


class Change(NamedTuple):
    """One item of a membership call, checked."""

    ids: list[str]
    id_type: str
    operation: str


class CohortChanges:
    """The two calls that write cohorts."""

    def __init__(self, cohorts: Cohorts, projects: Projects, users: Users, limits: CohortLimits) -> None:
        self._cohorts = cohorts
        self._projects = projects
        self._users = users
        self._limits = limits

    # --- upload ------------------------------------------------------------------------------------

    def upload(self, project: Project, call: Call) -> Reply:
        """Make a static cohort of the ids, or replace the content of one that exists."""
        body = self._body(call, _upload_refused)
        ids = self._checked_upload(project, body)
        skip_invalid = _flag(body, "skip_invalid_ids", default=True, refuse=_upload_refused)
        skip_save = _flag(body, "skip_save", default=False, refuse=_upload_refused)
        existing = self._existing(project, body)
        found = self._look_up(project, ids, body["id_type"])
        sample = found.unknown[:SAMPLE]
        if found.unknown and not skip_invalid:
            raise _upload_refused("some ids are not users of this project", {"invalid_ids_sample": sample})
        if not found.users:
            # Seen live: a cohort has to hold one known user at least.
            raise _upload_refused("no id is a user of this project", {"invalid_ids_sample": sample})
        metadata = {"matched": len(found.users), "totals": len(ids), "invalid_ids_sample": sample}
        if skip_save:
            return Reply(200, {"cohortId": existing.cohort_id if existing else "", "metadata": metadata})
        if existing is None:
            cohort = self._cohorts.create_static(
                body["name"], found.users, project=project.name, owners=(body["owner"],), published=body["published"]
            )
            return Reply(200, {"cohortId": cohort.cohort_id, "metadata": metadata})
        with self._limits.writing(existing, call.at) as free:
            if not free:
                raise Problem(detailed_error(429, "too_many_requests", _BUSY))
            self._cohorts.replace_members(existing.cohort_id, found.users, project=project.name)
        return Reply(200, {"cohortId": existing.cohort_id, "metadata": metadata})

    def _checked_upload(self, project: Project, body: Mapping[str, Any]) -> list[str]:
        for key in ("name", "app_id", "id_type", "ids", "owner", "published"):
            if body.get(key) is None:
                raise _upload_refused(f"{key} is required", {"missing_field": key})
        for key in ("name", "owner"):
            if not isinstance(body[key], str) or not body[key].strip():
                raise _upload_refused(f"{key} must be a text that is not empty")
        if not isinstance(body["published"], bool):
            raise _upload_refused("published must be true or false")
        if body["id_type"] not in UPLOAD_ID_TYPES:
            raise _upload_refused(f"id_type must be one of {', '.join(UPLOAD_ID_TYPES)}")
        group = body.get("cg")
        if group not in (None, "", USER_GROUP):
            raise Problem(Reply(501, {"code": 501, "error": "uploadCohort of groups is not emulated by absim"}))
        self._check_app_id(project, body["app_id"])
        ids = _id_list(body["ids"], _upload_refused)
        if len(ids) > IDS_IN_A_REQUEST:
            raise _upload_refused(f"ids holds {len(ids)} ids; at most {IDS_IN_A_REQUEST} fit into a request")
        return ids

    def _check_app_id(self, project: Project, app_id: object) -> None:
        # No API tells a client its app id, so a number that is no project's at all is taken as it is (inferred);
        # the number of another project is refused.
        text = str(app_id)
        if isinstance(app_id, bool) or not isinstance(app_id, (int, str)) or not text.isdecimal():
            raise _upload_refused("app_id must be an integer")
        others = {str(each.app_id) for each in self._projects.all() if each.name != project.name}
        if text in others:
            raise _upload_refused("app_id belongs to another project than the API key")

    def _existing(self, project: Project, body: Mapping[str, Any]) -> Cohort | None:
        cohort_id = body.get("existing_cohort_id")
        if cohort_id in (None, ""):
            return None
        try:
            cohort = self._cohorts.catalogue.by_id(project.name, str(cohort_id))
        except UnknownCohort:
            raise Problem(detailed_error(404, "not_found", f"There is no cohort {cohort_id}")) from None
        if not cohort.static:
            raise _upload_refused("existing_cohort_id names a cohort that is computed from a definition")
        return cohort

    # --- membership --------------------------------------------------------------------------------

    def membership(self, project: Project, call: Call) -> Reply:
        """Add people to a static cohort and remove people from it, item by item, all of it or nothing."""
        body = self._body(call, _membership_refused)
        cohort_id = body.get("cohort_id")
        if not isinstance(cohort_id, str) or not cohort_id:
            raise _membership_refused("cohort_id is required and must be a text")
        if body.get("count_group", USER_GROUP) != USER_GROUP:
            raise _membership_refused("count_group must be that of the cohort, which is User")
        changes = self._checked_changes(body.get("memberships"))
        skip = _flag(body, "skip_invalid_ids", default=True, refuse=_membership_refused)
        try:
            cohort = self._cohorts.catalogue.by_id(project.name, cohort_id)
        except UnknownCohort:
            raise _membership_problem(404, f"There is no cohort {cohort_id}") from None
        if not cohort.static:
            raise _membership_refused("the cohort is computed from a definition; only uploaded ones can be changed")
        with self._limits.writing(cohort, call.at) as free:
            if not free:
                raise _membership_problem(429, _BUSY)
            return self._apply(project, cohort, changes, skip)

    def _apply(self, project: Project, cohort: Cohort, changes: Sequence[Change], skip: bool) -> Reply:
        found = [self._look_up(project, change.ids, change.id_type) for change in changes]
        results = [
            {"skipped_ids": each.unknown, "id_type": change.id_type, "operation": change.operation}
            for change, each in zip(changes, found, strict=True)
        ]
        if not skip and any(each.unknown for each in found):
            metadata = {"cohort_id": cohort.cohort_id, "memberships_result": results}
            raise _membership_refused("some ids are not users of this project", metadata)
        for change, each in zip(changes, found, strict=True):
            move = self._cohorts.add_members if change.operation == "ADD" else self._cohorts.remove_members
            move(cohort.cohort_id, each.users, project=project.name)
        return Reply(200, {"cohort_id": cohort.cohort_id, "memberships_result": results})

    def _checked_changes(self, items: object) -> list[Change]:
        if not isinstance(items, list) or not items:
            raise _membership_refused("memberships is required and must be a list that is not empty")
        changes = [self._checked_change(item) for item in items]
        total = sum(len(change.ids) for change in changes)
        if total > IDS_IN_A_REQUEST:
            raise _membership_refused(f"memberships hold {total} ids; at most {IDS_IN_A_REQUEST} fit into a request")
        return changes

    @staticmethod
    def _checked_change(item: object) -> Change:
        if not isinstance(item, dict):
            raise _membership_refused("each of memberships must be an object")
        if item.get("id_type") not in MEMBERSHIP_ID_TYPES:
            raise _membership_refused("id_type must be one of BY_ID, BY_NAME")
        if item.get("operation") not in OPERATIONS:
            raise _membership_refused(f"operation must be one of {', '.join(OPERATIONS)}")
        return Change(_id_list(item.get("ids"), _membership_refused), item["id_type"], item["operation"])

    # --- both --------------------------------------------------------------------------------------

    def _look_up(self, project: Project, ids: Sequence[str], id_type: str) -> Found:
        """The users that ids name, each once, in order; a merged user is whoever it became."""
        known: Mapping[str, int]
        if id_type in NUMBER_ID_TYPES:
            numbers = [int(each) for each in ids if each.isdecimal() and len(each) < 19]
            known = {str(number): user for number, user in self._users.canonical(project, numbers).items()}
        else:
            known = {name: user.amplitude_id for name, user in self._users.by_user_id(project, ids).items()}
        users = dict.fromkeys(known[each] for each in ids if each in known)
        return Found(list(users), [each for each in dict.fromkeys(ids) if each not in known])

    @staticmethod
    def _body(call: Call, refuse: Any) -> Mapping[str, Any]:
        try:
            body = call.json()
        except MalformedBody as error:
            raise refuse(f"the body is not JSON: {error}") from None
        if not isinstance(body, dict):
            raise refuse("the body must be a JSON object")
        return body


_BUSY = "Another request is changing this cohort"


def _id_list(ids: object, refuse: Any) -> list[str]:
    """Texts, or numbers as texts. An empty list is refused, as seen live."""
    if not isinstance(ids, list):
        raise refuse("ids is required and must be a list")
    if not ids:
        raise refuse("ids must not be empty")
    if any(isinstance(each, bool) or not isinstance(each, (str, int)) for each in ids):
        raise refuse("ids must be texts")
    return [str(each) for each in ids]


def _flag(body: Mapping[str, Any], key: str, *, default: bool, refuse: Any) -> bool:
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise refuse(f"{key} must be true or false")
    return value


def _upload_refused(message: str, metadata: Mapping[str, object] | None = None) -> Problem:
    return Problem(detailed_error(400, "invalid_request", message, metadata))


def _membership_problem(status: int, message: str, metadata: Mapping[str, object] | None = None) -> Problem:
    """The error of the membership call; its keys differ from those of the upload."""
    return Problem(Reply(status, {"error": {"message": message, "code": status, "metadata": dict(metadata or {})}}))


def _membership_refused(message: str, metadata: Mapping[str, object] | None = None) -> Problem:
    return _membership_problem(400, message, metadata)
