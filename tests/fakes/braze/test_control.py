"""Phone and dashboard over HTTP, under /_sim/braze/."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator import openapi

CONTROL = openapi.load("control")
DEVICE = {"device_id": "d-ben-0001"}


def call(braze: Any, method: str, path: str, body: object = None, status: int = 200) -> Any:
    headers = {} if body is None else {"Content-Type": "application/json"}
    data = None if body is None else json.dumps(body)
    reply = braze.http.open(f"/_sim/braze/{path}", method=method, data=data, headers=headers)
    found = CONTROL.find(method, f"/_sim/braze/{path}".partition("?")[0])
    assert found is not None
    lower = {name.lower(): value for name, value in reply.headers.items()}
    assert CONTROL.check_response(found[0], reply.status_code, lower, reply.data) == []
    assert reply.status_code == status, reply.data
    return reply.get_json(silent=True)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("appear", {"details": {"model": "Pixel 9"}}),
        ("log-in", {"external_id": "ben-1001"}),
        ("log-out", {}),
        ("wipe-data", {"new_device_id": "d-ben-0002"}),
        ("start-session", {"app": "shop", "platform": "ios", "version": "1.0"}),
        ("start-session", {"app": "shop", "times": 3.0}),
        ("end-session", {}),
        ("event", {"name": "app_opened", "properties": {"screen": "home"}}),
        ("purchase", {"product_id": "mug", "price": 2, "currency": "EUR", "quantity": 2}),
        ("attribute", {"name": "plan", "value": "gold"}),
        ("alias", {"alias_label": "crm", "alias_name": "ben-7"}),
        ("push-token", {"token": "t-1", "app": "shop", "platform": "ios", "notifications_enabled": False}),
        ("collect", {"country": "SE", "language": "sv"}),
        ("uninstall", {"app": "shop"}),
        ("attribute-install", {"source": "search", "campaign": "spring", "adgroup": "shoes", "ad": "red"}),
        ("locate", {"longitude": 13.4, "latitude": 52.5}),
    ],
)
def test_each_deed_of_a_phone_answers_with_the_profile_it_serves(
    braze: Any, path: str, more: dict[str, object]
) -> None:
    shown = call(braze, "POST", f"phone/{path}", {**DEVICE, **more})
    assert shown["device_ids"] == ["d-ben-0002" if path == "wipe-data" else "d-ben-0001"]
    assert call(braze, "POST", f"phone/{path}", {**DEVICE, **more, "workspace": "other"}, 404)["status"] == 404
    assert call(braze, "POST", f"phone/{path}", {**more}, 400)["title"] == "Bad Request"
    assert "unknown" in call(braze, "POST", f"phone/{path}", {**DEVICE, **more, "unknown": 1}, 400)["detail"]


def test_a_refusal_of_the_phone_is_a_conflict(braze: Any) -> None:
    told = call(braze, "POST", "phone/log-in", {**DEVICE, "external_id": ""}, 409)
    assert "changeUser refuses" in told["detail"]


def test_an_alias_that_is_taken_is_a_conflict_and_nobody_is_put_in(braze: Any) -> None:
    alias = {"alias_label": "crm", "alias_name": "kim-7"}
    call(braze, "POST", "profiles", {"profiles": [{"aliases": [alias]}]}, 201)
    told = call(braze, "POST", "profiles", {"profiles": [{"external_id": "new-1"}, {"aliases": [alias]}]}, 409)
    assert "taken" in told["detail"]
    assert call(braze, "GET", "profiles?external_id=new-1") == {"profiles": []}


def test_a_body_that_is_not_json_is_told_so(braze: Any) -> None:
    reply = braze.http.post("/_sim/braze/phone/appear", data="{", headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.content_type) == (400, "application/problem+json")
    reply = braze.http.post("/_sim/braze/phone/appear", data="a=b")
    assert (reply.status_code, reply.content_type) == (415, "application/problem+json")


def test_profiles_are_seeded_and_found_by_any_identifier(braze: Any) -> None:
    seeds = [
        {"external_id": "ida-1001", "attributes": {"plan": "gold", "email": "ida@example.com"}, "once_anonymous": True},
        {"device_ids": ["d-ben-0001"]},
        {"aliases": [{"alias_label": "crm", "alias_name": "kim-7"}]},
    ]
    ida, ben, kim = call(braze, "POST", "profiles", {"profiles": seeds}, 201)["profiles"]
    queries = {
        "external_id=ida-1001": ida,
        f"braze_id={ben}": ben,
        "device_id=d-ben-0001": ben,
        "alias_label=crm&alias_name=kim-7": kim,
    }
    for query, braze_id in queries.items():
        (found,) = call(braze, "GET", f"profiles?{query}")["profiles"]
        assert found["braze_id"] == braze_id
    (shown,) = call(braze, "GET", "profiles?external_id=ida-1001")["profiles"]
    assert (shown["email"], shown["custom_attributes"], shown["once_anonymous"]) == (
        "ida@example.com",
        {"plan": "gold"},
        True,
    )
    assert call(braze, "GET", "profiles?external_id=noor") == {"profiles": []}


def test_data_import_keys_are_made_listed_and_invalidated(braze: Any) -> None:
    key = call(braze, "POST", "data-import-keys", {"partner": "amplitude"}, 201)["key"]
    assert braze.change(client_secret=key).status == 201
    call(braze, "POST", "data-import-keys/invalidate", {"key": key}, 204)
    assert braze.change(client_secret=key).status == 401
    own, made = call(braze, "GET", "data-import-keys")["keys"]
    assert (own["partner"], own["invalid_from"]) == ("*", None)
    assert (made["partner"], made["key"], made["invalid_from"]) == (
        "amplitude",
        f"{key[:4]}****",
        "2026-03-02T10:00:00Z",
    )
    assert call(braze, "POST", "data-import-keys/invalidate", {"key": "nope"}, 404)["status"] == 404


def test_rest_keys_are_made_listed_and_revoked_at_an_instant(braze: Any) -> None:
    wanted = {"name": "exporter", "permissions": ["users.export.ids"], "addresses": ["127.0.0.1"]}
    key = call(braze, "POST", "rest-keys", wanted, 201)["key"]
    assert braze.post("/users/export/ids", {"external_ids": ["a"]}, key=key).status == 201
    call(braze, "POST", "rest-keys/revoke", {"key": key, "at": "2026-03-02T10:00:01Z"}, 204)
    assert braze.post("/users/export/ids", {"external_ids": ["a"]}, key=key).status == 201
    made = call(braze, "GET", "rest-keys")["keys"][1]
    assert (made["name"], made["permissions"], made["invalid_from"]) == (
        "exporter",
        ["users.export.ids"],
        "2026-03-02T10:00:01Z",
    )
    assert call(braze, "POST", "rest-keys/revoke", {"key": "nope"}, 404)["status"] == 404


def test_partners_and_accounts_are_switched(braze: Any) -> None:
    call(braze, "PUT", "partners/amplitude", {"enabled": False}, 204)
    assert braze.change().status == 401
    call(braze, "PUT", "workspaces/main", {"active": False}, 204)
    assert braze.post("/users/track", {"attributes": [{"external_id": "ida"}]}).status == 403
    assert call(braze, "PUT", "workspaces/other", {"active": False}, 404)["status"] == 404


def test_another_workspace_has_keys_users_and_a_cluster_of_its_own(braze: Any) -> None:
    """KEY-3."""
    made = call(braze, "POST", "workspaces", {"workspace": "europe", "cluster": "EU-01"}, 201)
    place = {"workspace": "europe", "cluster": "EU-01", "endpoint": "https://rest.fra-01.braze.eu"}
    assert {name: made[name] for name in place} == place
    sent = {"attributes": [{"external_id": "ida"}]}
    assert braze.post("/users/track", sent, key=made["rest_key"]).status == 201
    abroad = {"Host": "rest.iad-01.braze.com"}
    assert braze.post("/users/track", sent, key=made["rest_key"], headers=abroad).status == 401
    assert braze.change(client_secret=made["data_import_key"], partner_api_key=made["partner_api_key"]).status == 201
    main = {"workspace": "main", "cluster": "US-01", "endpoint": "https://rest.iad-01.braze.com"}
    assert call(braze, "GET", "workspaces") == {
        "workspaces": [{**place, "active": True, "profiles": 1}, {**main, "active": True, "profiles": 0}]
    }
    assert call(braze, "GET", "profiles?external_id=ida&workspace=europe")["profiles"][0]["external_id"] == "ida"


def test_a_workspace_is_made_once_and_on_a_cluster_that_there_is(braze: Any) -> None:
    assert call(braze, "POST", "workspaces", {"workspace": "main"}, 409)["status"] == 409
    assert call(braze, "POST", "workspaces", {"workspace": "moon", "cluster": "MOON-01"}, 400)["status"] == 400
    assert call(braze, "POST", "workspaces", {"workspace": "other"}, 201)["cluster"] == "US-01"


def test_an_external_id_is_blocked(braze: Any) -> None:
    call(braze, "POST", "blocked-ids", {"external_id": "null"}, 204)
    assert braze.post("/users/track", {"attributes": [{"external_id": "null"}]}).status == 400


def test_cohorts_their_members_and_past_members_are_listed(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    braze.change({"user_ids": ["ida-1001"]})
    braze.clock.move_to(braze.clock.now + 60_000)
    braze.change({"user_ids": ["ida-1001"], "should_remove": True})
    cohort = {"partner": "amplitude", "cohort_id": "openers", "name": "openers", "size": 0}
    assert call(braze, "GET", "cohorts?partner=amplitude") == {"cohorts": [cohort]}
    path = "cohorts/amplitude/openers/members"
    assert call(braze, "GET", path) == {"size": 0, "members": []}
    member = {"braze_id": ida.braze_id, "external_id": "ida-1001"}
    assert call(braze, "GET", f"{path}?at=2026-03-02T10:00:00Z") == {"size": 1, "members": [member]}
    assert call(braze, "GET", "cohorts/amplitude/nope/members", status=404)["status"] == 404
    assert call(braze, "GET", f"{path}?at=noon", status=400)["status"] == 400


def test_data_points_are_counted_by_cause_cohort_and_day(braze: Any) -> None:
    braze.identified("ida-1001", plan="gold")
    braze.change({"user_ids": ["ida-1001"]})
    causes = [{"of": "attribute", "points": 1}, {"of": "cohort", "points": 1}]
    assert call(braze, "GET", "data-points") == {"total": 2, "by": causes}
    assert call(braze, "GET", "data-points?by=day") == {"total": 2, "by": [{"of": "2026-03-02", "points": 2}]}
    assert call(braze, "GET", "data-points?by=cohort_id")["by"][1] == {"of": "openers", "points": 1}
    assert call(braze, "GET", "data-points?by=moon", status=400)["status"] == 400


def test_data_points_are_counted_by_profile_and_of_one_profile(braze: Any) -> None:
    ida, ben = braze.identified("ida-1001", plan="gold"), braze.identified("ben-1001", plan="free", visits=1)
    braze.change({"user_ids": ["ida-1001"]})
    assert call(braze, "GET", "data-points?by=braze_id") == {
        "total": 4,
        "by": [{"of": ida.braze_id, "points": 2}, {"of": ben.braze_id, "points": 2}],
    }
    of_ida = f"data-points?braze_id={ida.braze_id}"
    causes = [{"of": "attribute", "points": 1}, {"of": "cohort", "points": 1}]
    assert call(braze, "GET", of_ida) == {"total": 2, "by": causes}
    rules = [{"of": "DP-1", "points": 1}, {"of": "DP-2", "points": 1}]
    assert call(braze, "GET", f"{of_ida}&by=rule") == {"total": 2, "by": rules}
    assert call(braze, "GET", f"{of_ida}&by=day")["by"] == [{"of": "2026-03-02", "points": 2}]
    assert call(braze, "GET", f"{of_ida}&by=braze_id")["by"] == [{"of": ida.braze_id, "points": 2}]
    assert call(braze, "GET", f"data-points?braze_id={'0' * 24}", status=404)["status"] == 404


def test_the_points_of_a_deleted_profile_stay_on_the_bill(braze: Any) -> None:
    ida = braze.identified("ida-1001", plan="gold")
    braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    assert call(braze, "GET", f"data-points?braze_id={ida.braze_id}")["total"] == 1
