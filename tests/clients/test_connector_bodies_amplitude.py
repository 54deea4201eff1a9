"""Bodies of the shape that shipping connectors send to Amplitude, and what they rely on in the answers.

Each case names the connector, or the public client, whose request has this shape; people and values are our own.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.test import TestResponse

from simulator.rules.instants import Instant, parse_duration
from simulator.world import World, WorldSettings

ADDED = object()
"""Stands for a value of which only the presence is known."""
HTTP, BATCH = "/2/httpapi", "/batch"
AT = 1_772_445_600_000
"""2 March 2026, 10:00 UTC, in milliseconds."""
UPLOADED = {"code": 200, "events_ingested": 1, "server_upload_time": ADDED, "payload_size_bytes": ADDED}
HTML = "text/html;charset=utf-8"
RUDDER = {"min_id_length": 1}


def event(**fields: object) -> dict[str, object]:
    """One event of ida, unless said otherwise."""
    return {"user_id": "ida-1001", "event_type": "app_opened", **fields}


def upload(*events: object, **envelope: object) -> dict[str, object]:
    """An upload with the project's key."""
    return {"api_key": "KEY", "events": list(events), **envelope}


def form(**fields: object) -> dict[str, str]:
    """A form with the project's key, its structures as JSON texts."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    return {"api_key": "KEY", **texts}


@dataclass(frozen=True)
class Case:
    """One request. `expected` is the whole body when it is a text, else some of its keys. `send` names its dress."""

    connector: str
    path: str
    body: Any
    status: int
    expected: str | Mapping[str, object] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    send: str = "json"
    method: str = "POST"
    auth: str = ""
    mimetype: str = ""
    later: str = ""


def invalid(error: str, **blamed: object) -> dict[str, object]:
    """A 400 of the upload endpoints."""
    return {"code": 400, "error": error, **blamed}


UPLOADS = [
    Case("nango track", HTTP, upload(event()), 200, UPLOADED, mimetype="application/json"),
    Case("nango batch", BATCH, upload(event()), 200, UPLOADED, mimetype="application/json"),
    Case("rudder identify", HTTP,
         upload(event(event_type="$identify", time=AT, ip="[::1]", os_name="", library="rudder",
                      user_properties={"email": "ida@example.com"}), options=RUDDER), 200, UPLOADED),
    Case("rudder short id", HTTP, upload(event(user_id="u1"), options=RUDDER), 200, UPLOADED),
    Case("rudder revenue", HTTP, upload(event(event_type="Order", price=9.5, quantity=2, productId="sku", revenue=19,
                                              revenueType="Purchased", groups={"Company": "Own"}), options=RUDDER),
         200, UPLOADED),
    Case("rudder batch of four", BATCH, upload(*[event(time=AT + n, ip="[::1]") for n in range(4)]), 200,
         {"code": 200, "events_ingested": 4}),
    Case("rudder without a type", HTTP, upload(event(event_type=None), options=RUDDER), 400,
         invalid("Request missing required field", events_with_missing_fields={"event_type": [0]}), ("missing_field",)),
    Case("rudder without a key", HTTP, {"events": [event()], "options": RUDDER}, 400,
         invalid("Request missing required field", missing_field="api_key")),
    Case("without events", HTTP, {"api_key": "KEY"}, 400,
         invalid("Request missing required field", missing_field="events")),
    Case("python SDK identify", HTTP, upload(event(event_type="$identify", user_properties={
        "$set": {"plan": "gold"}, "$add": {"visits": 1}, "$unset": {"old": "-"}}, library="amplitude-python/1.1.4",
        insert_id="i-1", time=AT, device_id="dev-1001"), options={}), 200, UPLOADED),
    Case("python SDK clear all", HTTP, upload(event(event_type="$identify", user_properties={"$clearAll": "-"})), 200,
         UPLOADED),
    Case("python SDK group identify", HTTP, upload(event(event_type="$groupidentify", groups={"org": "own"},
                                                         group_properties={"$set": {"seats": 3}})), 200, UPLOADED),
    Case("typescript SDK with gzip", HTTP, upload(event(time=AT, session_id=-1, plan={"branch": "main"}),
                                                  client_upload_time="2026-03-02T10:00:00.000Z",
                                                  request_metadata={"sdk": {"metrics": {}}}), 200, UPLOADED,
         send="gzip"),
    Case("legacy node", HTTP, upload(event(library="amplitude-node/1.10.2"), options={}), 200, UPLOADED),
    Case("amplitude-tracker", HTTP, upload(event(platform="amplitude-python", user_id="1001"),
                                           options={"min_id_length": 0}), 200, UPLOADED, send="untyped"),
    Case("segment logs an event", HTTP, upload(event(
        time=AT, session_id=-1, library="segment", device_id="dev-1001", insert_id="m-1", language="en-US", idfa=None,
        user_properties={"$set": {"referrer": "x"}, "$setOnce": {"initial_referrer": "x"}, "plain": 1}),
        options={"min_id_length": 5}), 200, UPLOADED),
    Case("segment purchase", HTTP, upload(event(event_type="Order", revenue=20, products=[{"price": 10}]),
                                          event(event_type="Product Purchased", price=10, quantity=2)),
         200, {"events_ingested": 2}),
    Case("braze currents", HTTP,
         upload(event(event_type="[Appboy] Email Send", time=AT, library="Braze", insert_id="c-1",
                      event_properties={"campaign_id": "c-1"})), 200, UPLOADED),
    Case("pipedream", HTTP, upload(event(event_properties={"key": "1"}, user_properties={})), 200, UPLOADED),
    Case("short id by default", HTTP, upload(event(), event(user_id="u1")), 400,
         invalid("Invalid id length for user_id or device_id", events_with_invalid_id_lengths={"user_id": [1]}),
         ("missing_field",)),
    Case("short device id with a good user id", HTTP, upload(event(device_id="d1")), 400,
         invalid("Invalid id length for user_id or device_id", events_with_invalid_id_lengths={"device_id": [0]})),
    Case("ISO time", HTTP, upload(event(time="2026-03-02T10:00:00Z")), 400,
         invalid("Invalid field values on some events", events_with_invalid_fields={"time": [0]}), ("missing_field",)),
    Case("every bad index is named", BATCH, upload(event(event_type=None), event(), event(event_type="")), 400,
         invalid("Request missing required field", events_with_missing_fields={"event_type": [0, 2]})),
    Case("an unknown key", HTTP, {"api_key": "nobody", "events": [event()]}, 400,
         invalid("Invalid API key: nobody"), ("missing_field",)),
    Case("an event that is a text", HTTP, upload("app_opened"), 400, invalid("Invalid event JSON")),
    Case("a cut body", HTTP, b'{"api_key": ', 400, invalid("Invalid JSON request body"), send="raw"),
    Case("no body", HTTP, b"", 400, invalid("Missing request body"), send="raw"),
    Case("an id of the deny list", HTTP, upload(event(user_id="Anonymous")), 400, {"code": 400, "error": ADDED}),
    Case("2,001 events", BATCH, upload(*[event()] * 2001), 413, {"code": 413, "error": "Payload too large"}),
]  # fmt: skip

IDENTIFIES = [
    Case("nango identify", "/identify", form(identification=[{"user_id": "ida-1001", "user_properties": {"a": 1}}]),
         200, "success", send="form", mimetype=HTML),
    Case("npm amplitude identify", "/identify", form(identification=[{"user_id": "ida-1001", "event_type": None,
                                                                      "user_properties": {"$set": {"a": 1}}}]),
         200, "success", send="form"),
    Case("segment identify", "/identify", form(identification={
        "user_id": "ida-1001", "device_id": "dev-1001", "user_properties": {"$setOnce": {"a": 1}}, "library": "segment",
        "time": AT, "insert_id": "m-1"}, options={"min_id_length": 1}), 200, "success", send="form"),
    Case("identify as a query", "/identify", form(identification={"user_id": "ida-1001", "user_properties": {"a": 1}}),
         200, "success", send="query", method="GET"),
    Case("nango group identify", "/groupidentify", form(identification={
        "group_type": "org id", "group_value": "group-1", "group_properties": {"plan": "Enterprise"}}), 200, "success",
         send="form", mimetype=HTML),
    Case("rudder group identify", "/groupidentify", form(identification=[{"group_type": "Company",
                                                                          "group_value": "ABC"}]), 200, "success",
         send="form"),
    Case("rudder group without a value", "/groupidentify", form(identification=[{"group_type": "Company"}]), 400,
         {"error": "Missing group_value"}, send="form"),
    Case("segment maps a user", "/usermap", form(mapping=[{"user_id": "ida-1001", "global_user_id": "ida-g"}],
                                                 options={"min_id_length": 5}), 200, "success", send="form"),
    Case("rudder maps a user", "/usermap", form(mapping=[{"user_id": "ida-1001", "global_user_id": "ida-g"}]), 200,
         "success", send="form"),
    Case("rudder unmaps a user", "/usermap", form(mapping=[{"user_id": "ida-1001", "unmap": True}]), 200, "success",
         send="form"),
    Case("identify without identification", "/identify", form(), 400, "missing_event", send="form"),
]  # fmt: skip


def cohort(**fields: object) -> dict[str, object]:
    """A cohort upload of one known user."""
    base = {"name": "Gold", "app_id": "APP", "id_type": "BY_USER_ID", "ids": ["ida-1001"], "owner": "a@example.com"}
    return {**base, "published": True, **fields}


def members(operation: str, *ids: str, id_type: str = "BY_NAME", **more: object) -> dict[str, object]:
    """A membership change of the cohort COHORT."""
    change = {"ids": list(ids), "id_type": id_type, "operation": operation}
    return {"cohort_id": "COHORT", "memberships": [change], **more}


UPLOAD, MEMBERSHIP = "/api/3/cohorts/upload", "/api/3/cohorts/membership"

COHORTS = [
    Case("segment creates a cohort", UPLOAD, cohort(), 200,
         {"cohortId": ADDED, "metadata": {"matched": 1, "totals": 1, "invalid_ids_sample": []}}, auth="good"),
    Case("segment with the app id as a text", UPLOAD, cohort(app_id="APP TEXT"), 200, {"cohortId": ADDED}, auth="good"),
    Case("segment of old, with nobody", UPLOAD, cohort(ids=[]), 400, {"error": ADDED}, auth="good"),
    Case("segment removes its seed", MEMBERSHIP, members("REMOVE", "ida-1001", skip_invalid_ids=True), 200,
         {"cohort_id": "COHORT", "memberships_result": [{"skipped_ids": [], "id_type": "BY_NAME",
                                                         "operation": "REMOVE"}]}, auth="good"),
    Case("segment adds by amplitude id", MEMBERSHIP, members("ADD", "IDA", id_type="BY_AMP_ID", skip_invalid_ids=True),
         200, {"memberships_result": [{"skipped_ids": [], "id_type": "BY_AMP_ID", "operation": "ADD"}]}, auth="good"),
    Case("pyamplitude adds by id", MEMBERSHIP, members("ADD", "IDA", id_type="BY_ID", count_group="User"), 200,
         {"cohort_id": "COHORT"}, auth="good"),
    Case("one is skipped", MEMBERSHIP, members("ADD", "nobody-1"), 200,
         {"memberships_result": [{"skipped_ids": ["nobody-1"], "id_type": "BY_NAME", "operation": "ADD"}]},
         auth="good"),
    Case("none may be skipped", MEMBERSHIP, members("ADD", "nobody-1", skip_invalid_ids=False), 400, {"error": ADDED},
         auth="good"),
    Case("the id type of uploads", MEMBERSHIP, members("ADD", "ida-1001", id_type="BY_USER_ID"), 400, {"error": ADDED},
         auth="good"),
    Case("nango cohorts", "/api/3/cohorts", None, 200, {"cohorts": ADDED}, auth="good", method="GET"),
    Case("nango one cohort", "/api/3/cohorts/COHORT", None, 200,
         {"cohort": ADDED, "amplitude_ids": ADDED, "user_ids": ["ida-1001"]}, auth="good", method="GET"),
    Case("data wrapper requests a cohort", "/api/5/cohorts/request/COHORT?props=1", None, 202,
         {"request_id": ADDED, "cohort_id": "COHORT"}, auth="good", method="GET"),
    Case("pyamplitude picks properties", "/api/5/cohorts/request/COHORT?props=1&propKeys=a&propKeys=b", None, 202,
         {"request_id": ADDED}, auth="good", method="GET"),
    Case("airbyte with wrong keys", "/api/3/cohorts", None, 403, {"code": 403}, auth="bad", method="GET"),
]  # fmt: skip

DELETIONS, TAXONOMY = "/api/2/deletions/users", "/api/2/taxonomy"

READS = [
    Case("segment searches a user", "/api/2/usersearch?user=ida-1001", None, 200,
         {"type": "match_user_or_device_id", "matches": ADDED}, auth="good", method="GET"),
    Case("segment finds nobody", "/api/2/usersearch?user=nobody-1", None, 200, {"type": "nomatch", "matches": []},
         auth="good", method="GET"),
    Case("nango activity", "/api/2/useractivity?user=IDA&limit=10&offset=0&direction=latest", None, 200,
         {"userData": ADDED, "events": ADDED}, auth="good", method="GET"),
    Case("airbyte events list", "/api/2/events/list", None, 200, {"data": ADDED}, auth="good", method="GET"),
    Case("export of an empty hour", "/api/2/export?start=20200101T00&end=20200101T00", None, 404, {"error": ADDED},
         auth="good", method="GET"),
    Case("airbyte export of an hour", "/api/2/export?start=20260302T10&end=20260302T10", None, 200,
         auth="good", method="GET", mimetype="application/zip", later="3h"),
    Case("rudder deletion", DELETIONS, {"user_ids": ["ida-1001", "nobody-1"], "requester": "RudderStack",
                                        "ignore_invalid_id": "true"}, 200, "[{", auth="good"),
    Case("nango deletion", DELETIONS, {"user_ids": ["ida-1001"], "ignore_invalid_id": "True"}, 200, "[{", auth="good"),
    Case("rudder deletion of nobody", DELETIONS, {"user_ids": ["nobody-1"]}, 400, {"error": ADDED}, auth="good"),
    Case("data wrapper deletion", DELETIONS, {"user_ids": ["ida-1001"], "requester": "a@example.com",
                                              "ignore_invalid_id": "False"}, 200, "[{", send="form", auth="good"),
    Case("data wrapper deletion of two", DELETIONS, {"amplitude_ids": ["IDA"], "user_ids": ["ida-1001", "nobody-1"],
                                                     "ignore_invalid_id": "True"}, 200, "[{", send="form",
         auth="good"),
    Case("nango deletion jobs", f"{DELETIONS}?start_day=2026-01-01&end_day=2026-06-16", None, 200, "[]", auth="good",
         method="GET", mimetype="text/html; charset=UTF-8"),
    Case("nango category", f"{TAXONOMY}/category", {"category_name": "Own"}, 200, {"success": True}, send="form",
         auth="good"),
    Case("nango event type", f"{TAXONOMY}/event", {"event_type": "opened", "description": "what"}, 200,
         {"success": True}, send="form", auth="good"),
    Case("nango event types", f"{TAXONOMY}/event", None, 200, {"success": True, "data": ADDED}, auth="good",
         method="GET"),
    Case("nango event property", f"{TAXONOMY}/event-property", {"event_property": "price"}, 200, {"success": True},
         send="form", auth="good"),
    Case("nango event properties", f"{TAXONOMY}/event-property?showDeleted=true", None, 200,
         {"success": True, "data": ADDED}, auth="good", method="GET"),
    Case("nango user property", f"{TAXONOMY}/user-property", {"user_property": "plan"}, 200, {"success": True},
         send="form", auth="good"),
    Case("nango built-in property", f"{TAXONOMY}/user-property/device_id", None, 200,
         {"success": True, "data": ADDED}, auth="good", method="GET"),
    Case("nango group properties", f"{TAXONOMY}/group-property", None, 200, {"success": True, "data": []}, auth="good",
         method="GET"),
    Case("nango group property", f"{TAXONOMY}/group-property/grp%3Aplan", {"description": "what"}, 409,
         {"success": False, "errors": ADDED}, send="form", auth="good", method="PUT"),
    Case("nango release", "/api/2/release", {"version": "2.0", "release_start": "2026-03-02 00:00:00", "title": "Two"},
         200, {"success": True, "release": ADDED}, auth="good"),
    Case("data wrapper chart is left out", "/api/3/chart/abc123/query", None, 501, {"error": ADDED}, auth="good",
         method="GET"),
    Case("nango annotations are left out", "/api/3/annotations", None, 501, {"error": ADDED}, auth="good",
         method="GET"),
    Case("airbyte active users are left out", "/api/2/users?start=20260301&end=20260302", None, 501, {"error": ADDED},
         auth="good", method="GET"),
    Case("pipedream with an undefined secret", "/api/2/usersearch?user=x", None, 403, {"code": 403}, auth="bad",
         method="GET"),
]  # fmt: skip


class Sender:
    """A world with one known user and one cohort, and the ways in which requests are dressed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = world.amplitude.app.test_client()
        self.project = world.amplitude.store.projects.named("main")
        self.words = {"KEY": self.project.api_key}
        assert self.send(Case("", HTTP, upload(event(event_type="seen")), 200)).status_code == 200
        found = self.send(Case("", "/api/2/usersearch?user=ida-1001", None, 200, auth="good", method="GET")).json
        self.words["IDA"] = str(found["matches"][0]["amplitude_id"])
        made = self.send(Case("", UPLOAD, cohort(name="Own"), 200, auth="good")).json
        self.words["COHORT"] = made["cohortId"]

    def fill(self, value: Any) -> Any:
        """Put this world's keys and ids for the words that stand for them."""
        if isinstance(value, str) and value.startswith("APP"):
            return str(self.project.app_id) if value == "APP TEXT" else self.project.app_id
        if isinstance(value, str):
            return self.words.get(value, value)
        if isinstance(value, Mapping):
            return {name: self.fill(each) for name, each in value.items()}
        return [self.fill(each) for each in value] if isinstance(value, list) else value

    def send(self, case: Case) -> TestResponse:
        """One request, dressed as the case says."""
        path = case.path
        for word in ("IDA", "COHORT"):
            path = path.replace(word, self.words.get(word, ""))
        headers = {}
        if case.auth:
            secret = self.project.secret_key if case.auth == "good" else "undefined"
            pair = base64.b64encode(f"{self.project.api_key}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        body = self.fill(case.body)
        dresses: dict[str, dict[str, Any]] = {
            "json": {} if body is None else {"json": body},
            "form": {"data": body},
            "query": {"query_string": body},
            "raw": {"data": body, "content_type": "application/json"},
        }
        if case.send in ("gzip", "untyped"):
            sent = json.dumps(body).encode()
            if case.send == "untyped":
                return self.client.post(path, data=sent)
            headers |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            return self.client.post(path, data=gzip.compress(sent), headers=headers)
        return self.client.open(path, method=case.method, headers=headers, **dresses[case.send])


@pytest.fixture
def sender() -> Iterator[Sender]:
    with World(WorldSettings(seed=7)) as world:
        yield Sender(world)


@pytest.mark.parametrize("case", [*UPLOADS, *IDENTIFIES, *COHORTS, *READS], ids=lambda case: case.connector)
def test_what_a_connector_sends_gets_the_answer_it_relies_on(sender: Sender, case: Case) -> None:
    before = len(list(sender.world.journal.entries()))

    if case.later:
        sender.world.agenda.advance_to(Instant(sender.world.clock.now + parse_duration(case.later)))
    answer = sender.send(case)

    assert case.status == answer.status_code, answer.text
    if isinstance(case.expected, str):
        assert answer.text.startswith(case.expected)
    elif case.expected:
        told = answer.json
        assert sender.fill(dict(case.expected)) == {
            name: ADDED if value is ADDED and told.get(name) is not None else told.get(name)
            for name, value in case.expected.items()
        }
        assert [name for name in case.absent if name in told] == []
    assert case.mimetype in ("", answer.headers["Content-Type"])
    broken = [each for entry in list(sender.world.journal.entries())[before:] for each in entry.violations]
    tolerated = case.status >= 400 or case.send == "untyped"
    assert [each for each in broken if not tolerated or not each.startswith("request ")] == []
