"""How each person fared in each run, read from the ledger: the engine's half joined with Braze's by request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from simulator.ledger import Entry, Ledger, Page
from simulator.rules.identity import Identifier
from simulator.rules.outcomes import REMOVAL, Outcome

ADD, REMOVE = "add", "remove"
_DIRECTIONS = {"sent_add": ADD, "sent_remove": REMOVE}
Change = tuple[str, Identifier]
"""A request and an identifier in it: what the engine's half and Braze's half have in common."""
_RANK = {Outcome.ADDED: 3, Outcome.REMOVED: 3, Outcome.ALREADY_THERE: 2, Outcome.ALREADY_GONE: 2, Outcome.DROPPED: 1}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one change for one person in one run. `person` is an amplitude_id as text."""

    page: int
    person: str
    profile: str
    direction: str
    identifier: Identifier | None
    outcome: Outcome
    rules: tuple[str, ...]
    note: str
    cohort: str
    sync: str
    run: str
    connection: str

    @property
    def reason(self) -> str:
        """The reason of a skip or a drop, a word of the closed lists."""
        return self.note.split(":", 1)[0]


def fates(ledger: Ledger, after: int = 0) -> list[Fate]:
    """The last word on every change of every run, in the order in which it was spoken.

    A request that was applied twice (its first answer was lost) counts as what it did the first time; one that Braze
    held back counts when it takes effect. Under `on_no_match` the identifier that was tried last decides; of the
    identifiers that a removal names because one of them is in doubt, the one that reached the most.
    """
    last: dict[tuple[str, str, str], Fate] = {}
    for fate in _spoken(ledger, after):
        key = (fate.run, fate.person, fate.direction)
        before = last.pop(key, None)
        if before is not None and fate.direction == REMOVE and _rank(before) > _rank(fate):
            fate = replace(before, page=fate.page)
        last[key] = fate
    return list(last.values())


def _spoken(ledger: Ledger, after: int) -> Iterator[Fate]:
    applied: dict[Change, Entry] = {}
    awaited: dict[Change, list[tuple[Page, Entry]]] = {}
    for page in ledger.pages(after=after, rooms=("engine", "braze")):
        if page.room == "braze" and page.event == "cohort_changed":
            _remember(applied, page)
            yield from _late(page, awaited)
        elif page.event == "delivered":
            yield from _delivered(page, applied, awaited)
        elif page.event in ("skipped", "undelivered"):
            yield from _lost(page)


def _remember(applied: dict[Change, Entry], page: Page) -> None:
    for entry in page.entries:
        if entry.identifier is None:
            continue
        key = (page.request, entry.identifier)
        before = applied.get(key)
        if before is None or _rank(entry) > _rank(before):
            applied[key] = entry


def _rank(told: Entry | Fate) -> int:
    return _RANK.get(Outcome(told.outcome), 0)


def _delivered(
    page: Page, applied: dict[Change, Entry], awaited: dict[Change, list[tuple[Page, Entry]]]
) -> Iterator[Fate]:
    for entry in page.entries:
        direction = _DIRECTIONS.get(entry.outcome)
        if direction is None or entry.identifier is None:
            continue
        answer = applied.get((page.request, entry.identifier))
        if answer is None:
            awaited.setdefault((page.request, entry.identifier), []).append((page, entry))
        else:
            yield _fate(page, entry, direction, Outcome(answer.outcome), answer)


def _late(page: Page, awaited: dict[Change, list[tuple[Page, Entry]]]) -> Iterator[Fate]:
    """Changes that were answered as a success before they took effect; they count from the moment of their effect."""
    for answer in page.entries if awaited else ():
        if answer.identifier is None:
            continue
        for sent, entry in awaited.pop((page.request, answer.identifier), ()):
            fate = _fate(sent, entry, _DIRECTIONS[entry.outcome], Outcome(answer.outcome), answer)
            yield replace(fate, page=page.page)


def _lost(page: Page) -> Iterator[Fate]:
    for entry in page.entries:
        direction = REMOVE if entry.note.startswith(f"{REMOVAL}: ") else ADD
        yield _fate(page, entry, direction, Outcome(entry.outcome), entry)


def _fate(page: Page, entry: Entry, direction: str, outcome: Outcome, answer: Entry) -> Fate:
    connection = str(page.detail.get("connection", ""))
    return Fate(
        page.page, entry.person, answer.profile, direction, entry.identifier, outcome, answer.rules, answer.note,
        page.cohort, page.sync, page.run, connection,
    )  # fmt: skip


def persons(found: Iterable[Fate], outcome: Outcome) -> dict[str, Fate]:
    """The last fate of each person with this outcome."""
    return {fate.person: fate for fate in found if fate.outcome is outcome}


def arrivals(ledger: Ledger, told: Iterable[Fate]) -> dict[tuple[str, str], int]:
    """The last page on which a request with a person arrived, by sync and person, for the syncs of these fates.

    Of attributes and of webhooks the ledger knows no more than that.
    """
    return {
        (sync, entry.person): page.page
        for sync in sorted({fate.sync for fate in told})
        for page in ledger.pages(rooms=["engine"], events=["delivered"], sync=sync)
        for entry in page.entries
    }
