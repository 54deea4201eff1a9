"""/messages/send: to people, to a segment, to a connected audience."""

from __future__ import annotations

from typing import Any

import pytest

WEBHOOK = {"webhook": {"url": "http://127.0.0.1/", "request_method": "POST"}}
SENT = "users.messages.webhook.Send"
UNKNOWN = "3bbc4555-8fa0-4c9b-a5c0-4505edf3e064"


def send(house: Any, **body: Any) -> Any:
    return house.braze.post("/messages/send", {"messages": WEBHOOK, **body})


def test_people_are_sent_to_by_external_id_and_alias(house: Any) -> None:
    answer = send(
        house,
        external_user_ids=["ida-1001", "noor-1"],
        user_aliases=[{"alias_label": "crm", "alias_name": "kim-7"}],
    )
    assert (answer.status, answer.body["message"], "send_id" in answer.body) == (201, "success", False)
    assert house.got(SENT) == ["ida", "kim"]


def test_a_single_external_id_may_be_a_string(house: Any) -> None:
    assert (send(house, external_user_ids="ida-1001").status, house.got(SENT)) == (201, ["ida"])


def test_a_segment_is_sent_to_as_a_broadcast(house: Any) -> None:
    house.braze.change({"user_ids": ["ida-1001"], "device_ids": ["d-ben-0001"]})
    segment = house.audience.create_segment("Openers", includes=["openers"])
    answer = send(house, segment_id=segment.segment_id, broadcast=True)
    assert (answer.status, house.got(SENT)) == (201, ["ben", "ida"])


def test_broadcast_may_be_a_text(house: Any) -> None:
    segment = house.audience.create_segment("Everybody")
    assert send(house, segment_id=segment.segment_id, broadcast="true").status == 201


def test_people_and_a_segment_together_mean_people_who_are_in_it(house: Any) -> None:
    house.braze.change({"user_ids": ["ida-1001"]})
    segment = house.audience.create_segment("Openers", includes=["openers"])
    send(house, segment_id=segment.segment_id, external_user_ids=["ida-1001", "ann-1001"])
    assert house.got(SENT) == ["ida"]


def test_a_connected_audience_is_filtered(house: Any) -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    answer = send(house, audience={"AND": [gold]}, broadcast=True)
    assert (answer.status, house.got(SENT)) == (201, ["ida"])


def test_each_dispatch_has_an_id_that_its_events_carry(house: Any) -> None:
    answer = send(house, external_user_ids=["ida-1001"])
    (event,) = house.audience.events.of_campaign("") or house.audience.message_events()
    assert event.properties["dispatch_id"] == answer.body["dispatch_id"]


def test_several_channels_go_out_together(house: Any) -> None:
    messages = {"email": {"subject": "Hello"}, "webhook": {"url": "http://127.0.0.1/"}}
    send(house, external_user_ids=["ida-1001"], messages=messages)
    assert [event.title for event in house.audience.message_events()] == [
        "Email Send",
        "Email Delivery",
        "Webhook Send",
    ]


@pytest.mark.parametrize(
    ("state", "asked", "people"),
    [
        ("subscribed", "subscribed", ["ida"]),
        ("subscribed", "opted_in", []),
        ("opted_in", "opted_in", ["ida"]),
        ("unsubscribed", "subscribed", []),
        ("unsubscribed", "all", ["ida"]),
    ],
)
def test_subscription_states_decide_who_gets_mail(house: Any, state: str, asked: str, people: list[str]) -> None:
    house.braze.identified("ida-1001", email_subscribe=state)
    messages = {"email": {"subject": "Hello"}}
    send(house, external_user_ids=["ida-1001"], messages=messages, recipient_subscription_state=asked)
    assert house.got("users.messages.email.Send") == people


def test_subscribed_is_the_default(house: Any) -> None:
    house.braze.identified("ida-1001", email_subscribe="unsubscribed")
    send(house, external_user_ids=["ida-1001"], messages={"email": {"subject": "Hello"}})
    assert house.got("users.messages.email.Send") == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No Recipients"),
        ({"external_user_ids": []}, "No Recipients"),
        ({"external_user_ids": [7.5]}, "'external_user_ids' must be a string or an array of strings"),
        ({"user_aliases": ["kim-7"]}, "'user_aliases' must be an array of alias objects"),
        ({"segment_id": UNKNOWN, "broadcast": True}, "Invalid Segment ID"),
        ({"external_user_ids": ["ida-1001"], "messages": None}, "No message to send"),
        ({"external_user_ids": ["ida-1001"], "messages": {}}, "No message to send"),
        ({"external_user_ids": ["ida-1001"], "messages": {"pigeon": {"a": 1}}}, "'messages' has no known channel"),
        ({"external_user_ids": ["ida-1001"], "messages": {"email": "x"}}, "'messages.email' must be an object"),
        (
            {"external_user_ids": ["ida-1001"], "messages": {"apple_push": {"alert": "x", "extra": "y"}}},
            "Invalid Extra Push Payload",
        ),
        (
            {"external_user_ids": ["ida-1001"], "recipient_subscription_state": "some"},
            "'recipient_subscription_state' must be 'opted_in', 'subscribed' or 'all'",
        ),
        (
            {"external_user_ids": ["ida-1001"], "recipient_subscription_state": ["all"]},
            "'recipient_subscription_state' must be 'opted_in', 'subscribed' or 'all'",
        ),
        ({"external_user_ids": ["ida-1001"], "campaign_id": UNKNOWN}, "Invalid Campaign ID"),
        ({"external_user_ids": ["ida-1001"], "send_id": "spring-1"}, "send_id requires campaign_id"),
        (
            {"external_user_ids": ["ida-1001"], "broadcast": True},
            "Cannot send to both a broadcast and a list of recipients",
        ),
        (
            {"audience": {"country": {"comparison": "is", "value": "DE"}}, "broadcast": True},
            "'audience' is not a valid connected audience: audience: country is not a connected audience filter",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(house: Any, body: dict[str, Any], message: str) -> None:
    answer = send(house, **body)
    assert (answer.status, answer.body) == (400, {"message": message})


def test_a_whole_segment_needs_broadcast(house: Any) -> None:
    segment = house.audience.create_segment("Everybody")
    answer = send(house, segment_id=segment.segment_id)
    assert (answer.status, answer.body["message"]) == (
        400,
        "'broadcast' must be true to send to a whole segment or audience",
    )


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_people_at_most_over_both_lists(house: Any, count: int, status: int) -> None:
    aliases = [{"alias_label": "crm", "alias_name": "kim-7"}]
    answer = send(house, external_user_ids=[f"user-{n}" for n in range(count - 1)], user_aliases=aliases)
    assert answer.status == status
    if status == 400:
        assert answer.body["message"] == "The max number of external_ids and aliases per request was exceeded"


@pytest.fixture
def tracked(house: Any) -> Any:
    return house.campaign("API campaign", api=True)


def test_a_tracked_message_names_a_variation(house: Any, tracked: Any) -> None:
    variation = tracked.plan.steps[0].messages[0].variation_id
    messages = {"webhook": {"url": "http://127.0.0.1/", "message_variation_id": variation}}
    send(house, external_user_ids=["ida-1001"], campaign_id=tracked.campaign_id, messages=messages)
    (event,) = house.audience.events.of_campaign(tracked.campaign_id)
    assert (event.properties["message_variation_id"], event.properties["campaign_name"]) == (variation, "API campaign")


def test_a_given_send_id_is_kept(house: Any, tracked: Any) -> None:
    variation = tracked.plan.steps[0].messages[0].variation_id
    messages = {"webhook": {"url": "http://127.0.0.1/", "message_variation_id": variation}}
    body = {"external_user_ids": ["ida-1001"], "campaign_id": tracked.campaign_id, "send_id": "spring-1"}
    assert send(house, **body, messages=messages).body["send_id"] == "spring-1"


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ({"webhook": {"url": "x"}}, "Message Variant Unspecified"),
        ({"webhook": {"message_variation_id": "other"}}, "Invalid Message Variant"),
        ({"email": {"message_variation_id": "VARIATION"}}, "Mismatched Message Type"),
    ],
)
def test_a_tracked_message_of_another_kind_is_refused(
    house: Any, tracked: Any, messages: dict[str, dict[str, str]], message: str
) -> None:
    variation = tracked.plan.steps[0].messages[0].variation_id
    for content in messages.values():
        if content.get("message_variation_id") == "VARIATION":
            content["message_variation_id"] = variation
    answer = send(house, external_user_ids=["ida-1001"], campaign_id=tracked.campaign_id, messages=messages)
    assert (answer.status, answer.body) == (400, {"message": message})


def test_only_an_api_campaign_can_be_sent_like_this(house: Any) -> None:
    made = house.campaign("Triggered", api_triggered=True)
    answer = send(house, external_user_ids=["ida-1001"], campaign_id=made.campaign_id)
    assert answer.body["message"] == "Invalid Campaign ID"


def test_the_control_group_is_left_out_of_campaigns_only(house: Any, tracked: Any) -> None:
    house.audience.control_group.set("main", 100)
    variation = tracked.plan.steps[0].messages[0].variation_id
    messages = {"webhook": {"url": "x", "message_variation_id": variation}}
    send(house, external_user_ids=["ida-1001"], campaign_id=tracked.campaign_id, messages=messages)
    during = house.got(SENT)
    send(house, external_user_ids=["ida-1001"])
    assert (during, house.got(SENT)) == ([], ["ida"])


def test_who_was_not_reached_stands_in_the_ledger(house: Any) -> None:
    send(house, external_user_ids=["ann-1001"], messages={"email": {"subject": "Hello"}})
    entries = house.braze.entries("send")
    assert [(entry.outcome, entry.note) for entry in entries] == [("message_not_sent", "email: no e-mail address")]


@pytest.mark.parametrize(
    ("channel", "longest", "message"),
    [
        ("apple_push", 1_912, "Apple Push Length Exceeded"),
        ("android_push", 4_000, "Android Push Length Exceeded"),
    ],
)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_push_may_be_so_many_bytes_long(house: Any, channel: str, longest: int, message: str, more: int) -> None:
    alert = "x" * (longest + more - len('{"alert":""}'))
    answer = house.braze.post(
        "/messages/send", {"external_user_ids": ["ida-1001"], "messages": {channel: {"alert": alert}}}
    )
    assert (answer.status, answer.body["message"]) == ((400, message) if more > 0 else (201, "success"))
