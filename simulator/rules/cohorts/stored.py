"""Reads and writes a definition as Amplitude stores it: JSON version 3 with `andClauses` of `orClauses` (COHORT-1).

Recorded live: the frame, the rolling time keys, and the clause types `event`, `new_active`, `distinct_interval` and
`retention`. No public source shows the others; the types `relative_event`, `historical_count`, `sequence`, `property`,
`cohort` and `static`, the time types other than `rolling`, and where an event clause keeps its filters are inferred,
in the words of Amplitude's Dashboard REST API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.rules.cohorts.definition import (
    Active,
    Between,
    Clause,
    ComparedCount,
    Comparison,
    Definition,
    DefinitionError,
    DistinctIntervals,
    EventMatch,
    Ever,
    Filter,
    HadProperty,
    InCohort,
    Interval,
    Measure,
    New,
    NthTime,
    OfFirstUse,
    Performed,
    Retention,
    Rolling,
    Sequence,
    Since,
    StaticIds,
    Test,
    Window,
)
from simulator.rules.cohorts.language.trees import All, Either, Leaf, Not, Path, Tree, definition_of
from simulator.rules.instants import DAY_MS, HOUR_MS, SECOND_MS, WEEK_MS, Instant

VERSION = 3
CUSTOM_PROPERTY = "gp:"
BUILT_IN_PROPERTIES = frozenset(("user_id", "device_id"))
INTERVALS_MS: dict[int, int] = {1: DAY_MS, 7: WEEK_MS, 30: 30 * DAY_MS}
"""Amplitude's interval numbers; a negative number is that many milliseconds (-3600000 is an hour)."""

STICKINESS_WORDS: dict[Comparison, str] = {
    Comparison.AT_LEAST: "greater or equal",
    Comparison.MORE_THAN: "greater",
    Comparison.EXACTLY: "is",
    Comparison.OTHER_THAN: "is not",
    Comparison.AT_MOST: "less or equal",
    Comparison.FEWER_THAN: "less",
}
IN_ALL_PERIODS = "STICKY_IN_ALL_PERIODS"
IN_THE_WINDOW = "STICKY_IN_WINDOW"

Json = dict[str, Any]

EMPTY: Json = {
    "version": VERSION,
    "countGroup": {"name": "User", "is_computed": False},
    "cohortType": "UNIQUES",
    "andClauses": [],
    "referenceFrameTimeParams": {},
    "orClauses": [],
}
"""What a cohort without a definition (an uploaded list) shows."""


# --- writing ---------------------------------------------------------------------------------------------------


def to_stored_json(definition: Definition) -> Json:
    """Write a definition as Amplitude's API shows it. Raises DefinitionError for people named as in a scenario."""
    rows = [
        {"negated": row.negated, "orClauses": [_clause(clause) for clause in row.clauses]} for row in definition.rows
    ]
    return {**EMPTY, "andClauses": rows, "orClauses": [rows]}


def _clause(clause: Clause) -> Json:
    match clause:
        case Performed():
            return _performed(clause)
        case ComparedCount():
            other = _event(clause.other)
            relative = {"type": "relative_event", "operator": str(clause.comparison), "other_event": other}
            return {**relative, **_named(clause.event), **_time(clause.window)}
        case NthTime():
            nth: Json = {"type": "historical_count", "operator": "=", "operator_value": clause.nth}
            return {**nth, **_named(clause.event), **_time(clause.window)}
        case DistinctIntervals():
            return _distinct(clause)
        case Sequence():
            steps = [_event(step) for step in clause.steps]
            return {
                "type": "sequence",
                "events": steps,
                "complete_in_ms": clause.complete_in_ms,
                **_time(clause.window),
            }
        case Retention():
            return _retention(clause)
        case HadProperty():
            return {"type": "property", **_property(clause)}
        case New() | Active():
            value = "new" if isinstance(clause, New) else "active"
            return {"type": "new_active", "type_value": value, **_time(clause.window)}
        case InCohort(cohort):
            return {"type": "cohort", "prop": "userdata_cohort", "op": "is", "values": [cohort]}
        case StaticIds():
            ids = sorted(clause.amplitude_ids)
            return {"type": "static", "amplitude_ids": ids, "user_ids": sorted(clause.user_ids)}
        case _:
            names = ", ".join(clause.names)
            raise DefinitionError((), f"Amplitude knows nobody called {names}", "bind the names to ids first")


def _performed(clause: Performed) -> Json:
    metric = None if clause.measure is Measure.COUNT else str(clause.measure)
    extra = {"metric_property": clause.of_property} if clause.of_property else {}
    compared = {"operator": str(clause.comparison), "operator_value": clause.value}
    return {"type": "event", **_named(clause.event), **compared, "metric": metric, **extra, **_time(clause.window)}


def _distinct(clause: DistinctIntervals) -> Json:
    each = clause.each_period_ms
    return {
        "type": "distinct_interval",
        "event": _event(clause.event),
        "granularity": _interval_number(_INTERVAL_MS[clause.interval]),
        "period": _interval_count(each) if each is not None else None,
        "count": clause.value,
        "stickiness_operator": STICKINESS_WORDS[clause.comparison],
        "stickiness_type": IN_THE_WINDOW if each is None else IN_ALL_PERIODS,
        "segment_filters": [],
        "group_by_filters": [],
        **_time(clause.window),
    }


def _retention(clause: Retention) -> Json:
    unit = DAY_MS if clause.from_ms % DAY_MS == 0 and clause.until_ms % DAY_MS == 0 else 1
    return {
        "type": "retention",
        "start_event": _event(clause.started),
        "return_event": _event(clause.returned),
        "retention_method": "bracket",
        "base_bracket": [clause.from_ms // unit, clause.until_ms // unit],
        "bracket_interval": _interval_number(unit),
        "multi_filters": [],
        "granularity": -HOUR_MS,
        "retained": True,
        **_time(clause.window),
    }


def _property(clause: HadProperty) -> Json:
    condition = clause.filter
    compared = {"prop": _prop(condition.key), "op": str(condition.test), "values": list(condition.values)}
    when = {"when": "most_recent"} if clause.window is None else {"when": "any_time", **_time(clause.window)}
    return {**compared, **when}


def _named(event: EventMatch) -> Json:
    filters = {"filters": [_filter(condition) for condition in event.where]} if event.where else {}
    return {"type_value": event.name, "group_by": [], **filters}


def _event(event: EventMatch) -> Json:
    return {"event_type": event.name, "filters": [_filter(condition) for condition in event.where], "group_by": []}


def _filter(condition: Filter) -> Json:
    return {
        "subprop_type": "user" if condition.of_user else "event",
        "subprop_key": _prop(condition.key) if condition.of_user else condition.key,
        "subprop_op": str(condition.test),
        "subprop_value": list(condition.values),
    }


def _prop(key: str) -> str:
    return key if key in BUILT_IN_PROPERTIES else f"{CUSTOM_PROPERTY}{key}"


def _time(window: Window) -> Json:
    match window:
        case Rolling(length_ms, offset_ms, skip_today):
            unit = next((u for u in (DAY_MS, HOUR_MS) if length_ms % u == 0 and offset_ms % u == 0), 1)
            return {
                "time_type": "rolling",
                "time_value": length_ms // unit,
                "offset": offset_ms // unit,
                "interval": _interval_number(unit),
                "exclude_current_interval": skip_today,
            }
        case Between(start, end):
            return {"time_type": "absolute", "start": _seconds(start), "end": _seconds(end)}
        case Since(start):
            return {"time_type": "since", "start": _seconds(start)}
        case OfFirstUse(length_ms):
            return {"time_type": "first_use", "time_value": length_ms, "interval": -1}
        case Ever():
            return {"time_type": "all_time"}


def _seconds(instant: int) -> float:
    return instant // SECOND_MS if instant % SECOND_MS == 0 else instant / SECOND_MS


def _interval_number(unit_ms: int) -> int:
    return next((number for number, length in INTERVALS_MS.items() if length == unit_ms), -unit_ms)


def _interval_count(duration_ms: int) -> int:
    return duration_ms // DAY_MS if duration_ms % DAY_MS == 0 else -duration_ms


# --- reading ---------------------------------------------------------------------------------------------------


def from_stored_json(stored: object) -> Definition:
    """Read a definition as Amplitude stores it. Raises DefinitionError, also for clause types that are not known."""
    body = _mapping(stored, ())
    if body.get("andClauses"):
        return definition_of(All(_rows(body["andClauses"], ("andClauses",))))
    if not body.get("orClauses"):
        raise DefinitionError(("andClauses",), "there is no clause")
    spot = ("orClauses",)
    choices = tuple(
        All(_rows(rows, (*spot, number)), (*spot, number)) for number, rows in enumerate(_list(body["orClauses"], spot))
    )
    return definition_of(Either(choices, spot))


def _rows(rows: object, path: Path) -> tuple[Tree, ...]:
    return tuple(_row(row, (*path, number)) for number, row in enumerate(_list(rows, path)))


def _row(row: object, path: Path) -> Tree:
    body = _mapping(row, path)
    spot = (*path, "orClauses")
    clauses = _list(body.get("orClauses"), spot)
    if not clauses:
        raise DefinitionError(spot, "there is no clause")
    either = Either(tuple(Leaf(_read(each, (*spot, number))) for number, each in enumerate(clauses)), path)
    return Not(either, path) if body.get("negated") else either


def _read(clause: object, path: Path) -> Clause:
    body = _mapping(clause, path)
    readers = {
        "event": _read_performed,
        "relative_event": _read_relative,
        "historical_count": _read_nth,
        "distinct_interval": _read_distinct,
        "sequence": _read_sequence,
        "retention": _read_retention,
        "property": _read_property,
        "new_active": _read_new_active,
        "cohort": _read_cohort,
        "static": _read_static,
    }
    kind = body.get("type")
    if kind not in readers:
        raise DefinitionError((*path, "type"), f"clauses of type {kind!r} are not emulated", f"known: {list(readers)}")
    try:
        return readers[kind](body, path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, DefinitionError):
            raise
        raise DefinitionError(
            path, f"the clause of type {kind} is incomplete or has a value of a wrong type"
        ) from error


def _read_performed(body: Json, path: Path) -> Clause:
    metric = Measure(body.get("metric") or "count")
    comparison = Comparison(body["operator"])
    return Performed(
        _read_named(body),
        metric,
        body.get("metric_property", ""),
        comparison,
        body["operator_value"],
        _window(body, path),
    )


def _read_relative(body: Json, path: Path) -> Clause:
    comparison = Comparison(body["operator"])
    return ComparedCount(_read_named(body), comparison, _read_event(body["other_event"]), _window(body, path))


def _read_nth(body: Json, path: Path) -> Clause:
    return NthTime(_read_named(body), body["operator_value"], _window(body, path))


def _read_distinct(body: Json, path: Path) -> Clause:
    words = {word: comparison for comparison, word in STICKINESS_WORDS.items()}
    unit = _unit_ms(body.get("granularity", 1))
    interval = next((each for each, length in _INTERVAL_MS.items() if length == unit), Interval.DAY)
    period = body.get("period") if body.get("stickiness_type") == IN_ALL_PERIODS else None
    each_ms = None if period is None else (period * DAY_MS if period > 0 else -period)
    comparison = words[body["stickiness_operator"]]
    return DistinctIntervals(
        _read_event(body["event"]), interval, comparison, body["count"], _window(body, path), each_ms
    )


def _read_sequence(body: Json, path: Path) -> Clause:
    steps = tuple(_read_event(step) for step in body["events"])
    return Sequence(steps, _window(body, path), body.get("complete_in_ms"))


def _read_retention(body: Json, path: Path) -> Clause:
    unit = _unit_ms(body.get("bracket_interval", 1))
    first, last = body["base_bracket"]
    events = _read_event(body["start_event"]), _read_event(body["return_event"])
    return Retention(*events, first * unit, last * unit, _window(body, path))


def _read_property(body: Json, path: Path) -> Clause:
    condition = Filter(_key(body["prop"]), Test(body["op"]), tuple(body["values"]), of_user=True)
    return HadProperty(condition, _window(body, path) if body.get("when") == "any_time" else None)


def _read_new_active(body: Json, path: Path) -> Clause:
    window = _window(body, path)
    return New(window) if body["type_value"] == "new" else Active(window)


def _read_cohort(body: Json, path: Path) -> Clause:
    del path
    (cohort,) = body["values"]
    return InCohort(cohort)


def _read_static(body: Json, path: Path) -> Clause:
    del path
    return StaticIds(frozenset(body.get("amplitude_ids", ())), frozenset(body.get("user_ids", ())))


def _read_named(body: Json) -> EventMatch:
    return EventMatch(body["type_value"], tuple(map(_read_filter, body.get("filters", ()))))


def _read_event(body: Json) -> EventMatch:
    return EventMatch(body["event_type"], tuple(map(_read_filter, body.get("filters", ()))))


def _read_filter(body: Json) -> Filter:
    of_user = body["subprop_type"] == "user"
    key = body["subprop_key"]
    return Filter(_key(key) if of_user else key, Test(body["subprop_op"]), tuple(body["subprop_value"]), of_user)


def _key(prop: str) -> str:
    return prop.removeprefix(CUSTOM_PROPERTY)


def _window(body: Json, path: Path) -> Window:
    kind = body.get("time_type", "all_time")
    if kind == "rolling":
        unit = _unit_ms(body.get("interval", 1))
        skip = bool(body.get("exclude_current_interval", False))
        return Rolling(body["time_value"] * unit, body.get("offset", 0) * unit, skip)
    if kind == "absolute":
        return Between(_instant(body["start"]), _instant(body["end"]))
    if kind == "since":
        return Since(_instant(body["start"]))
    if kind == "first_use":
        return OfFirstUse(body["time_value"] * _unit_ms(body.get("interval", 1)))
    if kind == "all_time":
        return Ever()
    raise DefinitionError((*path, "time_type"), f"windows of type {kind!r} are not emulated")


def _instant(seconds: float) -> Instant:
    return Instant(round(seconds * SECOND_MS))


def _unit_ms(interval: int) -> int:
    return INTERVALS_MS[interval] if interval > 0 else -interval


_INTERVAL_MS = {Interval.HOUR: HOUR_MS, Interval.DAY: DAY_MS, Interval.WEEK: WEEK_MS}


def _mapping(value: object, path: Path) -> Json:
    if not isinstance(value, Mapping):
        raise DefinitionError(path, "this is not an object")
    return dict(value)


def _list(value: object, path: Path) -> list[object]:
    if not isinstance(value, list):
        raise DefinitionError(path, "this is not a list")
    return value
