"""How what no handler answers is worded: each family of endpoints in its own shape."""

from __future__ import annotations

import pytest

from simulator.fakes.amplitude.languages import LANGUAGES, language_name
from simulator.fakes.amplitude.wire import MANNERS
from simulator.fakes.binding import Call


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("POST", "/3/httpapi", 400, {"code": 400, "error": "Invalid request path"}),
        ("GET", "/api/2/nothing", 404,
         {"code": 404, "message": "HTTP 404: Not Found (/api/2/nothing)", "status": "Not Found"}),
        ("GET", "/2/httpapi", 405,
         {"code": 405, "message": "HTTP 405: Method Not Allowed (/2/httpapi)", "status": "Method Not Allowed"}),
    ],
)  # fmt: skip
def test_unknown_paths_and_methods(amplitude, method, path, status, body) -> None:
    answer = amplitude.client.open(path, method=method)
    assert (answer.status_code, answer.json) == (status, body)


def call(operation: str, path: str) -> Call:
    return Call(operation, 0, "POST", {}, {}, {}, b"{", "r-1", f"http://localhost{path}", "127.0.0.1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("operation", "path", "status", "body"),
    [
        ("uploadEvents", "/2/httpapi", 400, {"code": 400, "error": "Invalid JSON request body"}),
        ("identify", "/identify", 400, "missing_event"),
        ("uploadCohort", "/api/3/cohorts/upload", 400,
         {"error": {"http_code": 400, "type": "invalid_request", "message": "The body is not valid: why",
                    "metadata": {}}}),
        ("seedAmplitudeUsers", "/_sim/amplitude/users", 400,
         {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "the body is not JSON: why"}),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read(operation, path, status, body) -> None:
    reply = MANNERS.malformed(call(operation, path), "why")
    assert (reply.status, reply.body) == (status, body)


def test_a_fault_of_the_simulator_is_a_500_in_the_shape_of_the_family() -> None:
    assert MANNERS.broken(call("identify", "/identify")).body == "internal_error"
    assert MANNERS.broken(call("uploadEvents", "/2/httpapi")).body == {"code": 500, "error": "Internal Server Error"}


@pytest.mark.parametrize(
    ("tag", "name"),
    [("en-US", "English"), ("EN", "English"), ("pt_BR", "Portuguese"), ("zh-Hant-TW", "Chinese"),
     ("English", "English"), ("tlh", "tlh"), ("", "")],
)  # fmt: skip
def test_language_tags_become_names(tag, name) -> None:
    assert language_name(tag) == name


def test_there_is_a_name_for_every_common_language() -> None:
    assert len(LANGUAGES) > 160
    assert all(len(tag) == 2 and name for tag, name in LANGUAGES.items())
