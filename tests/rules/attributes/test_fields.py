"""Profile fields and what each one takes."""

from __future__ import annotations

import pytest

from simulator.rules.attributes.fields import FIELDS, Ignored, is_phone_number


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("first_name", "Ida", "Ida"),
        ("home_city", "x" * 255, "x" * 255),
        ("email", " Ida@Example.COM ", "ida@example.com"),
        ("phone", " +14155552671 ", "+14155552671"),
        ("dob", "1990-12-31", "1990-12-31"),
        ("gender", "P", "P"),
        ("country", "no", "NO"),
        ("country", "Norway", "NO"),
        ("country", "Atlantis", None),
        ("country", 47, None),
        ("language", "NB", "nb"),
        ("time_zone", "Europe/Oslo", "Europe/Oslo"),
        ("time_zone", "Eastern Time (US & Canada)", "Eastern Time (US & Canada)"),
        ("current_location", {"longitude": 10.7, "latitude": 59.9}, [10.7, 59.9]),
        ("date_of_first_session", "2026-03-02", "2026-03-02"),
        ("email_subscribe", "opted_in", "opted_in"),
        ("email_open_tracking_disabled", False, False),
        ("facebook", {"id": "1", "likes": []}, {"id": "1", "likes": []}),
    ],
)
def test_a_field_is_stored_as_braze_keeps_it(name: str, sent: object, stored: object) -> None:
    assert FIELDS[name](sent) == stored


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("first_name", 7),
        ("last_name", "x" * 256),
        ("phone", 47),
        ("dob", "12/31/1990"),
        ("dob", "1990-02-31"),
        ("dob", 7),
        ("gender", "X"),
        ("language", "klingon"),
        ("language", 7),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "Europe/"),
        ("time_zone", "somewhere"),
        ("time_zone", 7),
        ("date_of_last_session", "soon"),
        ("marked_email_as_spam_at", 7),
        ("email_click_tracking_disabled", "yes"),
        ("twitter", "ida"),
        ("image_url", 7),
    ],
)
def test_a_value_that_a_field_does_not_take_is_ignored(name: str, sent: object) -> None:
    with pytest.raises(Ignored):
        FIELDS[name](sent)


@pytest.mark.parametrize(
    ("text", "is_number"),
    [
        ("+14155552671", True),
        ("1234567", True),
        ("123456", False),
        ("+1234567890123456", False),
        ("home", False),
        (7, False),
    ],
)
def test_a_phone_number_has_seven_to_fifteen_digits(text: object, is_number: bool) -> None:
    assert is_phone_number(text) is is_number
