"""The dashboard's audiences over HTTP: every operation of the control plane, held against its contract."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator import openapi

CONTRACT = openapi.load("control")


class Dashboard:
    def __init__(self, braze: Any) -> None:
        self._braze = braze

    def __call__(self, method: str, path: str, body: object = None, **query: Any) -> tuple[int, Any]:
        """One call; the answer must be one that the contract knows."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        reply = self._braze.http.open(path, method=method, data=data, headers=headers, query_string=query)
        found = CONTRACT.find(method, path)
        assert found is not None
        lower = {name.lower(): value for name, value in reply.headers.items()}
        assert CONTRACT.check_response(found[0], reply.status_code, lower, reply.data) == []
        return reply.status_code, reply.get_json()


@pytest.fixture
def dashboard(house: Any) -> Dashboard:
    return Dashboard(house.braze)


# -- segments


def test_a_segment_is_made_of_cohorts_and_filters(house: Any, dashboard: Dashboard) -> None:
    house.braze.change({"user_ids": ["ida-1001", "ann-1001"]})
    body = {
        "name": "German openers",
        "includes": ["openers"],
        "filters": {"country": {"comparison": "is", "value": "DE"}},
        "tags": ["a"],
    }
    status, made = dashboard("POST", "/_sim/braze/segments", body)
    assert (status, made["exact_size"], made["estimated_size"], made["tags"]) == (201, 1, 1, ["a"])
    assert made["text"] == 'Amplitude Cohorts includes value "openers" and country is "DE"'


def test_segments_are_listed_archived_ones_too(dashboard: Dashboard) -> None:
    dashboard("POST", "/_sim/braze/segments", {"name": "First"})
    dashboard("PATCH", "/_sim/braze/segments/First", {"archived": True})
    status, body = dashboard("GET", "/_sim/braze/segments")
    assert (status, [(each["name"], each["archived"]) for each in body["segments"]]) == (200, [("First", True)])


def test_members_are_shown_now_and_at_an_instant(house: Any, dashboard: Dashboard) -> None:
    _, made = dashboard("POST", "/_sim/braze/segments", {"name": "Known", "filters": {"external_user_id": EXISTS}})
    house.wait("1h")
    house.braze.identified("noor-1")
    _, now = dashboard("GET", f"/_sim/braze/segments/{made['segment_id']}")
    _, before = dashboard("GET", "/_sim/braze/segments/Known", at="2026-03-02T10:00:00Z")
    assert [[each["external_id"] for each in body["members"]] for body in (now, before)] == [
        ["ida-1001", "ann-1001", "noor-1"],
        ["ida-1001", "ann-1001"],
    ]


EXISTS = {"comparison": "exists"}


def test_a_day_that_is_in_no_calendar_is_refused(dashboard: Dashboard) -> None:
    dashboard("POST", "/_sim/braze/segments", {"name": "Known", "includes": []})
    status, told = dashboard("GET", "/_sim/braze/segments/Known", at="1971-02-29T10:00:00Z")
    assert 400 == status
    assert "is not an instant" in told["detail"]


def test_a_segment_is_edited(dashboard: Dashboard) -> None:
    dashboard("POST", "/_sim/braze/segments", {"name": "First"})
    change = {"name": "Second", "filters": {"external_user_id": EXISTS}, "tracked": False}
    status, changed = dashboard("PATCH", "/_sim/braze/segments/First", change)
    assert (status, changed["name"], changed["tracked"], changed["exact_size"]) == (200, "Second", False, 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("POST", "/_sim/braze/segments", {"name": "First"}, 409, "there is a segment called 'First' already"),
        ("PATCH", "/_sim/braze/segments/Second", {"name": "First"}, 409, "there is a segment called 'First' already"),
        ("POST", "/_sim/braze/segments", {"name": "X", "filters": {"x": {}}}, 400, "x: is not a filter"),
        ("PATCH", "/_sim/braze/segments/First", {"filters": {"x": {}}}, 400, "x: is not a filter"),
        ("POST", "/_sim/braze/segments", {"nam": "X"}, 400, "name"),
        ("GET", "/_sim/braze/segments/Nobody", None, 404, "there is no segment 'Nobody'"),
        ("PATCH", "/_sim/braze/segments/Nobody", {"archived": True}, 404, "there is no segment 'Nobody'"),
    ],
)
def test_a_segment_is_refused_in_words(
    dashboard: Dashboard, method: str, path: str, body: Any, status: int, detail: str
) -> None:
    for name in ("First", "Second"):
        dashboard("POST", "/_sim/braze/segments", {"name": name})
    found, problem = dashboard(method, path, body)
    assert (found, detail in problem["detail"]) == (status, True)


def test_the_entries_of_a_filter_are_listed(house: Any, dashboard: Dashboard) -> None:
    house.braze.change({"user_ids": ["ida-1001"]})
    assert dashboard("GET", "/_sim/braze/cohort_filters") == (200, {"entries": ["[Amplitude] openers: openers"]})
    assert dashboard("GET", "/_sim/braze/cohort_filters", partner="segment") == (200, {"entries": []})


# -- campaigns


def test_a_campaign_is_made_stopped_and_sent(house: Any, dashboard: Dashboard) -> None:
    house.audience.create_segment("Everybody")
    plan = {"segment": "Everybody", "channel": "webhook", "schedule": {"at": "2026-03-03T09:00:00Z"}}
    status, made = dashboard("POST", "/_sim/braze/campaigns", {"name": "Hello", "plan": plan})
    path = f"/_sim/braze/campaigns/{made['campaign_id']}"
    assert (status, made["kind"], made["next_run"]) == (201, "campaign", "2026-03-03T09:00:00Z")
    assert dashboard("PATCH", path, {"status": "stopped"})[1]["next_run"] is None
    assert dashboard("POST", f"{path}/send") == (200, {"entered": 4})


def test_campaigns_and_canvases_are_listed(dashboard: Dashboard) -> None:
    for kind in ("canvas", "campaign"):
        dashboard("POST", "/_sim/braze/campaigns", {"name": "Hello", "kind": kind, "plan": {}})
    _, body = dashboard("GET", "/_sim/braze/campaigns")
    assert [each["kind"] for each in body["campaigns"]] == ["campaign", "canvas"]


def test_the_plan_that_is_shown_makes_the_same_campaign_again(dashboard: Dashboard) -> None:
    _, one = dashboard("POST", "/_sim/braze/campaigns", {"name": "One", "plan": {"trigger": {"event": "e"}}})
    status, two = dashboard("POST", "/_sim/braze/campaigns", {"name": "Two", "plan": one["plan"]})
    assert (status, two["plan"]) == (201, one["plan"])


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"name": "Hello", "plan": {}}, 409, "there is a campaign called 'Hello' already"),
        ({"name": "X", "plan": {"channel": "pigeon"}}, 400, "channel 'pigeon' is not one of"),
        ({"name": "X", "plan": {"segment": "Nobody"}}, 400, "there is no segment 'Nobody'"),
        ({"name": "X"}, 400, "plan"),
    ],
)
def test_a_campaign_is_refused_in_words(dashboard: Dashboard, body: Any, status: int, detail: str) -> None:
    dashboard("POST", "/_sim/braze/campaigns", {"name": "Hello", "plan": {}})
    found, problem = dashboard("POST", "/_sim/braze/campaigns", body)
    assert (found, detail in problem["detail"]) == (status, True)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/_sim/braze/campaigns/nothing", {"status": "stopped"}),
        ("POST", "/_sim/braze/campaigns/nothing/send", None),
    ],
)
def test_an_unknown_campaign_is_not_found(dashboard: Dashboard, method: str, path: str, body: Any) -> None:
    assert dashboard(method, path, body)[0] == 404


# -- what happened


def test_events_are_listed_after_a_number(house: Any, dashboard: Dashboard) -> None:
    house.audience.send_now(house.campaign().campaign_id)
    _, first = dashboard("GET", "/_sim/braze/message_events", limit=1)
    (event,) = first["events"]
    _, rest = dashboard("GET", "/_sim/braze/message_events", after=event["sequence"])
    assert (event["title"], len(rest["events"])) == ("Webhook Send", 3)


def test_somebody_reacts(house: Any, dashboard: Dashboard) -> None:
    made = house.campaign(channel="email")
    house.audience.send_now(made.campaign_id)
    body = {"braze_id": house.people.ida.braze_id, "campaign_id": made.campaign_id, "reaction": "open"}
    assert dashboard("POST", "/_sim/braze/reactions", body) == (201, {"name": "users.messages.email.Open"})
    status, problem = dashboard("POST", "/_sim/braze/reactions", {**body, "braze_id": house.people.ann.braze_id})
    assert (status, "received nothing" in problem["detail"]) == (400, True)


# -- subscription groups and the Global Control Group


def test_a_subscription_group_is_made_and_listed(dashboard: Dashboard) -> None:
    body = {"name": "Texts", "channel": "sms", "group_id": "pto81fff"}
    group = {"group_id": "pto81fff", "name": "Texts", "channel": "sms"}
    assert dashboard("POST", "/_sim/braze/subscription_groups", body) == (201, group)
    assert dashboard("GET", "/_sim/braze/subscription_groups") == (200, {"groups": [group]})
    assert dashboard("POST", "/_sim/braze/subscription_groups", body)[0] == 409


def test_a_control_group_is_set(dashboard: Dashboard) -> None:
    assert dashboard("PUT", "/_sim/braze/global_control_group", {"percent": 100}) == (
        200,
        {"percent": 100, "people": 4},
    )
    assert dashboard("PUT", "/_sim/braze/global_control_group", {"percent": 101})[0] == 400


@pytest.mark.parametrize(
    "operation", [op for op in CONTRACT.operations.values() if "audiences" in op.tags and op.method != "GET"]
)
def test_a_body_must_be_declared_as_json(house: Any, operation: Any) -> None:
    if "requestBody" not in operation.definition:
        return
    path = operation.path.replace("{segment}", "x").replace("{campaign}", "x")
    reply = house.braze.http.open(path, method=operation.method, data=b"{}", headers={"Content-Type": "text/plain"})
    assert reply.status_code == 415
