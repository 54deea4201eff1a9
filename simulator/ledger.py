"""What happened to whom: one row per thing that happened to one person, kept in pages of rows written together.

A page keeps its rows as strips, column by column: a thousand people to whom the same happened share what is the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import groupby, repeat
from typing import Any, NamedTuple

import orjson
from sqlite_utils import Database as SqliteDatabase
from sqlite_utils import Migrations

from simulator.database import Database
from simulator.ids import numbered_id
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant

MIGRATIONS = Migrations("ledger")


@MIGRATIONS()
def create_pages(sql: SqliteDatabase) -> None:
    """One table: a page is what one writer did to many people at one instant for one reason."""
    sql.table("ledger_page").create(
        {
            "page": int,
            "at": int,
            "room": str,
            "event": str,
            "cohort": str,
            "sync": str,
            "run": str,
            "request": str,
            "detail": str,
            "entries": bytes,
            "entry_count": int,
        },
        pk="page",
    )
    sql.table("ledger_page").create_index(["request"])


class Entry(NamedTuple):
    """What happened to one person: who (Amplitude's id or Braze's, whichever the writer knows), by what identifier."""

    person: str = ""
    profile: str = ""
    identifier: Identifier | None = None
    outcome: str = ""
    rules: tuple[str, ...] = ()
    note: str = ""


class Strip(NamedTuple):
    """People to whom the same happened, by the same kind of identifier. A column that says nothing is empty.

    Where there is a `stem`, all profiles are ids of that stem (`ids.numbered_id`) and stand as their numbers.
    """

    kind: str
    label: str
    outcome: str
    rules: Sequence[str]
    note: str
    persons: Sequence[int | str] = ()
    profiles: Sequence[int | str] = ()
    values: Sequence[str] = ()
    stem: str = ""

    @property
    def size(self) -> int:
        """How many entries it stands for."""
        return max(len(self.persons), len(self.profiles), len(self.values))


PackedRow = tuple[str, str, str, str, str, str, Sequence[str], str]
"""Person, profile, kind, value, label, outcome, rules, note: an entry without its classes."""


@dataclass(frozen=True)
class Head:
    """What stands above the entries of a page. `request` is the X-Request-Id that joins the engine's half of a story
    to Braze's."""

    page: int
    at: Instant
    room: str
    event: str
    cohort: str
    sync: str
    run: str
    request: str
    detail: Mapping[str, object]


@dataclass(frozen=True)
class Page(Head):
    """One page with its entries, which are unpacked when they are asked for."""

    packed: bytes

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """What happened to each person, in the order of writing."""
        return tuple(_entries(self.rows()))

    def rows(self) -> list[PackedRow]:
        """The same as bare rows."""
        return [row for strip in self.strips() for row in _rows(strip)]

    def strips(self) -> list[Strip]:
        """The same as columns, for readers of millions."""
        return [Strip(*strip) for strip in orjson.loads(self.packed)]


PAGES_AT_ONCE = 50
"""As many large pages as fit a processor's memory nearby."""
_HEAD = "page, at, room, event, cohort, sync, run, request, detail"
_COLUMNS = f"{_HEAD}, entries"
_INSERT = (
    "INSERT INTO ledger_page (at, room, event, cohort, sync, run, request, detail, entries, entry_count) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Ledger:
    """Written by everybody, read only by reports, checks and explanations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(
        self,
        at: Instant,
        *,
        room: str,
        event: str,
        entries: Sequence[Entry] = (),
        strips: Sequence[Strip] = (),
        cohort: str = "",
        sync: str = "",
        run: str = "",
        request: str = "",
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Write one page; inside the caller's transaction if one is open, so effect and row stand or fall together.

        `strips` are further entries, for writers of a thousand at a time.
        """
        written = [*_strips(entries), *strips]
        packed = orjson.dumps([tuple(strip) for strip in written])
        values = (
            at, room, event, cohort, sync, run, request,
            orjson.dumps(detail or {}, option=orjson.OPT_SORT_KEYS).decode(), packed,
            sum(strip.size for strip in written),
        )  # fmt: skip
        with self._database.transaction() as connection:
            connection.execute(_INSERT, values)

    def last_page(self) -> int:
        """The number of the newest page, 0 when nothing has happened."""
        return int(self._database.value("SELECT coalesce(max(page), 0) FROM ledger_page"))

    def pages(
        self,
        *,
        after: int = 0,
        rooms: Collection[str] = (),
        events: Collection[str] = (),
        cohort: str | None = None,
        sync: str | None = None,
        run: str | None = None,
        request: str | None = None,
    ) -> Iterator[Page]:
        """Pages in the order in which they were written, newer than `after`, narrowed as asked."""
        narrowing = {"cohort": cohort, "sync": sync, "run": run, "request": request}
        for row in self._select(_COLUMNS, after, rooms, events, narrowing):
            yield Page(*_head(row), *row[-1:])

    def heads(self, *, rooms: Collection[str] = (), events: Collection[str] = ()) -> Iterator[Head]:
        """What stands above the pages, for readers who need nobody's entry."""
        for row in self._select(_HEAD, 0, rooms, events, {}):
            yield Head(*_head(row))

    def _select(
        self, columns: str, after: int, rooms: Collection[str], events: Collection[str],
        narrowing: Mapping[str, str | None],
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        conditions = ["page > ?"]
        for column, wanted in (("room", rooms), ("event", events)):
            if wanted:
                conditions.append(f"{column} IN ({', '.join('?' * len(wanted))})")
        narrowed = {name: value for name, value in narrowing.items() if value is not None}
        conditions += [f"{name} = ?" for name in narrowed]
        fixed = [*sorted(rooms), *sorted(events), *narrowed.values()]
        query = (
            f"SELECT {columns} FROM ledger_page WHERE {' AND '.join(conditions)} ORDER BY page LIMIT {PAGES_AT_ONCE}"
        )
        while rows := self._database.rows(query, [after, *fixed]):
            yield from rows
            after = rows[-1][0]

    def story(
        self, persons: Collection[str], profiles: Collection[str], identifiers: Collection[Identifier] = ()
    ) -> Iterator[tuple[Page, Entry]]:
        """Everything that happened to one person: under an Amplitude id, a Braze id, or by what was sent for them.

        Braze does not know whom an identifier was meant for; the request id and the identifier that the engine wrote
        down join the two halves. The engine writes when it has the answer, so Braze's half stands before it.
        """
        sent = {
            (page.request, entry.identifier)
            for page in self.pages(rooms=["engine"])
            if page.request
            for entry in page.entries
            if entry.person in persons
        }
        known = set(identifiers)
        for page in self.pages():
            for entry in page.entries:
                identifier = entry.identifier
                if (
                    (entry.person and entry.person in persons)
                    or (entry.profile and entry.profile in profiles)
                    or (not entry.person and identifier in known)
                    or (not entry.person and (page.request, identifier) in sent)
                ):
                    yield page, entry

    def digest(self) -> str:
        """A hash of everything that happened, in order (INV-8)."""
        digest = sha256()
        after = 0
        query = f"SELECT {_COLUMNS} FROM ledger_page WHERE page > ? ORDER BY page LIMIT 500"
        while rows := self._database.rows(query, [after]):
            for row in rows:
                digest.update(repr(row[:-1]).encode())
                digest.update(row[-1])
            after = rows[-1][0]
        return digest.hexdigest()


def _strips(entries: Iterable[Entry]) -> Iterator[Strip]:
    """Neighbours that differ only in who they are share a strip, so the order of writing is kept."""
    for mark, group in groupby(entries, _mark):
        alike = list(group)
        persons = [entry.person for entry in alike]
        profiles = [entry.profile for entry in alike]
        values = [entry.identifier.value if entry.identifier else "" for entry in alike]
        somebody = any(profiles) or any(values)
        yield Strip(
            *mark,
            persons if any(persons) or not somebody else (),
            profiles if any(profiles) else (),
            values if any(values) else (),
        )


def _mark(entry: Entry) -> tuple[str, str, str, tuple[str, ...], str]:
    kind, label = (entry.identifier.kind, entry.identifier.label) if entry.identifier else ("", "")
    return kind, label, entry.outcome, entry.rules, entry.note


def _rows(strip: Strip) -> Iterator[PackedRow]:
    kind, label, outcome, rules, note, persons, profiles, values, stem = strip
    nothing = [""] * strip.size
    named = (numbered_id(stem, int(number)) for number in profiles) if stem else map(str, profiles or nothing)
    return zip(
        map(str, persons or nothing), named, repeat(kind), values or nothing, repeat(label),
        repeat(outcome), repeat(rules), repeat(note),
    )  # fmt: skip


def _head(row: tuple[Any, ...]) -> tuple[Any, ...]:
    page, at, room, event, cohort, sync, run, request, detail, *_ = row
    return page, Instant(at), room, event, cohort, sync, run, request, orjson.loads(detail)


_KINDS = {kind.value: kind for kind in Kind}


def _entries(rows: Iterable[PackedRow]) -> Iterator[Entry]:
    for person, profile, kind, value, label, outcome, rules, note in rows:
        identifier = Identifier(_KINDS[kind], value, label) if kind else None
        yield Entry(person, profile, identifier, outcome, tuple(rules), note)
