"""The SDK's side: devices appear, people log in, things happen, data is wiped."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.phone import PhoneRefused


def test_a_device_appears_once_as_an_anonymous_profile(braze: Any) -> None:
    first, again = braze.phone.appear("d-ben-0001"), braze.phone.appear("d-ben-0001")
    assert (first.external_id, first.row) == (None, again.row)
    assert [entry.rules for entry in braze.entries("profile_created")] == [("LIFE-1",)]


def test_a_login_with_an_unknown_id_turns_the_profile_into_that_user(braze: Any) -> None:
    ben = braze.phone.appear("d-ben-0001")
    braze.phone.set_attribute("d-ben-0001", "plan", "gold")
    known = braze.phone.log_in("d-ben-0001", "ben-1001")
    assert (known.row, known.braze_id, known.once_anonymous) == (ben.row, ben.braze_id, True)
    assert braze.user("ben-1001").custom == {"plan": "gold"}
    assert [entry.rules for entry in braze.entries("profile_identified")] == [("LIFE-1",)]


def test_a_login_with_a_known_id_orphans_the_anonymous_profile(braze: Any) -> None:
    braze.identified("ann-1001", first_name="Ann")
    braze.phone.set_attribute("d-ann-0001", "first_name", "Anonymous")
    braze.phone.set_attribute("d-ann-0001", "plan", "gold")
    braze.phone.log_event("d-ann-0001", "app_opened")
    braze.phone.log_in("d-ann-0001", "ann-1001")
    shown = braze.export("ann-1001")
    assert (shown["first_name"], shown["custom_attributes"]) == ("Ann", {"plan": "gold"})
    assert shown["custom_events"][0]["count"] == 1
    assert shown["devices"] == [{"device_id": "d-ann-0001"}]
    assert braze.store.profiles.count("main") == 1


@pytest.mark.parametrize(
    ("switch", "custom", "events"),
    [("blank_fields", {"plan": "gold"}, 1), ("everything", {"plan": "gold"}, 1), ("lost", {}, 0)],
)
def test_what_a_login_carries_over_is_a_switch(braze: Any, switch: str, custom: dict[str, object], events: int) -> None:
    braze.rules(anonymous_history=switch)
    braze.identified("ann-1001")
    braze.phone.set_attribute("d-ann-0001", "plan", "gold")
    braze.phone.log_event("d-ann-0001", "app_opened")
    ann = braze.phone.log_in("d-ann-0001", "ann-1001")
    assert (ann.custom, len(braze.store.activity.event_totals(ann.row))) == (custom, events)


@pytest.mark.parametrize(("switch", "members"), [("lost", []), ("carried", ["ann-1001"])])
def test_the_membership_of_an_orphaned_profile_is_a_switch(braze: Any, switch: str, members: list[str]) -> None:
    braze.rules(membership_on_merge=switch)
    braze.identified("ann-1001")
    braze.phone.appear("d-ann-0001")
    braze.change({"device_ids": ["d-ann-0001"]})
    braze.phone.log_in("d-ann-0001", "ann-1001")
    assert braze.members() == members


def test_a_second_user_on_a_device_shares_nothing_with_the_first(braze: Any) -> None:
    braze.phone.log_in("d-shared", "ida-1001")
    braze.phone.set_attribute("d-shared", "plan", "gold")
    braze.phone.log_in("d-shared", "ben-1001")
    braze.phone.set_attribute("d-shared", "pet", "cat")
    assert (braze.user("ida-1001").custom, braze.user("ben-1001").custom) == ({"plan": "gold"}, {"pet": "cat"})
    assert [profile.external_id for profile in braze.store.profiles.by_device("main", "d-shared")] == [
        "ida-1001",
        "ben-1001",
    ]
    braze.change({"device_ids": ["d-shared"]})
    assert braze.members() == []


def test_a_known_second_user_becomes_active_on_the_device(braze: Any) -> None:
    braze.identified("ben-1001")
    braze.phone.log_in("d-shared", "ida-1001")
    ben = braze.phone.log_in("d-shared", "ben-1001")
    assert ben.row == braze.user("ben-1001").row
    on_the_device = {each.external_id for each in braze.store.profiles.by_device("main", "d-shared")}
    assert on_the_device == {"ida-1001", "ben-1001"}
    assert braze.store.identifiers.user_of_device("main", "d-shared").external_id == "ben-1001"
    assert braze.phone.log_in("d-shared", "ben-1001").row == ben.row


def test_logging_out_does_not_make_a_device_anonymous(braze: Any) -> None:
    braze.phone.log_in("d-ben-0001", "ben-1001")
    assert braze.phone.log_out("d-ben-0001").external_id == "ben-1001"
    assert braze.store.profiles.count("main") == 1


def test_wiping_data_starts_a_new_anonymous_profile_on_a_new_device(braze: Any) -> None:
    braze.phone.log_in("d-ben-0001", "ben-1001")
    fresh = braze.phone.wipe_data("d-ben-0001", new_device_id="d-ben-0002")
    assert (fresh.external_id, braze.store.profiles.count("main")) == (None, 2)
    assert braze.phone.wipe_data("d-ben-0001").row not in (fresh.row, braze.user("ben-1001").row)
    with pytest.raises(PhoneRefused, match="d-ben-0002"):
        braze.phone.wipe_data("d-ben-0001", new_device_id="d-ben-0002")


def test_an_empty_or_oversized_user_id_is_refused(braze: Any) -> None:
    for wrong in ("", "x" * 988):
        with pytest.raises(PhoneRefused, match="changeUser refuses"):
            braze.phone.log_in("d-ben-0001", wrong)
    with pytest.raises(PhoneRefused, match="a device needs an id"):
        braze.phone.appear("")
    assert braze.store.profiles.count("main") == 0


def test_an_alias_before_login_stays_and_still_resolves(braze: Any) -> None:
    assert braze.phone.add_alias("d-ben-0001", "crm", "ben-7") is True
    assert braze.phone.add_alias("d-ben-0001", "crm", "ben-8") is False
    braze.phone.log_in("d-ben-0001", "ben-1001")
    assert braze.store.profiles.by_alias("main", "crm", "ben-7").external_id == "ben-1001"
    with pytest.raises(PhoneRefused, match="user_alias"):
        braze.phone.add_alias("d-ben-0001", "", "x")


def test_a_device_can_be_deleted_from_under_the_phone(braze: Any) -> None:
    ben = braze.phone.appear("d-ben-0001")
    braze.post("/users/delete", {"braze_ids": [ben.braze_id]})
    assert braze.phone.appear("d-ben-0001").row != ben.row


def test_sessions_events_purchases_and_attributes_log_data_points(braze: Any) -> None:
    braze.phone.start_session("d-ben-0001", times=2)
    braze.phone.end_session("d-ben-0001")
    braze.phone.log_event("d-ben-0001", "app_opened", {"screen": "home"})
    braze.phone.log_purchase("d-ben-0001", "mug", 12.5, currency="EUR", quantity=2)
    braze.phone.set_attribute("d-ben-0001", "country", "SE")
    assert braze.store.points.by("main", "cause") == {
        "attribute": 1,
        "event": 1,
        "purchase": 2,
        "session end": 1,
        "session start": 2,
    }


def test_what_the_sdk_collects_is_free_and_never_over_what_was_set_by_hand(braze: Any) -> None:
    braze.phone.collect("d-ben-0001", country="SE", language="sv", details={"model": "Pixel 9"})
    assert braze.store.points.total("main") == 0
    braze.phone.set_attribute("d-ben-0001", "country", "NO")
    ben = braze.phone.collect("d-ben-0001", country="DK")
    assert ben.fields == {"country": "NO", "language": "sv"}


def test_what_braze_would_not_take_is_refused(braze: Any) -> None:
    with pytest.raises(PhoneRefused, match="'name' must be"):
        braze.phone.log_event("d-ben-0001", "")
    with pytest.raises(PhoneRefused, match="'quantity' is not valid"):
        braze.phone.log_purchase("d-ben-0001", "mug", 1, quantity=0)
    with pytest.raises(PhoneRefused, match="not a valid email"):
        braze.phone.set_attribute("d-ben-0001", "email", "no")


@pytest.mark.parametrize(("more", "blocked"), [(-1, False), (0, False), (1, True)])
def test_a_user_with_more_than_five_million_sessions_is_blocked(braze: Any, more: int, blocked: bool) -> None:
    braze.phone.log_in("d-bot", "null")
    assert braze.phone.sessions_at_most == 5_000_000
    braze.phone.sessions_at_most = 50
    braze.phone.start_session("d-bot", times=50 + more)
    answer = braze.post("/users/track", {"attributes": [{"external_id": "null"}]})
    assert answer.status == (400 if blocked else 201)
    if blocked:
        with pytest.raises(PhoneRefused, match="blocked"):
            braze.phone.log_in("d-other", "null")


def test_the_phone_signs_its_pages(braze: Any) -> None:
    braze.phone.log_in("d-ben-0001", "ben-1001")
    braze.phone.log_event("d-ben-0001", "app_opened")
    assert {page.room for page in braze.ledger.pages()} == {"phone"}


# -- what the SDK collects about the phone


def test_an_app_that_is_taken_off_cannot_be_pushed_to_and_exports_say_when(braze: Any) -> None:
    braze.phone.log_in("d-ida-0001", "ida-1001")
    for app in ("shop", "bank"):
        braze.phone.register_push_token("d-ida-0001", f"t-{app}", app=app)
    braze.phone.uninstall("d-ida-0001", app="shop")
    shown = braze.export("ida-1001")
    assert [token["app"] for token in shown["push_tokens"]] == ["bank"]
    assert shown["uninstalled_at"] == "2026-03-02T10:00:00.000Z"


def test_the_source_of_an_install_is_exported(braze: Any) -> None:
    braze.phone.log_in("d-ida-0001", "ida-1001")
    braze.phone.attribute_install("d-ida-0001", "search", campaign="spring", adgroup="shoes", ad="red")
    shown = braze.export("ida-1001")
    assert [shown[f"attributed_{name}"] for name in ("source", "campaign", "adgroup", "ad")] == [
        "search",
        "spring",
        "shoes",
        "red",
    ]


def test_the_last_place_is_exported_and_costs_nothing(braze: Any) -> None:
    braze.phone.log_in("d-ida-0001", "ida-1001")
    braze.phone.locate("d-ida-0001", 13.4, 52.5)
    assert braze.export("ida-1001")["last_coordinates"] == [13.4, 52.5]
    assert braze.store.points.total("main") == 0


@pytest.mark.parametrize(("longitude", "latitude", "fits"), [(180, 90, True), (180.1, 0, False), (0, -90.1, False)])
def test_a_place_is_on_earth(braze: Any, longitude: float, latitude: float, fits: bool) -> None:
    if fits:
        assert braze.phone.locate("d-1", longitude, latitude).fields["last_coordinates"] == [longitude, latitude]
    else:
        with pytest.raises(PhoneRefused, match="no place on earth"):
            braze.phone.locate("d-1", longitude, latitude)
