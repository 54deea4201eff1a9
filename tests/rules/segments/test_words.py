"""Segments in plain words."""

from __future__ import annotations

import pytest

from simulator.rules.instants import parse_instant
from simulator.rules.segments.tree import (
    EVERYBODY,
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Kind,
    attribute,
    has_alias,
    identified,
    in_cohort,
    performed,
)
from simulator.rules.segments.words import NOUNS, cohort_title, describe, partner_name


def test_a_cohort_is_titled_as_in_the_dashboard() -> None:
    assert cohort_title("amplitude", "TEST_COHORT", "abcd1234") == "[Amplitude] TEST_COHORT: abcd1234"


@pytest.mark.parametrize(
    ("partner", "name"), [("amplitude", "Amplitude"), ("treasure_data", "Treasure Data"), ("m-particle", "M Particle")]
)
def test_partners_are_written_with_capitals(partner: str, name: str) -> None:
    assert partner_name(partner) == name


def test_no_filters_read_all_users() -> None:
    assert describe(EVERYBODY) == "all users"


def test_filters_are_joined_and_groups_bracketed() -> None:
    tree = AllOf((in_cohort("amplitude", "abcd1234"), AnyOf((has_alias("crm"), identified())), AnyOf((identified(),))))
    assert describe(tree) == (
        'Amplitude Cohorts includes value "abcd1234" and (user alias "crm" exists or external user ID exists)'
        " and external user ID exists"
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (attribute("visits", Comparison.GREATER_THAN, 7), 'custom attribute "visits" greater than 7'),
        (
            attribute("bought_at", Comparison.LESS_THAN_X_DAYS_AGO, 2),
            'custom attribute "bought_at" less than 2 days ago',
        ),
        (performed("e", Comparison.EQUALS, 2, 7), 'custom event "e" equals 2 in the last 7 days'),
        (Filter(Kind.COUNTRY, Comparison.IS, ("DE", "FR")), 'country is "DE" or "FR"'),
        (
            Filter(Kind.LAST_USED_APP, Comparison.AFTER, parse_instant("2026-03-02T10:00:00Z")),
            "last used app after 2026-03-02T10:00:00Z",
        ),
    ],
)
def test_one_filter_in_words(asked: Filter, words: str) -> None:
    assert describe(asked) == words


def test_every_kind_but_cohorts_has_a_noun() -> None:
    assert set(Kind) - set(NOUNS) == {Kind.PARTNER_COHORT}
