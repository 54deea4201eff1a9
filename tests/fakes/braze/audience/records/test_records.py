"""The one sequence of events: messages, behaviour, reactions, figures, and what Currents reads of it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.records.reactions import ReactionRefused


def titles(house: Any) -> list[str]:
    return [event.title for event in house.audience.message_events()]


def buy(house: Any) -> None:
    sent = {"external_id": "ida-1001", "product_id": "mug", "currency": "EUR", "price": 2.5, "quantity": 2}
    house.braze.post("/users/track", {"purchases": [{**sent, "time": "2026-03-02T10:00:00Z"}]})


# -- events and behaviours


def test_sequence_numbers_grow_and_never_repeat(house: Any) -> None:
    made = house.campaign(reentry="always")
    for _ in range(2):
        house.audience.send_now(made.campaign_id)
    numbers = [event.sequence for event in house.audience.message_events()]
    assert numbers == sorted(set(numbers))


def test_events_are_read_from_a_number_on(house: Any) -> None:
    house.audience.send_now(house.campaign().campaign_id)
    first, second, *rest = house.audience.message_events()
    assert house.audience.message_events(second.sequence) == rest
    assert first.sequence < second.sequence


def test_event_ids_are_unique_and_follow_from_the_seed(make_braze: Any) -> None:
    found = []
    for _ in range(2):
        braze = make_braze()
        braze.anonymous("d-1")
        braze.service.audience.send_now(braze.service.audience.create_campaign("A", {"channel": "webhook"}).campaign_id)
        found.append([event.event_id for event in braze.service.audience.message_events()])
    assert found[0] == found[1]
    assert len(set(found[0])) == len(found[0])


def test_custom_events_carry_their_name_and_properties(house: Any) -> None:
    sent = {"external_id": "ida-1001", "name": "rated", "time": "2026-03-02T09:00:00Z", "properties": {"stars": 5}}
    house.braze.post("/users/track", {"events": [{**sent, "app_id": "shop"}]})
    (event,) = house.audience.message_events()
    assert (event.name, event.at, event.external_id, dict(event.properties)) == (
        "users.behaviors.CustomEvent",
        house.clock.now - 3_600_000,
        "ida-1001",
        {"name": "rated", "properties": {"stars": 5}, "app_id": "shop"},
    )


def test_purchases_carry_product_price_and_currency(house: Any) -> None:
    buy(house)
    (event,) = house.audience.message_events()
    assert (event.title, dict(event.properties)) == (
        "Purchase",
        {"product_id": "mug", "price": 2.5, "currency": "EUR", "quantity": 2, "properties": {}},
    )


def test_sessions_begin_and_end(house: Any) -> None:
    house.braze.phone.start_session("d-ben-0001", app="shop")
    house.braze.phone.end_session("d-ben-0001", app="shop")
    house.braze.phone.start_session("d-ben-0001", app="shop")
    assert titles(house) == ["First Session", "Session Start", "Session End", "Session Start"]


def test_an_event_stays_with_who_did_it_under_which_name(house: Any) -> None:
    house.braze.phone.log_event("d-ben-0001", "looked")
    house.braze.phone.log_in("d-ben-0001", "ben-1001")
    house.braze.phone.log_event("d-ben-0001", "looked")
    assert [(e.external_id, e.device_id) for e in house.audience.message_events()] == [
        (None, "d-ben-0001"),
        ("ben-1001", None),
    ]


def test_workspaces_are_apart(house: Any) -> None:
    house.braze.phone.log_event("d-x-0001", "looked", workspace="second")
    assert (
        house.audience.message_events(workspace="main"),
        len(house.audience.message_events(workspace="second")),
    ) == (
        [],
        1,
    )


# -- feed


def test_currents_reads_the_same_sequence(house: Any) -> None:
    house.event("ida-1001", "looked")
    house.audience.send_now(house.campaign(audience={"country": {"comparison": "is", "value": "DE"}}).campaign_id)
    feed = house.audience.currents()
    first, second = feed.events(0, 10)
    assert (first.type_id, second.type_id, second.external_id) == (
        "users.behaviors.CustomEvent",
        "users.messages.webhook.Send",
        "ida-1001",
    )
    assert (feed.last_sequence(), feed.events(first.sequence, 10), len(feed.events(0, 1))) == (
        second.sequence,
        [second],
        1,
    )


def test_currents_of_nothing_begins_at_zero(house: Any) -> None:
    feed = house.audience.currents()
    assert (feed.last_sequence(), feed.events(0, 10)) == (0, [])


# -- reactions


@pytest.fixture
def mailed(house: Any) -> str:
    made = house.campaign("Mail", channel="email")
    house.audience.send_now(made.campaign_id)
    return str(made.campaign_id)


@pytest.mark.parametrize(
    ("reaction", "title"),
    [
        ("open", "Email Open"),
        ("click", "Email Click"),
        ("bounce", "Email Bounce"),
        ("soft_bounce", "Email Soft Bounce"),
        ("mark_as_spam", "Email Mark As Spam"),
    ],
)
def test_a_reaction_is_an_event_of_the_same_campaign(house: Any, mailed: str, reaction: str, title: str) -> None:
    house.audience.reactions.react("main", house.people.ida.braze_id, mailed, reaction, {"url": "x"})
    event = house.audience.message_events()[-1]
    assert (event.title, event.campaign_id, event.properties["url"]) == (title, mailed, "x")


def test_a_bounce_blocks_the_address(house: Any, mailed: str) -> None:
    house.audience.reactions.react("main", house.people.ida.braze_id, mailed, "bounce")
    assert [each.email for each in house.audience.emails.bounced("main")] == ["ida@example.org"]


def test_a_spam_mark_stops_further_mail(house: Any, mailed: str) -> None:
    house.audience.reactions.react("main", house.people.ida.braze_id, mailed, "mark_as_spam")
    before = len(titles(house))
    house.audience.send_now(mailed)
    assert len(titles(house)) == before


def test_an_unsubscription_changes_the_state(house: Any, mailed: str) -> None:
    house.audience.reactions.react("main", house.people.ida.braze_id, mailed, "unsubscribe")
    assert house.braze.export("ida-1001")["email_subscribe"] == "unsubscribed"


def test_nobody_reacts_to_what_they_never_got(house: Any, mailed: str) -> None:
    with pytest.raises(ReactionRefused, match="received nothing"):
        house.audience.reactions.react("main", house.people.ann.braze_id, mailed, "open")


def test_nobody_opens_a_webhook(house: Any) -> None:
    made = house.campaign()
    house.audience.send_now(made.campaign_id)
    with pytest.raises(ReactionRefused, match="nobody can open after Webhook Send"):
        house.audience.reactions.react("main", house.people.ida.braze_id, made.campaign_id, "open")


# -- what exports show


def test_an_export_lists_campaigns_and_canvases_received(house: Any, mailed: str) -> None:
    canvas = house.canvas("Onboarding")
    house.audience.send_now(canvas.campaign_id)
    house.audience.reactions.react("main", house.people.ida.braze_id, mailed, "open")
    shown = house.braze.export("ida-1001")
    (campaign,) = shown["campaigns_received"]
    assert (campaign["name"], campaign["engaged"]["opened_email"], campaign["converted"]) == ("Mail", True, False)
    assert [each["name"] for each in shown["canvases_received"]] == ["Onboarding"]


@pytest.mark.parametrize(("waited", "shown"), [("89d 23h", True), ("90d", False), ("91d", False)])
def test_what_was_received_is_shown_for_90_days(house: Any, mailed: str, waited: str, shown: bool) -> None:
    house.wait(waited)
    assert ("campaigns_received" in house.braze.export("ida-1001")) is shown


def test_what_a_merged_profile_received_goes_over(house: Any, mailed: str) -> None:
    house.braze.identified("noor-1")
    merge = {"identifier_to_merge": {"external_id": "ida-1001"}, "identifier_to_keep": {"external_id": "noor-1"}}
    house.braze.post("/users/merge", {"merge_updates": [merge]})
    assert [each["name"] for each in house.braze.export("noor-1")["campaigns_received"]] == ["Mail"]


# -- what happens to a phone


def test_a_phone_tells_of_places_sources_and_uninstalls(house: Any) -> None:
    phone = house.braze.phone
    phone.attribute_install("d-ben-0001", "search", campaign="spring")
    phone.locate("d-ben-0001", 13.4, 52.5)
    phone.uninstall("d-ben-0001", app="shop")
    told = [(event.title, dict(event.properties), event.device_id) for event in house.audience.message_events()]
    assert told == [
        ("Install Attribution", {"source": "search"}, "d-ben-0001"),
        ("Location", {"longitude": 13.4, "latitude": 52.5}, "d-ben-0001"),
        ("Uninstall", {"app_id": "shop"}, "d-ben-0001"),
    ]


# -- reactions to every channel


@pytest.mark.parametrize(
    ("channel", "reaction", "name"),
    [
        ("sms", "delivery_failure", "users.messages.sms.DeliveryFailure"),
        ("sms", "rejection", "users.messages.sms.Rejection"),
        ("sms", "inbound_receive", "users.messages.sms.InboundReceive"),
        ("sms", "short_link_click", "users.messages.sms.ShortLinkClick"),
        ("whats_app", "read", "users.messages.whatsapp.Read"),
        ("whats_app", "failure", "users.messages.whatsapp.Failure"),
        ("whats_app", "inbound_receive", "users.messages.whatsapp.InboundReceive"),
        ("ios_push", "foreground_open", "users.messages.pushnotification.IosForeground"),
    ],
)
def test_each_channel_has_reactions_of_its_own(house: Any, channel: str, reaction: str, name: str) -> None:
    house.braze.phone.log_in("d-ann-0001", "ann-1001")
    house.braze.phone.register_push_token("d-ann-0001", "t-1", app="shop", platform="ios")
    made = house.campaign(channel=channel)
    house.audience.send_now(made.campaign_id)
    ann = house.braze.user("ann-1001")
    assert name == house.audience.reactions.react("main", ann.braze_id, made.campaign_id, reaction)
    assert house.got(name) == ["ann"]


def test_a_reaction_that_a_channel_does_not_know_is_refused(house: Any) -> None:
    made = house.campaign(channel="sms")
    house.audience.send_now(made.campaign_id)
    with pytest.raises(ReactionRefused, match="nobody can read after SMS Send"):
        house.audience.reactions.react("main", house.people.ann.braze_id, made.campaign_id, "read")


def test_failures_count_in_the_figures(house: Any) -> None:
    made = house.campaign(channel="sms")
    house.audience.send_now(made.campaign_id)
    house.audience.reactions.react("main", house.people.ann.braze_id, made.campaign_id, "delivery_failure")
    answer = house.braze.get("/campaigns/data_series", campaign_id=made.campaign_id, length=1)
    (figures,) = answer.body["data"][0]["messages"]["sms"]
    assert (figures["sent"], figures["delivery_failed"], figures["rejected"]) == (1, 1, 0)


# -- properties that Currents promises


def test_a_session_has_an_id_and_its_end_says_how_long_it_lasted(house: Any) -> None:
    phone = house.braze.phone
    phone.start_session("d-ben-0001")
    house.wait("90s")
    phone.end_session("d-ben-0001")
    _, start, end = [event.properties for event in house.audience.message_events()]
    assert (end["duration"], end["session_id"]) == (90, start["session_id"])


def test_an_end_without_a_beginning_says_nothing_of_its_length(house: Any) -> None:
    house.braze.phone.end_session("d-ben-0001")
    assert [dict(event.properties) for event in house.audience.message_events()] == [{"app_id": "app"}]


def test_a_push_says_what_phone_it_went_to(house: Any) -> None:
    phone = house.braze.phone
    phone.appear("d-ben-0001", details={"model": "Pixel 9", "os": "Android 16"})
    phone.register_push_token("d-ben-0001", "t-1", app="shop", platform="android")
    house.audience.send_now(house.campaign(channel="android_push").campaign_id)
    (event,) = house.audience.message_events()
    told = {name: event.properties[name] for name in ("platform", "app_id", "device_model", "os_version")}
    assert told == {"platform": "android", "app_id": "shop", "device_model": "Pixel 9", "os_version": "Android 16"}


def test_messages_name_their_workspace_and_behaviour_does_not(two_workspaces: Any) -> None:
    house = two_workspaces
    house.event("ida-1001", "app_opened")
    for workspace in ("main", "second"):
        house.braze.phone.appear(f"d-{workspace}", workspace=workspace)
        made = house.audience.create_campaign("Hello", {"channel": "webhook"}, workspace=workspace)
        house.audience.send_now(made.campaign_id)
    told = {(event.workspace, event.properties.get("app_group_id")) for event in house.audience.message_events()}
    names = {workspace: name for workspace, name in told if name is not None}
    assert len(told) == 3
    assert sorted(names) == ["main", "second"]
    assert names["main"] != names["second"]


@pytest.mark.parametrize("by_campaign", [True, False])
def test_a_content_card_has_one_id_for_everybody_and_for_what_they_do_with_it(house: Any, by_campaign: bool) -> None:
    if by_campaign:
        made = house.campaign(channel="content_card")
        house.audience.send_now(made.campaign_id)
        house.audience.reactions.react("main", house.people.ida.braze_id, made.campaign_id, "dismiss")
    else:
        people = {"external_user_ids": ["ida-1001", "ann-1001"], "messages": {"content_card": {"title": "Hello"}}}
        house.braze.post("/messages/send", people)
    cards = [event.properties["card_id"] for event in house.audience.message_events()]
    assert (len(cards), len(set(cards))) == (5 if by_campaign else 2, 1)
