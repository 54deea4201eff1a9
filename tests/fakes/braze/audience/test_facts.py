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
