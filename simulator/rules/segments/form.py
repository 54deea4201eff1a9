"""The saved form of a segment's filters: JSON in the manner of Braze's connected audience object, read and written.

`{"AND": [{"amplitude_cohorts": {"comparison": "includes_value", "value": "abcd1234"}}, {"OR": [...]}]}`. A connected
audience of /messages/send is this same form with fewer filters. The documented part is the connected audience object
(custom_attribute, push_subscription_status, email_subscription_status, last_used_app); `<partner>_cohorts` with
`includes_value` is seen in a screenshot caption of the page on Amplitude cohort import; the rest is ours (inferred).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.rules.instants import Instant, format_instant, parse_instant
from simulator.rules.segments.tree import AllOf, AnyOf, Comparison, Filter, Kind, Tree, Value

COHORTS_SUFFIX = "_cohorts"
DEEPEST = 40


class SegmentFormError(ValueError):
    """A saved form that says nothing sensible; `where` is the path to the place, such as `AND[1].country`."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where or 'the filters'}: {problem}")
        self.where = where
        self.problem = problem


_EXISTENCE = (Comparison.EXISTS, Comparison.DOES_NOT_EXIST)
_TEXT = (Comparison.EQUALS, Comparison.NOT_EQUAL, Comparison.MATCHES_REGEX, Comparison.DOES_NOT_MATCH_REGEX)
_SIZES = (
    Comparison.GREATER_THAN,
    Comparison.GREATER_THAN_OR_EQUAL_TO,
    Comparison.LESS_THAN,
    Comparison.LESS_THAN_OR_EQUAL_TO,
)
_DAYS = (
    Comparison.LESS_THAN_X_DAYS_AGO,
    Comparison.GREATER_THAN_X_DAYS_AGO,
    Comparison.LESS_THAN_X_DAYS_IN_THE_FUTURE,
    Comparison.GREATER_THAN_X_DAYS_IN_THE_FUTURE,
)
_TIMES = (Comparison.AFTER, Comparison.BEFORE)
_STATE = (Comparison.IS, Comparison.IS_NOT)
_ONE_OF = (*_STATE, Comparison.EQUALS, Comparison.NOT_EQUAL, *_EXISTENCE)
_MEMBER = (Comparison.INCLUDES_VALUE, Comparison.DOES_NOT_INCLUDE_VALUE)
_COUNT = (Comparison.EQUALS, Comparison.NOT_EQUAL, *_SIZES, *_EXISTENCE)
_GLOBAL_STATES = ("opted_in", "subscribed", "unsubscribed")
_REGEX = (Comparison.MATCHES_REGEX, Comparison.DOES_NOT_MATCH_REGEX)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a kind is written: the key of its subject, what may be compared, and which values are sensible."""

    comparisons: tuple[Comparison, ...]
    subject: str = ""
    subject_required: bool = True
    values: tuple[str, ...] = ()
    windowed: bool = False


_ANY = (*_TEXT, Comparison.DOES_NOT_EQUAL, *_MEMBER, *_SIZES, *_DAYS, *_TIMES, *_EXISTENCE)
SHAPES: dict[Kind, _Shape] = {
    Kind.PARTNER_COHORT: _Shape(_MEMBER),
    Kind.CUSTOM_ATTRIBUTE: _Shape(_ANY, "custom_attribute_name"),
    Kind.CUSTOM_EVENT: _Shape(_COUNT, "custom_event_name", windowed=True),
    Kind.PURCHASED_PRODUCT: _Shape(_COUNT, "product_id", windowed=True),
    Kind.USER_ALIAS: _Shape(_EXISTENCE, "alias_label", subject_required=False),
    Kind.EXTERNAL_USER_ID: _Shape((*_TEXT, *_EXISTENCE)),
    Kind.COUNTRY: _Shape(_ONE_OF),
    Kind.LANGUAGE: _Shape(_ONE_OF),
    Kind.PROFILE_FIELD: _Shape(_ANY, "name"),
    Kind.EMAIL_SUBSCRIPTION: _Shape(_STATE, values=_GLOBAL_STATES),
    Kind.PUSH_SUBSCRIPTION: _Shape(_STATE, values=_GLOBAL_STATES),
    Kind.SUBSCRIPTION_GROUP: _Shape(_STATE, "subscription_group_id", values=("subscribed", "unsubscribed", "unknown")),
    Kind.LAST_USED_APP: _Shape(_TIMES),
    Kind.USED_APP: _Shape(_MEMBER),
    Kind.RANDOM_BUCKET: _Shape((Comparison.EQUALS, Comparison.NOT_EQUAL, *_SIZES)),
    Kind.MESSAGE_RECEIVED: _Shape(_MEMBER),
    Kind.SEGMENT_MEMBERSHIP: _Shape(_MEMBER),
}
_KINDS = {kind.value: kind for kind in Kind if kind is not Kind.PARTNER_COHORT}
CONNECTED_AUDIENCE = frozenset(
    {Kind.CUSTOM_ATTRIBUTE, Kind.PUSH_SUBSCRIPTION, Kind.EMAIL_SUBSCRIPTION, Kind.LAST_USED_APP}
)


def parse(form: object, where: str = "", depth: int = 0) -> Tree:
    """Read a saved form; an empty object is everybody. Raises SegmentFormError."""
    if not isinstance(form, Mapping):
        raise SegmentFormError(where, "must be an object such as {'AND': [...]}")
    if not form:
        return AllOf()
    if len(form) != 1:
        raise SegmentFormError(where, f"must have one key, not {', '.join(sorted(map(str, form)))}")
    if depth > DEEPEST:
        raise SegmentFormError(where, f"is nested more than {DEEPEST} levels deep")
    ((key, body),) = form.items()
    here = f"{where}.{key}" if where else str(key)
    if key in ("AND", "OR"):
        return _parse_group(str(key), body, here, depth)
    if not isinstance(body, Mapping):
        raise SegmentFormError(here, "must be an object with a comparison")
    return _parse_filter(str(key), body, here)


def parse_connected_audience(form: object) -> Tree:
    """Read the `audience` of a messaging call: the same form with the four documented filters only."""
    tree = parse(form)
    _refuse_undocumented(tree)
    return tree


def to_form(tree: Tree) -> dict[str, object]:
    """The saved form of a tree: what `parse` reads back as the same tree."""
    if isinstance(tree, AllOf):
        return {"AND": [to_form(child) for child in tree.children]}
    if isinstance(tree, AnyOf):
        return {"OR": [to_form(child) for child in tree.children]}
    shape = SHAPES[tree.kind]
    body: dict[str, object] = {}
    if shape.subject and tree.subject:
        body[shape.subject] = tree.subject
    body["comparison"] = tree.comparison.value
    if tree.value is not None:
        body["value"] = _value_form(tree)
    if tree.within_days is not None:
        body["within_days"] = tree.within_days
    key = tree.subject + COHORTS_SUFFIX if tree.kind is Kind.PARTNER_COHORT else tree.kind.value
    return {key: body}


def _parse_group(key: str, body: object, where: str, depth: int) -> Tree:
    if not isinstance(body, list):
        raise SegmentFormError(where, "must be a list of filters and groups")
    children = tuple(parse(child, f"{where}[{index}]", depth + 1) for index, child in enumerate(body))
    if key == "AND":
        return AllOf(children)
    if not children:
        raise SegmentFormError(where, "must hold at least one filter; nobody is in an empty OR")
    return AnyOf(children)


def _parse_filter(key: str, body: Mapping[str, object], where: str) -> Filter:
    kind = _kind_of(key, where)
    shape = SHAPES[kind]
    known = {"comparison", "value", *([shape.subject] if shape.subject else [])}
    known |= {"within_days"} if shape.windowed else set()
    strange = sorted(set(map(str, body)) - known)
    if strange:
        raise SegmentFormError(where, f"does not know {', '.join(strange)}; it knows {', '.join(sorted(known))}")
    comparison = _comparison_of(body.get("comparison"), shape, where)
    subject = _subject_of(key, kind, body, where)
    return Filter(kind, comparison, _value_of(kind, comparison, body, where), subject, _days_of(body, where))


def _kind_of(key: str, where: str) -> Kind:
    if key in _KINDS:
        return _KINDS[key]
    if key.endswith(COHORTS_SUFFIX) and len(key) > len(COHORTS_SUFFIX):
        return Kind.PARTNER_COHORT
    known = ", ".join([*sorted(_KINDS), f"<partner>{COHORTS_SUFFIX}", "AND", "OR"])
    raise SegmentFormError(where, f"is not a filter; the filters are {known}")


def _comparison_of(text: object, shape: _Shape, where: str) -> Comparison:
    if text not in {comparison.value for comparison in shape.comparisons}:
        known = ", ".join(comparison.value for comparison in shape.comparisons)
        raise SegmentFormError(where, f"comparison {text!r} is not one of {known}")
    return Comparison(str(text))


def _subject_of(key: str, kind: Kind, body: Mapping[str, object], where: str) -> str:
    if kind is Kind.PARTNER_COHORT:
        return key.removesuffix(COHORTS_SUFFIX).lower()
    shape = SHAPES[kind]
    if not shape.subject:
        return ""
    subject = body.get(shape.subject, "")
    if not isinstance(subject, str) or (shape.subject_required and not subject):
        raise SegmentFormError(where, f"{shape.subject} must be a non-empty string")
    return subject


def _days_of(body: Mapping[str, object], where: str) -> int | None:
    days = body.get("within_days")
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise SegmentFormError(where, "within_days must be a whole number of days, at least 1")
    return days


def _value_of(kind: Kind, comparison: Comparison, body: Mapping[str, object], where: str) -> Value:
    if comparison in _EXISTENCE:
        if body.get("value") is not None:
            raise SegmentFormError(where, f"{comparison.value} takes no value")
        return None
    value = body.get("value")
    if isinstance(value, list):
        if not value or not all(isinstance(one, str) for one in value):
            raise SegmentFormError(where, "a list of values must hold strings, at least one")
        if kind not in (Kind.COUNTRY, Kind.LANGUAGE, Kind.USED_APP):
            raise SegmentFormError(where, "takes one value, not a list")
        return tuple(str(one) for one in value)
    if not isinstance(value, (str, int, float)):
        raise SegmentFormError(where, f"{comparison.value} needs a value: a string, a number, true or false")
    return _checked(kind, comparison, value, where)


def _checked(kind: Kind, comparison: Comparison, value: str | int | float, where: str) -> Value:
    """The value once it fits its kind and comparison; an instant for Last Used App."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if comparison in _TIMES:
        moment = _moment(value, where)
        return moment if kind is Kind.LAST_USED_APP else value
    if (comparison in _DAYS or comparison in _SIZES) and not number:
        raise SegmentFormError(where, f"{comparison.value} needs a number")
    if SHAPES[kind].windowed or kind is Kind.RANDOM_BUCKET:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise SegmentFormError(where, "needs a whole number, at least 0")
        return value
    if comparison in _REGEX:
        return _pattern(value, where)
    if kind in (Kind.CUSTOM_ATTRIBUTE, Kind.PROFILE_FIELD):
        return value
    if not isinstance(value, str) or not value:
        raise SegmentFormError(where, "needs a non-empty string")
    if SHAPES[kind].values and value not in SHAPES[kind].values:
        raise SegmentFormError(where, f"value {value!r} is not one of {', '.join(SHAPES[kind].values)}")
    return value


def _moment(value: object, where: str) -> Instant:
    try:
        return parse_instant(str(value))
    except ValueError as error:
        raise SegmentFormError(where, "needs an ISO 8601 date and time") from error


def _pattern(value: object, where: str) -> str:
    try:
        re.compile(str(value))
    except re.error as error:
        raise SegmentFormError(where, f"{value!r} is not a regular expression: {error}") from error
    return str(value)


def _value_form(asked: Filter) -> object:
    if asked.kind is Kind.LAST_USED_APP and isinstance(asked.value, int):
        return format_instant(asked.value)
    return list(asked.value) if isinstance(asked.value, tuple) else asked.value


def _refuse_undocumented(tree: Tree, where: str = "audience") -> None:
    if isinstance(tree, Filter):
        if tree.kind not in CONNECTED_AUDIENCE:
            raise SegmentFormError(where, f"{tree.kind.value} is not a connected audience filter")
        return
    for index, child in enumerate(tree.children):
        _refuse_undocumented(child, f"{where}[{index}]")
