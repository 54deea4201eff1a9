"""/sms/invalid_phone_numbers: numbers that cannot receive text messages."""

from __future__ import annotations

from typing import Any

import pytest

MARCH = {"start_date": "2026-03-01", "end_date": "2026-04-01"}
ANN = "+491700000001"


def listed(house: Any, **query: Any) -> list[dict[str, str]]:
    """listInvalidPhoneNumbers."""
    answer = house.braze.get("/sms/invalid_phone_numbers", **query)
    assert answer.status == 200
    return list(answer.body["sms"])


def fail_to_deliver(house: Any) -> None:
    """An SMS to ann that does not arrive."""
    made = house.campaign("By SMS", channel="sms", reentry="always")
    house.audience.send_now(made.campaign_id)
    house.audience.reactions.react("main", house.people.ann.braze_id, made.campaign_id, "delivery_failure")


def test_a_number_whose_carrier_fails_is_invalid_from_then_on(house: Any) -> None:
    house.wait("1h")
    fail_to_deliver(house)
    assert listed(house, **MARCH) == [
        {"phone": ANN, "invalid_detected_at": "2026-03-02T11:00:00Z", "reason": "provider_error"}
    ]
    assert house.got("users.messages.sms.DeliveryFailure") == ["ann"]


def test_an_invalid_number_gets_no_sms_until_it_is_taken_off_the_list(house: Any) -> None:
    """removeInvalidPhoneNumbers."""
    fail_to_deliver(house)
    send = {"external_user_ids": ["ann-1001"], "messages": {"sms": {"body": "Hello"}}}
    house.braze.post("/messages/send", send)
    before = house.got("users.messages.sms.Send")
    answer = house.braze.post("/sms/invalid_phone_numbers/remove", {"phone_numbers": [ANN[1:]]})
    house.braze.post("/messages/send", send)
    assert (before, house.got("users.messages.sms.Send")) == (["ann"], ["ann", "ann"])
    assert (answer.status, answer.body, listed(house, **MARCH)) == (201, {"message": "success"}, [])


def test_whatsapp_does_not_care(house: Any) -> None:
    house.audience.numbers.mark("main", ANN, "deactivated")
    house.braze.post(
        "/messages/send", {"external_user_ids": ["ann-1001"], "messages": {"whats_app": {"body": "Hello"}}}
    )
    assert house.got("users.messages.whatsapp.Send") == ["ann"]


def test_the_newest_finding_comes_first_and_pages_follow(house: Any) -> None:
    for number in range(5):
        house.audience.numbers.mark("main", f"+4917000000{number:02d}", "deactivated")
        house.wait("1h")
    pages = [[each["phone"] for each in listed(house, **MARCH, limit=2, offset=offset)] for offset in (0, 2, 4, 6)]
    assert pages == [["+491700000004", "+491700000003"], ["+491700000002", "+491700000001"], ["+491700000000"], []]


@pytest.mark.parametrize(
    ("dates", "found"),
    [
        ({"start_date": "2026-03-02", "end_date": "2026-03-03"}, [ANN]),
        ({"start_date": "2026-03-01", "end_date": "2026-03-02"}, []),
        ({"start_date": "2026-03-03", "end_date": "2026-03-04"}, []),
    ],
)
def test_days_begin_and_end_at_midnight(house: Any, dates: dict[str, str], found: list[str]) -> None:
    house.audience.numbers.mark("main", ANN)
    assert found == [each["phone"] for each in listed(house, **dates)]


@pytest.mark.parametrize("written", [ANN, ANN[1:]])
def test_numbers_that_are_asked_for_make_the_dates_irrelevant(house: Any, written: str) -> None:
    house.audience.numbers.mark("main", ANN)
    house.audience.numbers.mark("main", "+491700000002")
    query = {"phone_numbers[]": [written], "start_date": "2020-01-01", "end_date": "2020-01-02"}
    assert [each["phone"] for each in listed(house, **query)] == [ANN]


def test_reasons_are_told_apart_and_the_first_finding_stays(house: Any) -> None:
    house.audience.numbers.mark("main", ANN, "deactivated")
    house.audience.numbers.mark("main", ANN, "provider_error")
    found = [
        [each["phone"] for each in listed(house, **MARCH, reason=why)] for why in ("deactivated", "provider_error")
    ]
    assert found == [[ANN], []]
    with pytest.raises(ValueError, match="reason 'tired' is not one of"):
        house.audience.numbers.mark("main", ANN, "tired")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "Either 'start_date' and 'end_date' or 'phone_numbers' is required"),
        ({"start_date": "2026-03-01"}, "Either 'start_date' and 'end_date' or 'phone_numbers' is required"),
        ({"start_date": "2026-03-01", "end_date": "2026-03-01"}, "'start_date' must be earlier than 'end_date'"),
        ({"start_date": "March", "end_date": "2026-03-01"}, "'start_date' must be in YYYY-MM-DD format"),
        ({**MARCH, "limit": 0}, "'limit' must be between 1 and 500"),
        ({**MARCH, "limit": 501}, "'limit' must be between 1 and 500"),
        ({**MARCH, "offset": -1}, "'offset' must be a non-negative integer"),
        ({**MARCH, "reason": "tired"}, "'reason' must be 'provider_error' or 'deactivated'"),
    ],
)
def test_what_makes_no_sense_is_refused(house: Any, query: dict[str, Any], message: str) -> None:
    answer = house.braze.get("/sms/invalid_phone_numbers", **query)
    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.mark.parametrize(("count", "status"), [(1, 201), (49, 201), (50, 201), (51, 400)])
def test_fifty_numbers_can_be_removed_at_once(house: Any, count: int, status: int) -> None:
    phones = [f"+49170000{number:04d}" for number in range(count)]
    answer = house.braze.post("/sms/invalid_phone_numbers/remove", {"phone_numbers": phones})
    assert status == answer.status


@pytest.mark.parametrize(
    ("phones", "message"),
    [
        ([], "'phone_numbers' is required"),
        (None, "'phone_numbers' is required"),
        ([7], "'phone_numbers' must be a string or an array of strings"),
    ],
)
def test_a_removal_must_make_sense(house: Any, phones: Any, message: str) -> None:
    answer = house.braze.post("/sms/invalid_phone_numbers/remove", {"phone_numbers": phones})
    assert (answer.status, answer.body) == (400, {"message": message})


def test_a_removal_may_show_a_little_later(house: Any) -> None:
    house.audience.numbers.mark("main", ANN)
    house.braze.rules(write_visibility="processing")
    house.braze.post("/sms/invalid_phone_numbers/remove", {"phone_numbers": [ANN]})
    before = listed(house, **MARCH)
    house.wait("1s")
    assert (len(before), listed(house, **MARCH)) == (1, [])
