"""How Amplitude words what it answers: the shapes of errors, each family of endpoints having its own."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from simulator.fakes.binding import Call, Manners, Reply
from simulator.fakes.control import PLANE, nothing_here, problem
from simulator.rules.ingestion import INVALID_JSON, INVALID_PATH

HTML = "text/html;charset=utf-8"
GROUP_OPERATIONS = frozenset({"groupIdentify", "groupIdentifyByQuery"})
MAPPING_OPERATIONS = frozenset({"mapUsers", "mapUsersByQuery"})
TEXT_OPERATIONS = frozenset({"identify", "identifyByQuery"}) | GROUP_OPERATIONS | MAPPING_OPERATIONS
"""They answer a bare word, not JSON; a group identify call says in JSON why it is refused."""

SUCCESS = Reply(200, "success", content_type=HTML)


def text(status: int, body: str) -> Reply:
    """A bare text, as identify and its relatives answer."""
    return Reply(status, body, content_type=HTML)


def ingestion_error(status: int, error: str, **more: object) -> Reply:
    """An error of the upload endpoints: `code` always repeats the HTTP status, because clients trust it over that."""
    return Reply(status, {"code": status, "error": error, **more})


def dashboard_error(status: int, detail: str) -> Reply:
    """An error of authentication or budget outside ingestion, as a client of the live service recorded it."""
    phrase = HTTPStatus(status).phrase
    return Reply(status, {"code": status, "message": f"HTTP {status}: {phrase} ({detail})", "status": phrase})


def detailed_error(status: int, kind: str, message: str, metadata: Mapping[str, object] | None = None) -> Reply:
    """The nested error of export, cohorts and user reads."""
    error = {"http_code": status, "type": kind, "message": message, "metadata": dict(metadata or {})}
    return Reply(status, {"error": error})


def _not_found(call: Call, status: int) -> Reply:
    path = "/" + call.url.split("://", 1)[-1].partition("/")[2].partition("?")[0]
    if path.startswith(PLANE):
        return nothing_here(call.method, status)
    if path.startswith("/v1/"):
        return Reply(status)
    if path.startswith("/api/") or status == HTTPStatus.METHOD_NOT_ALLOWED:
        return dashboard_error(status, path)
    return ingestion_error(400, INVALID_PATH)


def _malformed(call: Call, why: str) -> Reply:
    if call.url.split("://", 1)[-1].partition("/")[2].startswith("_sim/"):
        return problem(400, f"the body is not JSON: {why}")
    if call.operation in GROUP_OPERATIONS:
        return Reply(400, {"error": "Missing identification"})
    if call.operation in MAPPING_OPERATIONS:
        return text(400, "missing_mapping")
    if call.operation in TEXT_OPERATIONS:
        return text(400, "missing_event")
    if call.operation in ("uploadEvents", "batchUploadEvents"):
        return ingestion_error(400, INVALID_JSON)
    return detailed_error(400, "invalid_request", f"The body is not valid: {why}")


def _left_out(call: Call) -> Reply:
    return Reply(501, {"code": 501, "error": f"{call.operation} is not emulated by absim"})


def _broken(call: Call) -> Reply:
    if call.operation in TEXT_OPERATIONS:
        return text(500, "internal_error")
    return ingestion_error(500, "Internal Server Error")


MANNERS = Manners(not_found=_not_found, malformed=_malformed, left_out=_left_out, broken=_broken)
