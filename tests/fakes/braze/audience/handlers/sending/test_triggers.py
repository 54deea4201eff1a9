"""/campaigns/trigger/send and /canvas/trigger/send."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.plans import Status

SENT = "users.messages.webhook.Send"
UNKNOWN = "3bbc4555-8fa0-4c9b-a5c0-4505edf3e064"


class Door:
    """One of the two endpoints with a plan to trigger."""

    def __init__(self, house: Any, kind: str) -> None:
        self.house = house
        self.kind = kind
        self.path = f"/{'campaigns' if kind == 'campaign' else 'canvas'}/trigger/send"
        self.noun = "campaign" if kind == "campaign" else "Canvas"

    def make(self, **form: Any) -> Any:
        return self.house.campaign(**form) if self.kind == "campaign" else self.house.canvas(**form)

    def call(self, made: Any, **body: Any) -> Any:
        return self.house.braze.post(self.path, {f"{self.kind}_id": made.campaign_id, **body})


@pytest.fixture(params=["campaign", "canvas"])
def door(house: Any, request: pytest.FixtureRequest) -> Door:
    return Door(house, request.param)


def test_recipients_are_found_by_external_id_alias_and_email(door: Door) -> None:
    recipients = [
        {"external_user_id": "ann-1001"},
        {"user_alias": {"alias_label": "crm", "alias_name": "kim-7"}},
        {"email": "IDA@example.org", "prioritization": ["identified", "most_recently_updated"]},
        {"external_user_id": "noor-1"},
    ]
    answer = door.call(door.make(), recipients=recipients)
    assert (answer.status, sorted(answer.body)) == (201, ["dispatch_id", "message"])
    assert door.house.got(SENT) == ["ann", "ida", "kim"]


def test_recipients_must_be_in_the_audience_of_the_plan(door: Door) -> None:
    door.house.audience.create_segment("Germans", {"country": {"comparison": "is", "value": "DE"}})
    made = door.make(segment="Germans")
    door.call(made, recipients=[{"external_user_id": "ida-1001"}, {"external_user_id": "ann-1001"}])
    assert door.house.got(SENT) == ["ida"]


def test_a_connected_audience_narrows_further(door: Door) -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    door.call(door.make(), broadcast=True, audience=gold)
    assert door.house.got(SENT) == ["ida"]


def test_a_broadcast_goes_to_the_whole_segment(door: Door) -> None:
    door.house.braze.change({"user_ids": ["ida-1001"], "device_ids": ["d-ben-0001"]})
    door.house.audience.create_segment("Openers", includes=["openers"])
    answer = door.call(door.make(segment="Openers"), broadcast=True)
    assert (answer.status, door.house.got(SENT), "send_id" in answer.body) == (
        201,
        ["ben", "ida"],
        door.kind == "campaign",
    )


def test_attributes_are_applied_before_the_audience_is_asked(door: Door) -> None:
    vip = {"custom_attribute": {"custom_attribute_name": "vip", "comparison": "equals", "value": True}}
    made = door.make(audience=vip)
    door.call(made, recipients=[{"external_user_id": "ida-1001", "attributes": {"vip": True}}])
    assert door.house.got(SENT) == ["ida"]


def test_a_new_user_is_made_when_that_is_asked_for(door: Door) -> None:
    recipient = {"external_user_id": "noor-1", "send_to_existing_only": False, "attributes": {"first_name": "Noor"}}
    door.call(door.make(), recipients=[recipient])
    noor = door.house.braze.user("noor-1")
    assert (noor.fields["first_name"], door.house.got(SENT)) == ("Noor", [noor.braze_id])


def test_a_new_user_may_have_an_address_only(door: Door) -> None:
    recipient = {"email": "new@example.org", "prioritization": ["identified"], "send_to_existing_only": False}
    door.call(door.make(), recipients=[{**recipient, "attributes": {"first_name": "New"}}])
    (made,) = door.house.braze.store.profiles.by_email("main", "new@example.org")
    assert (made.external_id, door.house.got(SENT)) == (None, [made.braze_id])


def test_nobody_is_made_by_default(door: Door) -> None:
    door.call(door.make(), recipients=[{"external_user_id": "noor-1", "attributes": {"first_name": "Noor"}}])
    assert door.house.braze.store.profiles.by_external_id("main", "noor-1") is None


def test_unusable_attributes_are_listed_and_the_others_are_sent(door: Door) -> None:
    recipients = [
        {"external_user_id": "ida-1001", "attributes": {"email": "no address"}},
        {"external_user_id": "ann-1001"},
    ]
    answer = door.call(door.make(), recipients=recipients)
    assert (answer.status, answer.body["errors"][0]["index"], answer.body["errors"][0]["input_array"]) == (
        201,
        0,
        "recipients",
    )
    assert door.house.got(SENT) == ["ann"]


def test_an_address_that_several_share_and_nothing_decides_reaches_nobody(door: Door) -> None:
    door.house.braze.identified("ida-2", email="ida@example.org")
    answer = door.call(door.make(), recipients=[{"email": "ida@example.org", "prioritization": ["identified"]}])
    assert (answer.status, door.house.got(SENT)) == (201, [])


def test_a_plan_by_api_reaches_the_same_person_again(door: Door) -> None:
    made = door.make()
    for _ in range(2):
        door.call(made, recipients=[{"external_user_id": "ida-1001"}])
    assert door.house.got(SENT) == ["ida", "ida"]


def test_the_entry_rule_holds_for_the_api_too(door: Door) -> None:
    made = door.make(reentry="never")
    for _ in range(2):
        door.call(made, recipients=[{"external_user_id": "ida-1001"}])
    assert door.house.got(SENT) == ["ida"]


@pytest.mark.parametrize(
    ("status", "notice"),
    [
        (Status.STOPPED, "The {0} is paused. Resume the {0} to ensure trigger requests will take effect."),
        (Status.ARCHIVED, "The {0} is archived. Unarchive the {0} to ensure trigger requests will take effect."),
    ],
)
def test_a_plan_that_is_not_active_sends_nothing_and_says_so(door: Door, status: Status, notice: str) -> None:
    made = door.make()
    door.house.audience.set_status(made.campaign_id, status)
    answer = door.call(made, recipients=[{"external_user_id": "ida-1001"}])
    assert (answer.status, answer.body["notice"], door.house.got(SENT)) == (201, notice.format(door.noun), [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No Recipients"),
        ({"recipients": []}, "No Recipients"),
        ({"recipients": "ida-1001"}, "'recipients' must be an array of objects"),
        (
            {"recipients": [{"external_user_id": "ida-1001"}], "broadcast": True},
            "Cannot send to both a broadcast and a list of recipients",
        ),
        (
            {"recipients": [{"external_user_id": {"strange": True}}]},
            "recipients[0] must have a string as 'external_user_id'",
        ),
        (
            {"recipients": [{}]},
            "recipients[0] must have exactly one of 'external_user_id', 'user_alias' and 'email'",
        ),
        (
            {"recipients": [{"external_user_id": "a"}, {"external_user_id": "a", "email": "a@example.org"}]},
            "recipients[1] must have exactly one of 'external_user_id', 'user_alias' and 'email'",
        ),
        (
            {"recipients": [{"user_alias": {"alias_name": "kim-7"}}]},
            "recipients[0] must have a 'user_alias' with 'alias_name' and 'alias_label'",
        ),
        (
            {"recipients": [{"email": "a@example.org"}]},
            "recipients[0] needs a 'prioritization' array to choose among profiles with this email",
        ),
        (
            {"recipients": [{"external_user_id": "a", "send_to_existing_only": False}]},
            "recipients[0] needs an 'attributes' object when 'send_to_existing_only' is false",
        ),
        (
            {
                "recipients": [
                    {
                        "user_alias": {"alias_name": "a", "alias_label": "b"},
                        "send_to_existing_only": False,
                        "attributes": {},
                    }
                ]
            },
            "recipients[0] cannot have 'send_to_existing_only' false with a user alias",
        ),
        (
            {"broadcast": True, "audience": {"country": {"comparison": "is", "value": "DE"}}},
            "'audience' is not a valid connected audience: audience: country is not a connected audience filter",
        ),
        (
            {"broadcast": True, "attachments": [{"file_name": "a", "url": "http://127.0.0.1/a.pdf"}]},
            "'attachments' cannot be sent with a broadcast",
        ),
    ],
)
def test_what_cannot_be_triggered_is_refused(door: Door, body: dict[str, Any], message: str) -> None:
    answer = door.call(door.make(), **body)
    assert (answer.status, answer.body) == (400, {"message": message})


def test_a_contradictory_prioritization_is_refused(door: Door) -> None:
    words = ["most_recently_updated", "least_recently_updated"]
    answer = door.call(door.make(), recipients=[{"email": "a@example.org", "prioritization": words}])
    assert (answer.status, answer.body["message"][:40]) == (400, "recipients[0] has an unusable 'prioritiz")


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_recipients_at_most(door: Door, count: int, status: int) -> None:
    recipients = [{"external_user_id": f"user-{number}"} for number in range(count)]
    answer = door.call(door.make(), recipients=recipients)
    assert answer.status == status
    if status == 400:
        assert answer.body["message"] == "The max number of ids per request was exceeded"


def test_an_unknown_plan_or_one_of_another_delivery_is_refused(door: Door) -> None:
    scheduled = door.make(schedule={"at": "2026-03-03T10:00:00Z"})
    unknown = door.house.braze.post(door.path, {f"{door.kind}_id": UNKNOWN})
    missing = door.house.braze.post(door.path, {"broadcast": True})
    noun = door.kind.capitalize()
    assert [each.body["message"] for each in (unknown, door.call(scheduled, broadcast=True), missing)] == [
        f"Invalid {noun} ID",
        f"Invalid {noun} ID",
        f"'{door.kind}_id' is required",
    ]


@pytest.mark.parametrize(("size", "status"), [(50 * 1024 - 1, 201), (50 * 1024, 201), (50 * 1024 + 1, 400)])
def test_the_context_of_a_canvas_holds_50_kilobytes(house: Any, size: int, status: int) -> None:
    door = Door(house, "canvas")
    context = {"a": "x" * (size - len('{"a":""}'))}
    answer = door.call(door.make(), recipients=[{"external_user_id": "ida-1001"}], context=context)
    assert answer.status == status


def test_identifiers_among_the_attributes_of_a_recipient_mean_nothing(house: Any) -> None:
    """edX's client repeats the alias there, beside the external id."""
    alias = {"alias_label": "crm", "alias_name": "noor-7"}
    attributes = {"user_alias": alias, "email": "noor@example.org", "_update_existing_only": False, "plan": "gold"}
    recipient = {"external_user_id": "noor-1", "attributes": attributes, "send_to_existing_only": False}
    made = house.campaign(channel="email", api_triggered=True)
    body = {"campaign_id": made.campaign_id, "recipients": [recipient], "broadcast": False}
    answer = house.braze.post("/campaigns/trigger/send", body)
    shown = house.braze.export("noor-1")
    assert (answer.status, sorted(answer.body)) == (201, ["dispatch_id", "message"])
    assert (shown["email"], shown["custom_attributes"], "user_aliases" in shown) == (
        "noor@example.org",
        {"plan": "gold"},
        False,
    )


def test_a_whole_number_is_an_external_id_too(house: Any) -> None:
    house.braze.identified("1001", email="ada@example.org")
    made = house.campaign(channel="email", api_triggered=True)
    body = {"campaign_id": made.campaign_id, "recipients": [{"external_user_id": 1001}]}
    house.braze.post("/campaigns/trigger/send", body)
    sent = [event.external_id for event in house.audience.message_events() if event.title == "Email Send"]
    assert sent == ["1001"]
