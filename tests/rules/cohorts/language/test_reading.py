"""The scenario language: what each spelling means, and what each mistake is told."""

import pytest

from simulator.rules.cohorts.definition import (
    Active,
    Between,
    ComparedCount,
    Comparison,
    DefinitionError,
    DistinctIntervals,
    EventMatch,
    Ever,
    Filter,
    HadPropensity,
    HadProperty,
    InCohort,
    Interval,
    Measure,
    New,
    NthTime,
    OfFirstUse,
    People,
    Performed,
    Retention,
    Rolling,
    Row,
    Sequence,
    Since,
    StaticIds,
    Test,
)
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.instants import DAY_MS, HOUR_MS, parse_instant

OPENED = EventMatch("app_opened")


def clause(written):
    (row,) = from_language(written).rows
    (found,) = row.clauses
    return found


def filters(tests):
    return clause({"performed": "a", "where": tests}).event.where


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"performed": "app_opened"}, Performed(OPENED)),
        (
            {"performed": "app_opened", "times": "at least 3", "within": "1d 12h"},
            Performed(OPENED, value=3, window=Rolling(36 * HOUR_MS)),
        ),
        ({"performed": "app_opened", "times": 2}, Performed(OPENED, comparison=Comparison.EXACTLY, value=2)),
        (
            {"performed": "app_opened", "sum": {"price": "> 9.5"}},
            Performed(OPENED, Measure.SUM, "price", Comparison.MORE_THAN, 9.5),
        ),
        (
            {"performed": "app_opened", "distinct": {"sku": "!= 2"}},
            Performed(OPENED, Measure.DISTINCT, "sku", Comparison.OTHER_THAN, 2),
        ),
        ({"performed": "app_opened", "nth_time": 5}, NthTime(OPENED, 5)),
        (
            {"performed": "app_opened", "less_often_than": "b"},
            ComparedCount(OPENED, Comparison.FEWER_THAN, EventMatch("b")),
        ),
        (
            {"performed": "app_opened", "distinct_weeks": ">= 2", "in_each": "14d", "within": "28d"},
            DistinctIntervals(OPENED, Interval.WEEK, Comparison.AT_LEAST, 2, Rolling(28 * DAY_MS), 14 * DAY_MS),
        ),
        (
            {"sequence": ["a", {"event": "b", "where": {"x": 1}}], "complete_in": "1h"},
            Sequence((EventMatch("a"), EventMatch("b", (Filter("x", Test.IS, (1,)),))), Ever(), HOUR_MS),
        ),
        (
            {"came_back": "b", "from": "0s", "until": "1d"},
            Retention(EventMatch("_new"), EventMatch("b"), 0, DAY_MS),
        ),
        (
            {"came_back": "b", "where": {"x": 1}, "after": "a", "from": "1h", "until": "1d", "within": "7d"},
            Retention(
                EventMatch("a"), EventMatch("b", (Filter("x", Test.IS, (1,)),)), HOUR_MS, DAY_MS, Rolling(7 * DAY_MS)
            ),
        ),
        ({"property": {"plan": "pro"}}, HadProperty(Filter("plan", Test.IS, ("pro",), True))),
        ({"property": {"plan": "pro"}, "any_time": True}, HadProperty(Filter("plan", Test.IS, ("pro",), True), Ever())),
        ({"property": {"plan": "pro"}, "any_time": False}, HadProperty(Filter("plan", Test.IS, ("pro",), True))),
        ({"active_within": "30d"}, Active(Rolling(30 * DAY_MS))),
        ({"active": {"since": "2026-03-01"}}, Active(Since(parse_instant("2026-03-01")))),
        ({"new_within": "1h"}, New(Rolling(HOUR_MS))),
        ({"new": {"within_first": "1h"}}, New(OfFirstUse(HOUR_MS))),
        (
            {"performed": "app_opened", "within": "2w", "skip_this_week": True},
            Performed(OPENED, window=Rolling(14 * DAY_MS, 0, Interval.WEEK)),
        ),
        (
            {"performed": "app_opened", "within": "3h", "skip_this_hour": True},
            Performed(OPENED, window=Rolling(3 * HOUR_MS, 0, Interval.HOUR)),
        ),
        ({"propensity": "churn", "percentile": ">= 80"}, HadPropensity("churn", Comparison.AT_LEAST, 80)),
        ({"in_cohort": "vips"}, InCohort("vips")),
        ({"people": ["ida", "ben", "ida"]}, People(("ida", "ben"))),
        ({"people": []}, People(())),
        ({"user_ids": ["ida-1001", 7]}, StaticIds(user_ids=frozenset({"ida-1001", "7"}))),
        ({"amplitude_ids": [7]}, StaticIds(amplitude_ids=frozenset({7}))),
        (
            {"performed": "app_opened", "between": ["2026-03-01", "2026-03-02"]},
            Performed(OPENED, window=Between(parse_instant("2026-03-01"), parse_instant("2026-03-03"))),
        ),
        (
            {"performed": "app_opened", "between": ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"]},
            Performed(OPENED, window=Between(parse_instant("2026-03-01"), parse_instant("2026-03-02"))),
        ),
        (
            {"performed": "app_opened", "within": "7d", "offset": "0s", "skip_today": True},
            Performed(OPENED, window=Rolling(7 * DAY_MS, 0, Interval.DAY)),
        ),
    ],
    # A definition holds sets, whose text differs from process to process.
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_clause_means_what_the_reference_says(written, expected):
    assert clause(written) == expected


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("3", (Comparison.EXACTLY, 3)),
        (">=3", (Comparison.AT_LEAST, 3)),
        ("== 3", (Comparison.EXACTLY, 3)),
        ("exactly 3 times", (Comparison.EXACTLY, 3)),
        ("More than 3", (Comparison.MORE_THAN, 3)),
        ("fewer than 3", (Comparison.FEWER_THAN, 3)),
        ("less than 3", (Comparison.FEWER_THAN, 3)),
        ("at most 3", (Comparison.AT_MOST, 3)),
        ("not 3", (Comparison.OTHER_THAN, 3)),
    ],
)
def test_comparisons_may_be_spelled_in_words(spelling, expected):
    found = clause({"performed": "a", "times": spelling})
    assert (found.comparison, found.value) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("pro", [(Test.IS, ("pro",))]),
        (["pro", "team"], [(Test.IS, ("pro", "team"))]),
        (None, [(Test.IS, (None,))]),
        (True, [(Test.IS, (True,))]),
        (">= 18", [(Test.GREATER_OR_EQUAL, (18,))]),
        ("<1.5", [(Test.LESS, (1.5,))]),
        ("!= 3", [(Test.IS_NOT, (3,))]),
        ("!= free", [(Test.IS_NOT, ("free",))]),
        ("> pro", [(Test.IS, ("> pro",))]),
        ({"is": ">= 18"}, [(Test.IS, (">= 18",))]),
        ({"is_not": ["a", "b"]}, [(Test.IS_NOT, ("a", "b"))]),
        ({"contains": "x"}, [(Test.CONTAINS, ("x",))]),
        ({"does_not_contain": "x"}, [(Test.DOES_NOT_CONTAIN, ("x",))]),
        ({"at_least": 18, "less_than": 65}, [(Test.GREATER_OR_EQUAL, (18,)), (Test.LESS, (65,))]),
        ({"more_than": 1}, [(Test.GREATER, (1,))]),
        ({"at_most": 1}, [(Test.LESS_OR_EQUAL, (1,))]),
        ({"set_is": ["a", "b"]}, [(Test.SET_IS, ("a", "b"))]),
        ({"set_is_not": ["a"]}, [(Test.SET_IS_NOT, ("a",))]),
        ({"is_set": True}, [(Test.IS_NOT, (None,))]),
        ({"is_set": False}, [(Test.IS, (None,))]),
    ],
    ids=str,
)
def test_a_property_test_means_what_the_reference_says(given, expected):
    assert [(each.test, each.values) for each in filters({"x": given})] == expected


def test_several_properties_are_several_rows():
    found = from_language({"property": {"plan": "pro", "age": ">= 18"}})
    assert [len(row.clauses) for row in found.rows] == [1, 1]


def test_where_user_filters_by_user_properties():
    (condition,) = clause({"performed": "a", "where_user": {"plan": "pro"}}).event.where
    assert condition.of_user


def test_rows_are_joined_by_and_clauses_by_or():
    found = from_language(
        {"all": [{"any": [{"in_cohort": "a"}, {"in_cohort": "b"}]}, {"not": {"in_cohort": "c"}}, {"in_cohort": "d"}]}
    )
    assert found.rows == (
        Row((InCohort("a"), InCohort("b"))),
        Row((InCohort("c"),), negated=True),
        Row((InCohort("d"),)),
    )


MISTAKES = [
    ("app_opened", (), "not a mapping", "{performed: app_opened}"),
    ([], (), "not a mapping", ""),
    ({}, (), "says nothing", "performed"),
    ({1: "a"}, (), "not a text", '"1"'),
    ({"perfomed": "a"}, ("perfomed",), "says nothing", "did you mean performed?"),
    ({"colour": "a"}, ("colour",), "says nothing", "say one of"),
    ({"performed": "a", "withn": "7d"}, ("withn",), "unknown key", "did you mean within?"),
    ({"performed": "a", "colour": "7d"}, ("colour",), "unknown key", "may stand"),
    ({"in_cohort": "a", "colour": "7d"}, ("colour",), "unknown key", "stands alone"),
    ({"performed": "a", "property": {"x": 1}}, ("property",), "side by side", "{all: ["),
    ({"performed": "a", "times": 1, "nth_time": 2}, ("nth_time",), "side by side", ""),
    ({"performed": "a", "within": "7d", "since": "2026-03-01"}, ("since",), "side by side", ""),
    ({"performed": "a", "offset": "7d"}, ("offset",), "needs within", ""),
    ({"performed": "a", "skip_today": True}, ("skip_today",), "needs within", ""),
    ({"performed": "a", "in_each": "7d"}, ("in_each",), "needs distinct_days", ""),
    ({"performed": "a", "in_each": "7d", "distinct_days": 1}, ("in_each",), "needs distinct_days", ""),
    ({"performed": ""}, ("performed",), "not an event name", ""),
    ({"performed": 7}, ("performed",), "not an event name", ""),
    ({"performed": "a", "times": "often"}, ("times",), "not a comparison", ">= 3"),
    ({"performed": "a", "times": True}, ("times",), "not a comparison", ""),
    ({"performed": "a", "times": None}, ("times",), "null is not a comparison", ""),
    ({"performed": "a", "sum": 3}, ("sum",), "not a mapping", "price"),
    ({"performed": "a", "sum": {"a": 1, "b": 2}}, ("sum",), "takes one property", ""),
    ({"performed": "a", "sum": {"price": "lots"}}, ("sum", "price"), "not a comparison", ""),
    ({"performed": "a", "nth_time": 0}, ("nth_time",), "from 1 to 5", ""),
    ({"performed": "a", "nth_time": 6}, ("nth_time",), "from 1 to 5", ""),
    ({"performed": "a", "nth_time": True}, ("nth_time",), "true is not", ""),
    ({"performed": "_all", "nth_time": 2}, ("performed",), "only ever a static cohort", "name one event"),
    ({"performed": "_active", "nth_time": 2}, ("performed",), "only ever a static cohort", "name one event"),
    (
        {"performed": "a", "within": "7d", "skip_today": True, "skip_this_week": True},
        ("skip_this_week",),
        "side by side",
        "",
    ),
    ({"propensity": "churn"}, (), "needs percentile", ">= 80"),
    ({"propensity": "churn", "percentile": "high"}, ("percentile",), "not a comparison", ""),
    ({"performed": "a", "within": 7}, ("within",), "not a duration", "7d"),
    ({"performed": "a", "within": None}, ("within",), "not a duration", ""),
    ({"performed": "a", "within": "soon"}, ("within",), "not a duration", ""),
    ({"performed": "a", "within": "0d"}, ("within",), "zero", ""),
    ({"performed": "a", "within": "100001d"}, ("within",), "longer than 100000d", ""),
    ({"performed": "a", "since": "yesterday"}, ("since",), "not an instant", ""),
    ({"performed": "a", "since": 2026}, ("since",), "not an instant", ""),
    ({"performed": "a", "between": "2026-03-01"}, ("between",), "not two dates", ""),
    ({"performed": "a", "between": ["2026-03-01"]}, ("between",), "takes two", "2026-03-07"),
    ({"performed": "a", "between": ["2026-03-01", "x"]}, ("between", 1), "not an instant", ""),
    ({"performed": "a", "between": ["2026-03-02", "2026-03-01"]}, ("between", 1), "ends before", ""),
    ({"performed": "a", "where": {}}, ("where",), "no property", ""),
    ({"performed": "a", "where": {"x": {}}}, ("where", "x"), "no test", ""),
    ({"performed": "a", "where": {"x": {"contain": 1}}}, ("where", "x", "contain"), "unknown test", "contains?"),
    ({"performed": "a", "where": {"x": {"rhymes_with": 1}}}, ("where", "x", "rhymes_with"), "unknown test", "say one"),
    ({"performed": "a", "where": {"x": []}}, ("where", "x"), "empty", ""),
    ({"performed": "a", "where": {"x": [[]]}}, ("where", "x", 0), "single value", ""),
    ({"performed": "a", "where": {"x": {"is_set": "yes"}}}, ("where", "x", "is_set"), "neither true nor false", ""),
    ({"performed": "a", "more_often_than": {"where": {"x": 1}}}, ("more_often_than",), "name is missing", ""),
    ({"performed": "a", "more_often_than": {"event": "b", "if": 1}}, ("more_often_than", "if"), "unknown key", ""),
    ({"sequence": ["a"]}, ("sequence",), "two events or more", ""),
    ({"sequence": "a"}, ("sequence",), "not a list", "[a]"),
    ({"sequence": ["a", 3]}, ("sequence", 1), "not an event name", ""),
    ({"came_back": "a", "from": "1d"}, (), "needs until", ""),
    ({"came_back": "a", "from": "1d", "until": "1d"}, ("until",), "later than from", ""),
    ({"property": {"x": 1}, "any_time": True, "within": "7d"}, ("any_time",), "side by side", ""),
    ({"active": "30d"}, ("active",), "not a mapping", "within"),
    ({"active": {"during": "30d"}}, ("active", "during"), "unknown key", ""),
    ({"in_cohort": ["a"]}, ("in_cohort",), "not the name", ""),
    ({"people": "ida"}, ("people",), "not a list", "[ida]"),
    ({"people": ["ida", 7]}, ("people", 1), "not a person's name", ""),
    ({"user_ids": []}, ("user_ids",), "empty", ""),
    ({"amplitude_ids": ["7"]}, ("amplitude_ids", 0), "whole number", ""),
    ({"all": {"performed": "a"}}, ("all",), "not a list", ""),
    ({"all": []}, ("all",), "empty", ""),
    ({"all": [{"any": [{"performed": "a"}, {"perf": 1}]}]}, ("all", 0, "any", 1, "perf"), "says nothing", ""),
    ({"not": [{"performed": "a"}]}, ("not",), "takes one clause", "any"),
    ({"people": "x" * 50}, ("people",), "…", ""),
]


@pytest.mark.parametrize(("written", "path", "what", "suggestion"), MISTAKES, ids=str)
def test_a_mistake_is_named_with_its_place_and_a_way_out(written, path, what, suggestion):
    with pytest.raises(DefinitionError) as refused:
        from_language(written, ("cohorts", "openers"))
    error = refused.value
    assert (error.path, what in error.what, suggestion in error.suggestion) == (
        ("cohorts", "openers", *path),
        True,
        True,
    )
