"""Keys: whose they are, what they may, where they work, and what a refused caller is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.fakes.braze.keys import BrazeSettings, UnknownWorkspace, WorkspaceSettings, masked

TRACK = {"attributes": [{"external_id": "ida-1001"}]}
INVALID = (401, {"message": "Invalid API Key"})
TWO = BrazeSettings(workspaces=(WorkspaceSettings(), WorkspaceSettings("eu", cluster="EU-01")))

BODIES: dict[str, tuple[str, object]] = {
    "users.track": ("/users/track", TRACK),
    "users.track.bulk": ("/users/track/bulk", TRACK),
    "users.track.sync": ("/users/track/sync", TRACK),
    "users.identify": (
        "/users/identify",
        {"aliases_to_identify": [{"external_id": "a", "user_alias": {"alias_name": "b", "alias_label": "c"}}]},
    ),
    "users.alias.new": ("/users/alias/new", {"user_aliases": [{"alias_name": "b", "alias_label": "c"}]}),
    "users.alias.update": (
        "/users/alias/update",
        {"alias_updates": [{"alias_label": "c", "old_alias_name": "b", "new_alias_name": "d"}]},
    ),
    "users.delete": ("/users/delete", {"external_ids": ["a"]}),
    "users.merge": ("/users/merge", {"merge_updates": []}),
    "users.external_ids.rename": (
        "/users/external_ids/rename",
        {"external_id_renames": [{"current_external_id": "a", "new_external_id": "b"}]},
    ),
    "users.external_ids.remove": ("/users/external_ids/remove", {"external_ids": ["a"]}),
    "users.export.ids": ("/users/export/ids", {"external_ids": ["a"]}),
}


def answered(answer: Any) -> tuple[int, object]:
    return answer.status, answer.body


@pytest.mark.parametrize("permission", BODIES)
def test_an_operation_needs_its_permission(braze: Any, permission: str) -> None:
    path, body = BODIES[permission]
    others = braze.keys.create_rest_key("main", "others", permissions=set(BODIES) - {permission})
    only = braze.keys.create_rest_key("main", "only", permissions={permission})
    assert answered(braze.post(path, body, key=others)) == (403, {"message": "Access Denied"})
    assert braze.post(path, body, key=only).status in (201, 202)


def test_by_switch_a_missing_permission_is_a_401(braze: Any) -> None:
    braze.rules(permission_error="401")
    key = braze.keys.create_rest_key("main", "exporter", permissions={"users.export.ids"})
    assert answered(braze.post("/users/track", TRACK, key=key)) == (401, {"message": "Access Denied"})


@pytest.mark.parametrize("permission", BODIES)
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", 'Bearer "{key}"', "{key}", "Bearer not-a-key"]
)
def test_a_wrong_or_malformed_key_is_refused_everywhere(braze: Any, permission: str, header: str) -> None:
    path, body = BODIES[permission]
    sent = {"Authorization": header.format(key=braze.keys.rest_keys["main"])}
    assert answered(braze.post(path, body, key="", headers=sent)) == INVALID


def test_by_switch_a_refusal_repeats_the_key(braze: Any) -> None:
    braze.rules(invalid_key_text="with_key")
    assert answered(braze.post("/users/track", TRACK, key="nobodys")) == (401, {"message": "Invalid API key: nobodys"})
    assert answered(braze.post("/users/track", TRACK, key="")) == INVALID


def test_a_revoked_rest_key_is_refused_from_its_instant_on(braze: Any) -> None:
    key = braze.keys.create_rest_key("main", "short")
    assert braze.keys.revoke_rest_key(key, braze.clock.now + 1)
    assert braze.post("/users/track", TRACK, key=key).status == 201
    braze.clock.move_to(braze.clock.now + 1)
    assert answered(braze.post("/users/track", TRACK, key=key)) == INVALID


def test_an_address_that_is_not_on_the_list_is_refused(braze: Any) -> None:
    key = braze.keys.create_rest_key("main", "office", addresses={"10.0.0.7"})
    assert answered(braze.post("/users/track", TRACK, key=key)) == INVALID
    office = {"REMOTE_ADDR": "10.0.0.7"}
    assert braze.post("/users/track", TRACK, key=key, environ_overrides=office).status == 201


def test_a_data_import_key_is_no_rest_key_and_a_rest_key_no_client_secret(braze: Any) -> None:
    data_import_key, rest_key = braze.keys.data_import_keys["main"], braze.keys.rest_keys["main"]
    assert answered(braze.post("/users/track", TRACK, key=data_import_key)) == INVALID
    assert answered(braze.change(client_secret=rest_key)) == (401, {"message": "Invalid client secret"})


def test_by_switch_a_key_may_travel_in_body_or_query_as_until_2020(braze: Any) -> None:
    key = braze.keys.rest_keys["main"]
    assert answered(braze.post("/users/track", {**TRACK, "api_key": key}, key="")) == INVALID
    braze.rules(key_in_body="accepted")
    assert braze.post("/users/track", {**TRACK, "api_key": key}, key="").status == 201
    assert braze.get("/events/list", key="", api_key=key).status == 200
    for body in ({**TRACK, "api_key": "wrong"}, {**TRACK, "api_key": 7}, TRACK, [key], b"{"):
        assert answered(braze.post("/users/track", body, key="")) == INVALID
    assert answered(braze.post("/users/track", {**TRACK, "api_key": key}, key="wrong")) == INVALID


def test_a_key_of_another_cluster_is_refused(make_braze: Callable[..., Any]) -> None:
    braze = make_braze(TWO)
    eu = {"Host": "rest.fra-01.braze.eu"}
    us = {"Host": "rest.iad-01.braze.com"}
    eu_key = braze.keys.rest_keys["eu"]
    assert braze.post("/users/track", TRACK, key=eu_key, headers=eu).status == 201
    assert braze.post("/users/track", TRACK, headers=us).status == 201
    assert answered(braze.post("/users/track", TRACK, key=eu_key, headers=us)) == INVALID
    assert answered(braze.post("/users/track", TRACK, headers=eu)) == INVALID
    body = braze.cohort_body(cohort_id="c", cohort_changes=[])
    refused = braze.post("/partners/amplitude/cohorts/users", body, key="", headers=eu)
    assert answered(refused) == (401, {"message": "Invalid client secret"})


def test_by_switch_partners_have_a_key_of_their_own_in_europe(make_braze: Callable[..., Any]) -> None:
    """KEY-2. "In general" one key opens all clusters of the US, another the EU's."""
    braze = make_braze(TWO)
    everywhere, europe = braze.keys.partner_api_key, braze.keys.partner_api_key_of_europe

    def statuses(key: str) -> list[int]:
        secrets = [braze.keys.data_import_keys[name] for name in ("main", "eu")]
        return [braze.change(partner_api_key=key, client_secret=secret).status for secret in secrets]

    assert (statuses(everywhere), statuses(europe)) == ([201, 201], [401, 401])
    braze.rules(partner_keys="by_region")
    assert (statuses(everywhere), statuses(europe)) == ([201, 401], [401, 201])
    wrong = braze.change(partner_api_key=europe)
    assert answered(wrong) == (401, {"message": "Invalid Partner API key"})
    assert [braze.keys.partner_key_of(name) for name in ("main", "eu")] == [everywhere, europe]


def test_a_service_may_stand_for_one_cluster(make_braze: Callable[..., Any]) -> None:
    braze = make_braze(BrazeSettings(workspaces=TWO.workspaces, cluster="EU-01"))
    assert answered(braze.post("/users/track", TRACK)) == INVALID
    assert braze.post("/users/track", TRACK, key=braze.keys.rest_keys["eu"]).status == 201


def test_workspaces_share_nothing(make_braze: Callable[..., Any]) -> None:
    braze = make_braze(TWO)
    braze.post("/users/track", TRACK)
    found = braze.post("/users/export/ids", {"external_ids": ["ida-1001"]}, key=braze.keys.rest_keys["eu"])
    assert found.body["users"] == []
    body = {**braze.cohort_body(cohort_id="c", cohort_changes=[{"user_ids": ["ida-1001"]}])}
    body["client_secret"] = braze.keys.data_import_keys["eu"]
    assert braze.post("/partners/amplitude/cohorts/users", body, key="").status == 201
    assert [entry.outcome for entry in braze.entries("cohort_changed")] == ["dropped"]


def test_an_inactive_account_is_forbidden(braze: Any) -> None:
    braze.keys.switch_workspace("main", False)
    assert answered(braze.post("/users/track", TRACK)) == (403, {"message": "Forbidden"})


def test_a_partner_call_with_a_wrong_partner_key(braze: Any) -> None:
    for wrong in ("nope", "", 7):
        assert answered(braze.change(partner_api_key=wrong)) == (401, {"message": "Invalid Partner API key"})


@pytest.mark.parametrize("name", ["am%00plitude", "%20", "ampl%C3%A9", "a" * 101, "amplitude%0A", "a b"])
def test_a_name_that_no_partner_can_have_opens_nothing_with_any_key(braze: Any, name: str) -> None:
    assert (401, {"message": "Invalid Partner API key"}) == answered(braze.change(partner=name))


@pytest.mark.parametrize("name", ["amplitude", "Amplitude", "my_tool.2-x", "a" * 100])
def test_the_key_for_all_partners_opens_under_any_name_a_partner_can_have(braze: Any, name: str) -> None:
    assert 201 == braze.change(partner=name).status


def test_a_partner_call_with_a_wrong_client_secret(braze: Any) -> None:
    for wrong in ("nope", "", None):
        assert answered(braze.change(client_secret=wrong)) == (401, {"message": "Invalid client secret"})


def test_a_partner_call_without_any_key_is_unauthorized(braze: Any) -> None:
    answer = braze.post("/partners/amplitude/cohorts/users", {"cohort_id": "c", "cohort_changes": []}, key="")
    assert answered(answer) == (401, {"message": "Unauthorized access"})


def test_a_bearer_token_does_not_open_the_partner_endpoints(braze: Any) -> None:
    answer = braze.post("/partners/amplitude/cohorts/users", {"cohort_id": "c", "cohort_changes": []})
    assert answered(answer) == (401, {"message": "Unauthorized access"})


def test_a_partner_that_is_switched_off_is_told_so(braze: Any) -> None:
    braze.keys.switch_partner("main", "amplitude", False)
    secret = braze.keys.data_import_keys["main"]
    message = f"Partner not enabled for client with client secret: `{secret}`"
    assert answered(braze.change()) == (401, {"message": message})
    assert braze.change(partner="segment").status == 201
    braze.keys.switch_partner("main", "amplitude", True)
    assert braze.change().status == 201


def test_keys_are_looked_at_before_the_shape(braze: Any) -> None:
    body = {"partner_api_key": "nope", "client_secret": "nope", "cohort_id": 7, "cohort_changes": "x"}
    assert braze.post("/partners/amplitude/cohorts/users", body, key="").status == 401


def test_several_data_import_keys_are_valid_until_one_is_invalidated(braze: Any) -> None:
    old, new = (braze.keys.create_data_import_key("main", "amplitude") for _ in range(2))
    assert {braze.change(client_secret=key).status for key in (old, new)} == {201}
    assert braze.keys.invalidate_data_import_key(old)
    assert answered(braze.change(client_secret=old)) == (401, {"message": "Invalid client secret"})
    assert braze.change(client_secret=new).status == 201
    assert braze.keys.invalidate_data_import_key("never made") is False


def test_a_key_made_for_one_partner_is_refused_at_another(braze: Any) -> None:
    key = braze.keys.create_data_import_key("main", "Amplitude")
    assert braze.change(client_secret=key).status == 201
    assert answered(braze.change(client_secret=key, partner="segment")) == (401, {"message": "Invalid client secret"})


def test_a_credential_test_with_an_unnamed_cohort_and_no_changes(braze: Any) -> None:
    assert braze.change(cohort_id="never-named").status == 201
    assert braze.change(cohort_id="never-named", client_secret="bad").status == 401


def test_a_partner_key_of_its_own(make_braze: Callable[..., Any]) -> None:
    braze = make_braze(BrazeSettings(partner_api_keys={"segment": "segment-key"}))
    assert braze.change(partner="segment", partner_api_key="segment-key").status == 201
    assert braze.change(partner="mixpanel", partner_api_key="segment-key").status == 401


def test_given_keys_are_used_and_others_are_derived_from_the_seed(make_braze: Callable[..., Any]) -> None:
    given = make_braze(BrazeSettings((WorkspaceSettings(rest_key="r", data_import_key="d"),), partner_api_key="p"))
    assert given.keys.rest_keys == {"main": "r"}
    assert given.change(partner_api_key="p", client_secret="d").status == 201
    one, other = make_braze(), make_braze()
    assert one.keys.rest_keys == other.keys.rest_keys
    assert one.keys.rest_keys["main"] != one.keys.data_import_keys["main"]


def test_listed_keys_are_masked(braze: Any) -> None:
    (rest_key,) = braze.keys.listed_rest_keys("main")
    assert (rest_key.shown, rest_key.permissions) == (masked(braze.keys.rest_keys["main"]), frozenset())
    (data_import_key,) = braze.keys.listed_data_import_keys("main")
    assert (data_import_key.partner, data_import_key.shown) == ("*", masked(braze.keys.data_import_keys["main"]))
    stored = str(braze.database.rows("SELECT * FROM braze_rest_key"))
    assert braze.keys.rest_keys["main"] not in stored


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("path", ["/users/track", "/partners/amplitude/cohorts"])
def test_another_content_type_is_refused(braze: Any, path: str, content_type: str) -> None:
    answer = braze.post(path, TRACK, headers={"Content-Type": content_type})
    assert answered(answer) == (415, {"message": "Unsupported Media Type"})


def test_a_charset_beside_the_content_type_is_fine(braze: Any) -> None:
    answer = braze.post("/users/track", TRACK, headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.status == 201


@pytest.mark.parametrize("path", [path for path, _ in BODIES.values()])
@pytest.mark.parametrize("body", [b"", b"{", b'{"a": 1,}', b"{'a': 1}", b"// no\n{}", b"\xff"])
def test_a_body_that_is_not_json_is_a_400(braze: Any, path: str, body: bytes) -> None:
    answer = braze.post(path, body)
    assert answered(answer) == (
        400,
        {"message": "Bad Request", "error": "Error while parsing request body. Please check your syntax."},
    )


@pytest.mark.parametrize("path", [path for path, _ in BODIES.values()])
def test_a_json_body_that_is_no_object_is_a_400(braze: Any, path: str) -> None:
    assert braze.post(path, ["a"]).status == 400


@pytest.mark.parametrize(("over", "status"), [(-1, 201), (0, 201), (1, 413)])
def test_a_body_holds_four_megabytes(braze: Any, over: int, status: int) -> None:
    start, end = b'{"attributes": [{"external_id": "ida"}], "partner": "', b'"}'
    size = 4 * 1024 * 1024 + over
    answer = braze.post("/users/track", start + b"x" * (size - len(start) - len(end)) + end)
    assert answer.status == status


@pytest.mark.parametrize(("over", "status"), [(-1, 201), (0, 201), (1, 400)])
def test_a_bulk_body_holds_two_megabytes(braze: Any, over: int, status: int) -> None:
    start, end = b'{"attributes": [{"external_id": "ida"}], "partner": "', b'"}'
    size = 2 * 1024 * 1024 + over
    answer = braze.post("/users/track/bulk", start + b"x" * (size - len(start) - len(end)) + end)
    assert answer.status == status


@pytest.mark.parametrize("path", ["/users/track/", "/users/nowhere", "/partners/amplitude/cohorts/users/"])
def test_another_path_is_not_found(braze: Any, path: str) -> None:
    assert answered(braze.post(path, TRACK)) == (404, {"message": "Not Found"})


def test_unknown_headers_and_top_level_keys_are_tolerated(braze: Any) -> None:
    answer = braze.post("/users/track", {**TRACK, "partner": "acme"}, headers={"X-Braze-Batch": "true"})
    assert answer.status == 201


def test_an_unknown_workspace_or_cluster_is_refused_with_what_there_is(
    braze: Any, make_braze: Callable[..., Any]
) -> None:
    with pytest.raises(UnknownWorkspace, match="no workspace 'other'; there are main"):
        braze.keys.create_rest_key("other", "x")
    with pytest.raises(ValueError, match="no Braze cluster 'US-99'"):
        make_braze(BrazeSettings((WorkspaceSettings(cluster="US-99"),)))
