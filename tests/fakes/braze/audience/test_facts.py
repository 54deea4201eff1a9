"""What is read of profiles for each kind of filter, now and in the past."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.rules.instants import Instant


@pytest.fixture
def members(house: Any) -> Any:
    count = iter(range(1_000))

    def ask(form: dict[str, Any], at: Instant | None = None) -> list[str]:
        name = f"Segment {next(count)}"
        house.audience.create_segment(name, form)
        return list(house.in_segment(name, at=at))

    return ask


def test_purchases_count_by_quantity(house: Any, members: Any) -> None:
    bought = {"external_id": "ida-1001", "product_id": "mug", "currency": "EUR", "price": 3, "quantity": 4}
    house.braze.post("/users/track", {"purchases": [{**bought, "time": "2026-03-02T10:00:00Z"}]})
    form = {"purchased_product": {"product_id": "mug", "comparison": "equals", "value": 4}}
    assert members(form) == ["ida"]


def test_apps_count_for_people_with_sessions_only(house: Any, members: Any) -> None:
    house.braze.phone.start_session("d-ben-0001", app="shop")
    assert members({"used_app": {"comparison": "includes_value", "value": ["shop"]}}) == ["ben"]


def test_the_last_use_of_an_app_is_an_instant(house: Any, members: Any) -> None:
    house.braze.phone.start_session("d-ben-0001", app="shop")
    assert members({"last_used_app": {"comparison": "after", "value": "2026-03-02T09:59:59Z"}}) == ["ben"]


def test_an_app_that_is_used_later_was_not_used_before(house: Any, members: Any, start: Instant) -> None:
    house.wait("1h")
    house.braze.phone.start_session("d-ben-0001", app="shop")
    assert members({"used_app": {"comparison": "includes_value", "value": "shop"}}, start) == []


def test_subscription_groups_are_read(house: Any, members: Any) -> None:
    house.audience.create_subscription_group("News", group_id="news")
    group = {"subscription_group_id": "news", "subscription_state": "subscribed"}
    house.braze.identified("ida-1001", subscription_groups=[group])
    form = {"subscription_group": {"subscription_group_id": "news", "comparison": "is", "value": "subscribed"}}
    assert members(form) == ["ida"]


def test_received_messages_are_read(house: Any, members: Any) -> None:
    made = house.campaign(audience={"country": {"comparison": "is", "value": "DE"}})
    house.audience.send_now(made.campaign_id)
    assert members({"message_received": {"comparison": "includes_value", "value": made.campaign_id}}) == ["ida"]


def test_email_and_phone_are_fields(members: Any) -> None:
    form = {"OR": [{"profile_field": {"name": name, "comparison": "exists"}} for name in ("email", "phone")]}
    assert members(form) == ["ann", "ida"]


def test_an_alias_counts_from_when_it_was_added(house: Any, members: Any, start: Instant) -> None:
    house.wait("1h")
    house.braze.post(
        "/users/alias/new",
        {"user_aliases": [{"external_id": "ida-1001", "alias_label": "x", "alias_name": "i"}]},
    )
    form = {"user_alias": {"comparison": "exists", "alias_label": "x"}}
    assert (members(form, start), members(form)) == ([], ["ida"])


def test_random_buckets_divide_everybody(members: Any) -> None:
    low = members({"random_bucket": {"comparison": "less_than", "value": 5_000}})
    high = members({"random_bucket": {"comparison": "greater_than_or_equal_to", "value": 5_000}})
    assert sorted(low + high) == ["ann", "ben", "ida", "kim"]


def test_events_of_a_merged_profile_count_for_the_one_that_was_kept(house: Any, members: Any) -> None:
    house.event("ann-1001", "app_opened")
    merge = {"identifier_to_merge": {"external_id": "ann-1001"}, "identifier_to_keep": {"external_id": "ida-1001"}}
    assert house.braze.post("/users/merge", {"merge_updates": [merge]}).status == 202
    assert members({"custom_event": {"custom_event_name": "app_opened", "comparison": "exists"}}) == ["ida"]


OPENED = {"custom_event": {"custom_event_name": "app_opened", "comparison": "exists"}}


def merge(house: Any, old: str, kept: str) -> None:
    update = {"identifier_to_merge": {"external_id": old}, "identifier_to_keep": {"external_id": kept}}
    assert house.braze.post("/users/merge", {"merge_updates": [update]}).status == 202


def test_before_a_merge_an_event_was_that_of_who_did_it(house: Any, members: Any, start: Instant) -> None:
    house.event("ann-1001", "app_opened")
    house.wait("1h")
    merge(house, "ann-1001", "ida-1001")
    house.wait("1m")
    assert (members(OPENED, start), members(OPENED)) == (["ann"], ["ida"])


def test_after_several_merges_every_instant_has_its_own_owner(house: Any, members: Any, start: Instant) -> None:
    house.braze.identified("noor-1")
    house.names[house.braze.user("noor-1").braze_id] = "noor"
    bought = {"product_id": "mug", "currency": "EUR", "price": 3, "time": "2026-03-02T10:00:00Z"}
    house.braze.post("/users/track", {"purchases": [{**bought, "external_id": "ann-1001"}]})
    for old, kept in (("ann-1001", "ida-1001"), ("ida-1001", "noor-1")):
        house.wait("1h")
        merge(house, old, kept)
    house.wait("1h")
    form = {"purchased_product": {"product_id": "mug", "comparison": "equals", "value": 1}}
    asked = [Instant(start + minutes * 60_000) for minutes in (0, 90, 150)]
    assert [members(form, at) for at in asked] == [["ann"], ["ida"], ["noor"]]


def test_before_a_merge_a_message_was_received_by_who_got_it(house: Any, members: Any, start: Instant) -> None:
    made = house.campaign(audience={"country": {"comparison": "is", "value": "FR"}})
    house.audience.send_now(made.campaign_id)
    house.wait("1h")
    merge(house, "ann-1001", "ida-1001")
    house.wait("1m")
    form = {"message_received": {"comparison": "includes_value", "value": made.campaign_id}}
    assert (members(form, start), members(form)) == (["ann"], ["ida"])


def test_before_a_login_a_session_was_that_of_the_anonymous_profile(house: Any, members: Any, start: Instant) -> None:
    house.braze.phone.start_session("d-ben-0001", app="shop")
    house.wait("1h")
    house.braze.phone.log_in("d-ben-0001", "ida-1001")
    house.wait("1m")
    form = {"used_app": {"comparison": "includes_value", "value": "shop"}}
    assert (members(form, start), members(form)) == (["ben"], ["ida"])


def test_what_a_deleted_person_had_done_counts_for_the_past(house: Any, members: Any, start: Instant) -> None:
    house.event("ida-1001", "app_opened")
    house.wait("1h")
    house.braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    house.wait("1m")
    assert (members(OPENED, start), members(OPENED)) == (["ida"], [])


def test_an_event_that_is_told_late_was_not_known_before(house: Any, members: Any, start: Instant) -> None:
    house.wait("2h")
    house.event("ida-1001", "app_opened", "2026-03-02T09:00:00Z")
    house.wait("1m")
    assert (members(OPENED, start), members(OPENED)) == ([], ["ida"])


def test_a_subscription_group_has_had_every_state_that_was_set(house: Any, members: Any, start: Instant) -> None:
    group = house.audience.create_subscription_group("News").group_id
    for state in ("subscribed", "unsubscribed"):
        house.wait("1h")
        body = {"subscription_group_id": group, "subscription_state": state, "external_id": "ida-1001"}
        assert house.braze.post("/subscription/status/set", body).status == 201
    house.wait("1m")

    def inside(state: str, at: Instant | None = None) -> bool:
        form = {"subscription_group": {"subscription_group_id": group, "comparison": "is", "value": state}}
        return "ida" in members(form, at)

    between = Instant(start + 90 * 60_000)
    asked = [inside("unknown", start), inside("subscribed", between), inside("unsubscribed")]
    assert (asked, inside("unsubscribed", between), inside("subscribed")) == ([True, True, True], False, False)


def test_the_subscription_of_a_deleted_person_is_that_of_the_past(house: Any, members: Any, start: Instant) -> None:
    house.audience.create_subscription_group("News", group_id="news")
    group = {"subscription_group_id": "news", "subscription_state": "subscribed"}
    house.braze.identified("ida-1001", subscription_groups=[group])
    house.wait("1h")
    house.braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    house.wait("1m")
    form = {"subscription_group": {"subscription_group_id": "news", "comparison": "is", "value": "subscribed"}}
    assert (members(form, start), members(form)) == (["ida"], [])


def test_the_last_use_of_an_app_is_the_last_before_the_instant(house: Any, members: Any, start: Instant) -> None:
    house.braze.phone.start_session("d-ben-0001", app="shop")
    house.wait("2h")
    house.braze.phone.start_session("d-ben-0001", app="shop")
    house.wait("1m")
    form = {"last_used_app": {"comparison": "after", "value": "2026-03-02T10:30:00Z"}}
    assert (members(form, Instant(start + 60 * 60_000)), members(form)) == ([], ["ben"])
