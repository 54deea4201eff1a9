"""Who can be reached over which channel, and what a message leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.channels import CHANNELS, EVENT_TITLES


def reached(house: Any, channel: str) -> list[str]:
    made = house.campaign(f"Over {channel}", channel=channel)
    house.audience.send_now(made.campaign_id)
    return list(house.got(CHANNELS[channel].events[0]))


def why_not(house: Any) -> set[str]:
    return {entry.note for entry in house.braze.entries("send") if entry.outcome == "message_not_sent"}


@pytest.mark.parametrize(
    ("channel", "people"),
    [
        ("email", ["ida"]),
        ("sms", ["ann"]),
        ("whats_app", ["ann"]),
        ("webhook", ["ann", "ben", "ida", "kim"]),
        ("content_card", ["ann", "ben", "ida", "kim"]),
        ("in_app_message", []),
        ("apple_push", []),
    ],
)
def test_a_channel_reaches_whoever_has_what_it_needs(house: Any, channel: str, people: list[str]) -> None:
    assert reached(house, channel) == people


def test_a_push_needs_a_token_of_its_platform(house: Any) -> None:
    house.braze.phone.register_push_token("d-ben-0001", "t-1", platform="ios")
    assert (reached(house, "apple_push"), house.got("users.messages.pushnotification.Send")) == (["ben"], ["ben"])
    reached(house, "android_push")
    assert house.got("users.messages.pushnotification.Send") == ["ben"]
    assert house.audience.message_events()[0].device_id == "d-ben-0001"


def test_in_app_messages_need_somebody_who_used_an_app(house: Any) -> None:
    house.braze.phone.start_session("d-ben-0001")
    assert reached(house, "in_app_message") == ["ben"]


@pytest.mark.parametrize(("field", "channel"), [("email_subscribe", "email"), ("push_subscribe", "apple_push")])
def test_whoever_unsubscribed_is_not_reached(house: Any, field: str, channel: str) -> None:
    house.braze.identified("ida-1001", **{field: "unsubscribed"}, push_tokens=[{"app_id": "shop", "token": "t-1"}])
    assert (reached(house, channel), f"{channel}: {field} is unsubscribed" in why_not(house)) == ([], True)


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ("email", "email: no e-mail address"),
        ("sms", "sms: no phone number"),
        ("apple_push", "apple_push: no push token"),
        ("in_app_message", "in_app_message: never used an app"),
    ],
)
def test_why_somebody_was_not_reached_is_said(house: Any, channel: str, reason: str) -> None:
    reached(house, channel)
    assert why_not(house) == {reason}


def test_an_address_that_bounced_is_not_written_to(house: Any) -> None:
    house.audience.emails.mark("main", "ida@example.org", "bounced_at")
    assert (reached(house, "email"), why_not(house)) == (
        [],
        {"email: no e-mail address", "email: the address has bounced hard or marked a message as spam"},
    )


def test_mail_is_delivered_and_text_messages_go_by_their_carrier(house: Any) -> None:
    reached(house, "email")
    reached(house, "sms")
    assert [event.title for event in house.audience.message_events()] == [
        "Email Send",
        "Email Delivery",
        "SMS Send",
        "SMS Send To Carrier",
        "SMS Delivery",
    ]


def test_an_event_names_the_address_or_the_number(house: Any) -> None:
    reached(house, "email")
    reached(house, "sms")
    first, *_, last = house.audience.message_events()
    assert (first.properties["email_address"], last.properties["to_phone_number"]) == (
        "ida@example.org",
        "+491700000001",
    )


def test_people_without_an_external_id_are_named_by_their_device(house: Any) -> None:
    reached(house, "webhook")
    who = {house.names[e.braze_id]: (e.external_id, e.device_id) for e in house.audience.message_events()}
    assert who == {
        "ida": ("ida-1001", None),
        "ann": ("ann-1001", None),
        "kim": (None, None),
        "ben": (None, "d-ben-0001"),
    }


def test_every_event_of_every_channel_has_a_title() -> None:
    named = {name for channel in CHANNELS.values() for name in (*channel.events, *channel.counters.values()) if name}
    assert named - set(EVENT_TITLES) == set()


@pytest.mark.parametrize(
    ("body", "log"),
    [
        ("Hello {% abort_message('no price') %}", "no price"),
        ('{%- abort_message("no price") -%}', "no price"),
        ("{% abort_message() %}", "abort_message"),
        ("{% abort_message %}", "abort_message"),
    ],
)
def test_a_message_that_aborts_itself_is_not_sent_and_says_why(house: Any, body: str, log: str) -> None:
    sent = {"external_user_ids": ["ida-1001"], "messages": {"email": {"app_id": "shop", "body": body}}}
    assert house.braze.post("/messages/send", sent).status == 201
    (event,) = house.audience.message_events()
    assert (event.title, event.properties["abort_type"], event.properties["abort_log"]) == (
        "Email Abort",
        "liquid_abort_message",
        log,
    )


def test_who_cannot_be_reached_is_not_told_of_an_abort(house: Any) -> None:
    message = {"email": {"app_id": "shop", "body": "{% abort_message() %}"}}
    house.braze.post("/messages/send", {"external_user_ids": ["ann-1001"], "messages": message})
    assert house.audience.message_events() == []


def test_an_aborted_message_counts_as_sent_to_nobody(house: Any) -> None:
    made = house.campaign(channel="email", message={"body": "{% abort_message('no price') %}"})
    house.audience.send_now(made.campaign_id)
    answer = house.braze.get("/campaigns/data_series", campaign_id=made.campaign_id, length=1)
    assert answer.body["data"][0]["unique_recipients"] == 0
