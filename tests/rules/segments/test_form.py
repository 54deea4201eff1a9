"""The saved form: what is read, what is refused and where, and that nothing is lost on the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.rules.instants import parse_instant
from simulator.rules.segments.form import DEEPEST, SegmentFormError, parse, parse_connected_audience, to_form
from simulator.rules.segments.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Kind,
    Tree,
    filters_of,
    in_cohort,
    performed,
)


def test_the_documented_caption_of_an_amplitude_filter_is_read() -> None:
    form = {"amplitude_cohorts": {"comparison": "includes_value", "value": "abcd1234"}}
    assert parse(form) == in_cohort("amplitude", "abcd1234")


def test_every_partner_has_a_filter_of_its_own() -> None:
    form = {"treasure_data_cohorts": {"comparison": "does_not_include_value", "value": "c"}}
    found = parse(form)
    assert isinstance(found, Filter)
    assert (found.subject, found.comparison) == ("treasure_data", Comparison.DOES_NOT_INCLUDE_VALUE)


def test_an_empty_object_is_everybody() -> None:
    assert parse({}) == AllOf()


def test_the_example_of_the_connected_audience_page_is_read() -> None:
    form = {
        "AND": [
            {"custom_attribute": {"custom_attribute_name": "eye_color", "comparison": "equals", "value": "blue"}},
            {"OR": [{"push_subscription_status": {"comparison": "is", "value": "opted_in"}}]},
            {"email_subscription_status": {"comparison": "is_not", "value": "subscribed"}},
            {"last_used_app": {"comparison": "after", "value": "2019-07-22T13:17:55+0000"}},
        ]
    }
    assert [found.kind for found in filters_of(parse_connected_audience(form))] == [
        Kind.CUSTOM_ATTRIBUTE,
        Kind.PUSH_SUBSCRIPTION,
        Kind.EMAIL_SUBSCRIPTION,
        Kind.LAST_USED_APP,
    ]


def test_a_connected_audience_knows_no_cohorts() -> None:
    form = {"OR": [{"amplitude_cohorts": {"comparison": "includes_value", "value": "abcd1234"}}]}
    with pytest.raises(SegmentFormError) as caught:
        parse_connected_audience(form)
    assert str(caught.value) == "audience[0]: partner_cohorts is not a connected audience filter"


def test_a_window_of_days_is_read() -> None:
    form = {"custom_event": {"custom_event_name": "e", "comparison": "greater_than", "value": 2, "within_days": 7}}
    assert parse(form) == performed("e", Comparison.GREATER_THAN, 2, 7)


def deep(levels: int) -> dict[str, object]:
    form: dict[str, object] = {"country": {"comparison": "is", "value": "DE"}}
    for _ in range(levels):
        form = {"AND": [form]}
    return form


def test_groups_nest_to_the_limit_and_no_deeper() -> None:
    assert filters_of(parse(deep(DEEPEST)))
    with pytest.raises(SegmentFormError, match="levels deep"):
        parse(deep(DEEPEST + 1))


@pytest.mark.parametrize(
    ("form", "where", "problem"),
    [
        ([], "", "must be an object such as {'AND': [...]}"),
        ({"AND": [], "OR": []}, "", "must have one key, not AND, OR"),
        ({"AND": {}}, "AND", "must be a list of filters and groups"),
        ({"OR": []}, "OR", "must hold at least one filter; nobody is in an empty OR"),
        ({"AND": [{"country": "DE"}]}, "AND[0].country", "must be an object with a comparison"),
        ({"_cohorts": {"comparison": "includes_value", "value": "c"}}, "_cohorts", "is not a filter"),
        ({"cuntry": {"comparison": "is", "value": "DE"}}, "cuntry", "is not a filter; the filters are"),
        ({"country": {"comparison": "is", "value": "DE", "x": 1}}, "country", "does not know x"),
        ({"country": {"comparison": "includes_value", "value": "DE"}}, "country", "comparison 'includes_value' is not"),
        ({"country": {"comparison": "is"}}, "country", "is needs a value"),
        ({"country": {"comparison": "is", "value": ""}}, "country", "needs a non-empty string"),
        ({"country": {"comparison": "is", "value": []}}, "country", "a list of values must hold strings"),
        ({"country": {"comparison": "exists", "value": "DE"}}, "country", "exists takes no value"),
        (
            {"amplitude_cohorts": {"comparison": "includes_value", "value": ["a"]}},
            "amplitude_cohorts",
            "takes one value",
        ),
        (
            {"custom_attribute": {"comparison": "exists"}},
            "custom_attribute",
            "custom_attribute_name must be a non-empty string",
        ),
        (
            {"custom_attribute": {"custom_attribute_name": "a", "comparison": "less_than", "value": "7"}},
            "custom_attribute",
            "less_than needs a number",
        ),
        (
            {"custom_attribute": {"custom_attribute_name": "a", "comparison": "matches_regex", "value": "("}},
            "custom_attribute",
            "'(' is not a regular expression",
        ),
        (
            {"custom_attribute": {"custom_attribute_name": "a", "comparison": "after", "value": "soon"}},
            "custom_attribute",
            "needs an ISO 8601 date and time",
        ),
        (
            {"custom_event": {"custom_event_name": "e", "comparison": "equals", "value": -1}},
            "custom_event",
            "needs a whole number, at least 0",
        ),
        (
            {"custom_event": {"custom_event_name": "e", "comparison": "exists", "within_days": 0}},
            "custom_event",
            "within_days must be a whole number of days, at least 1",
        ),
        (
            {"email_subscription_status": {"comparison": "is", "value": "maybe"}},
            "email_subscription_status",
            "value 'maybe' is not one of opted_in, subscribed, unsubscribed",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(form: object, where: str, problem: str) -> None:
    with pytest.raises(SegmentFormError) as caught:
        parse(form)
    assert (caught.value.where, caught.value.problem[: len(problem)]) == (where, problem)


FILTERS = st.one_of(
    st.builds(in_cohort, st.sampled_from(["amplitude", "segment"]), st.text(min_size=1, max_size=5)),
    st.builds(
        performed, st.text(min_size=1, max_size=5), st.just(Comparison.EQUALS), st.integers(0, 9), st.integers(1, 30)
    ),
    st.builds(
        Filter,
        st.just(Kind.CUSTOM_ATTRIBUTE),
        st.just(Comparison.EQUALS),
        st.one_of(st.text(), st.integers(), st.booleans()),
        st.text(min_size=1, max_size=5),
    ),
    st.just(Filter(Kind.USER_ALIAS, Comparison.EXISTS, subject="crm")),
    st.just(Filter(Kind.COUNTRY, Comparison.IS, ("DE", "FR"))),
    st.just(Filter(Kind.LAST_USED_APP, Comparison.AFTER, parse_instant("2026-03-02T10:00:00Z"))),
)
TREES: st.SearchStrategy[Tree] = st.recursive(
    FILTERS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple).map(AllOf), st.lists(inner, min_size=1, max_size=3).map(tuple).map(AnyOf)
    ),
    max_leaves=12,
)


@given(TREES)
def test_what_is_written_reads_back_as_the_same_tree(tree: Tree) -> None:
    assert parse(to_form(tree)) == tree
