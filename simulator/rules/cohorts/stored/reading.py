"""Reads a definition as Amplitude stores it; what is not emulated is refused with the spot, never passed over."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.rules.cohorts.definition import (
    INTERVAL_MS,
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
    Row,
    Scalar,
    Sequence,
    Since,
    StaticIds,
    Test,
    Window,
    named_event,
)
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.language.trees import All, Either, Leaf, Not, Path, Tree, definition_of
from simulator.rules.cohorts.language.writing import to_language
from simulator.rules.cohorts.stored.words import (
    BRACKET,
    BUILT_IN_PROPERTIES,
    COHORT_TYPE,
    CUSTOM_PROPERTY,
    IN_ALL_PERIODS,
    IN_THE_WINDOW,
    SKIPPED,
    STICKINESS_WORDS,
    USER_GROUP,
    VERSION,
    Json,
    interval_number,
    unit_ms,
)
from simulator.rules.instants import DAY_MS, SECOND_MS, Instant


def from_stored_json(stored: object) -> Definition:
    """Read a definition as Amplitude stores it. Raises DefinitionError, also for clause types that are not known."""
    body = _mapping(stored, ())
    group = body.get("countGroup") or {}
    _only(body, "version", (VERSION,), ())
    _only(body, "cohortType", (COHORT_TYPE,), ())
    _only(_mapping(group, ("countGroup",)), "name", (USER_GROUP,), ("countGroup",))
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
        "propensity": _read_propensity,
        "cohort": _read_cohort,
        "static": _read_static,
    }
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in readers:
        raise DefinitionError((*path, "type"), f"clauses of type {kind!r} are not emulated", f"known: {list(readers)}")
    try:
        clause = readers[kind](body, path)
        # Values that no author could write (an empty name, a window of no length) are caught by writing the clause.
        from_language(to_language(Definition((Row((clause,)),))))
    except DefinitionError as error:
        raise (
            error if error.path[: len(path)] == path else DefinitionError(path, error.what, error.suggestion)
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DefinitionError(
            path, f"the clause of type {kind} is incomplete or has a value of a wrong type"
        ) from error
    return clause


def _read_performed(body: Json, path: Path) -> Clause:
    metric = Measure(body.get("metric") or "count")
    name = "" if metric is Measure.COUNT else _text(body["metric_property"])
    value = _number(body["operator_value"])
    return Performed(_read_named(body, path), metric, name, Comparison(body["operator"]), value, _window(body, path))


def _read_relative(body: Json, path: Path) -> Clause:
    comparison, other = Comparison(body["operator"]), _read_event(body["other_event"], (*path, "other_event"))
    return ComparedCount(_read_named(body, path), comparison, other, _window(body, path))


def _read_nth(body: Json, path: Path) -> Clause:
    _only(body, "operator", ("=",), path)
    _only(body, "operator_value", (1, 2, 3, 4, 5), path)
    event = named_event(_read_named(body, path), (*path, "type_value"))
    return NthTime(event, body["operator_value"], _window(body, path))


def _read_distinct(body: Json, path: Path) -> Clause:
    _only(body, "segment_filters", ([],), path)
    _only(body, "group_by_filters", ([],), path)
    _only(body, "stickiness_type", (IN_ALL_PERIODS, IN_THE_WINDOW), path)
    _only(body, "granularity", tuple(_GRANULARITY), path)
    words = {word: comparison for comparison, word in STICKINESS_WORDS.items()}
    _only(body, "stickiness_operator", tuple(words), path)
    period = body.get("period") if body.get("stickiness_type") == IN_ALL_PERIODS else None
    each_ms = None if period is None else round(_number(period) * (DAY_MS if period > 0 else -1))
    comparison, count = words[body["stickiness_operator"]], _number(body["count"])
    event, interval = _read_event(body["event"], (*path, "event")), _GRANULARITY[body.get("granularity", 1)]
    return DistinctIntervals(event, interval, comparison, count, _window(body, path), each_ms)


def _read_sequence(body: Json, path: Path) -> Clause:
    spot = (*path, "events")
    steps = tuple(_read_event(step, (*spot, index)) for index, step in enumerate(_list(body["events"], spot)))
    if len(steps) < 2:
        raise DefinitionError(spot, "a sequence needs two events or more")
    limit = body.get("complete_in_ms")
    return Sequence(steps, _window(body, path), None if limit is None else round(_number(limit)))


def _read_retention(body: Json, path: Path) -> Clause:
    _only(body, "retention_method", (BRACKET,), path)
    _only(body, "multi_filters", ([], [[]]), path)
    _only(body, "retained", (True,), path)
    unit = unit_ms(body.get("bracket_interval", 1))
    first, last = map(_number, body["base_bracket"])
    started = _read_event(body["start_event"], (*path, "start_event"))
    returned = _read_event(body["return_event"], (*path, "return_event"))
    return Retention(started, returned, round(first * unit), round(last * unit), _window(body, path))


def _read_property(body: Json, path: Path) -> Clause:
    condition = Filter(_key(_text(body["prop"])), Test(body["op"]), _values(body["values"]), of_user=True)
    return HadProperty(condition, _window(body, path) if body.get("when") == "any_time" else None)


def _read_new_active(body: Json, path: Path) -> Clause:
    _only(body, "type_value", ("new", "active"), path)
    window = _window(body, path)
    return New(window) if body["type_value"] == "new" else Active(window)


def _read_propensity(body: Json, path: Path) -> Clause:
    del path
    return HadPropensity(_text(body["prediction_id"]), Comparison(body["operator"]), _number(body["operator_value"]))


def _read_cohort(body: Json, path: Path) -> Clause:
    _only(body, "op", ("is",), path)
    (cohort,) = body["values"]
    return InCohort(_text(cohort))


def _read_static(body: Json, path: Path) -> Clause:
    del path
    return StaticIds(frozenset(body.get("amplitude_ids", ())), frozenset(body.get("user_ids", ())))


def _read_named(body: Json, path: Path) -> EventMatch:
    _only(body, "group_by", ([],), path)
    return EventMatch(_text(body["type_value"]), tuple(map(_read_filter, body.get("filters", ()))))


def _read_event(value: object, path: Path) -> EventMatch:
    body = _mapping(value, path)
    _only(body, "group_by", ([],), path)
    return EventMatch(_text(body["event_type"]), tuple(map(_read_filter, body.get("filters", ()))))


def _read_filter(body: Json) -> Filter:
    of_user = body["subprop_type"] == "user"
    key = _text(body["subprop_key"])
    return Filter(_key(key) if of_user else key, Test(body["subprop_op"]), _values(body["subprop_value"]), of_user)


def _values(values: object) -> tuple[Scalar, ...]:
    if not isinstance(values, list) or not all(isinstance(each, Scalar | None) for each in values):
        raise TypeError(f"{values!r} is not a list of single values")
    return tuple(values)


def _key(prop: str) -> str:
    return _OWN_NAMES.get(prop, prop.removeprefix(CUSTOM_PROPERTY))


def _window(body: Json, path: Path) -> Window:
    kind = body.get("time_type", "all_time")
    if kind == "rolling":
        interval = body.get("interval", 1)
        unit = unit_ms(interval)
        skip = bool(body.get("exclude_current_interval", False))
        if skip and interval not in SKIPPED:
            what = f"leaving out the current interval of {interval} is not emulated"
            raise DefinitionError((*path, "exclude_current_interval"), what, f"known: {list(SKIPPED)}")
        length_ms = round(_number(body["time_value"]) * unit)
        offset_ms = round(_number(body.get("offset", 0)) * unit)
        return Rolling(length_ms, offset_ms, SKIPPED[interval] if skip else None)
    if kind == "absolute":
        return Between(_instant(body["start"]), _instant(body["end"]))
    if kind == "since":
        return Since(_instant(body["start"]))
    if kind == "first_use":
        return OfFirstUse(round(_number(body["time_value"]) * unit_ms(body.get("interval", 1))))
    if kind == "all_time":
        return Ever()
    raise DefinitionError((*path, "time_type"), f"windows of type {kind!r} are not emulated")


def _instant(seconds: object) -> Instant:
    return Instant(round(_number(seconds) * SECOND_MS))


_GRANULARITY = {interval_number(length): interval for interval, length in INTERVAL_MS.items()}
_OWN_NAMES = {name: key for key, name in BUILT_IN_PROPERTIES.items()}


def _only(body: Mapping[str, object], key: str, known: tuple[object, ...], path: Path) -> None:
    """Refuse what would change who is in and is not emulated; what is absent has its default."""
    if key in body and body[key] not in known:
        said = ", ".join(map(str, known))
        raise DefinitionError((*path, key), f"{key} {body[key]!r} is not emulated", f"known: {said}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{value!r} is not a text")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is not a number")
    return value


def _mapping(value: object, path: Path) -> Json:
    if not isinstance(value, Mapping):
        raise DefinitionError(path, "this is not an object")
    return dict(value)


def _list(value: object, path: Path) -> list[object]:
    if not isinstance(value, list):
        raise DefinitionError(path, "this is not a list")
    return value
