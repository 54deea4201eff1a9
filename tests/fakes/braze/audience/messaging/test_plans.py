"""The form of a campaign: short, full, refused, and back again."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.plans import (
    Delivery,
    PlanRefused,
    read_plan,
    write_plan,
)
from simulator.rules.instants import DAY_MS, HOUR_MS, parse_instant


def test_the_shortest_form_is_one_mail_by_api() -> None:
    plan = read_plan({})
    assert (plan.delivery, plan.channels, plan.reentry_ms, plan.recipients) == (
        Delivery.API_TRIGGERED,
        ["email"],
        0,
        "subscribed",
    )


@pytest.mark.parametrize(
    ("form", "delivery"),
    [
        ({"schedule": {"at": "2026-03-03T10:00:00Z"}}, Delivery.SCHEDULED),
        ({"trigger": {"event": "e"}}, Delivery.ACTION),
        ({"trigger": {"product": "*"}}, Delivery.ACTION),
        ({"api_triggered": True}, Delivery.API_TRIGGERED),
        ({"api": True}, Delivery.API),
    ],
)
def test_what_makes_it_send(form: dict[str, Any], delivery: Delivery) -> None:
    assert read_plan(form).delivery is delivery


@pytest.mark.parametrize(
    ("form", "pause"),
    [
        ({"trigger": {"event": "e"}}, None),
        ({"trigger": {"event": "e"}, "reentry": "always"}, 0),
        ({"trigger": {"event": "e"}, "reentry": "7d"}, 7 * DAY_MS),
        ({"api": True}, 0),
        ({"api": True, "reentry": "never"}, None),
    ],
)
def test_the_entry_rule_depends_on_the_delivery_unless_it_is_given(form: dict[str, Any], pause: int | None) -> None:
    assert read_plan(form).reentry_ms == pause


def test_a_schedule_has_a_start_a_beat_and_an_end() -> None:
    plan = read_plan({"schedule": {"at": "2026-03-03T10:00:00Z", "every": "1h", "until": "2026-03-04T10:00:00Z"}})
    assert (plan.start, plan.every_ms, plan.until) == (
        parse_instant("2026-03-03T10:00:00Z"),
        HOUR_MS,
        parse_instant("2026-03-04T10:00:00Z"),
    )


FORMS: list[dict[str, Any]] = [
    {},
    {"schedule": {"at": "2026-03-03T10:00:00Z", "every": "1d"}, "channel": "sms", "message": {"body": "Hello"}},
    {"trigger": {"event": "signed_up", "delay": "1h"}, "reentry": "7d", "control": 10},
    {"trigger": {"product": "mug"}, "audience": {"country": {"comparison": "is", "value": "DE"}}},
    {"api": True, "messages": [{"channel": "email"}, {"channel": "webhook"}], "tags": ["a"], "teams": ["b"]},
    {"steps": [{"channel": "email"}, {"name": "Later", "channel": "webhook", "delay": "1d"}]},
    {
        "variants": [
            {"name": "A", "share": 40, "steps": [{"channel": "email"}]},
            {"name": "B", "share": 50, "channel": "webhook"},
            {"name": "Control Group", "share": 10, "control": True},
        ],
        "conversions": [{"event": "bought", "within": "2d"}],
        "recipients": "all",
    },
]


@pytest.mark.parametrize("form", FORMS)
def test_the_full_form_reads_back_as_the_same_plan(form: dict[str, Any]) -> None:
    plan = read_plan(form)
    assert read_plan(write_plan(plan)) == plan


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"chanel": "email"}, "unknown chanel; known are"),
        ({"channel": "pigeon"}, "channel 'pigeon' is not one of"),
        ({"message": "Hello"}, "the content of a message must be an object"),
        ({"messages": []}, "messages must be a list of messages"),
        ({"messages": ["x"]}, "messages must be a list of messages"),
        ({"steps": []}, "steps must be a list of steps"),
        ({"steps": [{"delay": "soon"}]}, "'soon' is not a duration"),
        ({"variants": []}, "variants must be a list of variants"),
        ({"variants": ["x"]}, "a variant must be an object"),
        ({"variants": [{"share": 0}]}, "a share must be a whole number of percent"),
        ({"variants": [{"share": 99}]}, "the shares of the variants must add up to 100"),
        ({"control": 100}, "control must be a whole number of percent"),
        ({"control": True}, "control must be a whole number of percent"),
        ({"recipients": "some"}, "recipients 'some' is not one of"),
        ({"audience": {"x": {}}}, "audience: x: is not a filter"),
        ({"schedule": "soon"}, "schedule must be an object"),
        ({"schedule": {"at": "soon"}}, "'soon' is not an instant"),
        ({"schedule": {"every": "often"}}, "'often' is not a duration"),
        ({"trigger": {"delay": "1h"}}, "a trigger has either an event or a product"),
        ({"trigger": {"event": "e", "product": "p"}}, "a trigger has either an event or a product"),
        (
            {"trigger": {"event": "e"}, "api": True},
            "choose one of schedule, trigger, api_triggered, api and transactional",
        ),
        ({"reentry": "sometimes"}, "'sometimes' is not a duration"),
        ({"tags": "a"}, "tags must be a list of strings"),
        ({"conversions": [{"within": "1d"}]}, "conversions must be a list of objects with an event"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(form: dict[str, Any], why: str) -> None:
    with pytest.raises(PlanRefused) as caught:
        read_plan(form)
    assert str(caught.value).startswith(why)
