"""What a kept profile takes over from one that is merged into it.

Sources: Braze, "Merge users", "User merge behavior", "User profile lifecycle". Values of the kept profile win; listed
fields that it lacks are filled; of two first dates the earlier wins, of two last dates the later. Counts are summed by
handing the rows over, which is the store's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from simulator.rules.attributes.values import parse_date

LISTED = frozenset(
    {"first_name", "last_name", "gender", "dob", "time_zone", "home_city", "country", "language", "email", "phone"}
)
EARLIER_WINS = frozenset({"date_of_first_session"})
LATER_WINS = frozenset({"date_of_last_session"})


class Person(NamedTuple):
    """The part of a profile that merging looks at; email and phone stand among the fields."""

    fields: Mapping[str, object]
    custom: Mapping[str, object]


def merged(kept: Person, other: Person, history: str) -> Person:
    """What the kept profile is afterwards.

    `history` is `blank_fields` (listed fields and custom attributes that are blank), `everything` (every field that is
    blank), or `lost` (nothing).
    """
    if history == "lost":
        return kept
    fields = dict(kept.fields)
    for name, value in other.fields.items():
        if name in EARLIER_WINS or name in LATER_WINS:
            fields[name] = _of_two_dates(fields.get(name), value, name in EARLIER_WINS)
        elif (history == "everything" or name in LISTED) and is_blank(fields.get(name)):
            fields[name] = value
    custom = dict(kept.custom)
    for name, value in other.custom.items():
        if is_blank(custom.get(name)):
            custom[name] = value
    return Person(fields, custom)


def is_blank(value: object) -> bool:
    """Nothing, or an empty text."""
    return value is None or value == ""


def _of_two_dates(one: object, other: object, earlier: bool) -> object:
    first, second = parse_date(str(one)), parse_date(str(other))
    if first is None or second is None:
        return other if first is None else one
    return one if (first <= second) is earlier else other
