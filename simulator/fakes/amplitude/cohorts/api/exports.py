"""Export jobs: asked for, ready a while later on the simulated clock, fetched as CSV or through a short-lived link.

Nothing happens when a job gets ready: its state is computed from the instant it will be ready at, and its file from
the point of the change log at which it was asked for.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from simulator.database import Database
from simulator.fakes.amplitude.cohorts.catalogue import Catalogue, Cohort
from simulator.fakes.amplitude.cohorts.members import Members
from simulator.fakes.amplitude.projects import Project
from simulator.fakes.amplitude.store.users import UserRecord, Users
from simulator.ids import derive_hex, derive_int
from simulator.rules.cohorts.conditions import as_text, is_nothing
from simulator.rules.instants import DAY_MS, MINUTE_MS, SECOND_MS, Instant

TAKES_MS = 30 * SECOND_MS
"""Clients of the live service waited 30 seconds and more, whatever the size."""
VALID_MS = 7 * DAY_MS
LINK_VALID_MS = MINUTE_MS
REDIRECT_FROM = 10_000
"""From so many members the file is fetched through a link; the documents only say "large" (inferred)."""

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Export:
    """One job. `cursor` is the point of the change log whose members the file holds."""

    request_id: str
    project: str
    cohort: int
    cursor: int
    size: int
    asked_at: Instant
    ready_at: Instant
    with_properties: bool
    property_keys: tuple[str, ...]

    def ready(self, at: Instant) -> bool:
        """Whether the file can be fetched."""
        return at >= self.ready_at

    def expired(self, at: Instant) -> bool:
        """Whether the job is forgotten: seven days after it was asked for, to the instant."""
        return at >= self.asked_at + VALID_MS


class Exports:
    """The export table and the files made from it."""

    def __init__(self, database: Database, seed: int, catalogue: Catalogue, members: Members, users: Users) -> None:
        self._database = database
        self._seed = seed
        self._catalogue = catalogue
        self._members = members
        self._users = users
        self.takes_ms = TAKES_MS
        self.redirect_from = REDIRECT_FROM

    def ask(self, cohort: Cohort, at: Instant, *, properties: bool, keys: Sequence[str]) -> Export:
        """Begin a job for a computed cohort."""
        with self._database.transaction():
            ordinal = int(self._database.value("SELECT count(*) FROM amplitude_cohort_export"))
            export = Export(
                self._request_id(ordinal), cohort.project, cohort.number, self._members.last_change(), cohort.size,
                at, Instant(at + self.takes_ms), properties, tuple(keys),
            )  # fmt: skip
            self._database.execute(
                "INSERT INTO amplitude_cohort_export VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    export.request_id, export.project, export.cohort, export.cursor, export.size, export.asked_at,
                    export.ready_at, int(properties), orjson.dumps(export.property_keys).decode(),
                ),
            )  # fmt: skip
        return export

    def _request_id(self, ordinal: int) -> str:
        # Six letters and digits, like the documented qfaZya; a permutation of the ordinals, so none comes twice.
        space = len(_LETTERS) ** 6
        number = (ordinal * 40_000_003 + derive_int(self._seed, "amplitude", "cohort export", bits=35)) % space
        letters = []
        for _ in range(6):
            number, rest = divmod(number, len(_LETTERS))
            letters.append(_LETTERS[rest])
        return "".join(letters)

    def find(self, request_id: str, at: Instant, project: Project | None = None) -> Export | None:
        """The job, unless it is another project's, forgotten, or its cohort was deleted."""
        row = self._database.row("SELECT * FROM amplitude_cohort_export WHERE request_id = ?", (request_id,))
        if row is None:
            return None
        name, owner, cohort, cursor, size, asked_at, ready_at, with_properties, keys = row
        export = Export(
            name, owner, cohort, cursor, size, asked_at, ready_at, bool(with_properties), tuple(orjson.loads(keys))
        )
        foreign = project is not None and export.project != project.name
        deleted = self._catalogue.numbered(export.cohort).deleted_at is not None
        return None if foreign or deleted or export.expired(at) else export

    def cohort_of(self, export: Export) -> Cohort:
        """The cohort that the job exports."""
        return self._catalogue.numbered(export.cohort)

    # --- links -------------------------------------------------------------------------------------

    def signature(self, request_id: str, made_at: int) -> str:
        """What proves that a link was made here, at that instant."""
        return derive_hex(self._seed, "amplitude", "cohort link", request_id, made_at, length=64)

    # --- files -------------------------------------------------------------------------------------

    def file(self, project: Project, export: Export) -> bytes:
        """The CSV: a header row, every field quoted; amplitude_id, user_id, then the properties asked for."""
        keys = export.property_keys
        if export.with_properties and not keys:
            keys = tuple(sorted({key for page in self._pages(project, export) for each in page for key in _of(each)}))
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["amplitude_id", "user_id", *(keys if export.with_properties else ())])
        for page in self._pages(project, export):
            for each in page:
                cells = [_cell(_of(each).get(key)) for key in keys] if export.with_properties else []
                writer.writerow([each.amplitude_id, each.user_id or "", *cells])
        return out.getvalue().encode()

    def _pages(self, project: Project, export: Export) -> Iterator[list[UserRecord]]:
        for page in self._members.pages_at(self.cohort_of(export), export.cursor):
            yield list(self._users.by_amplitude_id(project, page).values())


def packed(file: bytes) -> bytes:
    """The file as it travels; no time is written into it, so the same members make the same bytes."""
    return gzip.compress(file, compresslevel=6, mtime=0)


def _of(record: UserRecord) -> dict[str, object]:
    return record.all_properties()


def _cell(value: object) -> str:
    return "" if is_nothing(value) else as_text(value)
