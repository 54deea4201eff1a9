"""Says whether a person is in a cohort at an instant, and when that may change by itself (COHORT-1, COHORT-2).

`is_member` is the only judge; whatever a store keeps incrementally must agree with it. Both functions are pure: the
answer depends on definition, history, instant and switches, and other cohorts are asked through `resolve_cohort`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from simulator.rules.cohorts.conditions import COMPARE, as_number, as_text, elements, event_passes, passes
from simulator.rules.cohorts.definition import (
    ANY_ACTIVE_EVENT,
    ANY_EVENT,
    Active,
    Clause,
    ComparedCount,
    Comparison,
    Definition,
    DistinctIntervals,
    EventMatch,
    Ever,
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
    StaticIds,
    Window,
    events_of,
)
from simulator.rules.cohorts.definition import (
    Sequence as InSequence,
)
from simulator.rules.cohorts.history import Event, History
from simulator.rules.cohorts.windows import bounds, flips, number_of, periods
from simulator.rules.instants import DAY_MS, Instant
from simulator.rules.switches import RuleSet

ResolveCohort = Callable[[str, int, Instant], bool]
"""(cohort, amplitude_id, at) -> member?"""

NTH_TIME_LOOKS_BACK_MS = 365 * DAY_MS
MOST_CANDIDATES = 64
"""How many instants `next_change` tries before it answers "no later than this one"."""

DEFAULT_RULES = RuleSet()


def is_member(
    definition: Definition,
    history: History,
    at: Instant,
    resolve_cohort: ResolveCohort,
    rules: RuleSet = DEFAULT_RULES,
) -> bool:
    """Judge one person at one instant: every row must hold, and a negated row holds when none of its clauses does."""
    judge = _Judge(history, at, resolve_cohort, rules)
    return all(any(judge.holds(clause) for clause in row.clauses) != row.negated for row in definition.rows)


def next_change(
    definition: Definition, history: History, at: Instant, rules: RuleSet = DEFAULT_RULES
) -> Instant | None:
    """The earliest instant after `at` at which the answer could differ with no new event, property or cohort change.

    It never misses a change; it may name an instant at which the answer turns out the same. None: it stays for ever.
    """
    soonest = [_clause_change(clause, history, at, rules) for clause in definition.clauses()]
    return min((instant for instant in soonest if instant is not None), default=None)


class _Judge:
    """One person at one instant, asked clause by clause."""

    __slots__ = ("at", "history", "resolve_cohort", "rules", "whole_days")

    def __init__(self, history: History, at: Instant, resolve_cohort: ResolveCohort, rules: RuleSet) -> None:
        self.history = history
        self.at = at
        self.resolve_cohort = resolve_cohort
        self.rules = rules
        self.whole_days = rules.rolling_window == "whole_days"

    def holds(self, clause: Clause) -> bool:
        return _TRUTH[type(clause)](self, clause)

    def bounds(self, window: Window) -> tuple[int, int]:
        return bounds(window, self.at, self.history.first_event_at, self.whole_days)

    def events(self, match: EventMatch, window: Window) -> list[Event]:
        """The matching events inside the window, ascending."""
        start, end = self.bounds(window)
        inside = _between(self.history.events, start, end)
        return [event for event in inside if _is_match(match, event)]

    def performed(self, clause: Performed) -> bool:
        found = self.events(clause.event, clause.window)
        if not found:
            return False
        return COMPARE[clause.comparison](_measured(clause, found), clause.value)

    def compared_count(self, clause: ComparedCount) -> bool:
        count = len(self.events(clause.event, clause.window))
        return count > 0 and COMPARE[clause.comparison](count, len(self.events(clause.other, clause.window)))

    def nth_time(self, clause: NthTime) -> bool:
        last_year = self.events(clause.event, Rolling(NTH_TIME_LOOKS_BACK_MS))
        if len(last_year) < clause.nth:
            return False
        start, end = self.bounds(clause.window)
        return start <= last_year[clause.nth - 1].at < end

    def distinct_intervals(self, clause: DistinctIntervals) -> bool:
        times = [event.at for event in self.events(clause.event, clause.window)]
        cuts = periods(clause.window, self.at, self.history.first_event_at, self.whole_days, clause.each_period_ms)
        for start, end in cuts:
            distinct = {number_of(time, clause.interval) for time in times if start <= time < end}
            if not distinct or not COMPARE[clause.comparison](len(distinct), clause.value):
                return False
        return bool(times)

    def sequence(self, clause: InSequence) -> bool:
        start, end = self.bounds(clause.window)
        inside = _between(self.history.events, start, end)
        firsts = [index for index, event in enumerate(inside) if _is_match(clause.steps[0], event)]
        if clause.complete_in_ms is None:
            firsts = firsts[:1]
        return any(_completes(clause, inside, first) for first in firsts)

    def retention(self, clause: Retention) -> bool:
        if clause.started.name == FIRST_EVENT:
            start, end = self.bounds(clause.window)
            first = self.history.first_event_at
            starts = [first] if first is not None and start <= first < end else []
        else:
            starts = [event.at for event in self.events(clause.started, clause.window)]
        returns = self.events(clause.returned, Ever())
        return any(clause.from_ms <= back.at - begun < clause.until_ms for begun in starts for back in returns)

    def had_property(self, clause: HadProperty) -> bool:
        condition = clause.filter
        if clause.window is None:
            actual = self.most_recent_value(condition.key)
            return passes(condition.test, condition.values, actual, missing_is_zero=True)
        return any(
            passes(condition.test, condition.values, _stamped(event, condition.key), missing_is_zero=True)
            for event in self.events(EventMatch(ANY_EVENT), clause.window)
        )

    def most_recent_value(self, key: str) -> object:
        """The switch `property_most_recently`: the profile's value, or the one stamped on the latest active event.

        A person without any active event is read from the profile either way.
        """
        if self.rules.property_most_recently == "latest_active_event" and key not in ("user_id", "device_id"):
            active = self.events(EventMatch(ANY_ACTIVE_EVENT), Ever())
            if active:
                return active[-1].user_properties.get(key)
        return self.history.value(key)

    def new(self, clause: New) -> bool:
        first = self.history.first_event_at
        start, end = self.bounds(clause.window)
        return first is not None and start <= first < end

    def active(self, clause: Active) -> bool:
        return bool(self.events(EventMatch(ANY_ACTIVE_EVENT), clause.window))

    def in_cohort(self, clause: InCohort) -> bool:
        return self.resolve_cohort(clause.cohort, self.history.amplitude_id, self.at)

    def had_propensity(self, clause: HadPropensity) -> bool:
        percentile = self.history.propensities.get(clause.prediction)
        return percentile is not None and COMPARE[clause.comparison](percentile, clause.percentile)

    def static_ids(self, clause: StaticIds) -> bool:
        ids = {self.history.amplitude_id, *self.history.merged_ids}
        return not ids.isdisjoint(clause.amplitude_ids) or self.history.user_id in clause.user_ids

    def people(self, clause: People) -> bool:
        raise ValueError(f"people {', '.join(clause.names)} are names of a scenario; bind them to ids first")


_TRUTH: dict[type[object], Callable[[_Judge, Any], bool]] = {
    Performed: _Judge.performed,
    ComparedCount: _Judge.compared_count,
    NthTime: _Judge.nth_time,
    DistinctIntervals: _Judge.distinct_intervals,
    InSequence: _Judge.sequence,
    Retention: _Judge.retention,
    HadProperty: _Judge.had_property,
    New: _Judge.new,
    Active: _Judge.active,
    InCohort: _Judge.in_cohort,
    HadPropensity: _Judge.had_propensity,
    StaticIds: _Judge.static_ids,
    People: _Judge.people,
}

FIRST_EVENT = "_new"
"""As the start of a retention clause: the person's first event of all."""


def _measured(clause: Performed, found: Sequence[Event]) -> float:
    """The count, the sum (a missing or non-numeric value adds 0) or the number of distinct values."""
    if clause.measure is Measure.COUNT:
        return len(found)
    values = [value for event in found for value in elements(event.properties.get(clause.of_property))]
    if clause.measure is Measure.SUM:
        return sum(as_number(value) or 0.0 for value in values)
    return len({as_text(value) for value in values})


def _is_match(match: EventMatch, event: Event) -> bool:
    if match.name == event.name or match.name == ANY_EVENT or (match.name == ANY_ACTIVE_EVENT and event.active):
        return not match.where or event_passes(match.where, event)
    return False


def _between(events: Sequence[Event], start: int, end: int) -> Sequence[Event]:
    """The events with `start <= at < end`; the events ascend by time."""
    first = bisect_left(events, start, key=lambda event: event.at)
    last = bisect_left(events, end, key=lambda event: event.at)
    return events[first:last]


def _completes(clause: InSequence, events: Sequence[Event], first: int) -> bool:
    """Whether the steps follow one another from the event at index `first`, in time."""
    remaining = iter(clause.steps[1:])
    step = next(remaining, None)
    for event in events[first + 1 :]:
        if step is None:
            break
        if _is_match(step, event):
            last_at = event.at
            if clause.complete_in_ms is not None and last_at - events[first].at > clause.complete_in_ms:
                return False
            step = next(remaining, None)
    return step is None


def _stamped(event: Event, key: str) -> object:
    return event.user_properties.get(key)


# --- when an answer may change by itself -----------------------------------------------------------------------


def _clause_change(clause: Clause, history: History, at: Instant, rules: RuleSet) -> Instant | None:
    """The first instant after `at` at which the clause's truth differs, or the last of the instants tried."""
    if isinstance(clause, (InCohort, HadPropensity, StaticIds, People)) or _reads_the_profile(clause, rules):
        return None
    if _is_plain_count(clause, rules) and isinstance(clause, Performed):
        return _count_change(clause, history, at)
    instants = sorted({instant for instant in _instants(clause, history, rules) if instant > at})
    if not instants:
        return None
    now = _Judge(history, at, _no_cohort, rules).holds(clause)
    for instant in instants[:MOST_CANDIDATES]:
        if _Judge(history, Instant(instant), _no_cohort, rules).holds(clause) != now:
            return Instant(instant)
    return Instant(instants[MOST_CANDIDATES]) if len(instants) > MOST_CANDIDATES else None


def _no_cohort(cohort: str, amplitude_id: int, at: Instant) -> bool:
    raise AssertionError(f"no clause that changes with time asks for cohort {cohort}")  # pragma: no cover


def _reads_the_profile(clause: Clause, rules: RuleSet) -> bool:
    return isinstance(clause, HadProperty) and clause.window is None and rules.property_most_recently == "profile"


def _is_plain_count(clause: Clause, rules: RuleSet) -> bool:
    """At least n times in a sliding window: by far the commonest clause, and its exit can be computed outright."""
    return (
        isinstance(clause, Performed)
        and clause.measure is Measure.COUNT
        and clause.comparison is Comparison.AT_LEAST
        and clause.value >= 1
        and isinstance(clause.window, Rolling)
        and not clause.window.offset_ms
        and clause.window.skip is None
        and rules.rolling_window == "sliding"
    )


def _count_change(clause: Performed, history: History, at: Instant) -> Instant | None:
    """A member leaves when the nth newest event drops out; everybody else may change at the next event to come."""
    assert isinstance(clause.window, Rolling)
    times = [event.at for event in history.events if _is_match(clause.event, event)]
    to_come = bisect_left(times, at + 1)
    soonest = [times[to_come]] if to_come < len(times) else []
    wanted = -int(-clause.value // 1)
    if to_come >= wanted:
        exit_at = Instant(times[to_come - wanted] + clause.window.length_ms)
        if exit_at > at:
            soonest.append(exit_at)
    return min(soonest, default=None)


def _instants(clause: Clause, history: History, rules: RuleSet) -> Iterator[int]:
    """Every instant at which some event (or the first one of all) comes into or drops out of what the clause sees."""
    whole_days = rules.rolling_window == "whole_days"
    if isinstance(clause, HadProperty) and clause.window is None:
        yield from _of_events(history.events, Ever(), whole_days)
        return
    window = getattr(clause, "window", Ever())
    if history.first_event_at is not None:
        yield from flips(window, history.first_event_at, whole_days)
    matches = events_of(clause)
    relevant = [event for event in history.events if any(_is_match(match, event) for match in matches)]
    yield from _of_events(relevant, window, whole_days)
    if isinstance(clause, DistinctIntervals) and clause.each_period_ms and isinstance(window, Rolling):
        for cut_ms in range(clause.each_period_ms, window.length_ms, clause.each_period_ms):
            for event in relevant:
                yield from flips(window, event.at, whole_days, cut_ms)
    if isinstance(clause, NthTime):
        yield from _of_events(relevant, Rolling(NTH_TIME_LOOKS_BACK_MS), whole_days)
    if isinstance(clause, Retention):
        yield from (event.at for event in relevant)


def _of_events(events: Iterable[Event], window: Window, whole_days: bool) -> Iterator[int]:
    for event in events:
        yield from flips(window, event.at, whole_days)
