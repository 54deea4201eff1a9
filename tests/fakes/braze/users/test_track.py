"""users/track, track/bulk and track/sync as callers see them."""

from __future__ import annotations

from typing import Any

import pytest

AT = "2026-03-02T09:00:00Z"
NOTHING_VALID = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
NO_IDENTIFIER = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
TRACKS = ["/users/track", "/users/track/bulk"]


def event(external_id: str = "ida-1001", **more: object) -> dict[str, object]:
    return {"external_id": external_id, "name": "app_opened", "time": AT, **more}


def purchase(external_id: str = "ida-1001", **more: object) -> dict[str, object]:
    return {"external_id": external_id, "product_id": "mug", "currency": "EUR", "price": 12.5, "time": AT, **more}


@pytest.mark.parametrize("path", TRACKS)
def test_attributes_events_and_purchases_are_accepted_and_counted(braze: Any, path: str) -> None:
    body = {
        "attributes": [{"external_id": "ida-1001", "plan": "gold"}],
        "events": [event()] * 2,
        "purchases": [purchase()],
    }
    answer = braze.post(path, body)
    assert (answer.status, answer.body) == (
        201,
        {"message": "success", "attributes_processed": 1, "events_processed": 2, "purchases_processed": 1},
    )
    shown = braze.export("ida-1001")
    assert shown["custom_attributes"] == {"plan": "gold"}
    assert [(each["name"], each["count"]) for each in shown["custom_events"]] == [("app_opened", 2)]
    assert shown["total_revenue"] == 12.5


def test_counters_appear_only_for_arrays_of_which_something_was_taken(braze: Any) -> None:
    sent = {"events": [event()], "attributes": [], "purchases": None}
    assert braze.post("/users/track", sent).body == {"message": "success", "events_processed": 1}


@pytest.mark.parametrize("path", [*TRACKS, "/users/track/sync"])
@pytest.mark.parametrize(
    "body", [{}, {"attributes": []}, {"attributes": None}, {"attributes": {}}, {"events": "x"}, {"partner": "acme"}]
)
def test_a_request_without_any_object_is_refused(braze: Any, path: str, body: object) -> None:
    answer = braze.post(path, body)
    assert (answer.status, answer.body["message"]) == (400, NOTHING_VALID)


@pytest.mark.parametrize("path", TRACKS)
def test_good_objects_are_applied_and_bad_ones_listed_by_array_and_index(braze: Any, path: str) -> None:
    """TRACK-1."""
    body = {
        "attributes": [{"first_name": "Nobody"}, {"external_id": "ida-1001", "first_name": "Ida"}],
        "events": [event(), {"name": "app_opened", "time": AT}],
        "purchases": [purchase(quantity=0)],
    }
    answer = braze.post(path, body)
    assert answer.status == 201
    assert answer.body == {
        "message": "success",
        "attributes_processed": 1,
        "events_processed": 1,
        "errors": [
            {"type": NO_IDENTIFIER, "input_array": "attributes", "index": 0},
            {"type": NO_IDENTIFIER, "input_array": "events", "index": 1},
            {"type": "'quantity' is not valid", "input_array": "purchases", "index": 0},
        ],
    }
    assert braze.export("ida-1001")["first_name"] == "Ida"


@pytest.mark.parametrize("path", [*TRACKS, "/users/track/sync"])
def test_all_bad_is_a_400_with_the_errors(braze: Any, path: str) -> None:
    """TRACK-1."""
    answer = braze.post(path, {"purchases": [purchase(price="dear")]})
    assert (answer.status, answer.body) == (
        400,
        {
            "message": NOTHING_VALID,
            "errors": [{"type": "'price' is not valid", "input_array": "purchases", "index": 0}],
        },
    )


def test_error_types_are_codes_when_the_switch_says_so(braze: Any) -> None:
    braze.rules(error_type="code")
    answer = braze.post("/users/track", {"attributes": [{"external_id": "ida", "email": "no"}, {"x": 1}]})
    assert [each["type"] for each in answer.body["errors"]] == ["EMAIL_BAD_FORMAT", NO_IDENTIFIER]


@pytest.mark.parametrize(("count", "status"), [(74, 201), (75, 201), (76, 400)])
def test_seventy_five_objects_are_taken_in_all(braze: Any, count: int, status: int) -> None:
    """TRACK-2."""
    third = count // 3
    body = {
        "attributes": [{"external_id": f"u{n}"} for n in range(count - 2 * third)],
        "events": [event()] * third,
        "purchases": [purchase()] * third,
    }
    answer = braze.post("/users/track", body)
    assert answer.status == status
    if status == 400:
        assert answer.body == {"message": "Max Input Length Exceeded"}


@pytest.mark.parametrize(("count", "status"), [(74, 201), (75, 201), (76, 400)])
def test_by_switch_seventy_five_are_taken_per_array(braze: Any, count: int, status: int) -> None:
    braze.rules(track_limit="per_array")
    body = {"attributes": [{"external_id": "ida"}] * 75, "events": [event()] * count, "purchases": [purchase()] * 75}
    assert braze.post("/users/track", body).status == status


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_by_switch_fifty_objects_are_taken_in_all(braze: Any, count: int, status: int) -> None:
    braze.rules(track_limit="total_50")
    body = {"attributes": [{"external_id": "ida"}] * (count - 25), "events": [event()] * 25}
    assert braze.post("/users/track", body).status == status


@pytest.mark.parametrize(("count", "status"), [(999, 201), (1000, 201), (1001, 400)])
def test_a_bulk_request_takes_a_thousand_objects(braze: Any, count: int, status: int) -> None:
    body = {"attributes": [{"external_id": f"u{n % 500}"} for n in range(count)]}
    assert braze.post("/users/track/bulk", body).status == status


@pytest.mark.parametrize(("count", "status"), [(99, 201), (100, 201), (101, 400)])
def test_a_bulk_request_takes_a_hundred_objects_for_one_user(braze: Any, count: int, status: int) -> None:
    body = {"attributes": [{"external_id": "ida"}] * 50, "events": [event("ida")] * (count - 50)}
    assert braze.post("/users/track/bulk", body).status == status


# -- whom an object means


def test_two_primary_identifiers_reject_the_object(braze: Any) -> None:
    alias = {"alias_name": "7", "alias_label": "crm"}
    body = {"attributes": [{"external_id": "ida", "user_alias": alias}, {"external_id": "ida", "braze_id": "0" * 24}]}
    assert braze.post("/users/track", body).status == 400
    assert braze.store.profiles.count("main") == 0


@pytest.mark.parametrize(
    ("update_only", "there"), [({}, 1), ({"_update_existing_only": False}, 1), ({"_update_existing_only": True}, 0)]
)
def test_an_unknown_external_id_is_created_unless_update_only(
    braze: Any, update_only: dict[str, bool], there: int
) -> None:
    answer = braze.post("/users/track", {"attributes": [{"external_id": "ida", "plan": "gold", **update_only}]})
    assert (answer.status, answer.body) == (201, {"message": "success", "attributes_processed": 1})
    assert braze.store.profiles.count("main") == there


@pytest.mark.parametrize("array", ["attributes", "events", "purchases"])
@pytest.mark.parametrize("named", [{"email": "kim@example.com"}, {"phone": "+14155552671"}])
@pytest.mark.parametrize(
    ("update_only", "there"), [({}, 1), ({"_update_existing_only": False}, 1), ({"_update_existing_only": True}, 0)]
)
def test_an_unknown_email_or_phone_is_created_unless_update_only(
    braze: Any, array: str, named: dict[str, object], update_only: dict[str, bool], there: int
) -> None:
    shapes: dict[str, dict[str, object]] = {"attributes": {"plan": "gold"}, "events": event(), "purchases": purchase()}
    sent = {key: value for key, value in shapes[array].items() if key != "external_id"}
    assert braze.post("/users/track", {array: [{**sent, **named, **update_only}]}).status == 201
    assert braze.store.profiles.count("main") == there


@pytest.mark.parametrize("array", ["attributes", "events", "purchases"])
@pytest.mark.parametrize(
    ("update_only", "there"), [({}, 0), ({"_update_existing_only": False}, 1), ({"_update_existing_only": True}, 0)]
)
def test_an_unknown_alias_is_created_only_when_update_only_is_off(
    braze: Any, array: str, update_only: dict[str, bool], there: int
) -> None:
    shapes: dict[str, dict[str, object]] = {"attributes": {"plan": "gold"}, "events": event(), "purchases": purchase()}
    sent = {key: value for key, value in shapes[array].items() if key != "external_id"}
    sent = {**sent, "user_alias": {"alias_name": "kim-7", "alias_label": "crm"}, **update_only}
    assert braze.post("/users/track", {array: [sent]}).status == 201
    assert braze.store.profiles.count("main") == there


def test_by_switch_an_event_never_creates_an_alias_only_profile(braze: Any) -> None:
    braze.rules(alias_in_events="update_only")
    alias = {"alias_name": "kim-7", "alias_label": "crm"}
    sent = {"user_alias": alias, "name": "x", "time": AT, "_update_existing_only": False}
    braze.post("/users/track", {"events": [sent]})
    assert braze.store.profiles.count("main") == 0


def test_an_unknown_braze_id_creates_nobody_and_is_no_error(braze: Any) -> None:
    answer = braze.post("/users/track", {"attributes": [{"braze_id": "5fbd99bac125ca40511f2cb1", "plan": "gold"}]})
    assert (answer.status, answer.body) == (201, {"message": "success", "attributes_processed": 1})
    assert braze.store.profiles.count("main") == 0


def test_a_braze_id_reaches_its_profile(braze: Any) -> None:
    ben = braze.anonymous("d-ben-0001")
    braze.post("/users/track", {"attributes": [{"braze_id": ben.braze_id, "plan": "gold"}]})
    assert braze.store.profiles.by_row(ben.row).custom == {"plan": "gold"}


def test_an_email_alone_creates_an_email_only_profile_once(braze: Any) -> None:
    for _ in range(2):
        braze.post("/users/track", {"attributes": [{"email": "Kim@Example.com", "plan": "gold"}]})
    (kim,) = braze.store.profiles.by_email("main", "kim@example.com")
    assert (kim.external_id, kim.email, kim.custom) == (None, "kim@example.com", {"plan": "gold"})


def test_a_phone_alone_creates_a_phone_only_profile_and_must_be_a_number(braze: Any) -> None:
    braze.post("/users/track", {"attributes": [{"phone": "+14155552671"}]})
    assert len(braze.store.profiles.by_phone("main", "+14155552671")) == 1
    assert braze.post("/users/track", {"attributes": [{"phone": "call me"}]}).status == 400


def test_an_email_of_several_means_the_most_recent_one_with_an_external_id(braze: Any) -> None:
    for external_id in ("old", "new"):
        braze.identified(external_id, email="shared@example.com")
        braze.clock.move_to(braze.clock.now + 1_000)
    braze.post("/users/alias/new", {"user_aliases": [{"alias_name": "7", "alias_label": "crm"}]})
    alias = {"alias_name": "7", "alias_label": "crm"}
    braze.post("/users/track", {"attributes": [{"user_alias": alias, "email": "shared@example.com"}]})
    braze.post("/users/track", {"attributes": [{"email": "shared@example.com", "plan": "gold"}]})
    assert [braze.user(name).custom for name in ("old", "new")] == [{}, {"plan": "gold"}]


def test_of_several_that_changed_at_one_instant_the_later_one_is_meant(braze: Any) -> None:
    for external_id in ("old", "new"):
        braze.identified(external_id, email="shared@example.com")
    braze.post("/users/track", {"attributes": [{"email": "shared@example.com", "plan": "gold"}]})
    assert [braze.user(name).custom for name in ("old", "new")] == [{}, {"plan": "gold"}]


def test_an_unknown_external_id_with_a_known_email_is_a_second_profile(braze: Any) -> None:
    braze.identified("ida-1001", email="ida@example.com")
    braze.identified("ida-2002", email="ida@example.com")
    assert len(braze.store.profiles.by_email("main", "ida@example.com")) == 2


def test_a_blocked_external_id_is_refused_in_braze_s_words(braze: Any) -> None:
    braze.store.identifiers.block("main", "null")
    answer = braze.post("/users/track", {"attributes": [{"external_id": "null"}, {"external_id": "ida"}]})
    assert answer.body["errors"] == [
        {"type": "provided external_id is blacklisted and disallowed", "input_array": "attributes", "index": 0}
    ]


@pytest.mark.parametrize(("size", "status"), [(986, 201), (987, 201), (988, 400)])
def test_an_external_id_is_fewer_than_988_bytes(braze: Any, size: int, status: int) -> None:
    answer = braze.post("/users/track", {"attributes": [{"external_id": "x" * size}]})
    assert answer.status == status
    if status == 400:
        assert answer.body["errors"][0]["type"] == "'external_id' must be fewer than 988 bytes"


def test_a_push_token_import_makes_a_temporary_profile_per_new_token(braze: Any) -> None:
    tokens = [{"app_id": "shop", "token": "t-1"}, {"app_id": "shop", "token": "t-2", "device_id": "d-00000001"}]
    for _ in range(2):
        answer = braze.post("/users/track", {"attributes": [{"push_token_import": True, "push_tokens": tokens}]})
        assert answer.status == 201
    assert braze.store.profiles.count("main") == 2


# -- attributes


def test_types_survive_the_round_trip(braze: Any) -> None:
    sent = {
        "n": 7,
        "x": 1.5,
        "yes": True,
        "list": ["a", 2, False],
        "pet": {"name": "Rex", "tags": ["x"]},
        "cars": [{"id": 1}],
        "born": "1990-12-31",
    }
    braze.identified("ida-1001", **sent)
    assert braze.export("ida-1001")["custom_attributes"] == sent


def test_inc_add_remove_and_null_show_on_read_back(braze: Any) -> None:
    braze.identified("ida-1001", visits=5, colors=["red"], gone="soon", cars=[{"id": 1}])
    braze.identified("ida-1001", visits={"inc": 2}, colors={"add": ["blue"]}, gone=None, cars={"$add": [{"id": 2}]})
    assert braze.export("ida-1001")["custom_attributes"] == {
        "visits": 7,
        "colors": ["red", "blue"],
        "cars": [{"id": 1}, {"id": 2}],
    }


def test_an_array_holds_as_many_values_as_the_switch_says(braze: Any) -> None:
    for maximum, kept in (("500", 500), ("25", 25)):
        braze.rules(array_maximum=maximum)
        braze.identified("ida-1001", list=list(range(501)))
        assert braze.user("ida-1001").custom["list"] == list(range(501 - kept, 501))


def test_subscription_groups_also_change_others_with_the_same_email(braze: Any) -> None:
    for external_id in ("ida", "twin"):
        braze.identified(external_id, email="shared@example.com")
    braze.service.audience.create_subscription_group("News", group_id="g-1")
    group = {"subscription_group_id": "g-1", "subscription_state": "subscribed"}
    braze.identified("ida", subscription_groups=[group])
    states = [braze.store.activity.group_states(braze.user(name).row) for name in ("ida", "twin")]
    assert states == [{"g-1": "subscribed"}] * 2


def test_a_subscription_group_that_nobody_made_spoils_its_object(braze: Any) -> None:
    """TRACK-1."""
    braze.service.audience.create_subscription_group("News", group_id="g-1")
    states = [{"subscription_group_id": name, "subscription_state": "subscribed"} for name in ("g-1", "g-2")]
    sent = [
        {"external_id": "ida", "subscription_groups": states},
        {"external_id": "ben", "subscription_groups": states[:1]},
    ]
    answer = braze.post("/users/track", {"attributes": sent})
    unknown = "'subscription_group_id' does not belong to a subscription group"
    assert answer.body == {
        "message": "success",
        "attributes_processed": 1,
        "errors": [{"type": unknown, "input_array": "attributes", "index": 0}],
    }
    braze.rules(error_type="code")
    (error,) = braze.post("/users/track", {"attributes": sent}).body["errors"]
    assert error["type"] == "BAD_SUBSCRIPTION_GROUP_ID"


def test_by_switch_a_subscription_group_that_nobody_made_is_taken(braze: Any) -> None:
    braze.rules(unknown_subscription_group="accept")
    braze.identified("ida", subscription_groups=[{"subscription_group_id": "g", "subscription_state": "unsubscribed"}])
    assert braze.store.activity.group_states(braze.user("ida").row) == {"g": "unsubscribed"}


def test_a_subscription_state_notes_when_it_was_reached(braze: Any) -> None:
    braze.identified("ida", push_subscribe="opted_in", email_subscribe="unsubscribed")
    shown = braze.export("ida")
    assert (shown["push_subscribe"], shown["push_opted_in_at"]) == ("opted_in", "2026-03-02T10:00:00.000Z")
    assert shown["email_unsubscribed_at"] == "2026-03-02T10:00:00.000Z"


def test_a_push_token_gets_a_device_id_when_it_has_none(braze: Any) -> None:
    braze.identified("ida", push_tokens=[{"app_id": "shop", "token": "t-1"}])
    (token,) = braze.export("ida")["push_tokens"]
    assert (token["app"], token["token"]) == ("shop", "t-1")
    assert token["device_id"]


# -- events and purchases


def test_an_event_in_the_future_happens_now_and_duplicates_count(braze: Any) -> None:
    braze.post("/users/track", {"events": [event(time="2030-01-01T00:00:00Z"), event(time="2030-01-01T00:00:00Z")]})
    (total,) = braze.store.activity.event_totals(braze.user("ida-1001").row)
    assert (total.last, total.times) == (braze.clock.now, 2)


def test_a_quantity_counts_as_that_many_purchases(braze: Any) -> None:
    braze.post("/users/track", {"purchases": [purchase(quantity=3)]})
    shown = braze.export("ida-1001")
    assert (shown["purchases"][0]["count"], shown["total_revenue"]) == (3, 37.5)


# -- data points and the ledger


def test_data_points_are_logged_by_cause(braze: Any) -> None:
    body = {
        "attributes": [{"external_id": "ida", "plan": "gold", "first_name": "Ida", "email_subscribe": "opted_in"}],
        "events": [event("ida")],
        "purchases": [purchase("ida", quantity=2)],
    }
    braze.post("/users/track", body)
    assert braze.store.points.by("main", "cause") == {"attribute": 2, "event": 1, "purchase": 2}
    assert braze.store.points.of_profile(braze.user("ida").row) == 5
    (page,) = braze.ledger.pages(events=["users_tracked"])
    assert page.detail["data_points"] == 5


def test_the_ledger_tells_creation_update_and_what_was_ignored(braze: Any) -> None:
    sent = [{"external_id": "ida", "plan": "gold"}, {"external_id": "ida"}, {"braze_id": "0" * 24}]
    braze.post("/users/track", {"attributes": sent})
    assert [entry.outcome for entry in braze.entries("users_tracked")] == ["created", "updated", "ignored"]
    assert [entry.rules for entry in braze.entries("profile_created")] == [("CREATE-2",)]


def test_objects_for_one_user_in_one_request_build_on_each_other(braze: Any) -> None:
    attributes = [{"external_id": "ida", "visits": 1}, {"external_id": "ida", "visits": {"inc": 1}}]
    braze.post("/users/track", {"attributes": attributes})
    assert braze.user("ida").custom == {"visits": 2}


# -- visibility


def test_a_delayed_write_is_accepted_now_and_shows_later(braze: Any) -> None:
    braze.rules(write_visibility="export_lag")
    assert braze.post("/users/track", {"attributes": [{"external_id": "ida"}]}).status == 201
    assert braze.post("/users/export/ids", {"external_ids": ["ida"]}).body["users"] == []
    due = braze.service.room.writes.next_due()
    assert 2_000 <= due - braze.clock.now <= 4_000
    assert braze.service.room.writes.unfinished()
    braze.clock.move_to(due)
    braze.service.room.writes.run_due(due)
    assert braze.export("ida")["external_id"] == "ida"


# -- track/sync


def test_sync_answers_with_the_attributes_that_were_named(braze: Any) -> None:
    braze.identified("ida", plan="gold", other=1)
    braze.rules(write_visibility="export_lag")
    answer = braze.post(
        "/users/track/sync", {"attributes": [{"external_id": "ida", "visits": {"inc": 1}, "long": "x" * 256}]}
    )
    assert (answer.status, answer.body) == (
        201,
        {"message": "success", "users": [{"external_id": "ida", "custom_attributes": {"visits": 1}}]},
    )


def test_sync_answers_with_totals_of_the_event_or_purchase(braze: Any) -> None:
    shown = {"first": "2026-03-02T09:00:00.000Z", "last": "2026-03-02T09:00:00.000Z", "count": 1}
    one = braze.post("/users/track/sync", {"events": [event()]})
    assert one.body["users"] == [{"external_id": "ida-1001", "custom_events": [{"name": "app_opened", **shown}]}]
    two = braze.post("/users/track/sync", {"purchases": [purchase()]})
    assert two.body["users"] == [{"external_id": "ida-1001", "purchase_events": [{"product_id": "mug", **shown}]}]


def test_sync_in_update_only_mode_may_find_nobody(braze: Any) -> None:
    sent = {"external_id": "noor", "plan": "gold", "_update_existing_only": True}
    assert braze.post("/users/track/sync", {"attributes": [sent]}).body == {"message": "success", "users": []}


def test_sync_takes_one_object(braze: Any) -> None:
    answer = braze.post("/users/track/sync", {"attributes": [{"external_id": "ida"}], "events": [event()]})
    assert (answer.status, answer.body) == (400, {"message": "Max Input Length Exceeded"})


# -- whole numbers as ids


def test_a_whole_number_as_an_id_is_taken_for_its_digits(braze: Any) -> None:
    """Recorded answers to public clients count such objects as processed."""
    sent = {"attributes": [{"external_id": 1001, "plan": "gold"}], "purchases": [purchase(product_id=7)]}
    sent["purchases"][0]["external_id"] = 1001
    assert "errors" not in braze.post("/users/track", sent).body
    shown = braze.export("1001")
    assert (shown["external_id"], shown["purchases"][0]["name"]) == ("1001", "7")
    braze.store.identifiers.block("main", "1001")
    assert braze.post("/users/track", sent).status == 400


def test_sync_answers_with_the_digits(braze: Any) -> None:
    users = braze.post("/users/track/sync", {"attributes": [{"external_id": 1001, "plan": "gold"}]}).body["users"]
    assert users == [{"external_id": "1001", "custom_attributes": {"plan": "gold"}}]


def test_identify_delete_and_export_take_whole_numbers(braze: Any) -> None:
    alias = {"alias_name": "7", "alias_label": "crm"}
    braze.post("/users/alias/new", {"user_aliases": [alias]})
    braze.post("/users/identify", {"aliases_to_identify": [{"external_id": 1001, "user_alias": alias}]})
    exported = braze.post("/users/export/ids", {"external_ids": [1001, 2002]}).body
    assert ([user["external_id"] for user in exported["users"]], exported["invalid_user_ids"]) == (["1001"], ["2002"])
    assert braze.post("/users/delete", {"external_ids": [1001]}).body["deleted"] == 1
    assert braze.store.profiles.count("main") == 0


@pytest.mark.parametrize("wrong", [True, 1001.0, [1001], {"id": 1}])
def test_other_values_are_no_ids(braze: Any, wrong: object) -> None:
    assert braze.post("/users/track", {"attributes": [{"external_id": wrong, "plan": "gold"}]}).status == 400
