"""users/export/ids."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.users.export import EXPORTED_FIELDS


def export(braze: Any, **body: object) -> Any:
    return braze.post("/users/export/ids", body)


def test_found_users_are_shown_and_unknown_ids_listed(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    answer = export(braze, external_ids=["ida-1001", "noor"], fields_to_export=["external_id", "braze_id"])
    assert (answer.status, answer.body) == (
        201,
        {
            "message": "success",
            "users": [{"external_id": "ida-1001", "braze_id": ida.braze_id}],
            "invalid_user_ids": ["noor"],
        },
    )


def test_users_is_a_list_also_when_it_is_empty(braze: Any) -> None:
    assert export(braze, device_id="d-unknown").body == {"message": "success", "users": []}
    assert export(braze, external_ids=[]).body == {"message": "success", "users": []}


def test_anonymous_profiles_are_found_by_alias_device_and_braze_id(braze: Any) -> None:
    ben = braze.anonymous("d-ben-0001")
    braze.phone.add_alias("d-ben-0001", "crm", "ben-7")
    alias = {"alias_name": "ben-7", "alias_label": "crm"}
    for body in ({"user_aliases": [alias]}, {"device_id": "d-ben-0001"}, {"braze_id": ben.braze_id}):
        (user,) = export(braze, **body).body["users"]
        assert (user["braze_id"], user["user_aliases"]) == (ben.braze_id, [alias])


def test_a_device_finds_identified_users_too(braze: Any) -> None:
    braze.phone.log_in("d-ben-0001", "ben-1001")
    assert [user["external_id"] for user in export(braze, device_id="d-ben-0001").body["users"]] == ["ben-1001"]


def test_every_profile_that_shares_an_email_or_phone_is_shown(braze: Any) -> None:
    for external_id in ("a", "b"):
        braze.identified(external_id, email="Shared@Example.com", phone="+14155552671")
    for body in ({"email_address": "shared@EXAMPLE.com"}, {"phone": "+14155552671"}):
        assert {user["external_id"] for user in export(braze, **body).body["users"]} == {"a", "b"}
    assert braze.export("a")["email"] == "shared@example.com"


def test_null_and_empty_fields_are_left_out(braze: Any) -> None:
    braze.identified("ida-1001", first_name="Ida", last_name="")
    shown = braze.export("ida-1001")
    assert set(shown) == {"braze_id", "external_id", "created_at", "first_name", "random_bucket", "total_revenue"}
    assert shown["created_at"] == "2026-03-02T10:00:00.000Z"
    assert 0 <= shown["random_bucket"] <= 9999


def test_every_profile_field_has_its_place(braze: Any) -> None:
    sent = {
        "first_name": "Ida", "last_name": "Lund", "dob": "1990-12-31", "home_city": "Oslo", "country": "Norway",
        "language": "NO", "time_zone": "Europe/Oslo", "gender": "F", "phone": "+4740000000",
        "current_location": {"longitude": 10.7, "latitude": 59.9},
    }  # fmt: skip
    braze.identified("ida-1001", **sent)
    shown = braze.export("ida-1001")
    assert {name: shown[name] for name in sent if name not in ("country", "language", "current_location")} == {
        name: value for name, value in sent.items() if name not in ("country", "language", "current_location")
    }
    assert (shown["country"], shown["language"], shown["last_coordinates"]) == ("NO", "no", [10.7, 59.9])


def test_dialects_of_dates_and_coordinates_are_switches(braze: Any) -> None:
    braze.identified("ida-1001", current_location={"longitude": 10.7, "latitude": 59.9})
    braze.rules(export_created_at="utc_text", export_coordinates="latitude_first")
    shown = braze.export("ida-1001")
    assert (shown["created_at"], shown["last_coordinates"]) == ("2026-03-02 10:00:00.000 UTC", [59.9, 10.7])


def test_sessions_devices_and_tokens_are_shown(braze: Any) -> None:
    braze.phone.appear("d-ida-0001", details={"model": "Pixel 9", "os": "Android 16"})
    braze.phone.log_in("d-ida-0001", "ida-1001")
    braze.phone.start_session("d-ida-0001", app="shop", platform="android", version="1.2.0")
    braze.phone.register_push_token("d-ida-0001", "t-1", app="shop", platform="android")
    braze.phone.register_push_token("d-ida-0001", "t-2", provisionally_opted_in=True, notifications_enabled=False)
    shown = braze.export("ida-1001")
    assert shown["devices"] == [{"device_id": "d-ida-0001", "model": "Pixel 9", "os": "Android 16"}]
    assert shown["apps"] == [
        {
            "name": "shop",
            "platform": "android",
            "version": "1.2.0",
            "sessions": 1,
            "first_used": "2026-03-02T10:00:00.000Z",
            "last_used": "2026-03-02T10:00:00.000Z",
        }
    ]
    place = {"device_id": "d-ida-0001"}
    assert sorted(shown["push_tokens"], key=lambda each: str(each["token"])) == [
        {**place, "app": "shop", "platform": "android", "token": "t-1", "notifications_enabled": True,
         "provisionally_opted_in": False},
        {**place, "app": "app", "platform": "ios", "token": "t-2", "notifications_enabled": False,
         "provisionally_opted_in": True},
    ]  # fmt: skip


def test_what_an_install_is_due_to_and_its_end_are_shown(braze: Any) -> None:
    braze.phone.log_in("d-ida-0001", "ida-1001")
    attribution = {"source": "ads", "campaign": "spring", "adgroup": "mugs", "ad": "blue"}
    braze.phone.attribute_install("d-ida-0001", **attribution)
    braze.phone.locate("d-ida-0001", 18.1, 59.3)
    braze.phone.uninstall("d-ida-0001")
    shown = braze.export("ida-1001")
    assert {name: shown[f"attributed_{name}"] for name in attribution} == attribution
    assert (shown["last_coordinates"], shown["uninstalled_at"]) == ([18.1, 59.3], "2026-03-02T10:00:00.000Z")
    braze.phone.start_session("d-ida-0001")
    assert "uninstalled_at" not in braze.export("ida-1001")


def test_every_field_of_an_export_can_be_reached(braze: Any) -> None:
    """Those of messages are shown where messages are."""
    braze.phone.appear("d-ida-0001", details={"model": "Pixel 9"})
    braze.phone.log_in("d-ida-0001", "ida-1001")
    braze.phone.start_session("d-ida-0001")
    braze.phone.register_push_token("d-ida-0001", "t-1", app="shop")
    braze.phone.attribute_install("d-ida-0001", "ads", campaign="spring", adgroup="mugs", ad="blue")
    braze.phone.locate("d-ida-0001", 18.1, 59.3)
    braze.phone.uninstall("d-ida-0001")
    at = {"external_id": "ida-1001", "time": "2026-03-02T09:00:00Z"}
    profile = {
        "external_id": "ida-1001", "first_name": "Ida", "last_name": "Berg", "email": "ida@example.com",
        "phone": "+4670000001", "dob": "1990-12-31", "home_city": "Lund", "country": "SE", "language": "sv",
        "time_zone": "Europe/Stockholm", "gender": "F", "push_subscribe": "opted_in", "plan": "gold",
    }  # fmt: skip
    sent = {
        "attributes": [{**profile, "email_subscribe": state} for state in ("opted_in", "unsubscribed")],
        "events": [{**at, "name": "app_opened"}],
        "purchases": [{**at, "product_id": "mug", "currency": "SEK", "price": 99}],
    }
    assert braze.post("/users/track", sent).status == 201
    alias = {"external_id": "ida-1001", "alias_name": "7", "alias_label": "crm"}
    braze.post("/users/alias/new", {"user_aliases": [alias]})
    messages = {"campaigns_received", "canvases_received", "cards_clicked"}
    assert braze.export("ida-1001").keys() == EXPORTED_FIELDS - messages


def test_events_and_purchases_are_those_of_the_last_ninety_days(braze: Any) -> None:
    old, new = "2025-11-01T00:00:00Z", "2026-03-01T00:00:00Z"
    events = [{"external_id": "ida", "name": name, "time": at} for name, at in (("old", old), ("new", new))]
    braze.post("/users/track", {"events": events})
    assert [each["name"] for each in braze.export("ida")["custom_events"]] == ["new"]


def test_cohort_membership_is_in_no_export(braze: Any) -> None:
    braze.identified("ida-1001")
    before = braze.export("ida-1001")
    braze.change({"user_ids": ["ida-1001"]})
    assert braze.export("ida-1001") == before


def test_fields_can_be_chosen_and_by_switch_must_be(braze: Any) -> None:
    braze.identified("ida-1001")
    answer = export(braze, external_ids=["ida-1001"], fields_to_export=["external_id", "no_such_field"])
    assert answer.body["users"] == [{"external_id": "ida-1001"}]
    braze.rules(fields_to_export="required")
    answer = export(braze, external_ids=["ida-1001"])
    assert (answer.status, answer.body) == (400, {"message": "'fields_to_export' is required"})


def test_the_same_profile_is_shown_once(braze: Any) -> None:
    braze.identified("ida-1001")
    braze.post(
        "/users/alias/new", {"user_aliases": [{"external_id": "ida-1001", "alias_name": "7", "alias_label": "crm"}]}
    )
    alias = {"alias_name": "7", "alias_label": "crm"}
    assert len(export(braze, external_ids=["ida-1001"] * 2, user_aliases=[alias]).body["users"]) == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"device_id": "d-ben-0001", "email_address": "ida@example.com"}, ["d-ben-0001"]),
        ({"external_ids": ["ida-1001"], "device_id": "d-ben-0001"}, ["ida-1001"]),
        ({"external_ids": ["nobody"], "device_id": "d-ben-0001"}, []),
    ],
)
def test_by_switch_the_first_of_several_ways_to_look_up_is_used(
    braze: Any, asked: dict[str, object], found: list[str]
) -> None:
    braze.rules(export_lookups="first")
    braze.identified("ida-1001", email="ida@example.com")
    braze.anonymous("d-ben-0001")
    users = export(braze, **asked).body["users"]
    assert [user.get("external_id") or user["devices"][0]["device_id"] for user in users] == found


def test_an_empty_list_of_fields_counts_as_none(braze: Any) -> None:
    braze.identified("ida-1001", first_name="Ida")
    assert export(braze, external_ids=["ida-1001"], fields_to_export=[]).body["users"][0]["first_name"] == "Ida"
    braze.rules(fields_to_export="required")
    assert export(braze, external_ids=["ida-1001"], fields_to_export=[]).status == 400


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_ids_and_aliases_are_taken(braze: Any, count: int, status: int) -> None:
    aliases = [{"alias_name": str(n), "alias_label": "crm"} for n in range(10)]
    answer = export(braze, external_ids=[f"u{n}" for n in range(count - 10)], user_aliases=aliases)
    assert answer.status == status
    if status == 400:
        assert answer.body == {"message": "The max number of external_ids and aliases per request was exceeded"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"external_ids": "ida"},
        {"external_ids": [7.5]},
        {"user_aliases": ["x"]},
        {"user_aliases": {}, "external_ids": ["a"]},
        {"device_id": 7},
        {"device_id": "d", "braze_id": "b"},
        {"external_ids": ["a"], "email_address": "a@example.com"},
        {"external_ids": ["a"], "fields_to_export": "email"},
    ],
)
def test_a_request_of_a_wrong_shape_is_refused(braze: Any, body: dict[str, object]) -> None:
    assert export(braze, **body).status == 400
