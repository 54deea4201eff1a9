"""What a kept profile takes over."""

from __future__ import annotations

import pytest

from simulator.rules.attributes.merging import Person, merged

KEPT = Person({"first_name": "Ann", "last_name": "", "country": None}, {"plan": "gold"})
OTHER = Person(
    {"first_name": "Anon", "last_name": "Lund", "country": "NO", "image_url": "x"}, {"plan": "silver", "pet": "cat"}
)


def test_listed_blanks_are_filled_and_values_of_the_kept_one_win() -> None:
    assert merged(KEPT, OTHER, "blank_fields") == Person(
        {"first_name": "Ann", "last_name": "Lund", "country": "NO"}, {"plan": "gold", "pet": "cat"}
    )


def test_everything_includes_fields_that_are_not_listed() -> None:
    assert merged(KEPT, OTHER, "everything").fields["image_url"] == "x"


def test_lost_means_nothing_goes_over() -> None:
    assert merged(KEPT, OTHER, "lost") == KEPT


@pytest.mark.parametrize(
    ("kept", "other", "first", "last"),
    [
        ("2026-01-01", "2026-02-01", "2026-01-01", "2026-02-01"),
        ("2026-02-01", "2026-01-01", "2026-01-01", "2026-02-01"),
        (None, "2026-01-01", "2026-01-01", "2026-01-01"),
        ("2026-01-01", None, "2026-01-01", "2026-01-01"),
    ],
)
def test_the_earlier_first_and_the_later_last_date_win(kept: object, other: object, first: str, last: str) -> None:
    dates = [{"date_of_first_session": date, "date_of_last_session": date} for date in (kept, other)]
    result = merged(Person(dates[0], {}), Person(dates[1], {}), "blank_fields")
    assert result.fields == {"date_of_first_session": first, "date_of_last_session": last}
