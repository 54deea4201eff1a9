"""Exports of the members of a segment: a job on the simulated clock, a zip of JSON lines, a link that expires.

Source: Braze, "Export user profile by segment", "Export user profile by global control group": one running export per
segment, at most 100 at once, about 5,000 users a file, the link is valid "for a few hours" (taken as 4, the figure of
the troubleshooting page), `callback_endpoint` gets a POST when the archive is ready. How long an export takes is
inferred from "20 million users could take an hour or more". Whether one is ready, expired or cancelled follows from
stored instants. Callbacks go to loopback addresses only and are made outside any transaction.
"""

from __future__ import annotations

import io
import ipaddress
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from simulator.fakes.braze.audience.control_group import ControlGroup
from simulator.fakes.braze.audience.segments import Segments
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_uuid
from simulator.rules.instants import HOUR_MS, SECOND_MS, Instant, to_datetime

USERS_PER_FILE = 5_000
CONCURRENT_EXPORTS = 100
SHORTEST_MS = 10 * SECOND_MS
USERS_PER_SECOND = 5_000
LINK_VALID_MS = 4 * HOUR_MS
PATH = "/segment-export/"

Show = Callable[[Sequence[int], Sequence[str], Sequence[str]], Iterable[Mapping[str, object]]]
"""(rows, fields to export, single custom attributes) -> profiles as exports show them."""
Post = Callable[[str, bytes], int]
"""(url, JSON body) -> status; how a callback is made."""


class ExportRefused(ValueError):
    """An export that cannot start; the message is the answer."""


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be exported. An empty `segment_id` means the Global Control Group. `base_url` begins the link."""

    workspace: str
    segment_id: str
    fields: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    callback: str = ""
    base_url: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """One job. `people` and `called_back` are known once it is finished."""

    number: int
    workspace: str
    segment_id: str
    prefix: str
    fields: tuple[str, ...]
    attributes: tuple[str, ...]
    callback: str
    link: str
    request: str
    started_at: Instant
    ready_at: Instant
    expires_at: Instant
    cancelled_at: Instant | None
    finished_at: Instant | None
    people: int | None
    called_back: str | None

    def running(self, at: Instant) -> bool:
        """Whether it has neither become ready nor been cancelled."""
        return self.cancelled_at is None and at < self.ready_at


_COLUMNS = (
    "export, workspace, segment_id, prefix, fields, attributes, callback, link, request, started_at, ready_at, "
    "expires_at, cancelled_at, finished_at, people, called_back"
)


class Exports:
    """Due work: archives are made when their export is ready."""

    name = "braze exports"

    def __init__(self, room: Room, segments: Segments, control_group: ControlGroup, show: Show, post: Post) -> None:
        self._room = room
        self._database = room.database
        self._segments = segments
        self._control_group = control_group
        self._show = show
        self._post = post

    def start(self, order: ExportOrder) -> Export:
        """Begin an export. Raises ExportRefused while another one of the segment runs, or a hundred others do."""
        at = self._room.clock.now
        with self._database.transaction() as sql:
            running = [each for each in self.all(order.workspace) if each.running(at)]
            if any(each.segment_id == order.segment_id for each in running):
                what = "this segment" if order.segment_id else "the Global Control Group"
                raise ExportRefused(f"An export of {what} is already running")
            if len(running) >= CONCURRENT_EXPORTS:
                raise ExportRefused("The maximum number of concurrent segment exports was reached")
            number = int(sql.execute("SELECT coalesce(max(export), 0) + 1 FROM braze_export").fetchone()[0])
            prefix = f"{derive_uuid(self._room.seed, 'braze', 'export', number)}-{at // SECOND_MS}"
            people = self._room.store.profiles.count(order.workspace)
            ready_at = at + SHORTEST_MS + people * SECOND_MS // USERS_PER_SECOND
            sql.execute(
                "INSERT INTO braze_export (export, workspace, segment_id, prefix, fields, attributes, callback, link, "
                "request, started_at, ready_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number, order.workspace, order.segment_id, prefix, _json(order.fields), _json(order.attributes),
                    order.callback, f"{order.base_url}{PATH}{prefix}.zip", order.request, at, ready_at,
                    ready_at + LINK_VALID_MS,
                ),
            )  # fmt: skip
        return self.by_prefix(prefix)

    def cancel(self, workspace: str, segment_id: str) -> int:
        """Cancel the running exports of a segment; how many there were."""
        at = self._room.clock.now
        return self._database.execute(
            "UPDATE braze_export SET cancelled_at = ? WHERE workspace = ? AND segment_id = ? "
            "AND cancelled_at IS NULL AND ready_at > ?",
            (at, workspace, segment_id, at),
        )

    def all(self, workspace: str) -> list[Export]:
        """All exports of a workspace, oldest first."""
        query = f"SELECT {_COLUMNS} FROM braze_export WHERE workspace = ? ORDER BY export"
        return [_read(row) for row in self._database.rows(query, (workspace,))]

    def by_prefix(self, prefix: str) -> Export:
        """The export of that object prefix. Raises KeyError."""
        found = self._database.row(f"SELECT {_COLUMNS} FROM braze_export WHERE prefix = ?", (prefix,))
        if found is None:
            raise KeyError(prefix)
        return _read(found)

    def archive(self, export: Export) -> bytes | None:
        """The zip, once it has been made."""
        found: bytes | None = self._database.value(
            "SELECT archive FROM braze_export WHERE export = ?", (export.number,)
        )
        return found

    def next_due(self) -> Instant | None:
        """When the next export is ready."""
        due: Instant | None = self._database.value(
            "SELECT min(ready_at) FROM braze_export WHERE finished_at IS NULL AND cancelled_at IS NULL"
        )
        return due

    def run_due(self, at: Instant) -> None:
        """Make the archives of exports that are ready, then tell who asked to be told."""
        query = (
            f"SELECT {_COLUMNS} FROM braze_export WHERE finished_at IS NULL AND cancelled_at IS NULL AND ready_at <= ? "
            "ORDER BY ready_at, export"
        )
        for export in [_read(row) for row in self._database.rows(query, (at,))]:
            with self._database.transaction():
                rows = self._members(export)
                archive = _zipped(export, self._show(rows, export.fields, export.attributes))
                self._database.execute(
                    "UPDATE braze_export SET finished_at = ?, people = ?, archive = ? WHERE export = ?",
                    (at, len(rows), archive, export.number),
                )
                self._room.ledger.write(
                    at, room="braze", event="segment_exported", request=export.request,
                    detail={"segment_id": export.segment_id, "object_prefix": export.prefix, "people": len(rows)},
                )  # fmt: skip
            if export.callback:
                outcome = self._call_back(export)
                self._database.execute(
                    "UPDATE braze_export SET called_back = ? WHERE export = ?", (outcome, export.number)
                )

    def unfinished(self) -> bool:
        """Whether an export runs."""
        return self.next_due() is not None

    def _members(self, export: Export) -> list[int]:
        if export.segment_id:
            return self._segments.members(self._segments.get(export.segment_id))
        return self._control_group.members(export.workspace)

    def _call_back(self, export: Export) -> str:
        """POST that the export is ready; what came of it in words."""
        if not is_loopback(export.callback):
            return "not called: only loopback addresses are"
        try:
            return str(self._post(export.callback, orjson.dumps({"success": True, "url": export.link})))
        except OSError as error:
            return f"failed: {error}"


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _zipped(export: Export, users: Iterable[Mapping[str, object]]) -> bytes:
    """A zip with one file for 5,000 users, the same bytes for the same users and instant."""
    packed = io.BytesIO()
    made = to_datetime(export.ready_at).timetuple()[:6]
    stamp = (max(made[0], 1980), *made[1:])
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, lines in enumerate(_files(users), 1):
            info = zipfile.ZipInfo(f"{export.prefix}-{number:04d}.json", stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, lines)
    return packed.getvalue()


def _files(users: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """Newline-delimited JSON; an export of nobody has one empty file."""
    lines: list[bytes] = []
    files = 0
    for user in users:
        lines.append(orjson.dumps(user) + b"\n")
        if len(lines) == USERS_PER_FILE:
            yield b"".join(lines)
            files += 1
            lines = []
    if lines or not files:
        yield b"".join(lines)


def _json(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()


def _read(row: tuple[Any, ...]) -> Export:
    number, workspace, segment_id, prefix, fields, attributes, *rest = row
    return Export(
        number, workspace, segment_id, prefix, tuple(orjson.loads(fields)), tuple(orjson.loads(attributes)), *rest
    )
