"""Subscription groups, addresses and names apart from their endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.lists.names import slot_text, slots_until
from simulator.fakes.braze.audience.lists.subscriptions import GroupRefused
from simulator.rules.instants import format_instant, parse_instant


def test_a_group_has_an_id_of_its_own_or_the_one_that_is_given(house: Any) -> None:
    one = house.audience.create_subscription_group("News")
    other = house.audience.create_subscription_group("Texts", "sms", group_id="pto81fff")
    assert (len(one.group_id), other.group_id, [g.name for g in house.audience.subscriptions.all("main")]) == (
        36,
        "pto81fff",
        ["News", "Texts"],
    )


def test_a_group_is_made_once_and_over_a_known_channel(house: Any) -> None:
    house.audience.create_subscription_group("News", group_id="pto81fff")
    with pytest.raises(GroupRefused, match="there is a subscription group 'pto81fff' already"):
        house.audience.create_subscription_group("News", group_id="pto81fff")
    with pytest.raises(GroupRefused, match="channel 'pigeon' is not one of email, sms, whatsapp"):
        house.audience.create_subscription_group("News", "pigeon")


def test_people_are_found_once_however_often_they_are_named(house: Any) -> None:
    found = house.audience.subscriptions.people(
        "main", external_ids=["ida-1001", "noor-1"], emails=["ida@example.org"], phones=["+491700000001"]
    )
    assert [profile.external_id for profile in found] == ["ida-1001", "ann-1001"]


def test_by_switch_a_group_that_nobody_made_may_have_states(house: Any) -> None:
    house.braze.rules(unknown_subscription_group="accept")
    state = {"subscription_group_id": "unmade", "subscription_state": "subscribed"}
    house.braze.identified("ida-1001", subscription_groups=[state])
    (found,) = house.audience.subscriptions.states("main", house.people.ida.row)
    assert (found.group.group_id, found.group.name, found.state) == ("unmade", "", "subscribed")


def test_the_first_mark_on_an_address_counts(house: Any) -> None:
    house.audience.emails.mark("main", "IDA@example.org", "bounced_at")
    house.wait("1h")
    house.audience.emails.mark("main", "ida@example.org", "bounced_at")
    (listed,) = house.audience.emails.bounced("main")
    assert (listed.email, format_instant(listed.at)) == ("ida@example.org", "2026-03-02T10:00:00Z")


def test_names_of_a_deleted_profile_are_forgotten(house: Any) -> None:
    house.event("ida-1001", "app_opened")
    house.braze.post("/users/delete", {"external_ids": ["ida-1001"]})
    assert house.audience.names.events("main") == []


def test_slots_end_with_the_one_that_holds_the_instant() -> None:
    at = parse_instant("2026-03-02T10:30:00Z")
    days, hours = slots_until(at, 2, "day"), slots_until(at, 2, "hour")
    assert ([slot_text(each, "day") for each in days], [slot_text(each, "hour") for each in hours]) == (
        ["2026-03-01", "2026-03-02"],
        ["2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"],
    )
