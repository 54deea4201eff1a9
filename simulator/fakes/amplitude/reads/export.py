"""Raw events by upload hour: a zip of gzipped JSON lines (Amplitude, Export API)."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import orjson

from simulator.fakes.amplitude.projects import AmplitudeSettings, Project
from simulator.fakes.amplitude.reads.parameters import invalid, moment, required
from simulator.fakes.amplitude.reads.rows import exported
from simulator.fakes.amplitude.store.events import StoredEvent
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.amplitude.wire import detailed_error
from simulator.fakes.binding import Call, Problem, Reply
from simulator.rules.instants import DAY_MS, HOUR_MS, Instant, to_datetime
from simulator.rules.switches import RuleSet

HOUR_FORMAT = "%Y%m%dT%H"
RANGE_DAYS = 365
DELAY_MS = 2 * HOUR_MS
LINES_PER_FILE = 50_000
"""The vendor parts an hour into files by volume; where it cuts is not documented (inferred)."""
TOO_LARGE = (
    "The file size of the exported data is too large. Shorten the time ranges and try again. The limit size is 4GB."
)
NOTHING = detailed_error(404, "unspecified", "Unspecified Error", {"details": "Raw data files were not found."})


class Export:
    """The handler of `GET /api/2/export`."""

    def __init__(self, store: AmplitudeStore, settings: AmplitudeSettings, rules: Callable[[], RuleSet]) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules

    def export(self, project: Project, call: Call) -> Reply:
        """Both hours are included; nothing there is a 404 and never an empty archive."""
        start = moment(required(call, "start"), HOUR_FORMAT, "start")
        end = Instant(moment(required(call, "end"), HOUR_FORMAT, "end") + HOUR_MS)
        if end <= start:
            raise invalid("start must not be later than end")
        if end - start > RANGE_DAYS * DAY_MS:
            raise invalid(f"The time range must not be longer than {RANGE_DAYS} days")
        if self._rules().export_delay == "two_hours":
            # "Data sent between 8 and 9 PM begins loading at 9 PM and is available at 11 PM."
            ready = call.at - DELAY_MS
            end = Instant(min(end, ready - ready % HOUR_MS))
        archive = self._archive(project, self._store.events.uploaded(project, start, end))
        if archive is None:
            raise Problem(NOTHING)
        return Reply(200, archive, content_type="application/zip")

    def _check_size(self, buffer: io.BytesIO) -> None:
        """The file itself is measured; the page does not say whether it means the file or what is in it (inferred)."""
        if self._settings.limits and buffer.tell() > self._settings.export_bytes:
            raise invalid(TOO_LARGE)

    def _archive(self, project: Project, events: Iterable[StoredEvent]) -> bytes | None:
        buffer = io.BytesIO()
        empty = True
        with zipfile.ZipFile(buffer, "w") as archive:
            for hour, of_hour in groupby(events, key=lambda each: each.uploaded_at // HOUR_MS * HOUR_MS):
                stamp = to_datetime(hour)
                for number, lines in enumerate(_parts(of_hour)):
                    name = f"{project.app_id}/{project.app_id}_{stamp:%Y-%m-%d}_{stamp.hour}#{number}.json.gz"
                    text = b"".join(orjson.dumps(exported(project, each, self._store.seed)) + b"\n" for each in lines)
                    info = zipfile.ZipInfo(name, (stamp.year, stamp.month, stamp.day, stamp.hour, 0, 0))
                    archive.writestr(info, gzip.compress(text, compresslevel=6, mtime=0))
                    self._check_size(buffer)
                    empty = False
        return None if empty else buffer.getvalue()


def _parts(events: Iterable[StoredEvent]) -> Iterator[list[StoredEvent]]:
    part: list[StoredEvent] = []
    for event in events:
        part.append(event)
        if len(part) == LINES_PER_FILE:
            yield part
            part = []
    if part:
        yield part
