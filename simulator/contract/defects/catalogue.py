"""The seeded defects: what is wrong, where, and how it is put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.contract.defects.spoiling import (
    Spoil,
    accepting,
    as_type,
    changed,
    saying,
    with_error_of,
    with_status,
    without,
    without_header,
)

Body = dict[str, Any]


class Place(StrEnum):
    """What is spoiled."""

    ANSWER = "answer"
    ENGINE = "engine"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect. `where` is `service operationId`, for the engine the call that it makes."""

    name: str
    place: Place
    where: str
    how: str
    spoil: Spoil | Callable[[Body], None]
    lost: bool = False


def _refused(status: int) -> bool:
    return 400 <= status < 500


def _second_error_is_first(said: Any) -> None:
    for each in said.get("errors", ()):
        each["index"] = 0


def _renamed(body: Body) -> None:
    for each in body["cohort_changes"]:
        each["external_ids"] = each.pop("user_ids", [])


def _too_many(body: Body) -> None:
    body["cohort_changes"][0]["user_ids"] = [f"many-{number}" for number in range(1_001)]


def _removal_in_words(body: Body) -> None:
    for each in body["cohort_changes"]:
        each["should_remove"] = str(each.get("should_remove", False)).lower()


def _secret_missing(body: Body) -> None:
    body.pop("client_secret", None)


def _somebody_else(body: Body) -> None:
    body["cohort_changes"][0]["user_ids"] = ["somebody-else"]


def _extra_field(body: Body) -> None:
    body["cohort_name"] = "openers"


def _nested_extra_field(body: Body) -> None:
    for each in body["cohort_changes"]:
        each["user_idz"] = each["user_ids"]


def _schema_changed(schema: str, **rules: object) -> Callable[[Body], None]:
    return lambda document: document["components"]["schemas"][schema].update(rules)


def _path_moved(path: str, other: str) -> Callable[[Body], None]:
    return lambda document: document["paths"].update({other: document["paths"].pop(path)})


def _request_limit(path: str, field: str, **rules: object) -> Callable[[Body], None]:
    def change(document: Body) -> None:
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        content["schema"]["properties"][field].update(rules)

    return change


def _responses(path: str, method: str) -> Callable[[Body], Body]:
    def found(document: Body) -> Body:
        responses: Body = document["paths"][path][method]["responses"]
        return responses

    return found


def _status_removed(path: str, method: str, status: str) -> Callable[[Body], None]:
    return lambda document: _responses(path, method)(document).pop(status) and None


def _type_changed(schema: str, field: str, kind: str) -> Callable[[Body], None]:
    return lambda document: document["components"]["schemas"][schema]["properties"].update({field: {"type": kind}})


BRAZE: Sequence[tuple[str, str, str, Spoil]] = (
    ("wrong success status", "changeCohortUsers", "200 in place of 201", with_status(200)),
    ("undocumented status", "exportUsersByIds", "418 in place of 201", with_status(418)),
    ("missing field", "trackUsers", "no `message` in a success", without("message")),
    ("wrong type", "deleteUsers", "`deleted` as a text", saying("deleted", "1")),
    ("missing list", "exportUsersByIds", "no `users`", without("users")),
    ("unknown field", "getSegment", "a field that nobody documented", saying("surprise", True)),
    ("wrong partial-failure index", "trackUsers", "every error is of object 0", changed(_second_error_is_first)),
    ("too many people accepted", "changeCohortUsers", "1,001 ids are taken", accepting(400)),
    ("wrong key accepted", "exportUsersByIds", "any key opens", accepting(401)),
    ("permission not asked", "createUserAliases", "a key without the permission does it", accepting(403)),
    ("bad input accepted", "mergeUsers", "a body that is wrong is taken", accepting(400)),
    ("swapped error body", "identifyUsers", "the error of another vendor",
     with_error_of({"code": 400, "error": "Invalid"})),
    ("wrong content type", "listSegments", "text/html in place of JSON", as_type("text/html")),
    ("dropped header", "trackUsers", "no X-RateLimit-Limit", without_header("X-RateLimit-Limit")),
    ("count too low", "createUserAliases", "`aliases_processed` is 0", saying("aliases_processed", 0)),
    ("body gone", "listCampaigns", "an empty object", changed(lambda said: {})),
    ("breakdown", "listEvents", "500 in place of 200", with_status(500)),
    ("words of another refusal", "trackUsers", "a 401 that says Access Denied",
     changed(lambda said: {"message": "Access Denied"}, lambda status: status == 401)),
    ("optional count gone", "createUserAliases", "no `aliases_processed`", without("aliases_processed")),
    ("a good request refused", "updateUserAliases", "400 in place of a success", with_status(400)),
    ("success that only a switch brings", "exportUsersByIds", "200 in place of 201", with_status(200)),
    ("link to the wrong file", "exportUsersBySegment", "`url` ends in .tgz", saying("url", "http://x/a.tgz")),
    ("unauthorised becomes forbidden", "trackUsers", "403 in place of 401", with_status(403, when=401)),
)  # fmt: skip
AMPLITUDE: Sequence[tuple[str, str, str, Spoil]] = (
    ("code and status disagree", "uploadEvents", "`code` 400 in a success", saying("code", 400)),
    ("ingested as text", "batchUploadEvents", "`events_ingested` as a text", saying("events_ingested", "1")),
    ("failing index missing", "uploadEvents", "no indexes in a refusal",
     without("events_with_missing_fields", _refused)),
    ("export done at once", "getCohortExportStatus", "200 in place of 202", with_status(200, when=202)),
    ("cohort without a name", "getCohort", "everything is gone from the cohort", changed(lambda said: {"cohort": {}})),
    ("taken twice", "createEventType", "what is there already is made again", accepting(409)),
    ("plain text answer", "listCohorts", "text/plain in place of JSON", as_type("text/plain")),
    ("nobody's key opens", "listCohorts", "a wrong pair of keys does it", accepting(403)),
    ("kind of another error", "exportEvents", "a 400 of the kind not_found",
     changed(lambda said: said["error"].update(type="not_found") if "error" in said else None,
             lambda status: status == 400)),
    ("figure too high", "getUserActivity", "one event more than there is",
     changed(lambda said: said["userData"].update(num_events=said["userData"]["num_events"] + 1))),
    ("link without a place", "downloadCohortExport", "a redirect without Location", without_header("Location")),
)  # fmt: skip
CONTROL: Sequence[tuple[str, str, str, Spoil]] = (
    ("problem in a wrong type", "createSync", "problems as application/json",
     lambda told, contract, operation: told if told.status < 400 else
     type(told)(told.status, {**told.headers, "Content-Type": "application/json"}, told.body)),
    ("clock without now", "getClock", "no `now`", without("now")),
    ("deleted with a body", "deleteConnection", "200 in place of 204", with_status(200)),
)  # fmt: skip
ENGINE: Sequence[tuple[str, str, Callable[[Body], None], bool]] = (
    ("wrong field name", "external_ids in place of user_ids", _renamed, False),
    ("1,001 identifiers", "more than a call may carry", _too_many, False),
    ("should_remove as a text", '"false" in place of false', _removal_in_words, False),
    ("secret missing", "no client_secret", _secret_missing, False),
    ("somebody else added", "another person than the mapping says", _somebody_else, False),
    ("extra field", "a field that nobody described", _extra_field, False),
    ("extra field inside", "a misspelt list beside the right one", _nested_extra_field, False),
    ("request lost", "counted as sent and never sent", lambda body: None, True),
)
CONTRACT: Sequence[tuple[str, str, str, Callable[[Body], None]]] = (
    ("status removed", "braze trackUsers", "no 201", _status_removed("/users/track", "post", "201")),
    ("refusal removed", "amplitude uploadEvents", "no 400", _status_removed("/2/httpapi", "post", "400")),
    (
        "answer opened",
        "braze trackUsers",
        "an answer may hold anything",
        _schema_changed("TrackReply", additionalProperties=True),
    ),
    ("requirement dropped", "braze listSegments", "`message` may be missing", _schema_changed("Message", required=[])),
    (
        "path moved",
        "braze createUserAliases",
        "/users/alias/create",
        _path_moved("/users/alias/new", "/users/alias/create"),
    ),
    (
        "limit raised",
        "braze updateUserAliases",
        "51 updates",
        _request_limit("/users/alias/update", "alias_updates", maxItems=51),
    ),
    (
        "limit lowered",
        "braze updateUserAliases",
        "49 updates",
        _request_limit("/users/alias/update", "alias_updates", maxItems=49),
    ),
    ("type changed", "braze trackUsers", "`message` is a number", _type_changed("TrackReply", "message", "integer")),
)

DEFECTS: Sequence[Defect] = (
    *(Defect(f"braze: {name}", Place.ANSWER, f"braze {op}", how, spoil) for name, op, how, spoil in BRAZE),
    *(Defect(f"amplitude: {name}", Place.ANSWER, f"amplitude {op}", how, spoil) for name, op, how, spoil in AMPLITUDE),
    *(Defect(f"control: {name}", Place.ANSWER, f"control {op}", how, spoil) for name, op, how, spoil in CONTROL),
    *(Defect(f"engine: {name}", Place.ENGINE, "engine changeCohortUsers", how, spoil, lost)
      for name, how, spoil, lost in ENGINE),
    *(Defect(f"contract: {name}", Place.CONTRACT, where, how, spoil) for name, where, how, spoil in CONTRACT),
)  # fmt: skip
