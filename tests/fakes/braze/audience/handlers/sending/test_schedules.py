"""Scheduled API triggers: created, moved, taken back, sent when their time has come."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.plans import Status

SENT = "users.messages.webhook.Send"
LATER = {"time": "2026-03-02T12:00:00Z"}


class Door:
    """The three endpoints of one kind, with a plan."""

    def __init__(self, house: Any, kind: str) -> None:
        self.house = house
        self.kind = kind
        self.made = house.campaign() if kind == "campaign" else house.canvas()
        self.base = f"/{'campaigns' if kind == 'campaign' else 'canvas'}/trigger/schedule/"

    def call(self, verb: str, **body: Any) -> Any:
        return self.house.braze.post(self.base + verb, {f"{self.kind}_id": self.made.campaign_id, **body})

    def create(self, **more: Any) -> Any:
        return self.call("create", **{"recipients": [{"external_user_id": "ida-1001"}], "schedule": LATER, **more})


@pytest.fixture(params=["campaign", "canvas"])
def door(house: Any, request: pytest.FixtureRequest) -> Door:
    return Door(house, request.param)


def test_it_is_sent_when_its_time_has_come_and_once(door: Door) -> None:
    """scheduleCampaign, scheduleCanvas."""
    answer = door.create()
    door.house.wait("1h 59m 59s")
    before = door.house.got(SENT)
    door.house.wait("1s")
    door.house.wait("1d")
    assert (answer.status, sorted(answer.body)) == (201, ["dispatch_id", "message", "schedule_id"])
    assert (before, door.house.got(SENT)) == ([], ["ida"])


def test_its_events_carry_the_dispatch_that_was_answered(door: Door) -> None:
    dispatch_id = door.create().body["dispatch_id"]
    door.house.wait("2h")
    assert {event.properties["dispatch_id"] for event in door.house.audience.message_events()} == {dispatch_id}


def test_a_broadcast_goes_to_whoever_is_in_the_segment_then(door: Door) -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    door.create(recipients=None, broadcast=True, audience=gold)
    door.house.braze.identified("ann-1001", plan="gold")
    door.house.braze.identified("ida-1001", plan="free")
    door.house.wait("2h")
    assert door.house.got(SENT) == ["ann"]


def test_a_broadcast_of_a_campaign_is_counted_by_its_send_id(house: Any) -> None:
    door = Door(house, "campaign")
    send_id = door.create(recipients=None, broadcast=True).body["send_id"]
    house.wait("2h")
    events = house.audience.events.of_campaign(door.made.campaign_id, send_id=send_id)
    assert len(events) == 4


def test_another_time_overwrites_the_first(door: Door) -> None:
    """updateScheduledCampaign, updateScheduledCanvas."""
    schedule_id = door.create().body["schedule_id"]
    answer = door.call("update", schedule_id=schedule_id, schedule={"time": "2026-03-02T14:00:00Z"})
    door.house.wait("3h")
    before = door.house.got(SENT)
    door.house.wait("1h")
    assert (answer.status, answer.body, before, door.house.got(SENT)) == (201, {"message": "success"}, [], ["ida"])


def test_what_is_taken_back_is_never_sent(door: Door) -> None:
    """deleteScheduledCampaign, deleteScheduledCanvas."""
    schedule_id = door.create().body["schedule_id"]
    answer = door.call("delete", schedule_id=schedule_id)
    door.house.wait("1d")
    assert (answer.status, answer.body, door.house.got(SENT)) == (201, {"message": "success"}, [])


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_what_was_sent_or_never_was_cannot_be_changed(door: Door, verb: str) -> None:
    schedule_id = door.create().body["schedule_id"]
    door.house.wait("2h")
    later = {"time": "2026-03-03T12:00:00Z"}
    answers = [door.call(verb, schedule_id=each, schedule=later) for each in (schedule_id, "nothing", "")]
    assert [(answer.status, answer.body["message"]) for answer in answers] == [
        (400, "Invalid Schedule ID"),
        (400, "Invalid Schedule ID"),
        (400, "'schedule_id' is required"),
    ]


def test_a_stopped_plan_sends_nothing(door: Door) -> None:
    door.create()
    door.house.audience.set_status(door.made.campaign_id, Status.STOPPED)
    door.house.wait("1d")
    assert door.house.got(SENT) == []


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (None, "'schedule' is required"),
        ("soon", "'schedule' is required"),
        ({}, "Bad Request: 'schedule' must have a valid ISO 8601 'time'"),
        ({"time": "soon"}, "Bad Request: 'schedule' must have a valid ISO 8601 'time'"),
        ({"time": "2026-03-02T09:59:59Z"}, "Bad Request: 'schedule' must have a 'time' that has not passed"),
    ],
)
def test_a_time_must_make_sense(door: Door, schedule: Any, message: str) -> None:
    answer = door.create(schedule=schedule)
    assert (answer.status, ": ".join(answer.body.values())) == (400, message)


@pytest.mark.parametrize(("time", "status"), [("09:59:59.999", 400), ("10:00:00", 201), ("10:00:00.001", 201)])
def test_now_is_not_past(door: Door, time: str, status: int) -> None:
    assert door.create(schedule={"time": f"2026-03-02T{time}Z"}).status == status


def test_recipients_are_checked_when_it_is_scheduled(door: Door) -> None:
    assert door.create(recipients=[]).body["message"] == "No Recipients"


def test_an_unknown_plan_is_refused(door: Door) -> None:
    key = f"{door.kind}_id"
    answers = [door.create(**{key: "nothing"}), door.call("delete", **{key: "nothing", "schedule_id": "x"})]
    assert {answer.body["message"] for answer in answers} == {f"Invalid {door.kind.capitalize()} ID"}


@pytest.mark.parametrize(("time", "status"), [("09:59:59.999", 201), ("10:00:00", 201), ("10:00:00.001", 400)])
def test_ninety_days_ahead_is_the_latest(door: Door, time: str, status: int) -> None:
    answer = door.create(schedule={"time": f"2026-05-31T{time}Z"})
    assert status == answer.status
    assert status == 201 or answer.body == {"message": "'schedule' must have a 'time' at most 90 days ahead"}


# -- messages without a plan

HELLO = {"webhook": {"url": "http://127.0.0.1:9000/hook"}}


def later(house: Any, verb: str = "create", **body: Any) -> Any:
    """One of /messages/schedule/*; for ida at noon unless something else is said."""
    usual = {"external_user_ids": ["ida-1001"], "messages": HELLO, "schedule": LATER} if verb == "create" else {}
    return house.braze.post(f"/messages/schedule/{verb}", {**usual, **body})


def test_messages_are_sent_when_their_time_has_come_and_once(house: Any) -> None:
    """scheduleMessages."""
    answer = later(house)
    house.wait("1h 59m 59s")
    before = house.got(SENT)
    house.wait("1s")
    house.wait("1d")
    told = [event.properties["dispatch_id"] for event in house.audience.message_events()]
    assert (answer.status, sorted(answer.body)) == (201, ["dispatch_id", "message", "schedule_id"])
    assert (before, house.got(SENT), told) == ([], ["ida"], [answer.body["dispatch_id"]])


def test_a_segment_is_asked_when_the_time_has_come(house: Any) -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    segment = house.audience.create_segment("Gold", gold).segment_id
    later(house, external_user_ids=None, segment_id=segment, broadcast=True)
    house.braze.identified("ann-1001", plan="gold")
    house.braze.identified("ida-1001", plan="free")
    house.wait("2h")
    assert house.got(SENT) == ["ann"]


def test_messages_of_a_campaign_are_counted_by_their_send_id(house: Any) -> None:
    made = house.campaign(api=True)
    variation = made.plan.steps[0].messages[0].variation_id
    tracked = {"webhook": {"url": "http://127.0.0.1:9000/hook", "message_variation_id": variation}}
    answer = later(house, campaign_id=made.campaign_id, send_id="spring", messages=tracked)
    house.wait("2h")
    events = house.audience.events.of_campaign(made.campaign_id, send_id="spring")
    assert (answer.body["send_id"], len(events)) == ("spring", 1)


def test_the_time_the_messages_or_both_can_be_changed(house: Any) -> None:
    """updateScheduledMessages."""
    schedule_id = later(house).body["schedule_id"]
    email = {"email": {"app_id": "shop", "body": "Hello"}}
    answers = [
        later(house, "update", schedule_id=schedule_id, schedule={"time": "2026-03-02T14:00:00Z"}),
        later(house, "update", schedule_id=schedule_id, messages=email),
    ]
    house.wait("3h")
    before = [event.name for event in house.audience.message_events()]
    house.wait("1h")
    assert [(answer.status, answer.body) for answer in answers] == [(201, {"message": "success"})] * 2
    assert (before, house.got(SENT), house.got("users.messages.email.Send")) == ([], [], ["ida"])


def test_messages_that_are_taken_back_are_never_sent(house: Any) -> None:
    """deleteScheduledMessages."""
    schedule_id = later(house).body["schedule_id"]
    answer = later(house, "delete", schedule_id=schedule_id)
    house.wait("1d")
    assert (answer.status, answer.body, house.got(SENT)) == (201, {"message": "success"}, [])


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_messages_that_were_sent_or_never_were_cannot_be_changed(house: Any, verb: str) -> None:
    schedule_id = later(house).body["schedule_id"]
    house.wait("2h")
    tomorrow = {"time": "2026-03-03T12:00:00Z"}
    answers = [later(house, verb, schedule_id=each, schedule=tomorrow) for each in (schedule_id, "nothing", "")]
    assert [(answer.status, answer.body["message"]) for answer in answers] == [
        (400, "Invalid Schedule ID"),
        (400, "Invalid Schedule ID"),
        (400, "'schedule_id' is required"),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "Either 'schedule' or 'messages' is required"),
        ({"schedule": {"time": "soon"}}, "Bad Request"),
        ({"messages": {"pigeon": {"body": "Hello"}}}, "'messages' has no known channel"),
    ],
)
def test_a_change_must_make_sense_and_changes_nothing_otherwise(
    house: Any, change: dict[str, Any], message: str
) -> None:
    schedule_id = later(house).body["schedule_id"]
    answer = later(house, "update", schedule_id=schedule_id, **change)
    house.wait("2h")
    assert (answer.status, answer.body["message"], house.got(SENT)) == (400, message, ["ida"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"external_user_ids": []}, "No Recipients"),
        ({"messages": {}}, "No message to send"),
        ({"schedule": None}, "'schedule' is required"),
        ({"broadcast": True}, "Cannot send to both a broadcast and a list of recipients"),
        ({"segment_id": "nothing"}, "Invalid Segment ID"),
    ],
)
def test_messages_are_checked_when_they_are_scheduled(house: Any, body: dict[str, Any], message: str) -> None:
    answer = later(house, **body)
    assert (answer.status, answer.body) == (400, {"message": message})


def test_a_schedule_belongs_to_its_workspace_and_its_endpoint(two_workspaces: Any) -> None:
    house = two_workspaces
    schedule_id = later(house).body["schedule_id"]
    elsewhere = house.braze.keys.rest_keys["second"]
    answers = [
        house.braze.post("/messages/schedule/delete", {"schedule_id": schedule_id}, key=elsewhere),
        Door(house, "campaign").call("delete", schedule_id=schedule_id),
    ]
    assert [answer.body["message"] for answer in answers] == ["Invalid Schedule ID"] * 2
