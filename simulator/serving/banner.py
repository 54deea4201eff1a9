"""What `absim serve` says: the banner once its world accepts calls, and then each new way of breaking a contract."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import IO

from rich.console import Console

from simulator.journal import Entry

LIMITS_FROM = 13
"""The column in which limits begin, behind the name of their service."""
KINDS_TOLD = 200
"""After so many different ones somebody sends noise, and the journal is the place to look."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Everything that a person at the terminal, or a waiting process, needs to know."""

    version: str
    world: str
    seed: int
    rules: str
    now: str
    pace: str
    amplitude_url: str
    braze_url: str
    control_url: str
    keys: Mapping[str, str]
    limits: Sequence[str]
    ready_file: str = ""
    state: str = ""


# key -> where it stands and what it is called
_KEYS = {
    "amplitude_api_key": ("amplitude", "API key"),
    "amplitude_secret_key": ("amplitude", "secret key"),
    "braze_api_key": ("braze", "REST API key"),
    "braze_data_import_key": ("braze", "data import key"),
    "braze_partner_api_key": ("braze", "partner API key"),
}


def show(announcement: Announcement, stream: IO[str] | None = None) -> None:
    """Print the banner, to stderr unless told otherwise. Keys are masked where the output is a file on disk."""
    target = stream or sys.stderr
    console = Console(file=target, highlight=False, soft_wrap=True)
    masked = _is_file_on_disk(target)
    console.print(
        f"[bold]absim {announcement.version}[/] · world {announcement.world} · seed {announcement.seed} · "
        f"rules {announcement.rules} · clock {announcement.now} at {announcement.pace}"
    )
    for service, url in (("amplitude", announcement.amplitude_url), ("braze", announcement.braze_url)):
        console.print(f"[bold]{service.capitalize():<10}[/] {url}")
        for name, (owner, label) in _KEYS.items():
            if owner == service:
                key = announcement.keys[name]
                note = "  (any partner)" if name == "braze_partner_api_key" else ""
                console.print(f"{'':<10} {label:<15}  {f'{key[:4]}…' if masked else key}{note}")
    console.print(f"[bold]{'Control':<10}[/] {announcement.control_url}/_sim/  (needs no key)")
    if masked:
        console.print("keys are masked, as this goes to a file; the ready file has them (--ready-file)")
    if announcement.limits:
        console.print("authentication, validation and limits are on (limits off with --no-limits):")
        for service, limits in _by_service(announcement.limits):
            width = console.width - LIMITS_FROM if console.is_terminal else len(limits) + 1
            first, *others = wrap(limits, width, break_on_hyphens=False)
            console.print(f"  {service:<{LIMITS_FROM - 2}}{first}")
            for line in others:
                console.print(f"{'':<{LIMITS_FROM}}{line}")
    else:
        console.print("authentication and validation are on, limits off")
    if announcement.state:
        console.print(f"the world lives in {announcement.state}")
    if announcement.ready_file:
        console.print(f"ready file {announcement.ready_file} (keys in clear, readable by you alone, gone at the end)")
    console.print("stop with Ctrl-C")


def _by_service(limits: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The limits of each service in one text; each limit begins with the word for its service."""
    for service, mine in groupby(limits, key=lambda each: each.partition(" ")[0]):
        yield service, "; ".join(each.partition(" ")[2] for each in mine)


def _is_file_on_disk(stream: IO[str]) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


class Warner:
    """Tells once of each way in which calls break a contract; nothing that the real service accepts is refused."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream
        self._told: set[tuple[str, str]] = set()

    def hear(self, entry: Entry) -> None:
        """Look at an exchange that was just written to the journal; its secrets are masked already."""
        for violation in entry.violations:
            called = entry.operation or f"{entry.method} {entry.url.split('?')[0]}"
            kind = (called, violation)
            if kind in self._told or len(self._told) >= KINDS_TOLD:
                continue
            self._told.add(kind)
            line = f"contract: {entry.service} {called} ({entry.status}, journal {entry.number}): {violation}"
            print(line, file=self._stream or sys.stderr, flush=True)
            if len(self._told) == KINDS_TOLD:
                print("contract: from here on only the journal tells", file=self._stream or sys.stderr, flush=True)
