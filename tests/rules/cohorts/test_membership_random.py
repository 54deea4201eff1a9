"""For any definition the named instants are all there are: between two of them nobody comes or goes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.rules.cohorts.definition import (
    Active,
    Between,
    ComparedCount,
    Comparison,
    Definition,
    DistinctIntervals,
    EventMatch,
    Ever,
    Filter,
    HadProperty,
    Interval,
    Measure,
    New,
    NthTime,
    OfFirstUse,
    Performed,
    Retention,
    Rolling,
    Row,
    Sequence,
    Since,
    Test,
)
from simulator.rules.cohorts.history import Event, whole_history
from simulator.rules.cohorts.membership import is_member, next_change
from simulator.rules.instants import DAY_MS, HOUR_MS, Instant, parse_instant
from simulator.rules.switches import RuleSet

NOW = parse_instant("2026-03-02T10:00:00Z")
READINGS = {
    "default": RuleSet(),
    "whole days": RuleSet().with_switches({"rolling_window": "whole_days"}),
    "latest event": RuleSet().with_switches({"property_most_recently": "latest_active_event"}),
}


def hours(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most).map(lambda number: number * HOUR_MS)


LENGTHS = st.one_of(hours(1, 60), st.integers(1, 7).map(lambda number: number * DAY_MS))
ROLLING = st.builds(Rolling, LENGTHS, st.one_of(st.just(0), hours(0, 40)), st.sampled_from([None, None, *Interval]))
WINDOWS = st.one_of(
    ROLLING,
    st.just(Ever()),
    st.builds(lambda begin, length: Between(NOW + begin, NOW + begin + length), hours(-80, 60), hours(1, 60)),
    st.builds(lambda begin: Since(NOW + begin), hours(-80, 40)),
    st.builds(OfFirstUse, hours(1, 60)),
)
VALUES = st.lists(st.sampled_from([1, 2, "a", None, ""]), min_size=1, max_size=2).map(tuple)
FILTERS = st.builds(Filter, st.sampled_from("pq"), st.sampled_from(Test), VALUES, st.booleans())
NAMED = st.sampled_from("ab").map(EventMatch)
EVENTS = st.builds(EventMatch, st.sampled_from(["a", "b", "_active", "_all"]), st.lists(FILTERS, max_size=1).map(tuple))
CLAUSES = st.one_of(
    st.builds(Performed, EVENTS, st.sampled_from(Measure), st.just("p"), st.sampled_from(Comparison),
              st.integers(0, 3), WINDOWS),
    st.builds(ComparedCount, EVENTS, st.sampled_from(Comparison), EVENTS, WINDOWS),
    st.builds(NthTime, NAMED, st.integers(1, 3), WINDOWS),
    st.builds(DistinctIntervals, EVENTS, st.sampled_from(Interval), st.sampled_from(Comparison), st.integers(0, 2),
              WINDOWS),
    st.builds(DistinctIntervals, EVENTS, st.sampled_from(Interval), st.sampled_from(Comparison), st.integers(0, 2),
              ROLLING, hours(1, 30)),
    st.builds(Sequence, st.lists(EVENTS, min_size=2, max_size=3).map(tuple), WINDOWS,
              st.one_of(st.none(), hours(0, 20))),
    st.builds(lambda start, back, begin, length, window: Retention(start, back, begin, begin + length, window),
              st.one_of(EVENTS, st.just(EventMatch("_new"))), EVENTS, hours(0, 30), hours(1, 30), WINDOWS),
    st.builds(HadProperty, FILTERS, st.one_of(st.none(), WINDOWS)),
    st.builds(New, WINDOWS),
    st.builds(Active, WINDOWS),
)  # fmt: skip
ROWS = st.builds(Row, st.lists(CLAUSES, min_size=1, max_size=2).map(tuple), st.booleans())
DEFINITIONS = st.lists(ROWS, min_size=1, max_size=2).map(tuple).map(Definition)
HISTORIES = st.lists(
    st.builds(
        lambda at, name, p, q, plan, active: Event(Instant(NOW + at), name, {"p": p, "q": q}, {"p": plan}, active),
        hours(-100, 60),
        st.sampled_from("ab"),
        st.sampled_from([1, 2, "a", None]),
        st.sampled_from([1, ""]),
        st.sampled_from([1, 2]),
        st.booleans(),
    ),
    max_size=6,
).map(lambda events: whole_history(1, events, user_id="ida-1001", properties={"p": 1}))


def nobody(cohort, amplitude_id, at):
    return False


@pytest.mark.parametrize("reading", READINGS)
@settings(max_examples=60, deadline=None)
@given(definition=DEFINITIONS, history=HISTORIES)
def test_nobody_comes_or_goes_between_two_named_instants(reading, definition, history):
    rules = READINGS[reading]
    at, until = NOW, Instant(NOW + 4 * DAY_MS)
    while at < until:
        answer = is_member(definition, history, at, nobody, rules)
        named = next_change(definition, history, at, rules)
        assert named is None or named > at
        end = min(named or until, until)
        tried = {at + 1, (at + end) // 2, end - 1, *range(at, end, HOUR_MS), *range(at + HOUR_MS - 1, end, HOUR_MS)}
        changed = [each for each in tried if at <= each < end
                   and is_member(definition, history, Instant(each), nobody, rules) != answer]  # fmt: skip
        assert [] == changed
        at = Instant(end)
