"""The control plane's doors to Amplitude: projects, people, placed values, silenced senders."""

from __future__ import annotations

import pytest

from simulator.openapi import load

CONTROL = load("control")


@pytest.fixture
def plane(amplitude):
    """Calls of the control plane, each answer held against its contract."""

    def call(method: str, path: str, **how):
        answer = amplitude.client.open(f"/_sim/amplitude{path}", method=method, **how)
        found = CONTROL.find(method, f"/_sim/amplitude{path}".split("?")[0])
        assert found is not None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        assert CONTROL.check_response(found[0], answer.status_code, headers, answer.data) == []
        return answer

    return call


def test_projects_are_listed_with_their_keys(amplitude, plane) -> None:
    main = amplitude.main
    assert plane("GET", "/projects").json == {
        "projects": [
            {"name": "main", "app_id": main.app_id, "org_id": main.org_id, "region": "us", "plan": "enterprise",
             "automated_syncs": 5,
             "api_key": main.api_key, "secret_key": main.secret_key},
        ]
    }  # fmt: skip


def test_another_project_is_made_and_takes_events_at_once(amplitude, plane, an_event) -> None:
    made = plane("POST", "/projects", json={"name": "shop", "plan": "growth", "api_key": "k", "secret_key": "s"})
    assert (made.status_code, made.json["plan"], made.json["api_key"]) == (201, "growth", "k")
    assert amplitude.client.post("/2/httpapi", json={"api_key": "k", "events": [an_event()]}).status_code == 200
    assert plane("GET", "/users?project=shop").json["count"] == 1
    assert plane("POST", "/projects", json={"name": "shop"}).status_code == 409


def test_a_project_may_begin_with_the_cohorts_of_a_fresh_live_one(amplitude, plane) -> None:
    """COHORT-3. Listed as live ones are: nobody has computed them, and their owner is no address."""
    plane("POST", "/projects", json={"name": "fresh", "default_cohorts": True})
    plane("POST", "/projects", json={"name": "empty"})
    shown = {
        project: amplitude.client.get("/api/3/cohorts", headers=amplitude.auth(project)).json["cohorts"]
        for project in ("fresh", "empty", "main")
    }
    assert (shown["empty"], shown["main"], len(shown["fresh"])) == ([], [], 6)
    for cohort in shown["fresh"]:
        assert (cohort["finished"], cohort["size"], cohort["lastComputed"], cohort["owners"]) == (
            False, None, None, ["amp"],
        )  # fmt: skip


def test_a_project_changes_its_plan(plane) -> None:
    assert plane("PUT", "/projects/main/plan", json={"plan": "starter"}).json["plan"] == "starter"
    more = plane("PUT", "/projects/main/plan", json={"plan": "plus", "automated_syncs": None}).json
    assert (more["plan"], more["automated_syncs"]) == ("plus", None)
    assert plane("PUT", "/projects/none/plan", json={"plan": "starter"}).status_code == 404


def test_people_are_put_in_and_paged(amplitude, plane) -> None:
    users = [
        {"user_id": "ida-1001", "device_id": "d-ida-0001", "properties": {"plan": "plus"},
         "events": [{"name": "app_opened", "at": "2026-03-02T09:00:00Z", "properties": {"a": 1}}, {"name": "bought"}]},
        {"device_id": "d-ben-0001"},
        {"user_id": "   ", "device_id": "d-noor-0001"},
    ]  # fmt: skip
    numbers = plane("POST", "/users", json={"users": users}).json["amplitude_ids"]
    first = amplitude.main.first_id
    assert numbers == [first, first + 1, first + 2]
    page = plane("GET", "/users?limit=2").json
    assert ([each["user_id"] for each in page["users"]], page["count"]) == (["ida-1001", None], 3)
    assert page["users"][0] == {
        "amplitude_id": first,
        "user_id": "ida-1001",
        "device_id": "d-ida-0001",
        "properties": {"plan": "plus"},
        "events": 2,
        "first_event_at": "2026-03-02T09:00:00Z",
        "last_event_at": "2026-03-02T10:00:00Z",
    }
    assert [each["user_id"] for each in plane("GET", f"/users?after={first + 1}").json["users"]] == [None]
    assert plane("GET", f"/users/{first + 1}").json["device_id"] == "d-ben-0001"


def test_a_person_without_any_id_is_refused_with_the_place(plane) -> None:
    answer = plane("POST", "/users", json={"users": [{"device_id": "d-ben-0001"}, {"properties": {}}]})
    assert (answer.status_code, answer.content_type, answer.json["detail"]) == (
        400,
        "application/problem+json",
        "users[1]: a person needs a user_id or a device_id",
    )


def test_a_device_is_silenced_and_heard_again(amplitude, plane, an_event) -> None:
    mark = {"mark": "silenced", "device_id": "d-ida-0001"}
    assert plane("PUT", "/marks", json=mark).status_code == 204
    assert amplitude.upload(an_event(device_id="d-ida-0001")).json["error"] == "Events silenced for device_id"
    plane("PUT", "/marks", json={**mark, "present": False})
    assert amplitude.upload(an_event(device_id="d-ida-0001")).status_code == 200


@pytest.mark.parametrize("at", ["2026-02-30T10:00:00Z", "2026-13-01T00:00:00Z", "2026-03-02T25:00:00Z"])
def test_an_event_at_an_instant_that_does_not_exist_is_a_problem(plane, at) -> None:
    answer = plane("POST", "/users", json={"users": [{"user_id": "ida", "events": [{"name": "opened", "at": at}]}]})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/users?project=none", None, 404),
        ("GET", "/users/1", None, 404),
        ("GET", "/users/x", None, 404),
        ("PUT", "/marks", {"mark": "loud", "device_id": "d"}, 400),
        ("PUT", "/marks", {"mark": "silenced"}, 400),
        ("PUT", "/recommendations", {"user_id": "noor-3003", "rec_id": "r", "items": []}, 404),
        ("PUT", "/computations", {"comp_id": "c", "property": "p", "value": 1}, 404),
        ("PUT", "/propensities", {"user_id": "noor-3003", "prediction_id": "p", "score": 2, "pct": 1}, 400),
        ("POST", "/projects", {"name": "shop", "plan": "gratis"}, 400),
        ("POST", "/projects", {"title": "shop"}, 400),
    ],
)
def test_what_makes_no_sense_is_a_problem(plane, method, path, body, status) -> None:
    answer = plane(method, path) if body is None else plane(method, path, json=body)
    assert (answer.status_code, answer.content_type, answer.json["status"]) == (
        status,
        "application/problem+json",
        status,
    )


def test_a_body_that_is_not_json(plane) -> None:
    assert plane("PUT", "/marks", data="x", content_type="text/plain").status_code == 415
    assert plane("PUT", "/marks", data="{", content_type="application/json").status_code == 400


def test_an_unknown_door(amplitude) -> None:
    answer = amplitude.client.get("/_sim/amplitude/nothing")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_the_control_plane_is_not_observed(amplitude, plane) -> None:
    seen: list[object] = []
    amplitude.service.service.observers.append(seen.append)
    plane("GET", "/projects")
    assert seen == []


ORDERS = {"name": "orders_30d", "formula": "count", "event": "order_placed", "within": "30d"}
SPENT = {"name": "spent", "formula": "sum", "event": "order_placed", "event_property": "amount", "within": "30d"}


def test_a_computation_is_defined_listed_and_worked_out_from_events(amplitude, plane, an_event) -> None:
    orders = plane("POST", "/computations", json=ORDERS)
    spent = plane("POST", "/computations", json=SPENT)
    for amount in (5, 7):
        amplitude.upload(an_event(event_type="order_placed", event_properties={"amount": amount}))
    profile = amplitude.client.get(
        "/v1/userprofile?user_id=ida-1001&get_computations=true",
        headers={"Authorization": f"Api-Key {amplitude.main.secret_key}"},
    )

    made = dict(orders.json)
    assert (201, 7, ORDERS) == (orders.status_code, len(made.pop("comp_id")), made)
    assert ["orders_30d", "spent"] == [each["name"] for each in plane("GET", "/computations").json["computations"]]
    assert {"orders_30d": "2", "spent": "12"} == profile.json["userData"]["amp_props"]
    one = amplitude.client.get(
        f"/v1/userprofile?user_id=ida-1001&comp_id={spent.json['comp_id']},unknown",
        headers={"Authorization": f"Api-Key {amplitude.main.secret_key}"},
    )
    assert {"spent": "12", "unknown": None} == one.json["userData"]["amp_props"]


@pytest.mark.parametrize(
    ("wanted", "status", "said"),
    [
        (SPENT, 409, "a computation named 'spent' exists"),
        ({**ORDERS, "event_property": "amount"}, 400, "a count looks at no property"),
        ({**ORDERS, "project": "nowhere"}, 404, "there is no project"),
    ],
)
def test_a_computation_that_cannot_be_is_refused(plane, wanted, status, said) -> None:
    plane("POST", "/computations", json=SPENT)
    refused = plane("POST", "/computations", json=wanted)
    assert status == refused.status_code
    assert said in refused.json["detail"]


def test_a_propensity_put_in_place_moves_a_person_into_a_cohort(amplitude, plane, an_event) -> None:
    amplitude.upload(an_event())
    amplitude.service.cohorts.create("likely", {"propensity": "0x10x", "percentile": ">= 80"})
    assert amplitude.service.cohorts.members("likely") == []
    placed = plane(
        "PUT", "/propensities", json={"prediction_id": "0x10x", "user_id": "ida-1001", "score": 0.5, "pct": 83}
    )
    assert placed.status_code == 204
    assert len(amplitude.service.cohorts.members("likely")) == 1


def test_a_project_in_the_eu_has_no_computations(plane) -> None:
    plane("POST", "/projects", json={"name": "europe", "region": "eu"})
    refused = plane("POST", "/computations", json=SPENT | {"project": "europe"})
    told = "computations are for projects in the US; europe is in the EU"
    assert (400, told) == (refused.status_code, refused.json["detail"])
