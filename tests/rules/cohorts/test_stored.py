"""Amplitude's stored JSON, both ways, with the definitions that were recorded live."""

import pytest
import yaml

from simulator.rules.cohorts.definition import (
    Active,
    Between,
    Comparison,
    Definition,
    DefinitionError,
    DistinctIntervals,
    EventMatch,
    Interval,
    Performed,
    Retention,
    Rolling,
    Row,
    Since,
)
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.language.vocabulary import KEYS
from simulator.rules.cohorts.stored.reading import from_stored_json
from simulator.rules.cohorts.stored.writing import to_stored_json
from simulator.rules.instants import DAY_MS, HOUR_MS

EXAMPLES = [example for key in KEYS for example in key.examples if "people:" not in example]
LAST_30_DAYS = {
    "time_type": "rolling",
    "time_value": 30,
    "offset": 0,
    "interval": 1,
    "exclude_current_interval": False,
}
ACTIVE_USERS = {
    "version": 3,
    "countGroup": {"name": "User", "is_computed": False},
    "cohortType": "UNIQUES",
    "andClauses": [
        {
            "negated": False,
            "orClauses": [
                {
                    "type": "event",
                    "type_value": "_active",
                    "operator": ">=",
                    "operator_value": 1,
                    "group_by": [],
                    "metric": None,
                    **LAST_30_DAYS,
                }
            ],
        }
    ],
    "referenceFrameTimeParams": {},
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_language_survives_the_way_through_stored_json(example):
    definition = from_language(yaml.load(example, yaml.BaseLoader) if "between" in example else yaml.safe_load(example))
    assert from_stored_json(to_stored_json(definition)) == definition


def test_the_documented_sample_reads_and_is_written_back():
    definition = from_stored_json(ACTIVE_USERS)
    assert definition.rows == (Row((Performed(EventMatch("_active"), window=Rolling(30 * DAY_MS)),)),)
    assert {**to_stored_json(definition), "orClauses": None} == {**ACTIVE_USERS, "orClauses": None}


def test_rows_may_stand_in_or_of_ands_form():
    rows = ACTIVE_USERS["andClauses"]
    stored = {**ACTIVE_USERS, "andClauses": [], "orClauses": [rows]}
    assert from_stored_json(stored) == from_stored_json(ACTIVE_USERS)


def test_the_recorded_retention_cohort_reads():
    clause = {
        "type": "retention",
        "start_event": {"event_type": "_new", "filters": [], "group_by": []},
        "return_event": {"event_type": "_active", "filters": [], "group_by": []},
        "retention_method": "bracket",
        "base_bracket": [14, 15],
        "bracket_interval": 1,
        "multi_filters": [[]],
        "granularity": -3600000,
        "retained": True,
        **LAST_30_DAYS,
    }
    assert stored_clause(clause) == Retention(
        EventMatch("_new"), EventMatch("_active"), 14 * DAY_MS, 15 * DAY_MS, Rolling(30 * DAY_MS)
    )


def test_the_recorded_weekly_cohort_reads():
    clause = {
        "type": "distinct_interval",
        "event": {"event_type": "_active", "filters": [], "group_by": []},
        "period": 7,
        "count": 1,
        "stickiness_operator": "greater or equal",
        "stickiness_type": "STICKY_IN_ALL_PERIODS",
        "segment_filters": [],
        "group_by_filters": [],
        "granularity": 1,
        **LAST_30_DAYS,
        "time_value": 28,
    }
    assert stored_clause(clause) == DistinctIntervals(
        EventMatch("_active"), Interval.DAY, Comparison.AT_LEAST, 1, Rolling(28 * DAY_MS), 7 * DAY_MS
    )


def test_negation_and_new_active_read():
    row = {"negated": True, "orClauses": [{"type": "new_active", "type_value": "active", **LAST_30_DAYS}]}
    definition = from_stored_json({**ACTIVE_USERS, "andClauses": [row]})
    assert definition.rows == (Row((Active(Rolling(30 * DAY_MS)),), negated=True),)


def test_instants_off_the_second_survive():
    definition = from_language({"performed": "a", "between": ["2026-03-01T00:00:00.250Z", "2026-03-01T01:00:00Z"]})
    window = from_stored_json(to_stored_json(definition)).rows[0].clauses[0].window
    assert window == Between(1772323200250, 1772326800000)
    since = from_language({"performed": "a", "since": "2026-03-01T00:00:00.250Z"})
    assert from_stored_json(to_stored_json(since)).rows[0].clauses[0].window == Since(1772323200250)


@pytest.mark.parametrize(
    ("stored", "path", "what"),
    [
        ([], (), "not an object"),
        ({"andClauses": []}, ("andClauses",), "no clause"),
        ({"andClauses": {}, "orClauses": {}}, ("andClauses",), "no clause"),
        ({"andClauses": {"x": 1}}, ("andClauses",), "not a list"),
        ({"andClauses": [{"orClauses": []}]}, ("andClauses", 0, "orClauses"), "no clause"),
        (
            {"andClauses": [{"orClauses": [{"type": "funnel"}]}]},
            ("andClauses", 0, "orClauses", 0, "type"),
            "not emulated",
        ),
        ({"andClauses": [{"orClauses": [{"type": "event"}]}]}, ("andClauses", 0, "orClauses", 0), "incomplete"),
        (
            {"andClauses": [{"orClauses": [{"type": "new_active", "type_value": "new", "time_type": "lunar"}]}]},
            ("andClauses", 0, "orClauses", 0, "time_type"),
            "not emulated",
        ),
    ],
)
def test_what_cannot_be_read_names_the_spot(stored, path, what):
    with pytest.raises(DefinitionError) as refused:
        from_stored_json(stored)
    assert (refused.value.path, what in refused.value.what) == (path, True)


WEEKLY = {
    "type": "distinct_interval",
    "event": {"event_type": "_active", "filters": [], "group_by": []},
    "count": 1,
    "stickiness_operator": "greater or equal",
    "stickiness_type": "STICKY_IN_WINDOW",
}
CAME_BACK = {
    "type": "retention",
    "start_event": {"event_type": "_new"},
    "return_event": {"event_type": "_active"},
    "base_bracket": [14, 15],
}
OPENED = {"type": "event", "type_value": "app_opened", "operator": ">=", "operator_value": 1}
NTH = {"type": "historical_count", "type_value": "purchase", "operator": "=", "operator_value": 2}


@pytest.mark.parametrize(
    ("clause", "strange", "spot"),
    [
        (OPENED, {"group_by": [{"type": "user", "value": "platform"}]}, ("group_by",)),
        (OPENED, {"metric": "average"}, ()),
        (OPENED, {"operator": "about"}, ()),
        (OPENED, {"operator_value": "1"}, ()),
        (OPENED, {"metric": "sum"}, ()),
        (WEEKLY, {"granularity": 30}, ("granularity",)),
        (WEEKLY, {"stickiness_type": "STICKY_IN_SOME"}, ("stickiness_type",)),
        (WEEKLY, {"stickiness_operator": "about"}, ("stickiness_operator",)),
        (WEEKLY, {"segment_filters": [{"prop": "country"}]}, ("segment_filters",)),
        (WEEKLY, {"group_by_filters": [{"prop": "country"}]}, ("group_by_filters",)),
        (WEEKLY, {"event": {"event_type": "a", "group_by": [{"value": "x"}]}}, ("event", "group_by")),
        (CAME_BACK, {"retained": False}, ("retained",)),
        (CAME_BACK, {"retention_method": "nday"}, ("retention_method",)),
        (CAME_BACK, {"multi_filters": [[{"prop": "country"}]]}, ("multi_filters",)),
        (NTH, {"operator": ">="}, ("operator",)),
        (NTH, {"operator_value": 6}, ("operator_value",)),
        (NTH, {"type_value": "_active"}, ("type_value",)),
        ({"type": "sequence", "events": [{"event_type": "a"}]}, {}, ("events",)),
        ({"type": "new_active", "type_value": "lapsed"}, {}, ("type_value",)),
        ({"type": "cohort", "op": "is not", "values": ["26umsb5"]}, {}, ("op",)),
        (
            {**OPENED, **LAST_30_DAYS, "interval": 30},
            {"exclude_current_interval": True},
            ("exclude_current_interval",),
        ),
    ],
)
def test_what_would_change_who_is_in_is_refused_and_never_passed_over(clause, strange, spot):
    with pytest.raises(DefinitionError) as refused:
        stored_clause({**clause, **strange})
    assert refused.value.path == ("andClauses", 0, "orClauses", 0, *spot)


FILTERED = {"subprop_type": "event", "subprop_key": "price", "subprop_op": "is", "subprop_value": [1]}


@pytest.mark.parametrize(
    "strange",
    [
        {"type_value": ""},
        {"type_value": None},
        {"filters": [{**FILTERED, "subprop_key": ""}]},
        {"filters": [{**FILTERED, "subprop_value": []}]},
        {"filters": [{**FILTERED, "subprop_value": "1"}]},
        {"filters": [{**FILTERED, "subprop_value": [[1]]}]},
        {"filters": ["price"]},
        {**LAST_30_DAYS, "time_value": 0},
        {**LAST_30_DAYS, "time_value": -1},
        {**LAST_30_DAYS, "time_value": "30"},
        {**LAST_30_DAYS, "time_value": 1e300},
        {**LAST_30_DAYS, "time_value": float("inf")},
        {**LAST_30_DAYS, "offset": "x" * 3_000},
        {**LAST_30_DAYS, "interval": 13},
        {"time_type": "absolute", "start": 9, "end": 9},
        {"time_type": "absolute", "start": 1e300, "end": 1e301},
    ],
    ids=str,
)
def test_a_value_that_no_author_could_write_is_refused(strange):
    """What is read is kept in the scenario language, so that must be able to say it."""
    with pytest.raises(DefinitionError) as refused:
        stored_clause({**OPENED, **strange})
    assert refused.value.path[:4] == ("andClauses", 0, "orClauses", 0)


def test_a_type_that_is_no_text_and_a_list_of_nobody_are_refused():
    for clause in ({**OPENED, "type": ["event"]}, {"type": "static", "amplitude_ids": [], "user_ids": []}):
        with pytest.raises(DefinitionError):
            stored_clause(clause)


@pytest.mark.parametrize(
    ("frame", "spot"),
    [
        ({"version": 2}, ("version",)),
        ({"cohortType": "TOTALS"}, ("cohortType",)),
        ({"countGroup": {"name": "company", "is_computed": False}}, ("countGroup", "name")),
    ],
)
def test_a_frame_of_another_kind_is_refused(frame, spot):
    with pytest.raises(DefinitionError, match="not emulated") as refused:
        from_stored_json({**ACTIVE_USERS, **frame})
    assert refused.value.path == spot


@pytest.mark.parametrize(
    ("interval", "value", "offset", "expected"),
    [
        (1, 7, 1, Rolling(7 * DAY_MS, DAY_MS, Interval.DAY)),
        (7, 4, 0, Rolling(28 * DAY_MS, 0, Interval.WEEK)),
        (-3600000, 12, 0, Rolling(12 * HOUR_MS, 0, Interval.HOUR)),
    ],
)
def test_the_current_interval_is_left_out_by_its_size(interval, value, offset, expected):
    times = {"time_type": "rolling", "time_value": value, "offset": offset, "interval": interval}
    clause = {**OPENED, **times, "exclude_current_interval": True}
    read = stored_clause(clause)
    assert read.window == expected
    written = to_stored_json(Definition((Row((read,)),)))["andClauses"][0]["orClauses"][0]
    assert {**clause, "group_by": [], "metric": None} == written


@pytest.mark.parametrize(
    ("key", "prop"),
    [
        ("plan", "gp:plan"),
        ("country", "country"),
        ("app_version", "version"),
        ("version", "gp:version"),
        ("dma", "DMA"),
        ("user_id", "user_id"),
    ],
)
def test_custom_properties_carry_a_prefix_and_built_in_ones_the_vendors_name(key, prop):
    definition = from_language({"property": {key: "x"}})
    (clause,) = to_stored_json(definition)["andClauses"][0]["orClauses"]
    assert (clause["prop"], from_stored_json(to_stored_json(definition))) == (prop, definition)


def test_names_of_people_cannot_be_stored():
    with pytest.raises(DefinitionError, match="bind the names"):
        to_stored_json(from_language({"people": ["ida"]}))


def stored_clause(clause):
    return from_stored_json({"andClauses": [{"negated": False, "orClauses": [clause]}]}).rows[0].clauses[0]
