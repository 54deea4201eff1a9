"""How Braze words its answers: `message` is in every one of them, and every one of them is JSON.

Sources: Braze, "API errors"; the success codes are 201 for POST (by the switch `post_success` 200), 202 for a merge and
200 for GET (inferred, except for track/sync, identify and merge).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from simulator.fakes.binding import Call, Manners, Problem, Reply
from simulator.fakes.control import PLANE, nothing_here
from simulator.openapi import Operation
from simulator.rules.instants import Instant, to_datetime
from simulator.rules.switches import RuleSet

BODY_BYTES = 4 * 1024 * 1024
BULK_BODY_BYTES = 2 * 1024 * 1024
IDS_PER_REQUEST = 50
NESTING_AT_MOST = 100

TOO_MANY_USERS = "The max number of external_ids and aliases per request was exceeded"
TOO_MANY_IDS = "The max number of ids per request was exceeded"

ObjectError = dict[str, object]


def success(status: int = 201, **fields: object) -> Reply:
    """Accepted; an empty `errors` list is left out, because clients read any `errors` as a failure."""
    body = {name: value for name, value in fields.items() if name != "errors" or value}
    return Reply(status, {**body, "message": "success"})


def failure(status: int, message: str, *, errors: Sequence[ObjectError] = (), error: str = "") -> Reply:
    """A refused request."""
    body: dict[str, object] = {"message": message}
    if error:
        body["error"] = error
    if errors:
        body["errors"] = list(errors)
    return Reply(status, body)


def refuse(status: int, message: str, *, errors: Sequence[ObjectError] = (), error: str = "") -> Problem:
    """A refused request, to raise."""
    return Problem(failure(status, message, errors=errors, error=error))


def object_error(sentence: str, array: str, index: int) -> ObjectError:
    """One object that was not applied; the index counts within its own array."""
    return {"type": sentence, "input_array": array, "index": index}


class Wording:
    """The gate that words answers by the switches `post_success` and `error_items`; `rules` is asked each time."""

    def __init__(self, rules: Callable[[], RuleSet]) -> None:
        self._rules = rules

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """Nothing to refuse."""
        return None

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """The same answer under the status and with the kind of errors that the switches name."""
        rules = self._rules()
        if reply.status == 201 and rules.post_success == "200":
            reply = replace(reply, status=200)
        if rules.error_items == "strings" and isinstance(reply.body, dict) and reply.body.get("errors"):
            items = [each["type"] if isinstance(each, dict) else each for each in reply.body["errors"]]
            reply = replace(reply, body={**reply.body, "errors": items})
        return reply


def body_of(call: Call) -> dict[str, object]:
    """The JSON object that a call carries. Raises MalformedBody for bad JSON, Problem for another kind of value.

    That nesting has a limit is inferred.
    """
    body = call.json()
    if not isinstance(body, dict):
        raise refuse(400, "Bad Request", error="Send a JSON object as valid `application/json`.")
    openers = call.body.count(b"{") + call.body.count(b"[")
    if openers > NESTING_AT_MOST and _is_deeper(body, NESTING_AT_MOST):
        raise refuse(400, "Bad Request", error=f"The body nests more than {NESTING_AT_MOST} deep.")
    return body


_CONTAINERS = frozenset((dict, list))


def _is_deeper(body: dict[str, object], levels: int) -> bool:
    """Whether arrays and objects nest deeper; what is stored and queued has to be written as JSON again."""
    layer: list[Any] = [body]
    for _ in range(levels):
        # Identifiers come by the thousand: a list of texts is passed over as a whole, and so are many small objects.
        insides = [each for each in layer if type(each) is list]
        insides.append([*chain.from_iterable(map(dict.values, (each for each in layer if type(each) is dict)))])
        deep = [inside for inside in insides if not _CONTAINERS.isdisjoint(map(type, inside))]
        layer = [inner for inside in deep for inner in inside if type(inner) in _CONTAINERS]
        if not layer:
            return False
    return True


def objects_in(body: Mapping[str, object], name: str, at_most: int, too_many: str) -> list[dict[str, object]]:
    """The array of objects of that name, 1 to `at_most` of them. Raises Problem."""
    found = body.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(item, dict) for item in found):
        raise refuse(400, f"'{name}' must be a non-empty array of objects")
    if len(found) > at_most:
        raise refuse(400, too_many)
    return found


def utc_text(instant: Instant | int) -> str:
    """An instant as exports write it: `2020-07-10T15:00:00.000Z`."""
    return f"{to_datetime(instant):%Y-%m-%dT%H:%M:%S}.{instant % 1000:03d}Z"


def sample_text(instant: Instant | int) -> str:
    """An instant as the sample on the export page writes it: `2020-07-10 15:00:00.000 UTC`."""
    return f"{to_datetime(instant):%Y-%m-%d %H:%M:%S}.{instant % 1000:03d} UTC"


def _not_found(call: Call, status: int) -> Reply:
    if urlsplit(call.url).path.startswith(PLANE):
        return nothing_here(call.method, status)
    return failure(status, "Not Found" if status == 404 else "Method Not Allowed")


def _malformed(call: Call, why: str) -> Reply:
    return failure(400, "Bad Request", error="Error while parsing request body. Please check your syntax.")


def _left_out(call: Call) -> Reply:
    return failure(501, f"absim does not emulate this Braze operation ({call.operation})")


def _broken(call: Call) -> Reply:
    return failure(500, "Internal Server Error")


MANNERS = Manners(not_found=_not_found, malformed=_malformed, left_out=_left_out, broken=_broken)
