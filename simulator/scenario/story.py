"""The story of one person over both systems: what happened, in which request, by which rule, from which document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.ledger import Entry, Page
from simulator.rules.catalogue import RULES
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant, format_instant
from simulator.rules.outcomes import SENTENCES, Outcome
from simulator.rules.resolution import CHANGE_SENTENCES, IdentityChange
from simulator.scenario.acting.stage import Stage, character
from simulator.scenario.describing.plan import amplitude_side, braze_side


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened to the person."""

    at: Instant
    room: str
    what: str
    rules: tuple[str, ...]
    outcome: str = ""
    identifier: str = ""
    request: str = ""
    run: str = ""
    connection: str = ""
    details: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The documents behind the rules, each once."""
        return tuple(dict.fromkeys(RULES[rule].source for rule in self.rules if rule in RULES))

    def as_plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "at": format_instant(self.at),
            "room": self.room,
            "what": self.what,
            "outcome": self.outcome,
            "identifier": self.identifier,
            "request": self.request,
            "run": self.run,
            "connection": self.connection,
            "details": list(self.details),
            "rules": [
                {"id": rule, "sentence": RULES[rule].sentence, "source": RULES[rule].source}
                for rule in self.rules
                if rule in RULES
            ],
        }


def story(stage: Stage, name: str) -> list[StoryLine]:
    """Everything that happened to a person, in order; what the engine sent stands before what Braze made of it."""
    person = character(stage, name)
    persons = {str(amplitude_id) for amplitude_id in person.amplitude_ids}
    told = list(stage.world.ledger.story(persons, set(person.braze_ids)))
    first_page: dict[str, int] = {}
    for page, _ in told:
        first_page.setdefault(page.request or f"page {page.page}", page.page)

    def place(item: tuple[Page, Entry]) -> tuple[int, int, int]:
        page = item[0]
        return first_page[page.request or f"page {page.page}"], page.room != "engine", page.page

    return [_line(stage, happening) for happening in _in_context(sorted(told, key=place))]


@dataclass(frozen=True, slots=True)
class _Happening:
    """A ledger row, and what has to be known of the rows before it.

    `at` is when it began: a request, when Braze first had it, though the engine writes once it has been answered.
    `tried` are the identifiers that were sent for the person in the same run before, by their place in the hierarchy.
    """

    page: Page
    entry: Entry
    at: Instant
    tried: Mapping[int, Identifier]


def _in_context(told: Sequence[tuple[Page, Entry]]) -> Iterator[_Happening]:
    began: dict[str, Instant] = {}
    for page, _ in told:
        if page.request:
            began[page.request] = min(page.at, began.get(page.request, page.at))
    tried: dict[str, dict[int, Identifier]] = {}
    for page, entry in told:
        at = began[page.request] if page.request and page.room == "engine" else page.at
        before = tried.setdefault(page.run, {})
        yield _Happening(page, entry, at, dict(before))
        if page.room == "engine" and entry.outcome == "sent_add" and entry.identifier is not None:
            before[_rank(entry)] = entry.identifier


def story_text(stage: Stage, name: str) -> str:
    """The story as an author reads it."""
    return "\n".join(story_lines(stage, name))


def story_lines(stage: Stage, name: str) -> Iterator[str]:
    """Who the person was before the first step, then each line with its rules and documents."""
    yield f"{name} in {stage.scenario.title!r} ({stage.scenario.file})"
    person = stage.scenario.people.get(name)
    if person is not None:
        yield f"  at the beginning, Amplitude: {amplitude_side(person, stage.scenario.clock)}"
        for profile in person.profiles or (None,):
            yield f"  at the beginning, Braze: {braze_side(profile)}"
    lines = story(stage, name)
    for line in lines:
        yield f"  {format_instant(line.at)}  {line.room:<9}  {line.what}"
        for detail in line.details:
            yield f"{'':35}{detail}"
        for rule in line.rules:
            if rule in RULES:
                yield f"{'':35}{rule}: {RULES[rule].sentence} [{RULES[rule].source}]"
    if not lines:
        yield "  nothing happened to them"
    yield f"  {_conclusion(stage, name)}"


def _conclusion(stage: Stage, name: str) -> str:
    membership, workspace, partner = stage.world.braze.store.membership, "main", "amplitude"
    own = set(character(stage, name).braze_ids)
    inside = []
    for cohort, cohort_id in stage.cohort_ids.items():
        rows = membership.members(workspace, partner, cohort_id)
        if own & {profile.braze_id for profile in stage.world.braze.store.profiles.by_rows(rows)}:
            inside.append(cohort)
    where = f"a member of {', '.join(inside)}" if inside else "a member of no cohort"
    return f"at the end, {name} is {where} in Braze"


def _line(stage: Stage, happening: _Happening) -> StoryLine:
    page, entry = happening.page, happening.entry
    teller = _TELLERS.get((page.room, page.event), _tell_anything)
    what, details = teller(stage, happening)
    return StoryLine(
        at=happening.at,
        room=page.room,
        what=what,
        rules=entry.rules,
        outcome=entry.outcome,
        identifier=str(entry.identifier or ""),
        request=page.request,
        run=page.run,
        connection=str(page.detail.get("connection", "")),
        details=details,
    )


Told = tuple[str, tuple[str, ...]]


def _cohort(stage: Stage, page: Page) -> str:
    """What a run is about: its cohort, or the traits that it sends."""
    if not page.cohort:
        settings = next(each.settings for each in stage.world.engine.syncs() if each.id == page.sync)
        return f"the traits {', '.join(settings['names'])}"
    names = {cohort_id: name for name, cohort_id in stage.cohort_ids.items()}
    return names.get(page.cohort, page.cohort)


def _tell_entry(stage: Stage, happening: _Happening) -> Told:
    page, entry = happening.page, happening.entry
    verb = "enters" if page.event == "entered" else "leaves"
    return f"{verb} the cohort {_cohort(stage, page)}{f' {entry.note}' if entry.note else ''}", ()


def _tell_identity(stage: Stage, happening: _Happening) -> Told:
    entry = happening.entry
    return f"{CHANGE_SENTENCES.get(IdentityChange(entry.outcome), entry.outcome)} ({entry.note})", ()


def _tell_skip(stage: Stage, happening: _Happening) -> Told:
    page, entry = happening.page, happening.entry
    tried = entry.note.partition(": no value for ")[2].split(", ")
    details = tuple(f"tried {name}: no value" for name in tried if name)
    return f"skipped in run {page.run} of {_cohort(stage, page)}: {SENTENCES[entry.note.split(':')[0]]}", details


_VERBS = {
    "sent_add": "sent to be added",
    "sent_remove": "sent to be removed",
    "sent_attributes": "attributes sent",
    Outcome.SKIPPED: "attributes refused by Braze",
}
"""How a delivery is told; of those that arrived only attributes are refused one by one (TRACK-1)."""


def _tell_delivery(stage: Stage, happening: _Happening) -> Told:
    page, entry = happening.page, happening.entry
    hierarchy = page.detail.get("hierarchy", [])
    mappings = [str(each) for each in hierarchy] if isinstance(hierarchy, list) else []
    verb = _VERBS.get(entry.outcome, entry.outcome)
    if entry.outcome == Outcome.UNDELIVERED:
        verb = f"{entry.note.partition(':')[0]} undelivered"
    operation, status, attempts = (page.detail.get(key) for key in ("operation", "status", "attempts"))
    answer = f"answered {status}" if status else f"no answer ({page.detail.get('failure')})"
    tries = f" at attempt {attempts}" if isinstance(attempts, int) and attempts > 1 else ""
    if page.at != happening.at:
        tries += f"{',' if tries else ''} at {format_instant(page.at)}"
    what = f"{verb} as {entry.identifier} in run {page.run} of {_cohort(stage, page)}"
    if attempts == 0:
        return what, (*_tried(happening, mappings), f"never sent: {_failure(stage, page)}")
    request = f"request {page.request[:12]}… {operation}, {answer}{tries}"
    refused = (entry.note.partition(": ")[2],) if entry.outcome == Outcome.SKIPPED else ()
    return what, (*_tried(happening, mappings), request, *refused)


def _failure(stage: Stage, page: Page) -> str:
    """Why the run of a page had failed before this request's turn."""
    runs = stage.world.engine.runs(page.sync)
    return next((run.reason for run in runs if page.run == f"{page.sync}/{run.number}"), "") or "the run had ended"


def _tried(happening: _Happening, mappings: list[str]) -> tuple[str, ...]:
    """Each mapping that was tried and the value that was found."""
    entry = happening.entry
    if entry.outcome == "sent_remove":
        return (f"{entry.identifier}: {entry.note}",)
    if entry.note.startswith("removal: "):
        return ()
    rank = _rank(entry)
    tried = []
    for place, mapping in enumerate(mappings[:rank]):
        sent = happening.tried.get(place)
        tried.append(f"tried {mapping}: " + (f"{sent.value!r}, which Braze did not match" if sent else "no value"))
    if rank < len(mappings) and entry.identifier is not None:
        tried.append(f"tried {mappings[rank]}: {entry.identifier.value!r}")
    return tuple(tried)


def _rank(entry: Entry) -> int:
    """The place in the hierarchy of the mapping that an identifier was sent by, from 0."""
    if not entry.note.startswith("by mapping "):
        return 0
    return int(entry.note.removeprefix("by mapping ").partition(",")[0]) - 1


def _tell_change(stage: Stage, happening: _Happening) -> Told:
    entry = happening.entry
    reason, _, near = entry.note.partition(": ")
    told = SENTENCES.get(reason) if entry.outcome == Outcome.DROPPED else SENTENCES.get(entry.outcome)
    owner = stage.cast.by_braze_id(entry.profile) if entry.profile else None
    details = (near,) if near else ()
    found = f" (profile {entry.profile}{f' of {owner}' if owner else ''})" if entry.profile else ""
    return f"looked up {entry.identifier}: {told or entry.outcome}{found}", details


def _tell_created(stage: Stage, happening: _Happening) -> Told:
    entry = happening.entry
    if entry.identifier is None or entry.identifier.kind is not Kind.DEVICE_ID:
        return _tell_anything(stage, happening)
    return f"Braze's SDK made an anonymous profile on {entry.identifier} (profile {entry.profile})", ()


def _tell_currents(stage: Stage, happening: _Happening) -> Told:
    entry = happening.entry
    came = "came back" if entry.outcome == "sent_event" else "did not come back"
    return f"{came} to Amplitude{f' as {entry.identifier}' if entry.identifier else ''}: {entry.note}", ()


def _tell_anything(stage: Stage, happening: _Happening) -> Told:
    page, entry = happening.page, happening.entry
    words = entry.outcome.replace("_", " ") or page.event.replace("_", " ")
    identifier = f" {entry.identifier}" if entry.identifier else ""
    return f"{words}{identifier}{f': {entry.note}' if entry.note else ''}", ()


_TELLERS: dict[tuple[str, str], Callable[[Stage, _Happening], Told]] = {
    ("amplitude", "entered"): _tell_entry,
    ("amplitude", "left"): _tell_entry,
    ("amplitude", "identity"): _tell_identity,
    ("engine", "skipped"): _tell_skip,
    ("engine", "delivered"): _tell_delivery,
    ("engine", "undelivered"): _tell_delivery,
    ("engine", "currents_sent"): _tell_currents,
    ("engine", "currents_dropped"): _tell_currents,
    ("braze", "cohort_changed"): _tell_change,
    ("phone", "profile_created"): _tell_created,
}
