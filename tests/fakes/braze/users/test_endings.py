"""users/merge and users/delete."""

from __future__ import annotations

from typing import Any

import pytest

AT = "2026-03-02T09:00:00Z"
WRONG_IDENTIFIERS = (
    "identifiers must be objects with an 'external_id' property that is a string, 'user_alias' property that is an "
    "object, 'email' property that is a string, or 'phone' property that is a string"
)


def merge(braze: Any, source: object, target: object) -> Any:
    return braze.post(
        "/users/merge", {"merge_updates": [{"identifier_to_merge": source, "identifier_to_keep": target}]}
    )


def test_values_of_the_kept_profile_win_and_blanks_are_filled(braze: Any) -> None:
    braze.identified("old", first_name="Old", last_name="Olsen", home_city="Oslo", plan="silver", pet="cat")
    braze.identified("new", first_name="New", plan="gold")
    answer = merge(braze, {"external_id": "old"}, {"external_id": "new"})
    assert (answer.status, answer.body) == (202, {"message": "success"})
    shown = braze.export("new")
    assert (shown["first_name"], shown["last_name"], shown["home_city"]) == ("New", "Olsen", "Oslo")
    assert shown["custom_attributes"] == {"plan": "gold", "pet": "cat"}
    assert braze.store.profiles.by_external_id("main", "old") is None


@pytest.mark.parametrize("percent", [0, 100])
def test_people_of_the_global_control_group_are_not_merged(braze: Any, percent: int) -> None:
    for external_id in ("old", "new"):
        braze.identified(external_id)
    braze.service.audience.control_group.set("main", percent)
    answer = merge(braze, {"external_id": "old"}, {"external_id": "new"})
    assert (answer.status, answer.body) == (202, {"message": "success"})
    assert braze.store.profiles.count("main") == (2 if percent else 1)


def test_somebody_who_is_marked_for_deletion_is_not_merged(braze: Any) -> None:
    for external_id in ("old", "new"):
        braze.identified(external_id, plan=external_id)
    braze.rules(write_visibility="export_lag")
    braze.post("/users/delete", {"external_ids": ["old"]})
    braze.rules(write_visibility="at_once")
    merge(braze, {"external_id": "old"}, {"external_id": "new"})
    assert [braze.user(name).custom for name in ("old", "new")] == [{"plan": "old"}, {"plan": "new"}]
    braze.service.room.writes.run_due(braze.clock.now + 60_000)
    assert braze.store.profiles.by_external_id("main", "old") is None


def test_counts_are_summed_and_the_earlier_first_wins(braze: Any) -> None:
    for external_id, at in (("old", "2026-02-01T00:00:00Z"), ("new", AT)):
        event = {"external_id": external_id, "name": "x", "time": at}
        braze.post(
            "/users/track",
            {"events": [event], "purchases": [{**event, "product_id": "mug", "currency": "EUR", "price": 2}]},
        )
    merge(braze, {"external_id": "old"}, {"external_id": "new"})
    shown = braze.export("new")
    assert shown["custom_events"] == [
        {"name": "x", "first": "2026-02-01T00:00:00.000Z", "last": "2026-03-02T09:00:00.000Z", "count": 2}
    ]
    assert (shown["purchases"][0]["count"], shown["total_revenue"]) == (2, 4)


def test_aliases_and_devices_go_over_and_on_an_equal_label_the_target_s_stays(braze: Any) -> None:
    braze.identified("old")
    braze.identified("new")
    pairs = [("old", "crm", "o"), ("old", "shop", "s"), ("new", "crm", "n")]
    aliases = [{"external_id": who, "alias_label": label, "alias_name": name} for who, label, name in pairs]
    braze.post("/users/alias/new", {"user_aliases": aliases})
    braze.phone.appear("d-other")
    merge(braze, {"external_id": "old"}, {"external_id": "new"})
    shown = braze.export("new")
    assert {(each["alias_label"], each["alias_name"]) for each in shown["user_aliases"]} == {
        ("crm", "n"),
        ("shop", "s"),
    }


@pytest.mark.parametrize(("switch", "members"), [("lost", []), ("carried", ["new"])])
def test_cohort_membership_is_in_no_list_so_a_switch_decides(braze: Any, switch: str, members: list[str]) -> None:
    braze.rules(membership_on_merge=switch)
    braze.identified("old")
    braze.identified("new")
    braze.change({"user_ids": ["old"]})
    merge(braze, {"external_id": "old"}, {"external_id": "new"})
    assert braze.members() == members


def test_users_can_be_named_by_alias_email_and_phone(braze: Any) -> None:
    braze.identified("new", email="new@example.com", phone="+14155552671")
    braze.identified("second", phone="+14155550000")
    braze.post("/users/alias/new", {"user_aliases": [{"alias_name": "7", "alias_label": "crm"}]})
    merge(braze, {"user_alias": {"alias_name": "7", "alias_label": "crm"}}, {"email": "new@example.com"})
    merge(braze, {"phone": "+14155550000", "prioritization": ["identified"]}, {"phone": "+14155552671"})
    assert braze.store.profiles.count("main") == 1


def test_an_ambiguous_unknown_or_same_user_is_left_as_is(braze: Any) -> None:
    for external_id in ("a", "b"):
        braze.identified(external_id, email="shared@example.com")
    for source in ({"email": "shared@example.com"}, {"external_id": "noor"}, {"external_id": "a"}):
        assert merge(braze, source, {"external_id": "a"}).status == 202
    assert braze.store.profiles.count("main") == 2
    merge(
        braze,
        {"email": "shared@example.com", "prioritization": ["identified", "most_recently_updated"]},
        {"external_id": "a"},
    )
    assert braze.store.profiles.by_external_id("main", "b") is None


def test_two_profiles_with_invalid_phones_are_skipped(braze: Any) -> None:
    braze.identified("a", phone="home")
    braze.identified("b", phone="work")
    assert merge(braze, {"external_id": "a"}, {"external_id": "b"}).status == 202
    assert braze.store.profiles.count("main") == 2


@pytest.mark.parametrize("updates", [None, {}, "x", ["x"], [[]]])
def test_merge_updates_must_be_objects(braze: Any, updates: object) -> None:
    answer = braze.post("/users/merge", {"merge_updates": updates})
    assert (answer.status, answer.body) == (400, {"message": "'merge_updates' must be an array of objects"})


@pytest.mark.parametrize("update", [{}, {"identifier_to_merge": {"external_id": "a"}}])
def test_a_merge_update_has_two_keys(braze: Any, update: dict[str, object]) -> None:
    answer = braze.post("/users/merge", {"merge_updates": [update]})
    message = "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"
    assert (answer.status, answer.body) == (400, {"message": message})


def test_a_merge_update_has_no_third_key(braze: Any) -> None:
    update = {"identifier_to_merge": {"external_id": "a"}, "identifier_to_keep": {"external_id": "b"}, "x": 1}
    assert braze.post("/users/merge", {"merge_updates": [update]}).status == 400


@pytest.mark.parametrize(
    "identifier",
    [
        7,
        "a",
        {},
        {"external_id": 7},
        {"user_alias": "x"},
        {"email": None},
        {"braze_id": "x"},
        {"external_id": "a", "email": "b"},
    ],
)
def test_a_merge_identifier_of_a_wrong_shape_is_refused(braze: Any, identifier: object) -> None:
    answer = merge(braze, identifier, {"external_id": "b"})
    assert (answer.status, answer.body) == (400, {"message": WRONG_IDENTIFIERS})


@pytest.mark.parametrize("order", [["best"], [], None, "identified", ["identified", "unidentified"]])
def test_a_merge_with_a_bad_prioritization_is_refused(braze: Any, order: object) -> None:
    answer = merge(braze, {"email": "a@example.com", "prioritization": order}, {"external_id": "b"})

    assert 400 == answer.status
    assert "'prioritization' " in answer.body["message"]


@pytest.mark.parametrize("order", [["best"], [], None, "identified", ["identified", "unidentified"]])
def test_a_deletion_with_a_bad_prioritization_is_refused(braze: Any, order: object) -> None:
    braze.identified("ida-1001", email="ida@example.com", phone="+14155552671")

    for name, key, value in (
        ("email_addresses", "email", "ida@example.com"),
        ("phone_numbers", "phone", "+14155552671"),
    ):
        assert 400 == braze.post("/users/delete", {name: [{key: value, "prioritization": order}]}).status
    assert 1 == braze.store.profiles.count("main")


@pytest.mark.parametrize(("count", "status"), [(49, 202), (50, 202), (51, 400)])
def test_fifty_merges_are_taken(braze: Any, count: int, status: int) -> None:
    update = {"identifier_to_merge": {"external_id": "a"}, "identifier_to_keep": {"external_id": "b"}}
    answer = braze.post("/users/merge", {"merge_updates": [update] * count})
    assert answer.status == status
    if status == 400:
        assert answer.body == {"message": "a single request may not contain more than 50 merge updates"}


def test_a_merge_is_told_for_both_profiles(braze: Any) -> None:
    old, new = braze.identified("old"), braze.identified("new")
    merge(braze, {"external_id": "old"}, {"external_id": "new"})
    told = [(entry.profile, entry.outcome, entry.rules) for entry in braze.entries("profile_merged")]
    assert told == [(old.braze_id, "merged_away", ("LIFE-3",)), (new.braze_id, "merged_into", ("LIFE-3",))]


# -- delete


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("external_ids", "ida-1001"),
        ("user_aliases", {"alias_name": "7", "alias_label": "crm"}),
        ("email_addresses", {"email": "ida@example.com", "prioritization": ["identified"]}),
        ("phone_numbers", {"phone": "+14155552671"}),
    ],
)
def test_a_user_is_deleted_by_any_kind_of_identifier(braze: Any, name: str, wanted: object) -> None:
    braze.identified("ida-1001", email="ida@example.com", phone="+14155552671")
    alias = {"external_id": "ida-1001", "alias_name": "7", "alias_label": "crm"}
    braze.post("/users/alias/new", {"user_aliases": [alias]})
    braze.change({"user_ids": ["ida-1001"]})
    answer = braze.post("/users/delete", {name: [wanted]})
    assert (answer.status, answer.body) == (201, {"deleted": 1, "message": "success"})
    assert (braze.store.profiles.count("main"), braze.members()) == (0, [])


def test_a_braze_id_deletes_an_anonymous_user_and_its_device_starts_anew(braze: Any) -> None:
    ben = braze.anonymous("d-ben-0001")
    braze.post("/users/delete", {"braze_ids": [ben.braze_id]})
    assert braze.anonymous("d-ben-0001").braze_id != ben.braze_id


def test_deleting_counts_what_was_asked_for(braze: Any) -> None:
    assert braze.post("/users/delete", {"external_ids": ["noor", "nobody"]}).body["deleted"] == 2


def test_an_ambiguous_email_deletes_nobody(braze: Any) -> None:
    for external_id in ("a", "b"):
        braze.identified(external_id, email="shared@example.com")
    braze.post("/users/delete", {"email_addresses": [{"email": "shared@example.com"}]})
    assert braze.store.profiles.count("main") == 2


def test_a_deprecated_id_deletes_the_whole_user(braze: Any) -> None:
    braze.identified("ida-1001")
    rename = {"current_external_id": "ida-1001", "new_external_id": "ida-2002"}
    braze.post("/users/external_ids/rename", {"external_id_renames": [rename]})
    braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    assert braze.store.profiles.count("main") == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"external_ids": []},
        {"external_ids": "ida"},
        {"external_ids": [7.5]},
        {"user_aliases": ["x"]},
        {"email_addresses": ["a@example.com"]},
        {"email_addresses": [{"email": "a@example.com", "prioritization": ["best"]}]},
        {"phone_numbers": [{"phone": 7}]},
        {"external_ids": ["a"], "braze_ids": ["b"]},
    ],
)
def test_a_deletion_of_a_wrong_shape_or_of_several_kinds_is_refused(braze: Any, body: dict[str, object]) -> None:
    assert braze.post("/users/delete", body).status == 400


def test_an_empty_list_beside_a_filled_one_is_not_there(braze: Any) -> None:
    braze.identified("ida")
    assert braze.post("/users/delete", {"external_ids": ["ida"], "user_aliases": []}).body["deleted"] == 1


def test_by_switch_several_kinds_are_deleted_in_one_request(braze: Any) -> None:
    braze.rules(delete_kinds="several")
    braze.identified("ida")
    ben = braze.anonymous("d-ben-0001")
    answer = braze.post("/users/delete", {"external_ids": ["ida"], "braze_ids": [ben.braze_id]})
    assert (answer.status, answer.body) == (201, {"deleted": 2, "message": "success"})
    assert braze.store.profiles.count("main") == 0


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_by_switch_several_kinds_together_are_fifty_at_most(braze: Any, count: int, status: int) -> None:
    braze.rules(delete_kinds="several")
    body = {"external_ids": [f"u{n}" for n in range(count - 1)], "braze_ids": ["0" * 24]}
    assert braze.post("/users/delete", body).status == status


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_ids_are_deleted(braze: Any, count: int, status: int) -> None:
    answer = braze.post("/users/delete", {"external_ids": [f"u{n}" for n in range(count)]})
    assert answer.status == status
    if status == 400:
        assert answer.body == {"message": "The max number of ids per request was exceeded"}


def test_merging_and_deleting_log_no_data_points(braze: Any) -> None:
    braze.post("/users/track", {"attributes": [{"external_id": "a"}, {"external_id": "b"}]})
    merge(braze, {"external_id": "a"}, {"external_id": "b"})
    braze.post("/users/delete", {"external_ids": ["b"]})
    assert braze.store.points.total("main") == 0


def test_membership_at_a_past_instant_remembers_who_is_gone(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    braze.change({"user_ids": ["ida-1001"]})
    then = braze.clock.now
    braze.clock.move_to(then + 1_000)
    braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    assert braze.store.membership.members("main", "amplitude", "openers", then) == [ida.row]
    assert braze.store.profiles.rows("main", then) == [ida.row]
    assert braze.store.profiles.past([ida.row], then)[ida.row].external_id == "ida-1001"
