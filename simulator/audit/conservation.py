"""Nobody disappears: everybody wanted is sent or skipped, everybody sent has an outcome (INV-1, INV-4).

Reads the ledger only, in one pass, and shares no code with the engine: who is wanted comes from Amplitude's own pages,
what became of them from the engine's and Braze's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

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


@dataclass(slots=True)
class SyncBook:
    """What is known of one sync while the ledger is read."""

    sync: str
    cohort: str
    heard: bool = True
    """Whether the receiver writes down what it does; a webhook's does not."""
    fates: dict[Person, Fate] = field(default_factory=dict)
    open_since: dict[Person, Moment] = field(default_factory=dict)
    leaving_since: dict[Person, Moment] = field(default_factory=dict)
    this_run: dict[Person, str] = field(default_factory=dict)
    began: int | None = None
    """The page on which the run under way began; None for one that ends where it begins."""


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
        self.ever_added: dict[Home, set[str]] = {}
        """INV-3. Profiles that a cohort call ever put into a cohort, merges followed."""
        self._wanted: dict[str, dict[Person, Moment]] = {}
        self._syncs: dict[str, SyncBook] = {}
        self._answers: dict[str, Answers] = {}
        self._order: deque[str] = deque()
        self._unanswered: dict[tuple[str, Key], tuple[str, Person, str]] = {}

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
                for person in people:
                    book.leaving_since.pop(person, None)
                    if book.fates.get(person, Fate.REMOVED) is Fate.REMOVED:
                        book.open_since.setdefault(person, moment)
        else:
            for person in people:
                wanted.pop(person, None)
            for book in books:
                for person in people:
                    book.open_since.pop(person, None)
                    book.leaving_since[person] = moment

    def _engine(self, page: Page) -> None:
        if page.event == "sync_saved" and page.cohort:
            wanted = self._wanted.get(page.cohort, {})
            heard = page.detail.get("destination") != "webhook"
            self._syncs[page.sync] = SyncBook(page.sync, page.cohort, heard, open_since=dict(wanted))
            return
        book = self._syncs.get(page.sync)
        if book is None:
            return
        if page.event == "skipped":
            for person in (person for strip in page.strips() for person in _people(strip)):
                self._once(book, page, person, "skipped")
                book.fates[person] = Fate.SKIPPED
                book.open_since.pop(person, None)
        elif page.event == "delivered":
            self._delivered(book, page)
        elif page.event == "run_began":
            book.began = page.page
        elif page.event == "run_finished":
            if page.detail.get("status") == "success":
                self._settle(book, page)
            book.this_run.clear()
            book.began = None

    def _delivered(self, book: SyncBook, page: Page) -> None:
        of_request = self._answers.get(page.request, {})
        for strip in page.strips():
            answers = of_request.get((strip.kind, strip.label), {})
            outcomes = set(map(answers.get, strip.values or [""] * strip.size))
            fitting = {"sent_add": ADDING, "sent_remove": REMOVING}.get(strip.outcome, outcomes)
            if book.heard and not outcomes <= fitting:
                self._misfits(book, page, strip, answers, fitting)
            people = _people(strip)
            if strip.outcome == "sent_add":
                self._sent(book, page, strip, people, answers if DROPPED in outcomes else {})
            else:
                self._gone(book, people)

    def _sent(
        self, book: SyncBook, page: Page, strip: Strip, people: Sequence[Person], answers: Mapping[str, str]
    ) -> None:
        """`answers` is empty where nobody was dropped."""
        # A value that was tried and dropped may be followed by the next mapping's in the same run (MAP-2).
        arrived = people
        if answers:
            found = zip(people, strip.values, strict=True)
            arrived = [person for person, value in found if answers.get(value) != DROPPED]
        if book.this_run.keys().isdisjoint(arrived):
            book.this_run.update(dict.fromkeys(arrived, "sent"))
        else:
            for person in arrived:
                self._once(book, page, person, "sent")
        book.fates.update(dict.fromkeys(people, Fate.SENT))
        for person in people:
            book.open_since.pop(person, None)

    def _gone(self, book: SyncBook, people: Sequence[Person]) -> None:
        wanted = self._wanted.get(book.cohort, {})
        book.fates.update(dict.fromkeys(people, Fate.REMOVED))
        for person in people:
            book.leaving_since.pop(person, None)
            if (since := wanted.get(person)) is not None:
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

    def _once(self, book: SyncBook, page: Page, person: Person, how: str) -> None:
        before = book.this_run.setdefault(person, how)
        if before != how:
            self.broken.conservation.append(f"{page.run}: {person} is both {before} and {how}")

    def _settle(self, book: SyncBook, page: Page) -> None:
        """At the end of a successful run nobody who was wanted when it began may be left open."""
        started = page.detail.get("started_at")
        began = Instant(started) if isinstance(started, int) else page.at

        def before(moment: Moment) -> bool:
            return moment[1] <= began and (book.began is None or moment[0] < book.began)

        for person, since in list(book.open_since.items()):
            if before(since):
                self.broken.conservation.append(
                    f"{page.run} succeeded, and {person}, wanted in {book.cohort} since {format_instant(since[1])}, "
                    "was neither sent nor skipped"
                )
                del book.open_since[person]
        for person, since in list(book.leaving_since.items()):
            if not before(since):
                continue
            if book.fates.get(person) is Fate.SENT:
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
        ever_added = self.ever_added.setdefault(home, set())
        for strip in page.strips():
            answers.setdefault((strip.kind, strip.label), {}).update(dict.fromkeys(strip.values, strip.outcome))
            if strip.outcome == ADDED:
                ever_added.update(strip.profiles)
            for value in strip.values if self._unanswered else ():
                self._unanswered.pop((page.request, (strip.kind, value, strip.label)), None)

    def _merge(self, page: Page) -> None:
        rows = page.rows()
        sources = {row[1] for row in rows if row[5] == "merged_away"}
        targets = {row[1] for row in rows if row[5] == "merged_into"}
        for profiles in self.ever_added.values():
            if not profiles.isdisjoint(sources):
                profiles |= targets


def _people(strip: Strip) -> Sequence[Person]:
    """Whoever writes one by one writes text, whoever writes by the thousand numbers."""
    persons = strip.persons
    if persons and isinstance(persons[0], str):
        return [int(person) if str(person).isdecimal() else person for person in persons]
    return persons


def _named(key: Key) -> str:
    kind, value, label = key
    return str(Identifier(Kind(kind), value, label))
