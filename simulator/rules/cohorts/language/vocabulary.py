"""Every key of the cohort language, what it takes and what it means; the reference is generated from this table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.rules.cohorts.definition import Comparison, Interval, Test


class Role(StrEnum):
    """Where a key may stand."""

    CLAUSE = "clause"
    JOINT = "joint"
    MEASURE = "measure of `performed`"
    FILTER = "filter"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its role, what it takes, what it means, and definitions that show it."""

    name: str
    role: Role
    takes: str
    means: str
    examples: tuple[str, ...]
    inferred: str = ""
    """What of the meaning no document says."""


_COMPARISON = 'a number (exactly so many) or a comparison: ">= 3", "at least 3", "< 2", "!= 1"'

KEYS: tuple[Key, ...] = (
    Key(
        "performed",
        Role.CLAUSE,
        "an event name, `_active` (any active event) or `_all` (any event)",
        "performed the event at least once, ever, unless a measure or a window says otherwise; somebody without a "
        'matching event never matches, so `times: 0` and `times: "< 1"` match nobody: use `not`',
        ("{performed: app_opened}", '{performed: app_opened, times: ">= 3", within: 7d}'),
        inferred="that `< 3` and `!= 2` need at least one event as well",
    ),
    Key(
        "times",
        Role.MEASURE,
        _COMPARISON,
        "how often",
        ('{performed: app_opened, times: ">= 1", within: 7d}', "{performed: app_opened, times: at most 2}"),
    ),
    Key(
        "sum",
        Role.MEASURE,
        f"one event property and {_COMPARISON}",
        "the sum of the property over the events; a missing or non-numeric value adds 0",
        ('{performed: purchase, sum: {price: ">= 100"}, within: 30d}',),
    ),
    Key(
        "distinct",
        Role.MEASURE,
        f"one event property and {_COMPARISON}",
        "how many different values of the property",
        ('{performed: purchase, distinct: {sku: ">= 2"}}',),
    ),
    *(
        Key(
            f"distinct_{interval}s",
            Role.MEASURE,
            _COMPARISON,
            f"in how many different UTC {interval}s" + (", which begin on Monday" if interval == "week" else ""),
            (f'{{performed: app_opened, distinct_{interval}s: ">= 2", within: 14d}}',),
        )
        for interval in Interval
    ),
    Key(
        "in_each",
        Role.MEASURE,
        "a duration; only with `distinct_…s` and `within`",
        "cuts the window, backwards from its end, into periods of this length; the number must be reached in each",
        ('{performed: _active, distinct_days: ">= 1", in_each: 7d, within: 28d}',),
    ),
    Key(
        "nth_time",
        Role.MEASURE,
        "1 to 5; of an event with a name, not of `_active` or `_all`",
        "the nth occurrence within the last 365 days lies in the window",
        ("{performed: purchase, nth_time: 3, within: 7d}",),
    ),
    *(
        Key(
            name,
            Role.MEASURE,
            "an event name, or {event: NAME, where: …}",
            f"the number of events is {word} that of the other event in the same window; at least one is needed",
            (f"{{performed: app_opened, {name}: purchase, within: 30d}}",),
        )
        for name, word in (
            ("more_often_than", "greater than"),
            ("at_least_as_often_as", "at least"),
            ("as_often_as", "equal to"),
            ("not_as_often_as", "different from"),
            ("at_most_as_often_as", "at most"),
            ("less_often_than", "less than"),
        )
    ),
    Key(
        "sequence",
        Role.CLAUSE,
        "two or more events in order, each a name or {event: NAME, where: …}",
        "performed them one after the other; other events may lie between",
        ("{sequence: [app_opened, {event: purchase, where: {currency: EUR}}], within: 7d, complete_in: 1h}",),
    ),
    Key(
        "complete_in",
        Role.MEASURE,
        "a duration; only with `sequence`",
        "the most time from the first step to the last, inclusive",
        ("{sequence: [app_opened, purchase], complete_in: 30m}",),
        inferred="that the bound is inclusive",
    ),
    Key(
        "came_back",
        Role.CLAUSE,
        "an event name, or {event: NAME, where: …}",
        "performed it between `from` (included) and `until` (excluded) after `after` (by default their first event); "
        "the window says when `after` has to have happened",
        ("{came_back: app_opened, after: signed_up, from: 14d, until: 15d, within: 30d}",),
    ),
    Key(
        "property",
        Role.CLAUSE,
        "properties and tests; several must all hold. `user_id` and `device_id` count as properties. A value means "
        "`is`, a list `is any of`, null `has no value`, and see the tests below",
        "user properties as they are now (switch `property_most_recently`); with a window, or `any_time: true`, as "
        "they were on any event inside it; a missing number counts as 0",
        (
            "{property: {plan: pro}}",
            "{property: {plan: [pro, team], age: '>= 18'}}",
            "{property: {email: {contains: '@example.com'}}}",
            "{property: {user_id: null}}",
            "{property: {plan: pro}, within: 30d}",
        ),
    ),
    Key(
        "any_time",
        Role.MEASURE,
        "true; only with `property`",
        "the property had the value on any event ever",
        ("{property: {plan: pro}, any_time: true}",),
    ),
    Key("active_within", Role.CLAUSE, "a duration", "had an active event in the last …", ("{active_within: 30d}",)),
    Key(
        "active",
        Role.CLAUSE,
        "a mapping with one window",
        "had an active event in that window",
        ("{active: {since: 2026-01-01}}",),
    ),
    Key("new_within", Role.CLAUSE, "a duration", "first event of all in the last …", ("{new_within: 30d}",)),
    Key(
        "new",
        Role.CLAUSE,
        "a mapping with one window",
        "first event of all in that window",
        ("{new: {between: [2026-03-01, 2026-03-07]}}",),
    ),
    Key(
        "propensity",
        Role.CLAUSE,
        "the id of a prediction; `percentile` beside it",
        "the percentile that the prediction gives the person; who has none never matches",
        ("{propensity: churn-30d, percentile: '>= 80'}",),
    ),
    Key(
        "percentile",
        Role.MEASURE,
        f"{_COMPARISON}; only with `propensity`",
        "compared, from 0 to 100",
        ("{propensity: churn-30d, percentile: at least 80}",),
    ),
    Key("in_cohort", Role.CLAUSE, "the name or id of a cohort", "is a member of it", ("{in_cohort: vips}",)),
    Key(
        "people",
        Role.CLAUSE,
        "names of people of the scenario",
        "these people; a cohort that says nothing else is static and people are moved in and out of it by hand",
        ("{people: [ida, ben]}",),
    ),
    Key("user_ids", Role.CLAUSE, "user ids", "people with these user ids", ("{user_ids: [ida-1001]}",)),
    Key(
        "amplitude_ids",
        Role.CLAUSE,
        "Amplitude ids",
        "people with these Amplitude ids",
        ("{amplitude_ids: [1610450763183]}",),
    ),
    Key(
        "all",
        Role.JOINT,
        "a list of clauses and joints",
        "everything holds",
        ("{all: [{performed: app_opened}, {property: {plan: pro}}]}",),
    ),
    Key(
        "any",
        Role.JOINT,
        "a list of clauses and joints, none of them negated",
        "at least one holds",
        ("{any: [{performed: app_opened}, {property: {plan: pro}}]}",),
    ),
    Key(
        "not",
        Role.JOINT,
        "a clause, or `any` of several",
        "it does not hold; exclusion wins over everything else",
        ("{all: [{active_within: 30d}, {not: {performed: purchase, within: 30d}}]}",),
    ),
    Key(
        "where",
        Role.FILTER,
        "event properties and tests, as in `property`; a missing number is not 0",
        "only events whose properties pass all of them count",
        ("{performed: purchase, where: {currency: EUR, price: '>= 10'}}",),
    ),
    Key(
        "where_user",
        Role.FILTER,
        "user properties and tests",
        "only events count that carried these user properties when they came in",
        ("{performed: purchase, where_user: {plan: pro}}",),
    ),
    Key(
        "within",
        Role.WINDOW,
        "a duration",
        "the last …: an event exactly that old is out, one of this instant is in (switch `rolling_window`)",
        ("{performed: app_opened, within: 7d}",),
        inferred="which end is inclusive, and that it slides by the millisecond",
    ),
    Key(
        "offset",
        Role.WINDOW,
        "a duration; only with `within`",
        "moves the window back",
        ("{performed: app_opened, within: 7d, offset: 7d}",),
    ),
    Key(
        "skip_today",
        Role.WINDOW,
        "true; only with `within`",
        "ends the window where the current UTC day begins",
        ("{performed: app_opened, within: 7d, skip_today: true}",),
    ),
    Key(
        "skip_this_hour",
        Role.WINDOW,
        "true; only with `within`",
        "ends the window where the current hour begins",
        ("{performed: app_opened, within: 12h, skip_this_hour: true}",),
    ),
    Key(
        "skip_this_week",
        Role.WINDOW,
        "true; only with `within`",
        "ends the window where the current UTC week begins, on Monday",
        ("{performed: app_opened, within: 2w, skip_this_week: true}",),
    ),
    Key(
        "between",
        Role.WINDOW,
        "two dates or instants",
        "from the first (included) to the second: an instant is excluded, a date is included to its end",
        (
            "{performed: app_opened, between: [2026-03-01, 2026-03-07]}",
            "{performed: app_opened, between: ['2026-03-01T00:00:00Z', '2026-03-01T12:00:00Z']}",
        ),
    ),
    Key(
        "since",
        Role.WINDOW,
        "a date or an instant",
        "from then (included) until now",
        ("{performed: app_opened, since: 2026-03-01}",),
    ),
    Key(
        "within_first",
        Role.WINDOW,
        "a duration",
        "from the person's first event of all (included) until that much later (excluded)",
        ("{performed: purchase, within_first: 3d}",),
    ),
)

TEST_WORDS: dict[str, tuple[Test, str]] = {
    "is": (Test.IS, "the value, or any of a list; compared as text, case counts"),
    "is_not": (Test.IS_NOT, "none of them; also when there is no value"),
    "contains": (Test.CONTAINS, "part of the text, whatever the case"),
    "does_not_contain": (Test.DOES_NOT_CONTAIN, "the opposite of contains"),
    "less_than": (Test.LESS, "a number below it; the same as '< n'"),
    "at_most": (Test.LESS_OR_EQUAL, "the same as '<= n'"),
    "more_than": (Test.GREATER, "the same as '> n'"),
    "at_least": (Test.GREATER_OR_EQUAL, "the same as '>= n'"),
    "set_is": (Test.SET_IS, "a list property holds exactly these values"),
    "set_is_not": (Test.SET_IS_NOT, "the opposite of set_is"),
}
"""Tests of a property value as `{word: value}`. `is_set: true` or `false` stands for having any value or none."""

IS_SET = "is_set"

COMPARISON_WORDS: dict[str, Comparison] = {
    ">=": Comparison.AT_LEAST,
    ">": Comparison.MORE_THAN,
    "==": Comparison.EXACTLY,
    "=": Comparison.EXACTLY,
    "!=": Comparison.OTHER_THAN,
    "<=": Comparison.AT_MOST,
    "<": Comparison.FEWER_THAN,
    "at least": Comparison.AT_LEAST,
    "more than": Comparison.MORE_THAN,
    "exactly": Comparison.EXACTLY,
    "not": Comparison.OTHER_THAN,
    "at most": Comparison.AT_MOST,
    "fewer than": Comparison.FEWER_THAN,
    "less than": Comparison.FEWER_THAN,
}

TEST_SYMBOLS: dict[str, Test] = {
    ">=": Test.GREATER_OR_EQUAL,
    ">": Test.GREATER,
    "<=": Test.LESS_OR_EQUAL,
    "<": Test.LESS,
    "!=": Test.IS_NOT,
}
"""Symbols before a number in a property test; `!=` also before text."""

OFTEN: dict[str, Comparison] = {
    "more_often_than": Comparison.MORE_THAN,
    "at_least_as_often_as": Comparison.AT_LEAST,
    "as_often_as": Comparison.EXACTLY,
    "not_as_often_as": Comparison.OTHER_THAN,
    "at_most_as_often_as": Comparison.AT_MOST,
    "less_often_than": Comparison.FEWER_THAN,
}

SKIPS: dict[str, Interval] = {
    "skip_today": Interval.DAY,
    "skip_this_hour": Interval.HOUR,
    "skip_this_week": Interval.WEEK,
}

DISTINCT_INTERVAL_KEYS: dict[str, Interval] = {f"distinct_{interval}s": interval for interval in Interval}

WINDOW_KEYS = tuple(key.name for key in KEYS if key.role is Role.WINDOW)
WINDOW_HEADS = ("within", "between", "since", "within_first")
FILTER_KEYS = tuple(key.name for key in KEYS if key.role is Role.FILTER)
HEADS = tuple(key.name for key in KEYS if key.role in (Role.CLAUSE, Role.JOINT))
MEASURES = ("times", "sum", "distinct", *DISTINCT_INTERVAL_KEYS, "nth_time", *OFTEN)

MODIFIERS: dict[str, tuple[str, ...]] = {
    "performed": (*MEASURES, "in_each", *FILTER_KEYS, *WINDOW_KEYS),
    "sequence": ("complete_in", *WINDOW_KEYS),
    "came_back": ("after", "from", "until", *FILTER_KEYS, *WINDOW_KEYS),
    "property": ("any_time", *WINDOW_KEYS),
    "propensity": ("percentile",),
}
"""Which keys may stand beside a clause's own."""
