"""One person, one instant: each kind of clause in, out, and exactly at its edge."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.rules.cohorts.definition import Definition, Row
from simulator.rules.cohorts.history import Event, History, whole_history
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.membership import is_member, next_change
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant, parse_instant
from simulator.rules.switches import RuleSet

NOW = parse_instant("2026-03-02T10:00:00Z")  # a Monday
NOBODY = lambda cohort, amplitude_id, at: False  # noqa: E731
WHOLE_DAYS = RuleSet().with_switches({"rolling_window": "whole_days"})
LATEST_EVENT = RuleSet().with_switches({"property_most_recently": "latest_active_event"})


def ago(duration_ms, name="app_opened", **properties):
    return Event(Instant(NOW - duration_ms), name, properties)


def ida(*events, **properties):
    return whole_history(1, events, user_id="ida-1001", device_id="d-ida-0001", properties=properties)


def inside(definition, history, at=NOW, rules=None, resolve=NOBODY):
    return is_member(from_language(definition), history, Instant(at), resolve, rules or RuleSet())


# --- counts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        (">= 2", {2, 3, 4}),
        ("> 2", {3, 4}),
        ("= 2", {2}),
        (2, {2}),
        ("!= 2", {1, 3, 4}),
        ("<= 2", {1, 2}),
        ("< 3", {1, 2}),
        ("= 0", set()),
        ("< 1", set()),
        ("<= 0", set()),
        (">= 0", {1, 2, 3, 4}),
    ],
)
def test_counts_compare_and_who_did_nothing_never_matches(times, counts):
    """COHORT-1."""
    found = {n for n in range(5) if inside({"performed": "app_opened", "times": times}, ida(*[ago(n)] * n))}
    assert found == counts


@pytest.mark.parametrize(
    ("old", "expected"),
    [(0, True), (7 * DAY_MS - 1, True), (7 * DAY_MS, False), (-1, False)],
    ids=["this instant", "a millisecond younger", "exactly seven days", "still to come"],
)
def test_a_rolling_window_has_its_old_end_out_and_its_new_end_in(old, expected):
    """COHORT-2."""
    assert inside({"performed": "app_opened", "within": "7d"}, ida(ago(old))) == expected


@pytest.mark.parametrize(("old", "expected"), [(DAY_MS - 1, False), (DAY_MS, True), (3 * DAY_MS, False)])
def test_an_offset_moves_the_window_back(old, expected):
    assert inside({"performed": "app_opened", "within": "2d", "offset": "1d"}, ida(ago(old))) == expected


@pytest.mark.parametrize(
    ("old", "expected"), [(0, False), (10 * HOUR_MS, False), (10 * HOUR_MS + 1, True), (34 * HOUR_MS + 1, False)]
)
def test_skipping_today_ends_the_window_at_midnight(old, expected):
    assert inside({"performed": "app_opened", "within": "1d", "skip_today": True}, ida(ago(old))) == expected


@pytest.mark.parametrize(
    ("skipped", "within", "old", "expected"),
    [
        # It is Monday, ten o'clock: the week and the hour have just begun.
        ("skip_this_week", "1w", 0, False),
        ("skip_this_week", "1w", 10 * HOUR_MS, False),
        ("skip_this_week", "1w", 10 * HOUR_MS + 1, True),
        ("skip_this_week", "1w", 10 * HOUR_MS + 7 * DAY_MS, True),
        ("skip_this_week", "1w", 10 * HOUR_MS + 7 * DAY_MS + 1, False),
        ("skip_this_hour", "2h", 0, False),
        ("skip_this_hour", "2h", 1, True),
        ("skip_this_hour", "2h", 2 * HOUR_MS, True),
        ("skip_this_hour", "2h", 2 * HOUR_MS + 1, False),
    ],
)
def test_skipping_the_current_interval_ends_the_window_where_it_begins(skipped, within, old, expected):
    assert inside({"performed": "app_opened", "within": within, skipped: True}, ida(ago(old))) == expected


@pytest.mark.parametrize(("percentile", "expected"), [(79, False), (80, True), (80.5, True), (None, False)])
def test_a_propensity_is_compared_by_percentile_and_who_has_none_never_matches(percentile, expected):
    given_by = {} if percentile is None else {"churn": percentile}
    history = replace(ida(), propensities={**given_by, "upsell": 99})
    assert inside({"propensity": "churn", "percentile": ">= 80"}, history) == expected
    assert inside({"not": {"propensity": "churn", "percentile": ">= 80"}}, history) != expected


@pytest.mark.parametrize(
    ("within", "old", "expected"),
    [
        ("1d", 10 * HOUR_MS, True),
        ("1d", 10 * HOUR_MS + 1, False),
        ("2d", 34 * HOUR_MS, True),
        ("2d", 34 * HOUR_MS + 1, False),
        ("12h", 11 * HOUR_MS, True),
    ],
)
def test_whole_days_count_today_and_the_days_before(within, old, expected):
    assert inside({"performed": "app_opened", "within": within}, ida(ago(old)), rules=WHOLE_DAYS) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-02-28T23:59:59.999Z", False),
        ("2026-03-01T00:00:00Z", True),
        ("2026-03-01T23:59:59.999Z", True),
        ("2026-03-02T00:00:00Z", False),
    ],
)
def test_fixed_dates_hold_both_days_whole(at, expected):
    history = ida(Event(parse_instant(at), "app_opened"))
    assert inside({"performed": "app_opened", "between": ["2026-03-01", "2026-03-01"]}, history) == expected


@pytest.mark.parametrize(("old", "expected"), [(HOUR_MS, True), (HOUR_MS + 1, False)])
def test_since_holds_its_first_instant(old, expected):
    assert inside({"performed": "app_opened", "since": "2026-03-02T09:00:00Z"}, ida(ago(old))) == expected


@pytest.mark.parametrize(("after", "expected"), [(0, True), (DAY_MS - 1, True), (DAY_MS, False)])
def test_within_the_first_day_counts_from_the_first_event_of_all(after, expected):
    first = ago(9 * DAY_MS, "signed_up")
    history = ida(first, ago(9 * DAY_MS - after, "purchase"))
    assert inside({"performed": "purchase", "within_first": "1d"}, history) == expected


def test_a_person_without_events_has_no_first_day():
    assert not inside({"new": {"within_first": "1d"}}, ida())


# --- properties of events ----------------------------------------------------------------------------


def test_only_events_that_pass_the_filters_count():
    history = ida(ago(1, "purchase", currency="EUR", price=9), ago(2, "purchase", currency="USD", price=99))
    assert inside({"performed": "purchase", "where": {"currency": "EUR"}}, history)
    assert not inside({"performed": "purchase", "where": {"currency": "EUR", "price": ">= 10"}}, history)


def test_events_are_filtered_by_the_user_properties_they_carried():
    event = Event(Instant(NOW - 1), "purchase", {}, {"plan": "pro"})
    assert inside({"performed": "purchase", "where_user": {"plan": "pro"}}, ida(event, plan="free"))


def test_a_missing_number_is_not_zero_on_an_event():
    assert not inside({"performed": "purchase", "where": {"price": "< 10"}}, ida(ago(1, "purchase")))


@pytest.mark.parametrize(("limit", "expected"), [(">= 24", True), (">= 25", False)])
def test_sums_add_numbers_and_pass_over_the_rest(limit, expected):
    prices = [9, "15", "cheap", None]
    history = ida(*(ago(n, "purchase", price=price) for n, price in enumerate(prices)))
    assert inside({"performed": "purchase", "sum": {"price": limit}}, history) == expected


@pytest.mark.parametrize(("limit", "expected"), [("= 3", True), ("= 4", False)])
def test_distinct_values_are_counted_through_lists(limit, expected):
    values = ["a", ["a", "b"], 1, "1", None]
    history = ida(*(ago(n, "purchase", sku=sku) for n, sku in enumerate(values)))
    assert inside({"performed": "purchase", "distinct": {"sku": limit}}, history) == expected


def test_nobody_has_a_sum_without_an_event():
    assert not inside({"performed": "purchase", "sum": {"price": "< 10"}}, ida())


# --- comparisons, nth time, intervals, sequences, retention -----------------------------------------


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("more_often_than", {2, 3}),
        ("at_least_as_often_as", {1, 2, 3}),
        ("as_often_as", {1}),
        ("not_as_often_as", {2, 3}),
        ("at_most_as_often_as", {1}),
        ("less_often_than", set()),
    ],
)
def test_one_event_is_compared_with_another(key, expected):
    found = {
        n
        for n in range(4)
        if inside({"performed": "app_opened", key: "purchase"}, ida(*[ago(1)] * n, ago(1, "purchase")))
    }
    assert found == expected


@pytest.mark.parametrize(("nth", "expected"), [(1, False), (2, True), (3, False), (4, False)])
def test_the_nth_time_of_a_year_lies_in_the_window(nth, expected):
    history = ida(ago(366 * DAY_MS), ago(8 * DAY_MS), ago(2 * DAY_MS), ago(-HOUR_MS))
    assert inside({"performed": "app_opened", "nth_time": nth, "within": "7d"}, history) == expected


@pytest.mark.parametrize(
    ("key", "least", "expected"),
    [
        ("distinct_days", 3, True),
        ("distinct_days", 4, False),
        ("distinct_hours", 5, True),
        ("distinct_hours", 6, False),
        ("distinct_weeks", 2, True),
        ("distinct_weeks", 3, False),
    ],
)
def test_distinct_hours_days_and_weeks_are_those_of_utc_and_weeks_begin_on_monday(key, least, expected):
    history = ida(ago(0), ago(1), ago(10 * HOUR_MS + 1), ago(11 * HOUR_MS + 1), ago(3 * DAY_MS))
    definition = {"performed": "app_opened", key: f">= {least}", "within": "7d"}
    assert inside(definition, history) == expected


def test_who_did_nothing_has_no_distinct_days():
    assert not inside({"performed": "app_opened", "distinct_days": "< 2"}, ida())


def test_a_number_may_have_to_be_reached_in_each_period():
    definition = {"performed": "app_opened", "distinct_days": ">= 1", "in_each": "7d", "within": "21d"}
    assert inside(definition, ida(ago(DAY_MS), ago(8 * DAY_MS), ago(15 * DAY_MS)))
    assert not inside(definition, ida(ago(DAY_MS), ago(2 * DAY_MS), ago(15 * DAY_MS)))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["a", "b"], True),
        (["b", "a"], False),
        (["a", "c", "b"], True),
        (["b", "a", "b"], True),
        (["a"], False),
        ([], False),
    ],
)
def test_a_sequence_is_followed_in_order(order, expected):
    history = ida(*(ago(HOUR_MS - n, name) for n, name in enumerate(order)))
    assert inside({"sequence": ["a", "b"], "within": "7d"}, history) == expected


def test_events_of_one_instant_are_in_order_of_arrival():
    history = whole_history(1, [ago(5, "a"), ago(5, "b")])
    assert inside({"sequence": ["a", "b"]}, history)
    assert not inside({"sequence": ["b", "a"]}, history)


def test_one_event_is_not_two_steps():
    assert not inside({"sequence": ["a", "a"]}, ida(ago(1, "a")))
    assert inside({"sequence": ["a", "a"]}, ida(ago(1, "a"), ago(2, "a")))


@pytest.mark.parametrize(("took", "expected"), [(HOUR_MS, True), (HOUR_MS + 1, False)])
def test_a_sequence_may_have_to_be_completed_in_time(took, expected):
    history = ida(ago(3 * HOUR_MS, "a"), ago(3 * HOUR_MS - took, "b"))
    assert inside({"sequence": ["a", "b"], "complete_in": "1h"}, history) == expected


def test_a_later_start_may_still_make_it_in_time():
    history = ida(ago(5 * HOUR_MS, "a"), ago(HOUR_MS, "a"), ago(MINUTE_MS, "b"))
    assert inside({"sequence": ["a", "b"], "complete_in": "1h"}, history)


@pytest.mark.parametrize(
    ("after", "expected"), [(DAY_MS - 1, False), (DAY_MS, True), (2 * DAY_MS - 1, True), (2 * DAY_MS, False)]
)
def test_people_who_came_back(after, expected):
    history = ida(ago(9 * DAY_MS, "signed_up"), ago(9 * DAY_MS - after))
    assert inside({"came_back": "app_opened", "from": "1d", "until": "2d"}, history) == expected
    named = {"came_back": "app_opened", "after": "signed_up", "from": "1d", "until": "2d"}
    assert inside(named, history) == expected


def test_nobody_comes_back_from_nowhere():
    assert not inside({"came_back": "app_opened", "from": "0s", "until": "1d"}, ida())


# --- properties, new, active, cohorts, lists -----------------------------------------------------------


def test_a_property_is_read_from_the_profile():
    assert inside({"property": {"plan": "pro"}}, ida(plan="pro"))
    assert not inside({"property": {"plan": "pro"}}, ida(plan="free"))


def test_user_id_and_device_id_are_properties():
    assert inside({"property": {"user_id": "ida-1001", "device_id": "d-ida-0001"}}, ida())
    assert inside({"property": {"user_id": None}}, whole_history(2, device_id="d-ben-0001"))


def test_a_missing_number_counts_as_zero_in_a_user_property():
    assert inside({"property": {"visits": "< 1"}}, ida())
    assert not inside({"property": {"visits": "> 0"}}, ida())


def test_the_stricter_reading_takes_the_latest_active_event():
    carried = Event(Instant(NOW - 2), "a", {}, {"plan": "pro"})
    inactive = Event(Instant(NOW - 1), "b", {}, {"plan": "team"}, active=False)
    to_come = Event(Instant(NOW + 1), "a", {}, {"plan": "free"})
    pro = {"property": {"plan": "pro"}}
    assert inside(pro, ida(carried, inactive, to_come, plan="free"), rules=LATEST_EVENT)
    assert not inside(pro, ida(carried, plan="free"))
    assert inside(pro, ida(inactive, plan="pro"), rules=LATEST_EVENT)
    assert inside({"property": {"user_id": "ida-1001"}}, ida(carried), rules=LATEST_EVENT)


@pytest.mark.parametrize(("definition", "expected"), [({"within": "1d"}, False), ({"any_time": True}, True)])
def test_a_property_may_have_had_a_value_on_any_event(definition, expected):
    history = ida(Event(Instant(NOW - 2 * DAY_MS), "a", {}, {"plan": "pro"}), plan="free")
    assert inside({"property": {"plan": "pro"}, **definition}, history) == expected


def test_new_people_had_their_first_event_in_the_window():
    assert inside({"new_within": "1d"}, ida(ago(DAY_MS - 1)))
    assert not inside({"new_within": "1d"}, ida(ago(DAY_MS), ago(1)))
    assert inside({"new_within": "1d"}, ida(Event(Instant(NOW), "push_sent", active=False)))


def test_active_people_had_an_active_event_in_the_window():
    assert inside({"active_within": "1d"}, ida(ago(DAY_MS), ago(1)))
    assert not inside({"active_within": "1d"}, ida(Event(Instant(NOW), "push_sent", active=False)))
    assert inside({"performed": "_all"}, ida(Event(Instant(NOW), "push_sent", active=False)))


def test_another_cohort_is_asked_at_the_same_instant():
    asked = []
    inside({"in_cohort": "vips"}, ida(), resolve=lambda *question: asked.append(question) or True)
    assert asked == [("vips", 1, NOW)]


def test_lists_hold_ids_and_ids_merged_into_a_person():
    assert inside({"user_ids": ["ida-1001"]}, ida())
    assert inside({"amplitude_ids": [1]}, ida())
    assert not inside({"amplitude_ids": [2]}, ida())
    assert inside({"amplitude_ids": [2]}, History(1, merged_ids=frozenset({2})))


def test_names_of_a_scenario_cannot_be_judged():
    with pytest.raises(ValueError, match="bind them to ids"):
        inside({"people": ["ida"]}, ida())


# --- rows ------------------------------------------------------------------------------------------


def test_all_rows_must_hold_and_one_clause_of_each():
    definition = {"all": [{"any": [{"performed": "a"}, {"performed": "b"}]}, {"property": {"plan": "pro"}}]}
    assert inside(definition, ida(ago(1, "b"), plan="pro"))
    assert not inside(definition, ida(ago(1, "c"), plan="pro"))
    assert not inside(definition, ida(ago(1, "a"), plan="free"))


def test_exclusion_wins():
    definition = {"all": [{"property": {"plan": "pro"}}, {"not": {"any": [{"performed": "a"}, {"performed": "b"}]}}]}
    assert inside(definition, ida(plan="pro"))
    assert not inside(definition, ida(ago(1, "b"), plan="pro"))


# --- what changes by itself -------------------------------------------------------------------------


def change(definition, history, at=NOW, rules=None):
    found = next_change(from_language(definition), history, Instant(at), rules or RuleSet())
    return None if found is None else found - NOW


@pytest.mark.parametrize(
    ("definition", "history", "expected"),
    [
        ({"performed": "app_opened"}, ida(ago(0)), None),
        ({"performed": "app_opened", "within": "7d"}, ida(ago(DAY_MS)), 6 * DAY_MS),
        ({"performed": "app_opened", "within": "7d"}, ida(ago(DAY_MS), ago(2 * DAY_MS)), 6 * DAY_MS),
        ({"performed": "app_opened", "within": "7d", "times": ">= 2"}, ida(ago(DAY_MS), ago(2 * DAY_MS)), 5 * DAY_MS),
        ({"performed": "app_opened", "within": "7d", "times": ">= 2"}, ida(ago(DAY_MS)), None),
        ({"performed": "app_opened", "within": "7d"}, ida(ago(8 * DAY_MS)), None),
        ({"performed": "app_opened", "within": "7d"}, ida(ago(-DAY_MS)), DAY_MS),
        ({"performed": "app_opened", "within": "7d", "times": "< 2"}, ida(ago(0), ago(DAY_MS)), 6 * DAY_MS),
        ({"performed": "app_opened", "within": "7d", "offset": "1d"}, ida(ago(0)), DAY_MS),
        ({"performed": "app_opened", "within": "1d", "skip_today": True}, ida(ago(0)), 14 * HOUR_MS),
        ({"performed": "app_opened", "within": "1w", "skip_this_week": True}, ida(ago(0)), 6 * DAY_MS + 14 * HOUR_MS),
        ({"performed": "app_opened", "within": "1h", "skip_this_hour": True}, ida(ago(1)), HOUR_MS),
        ({"propensity": "churn", "percentile": ">= 80"}, ida(ago(0)), None),
        ({"performed": "app_opened", "since": "2026-03-01"}, ida(ago(0)), None),
        ({"performed": "app_opened", "since": "2026-03-01"}, ida(ago(-HOUR_MS)), HOUR_MS),
        ({"not": {"performed": "app_opened", "within": "7d"}}, ida(ago(0)), 7 * DAY_MS),
        ({"property": {"plan": "pro"}}, ida(ago(0), plan="pro"), None),
        ({"new_within": "30d"}, ida(ago(DAY_MS)), 29 * DAY_MS),
        ({"in_cohort": "vips"}, ida(ago(0)), None),
        ({"user_ids": ["ida-1001"]}, ida(ago(0)), None),
        ({"performed": "app_opened", "nth_time": 2, "within": "7d"}, ida(ago(0), ago(DAY_MS)), 7 * DAY_MS),
        ({"performed": "app_opened", "nth_time": 1}, ida(ago(0), ago(364 * DAY_MS)), 365 * DAY_MS),
        (
            {"performed": "app_opened", "distinct_days": ">= 1", "in_each": "1d", "within": "2d"},
            ida(ago(0), ago(36 * HOUR_MS)),
            12 * HOUR_MS,
        ),
        ({"came_back": "app_opened", "from": "1d", "until": "2d"}, ida(ago(DAY_MS), ago(-HOUR_MS)), HOUR_MS),
    ],
)
def test_the_next_instant_at_which_the_answer_may_change(definition, history, expected):
    assert change(definition, history) == expected


def test_in_whole_days_people_leave_at_midnight():
    definition = {"performed": "app_opened", "within": "2d"}
    assert change(definition, ida(ago(0)), rules=WHOLE_DAYS) == 38 * HOUR_MS


def test_a_crowded_history_names_an_instant_that_is_not_too_late():
    history = ida(*(ago(n * MINUTE_MS) for n in range(200)))
    definition = {"performed": "app_opened", "within": "7d", "times": "< 1000"}
    named = change(definition, history)
    assert 0 < named <= 7 * DAY_MS
    last_out = from_language(definition)
    assert is_member(last_out, history, Instant(NOW + 7 * DAY_MS - 1), NOBODY)


DEFINITIONS = [
    {"performed": "a", "within": "1d"},
    {"performed": "a", "within": "1d", "times": ">= 2"},
    {"performed": "a", "within": "1d", "times": "= 1"},
    {"performed": "a", "sum": {"price": ">= 3"}, "within": "1d"},
    {"performed": "a", "more_often_than": "b", "within": "12h", "offset": "6h"},
    {"performed": "a", "within": "2d", "skip_today": True},
    {"performed": "a", "within": "3h", "skip_this_hour": True},
    {"performed": "a", "within": "1w", "skip_this_week": True},
    {"performed": "a", "nth_time": 2, "within": "1d"},
    {"performed": "a", "distinct_days": ">= 2", "within": "3d"},
    {"performed": "a", "distinct_hours": ">= 1", "in_each": "12h", "within": "1d"},
    {"performed": "b", "within_first": "1d"},
    {"sequence": ["a", "b"], "within": "1d", "complete_in": "6h"},
    {"came_back": "a", "after": "b", "from": "0s", "until": "1d", "within": "2d"},
    {"property": {"plan": "pro"}, "within": "1d"},
    {"property": {"plan": "pro"}},
    {"active_within": "1d"},
    {"new_within": "1d"},
]
EVENTS = st.lists(
    st.builds(
        lambda hours, name, price, plan: Event(Instant(NOW + hours * HOUR_MS), name, {"price": price}, {"plan": plan}),
        st.integers(-80, 40),
        st.sampled_from("ab"),
        st.integers(0, 3),
        st.sampled_from(["pro", "free"]),
    ),
    max_size=6,
)


@pytest.mark.parametrize("rules", [RuleSet(), WHOLE_DAYS, LATEST_EVENT], ids=["default", "whole days", "latest event"])
@given(events=EVENTS)
def test_between_two_named_instants_the_answer_never_changes(rules, events):
    history = ida(*events)
    for written in DEFINITIONS:
        definition = from_language(written)
        at, until = Instant(NOW), Instant(NOW + 5 * DAY_MS)
        while at < until:
            answer = is_member(definition, history, at, NOBODY, rules)
            change_at = next_change(definition, history, at, rules) or until
            assert change_at > at
            for between in {at + 1, (at + change_at) // 2, change_at - 1} | set(range(at, change_at, HOUR_MS)):
                if at <= between < change_at:
                    assert is_member(definition, history, Instant(between), NOBODY, rules) == answer, written
            at = change_at


def test_a_definition_without_rows_holds_for_everybody():
    assert is_member(Definition(()), ida(), NOW, NOBODY)
    assert not is_member(Definition((Row(()),)), ida(), NOW, NOBODY)
