"""A definition is written in the shortest form that reads back the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.rules.cohorts.definition import (
    ANY_ACTIVE_EVENT,
    ANY_EVENT,
    Active,
    Between,
    ComparedCount,
    Comparison,
    Definition,
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
from simulator.rules.cohorts.language.writing import to_language
from simulator.rules.cohorts.stored.reading import from_stored_json
from simulator.rules.cohorts.stored.writing import to_stored_json

DURATIONS = st.integers(1, 10**11)
WINDOWS = st.one_of(
    st.just(Ever()),
    st.builds(Rolling, DURATIONS, st.integers(0, 10**10), st.sampled_from([None, *Interval])),
    st.builds(Since, st.integers(0, 4 * 10**12)),
    st.builds(lambda start, length: Between(start, start + length), st.integers(0, 3 * 10**12), DURATIONS),
    st.builds(OfFirstUse, DURATIONS),
)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(str.strip)
SCALARS = st.one_of(NAMES, st.integers(-9, 9), st.sampled_from([None, True, False, ">= 3", "!= x", "", 1.5]))
NUMBERS = st.one_of(st.integers(-9, 99), st.floats(-9, 9, allow_nan=False).map(lambda n: round(n, 3)))
FILTERS = st.builds(
    Filter, NAMES, st.sampled_from(Test), st.lists(SCALARS, min_size=1, max_size=3).map(tuple), st.just(False)
)
EVENTS = st.builds(EventMatch, NAMES, st.lists(FILTERS, max_size=1).map(tuple))
NAMED_EVENTS = EVENTS.filter(lambda event: event.name not in (ANY_EVENT, ANY_ACTIVE_EVENT))
CLAUSES = st.one_of(
    st.builds(Performed, EVENTS, st.just(Measure.COUNT), st.just(""), st.sampled_from(Comparison), NUMBERS, WINDOWS),
    st.builds(
        Performed, EVENTS, st.sampled_from([Measure.SUM, Measure.DISTINCT]), NAMES, st.sampled_from(Comparison),
        NUMBERS, WINDOWS,
    ),
    st.builds(ComparedCount, EVENTS, st.sampled_from(Comparison), EVENTS, WINDOWS),
    st.builds(NthTime, NAMED_EVENTS, st.integers(1, 5), WINDOWS),
    st.builds(DistinctIntervals, EVENTS, st.sampled_from(Interval), st.sampled_from(Comparison), NUMBERS, WINDOWS),
    st.builds(
        DistinctIntervals, EVENTS, st.sampled_from(Interval), st.sampled_from(Comparison), NUMBERS,
        st.builds(Rolling, DURATIONS), DURATIONS,
    ),
    st.builds(
        Sequence, st.lists(EVENTS, min_size=2, max_size=3).map(tuple), WINDOWS, st.one_of(st.none(), DURATIONS)
    ),
    st.builds(
        lambda started, returned, begin, length, window: Retention(started, returned, begin, begin + length, window),
        EVENTS, EVENTS, st.integers(0, 10**9), DURATIONS, WINDOWS,
    ),
    st.builds(
        lambda f, window: HadProperty(Filter(f.key, f.test, f.values, True), window),
        FILTERS, st.one_of(st.none(), WINDOWS),
    ),
    st.builds(New, WINDOWS),
    st.builds(Active, WINDOWS),
    st.builds(InCohort, NAMES),
    st.builds(HadPropensity, NAMES, st.sampled_from(Comparison), NUMBERS),
    st.builds(StaticIds, st.frozensets(st.integers(1, 99), min_size=1, max_size=3)),
    st.builds(lambda users: StaticIds(user_ids=users), st.frozensets(NAMES, min_size=1, max_size=3)),
)  # fmt: skip
DEFINITIONS = st.builds(
    Definition,
    st.lists(
        st.builds(Row, st.lists(CLAUSES, min_size=1, max_size=3, unique=True).map(tuple), st.booleans()),
        min_size=1,
        max_size=3,
        unique=True,
    ).map(tuple),
)


@given(DEFINITIONS)
def test_whatever_is_written_reads_back_the_same(definition):
    assert from_language(to_language(definition)) == definition


@given(DEFINITIONS)
def test_whatever_is_stored_reads_back_the_same(definition):
    assert from_stored_json(to_stored_json(definition)) == definition


@pytest.mark.parametrize(
    "plain",
    [
        {"performed": "app_opened", "within": "7d"},
        {"performed": "app_opened", "times": ">= 3"},
        {"performed": "purchase", "where": {"price": {"at_least": 10, "less_than": 20}, "currency": "EUR"}},
        {"performed": "purchase", "where": {"price": ">= 10"}, "where_user": {"plan": ["pro", "team"]}},
        {"performed": "purchase", "where": {"note": {"is": ">= 10"}}},
        {"property": {"plan": None}},
        {"property": {"plan": "pro"}, "any_time": True},
        {"active_within": "30d"},
        {"active": {"within": "30d", "skip_today": True}},
        {"people": ["ida"]},
        {"any": [{"amplitude_ids": [1]}, {"user_ids": ["ida-1001"]}]},
        {"all": [{"in_cohort": "a"}, {"not": {"any": [{"in_cohort": "b"}, {"new_within": "1d"}]}}]},
    ],
    ids=str,
)
def test_the_written_form_is_the_short_one(plain):
    assert to_language(from_language(plain)) == plain


def test_a_list_of_both_kinds_of_id_is_two_clauses_in_words():
    both = Definition((Row((StaticIds(frozenset({1}), frozenset({"ida-1001"})),)),))
    assert to_language(both) == {"any": [{"amplitude_ids": [1]}, {"user_ids": ["ida-1001"]}]}


def test_people_are_written_by_name():
    assert to_language(Definition((Row((People(("ida", "ben")),)),))) == {"people": ["ida", "ben"]}
