"""Writes a definition as Amplitude's API shows it."""

from __future__ import annotations

from simulator.rules.cohorts.definition import (
    INTERVAL_MS,
    Active,
    Between,
    Clause,
    ComparedCount,
    Definition,
    DefinitionError,
    DistinctIntervals,
    EventMatch,
    Ever,
    Filter,
    HadPropensity,
    HadProperty,
    InCohort,
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
    Window,
)
from simulator.rules.cohorts.stored.words import (
    BRACKET,
    BUILT_IN_PROPERTIES,
    CUSTOM_PROPERTY,
    EMPTY,
    IN_ALL_PERIODS,
    IN_THE_WINDOW,
    STICKINESS_WORDS,
    Json,
    interval_number,
)
from simulator.rules.instants import DAY_MS, HOUR_MS, SECOND_MS


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
        case HadPropensity(prediction, comparison, percentile):
            compared = {"operator": str(comparison), "operator_value": percentile}
            return {"type": "propensity", "prediction_id": prediction, **compared}
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
        "granularity": interval_number(INTERVAL_MS[clause.interval]),
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
        "retention_method": BRACKET,
        "base_bracket": [clause.from_ms // unit, clause.until_ms // unit],
        "bracket_interval": interval_number(unit),
        "multi_filters": [[]],
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
    return BUILT_IN_PROPERTIES.get(key, f"{CUSTOM_PROPERTY}{key}")


def _time(window: Window) -> Json:
    match window:
        case Rolling(length_ms, offset_ms, skip):
            if skip is not None:
                unit = INTERVAL_MS[skip]
            else:
                unit = next((u for u in (DAY_MS, HOUR_MS) if length_ms % u == 0 and offset_ms % u == 0), 1)
            return {
                "time_type": "rolling",
                "time_value": _in_units(length_ms, unit),
                "offset": _in_units(offset_ms, unit),
                "interval": interval_number(unit),
                "exclude_current_interval": skip is not None,
            }
        case Between(start, end):
            return {"time_type": "absolute", "start": _seconds(start), "end": _seconds(end)}
        case Since(start):
            return {"time_type": "since", "start": _seconds(start)}
        case OfFirstUse(length_ms):
            return {"time_type": "first_use", "time_value": length_ms, "interval": -1}
        case Ever():
            return {"time_type": "all_time"}


def _in_units(duration_ms: int, unit: int) -> float:
    return duration_ms // unit if duration_ms % unit == 0 else duration_ms / unit


def _seconds(instant: int) -> float:
    return instant // SECOND_MS if instant % SECOND_MS == 0 else instant / SECOND_MS


def _interval_count(duration_ms: int) -> int:
    return duration_ms // DAY_MS if duration_ms % DAY_MS == 0 else -duration_ms
