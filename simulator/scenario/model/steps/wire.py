"""Steps on the wire: any HTTP request to either service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from simulator.feeds import MAIN
from simulator.scenario.language.records import Record, RecordOf, key
from simulator.scenario.language.shapes import Choice, Either, ListOf, MapOf, Text
from simulator.scenario.language.source import Problem
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import FILLED_TEXT, PROJECT, STATUS, TEMPLATE, Filled

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Service(StrEnum):
    """The two services."""

    BRAZE = "braze"
    AMPLITUDE = "amplitude"


class Auth(StrEnum):
    """Which credentials a call carries."""

    GOOD = "good"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Record):
    """What a call should be answered with."""

    SHORT: ClassVar[str] = "status"

    status: int | None = key(STATUS, "The HTTP status.", default=None)
    body: object = key(
        TEMPLATE,
        "What the JSON body holds: an object may have further keys, a list must agree item by item, anything else must "
        "be equal.",
        default=None,
    )
    contains: tuple[str, ...] = key(
        ListOf(FILLED_TEXT, single=True), "Texts that the body contains, as it was sent.", default=()
    )
    headers: Mapping[str, str] = key(
        MapOf(Text("a header name"), FILLED_TEXT), "Headers and their exact values.", default={}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Step):
    """Sends one HTTP request to a service and compares the answer; each `expect` in it counts as an expectation.

    In the request and in the expected answer these words are replaced by keys of the world: `{braze_rest_key}`,
    `{partner_api_key}`, `{amplitude_api_key}`, `{amplitude_secret_key}`, and `{data_import_key}`, one that is valid and
    that no connection uses. `{data_import_key:NAME}` is the key that a connection of the file uses now, revoked or not;
    `{former_data_import_key:NAME}` the one before the last `new_key`; `{cohort:NAME}` the id of a cohort of the file.

    With `auth: good` (the default) a call to Braze outside `/partners/` carries the REST key as a bearer token, and a
    call to Amplitude the keys as Basic credentials; a key in a body must be written there. Braze answers as the cluster
    `rest.iad-01.braze.com`, where the keys belong; a header `Host` calls another one (KEY-3).
    """

    EXAMPLES: ClassVar[tuple[str, ...]] = (
        """call:
  service: braze
  path: /partners/amplitude/cohorts/users
  body:
    partner_api_key: "{partner_api_key}"
    client_secret: wrong
    cohort_id: "{cohort:openers}"
    cohort_changes: []
  expect: {status: 401, body: {message: Invalid client secret}}""",
    )

    service: Service = key(Choice(Service), "Which service.")
    method: str = key(Choice(_METHODS), "The HTTP method.", default="POST")
    path: str = key(Filled(Text("a path", r"/(?:\{[^{}]*\}|\S)*", "write it like /users/track")), "The path.")
    query: Mapping[str, object] = key(MapOf(Text("a name"), TEMPLATE), "Query parameters.", default={})
    headers: Mapping[str, str] = key(MapOf(Text("a header name"), FILLED_TEXT), "Further headers.", default={})
    auth: Auth = key(Choice(Auth), "Which credentials.", default=Auth.GOOD)
    project: str = key(PROJECT, "Whose keys Amplitude's keys are.", default=MAIN)
    body: object = key(TEMPLATE, "The JSON body; text is sent as it is.", default=None)
    expect: Answer | None = key(
        Either(RecordOf(Answer), None, RecordOf(Answer)), "The expected answer.", default=None, shown="any answer"
    )

    def problems(self) -> Iterator[Problem]:
        if self.method == "GET" and self.body is not None:
            yield Problem("a GET has no body", self.spots["body"], "use `query`, or `method: POST`")
