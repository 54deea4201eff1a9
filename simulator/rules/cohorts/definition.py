"""What a cohort is: rows joined by AND, clauses joined by OR inside a row, a row may be negated (COHORT-1).

All values are frozen. Nothing here judges anybody; `membership` does. Source of the vocabulary: Amplitude, Define a
cohort; where a name or a bound is our own reading the comment says "inferred".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from simulator.rules.instants import DAY_MS, HOUR_MS, WEEK_MS, Instant

Scalar = str | int | float | bool | None
"""A value that a filter compares with; None stands for "no value"."""

ANY_ACTIVE_EVENT = "_active"
ANY_EVENT = "_all"


class DefinitionError(ValueError):
    """A definition that cannot be read: where (keys and indexes from its root), what is wrong, what to write."""

    def __init__(self, path: tuple[str | int, ...], what: str, suggestion: str = "") -> None:
        super().__init__(what if not suggestion else f"{what}; {suggestion}")
        self.path = path
        self.what = what
        self.suggestion = suggestion


class Comparison(StrEnum):
    """How a count, a sum or a number of distinct values is compared."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    EXACTLY = "="
    OTHER_THAN = "!="
    AT_MOST = "<="
    FEWER_THAN = "<"


class Test(StrEnum):
    """How a property value is compared; the words are those of Amplitude's Dashboard REST API."""

    __test__ = False  # the name begins with Test; pytest must not collect it

    IS = "is"
    IS_NOT = "is not"
    CONTAINS = "contains"
    DOES_NOT_CONTAIN = "does not contain"
    LESS = "less"
    LESS_OR_EQUAL = "less or equal"
    GREATER = "greater"
    GREATER_OR_EQUAL = "greater or equal"
    SET_IS = "set is"
    SET_IS_NOT = "set is not"


@dataclass(frozen=True, slots=True)
class Filter:
    """One property compared with values; `is` holds when any of the values fits."""

    key: str
    test: Test
    values: tuple[Scalar, ...]
    of_user: bool = False
    """Whether the key is a user property (the value stamped on the event) and not an event property."""


@dataclass(frozen=True, slots=True)
class EventMatch:
    """An event name (or `_active`, `_all`) and the filters that its properties must all pass."""

    name: str
    where: tuple[Filter, ...] = ()


class Interval(StrEnum):
    """A stretch of UTC calendar time; weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


INTERVAL_MS = {Interval.HOUR: HOUR_MS, Interval.DAY: DAY_MS, Interval.WEEK: WEEK_MS}


@dataclass(frozen=True, slots=True)
class Ever:
    """Everything up to now."""


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last `length_ms`, moved back by `offset_ms`: later than `at - offset - length`, up to `at - offset`.

    So with 7 days an event exactly 7 days old is out, one millisecond younger is in, and one that happens at this very
    instant is in (inferred). With `skip` the window ends where the hour, UTC day or week of `at` begins (Amplitude's
    `exclude_current_interval`). The switch `rolling_window` may round the window to whole UTC days.
    """

    length_ms: int
    offset_ms: int = 0
    skip: Interval | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """From `start` (in) until `end` (out), in absolute time."""

    start: Instant
    end: Instant


@dataclass(frozen=True, slots=True)
class Since:
    """From `start` (in) until now."""

    start: Instant


@dataclass(frozen=True, slots=True)
class OfFirstUse:
    """From the person's first event (in) until `length_ms` after it (out)."""

    length_ms: int


Window = Ever | Rolling | Between | Since | OfFirstUse


class Measure(StrEnum):
    """What is compared about the events that match."""

    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"


@dataclass(frozen=True, slots=True)
class Performed:
    """Performed an event so many times, or with such a sum or number of distinct values of a property.

    A person with no matching event never matches, whatever the comparison: "count = 0" and "count < 1" match nobody
    (Amplitude, Define a cohort); that this also holds for "< 3" and "!= 2" is inferred.
    """

    event: EventMatch
    measure: Measure = Measure.COUNT
    of_property: str = ""
    comparison: Comparison = Comparison.AT_LEAST
    value: int | float = 1
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class ComparedCount:
    """Performed one event more, less or equally often than another one in the same window."""

    event: EventMatch
    comparison: Comparison
    other: EventMatch
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class NthTime:
    """Performed an event for the nth time (1 to 5) inside the window, counted over the year before `at`.

    The event has a name of its own: a historical count of any event is only ever a static cohort (Amplitude, Create
    cohorts), so nothing keeps it up and `named_event` refuses it.
    """

    event: EventMatch
    nth: int
    window: Window = Ever()


@dataclass(frozen=True, slots=True)
class DistinctIntervals:
    """Performed an event in so many different hours, days or weeks.

    With `each_period_ms` a rolling window is cut, backwards from its end, into periods of that length, and the number
    must be reached in each of them.
    """

    event: EventMatch
    interval: Interval = Interval.DAY
    comparison: Comparison = Comparison.AT_LEAST
    value: int | float = 1
    window: Window = Ever()
    each_period_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """Performed events one after the other, other events may lie between; optionally all within `complete_in_ms`.

    A step must come strictly later than the one before it in (time, arrival) order; the last may be exactly
    `complete_in_ms` after the first (inferred).
    """

    steps: tuple[EventMatch, ...]
    window: Window = Ever()
    complete_in_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """Came back: performed `returned` between `from_ms` (in) and `until_ms` (out) after performing `started`.

    `_new` as the name of `started` means the person's first event of all.
    """

    started: EventMatch
    returned: EventMatch
    from_ms: int
    until_ms: int
    window: Window = Ever()
    """When `started` has to have happened."""


@dataclass(frozen=True, slots=True)
class HadProperty:
    """A user property compared with values: most recently (`window` None), or on any event inside a window."""

    filter: Filter
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class New:
    """The person's first event of all, active or not, lies in the window."""

    window: Window


@dataclass(frozen=True, slots=True)
class Active:
    """The person has an active event in the window."""

    window: Window


@dataclass(frozen=True, slots=True)
class InCohort:
    """A member of another cohort, named by its id or, in a scenario, by its name."""

    cohort: str


@dataclass(frozen=True, slots=True)
class HadPropensity:
    """The percentile (0 to 100) that a prediction gives the person, compared; who has none never matches."""

    prediction: str
    comparison: Comparison
    percentile: int | float


@dataclass(frozen=True, slots=True)
class StaticIds:
    """Listed by Amplitude id or by user id."""

    amplitude_ids: frozenset[int] = frozenset()
    user_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class People:
    """Listed by the names they have in a scenario; `bind_people` turns the names into ids before anybody is judged."""

    names: tuple[str, ...]


Clause = (
    Performed
    | ComparedCount
    | NthTime
    | DistinctIntervals
    | Sequence
    | Retention
    | HadProperty
    | New
    | Active
    | InCohort
    | HadPropensity
    | StaticIds
    | People
)


@dataclass(frozen=True, slots=True)
class Row:
    """Clauses of which one must hold; when negated, none may: a negated row excludes, and nothing readmits."""

    clauses: tuple[Clause, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """Rows that must all hold."""

    rows: tuple[Row, ...]

    def clauses(self) -> Iterator[Clause]:
        """Every clause of every row, in order."""
        for row in self.rows:
            yield from row.clauses


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a person's history a definition looks at, so that a store need not load the rest."""

    event_names: frozenset[str]
    """Names to load; holding `_all` or `_active` means every event."""
    event_properties: bool
    stamps: bool
    """Whether it looks at the user properties that events carried."""
    properties: bool
    cohorts: frozenset[str]
    predictions: frozenset[str] = frozenset()

    @property
    def every_event(self) -> bool:
        """Whether only a full history will do."""
        return not self.event_names.isdisjoint((ANY_EVENT, ANY_ACTIVE_EVENT))


def named_event(event: EventMatch, path: tuple[str | int, ...]) -> EventMatch:
    """An event whose occurrences can be numbered. Raises DefinitionError for "any event"."""
    if event.name in (ANY_EVENT, ANY_ACTIVE_EVENT):
        what = "a historical count of any event is only ever a static cohort"
        raise DefinitionError(path, what, "name one event, or list the people")
    return event


def events_of(clause: Clause) -> tuple[EventMatch, ...]:
    """The events that a clause looks at; a property "at any time" and "active" look at all of them."""
    match clause:
        case Performed() | NthTime() | DistinctIntervals():
            return (clause.event,)
        case ComparedCount():
            return (clause.event, clause.other)
        case Sequence():
            return clause.steps
        case Retention():
            return (clause.started, clause.returned)
        case HadProperty():
            return (EventMatch(ANY_EVENT),) if clause.window is not None else ()
        case Active():
            return (EventMatch(ANY_ACTIVE_EVENT),)
        case _:
            return ()


def needs(definition: Definition, *, stamped_properties: bool = False) -> Needs:
    """What a store has to load to have somebody judged by this definition.

    `stamped_properties`: the most recent value of a property is read from events (switch `property_most_recently`).
    """
    clauses = tuple(definition.clauses())
    events = [event for clause in clauses for event in events_of(clause)]
    filters = [condition for event in events for condition in event.where]
    had = [clause for clause in clauses if isinstance(clause, HadProperty)]
    names = {event.name for event in events}
    if had and stamped_properties:
        names.add(ANY_ACTIVE_EVENT)
    return Needs(
        event_names=frozenset(names),
        event_properties=any(not condition.of_user for condition in filters)
        or any(isinstance(clause, Performed) and clause.measure is not Measure.COUNT for clause in clauses),
        stamps=any(condition.of_user for condition in filters)
        or any(clause.window is not None or stamped_properties for clause in had),
        properties=bool(had),
        cohorts=frozenset(clause.cohort for clause in clauses if isinstance(clause, InCohort)),
        predictions=frozenset(clause.prediction for clause in clauses if isinstance(clause, HadPropensity)),
    )


REAL_TIME_BLOCKERS: dict[type[object], str] = {
    Sequence: "funnel",
    Retention: "retention",
    NthTime: "nth_time",
    DistinctIntervals: "distinct_interval",
}


def real_time_blockers(definition: Definition) -> tuple[str, ...]:
    """The kinds of clause that a real-time sync refuses (CAD-3), sorted; "event within" is a window of first use."""
    found = {REAL_TIME_BLOCKERS[type(c)] for c in definition.clauses() if type(c) in REAL_TIME_BLOCKERS}
    if any(isinstance(getattr(clause, "window", None), OfFirstUse) for clause in definition.clauses()):
        found.add("event_within")
    return tuple(sorted(found))


def real_time_ok(definition: Definition) -> bool:
    """Whether a real-time sync takes a cohort of this definition (CAD-3)."""
    return not real_time_blockers(definition)
