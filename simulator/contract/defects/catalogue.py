"""The seeded defects: what is wrong, where, and how it is put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from gzip import compress, decompress
from io import BytesIO
from typing import Any
from zipfile import ZipFile, ZipInfo

from simulator.contract.defects.spoiling import (
    Resent,
    Spoil,
    Wrong,
    accepting,
    as_type,
    astray,
    changed,
    deaf_to,
    in_body,
    saying,
    undone,
    with_error_of,
    with_file,
    with_header,
    with_status,
    without,
    without_header,
)

Body = dict[str, Any]


class Place(StrEnum):
    """What is spoiled."""

    ANSWER = "answer"
    SERVICE = "service"
    ENGINE = "engine"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect. `where` is `service operationId`, for the engine the call that it makes."""

    name: str
    place: Place
    where: str
    how: str
    spoil: Spoil | Wrong | Resent | Callable[[Body], None]


def _as_csv(body: bytes) -> bytes:
    """An archive of the same files, packed, with lines that nobody can read as JSON."""
    made = BytesIO()
    with ZipFile(BytesIO(body)) as archive, ZipFile(made, "w") as other:
        for name in archive.namelist():
            other.writestr(ZipInfo(name), compress(b"user_id,event_type\nida,app_opened\n", mtime=0))
    return made.getvalue()


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


def _direction_turned(body: Body) -> None:
    for each in body["cohort_changes"]:
        each["should_remove"] = not each.get("should_remove", False)


def _named_in_numbers(body: Body) -> None:
    body["created_at"] = 1772445600000


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


def _example_misspelt(of: Callable[[Body], Body], name: str) -> Callable[[Body], None]:
    """One field of the first example of some content is misspelt."""

    def change(document: Body) -> None:
        (example, *_) = of(document)["content"]["application/json"]["examples"].values()
        example["value"][f"{name}z"] = example["value"].pop(name)

    return change


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
    ("calls counted wrong", "trackUsers", "one call more is left than there is",
     with_header("X-RateLimit-Remaining", lambda left: str(int(left) + 1))),
    ("limit never reached", "createUserAliases", "what is too fast is taken", accepting(429)),
    ("wait too short", "changeCohortUsers", "Retry-After says a second", with_header("Retry-After", lambda wait: "1")),
    ("words that nobody says", "trackUsers", "a 400 that says oops",
     changed(lambda said: said.update(message="oops"), lambda status: status == 400)),
    ("keys of the partner not looked at", "changeCohortUsers", "any pair of keys opens", accepting(401)),
    ("file of another kind", "downloadSegmentExport", "gzip in place of zip",
     with_file(lambda body: compress(body, mtime=0))),
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
    ("file with other columns", "downloadCohortExport", "no header line",
     with_file(lambda body: compress(decompress(body).partition(b"\n")[2], mtime=0))),
    ("lines that are no JSON", "exportEvents", "CSV in the files of the archive", with_file(_as_csv)),
    ("limit of a sender never reached", "uploadEvents", "a 429 becomes a success", accepting(429)),
)  # fmt: skip
CONTROL: Sequence[tuple[str, str, str, Spoil]] = (
    ("problem in a wrong type", "createSync", "problems as application/json",
     lambda told, contract, operation: told if told.status < 400 else
     type(told)(told.status, {**told.headers, "Content-Type": "application/json"}, told.body)),
    ("clock without now", "getClock", "no `now`", without("now")),
    ("deleted with a body", "deleteConnection", "200 in place of 204", with_status(200)),
    ("address of what was made gone", "createSync", "no Location", without_header("Location")),
    ("address of what was made wrong", "createConnection", "Location leads to nobody",
     with_header("Location", lambda place: f"{place}-too")),
    ("key in clear", "getConnection", "the import key is not masked",
     saying("data_import_key", "32c8d3b8-f62c-4037-9ba4-a363a043a29b")),
)  # fmt: skip
SERVICE: Sequence[tuple[str, str, str, Wrong]] = (
    ("braze: nothing is found everywhere", "braze listSegments", "200 where there is nothing",
     astray(lambda told: replace(told, status=200))),
    ("braze: other method not found", "braze listSegments", "404 in place of 405",
     astray(lambda told: replace(told, status=404))),
    ("amplitude: page of a web server", "amplitude listCohorts", "HTML where there is nothing",
     astray(lambda told: replace(told, headers={"Content-Type": "text/html"}, body=b"<h1>Not Found</h1>"))),
    ("braze: merged and still two", "braze mergeUsers", "a success, and nothing is done", undone),
    ("braze: in no cohort", "braze changeCohortUsers", "a success, and nothing is done", undone),
    ("amplitude: trait not kept", "amplitude identify", "a success, and nothing is done", undone),
    ("control: member not moved", "control moveAmplitudeCohortMembers", "a success, and nothing is done", undone),
    ("braze: pages never end", "braze listSegments", "every page is the first", deaf_to("page")),
    ("amplitude: pages never end", "amplitude getUserActivity", "every page is the first", deaf_to("offset")),
)  # fmt: skip
ENGINE: Sequence[tuple[str, str, str, Resent]] = (
    ("wrong field name", "changeCohortUsers", "external_ids in place of user_ids", in_body(_renamed)),
    ("1,001 identifiers", "changeCohortUsers", "more than a call may carry", in_body(_too_many)),
    ("should_remove as a text", "changeCohortUsers", '"false" in place of false', in_body(_removal_in_words)),
    ("secret missing", "changeCohortUsers", "no client_secret", in_body(_secret_missing)),
    ("somebody else added", "changeCohortUsers", "another person than the mapping says", in_body(_somebody_else)),
    ("extra field", "changeCohortUsers", "a field that nobody described", in_body(_extra_field)),
    ("extra field inside", "changeCohortUsers", "a misspelt list beside the right one", in_body(_nested_extra_field)),
    ("request lost", "changeCohortUsers", "counted as sent and never sent", lambda request: None),
    ("direction turned", "changeCohortUsers", "who entered is taken out", in_body(_direction_turned)),
    ("another method", "changeCohortUsers", "PUT in place of POST", lambda request: replace(request, method="PUT")),
    ("another address", "changeCohortUsers", "/cohorts/user",
     lambda request: replace(request, path=request.path.removesuffix("s"))),
    ("another content type", "changeCohortUsers", "text/plain in place of JSON",
     lambda request: replace(request, headers={**request.headers, "content-type": "text/plain"})),
    ("name as a number", "nameCohort", "created_at in milliseconds", in_body(_named_in_numbers)),
    ("name missing", "nameCohort", "no name", in_body(lambda body: body.pop("name") and None)),
)  # fmt: skip
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
    (
        "example of a request wrong",
        "braze createUserAliases",
        "a misspelt field",
        _example_misspelt(
            lambda document: document["paths"]["/users/alias/new"]["post"]["requestBody"], "user_aliases"
        ),
    ),
    (
        "example of an answer wrong",
        "braze listSegments",
        "a misspelt field",
        _example_misspelt(lambda document: _responses("/segments/list", "get")(document)["200"], "segments"),
    ),
    (
        "rate raised",
        "braze identifyUsers",
        "a call more",
        lambda document: document["x-rate-limits"]["identities"].update(calls=20_001),
    ),
    (
        "key no longer asked for",
        "braze listSegments",
        "open to everybody",
        lambda document: document["paths"]["/segments/list"]["get"].update(security=[]),
    ),
    (
        "any words will do",
        "braze listSegments",
        "`...` among x-words",
        lambda document: document["x-words"].append("..."),
    ),
    (
        "left out",
        "amplitude listCohorts",
        "no longer emulated",
        lambda document: document["paths"]["/api/3/cohorts"]["get"].update({"x-absim-emulated": False}),
    ),
)

DEFECTS: Sequence[Defect] = (
    *(Defect(f"braze: {name}", Place.ANSWER, f"braze {op}", how, spoil) for name, op, how, spoil in BRAZE),
    *(Defect(f"amplitude: {name}", Place.ANSWER, f"amplitude {op}", how, spoil) for name, op, how, spoil in AMPLITUDE),
    *(Defect(f"control: {name}", Place.ANSWER, f"control {op}", how, spoil) for name, op, how, spoil in CONTROL),
    *(Defect(name, Place.SERVICE, where, how, wrong) for name, where, how, wrong in SERVICE),
    *(Defect(f"engine: {name}", Place.ENGINE, f"engine {op}", how, spoil) for name, op, how, spoil in ENGINE),
    *(Defect(f"contract: {name}", Place.CONTRACT, where, how, spoil) for name, where, how, spoil in CONTRACT),
)  # fmt: skip
