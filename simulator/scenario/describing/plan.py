"""The expanded timeline of a scenario, without running it: who exists where, and what happens when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.feeds import MAIN
from simulator.rules.instants import Instant, format_duration, format_instant
from simulator.scenario.checks import sync_names
from simulator.scenario.language.quantities import Amount, Moment
from simulator.scenario.language.records import Record, keys_of
from simulator.scenario.model.expect import Expect, Reading
from simulator.scenario.model.expectations import Expectation
from simulator.scenario.model.people import PastEvent, Person, Profile
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.model.steps.base import Step, verb_of
from simulator.scenario.model.steps.flow import Advance
from simulator.scenario.model.steps.syncs import Sync


def plan_lines(scenario: Scenario) -> Iterator[str]:
    """The plan as lines of text."""
    yield scenario.title
    reading = f"rules {scenario.rules}"
    yield f"  {scenario.file} · seed {scenario.seed} · clock {format_instant(scenario.clock)} · {reading}"
    yield "people"
    width = max((len(name) for name in scenario.people), default=0)
    for name, person in scenario.people.items():
        places = "" if person.projects == (MAIN,) else f" · project {', '.join(person.projects)}"
        yield f"  {name:<{width}}  Amplitude: {amplitude_side(person, scenario.clock)}{places}"
        for profile in person.profiles or (None,):
            yield f"  {'':<{width}}  Braze: {braze_side(profile)}"
    if scenario.population is not None:
        yield f"  {scenario.population.size:,} generated people, p000000 and so on"
    yield "connections"
    for name, connection in scenario.connections.items():
        kind = "" if connection.webhook is None else "webhook: "
        ways = ", then ".join(str(each) for each in connection.identify_by)
        yield f"  {name}  {kind}{ways}{_place(connection.project)}"
    yield "cohorts"
    for name, cohort in scenario.cohorts.items():
        yield f"  {name}  {written(cohort.written)}{_place(cohort.project)}"
    yield "timeline"
    yield from _timeline(scenario)


def _place(project: str) -> str:
    """Where something is, unless it is in the first project like nearly everything."""
    return "" if project == MAIN else f" · project {project}"


def _timeline(scenario: Scenario) -> Iterator[str]:
    names = sync_names(scenario)
    now: Instant | None = scenario.clock
    for index, step in enumerate(scenario.timeline):
        if step.at is not None:
            now = _seen(step.at, now)
        shown = format_instant(now) if now is not None else "when that is done"
        called = f"   # the sync {names[index]!r}" if isinstance(step, Sync) and step.name is None else ""
        yield f"  {index + 1:>3}  {shown:<20}  line {step.where.line:<4} {step_text(step)}{called}"
        if isinstance(step, Advance):
            now = _advanced(step, now)


def _seen(moment: Moment, now: Instant | None) -> Instant | None:
    if moment.instant is not None:
        return moment.instant
    return None if now is None else moment.seen_from(now)


def _advanced(step: Advance, now: Instant | None) -> Instant | None:
    if step.by_ms is not None:
        return None if now is None else Instant(now + step.by_ms)
    return _seen(step.until, now) if isinstance(step.until, Moment) else None


def amplitude_side(person: Person, clock: Instant) -> str:
    """What Amplitude knows of a person before the first step."""
    if not person.in_amplitude:
        return "unknown"
    ids = {"user_id": person.user_id, "device_id": person.device_id}
    parts = [f"{name} {value!r}" for name, value in ids.items() if value is not None]
    parts += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in person.properties.items()]
    parts += [_past(event, clock) for event in person.events]
    return ", ".join(parts)


def _past(event: PastEvent, clock: Instant) -> str:
    times = f" {event.times} times" if event.times > 1 else ""
    return f"performed {event.name}{times} (last at {format_instant(event.instants(clock)[-1])})"


def braze_side(profile: Profile | None) -> str:
    """What Braze knows of a person before the first step."""
    if profile is None:
        return "unknown"
    kind = (
        "anonymous"
        if profile.external_id is None
        else "once anonymous, identified"
        if profile.once_anonymous
        else "identified"
    )
    parts = [f"{kind} profile"]
    if profile.external_id is not None:
        parts.append(f"external_id {profile.external_id!r}")
    parts += [f"alias {label}:{name}" for label, name in profile.aliases.items()]
    parts += [f"device {device!r}" for device in profile.device_ids]
    parts += [f"formerly {old!r}" for old in profile.deprecated_external_ids]
    parts += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in profile.attributes.items()]
    return ", ".join(parts)


def step_text(step: Step) -> str:
    """A step in one line, as it could be written."""
    verb = verb_of(type(step))
    if isinstance(step, Expect):
        options = written_keys(step)
        options |= {verb_of(type(each)): each.value for each in step.expectations}
        return f"{verb}: {written(options)}"
    return f"{verb}: {written(step)}"


def written_keys(record: Record) -> dict[str, Any]:
    """The keys of a record that differ from their defaults."""
    values = {each.name: (getattr(record, each.attribute), each.default) for each in keys_of(type(record))}
    return {
        name: value for name, (value, default) in values.items() if value != default and value not in ((), {}, None)
    }


def written(value: Any) -> str:
    """A value in one line of flow YAML; durations and amounts as an author writes them."""
    if isinstance(value, Expectation):
        return written(value.value)
    if isinstance(value, Record):
        durations = {each.name for each in keys_of(type(value)) if each.attribute.endswith("_ms")}
        keys = written_keys(value)
        if set(keys) == {value.SHORT}:
            only = keys[value.SHORT]
            return format_duration(only) if value.SHORT in durations else written(only)
        return written({k: format_duration(v) if k in durations else v for k, v in keys.items()})
    if isinstance(value, Moment | Amount):
        return value.text
    if isinstance(value, Reading):
        named = {"set": value.base} if value.base else {}
        return written({**named, **value.switches}) if value.switches else value.base
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        if hasattr(value, "_fields"):
            return str(value)
        return "[" + ", ".join(written(each) for each in value) + "]"
    if isinstance(value, str):
        return value
    if isinstance(value, bool | None):
        return json.dumps(value)
    return str(value)
