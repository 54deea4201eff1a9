"""Writes what a test run says to the fakes, call by call with the test that made it, for `absim contract traffic`.

A folder holds the last run only. Its files are journal lines (`calls.RUN.WORKER.ndjson`), one file for each process
that tests run in, so that parallel workers never write to the same one; whoever of a run comes first takes away what
other runs left, and nothing else. Two runs at the same time need a folder each.
"""

from __future__ import annotations

import threading
from pathlib import Path

import orjson

from simulator.journal import Entry, mask_text

NAMED = "calls"
ENDING = ".ndjson"


class Recording:
    """The calls of one process of a test run. Secrets are masked before anything is written (by the journal)."""

    def __init__(self, folder: Path, run: str, worker: str) -> None:
        """Makes the folder and clears it of other runs. Raises OSError."""
        self._path = folder / f"{NAMED}.{run}.{worker}{ENDING}"
        self._lock = threading.Lock()
        self._test = ""
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ".gitignore").write_text("# Made anew by each test run.\n*\n", encoding="utf-8")
        for left in folder.glob(f"{NAMED}.*{ENDING}"):
            if left.name.split(".")[1] != run:
                # Another worker may be clearing too.
                left.unlink(missing_ok=True)
        # A process may have two recordings, one for each conftest that takes the fixtures.
        self._path.touch()

    def begin(self, test: str) -> None:
        """What is heard from now on belongs to a test."""
        self._test = mask_text(test)

    def end(self) -> None:
        """What is still heard was sent by something that outlived its test."""
        self._test = f"{self._test} (after its end)"

    def write(self, entry: Entry) -> None:
        """One line, whole on disk before the next exchange; it outlives a run that is killed. Raises OSError."""
        line = orjson.dumps({**entry.as_json(), "test": self._test}, option=orjson.OPT_APPEND_NEWLINE)
        with self._lock, self._path.open("ab") as file:
            file.write(line)
