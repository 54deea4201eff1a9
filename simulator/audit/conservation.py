"""Nobody disappears: everybody wanted is sent or skipped, everybody sent has an outcome (INV-1, INV-4).

Reads the ledger only, in one pass, and shares no code with the engine: who is wanted comes from Amplitude's own pages,
what became of them from the engine's and Braze's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress
from typing import cast

from simulator.audit.tallies import Tallies
from simulator.ids import split_id
from simulator.ledger import PackedRow, Page, Strip
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant, format_instant
from simulator.rules.outcomes import Outcome

REQUESTS_REMEMBERED = 4_096
"""Braze's page stands before the engine's for the same request; so many may lie between the two."""

ADDED, DROPPED = Outcome.ADDED.value, Outcome.DROPPED.value
ADDING = frozenset({ADDED, Outcome.ALREADY_THERE.value, DROPPED})
REMOVING = frozenset({Outcome.REMOVED.value, Outcome.ALREADY_GONE.value, DROPPED})
Moment = tuple[int, Instant]
"""A page and its instant: what is written later at the same instant came later."""
Home = tuple[str, str, str]
"""Workspace, partner and cohort id: what a cohort is in Braze."""


class Fate(StrEnum):
    """Where one person stands in one sync."""

    SENT = "sent"
    SKIPPED = "skipped"
    REMOVED = "removed"


class Stand:
    """What one run made of somebody; each run has its own, so that being the same one says in which run it was."""

    def __init__(self, fate: Fate) -> None:
        self.fate = fate


class RunStands:
    """The stands of one run of a sync. Whoever was sent and dropped may be tried again, or skipped, in it (MAP-2)."""

    def __init__(self) -> None:
        self.sent = Stand(Fate.SENT)
        self.dropped = Stand(Fate.SENT)
        self.skipped = Stand(Fate.SKIPPED)


NOWHERE = Stand(Fate.REMOVED)
"""Whoever was removed, or never sent."""


@dataclass(slots=True)
class SyncBook:
    """What is known of one sync while the ledger is read."""

    sync: str
    cohort: str
    heard: bool = True
    """Whether the receiver writes down what it does; a webhook's does not."""
    fates: dict[Person, Stand] = field(default_factory=dict)
    open_since: dict[Person, Moment] | None = None
    """Who is wanted and neither sent nor skipped; worked out when the first run has ended, since before that it may be
    a million."""
    leaving_since: dict[Person, Moment] = field(default_factory=dict)
    this_run: RunStands = field(default_factory=RunStands)
    began: int | None = None
    """The page on which the run under way began; None for one that ends where it begins."""

    def close(self, people: Iterable[Person]) -> None:
        """They were sent or skipped, or left."""
        if self.open_since:
            for person in people:
                self.open_since.pop(person, None)

    def opened(self, wanted: Mapping[Person, Moment]) -> dict[Person, Moment]:
        """Who is wanted and neither sent nor skipped, and since when."""
        if self.open_since is None:
            self.open_since = {}
            stands = set(self.fates.values())
            if NOWHERE in stands or not wanted.keys() <= self.fates.keys():
                for person, since in wanted.items():
                    if self.fates.get(person, NOWHERE) is NOWHERE:
                        self.open_since[person] = since
        return self.open_since


@dataclass(slots=True)
class Broken:
    """What does not hold, by invariant."""

    conservation: list[str] = field(default_factory=list)
    removal: list[str] = field(default_factory=list)


Person = int | str
"""Amplitude's id. A million numbers take half the memory of as many texts."""
Key = tuple[str, str, str]
"""Kind, value and label of an identifier."""
Answers = dict[tuple[str, str], dict[str, str]]
"""Braze's outcome of each value of a request, by kind and label."""


class Conservation:
    """One pass over the pages of a ledger. Works on bare rows: a sync may have millions."""

    def __init__(self) -> None:
        self.broken = Broken()
        self.ever_added: dict[Home, dict[str, set[int]]] = {}
        """INV-3. Profiles that a cohort call ever put into a cohort, merges followed: the numbers of each stem."""
        self._wanted: dict[str, dict[Person, Moment]] = {}
        self._syncs: dict[str, SyncBook] = {}
        self._answers: dict[str, Answers] = {}
        self._order: deque[str] = deque()
        self._unanswered: dict[tuple[str, Key], tuple[str, Person, str]] = {}
        self._tallies = Tallies()

    def read(self, pages: Iterable[Page]) -> Broken:
        """Everything that does not hold once all pages have been read."""
        for page in pages:
            if page.room == "amplitude":
                self._amplitude(page)
            elif page.room == "engine":
                self._engine(page)
            elif page.event == "cohort_changed":
                self._braze(page)
            elif page.event == "profile_merged":
                self._merge(page)
        for (request, key), (sync, person, direction) in self._unanswered.items():
            self.broken.conservation.append(
                f"{sync}: {person} was sent ({direction}) by {_named(key)} in request {request}, "
                "and Braze has no outcome"
            )
        return self.broken

    def _amplitude(self, page: Page) -> None:
        if page.event not in ("entered", "left"):
            return
        wanted = self._wanted.setdefault(page.cohort, {})
        books = [book for book in self._syncs.values() if book.cohort == page.cohort]
        people = [person for strip in page.strips() for person in _people(strip)]
        moment = (page.page, page.at)
        if page.event == "entered":
            wanted.update(dict.fromkeys(people, moment))
            for book in books:
                for person in people if book.leaving_since else ():
                    book.leaving_since.pop(person, None)
                if book.open_since is not None:
                    for person in people:
                        if book.fates.get(person, NOWHERE) is NOWHERE:
                            book.open_since.setdefault(person, moment)
        else:
            for person in people:
                wanted.pop(person, None)
            for book in books:
                book.close(people)
                book.leaving_since.update(dict.fromkeys(people, moment))

    def _engine(self, page: Page) -> None:
        if page.event == "sync_saved" and page.cohort:
            heard = page.detail.get("destination") != "webhook"
            self._syncs[page.sync] = SyncBook(page.sync, page.cohort, heard)
            return
        strips: Sequence[Strip] = ()
        if page.event in ("delivered", "undelivered", "skipped"):
            strips = page.strips()
            self.broken.conservation += self._tallies.note(page, strips)
        elif page.event == "run_finished":
            self.broken.conservation += self._tallies.close(page)
        book = self._syncs.get(page.sync)
        if book is None:
            return
        if page.event == "skipped":
            for person in (person for strip in strips for person in _people(strip)):
                if book.fates.get(person) is book.this_run.sent:
                    self._twice(page, person, "sent and skipped")
                book.fates[person] = book.this_run.skipped
                book.close((person,))
        elif page.event == "delivered":
            self._delivered(book, page, strips)
        elif page.event == "run_began":
            book.began = page.page
        elif page.event == "run_finished":
            if page.detail.get("status") == "success":
                self._settle(book, page)
            book.this_run = RunStands()
            book.began = None

    def _delivered(self, book: SyncBook, page: Page, strips: Sequence[Strip]) -> None:
        of_request = self._answers.pop(page.request, {})
        for strip in strips:
            answers = of_request.get((strip.kind, strip.label), {})
            outcomes = list(map(answers.get, strip.values or [""] * strip.size))
            different = set(outcomes)
            fitting = {"sent_add": ADDING, "sent_remove": REMOVING}.get(strip.outcome, different)
            if book.heard and not different <= fitting:
                self._misfits(book, page, strip, answers, fitting)
            people = _people(strip)
            if strip.outcome == "sent_add":
                self._sent(book, page, people, outcomes if DROPPED in different else ())
            else:
                self._gone(book, people)

    def _sent(self, book: SyncBook, page: Page, people: Sequence[Person], outcomes: Sequence[str | None]) -> None:
        """`outcomes` is empty where nobody was dropped."""
        fates, this_run = book.fates, book.this_run
        dropped = [outcome == DROPPED for outcome in outcomes]
        if this_run.skipped in set(map(fates.get, people)):
            gone = set(compress(people, dropped))
            for person in people:
                if fates.get(person) is this_run.skipped and person not in gone:
                    self._twice(page, person, "skipped and sent")
        fates.update(dict.fromkeys(people, this_run.sent))
        fates.update(dict.fromkeys(compress(people, dropped), this_run.dropped))
        book.close(people)

    def _gone(self, book: SyncBook, people: Sequence[Person]) -> None:
        wanted = self._wanted.get(book.cohort, {})
        book.fates.update(dict.fromkeys(people, NOWHERE))
        for person in people:
            book.leaving_since.pop(person, None)
            if book.open_since is not None and (since := wanted.get(person)) is not None:
                book.open_since[person] = since

    def _misfits(
        self, book: SyncBook, page: Page, strip: Strip, answers: Mapping[str, str], fitting: Collection[str | None]
    ) -> None:
        rows = page.rows()
        for person, value in zip(_people(strip), strip.values or [""] * strip.size, strict=True):
            outcome = answers.get(value, "")
            if outcome not in fitting:
                self._misfit(book, page, rows, (person, (strip.kind, value, strip.label), strip.outcome), outcome)

    def _misfit(
        self, book: SyncBook, page: Page, rows: Sequence[PackedRow], sent: tuple[Person, Key, str], outcome: str
    ) -> None:
        """Braze's outcome of one identifier is missing, or does not fit what was asked."""
        person, key, direction = sent
        if not key[0]:
            self.broken.conservation.append(f"{book.sync}: {person} was sent without an identifier")
        elif not outcome:
            self._unanswered[page.request, key] = (book.sync, person, direction)
        # One request may carry the same identifier in both directions; the later one is what is remembered.
        elif len({row[5] for row in rows if (row[2], row[3], row[4]) == key}) == 1:
            self.broken.removal.append(
                f"{book.sync}: {person} was {direction} by {_named(key)}, and Braze says {outcome}"
            )

    def _twice(self, page: Page, person: Person, how: str) -> None:
        self.broken.conservation.append(f"{page.run}: {person} is both {how}")

    def _settle(self, book: SyncBook, page: Page) -> None:
        """At the end of a successful run nobody who was wanted when it began may be left open."""
        started = page.detail.get("started_at")
        began = Instant(started) if isinstance(started, int) else page.at

        def before(moment: Moment) -> bool:
            return moment[1] <= began and (book.began is None or moment[0] < book.began)

        open_since = book.opened(self._wanted.get(book.cohort, {}))
        for person, since in list(open_since.items()):
            if before(since):
                self.broken.conservation.append(
                    f"{page.run} succeeded, and {person}, wanted in {book.cohort} since {format_instant(since[1])}, "
                    "was neither sent nor skipped"
                )
                del open_since[person]
        for person, since in list(book.leaving_since.items()):
            if not before(since):
                continue
            if book.fates.get(person, NOWHERE).fate is Fate.SENT:
                self.broken.removal.append(
                    f"{page.run} succeeded, and {person}, who left {book.cohort} at {format_instant(since[1])}, "
                    "was never sent as a removal"
                )
            book.fates.pop(person, None)
            del book.leaving_since[person]

    def _braze(self, page: Page) -> None:
        answers = self._answers.get(page.request)
        if answers is None:
            answers = self._answers[page.request] = {}
            self._order.append(page.request)
            if len(self._order) > REQUESTS_REMEMBERED:
                self._answers.pop(self._order.popleft(), None)
        home = (str(page.detail["workspace"]), str(page.detail["partner"]), page.cohort)
        ever_added = self.ever_added.setdefault(home, {})
        for strip in page.strips():
            answers.setdefault((strip.kind, strip.label), {}).update(dict.fromkeys(strip.values, strip.outcome))
            if strip.outcome == ADDED:
                _add(ever_added, strip)
            for value in strip.values if self._unanswered else ():
                self._unanswered.pop((page.request, (strip.kind, value, strip.label)), None)

    def _merge(self, page: Page) -> None:
        rows = page.rows()
        sources = [split_id(row[1]) for row in rows if row[5] == "merged_away"]
        targets = [split_id(row[1]) for row in rows if row[5] == "merged_into"]
        for profiles in self.ever_added.values():
            if any(number in profiles.get(stem, ()) for stem, number in sources):
                for stem, number in targets:
                    profiles.setdefault(stem, set()).add(number)


def _add(profiles: dict[str, set[int]], strip: Strip) -> None:
    if strip.stem:
        profiles.setdefault(strip.stem, set()).update(cast("Sequence[int]", strip.profiles))
    else:
        for stem, number in map(split_id, map(str, strip.profiles)):
            profiles.setdefault(stem, set()).add(number)


def _people(strip: Strip) -> Sequence[Person]:
    """Whoever writes one by one writes text, whoever writes by the thousand numbers."""
    persons = strip.persons
    if persons and isinstance(persons[0], str):
        return [int(person) if str(person).isdecimal() else person for person in persons]
    return persons


def _named(key: Key) -> str:
    kind, value, label = key
    return str(Identifier(Kind(kind), value, label))
