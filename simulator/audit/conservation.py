"""Nobody disappears: everybody wanted is sent or skipped, everybody sent has an outcome (INV-1, INV-4).

Reads the ledger only, in one pass, and shares no code with the engine: who is wanted comes from Amplitude's own pages,
what became of them from the engine's and Braze's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from simulator.ledger import Entry, Page
from simulator.rules.identity import Identifier
from simulator.rules.instants import Instant, format_instant
from simulator.rules.outcomes import Outcome

REQUESTS_REMEMBERED = 4_096
"""Braze's page stands before the engine's for the same request; so many may lie between the two."""

ADDING = frozenset({Outcome.ADDED.value, Outcome.ALREADY_THERE.value, Outcome.DROPPED.value})
REMOVING = frozenset({Outcome.REMOVED.value, Outcome.ALREADY_GONE.value, Outcome.DROPPED.value})


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
    fates: dict[str, Fate] = field(default_factory=dict)
    open_since: dict[str, Instant] = field(default_factory=dict)
    leaving_since: dict[str, Instant] = field(default_factory=dict)
    this_run: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Broken:
    """What does not hold, by invariant."""

    conservation: list[str] = field(default_factory=list)
    removal: list[str] = field(default_factory=list)


class Conservation:
    """One pass over the pages of a ledger."""

    def __init__(self) -> None:
        self.broken = Broken()
        self._wanted: dict[str, dict[str, Instant]] = {}
        self._syncs: dict[str, SyncBook] = {}
        self._answers: dict[str, dict[Identifier, str]] = {}
        self._order: deque[str] = deque()
        self._unanswered: dict[tuple[str, Identifier], tuple[str, str, str]] = {}

    def read(self, pages: Iterable[Page]) -> Broken:
        """Everything that does not hold once all pages have been read."""
        for page in pages:
            if page.room == "amplitude":
                self._amplitude(page)
            elif page.room == "engine":
                self._engine(page)
            elif page.event == "cohort_changed":
                self._braze(page)
        for (request, identifier), (sync, person, direction) in self._unanswered.items():
            self.broken.conservation.append(
                f"{sync}: {person} was sent ({direction}) by {identifier} in request {request}, "
                "and Braze has no outcome"
            )
        return self.broken

    def _amplitude(self, page: Page) -> None:
        if page.event not in ("entered", "left"):
            return
        wanted = self._wanted.setdefault(page.cohort, {})
        books = [book for book in self._syncs.values() if book.cohort == page.cohort]
        for entry in page.entries:
            if page.event == "entered":
                wanted[entry.person] = page.at
                for book in books:
                    book.leaving_since.pop(entry.person, None)
                    if book.fates.get(entry.person, Fate.REMOVED) is Fate.REMOVED:
                        book.open_since.setdefault(entry.person, page.at)
            else:
                wanted.pop(entry.person, None)
                for book in books:
                    book.open_since.pop(entry.person, None)
                    book.leaving_since[entry.person] = page.at

    def _engine(self, page: Page) -> None:
        if page.event == "sync_saved" and page.cohort:
            wanted = self._wanted.get(page.cohort, {})
            self._syncs[page.sync] = SyncBook(page.sync, page.cohort, open_since=dict(wanted))
            return
        book = self._syncs.get(page.sync)
        if book is None:
            return
        if page.event == "skipped":
            for entry in page.entries:
                self._once(book, page, entry, "skipped")
                book.fates[entry.person] = Fate.SKIPPED
                book.open_since.pop(entry.person, None)
        elif page.event == "delivered":
            self._delivered(book, page)
        elif page.event == "run_finished":
            if page.detail.get("status") == "success":
                self._settle(book, page)
            book.this_run.clear()

    def _delivered(self, book: SyncBook, page: Page) -> None:
        answers = self._answers.get(page.request, {})
        for entry in page.entries:
            if entry.outcome == "sent_add":
                outcome = self._outcome(book, page, entry, answers, ADDING)
                if outcome != Outcome.DROPPED:
                    self._once(book, page, entry, "sent")
                book.fates[entry.person] = Fate.SENT
                book.open_since.pop(entry.person, None)
            else:
                if entry.outcome == "sent_remove":
                    self._outcome(book, page, entry, answers, REMOVING)
                book.fates[entry.person] = Fate.REMOVED
                book.leaving_since.pop(entry.person, None)
                if (since := self._wanted.get(book.cohort, {}).get(entry.person)) is not None:
                    book.open_since[entry.person] = since

    def _outcome(
        self, book: SyncBook, page: Page, entry: Entry, answers: dict[Identifier, str], allowed: frozenset[str]
    ) -> str:
        """What Braze made of one identifier; the ledger must say, and it must fit what was asked."""
        if entry.identifier is None:
            self.broken.conservation.append(f"{book.sync}: {entry.person} was sent without an identifier")
            return ""
        outcome = answers.get(entry.identifier, "")
        if not outcome:
            self._unanswered[page.request, entry.identifier] = (book.sync, entry.person, entry.outcome)
        # One request may carry the same identifier in both directions; the later one is what is remembered.
        elif outcome not in allowed and not self._both_ways(page, entry.identifier):
            self.broken.removal.append(
                f"{book.sync}: {entry.person} was {entry.outcome} by {entry.identifier}, and Braze says {outcome}"
            )
        return outcome

    @staticmethod
    def _both_ways(page: Page, identifier: Identifier) -> bool:
        return len({entry.outcome for entry in page.entries if entry.identifier == identifier}) > 1

    def _once(self, book: SyncBook, page: Page, entry: Entry, how: str) -> None:
        before = book.this_run.setdefault(entry.person, how)
        if before != how:
            self.broken.conservation.append(f"{page.run}: {entry.person} is both {before} and {how}")

    def _settle(self, book: SyncBook, page: Page) -> None:
        """At the end of a successful run nobody who was wanted when it began may be left open."""
        started = page.detail.get("started_at")
        began = Instant(started) if isinstance(started, int) else page.at
        for person, since in list(book.open_since.items()):
            if since <= began:
                self.broken.conservation.append(
                    f"{page.run} succeeded, and {person}, wanted in {book.cohort} since {format_instant(since)}, "
                    "was neither sent nor skipped"
                )
                del book.open_since[person]
        for person, since in list(book.leaving_since.items()):
            if since > began:
                continue
            if book.fates.get(person) is Fate.SENT:
                self.broken.removal.append(
                    f"{page.run} succeeded, and {person}, who left {book.cohort} at {format_instant(since)}, "
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
        for entry in page.entries:
            if entry.identifier is not None:
                answers[entry.identifier] = entry.outcome
                self._unanswered.pop((page.request, entry.identifier), None)


def ever_added(pages: Iterable[Page]) -> Iterator[tuple[tuple[str, str, str], str]]:
    """INV-3. Every (workspace, partner, cohort) and profile that a cohort call put in, merges followed."""
    homes: dict[str, set[tuple[str, str, str]]] = {}
    for page in pages:
        if page.event == "cohort_changed":
            home = (str(page.detail["workspace"]), str(page.detail["partner"]), page.cohort)
            for entry in page.entries:
                if entry.outcome == Outcome.ADDED:
                    homes.setdefault(entry.profile, set()).add(home)
        else:
            gone = [entry.profile for entry in page.entries if entry.outcome == "merged_away"]
            into = [entry.profile for entry in page.entries if entry.outcome == "merged_into"]
            for source in gone:
                for target in into:
                    homes.setdefault(target, set()).update(homes.get(source, ()))
    for profile, places in homes.items():
        for home in places:
            yield home, profile
