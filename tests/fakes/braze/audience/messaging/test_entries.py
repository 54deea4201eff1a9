"""Who enters, into which variant."""

from __future__ import annotations

from typing import Any

from simulator.fakes.braze.audience.messaging.channels import CAMPAIGN_CONTROL, CANVAS_ENTRY

SENT = "users.messages.webhook.Send"


def test_a_segment_and_further_filters_must_both_let_a_person_in(house: Any) -> None:
    house.audience.create_segment("With country", {"country": {"comparison": "exists"}})
    made = house.campaign(segment="With country", audience={"country": {"comparison": "is_not", "value": "DE"}})
    assert (house.audience.send_now(made.campaign_id), house.got(SENT)) == (1, ["ann"])


def test_the_audience_is_who_is_in_the_segment_at_that_moment(house: Any) -> None:
    house.audience.create_segment("Openers", includes=["openers"])
    made = house.campaign(segment="Openers", schedule={"at": "2026-03-02T12:00:00Z"})
    house.wait("1h")
    house.braze.change({"user_ids": ["ida-1001"]})
    house.wait("1h")
    assert (made.plan.segment_id != "", house.got(SENT)) == (True, ["ida"])


def test_a_control_group_gets_nothing_and_is_noted(house: Any) -> None:
    for number in range(60):
        house.braze.identified(f"user-{number}")
    made = house.campaign(control=50)
    house.audience.send_now(made.campaign_id)
    sent, control = house.got(SENT), house.got(CAMPAIGN_CONTROL)
    assert (len(sent) + len(control), set(sent) & set(control), 10 < len(control) < 54) == (64, set(), True)


def test_people_stay_in_their_variant(house: Any) -> None:
    made = house.campaign(control=50, reentry="always")
    for _ in range(3):
        house.audience.send_now(made.campaign_id)
    sent, control = house.got(SENT), house.got(CAMPAIGN_CONTROL)
    assert (len(sent), len(control), set(sent) & set(control)) == (3 * len(set(sent)), 3 * len(set(control)), set())


def test_an_entry_into_a_canvas_tells_whether_it_is_a_control(house: Any) -> None:
    made = house.canvas(control=50)
    house.audience.send_now(made.campaign_id)
    events = [e for e in house.audience.message_events() if e.name == CANVAS_ENTRY]
    sent = set(house.got(SENT))
    assert {house.names[e.braze_id] for e in events if not e.properties["in_control_group"]} == sent


def test_shares_of_variants_are_kept_roughly(house: Any) -> None:
    for number in range(96):
        house.braze.identified(f"user-{number}")
    variants = [
        {"name": "A", "share": 20, "channel": "webhook"},
        {"name": "B", "share": 80, "channel": "content_card"},
    ]
    made = house.campaign(variants=variants)
    house.audience.send_now(made.campaign_id)
    first = len(house.got(SENT))
    assert (first + len(house.got("users.messages.contentcard.Send")), 8 <= first <= 34) == (100, True)


def test_every_event_of_a_campaign_carries_its_names(house: Any) -> None:
    made = house.canvas("Onboarding")
    house.audience.send_now(made.campaign_id)
    step = made.plan.steps[0]
    event = house.audience.message_events()[-1]
    expected = {
        "canvas_id": made.campaign_id,
        "canvas_name": "Onboarding",
        "canvas_variation_id": made.plan.variants[0].variant_id,
        "canvas_step_id": step.step_id,
        "message_variation_id": step.messages[0].variation_id,
    }
    assert {key: event.properties[key] for key in expected} == expected


def test_a_profile_that_was_merged_away_hands_its_entries_over(house: Any) -> None:
    made = house.campaign(reentry="never")
    house.audience.send_now(made.campaign_id)
    merge = {"identifier_to_merge": {"external_id": "ann-1001"}, "identifier_to_keep": {"external_id": "noor-1"}}
    house.braze.identified("noor-1")
    house.braze.post("/users/merge", {"merge_updates": [merge]})
    assert house.audience.send_now(made.campaign_id) == 0
