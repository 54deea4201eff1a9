"""Profile fields: which names are fields and not custom attributes, and what each one takes.

Source: Braze, "User attributes object". A field either refuses the whole object (`InvalidObject`) or drops a value it
does not understand without a word (`Ignored`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from simulator.rules.attributes.codes import LANGUAGES, country, is_time_zone
from simulator.rules.attributes.faults import Fault, InvalidObject
from simulator.rules.attributes.values import STRING_CHARACTERS, parse_date

CONTROL_KEYS = frozenset(
    {"external_id", "user_alias", "braze_id", "_update_existing_only", "_merge_objects", "push_token_import"}
)
LISTS = frozenset({"push_tokens", "subscription_groups"})
"""Keys that change other things than the profile itself."""

SUBSCRIPTION_STATES = ("opted_in", "subscribed", "unsubscribed")
NOT_BILLED = frozenset({"email_subscribe", "push_subscribe"})
"""DP-2. Subscription states log no data point."""

EMAIL_CHARACTERS = 255
_EMAIL = re.compile(r"^[^@\s,;<>()\[\]\\\"]+@[^@\s,;<>()\[\]\\\"]+\.[^@\s.,;<>()\[\]\\\"]+$")
_PHONE = re.compile(r"^\+?[\d\s().-]+$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


class Ignored(ValueError):
    """A value that leaves the field as it is, silently."""


def email(value: object) -> str:
    """An address, in lower case as Braze keeps it. Raises InvalidObject."""
    if not isinstance(value, str) or len(value) > EMAIL_CHARACTERS or not _EMAIL.match(value.strip()):
        raise InvalidObject(Fault.BAD_EMAIL)
    return value.strip().lower()


def is_phone_number(value: object) -> bool:
    """Whether a text can be a phone number: 7 to 15 digits, with a plus and separators."""
    if not isinstance(value, str) or not _PHONE.match(value.strip()):
        return False
    return 7 <= sum(character.isdigit() for character in value) <= 15


def _text(value: object) -> object:
    if not isinstance(value, str) or len(value) > STRING_CHARACTERS:
        raise Ignored("a string of at most 255 characters is needed")
    return value


def _phone(value: object) -> object:
    return str(_text(value)).strip()


def _day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.match(value) or parse_date(value) is None:
        raise Ignored("a date like 1990-12-31 is needed")
    return value


def _gender(value: object) -> object:
    if value not in ("M", "F", "O", "N", "P"):
        raise Ignored("gender is M, F, O, N or P")
    return value


def _country(value: object) -> object:
    """What is not understood becomes null, which removes the field."""
    return country(value) if isinstance(value, str) else None


def _language(value: object) -> object:
    if not isinstance(value, str) or value.lower() not in LANGUAGES:
        raise Ignored("language is an ISO 639-1 code")
    return value.lower()


def _time_zone(value: object) -> object:
    if not isinstance(value, str) or not is_time_zone(value):
        raise Ignored("time_zone is an IANA name")
    return value


def _date(value: object) -> object:
    if not isinstance(value, str) or parse_date(value) is None:
        raise Ignored("a date is needed")
    return value


def _flag(value: object) -> object:
    if not isinstance(value, bool):
        raise Ignored("true or false is needed")
    return value


def _mapping(value: object) -> object:
    if not isinstance(value, Mapping):
        raise Ignored("an object is needed")
    return dict(value)


def _state(fault: Fault) -> Callable[[object], object]:
    def read(value: object) -> object:
        if value not in SUBSCRIPTION_STATES:
            raise InvalidObject(fault)
        return value

    return read


def _location(value: object) -> object:
    """Longitude first, as exports are declared to show it."""
    if isinstance(value, Mapping):
        longitude, latitude = value.get("longitude"), value.get("latitude")
        if _within(longitude, 180) and _within(latitude, 90):
            return [longitude, latitude]
    raise InvalidObject(Fault.BAD_LOCATION)


def _within(value: object, limit: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -limit <= value <= limit


def _forbidden(value: object) -> object:
    raise InvalidObject(Fault.EMAIL_SUBSCRIPTION_INFO)


FIELDS: Mapping[str, Callable[[object], object]] = {
    "first_name": _text,
    "last_name": _text,
    "home_city": _text,
    "email": email,
    "phone": _phone,
    "dob": _day,
    "gender": _gender,
    "country": _country,
    "language": _language,
    "time_zone": _time_zone,
    "current_location": _location,
    "date_of_first_session": _date,
    "date_of_last_session": _date,
    "marked_email_as_spam_at": _date,
    "email_subscribe": _state(Fault.BAD_EMAIL_SUBSCRIBE),
    "push_subscribe": _state(Fault.BAD_PUSH_SUBSCRIBE),
    "email_open_tracking_disabled": _flag,
    "email_click_tracking_disabled": _flag,
    "facebook": _mapping,
    "twitter": _mapping,
    "image_url": _text,
    "email_subscription_info": _forbidden,
}
"""Every profile field and what reads its value. A null removes the field; it is never given to a reader."""

STORED_AS = {"current_location": "last_coordinates"}
"""Fields that exports show under another name."""
