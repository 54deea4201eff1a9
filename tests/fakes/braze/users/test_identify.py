"""users/identify: who gets an external id, who is merged, and what has no effect in silence."""

from __future__ import annotations

from typing import Any

import pytest

KIM = {"alias_name": "kim-7", "alias_label": "crm"}
TOO_MANY = "The max number of external_ids and aliases per request was exceeded"


def make_kim(braze: Any, **attributes: object) -> Any:
    sent = {"user_alias": KIM, "_update_existing_only": False, **attributes}
    assert braze.post("/users/track", {"attributes": [sent]}).status == 201
    return braze.store.profiles.by_alias("main", "crm", "kim-7")


def by_alias(braze: Any, external_id: str, alias: object = KIM, **more: object) -> Any:
    entry = {"external_id": external_id, "user_alias": alias}
    return braze.post("/users/identify", {"aliases_to_identify": [entry], **more})


def by_email(braze: Any, external_id: str, *prioritization: str, email: str = "shared@example.com") -> Any:
    entry = {"external_id": external_id, "email": email, "prioritization": list(prioritization)}
    return braze.post("/users/identify", {"emails_to_identify": [entry]})


def test_an_unknown_external_id_is_written_onto_the_alias_profile(braze: Any) -> None:
    kim = make_kim(braze, plan="gold")
    answer = by_alias(braze, "kim-1001")
    assert (answer.status, answer.body) == (201, {"message": "success", "aliases_processed": 1})
    now = braze.user("kim-1001")
    assert (now.row, now.braze_id, now.custom) == (kim.row, kim.braze_id, {"plan": "gold"})
    assert braze.store.profiles.by_alias("main", "crm", "kim-7").external_id == "kim-1001"


def test_a_known_external_id_takes_the_alias_profile_in(braze: Any) -> None:
    make_kim(braze, plan="gold", first_name="Kimberly", city="Oslo")
    braze.identified("kim-1001", first_name="Kim", plan="silver")
    by_alias(braze, "kim-1001")
    shown = braze.export("kim-1001")
    assert (shown["first_name"], shown["custom_attributes"]) == ("Kim", {"plan": "silver", "city": "Oslo"})
    assert shown["user_aliases"] == [KIM]
    assert braze.store.profiles.count("main") == 1


def test_nothing_happens_when_the_target_has_an_alias_with_that_label(braze: Any) -> None:
    make_kim(braze)
    braze.identified("kim-1001")
    taken = {"external_id": "kim-1001", "alias_name": "other", "alias_label": "crm"}
    braze.post("/users/alias/new", {"user_aliases": [taken]})
    assert by_alias(braze, "kim-1001").body == {"message": "success", "aliases_processed": 1}
    assert braze.store.profiles.count("main") == 2


@pytest.mark.parametrize("alias", [{**KIM, "alias_name": "KIM-7"}, {**KIM, "alias_label": "CRM"}])
def test_an_alias_that_nobody_has_identifies_nobody_and_is_a_success(braze: Any, alias: dict[str, str]) -> None:
    make_kim(braze)
    assert by_alias(braze, "kim-1001", alias).body == {"message": "success", "aliases_processed": 1}
    assert braze.store.profiles.by_external_id("main", "kim-1001") is None


def test_an_alias_of_an_identified_user_identifies_nobody_else(braze: Any) -> None:
    make_kim(braze)
    by_alias(braze, "kim-1001")
    by_alias(braze, "kim-2002")
    assert braze.store.profiles.by_external_id("main", "kim-2002") is None


def test_an_identified_user_is_not_merged_into_another_by_an_alias(braze: Any) -> None:
    make_kim(braze)
    by_alias(braze, "kim-1001")
    braze.identified("ida-1001")
    assert by_alias(braze, "ida-1001").body == {"message": "success", "aliases_processed": 1}
    assert (braze.user("kim-1001").external_id, braze.store.profiles.count("main")) == ("kim-1001", 2)


def test_without_merging_data_is_left_behind(braze: Any) -> None:
    make_kim(braze, city="Oslo", push_tokens=[{"app_id": "shop", "token": "t-1"}])
    braze.post("/users/track", {"events": [{"user_alias": KIM, "name": "x", "time": "2026-03-01T00:00:00Z"}]})
    braze.identified("kim-1001")
    by_alias(braze, "kim-1001", merge_behavior="none")
    shown = braze.export("kim-1001")
    assert "custom_attributes" not in shown
    assert "custom_events" not in shown
    assert shown["push_tokens"][0]["token"] == "t-1"


def test_by_switch_not_merging_is_what_happens_when_nothing_is_said(braze: Any) -> None:
    braze.rules(identify_behavior="none")
    make_kim(braze, city="Oslo")
    braze.identified("kim-1001")
    by_alias(braze, "kim-1001")
    assert braze.user("kim-1001").custom == {}


def test_by_switch_an_unknown_external_id_is_a_non_fatal_error(braze: Any) -> None:
    braze.rules(identify_unknown_id="error")
    make_kim(braze)
    braze.identified("ida-1001")
    known = {"external_id": "ida-1001", "user_alias": {"alias_name": "nobody", "alias_label": "crm"}}
    entries = [{"external_id": "kim-1001", "user_alias": KIM}, known]
    answer = braze.post("/users/identify", {"aliases_to_identify": entries})
    assert (answer.status, answer.body["aliases_processed"]) == (201, 1)
    assert answer.body["errors"][0]["index"] == 0


def test_an_email_only_profile_is_identified(braze: Any) -> None:
    braze.post("/users/track", {"attributes": [{"email": "shared@example.com", "plan": "gold"}]})
    answer = by_email(braze, "kim-1001", "unidentified")
    assert (answer.status, answer.body) == (201, {"message": "success", "emails_processed": 1})
    assert braze.user("kim-1001").custom == {"plan": "gold"}


def test_a_phone_only_profile_is_identified(braze: Any) -> None:
    braze.post("/users/track", {"attributes": [{"phone": "+14155552671"}]})
    entry = {"external_id": "kim-1001", "phone": "+14155552671", "prioritization": ["unidentified"]}
    answer = braze.post("/users/identify", {"phone_numbers_to_identify": [entry]})
    assert answer.body == {"message": "success", "phone_numbers_processed": 1}
    assert braze.user("kim-1001").phone == "+14155552671"


def test_several_emails_left_at_the_end_mean_nobody(braze: Any) -> None:
    for external_id in ("a", "b"):
        braze.identified(external_id, email="shared@example.com")
    assert by_email(braze, "kim-1001", "identified").body == {"message": "success", "emails_processed": 1}
    assert braze.store.profiles.by_external_id("main", "kim-1001") is None


def test_the_order_of_prioritization_picks_one_of_several(braze: Any) -> None:
    for plan in ("old", "new"):
        sent = {"user_alias": {"alias_name": plan, "alias_label": "crm"}, "_update_existing_only": False}
        braze.post("/users/track", {"attributes": [{**sent, "email": "shared@example.com", "plan": plan}]})
        braze.clock.move_to(braze.clock.now + 1_000)
    by_email(braze, "kim-1001", "unidentified", "least_recently_updated")
    assert braze.user("kim-1001").custom == {"plan": "old"}


def test_a_match_that_is_the_target_already_changes_nothing(braze: Any) -> None:
    braze.identified("kim-1001", email="shared@example.com")
    assert by_email(braze, "kim-1001", "identified").body == {"message": "success", "emails_processed": 1}
    assert braze.store.profiles.count("main") == 1


def test_a_prioritization_that_contradicts_itself_is_an_error_in_a_2xx(braze: Any) -> None:
    wrong = {
        "external_id": "kim-1001",
        "email": "a@example.com",
        "prioritization": ["most_recently_updated", "least_recently_updated"],
    }
    right = {"external_id": "kim-1001", "email": "a@example.com", "prioritization": ["identified"]}
    answer = braze.post("/users/identify", {"emails_to_identify": [wrong, right]})
    assert (answer.status, answer.body) == (
        201,
        {
            "message": "success",
            "emails_processed": 1,
            "errors": [
                {
                    "type": "Request can not contain both of 'most_recently_updated' and 'least_recently_updated' "
                    "values in the 'prioritization' array",
                    "input_array": "user_identifiers",
                    "index": 0,
                }
            ],
        },
    )


def test_a_contradiction_alone_is_still_a_2xx_that_processed_nobody(braze: Any) -> None:
    answer = by_email(braze, "kim-1001", "identified", "unidentified")
    assert (answer.status, answer.body["message"], answer.body["emails_processed"]) == (201, "success", 0)
    assert [error["input_array"] for error in answer.body["errors"]] == ["user_identifiers"]
    assert braze.store.profiles.by_external_id("main", "kim-1001") is None


@pytest.mark.parametrize(
    "entry",
    [
        {"external_id": "", "user_alias": KIM},
        {"user_alias": KIM},
        {"external_id": "kim", "user_alias": {"alias_name": "7"}},
        {"external_id": "kim"},
    ],
)
def test_entries_that_are_all_bad_are_a_400(braze: Any, entry: dict[str, object]) -> None:
    answer = braze.post("/users/identify", {"aliases_to_identify": [entry]})
    assert (answer.status, len(answer.body["errors"])) == (400, 1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"aliases_to_identify": []},
        {"aliases_to_identify": {}},
        {"aliases_to_identify": ["kim"]},
        {"emails_to_identify": None},
        {"aliases_to_identify": [{"external_id": "kim", "user_alias": KIM}], "merge_behavior": "sometimes"},
    ],
)
def test_a_request_of_a_wrong_shape_is_refused(braze: Any, body: dict[str, object]) -> None:
    assert braze.post("/users/identify", body).status == 400


def test_an_empty_array_beside_a_filled_one_is_not_there(braze: Any) -> None:
    body = {"aliases_to_identify": [{"external_id": "kim", "user_alias": KIM}], "emails_to_identify": []}
    answer = braze.post("/users/identify", body)
    assert (answer.status, answer.body) == (201, {"aliases_processed": 1, "message": "success"})


@pytest.mark.parametrize(("switch", "devices"), [("moved", ["d-kim-0001"]), ("left", [])])
def test_whether_devices_go_over_is_a_switch(braze: Any, switch: str, devices: list[str]) -> None:
    """LIFE-3. The list of merged fields names devices for a merge and not for identify."""
    braze.rules(devices_on_identify=switch)
    braze.anonymous("d-kim-0001")
    braze.phone.add_alias("d-kim-0001", "crm", "kim-7")
    braze.identified("kim-1001")
    by_alias(braze, "kim-1001")
    shown = braze.export("kim-1001")
    assert [device["device_id"] for device in shown.get("devices", [])] == devices
    assert shown["user_aliases"] == [KIM]


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_entries_are_taken_over_all_arrays(braze: Any, count: int, status: int) -> None:
    aliases = [{"external_id": f"u{n}", "user_alias": KIM} for n in range(count - 1)]
    email = [{"external_id": "u", "email": "a@example.com", "prioritization": ["identified"]}]
    answer = braze.post("/users/identify", {"aliases_to_identify": aliases, "emails_to_identify": email})
    assert answer.status == status
    if status == 400:
        assert answer.body == {"message": TOO_MANY}


def test_identifying_logs_no_data_point_and_is_told_in_the_ledger(braze: Any) -> None:
    make_kim(braze)
    by_alias(braze, "kim-1001")
    assert braze.store.points.total("main") == 0
    (entry,) = braze.entries("profile_identified")
    assert (entry.outcome, entry.rules) == ("identified", ("LIFE-3",))


def test_membership_stays_with_the_profile_that_is_identified(braze: Any) -> None:
    make_kim(braze)
    braze.change({"aliases": [KIM]})
    by_alias(braze, "kim-1001")
    assert braze.members() == ["kim-1001"]
