"""Writes a definition in the scenario language, in the shortest form that reads back as the same definition."""

from __future__ import annotations

from simulator.rules.cohorts.definition import (
    Active,
    Between,
    Clause,
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
    Measure,
    New,
    NthTime,
    OfFirstUse,
    People,
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
)
from simulator.rules.cohorts.language.vocabulary import OFTEN, SKIPS, TEST_SYMBOLS, TEST_WORDS
from simulator.rules.instants import format_duration, format_instant

FIRST_EVENT = "_new"
_WORD_OF = {test: word for word, (test, _) in TEST_WORDS.items()}
_SYMBOL_OF = {test: symbol for symbol, test in TEST_SYMBOLS.items() if symbol != "!="}
_OFTEN_OF = {comparison: key for key, comparison in OFTEN.items()}
_SKIP_OF = {interval: key for key, interval in SKIPS.items()}
_OPERATORS = tuple(TEST_SYMBOLS)

Plain = dict[str, object]


def to_language(definition: Definition) -> Plain:
    """The definition as plain values, ready for YAML."""
    rows = [_row(row) for row in definition.rows]
    return rows[0] if len(rows) == 1 else {"all": rows}


def _row(row: Row) -> Plain:
    clauses = [_clause(clause) for clause in row.clauses]
    inner: Plain = clauses[0] if len(clauses) == 1 else {"any": clauses}
    return {"not": inner} if row.negated else inner


def _clause(clause: Clause) -> Plain:
    match clause:
        case Performed():
            return {"performed": clause.event.name, **_measure(clause), **_rest(clause.event, clause.window)}
        case ComparedCount():
            often = {_OFTEN_OF[clause.comparison]: _event(clause.other)}
            return {"performed": clause.event.name, **often, **_rest(clause.event, clause.window)}
        case NthTime():
            return {"performed": clause.event.name, "nth_time": clause.nth, **_rest(clause.event, clause.window)}
        case DistinctIntervals():
            return {
                "performed": clause.event.name,
                f"distinct_{clause.interval}s": _comparison(clause.comparison, clause.value),
                **({"in_each": format_duration(clause.each_period_ms)} if clause.each_period_ms else {}),
                **_rest(clause.event, clause.window),
            }
        case Sequence():
            limit = {} if clause.complete_in_ms is None else {"complete_in": format_duration(clause.complete_in_ms)}
            return {"sequence": [_event(step) for step in clause.steps], **limit, **_window(clause.window)}
        case Retention():
            return _retention(clause)
        case HadProperty():
            when: Plain = {} if clause.window is None else _window(clause.window) or {"any_time": True}
            return {"property": _tests((clause.filter,)), **when}
        case Active() | New():
            return _newness("active" if isinstance(clause, Active) else "new", clause.window)
        case HadPropensity(prediction, comparison, percentile):
            return {"propensity": prediction, "percentile": _comparison(comparison, percentile)}
        case InCohort(cohort):
            return {"in_cohort": cohort}
        case People(names):
            return {"people": list(names)}
        case StaticIds():
            return _static(clause)


def _static(clause: StaticIds) -> Plain:
    users: Plain = {"user_ids": sorted(clause.user_ids)}
    numbers: Plain = {"amplitude_ids": sorted(clause.amplitude_ids)}
    if not clause.user_ids:
        return numbers
    return {"any": [numbers, users]} if clause.amplitude_ids else users


def _measure(clause: Performed) -> Plain:
    compared = _comparison(clause.comparison, clause.value)
    if clause.measure is not Measure.COUNT:
        return {str(clause.measure): {clause.of_property: compared}}
    return {} if compared == ">= 1" else {"times": compared}


def _comparison(comparison: Comparison, value: float) -> str:
    return f"{comparison} {value}"


def _retention(clause: Retention) -> Plain:
    after = {} if clause.started.name == FIRST_EVENT else {"after": _event(clause.started)}
    return {
        "came_back": _event(clause.returned),
        **after,
        "from": format_duration(clause.from_ms),
        "until": format_duration(clause.until_ms),
        **_window(clause.window),
    }


def _newness(head: str, window: Window) -> Plain:
    plain = isinstance(window, Rolling) and window == Rolling(window.length_ms)
    return {f"{head}_within": _window(window)["within"]} if plain else {head: _window(window)}


def _event(event: EventMatch) -> object:
    return {"event": event.name, **_where(event.where)} if event.where else event.name


def _rest(event: EventMatch, window: Window) -> Plain:
    return {**_where(event.where), **_window(window)}


def _where(filters: tuple[Filter, ...]) -> Plain:
    of_events = tuple(f for f in filters if not f.of_user)
    of_users = tuple(f for f in filters if f.of_user)
    return {key: _tests(some) for key, some in (("where", of_events), ("where_user", of_users)) if some}


def _tests(filters: tuple[Filter, ...]) -> Plain:
    """Filters by property; several of one property become one mapping of tests."""
    by_key: dict[str, list[Filter]] = {}
    for condition in filters:
        by_key.setdefault(condition.key, []).append(condition)
    return {
        key: _test(some[0]) if len(some) == 1 else {_WORD_OF[f.test]: _plain(f.values) for f in some}
        for key, some in by_key.items()
    }


def _test(condition: Filter) -> object:
    values = condition.values
    if condition.test is Test.IS and not any(_looks_like_an_operator(value) for value in values):
        return _plain(values)
    if condition.test in _SYMBOL_OF and len(values) == 1 and _is_number(values[0]):
        return f"{_SYMBOL_OF[condition.test]} {values[0]}"
    return {_WORD_OF[condition.test]: _plain(values)}


def _plain(values: tuple[Scalar, ...]) -> object:
    return values[0] if len(values) == 1 else list(values)


def _is_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _looks_like_an_operator(value: Scalar) -> bool:
    return isinstance(value, str) and value.lstrip().startswith(_OPERATORS)


def _window(window: Window) -> Plain:
    match window:
        case Rolling(length_ms, offset_ms, skip):
            offset = {"offset": format_duration(offset_ms)} if offset_ms else {}
            return {"within": format_duration(length_ms), **offset, **({_SKIP_OF[skip]: True} if skip else {})}
        case Between(start, end):
            return {"between": [format_instant(start), format_instant(end)]}
        case Since(start):
            return {"since": format_instant(start)}
        case OfFirstUse(length_ms):
            return {"within_first": format_duration(length_ms)}
        case Ever():
            return {}
