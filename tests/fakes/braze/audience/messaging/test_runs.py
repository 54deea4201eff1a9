"""Schedules, delays, triggers and conversions on the simulated clock."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.channels import (
    CANVAS_EXIT_AUDIENCE,
    CANVAS_EXIT_EVENT,
    SPLIT_CONVERSION,
    SPLIT_ENTRY,
)
from simulator.fakes.braze.audience.messaging.plans import PlanRefused, Status, read_plan, write_plan
from simulator.rules.instants import HOUR_MS, MINUTE_MS, Instant

SENT = "users.messages.webhook.Send"


def times(house: Any, name: str = SENT) -> list[int]:
    """Hours after the start at which events of that type happened."""
    return [(e.at - START) // HOUR_MS for e in house.audience.message_events() if e.name == name]


START = 1_772_445_600_000


# -- schedules


def test_a_schedule_sends_at_its_instant_and_not_before(house: Any) -> None:
    house.campaign(schedule={"at": "2026-03-02T12:00:00Z"})
    house.wait("1h 59m 59s")
    before = house.got(SENT)
    house.wait("1s")
    assert (before, house.got(SENT)) == ([], ["ann", "ben", "ida", "kim"])


def test_a_schedule_without_an_instant_sends_at_once(house: Any) -> None:
    house.campaign(schedule={"every": "1d"}, reentry="always")
    house.wait("1s")
    assert times(house) == [0, 0, 0, 0]


def test_a_repeating_schedule_reaches_newcomers_only_unless_re_entry_is_allowed(house: Any) -> None:
    house.campaign(schedule={"at": "2026-03-02T11:00:00Z", "every": "1d"})
    house.wait("2h")
    house.braze.identified("noor-1")
    house.wait("1d")
    assert times(house) == [1, 1, 1, 1, 25]


@pytest.mark.parametrize(
    ("reentry", "hours"), [("never", [1]), ("2d", [1, 49]), ("2d 1ms", [1, 73]), ("always", [1, 25, 49, 73])]
)
def test_re_entry_is_allowed_after_its_pause(house: Any, reentry: str, hours: list[int]) -> None:
    house.campaign(
        schedule={"at": "2026-03-02T11:00:00Z", "every": "1d"},
        reentry=reentry,
        audience={"country": {"comparison": "is", "value": "DE"}},
    )
    house.wait("3d 2h")
    assert times(house) == hours


def test_a_schedule_ends(house: Any) -> None:
    house.campaign(
        schedule={"at": "2026-03-02T11:00:00Z", "every": "1h", "until": "2026-03-02T12:00:00Z"},
        reentry="always",
        audience={"country": {"comparison": "is", "value": "DE"}},
    )
    house.wait("1d")
    assert times(house) == [1, 2]


def test_a_one_time_schedule_is_not_unfinished_and_neither_is_a_repeating_one(house: Any) -> None:
    house.campaign("Once", schedule={"at": "2026-03-02T11:00:00Z"})
    house.campaign("Daily", schedule={"every": "1d"})
    assert house.agenda.unfinished() is False


def test_a_stopped_schedule_sends_nothing_and_keeps_its_beat_when_resumed(house: Any) -> None:
    made = house.campaign(
        schedule={"at": "2026-03-02T11:00:00Z", "every": "2h"},
        reentry="always",
        audience={"country": {"comparison": "is", "value": "DE"}},
    )
    house.audience.set_status(made.campaign_id, Status.STOPPED)
    house.wait("4h")
    house.audience.set_status(made.campaign_id, Status.ACTIVE)
    house.wait("4h")
    assert times(house) == [5, 7]


def test_a_schedule_that_was_missed_while_stopped_is_not_made_up_for(house: Any) -> None:
    made = house.campaign(schedule={"at": "2026-03-02T11:00:00Z"})
    house.audience.set_status(made.campaign_id, Status.STOPPED)
    house.wait("4h")
    house.audience.set_status(made.campaign_id, Status.ACTIVE)
    house.wait("4h")
    assert times(house) == []


def test_nobody_is_sent_anything_twice_after_the_agenda_is_made_again(house: Any) -> None:
    house.campaign(schedule={"at": "2026-03-02T11:00:00Z"})
    house.wait("2h")
    works = house.braze.service.due_works
    assert [work.next_due() for work in works if work.name == "braze messaging"] == [None]


# -- triggers


def test_an_event_triggers_at_once(house: Any) -> None:
    house.campaign(trigger={"event": "signed_up"})
    house.event("ida-1001", "signed_up")
    house.event("ann-1001", "something_else")
    assert house.got(SENT) == ["ida"]


def test_an_event_on_a_phone_triggers_too(house: Any) -> None:
    house.campaign(trigger={"event": "signed_up"})
    house.braze.phone.log_event("d-ben-0001", "signed_up")
    assert house.got(SENT) == ["ben"]


def test_only_people_in_the_audience_are_triggered(house: Any) -> None:
    house.campaign(trigger={"event": "signed_up"}, audience={"country": {"comparison": "is", "value": "FR"}})
    house.event("ida-1001", "signed_up")
    house.event("ann-1001", "signed_up")
    assert house.got(SENT) == ["ann"]


@pytest.mark.parametrize(("product", "people"), [("mug", ["ida"]), ("*", ["ann", "ida"]), ("cup", [])])
def test_a_purchase_triggers(house: Any, product: str, people: list[str]) -> None:
    house.campaign(trigger={"product": product})
    for who, what in (("ida-1001", "mug"), ("ann-1001", "shirt")):
        sent = {"external_id": who, "product_id": what, "currency": "EUR", "price": 1, "time": "2026-03-02T10:00:00Z"}
        house.braze.post("/users/track", {"purchases": [sent]})
    assert house.got(SENT) == people


def test_a_delayed_trigger_sends_later_to_whoever_is_still_in_the_audience(house: Any) -> None:
    house.campaign(trigger={"event": "signed_up", "delay": "1h"}, audience={"country": {"comparison": "exists"}})
    house.event("ida-1001", "signed_up")
    house.event("ann-1001", "signed_up")
    waiting = house.agenda.unfinished()
    house.braze.identified("ann-1001", country=None)
    house.wait("1h")
    assert (waiting, house.got(SENT), times(house)) == (True, ["ida"], [1])


def test_a_stopped_campaign_is_not_triggered(house: Any) -> None:
    made = house.campaign(trigger={"event": "signed_up"})
    house.audience.set_status(made.campaign_id, Status.STOPPED)
    house.event("ida-1001", "signed_up")
    assert house.got(SENT) == []


def test_what_waits_is_dropped_when_the_campaign_is_stopped(house: Any) -> None:
    made = house.campaign(trigger={"event": "signed_up", "delay": "1h"})
    house.event("ida-1001", "signed_up")
    house.audience.set_status(made.campaign_id, Status.STOPPED)
    house.wait("2h")
    assert (house.got(SENT), house.agenda.unfinished()) == ([], False)


def test_the_same_event_twice_triggers_once_unless_re_entry_is_allowed(house: Any) -> None:
    house.campaign("Once", trigger={"event": "signed_up"})
    house.campaign("Always", trigger={"event": "signed_up"}, reentry="always")
    for _ in range(2):
        house.event("ida-1001", "signed_up")
    assert house.got(SENT) == ["ida", "ida", "ida"]


# -- Canvas


def test_steps_of_a_canvas_follow_each_other(house: Any) -> None:
    steps = [
        {"name": "Hello", "channel": "webhook"},
        {"name": "Same time", "channel": "content_card"},
        {"name": "Next day", "channel": "webhook", "delay": "1d"},
        {"name": "Day after", "channel": "webhook", "delay": "1d"},
    ]
    house.canvas(trigger={"event": "signed_up"}, steps=steps)
    house.event("ida-1001", "signed_up")
    house.wait("3d")
    titles = [(e.title, (e.at - START) // HOUR_MS) for e in house.audience.message_events() if e.campaign_id]
    assert titles == [
        ("Canvas Entry", 0),
        ("Webhook Send", 0),
        ("Content Card Send", 0),
        ("Webhook Send", 24),
        ("Webhook Send", 48),
    ]


def test_somebody_between_two_steps_is_unfinished(house: Any) -> None:
    steps = [{"channel": "webhook"}, {"channel": "webhook", "delay": "1d"}]
    house.canvas(trigger={"event": "signed_up"}, steps=steps)
    house.event("ida-1001", "signed_up")
    before = house.agenda.unfinished()
    house.wait("1d")
    assert (before, house.agenda.unfinished()) == (True, False)


# -- conversions


@pytest.mark.parametrize(("minutes", "people"), [(59, ["ida"]), (60, ["ida"]), (61, [])])
def test_a_conversion_counts_within_its_window(house: Any, minutes: int, people: list[str]) -> None:
    made = house.campaign(conversions=[{"event": "bought", "within": "1h"}])
    house.audience.send_now(made.campaign_id)
    house.agenda.advance_to(Instant(house.clock.now + minutes * MINUTE_MS))
    house.event("ida-1001", "bought")
    assert house.got("users.campaigns.Conversion") == people


def test_an_entry_converts_once(house: Any) -> None:
    made = house.canvas(conversions=[{"event": "bought", "within": "1d"}])
    house.audience.send_now(made.campaign_id)
    house.wait("1m")
    for _ in range(2):
        house.event("ida-1001", "bought")
    assert house.got("users.canvas.Conversion") == ["ida"]


def test_somebody_who_never_entered_does_not_convert(house: Any) -> None:
    house.campaign(conversions=[{"event": "bought", "within": "1d"}])
    house.event("ida-1001", "bought")
    assert house.got("users.campaigns.Conversion") == []


# -- leaving a Canvas

TWO_STEPS = [{"channel": "webhook"}, {"channel": "webhook", "delay": "1d"}]


def test_whoever_performs_the_exit_event_gets_no_further_step(house: Any) -> None:
    made = house.canvas(steps=TWO_STEPS, exit={"event": "bought"})
    house.audience.send_now(made.campaign_id)
    house.wait("1h")
    house.event("ida-1001", "bought")
    house.wait("2d")
    (left,) = [event for event in house.audience.message_events() if event.name == CANVAS_EXIT_EVENT]
    sends = house.got("users.messages.webhook.Send")
    assert sorted(sends) == ["ann", "ann", "ben", "ben", "ida", "kim", "kim"]
    assert (left.external_id, left.title, left.properties["canvas_name"]) == (
        "ida-1001",
        "Canvas exit (performed event)",
        "Onboarding",
    )


def test_an_exit_event_before_the_entry_or_after_the_last_step_means_nothing(house: Any) -> None:
    house.canvas(steps=TWO_STEPS, trigger={"event": "signed_up"}, exit={"event": "bought"})
    house.event("ida-1001", "bought")
    house.event("ida-1001", "signed_up")
    house.wait("2d")
    house.event("ida-1001", "bought")
    assert (house.got(CANVAS_EXIT_EVENT), len(house.got("users.messages.webhook.Send"))) == ([], 2)


def test_whoever_has_come_to_be_in_the_exit_audience_leaves_before_the_next_step(house: Any) -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    made = house.canvas(
        steps=TWO_STEPS, exit={"audience": gold}, audience={"external_user_id": {"comparison": "exists"}}
    )
    house.braze.identified("ida-1001", plan="free")
    house.audience.send_now(made.campaign_id)
    house.braze.identified("ann-1001", plan="gold")
    house.wait("2d")
    sends = house.got("users.messages.webhook.Send")
    assert (sorted(sends), house.got(CANVAS_EXIT_AUDIENCE)) == (["ann", "ida", "ida"], ["ann"])


def test_exit_criteria_are_kept_with_the_plan_and_are_for_a_canvas(house: Any) -> None:
    leaving = {"event": "bought", "audience": {"country": {"comparison": "is", "value": "DE"}}}
    made = house.canvas(exit=leaving)
    assert (write_plan(made.plan)["exit"], read_plan(write_plan(made.plan))) == (leaving, made.plan)
    with pytest.raises(PlanRefused, match="exit criteria are for a Canvas"):
        house.campaign(exit={"event": "bought"})
    with pytest.raises(PlanRefused, match=r"exit\.audience: cuntry: is not a filter"):
        house.canvas("Other", exit={"audience": {"cuntry": {}}})


# -- experiments of a Canvas

EXPERIMENT = {
    "name": "Which channel",
    "paths": [
        {"name": "By webhook", "share": 40, "channel": "webhook"},
        {"name": "By card", "share": 40, "channel": "content_card"},
        {"name": "Holdout", "share": 20, "control": True},
    ],
}


def test_an_experiment_parts_people_by_shares_and_says_so(house: Any) -> None:
    for number in range(96):
        house.braze.identified(f"user-{number}")
    made = house.canvas(steps=[EXPERIMENT])
    house.audience.send_now(made.campaign_id)
    splits: dict[str, set[str]] = {}
    for event in house.audience.message_events():
        if event.name == SPLIT_ENTRY:
            splits.setdefault(str(event.properties["experiment_split_name"]), set()).add(event.braze_id)
    got = {
        channel: {event.braze_id for event in house.audience.message_events() if event.name == name}
        for channel, name in {
            "By webhook": "users.messages.webhook.Send", "By card": "users.messages.contentcard.Send",
        }.items()
    }  # fmt: skip
    assert (len(set.union(*splits.values())), sum(map(len, splits.values()))) == (100, 100)
    assert (splits["By webhook"], splits["By card"]) == (got["By webhook"], got["By card"])
    assert 5 < len(splits["Holdout"]) < 40


def test_people_stay_on_their_path(house: Any) -> None:
    made = house.canvas(steps=[EXPERIMENT], reentry="always")
    for _ in range(3):
        house.audience.send_now(made.campaign_id)
        house.wait("1h")
    taken = {
        (event.braze_id, event.properties["experiment_split_id"])
        for event in house.audience.message_events()
        if event.name == SPLIT_ENTRY
    }
    assert len(taken) == 4


def test_a_conversion_counts_for_the_path_that_was_taken(house: Any) -> None:
    made = house.canvas(steps=[EXPERIMENT], conversions=[{"event": "bought", "within": "1d"}])
    house.audience.send_now(made.campaign_id)
    house.wait("1h")
    house.event("ida-1001", "bought")
    told = house.audience.message_events()
    (entry,) = [each for each in told if each.name == SPLIT_ENTRY and each.external_id == "ida-1001"]
    (conversion,) = [each for each in told if each.name == SPLIT_CONVERSION]
    keys = ("experiment_step_id", "experiment_split_id", "experiment_split_name", "canvas_variation_id")
    assert (conversion.external_id, conversion.title) == ("ida-1001", "Canvas experiment step conversion")
    assert [conversion.properties[key] for key in keys] == [entry.properties[key] for key in keys]


def test_the_details_show_an_experiment_with_the_messages_of_all_paths(house: Any) -> None:
    made = house.canvas(steps=[EXPERIMENT, {"channel": "webhook", "delay": "1d"}])
    (first, second) = house.braze.get("/canvas/details", canvas_id=made.campaign_id).body["steps"]
    assert (first["type"], first["channels"], len(first["messages"])) == ("experiment", ["webhook", "content_card"], 2)
    assert (second["type"], first["next_step_ids"]) == ("message", [second["id"]])
    assert read_plan(write_plan(made.plan)) == made.plan


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        ([{"share": 50, "channel": "webhook"}], "the shares of the paths must add up to 100"),
        ([{"share": 0, "channel": "webhook"}], "a share must be a whole number of percent, 1 to 100"),
        (["one"], "the paths of an experiment must be a list of paths"),
    ],
)
def test_paths_must_make_sense(house: Any, paths: list[Any], why: str) -> None:
    with pytest.raises(PlanRefused, match=why):
        house.canvas(steps=[{"paths": paths}])


def test_a_campaign_has_no_experiment(house: Any) -> None:
    with pytest.raises(PlanRefused, match="an experiment is a step of a Canvas"):
        house.campaign(steps=[EXPERIMENT])
