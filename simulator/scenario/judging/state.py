"""Expectations about where things stand: convergence, promises kept, profiles, stories, answers to calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from simulator.fakes.braze.users.export import EXPORTED_FIELDS, Documents
from simulator.feeds import UnknownCohort
from simulator.population.people import Person
from simulator.rules.mapping import candidates
from simulator.rules.matching import Hit, match
from simulator.scenario.acting.stage import PARTNER, WORKSPACE
from simulator.scenario.events import Difference
from simulator.scenario.judging.evidence import Evidence, all_fates, listed
from simulator.scenario.judging.fates import ADD
from simulator.scenario.model import expectations as model
from simulator.scenario.model.steps.wire import Answer
from simulator.scenario.story import story_text
from simulator.sync.destinations.braze_cohorts import BrazeCohorts
from simulator.sync.ports import Response
from simulator.sync.store.records import Sync, SyncKind, SyncState


def named(evidence: Evidence, expected: model.Named) -> Iterator[Difference]:
    """SYNC-2. The name that Braze's dashboard shows, apart from the id that stands in for one."""
    stage = evidence.stage
    for cohort, wish in expected.value.items():
        found = stage.world.braze.store.membership.cohort(WORKSPACE, PARTNER, stage.cohort_ids[cohort])
        name = found.name if found is not None and found.name is not None else "none"
        if name != wish:
            yield Difference(evidence.spot(expected, cohort), f"name of {cohort} in Braze", wish, name)


def converged(evidence: Evidence, expected: model.Converged) -> Iterator[Difference]:
    """Braze's members against those whom the rules would reach now, over all syncs of each cohort."""
    stage = evidence.stage
    names = {cohort_id: name for name, cohort_id in stage.cohort_ids.items()}
    differing: list[str] = []
    for cohort_id in dict.fromkeys(sync.cohort for sync in _live(evidence)):
        reached = set().union(*(_reached(evidence, sync) for sync in _live(evidence) if sync.cohort == cohort_id))
        rows = stage.world.braze.store.membership.members(WORKSPACE, PARTNER, cohort_id)
        there = {profile.braze_id for profile in stage.world.braze.store.profiles.by_rows(rows)}
        name = names.get(cohort_id, cohort_id)
        for label, profiles in ((f"missing from {name}", reached - there), (f"left over in {name}", there - reached)):
            if profiles:
                differing.append(f"{label}: {listed(stage.profile_name(each) for each in profiles)}")
    if bool(differing) is expected.value:
        wish = "Braze's members are those whom the rules reach" if expected.value else "they differ"
        yield evidence.difference(expected, "converged", wish, "; ".join(differing) or "they are the same")


def _live(evidence: Evidence) -> list[Sync]:
    """Syncs of cohorts with Braze that were not deleted."""
    engine = evidence.stage.world.engine
    return [
        sync
        for sync in engine.syncs()
        if sync.kind is SyncKind.COHORT
        and sync.state is not SyncState.DELETED
        and engine.setup.connection(sync.connection).kind == BrazeCohorts.kind
    ]


def _reached(evidence: Evidence, sync: Sync) -> set[str]:
    """MAP-2. The profiles that the members' identifiers mean under the rules in force, asked a thousand at a time."""
    world = evidence.stage.world
    mappings = world.engine.setup.connection(sync.connection).mappings
    considered = mappings[:1] if world.rules.fallback == "off" else mappings
    try:
        feed = world.amplitude.cohorts.source().changes(sync.cohort, None, world.clock.now)
    except UnknownCohort:
        return set()
    pending = [candidates(user, considered) for user in feed.entered]
    reached: set[str] = set()
    while pending:
        page, pending = pending[:CANDIDATES_AT_ONCE], pending[CANDIDATES_AT_ONCE:]
        asked = [(tries, resolved.identifier) for tries in page if (resolved := next(tries, None)) is not None]
        found = world.braze.store.candidates.fetch(WORKSPACE, [identifier for _, identifier in asked])
        for (tries, identifier), profiles_found in zip(asked, found, strict=True):
            verdict = match(identifier, profiles_found, world.rules)
            if isinstance(verdict, Hit):
                reached.add(verdict.profile.braze_id)
            elif world.rules.fallback == "on_no_match":
                pending.append(tries)
    return reached


CANDIDATES_AT_ONCE = 1_000
SHOWN_CHARACTERS = 400
"""So much of an answer is shown beside what it should have been."""


def outcomes(evidence: Evidence, expected: model.Outcomes) -> Iterator[Difference]:
    """Each generated person's first run against the promise of birth."""
    stage = evidence.stage
    assert stage.population is not None, "the parser asks for a population"
    label = stage.population.recipe.alias_label
    people = {person.name: person for person in stage.population}
    told = broken = 0
    for sync in _live(evidence):
        mappings = next(iter(stage.world.engine.runs(sync.id))).mappings
        promises: dict[object, Any] = {}
        for fate in all_fates(stage):
            person = people.get(stage.person_name(fate.person))
            if person is None or fate.run != f"{sync.id}/1" or fate.direction != ADD:
                continue
            told += 1
            born = promises.get(person.birth)
            if born is None:
                born = promises[person.birth] = person.birth.promised(mappings, stage.world.rules, label)
            if (born.outcome, born.reason) != (fate.outcome, fate.reason if born.reason else None):
                broken += 1
                if broken <= 5:
                    promised = f"{born.outcome} {born.reason or ''} ({born.why})"
                    yield evidence.difference(
                        expected, f"the fate of {_described(person)}", promised, f"{fate.outcome} {fate.note}",
                        evidence.why(person.name),
                    )  # fmt: skip
    if broken > 5:
        yield evidence.difference(expected, "promises", "all kept", f"{broken:,} of {told:,} broken")
    if not told:
        yield evidence.difference(expected, "promises", "generated people in a first run", "none was in any")


def _described(person: Person) -> str:
    return f"{person.name} ({person.kind}{f', {person.dirt}' if person.dirt != 'none' else ''})"


def profiles(evidence: Evidence, expected: model.Profiles) -> Iterator[Difference]:
    """The documented export of a profile, field by field."""
    stage = evidence.stage
    documents = Documents(stage.world.braze.room)
    for name, wanted in expected.value.items():
        where = evidence.spot(expected, name)
        found = stage.profiles_of(name)
        if not isinstance(wanted, Mapping):
            if found:
                told = ", ".join(as_json_text(each) for each in documents.of(found, EXPORTED_FIELDS, stage.now))
                counted = f"{len(found)} profile{'s' if len(found) > 1 else ''}"
                yield Difference(where, f"the profile of {name}", "none", counted, told)
            continue
        shown = documents.of(found, EXPORTED_FIELDS, stage.now)
        tried = [list(differing_parts(dict(wanted), document)) for document in shown]
        if not tried:
            yield Difference(where, f"the profile of {name}", as_json_text(dict(wanted)), "no profile")
        elif all(tried):
            for path, wish, got in min(tried, key=len):
                yield Difference(where, f"{path} of {name}'s profile", as_json_text(wish), as_json_text(got))


def as_json_text(value: object) -> str:
    """A value as JSON, for messages."""
    return orjson.dumps(value).decode()


def differing_parts(wanted: object, found: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Where a value departs from what is wanted; a wanted mapping may leave keys out, null means no value."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, wish in wanted.items():
            yield from differing_parts(wish, found.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (wish, got) in enumerate(zip(wanted, found, strict=True)):
            yield from differing_parts(wish, got, f"{path}[{index}]")
    elif wanted != found or isinstance(wanted, bool) is not isinstance(found, bool):
        yield path or "the body", wanted, found


def story(evidence: Evidence, expected: model.Story) -> Iterator[Difference]:
    """Words in the story of a person."""
    for name, words in expected.value.items():
        told = story_text(evidence.stage, name)
        for word in words:
            if word not in told:
                where = evidence.spot(expected, f"{name}.{word}", name)
                yield Difference(where, f"the story of {name}", f"it says {word!r}", "it does not", told)


def answer(expected: Answer, response: Response) -> Iterator[Difference]:
    """The answer to a `call`."""
    text = response.body.decode("utf-8", "replace")
    shown = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
    if expected.status is not None and response.status != expected.status:
        where = expected.spots.get("status", expected.where)
        yield Difference(where, "status", str(expected.status), str(response.status), shown)
    if expected.body is not None:
        try:
            body: object = orjson.loads(response.body)
        except orjson.JSONDecodeError:
            body = text
        where = expected.spots.get("body", expected.where)
        for path, wish, got in differing_parts(expected.body, body):
            yield Difference(where, path, as_json_text(wish), as_json_text(got), shown)
    for words in expected.contains:
        if words not in text:
            yield Difference(expected.spots.get("contains", expected.where), "body", f"contains {words!r}", shown)
    for name, value in expected.headers.items():
        got = response.headers.get(name.lower())
        if got != value:
            told = "no such header" if got is None else got
            yield Difference(expected.spots.get("headers", expected.where), f"header {name}", value, told)
