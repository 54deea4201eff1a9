"""The ledger of a scenario as lines of JSON: one line for each thing that happened to one person."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import orjson

from simulator.ledger import Entry, Ledger, Page
from simulator.resources import on_disk
from simulator.rules.instants import format_instant
from simulator.scenario.model.scenario import Scenario

NAME_BYTES_AT_MOST = 200
"""No file system takes names of more than 255 bytes; a case may have more values than that."""


def ledger_file(scenario: Scenario) -> str:
    """A file name of its own for every case of every file."""
    case = "-".join(f"{name}-{value}" for name, value in (scenario.case or {}).items())
    words = f"{scenario.file.removesuffix('.scenario.yaml')} {case}"
    name = re.sub(r"[^\w.-]+", "-", words).strip("-.")
    if len(name.encode()) > NAME_BYTES_AT_MOST:
        name = f"{name.encode()[:NAME_BYTES_AT_MOST].decode(errors='ignore')}-{scenario.case_number}"
    return on_disk(name + ".ndjson")


def write_ledger(ledger: Ledger, path: Path, person_name: Callable[[str], str]) -> None:
    """Write every entry of every page; a page without entries is one line."""
    with path.open("wb") as file:
        for page in ledger.pages():
            for entry in page.entries or (None,):
                file.write(orjson.dumps(_plain(page, entry, person_name), option=orjson.OPT_APPEND_NEWLINE))


def _plain(page: Page, entry: Entry | None, person_name: Callable[[str], str]) -> dict[str, object]:
    line: dict[str, object] = {
        "page": page.page,
        "at": format_instant(page.at),
        "room": page.room,
        "event": page.event,
        "cohort": page.cohort,
        "sync": page.sync,
        "run": page.run,
        "request": page.request,
        "detail": dict(page.detail),
    }
    if entry is not None:
        identifier = entry.identifier
        line |= {
            "person": person_name(entry.person) if entry.person else "",
            "amplitude_id": entry.person,
            "profile": entry.profile,
            "identifier": None if identifier is None else identifier._asdict(),
            "outcome": entry.outcome,
            "rules": list(entry.rules),
            "note": entry.note,
        }
    return line
