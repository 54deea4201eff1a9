"""Reads a cohort definition as a scenario writes it; every error carries the path of keys to the spot."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from simulator.rules.cohorts.definition import (
    Active,
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
    People,
    Performed,
    Retention,
    Rolling,
    Scalar,
    Sequence,
    StaticIds,
    Test,
    Window,
    named_event,
)
from simulator.rules.cohorts.language.trees import All, Either, Leaf, Not, Path, Tree, definition_of
from simulator.rules.cohorts.language.values import (
    read_comparison,
    read_count,
    read_duration,
    read_flag,
    read_list,
    read_mapping,
    read_scalar,
    read_text,
    read_window,
)
from simulator.rules.cohorts.language.vocabulary import (
    DISTINCT_INTERVAL_KEYS,
    HEADS,
    IS_SET,
    MEASURES,
    MODIFIERS,
    OFTEN,
    TEST_SYMBOLS,
    TEST_WORDS,
    WINDOW_HEADS,
    WINDOW_KEYS,
)

FIRST_EVENT = "_new"
_SYMBOL = re.compile(r"^\s*(>=|<=|!=|>|<)\s*(\S.*?)\s*$")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")

Body = Mapping[str, object]


def from_language(value: object, path: Path = ()) -> Definition:
    """Read a definition from plain YAML values. Raises DefinitionError with the path of the wrong spot."""
    return definition_of(_tree(value, path))


def _tree(value: object, path: Path) -> Tree:
    body = read_mapping(value, path, "a cohort is written as a mapping, for example {performed: app_opened}")
    head = _head(body, path)
    return _HEADS[head](body, path)


def _head(body: Body, path: Path) -> str:
    """The one key that says what the clause is, once all the others were found to fit beside it."""
    heads = [key for key in body if key in _HEADS]
    if not heads:
        stranger = next(iter(body), "")
        close = get_close_matches(str(stranger), HEADS, 1)
        hint = f"did you mean {close[0]}?" if close else f"say one of {', '.join(HEADS)}"
        raise DefinitionError((*path, stranger) if body else path, "this says nothing about who is in it", hint)
    if len(heads) > 1:
        joined = ", ".join(f"{{{head}: …}}" for head in heads)
        what = f"{heads[0]} and {heads[1]} cannot stand side by side"
        raise DefinitionError((*path, heads[1]), what, f"write {{all: [{joined}]}}")
    head = heads[0]
    allowed = MODIFIERS.get(head, ())
    for key in body:
        if key != head and key not in allowed:
            close = get_close_matches(str(key), allowed, 1)
            beside = f"beside {head} may stand {', '.join(allowed)}" if allowed else f"{head} stands alone"
            raise DefinitionError(
                (*path, key), f"unknown key {key!r}", f"did you mean {close[0]}?" if close else beside
            )
    return head


# --- joints ----------------------------------------------------------------------------------------------------


def _parts(body: Body, head: str, path: Path) -> tuple[Tree, ...]:
    items = read_list(body[head], (*path, head), "a list of clauses")
    return tuple(_tree(item, (*path, head, index)) for index, item in enumerate(items))


def _all(body: Body, path: Path) -> Tree:
    return All(_parts(body, "all", path), (*path, "all"))


def _any(body: Body, path: Path) -> Tree:
    return Either(_parts(body, "any", path), (*path, "any"))


def _not(body: Body, path: Path) -> Tree:
    inner = body["not"]
    if isinstance(inner, list):
        raise DefinitionError((*path, "not"), "not takes one clause", "write {not: {any: […]}}")
    return Not(_tree(inner, (*path, "not")), (*path, "not"))


# --- clauses ---------------------------------------------------------------------------------------------------


def _performed(body: Body, path: Path) -> Tree:
    event = EventMatch(read_text(body["performed"], (*path, "performed"), "an event name"), _where(body, path))
    window = read_window(body, path)
    measures = [key for key in MEASURES if key in body]
    if len(measures) > 1:
        raise DefinitionError((*path, measures[1]), f"{measures[0]} and {measures[1]} cannot stand side by side")
    measure = measures[0] if measures else "times"
    if "in_each" in body and (measure not in DISTINCT_INTERVAL_KEYS or not isinstance(window, Rolling)):
        raise DefinitionError((*path, "in_each"), "in_each needs distinct_days (or hours, weeks) and within")
    return Leaf(_measured(body, path, event, measure, window), path)


def _measured(body: Body, path: Path, event: EventMatch, measure: str, window: Window) -> Clause:
    spot = (*path, measure)
    given = body.get(measure, ">= 1")
    if measure in OFTEN:
        return ComparedCount(event, OFTEN[measure], _event(given, spot), window)
    if measure == "nth_time":
        return NthTime(named_event(event, (*path, "performed")), read_count(given, spot, 1, 5), window)
    if measure in DISTINCT_INTERVAL_KEYS:
        comparison, value = read_comparison(given, spot)
        each = read_duration(body["in_each"], (*path, "in_each")) if "in_each" in body else None
        return DistinctIntervals(event, DISTINCT_INTERVAL_KEYS[measure], comparison, value, window, each)
    if measure in ("sum", "distinct"):
        inner = read_mapping(given, spot, f'write {measure}: {{price: ">= 100"}}')
        if len(inner) != 1:
            raise DefinitionError(spot, f"{measure} takes one property", f'write {measure}: {{price: ">= 100"}}')
        name, compared = next(iter(inner.items()))
        comparison, value = read_comparison(compared, (*spot, name))
        return Performed(event, Measure(measure), name, comparison, value, window)
    comparison, value = read_comparison(given, spot)
    return Performed(event, Measure.COUNT, "", comparison, value, window)


def _sequence(body: Body, path: Path) -> Tree:
    spot = (*path, "sequence")
    steps = read_list(body["sequence"], spot, "a list of events in order")
    if len(steps) < 2:
        raise DefinitionError(spot, "a sequence needs two events or more", "for one event write {performed: …}")
    limit = read_duration(body["complete_in"], (*path, "complete_in")) if "complete_in" in body else None
    events = tuple(_event(step, (*spot, index)) for index, step in enumerate(steps))
    return Leaf(Sequence(events, read_window(body, path), limit), path)


def _came_back(body: Body, path: Path) -> Tree:
    for key in ("from", "until"):
        if key not in body:
            raise DefinitionError(path, f"came_back needs {key}", "write {came_back: EVENT, from: 14d, until: 15d}")
    begin, end = read_duration(body["from"], (*path, "from"), 0), read_duration(body["until"], (*path, "until"))
    if begin >= end:
        raise DefinitionError((*path, "until"), "until must be later than from")
    returned = _event(body["came_back"], (*path, "came_back"))
    returned = EventMatch(returned.name, returned.where + _where(body, path))
    started = _event(body.get("after", FIRST_EVENT), (*path, "after"))
    return Leaf(Retention(started, returned, begin, end, read_window(body, path)), path)


def _property(body: Body, path: Path) -> Tree:
    windowed = any(key in body for key in WINDOW_HEADS)
    window = read_window(body, path)
    if "any_time" in body and read_flag(body["any_time"], (*path, "any_time")):
        if windowed:
            raise DefinitionError((*path, "any_time"), "any_time and a window cannot stand side by side")
        windowed, window = True, Ever()
    spot = (*path, "property")
    leaves = [
        Leaf(HadProperty(condition, window if windowed else None), spot)
        for condition in _filters(body["property"], spot, of_user=True)
    ]
    return leaves[0] if len(leaves) == 1 else All(tuple(leaves), spot)


def _within(head: str, make: Callable[[Window], Clause]) -> Callable[[Body, Path], Tree]:
    def read(body: Body, path: Path) -> Tree:
        return Leaf(make(Rolling(read_duration(body[head], (*path, head)))), path)

    return read


def _windowed(head: str, make: Callable[[Window], Clause]) -> Callable[[Body, Path], Tree]:
    def read(body: Body, path: Path) -> Tree:
        spot = (*path, head)
        inner = read_mapping(body[head], spot, f"write {head}: {{within: 30d}}")
        for key in inner:
            if key not in WINDOW_KEYS:
                raise DefinitionError((*spot, key), f"unknown key {key!r}", f"say one of {', '.join(WINDOW_KEYS)}")
        return Leaf(make(read_window(inner, spot)), path)

    return read


def _propensity(body: Body, path: Path) -> Tree:
    if "percentile" not in body:
        raise DefinitionError(path, "propensity needs percentile", 'write {propensity: ID, percentile: ">= 80"}')
    prediction = read_text(body["propensity"], (*path, "propensity"), "the id of a prediction")
    comparison, value = read_comparison(body["percentile"], (*path, "percentile"))
    return Leaf(HadPropensity(prediction, comparison, value), path)


def _in_cohort(body: Body, path: Path) -> Tree:
    return Leaf(InCohort(read_text(body["in_cohort"], (*path, "in_cohort"), "the name of a cohort")), path)


def _people(body: Body, path: Path) -> Tree:
    spot = (*path, "people")
    names = read_list(body["people"], spot, "a list of names", empty=True)
    read = [read_text(name, (*spot, index), "a person's name") for index, name in enumerate(names)]
    return Leaf(People(tuple(dict.fromkeys(read))), path)


def _user_ids(body: Body, path: Path) -> Tree:
    spot = (*path, "user_ids")
    ids = read_list(body["user_ids"], spot, "a list of user ids")
    return Leaf(StaticIds(user_ids=frozenset(str(read_scalar(v, (*spot, i))) for i, v in enumerate(ids))), path)


def _amplitude_ids(body: Body, path: Path) -> Tree:
    spot = (*path, "amplitude_ids")
    ids = read_list(body["amplitude_ids"], spot, "a list of Amplitude ids")
    numbers = frozenset(read_count(value, (*spot, index), 1) for index, value in enumerate(ids))
    return Leaf(StaticIds(amplitude_ids=numbers), path)


_HEADS: dict[str, Callable[[Body, Path], Tree]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "performed": _performed,
    "sequence": _sequence,
    "came_back": _came_back,
    "property": _property,
    "active_within": _within("active_within", Active),
    "active": _windowed("active", Active),
    "new_within": _within("new_within", New),
    "new": _windowed("new", New),
    "propensity": _propensity,
    "in_cohort": _in_cohort,
    "people": _people,
    "user_ids": _user_ids,
    "amplitude_ids": _amplitude_ids,
}


# --- events and their filters ----------------------------------------------------------------------------------


def _event(value: object, path: Path) -> EventMatch:
    """An event inside a clause: a name, or a mapping with `event` and filters."""
    if not isinstance(value, Mapping):
        return EventMatch(read_text(value, path, "an event name or {event: NAME, where: …}"))
    for key in value:
        if key not in ("event", "where", "where_user"):
            raise DefinitionError((*path, str(key)), f"unknown key {key!r}", "say event, where, where_user")
    if "event" not in value:
        raise DefinitionError(path, "the event's name is missing", "write {event: NAME, where: …}")
    return EventMatch(read_text(value["event"], (*path, "event"), "an event name"), _where(value, path))


def _where(body: Body, path: Path) -> tuple[Filter, ...]:
    found: list[Filter] = []
    for key, of_user in (("where", False), ("where_user", True)):
        if key in body:
            found += _filters(body[key], (*path, key), of_user)
    return tuple(found)


def _filters(value: object, path: Path, of_user: bool) -> list[Filter]:
    tests = read_mapping(value, path, "write properties and values, for example {plan: pro}")
    if not tests:
        raise DefinitionError(path, "no property is named", "write properties and values, for example {plan: pro}")
    return [
        Filter(name, test, values, of_user)
        for name, given in tests.items()
        for test, values in _tests(given, (*path, name))
    ]


def _tests(value: object, path: Path) -> list[tuple[Test, tuple[Scalar, ...]]]:
    """What one property has to be: a value, a list of values, a comparison, or a mapping of tests."""
    if isinstance(value, Mapping):
        if not value:
            raise DefinitionError(path, "no test is given", f"say one of {', '.join(TEST_WORDS)}, {IS_SET}")
        return [_worded(str(word), given, (*path, word)) for word, given in value.items()]
    if isinstance(value, str) and (match := _SYMBOL.match(value)):
        symbol, operand = match.groups()
        if _NUMBER.match(operand):
            return [(TEST_SYMBOLS[symbol], (float(operand) if "." in operand else int(operand),))]
        if symbol == "!=":
            return [(Test.IS_NOT, (operand,))]
    return [(Test.IS, _values(value, path))]


def _worded(word: str, given: object, path: Path) -> tuple[Test, tuple[Scalar, ...]]:
    if word == IS_SET:
        return (Test.IS_NOT if read_flag(given, path) else Test.IS), (None,)
    if word not in TEST_WORDS:
        close = get_close_matches(word, TEST_WORDS, 1)
        hint = f"did you mean {close[0]}?" if close else f"say one of {', '.join(TEST_WORDS)}, {IS_SET}"
        raise DefinitionError(path, f"unknown test {word!r}", hint)
    return TEST_WORDS[word][0], _values(given, path)


def _values(value: object, path: Path) -> tuple[Scalar, ...]:
    if not isinstance(value, list):
        return (read_scalar(value, path),)
    if not value:
        raise DefinitionError(path, "the list of values is empty")
    return tuple(read_scalar(item, (*path, index)) for index, item in enumerate(value))
