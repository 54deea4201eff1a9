"""Finds recordings among files and folders and reads each in its own form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import yaml

from simulator.contract.traffic.cassettes import cassette_entries, is_cassette, read_yaml
from simulator.contract.traffic.har import har_entries
from simulator.contract.traffic.lines import journal_entry, journal_lines
from simulator.contract.traffic.recorded import NoRecording, Recorded, UnreadableTraffic

RECORDINGS = (".har", ".ndjson", ".jsonl", ".json", ".yaml", ".yml")
"""Endings of the files that are looked at in a folder."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Everything that was recorded, and the files of the folders that hold something else."""

    exchanges: tuple[Recorded, ...]
    files: tuple[Path, ...]
    passed_over: tuple[Path, ...]


def read_all(paths: Sequence[Path]) -> Traffic:
    """Read files, and the recordings below folders, each once. Raises UnreadableTraffic, OSError.

    A file that is named must be a recording; one that only lies in a folder may be something else, but not broken.
    """
    exchanges: list[Recorded] = []
    files: dict[Path, None] = {}
    passed_over: dict[Path, None] = {}
    for path in paths:
        for file in _below(path) if path.is_dir() else (path,):
            if file in files or file in passed_over:
                continue
            try:
                exchanges += read_traffic(file)
                files[file] = None
            except NoRecording:
                if file == path:
                    raise
                passed_over[file] = None
    return Traffic(tuple(exchanges), tuple(files), tuple(passed_over))


def _below(folder: Path) -> Iterator[Path]:
    yield from sorted(each for each in folder.rglob("*") if each.suffix.lower() in RECORDINGS and each.is_file())


def read_traffic(path: Path) -> list[Recorded]:
    """Read a recording. Raises UnreadableTraffic, NoRecording, OSError."""
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    source = str(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(source, raw)
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        if raw.lstrip()[:1] not in (b"{", b"[", b"") and is_cassette(_yaml_or_nothing(raw)):
            return _from_yaml(source, raw)
        return list(journal_lines(source, raw))
    if isinstance(document, dict) and isinstance(document.get("log"), dict):
        return list(har_entries(source, document))
    if isinstance(document, dict) and {"request", "response"} <= document.keys():
        return [journal_entry(source, 1, document)]
    if isinstance(document, dict) and isinstance(document.get("exchanges"), list):
        # What /_sim/journal answers.
        return [journal_entry(source, number, each) for number, each in enumerate(document["exchanges"], start=1)]
    if is_cassette(document):
        return list(cassette_entries(source, document))
    raise NoRecording(f"{path}: neither a HAR file (an object with `log`) nor journal lines nor a cassette")


def _from_yaml(source: str, raw: bytes) -> list[Recorded]:
    try:
        document = read_yaml(raw)
    except yaml.YAMLError as error:
        raise UnreadableTraffic(f"{source}: not a YAML file: {' '.join(str(error).split())}") from error
    if not raw.strip():
        return []
    if not is_cassette(document):
        raise NoRecording(f"{source}: not a cassette (a mapping with `interactions`, or with `responses`)")
    return list(cassette_entries(source, document))


def _yaml_or_nothing(raw: bytes) -> Any:
    try:
        return read_yaml(raw)
    except yaml.YAMLError:
        return None
