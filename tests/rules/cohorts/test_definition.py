"""What a definition needs to know, and which clauses a real-time sync refuses."""

import pytest

from simulator.rules.cohorts.definition import DefinitionError, needs, real_time_blockers, real_time_ok
from simulator.rules.cohorts.language.reading import from_language


@pytest.mark.parametrize(
    ("written", "blockers"),
    [
        ({"performed": "a", "within": "7d"}, ()),
        ({"property": {"plan": "pro"}}, ()),
        ({"property": {"plan": "pro"}, "within": "7d"}, ()),
        ({"performed": "a", "more_often_than": "b"}, ()),
        ({"in_cohort": "vips"}, ()),
        ({"people": ["ida"]}, ()),
        ({"active_within": "7d"}, ()),
        ({"sequence": ["a", "b"]}, ("funnel",)),
        ({"came_back": "a", "from": "1d", "until": "2d"}, ("retention",)),
        ({"performed": "a", "nth_time": 3}, ("nth_time",)),
        ({"performed": "a", "distinct_days": ">= 2"}, ("distinct_interval",)),
        ({"performed": "a", "within_first": "3d"}, ("event_within",)),
        ({"all": [{"sequence": ["a", "b"]}, {"performed": "a", "nth_time": 2}]}, ("funnel", "nth_time")),
    ],
    ids=str,
)
def test_what_a_real_time_sync_refuses(written, blockers):
    definition = from_language(written)
    assert (real_time_blockers(definition), real_time_ok(definition)) == (blockers, not blockers)


def need(written, **switches):
    return needs(from_language(written), **switches)


def test_only_the_named_events_are_needed():
    found = need({"all": [{"performed": "a", "more_often_than": "b"}, {"sequence": ["c", "d"]}]})
    assert (found.event_names, found.every_event, found.event_properties) == ({"a", "b", "c", "d"}, False, False)
    assert need({"came_back": "b", "after": "a", "from": "1d", "until": "2d"}).event_names == {"a", "b"}


@pytest.mark.parametrize(
    "written", [{"active_within": "1d"}, {"property": {"x": 1}, "within": "1d"}, {"performed": "_all"}]
)
def test_some_need_every_event(written):
    assert need(written).every_event


def test_properties_are_needed_where_something_looks_at_them():
    assert need({"performed": "a", "where": {"x": 1}}).event_properties
    assert need({"performed": "a", "sum": {"x": 1}}).event_properties
    assert need({"performed": "a", "where_user": {"x": 1}}).stamps
    assert need({"property": {"x": 1}, "within": "1d"}).stamps
    assert need({"property": {"x": 1}}).properties
    assert not need({"property": {"x": 1}}).stamps
    read_from_events = need({"property": {"x": 1}}, stamped_properties=True)
    assert (read_from_events.stamps, read_from_events.every_event) == (True, True)


def test_named_cohorts_are_needed():
    assert need({"all": [{"in_cohort": "vips"}, {"not": {"in_cohort": "staff"}}]}).cohorts == {"vips", "staff"}


def test_an_error_reads_as_a_sentence():
    assert str(DefinitionError(("a",), "this is wrong")) == "this is wrong"
    assert str(DefinitionError(("a",), "this is wrong", "write that")) == "this is wrong; write that"
