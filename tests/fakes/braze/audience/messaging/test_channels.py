"""The table of channels: what each send leaves behind has a name, and analytics count what can happen."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.channels import CHANNELS, EVENT_TITLES

BY_NAME = pytest.mark.parametrize("name", CHANNELS)


@BY_NAME
def test_every_event_of_a_message_has_a_title(name: str) -> None:
    assert set(CHANNELS[name].events) - set(EVENT_TITLES) == set()


@BY_NAME
def test_every_figure_counts_an_event_that_there_is(name: str) -> None:
    assert {event for event in CHANNELS[name].counters.values() if event} - set(EVENT_TITLES) == set()


@pytest.mark.parametrize(
    ("channel", "titles"),
    [
        ("email", ["Email Send", "Email Delivery"]),
        ("sms", ["SMS Send", "SMS Send To Carrier", "SMS Delivery"]),
        ("whats_app", ["WhatsApp Send", "WhatsApp Delivery"]),
        ("webhook", ["Webhook Send"]),
        ("content_card", ["Content Card Send"]),
    ],
)
def test_the_mail_provider_the_carriers_and_the_phones_deliver_at_once(
    house: Any, channel: str, titles: list[str]
) -> None:
    house.braze.identified("ann-1001", email="ann@example.org")
    sent = {"external_user_ids": ["ann-1001"], "messages": {channel: {"body": "Hello"}}}
    assert house.braze.post("/messages/send", sent).status == 201
    told = [event.title for event in house.audience.message_events() if event.name.startswith("users.messages.")]
    assert titles == told


def test_nobody_opens_or_clicks_unless_told_to(house: Any) -> None:
    made = house.campaign(channel="email")
    house.audience.send_now(made.campaign_id)
    house.wait("30d")
    told = {event.name for event in house.audience.message_events()}
    assert told == {"users.messages.email.Send", "users.messages.email.Delivery"}
