"""What the file of an answer holds: lines of JSON in an archive, or the rows of a table.

A contract says so beside the content type, as `x-holds`: `lines` is the schema of each line of an archive's files and
`names` the form of their names; `header` is the form of a table's first line. Nothing else of a file can be described
in OpenAPI.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

LINES_AT_MOST = 200
"""So many lines of a file are held against their schema; the others were written by the same hand."""
Complaint = tuple[str, str]
"""The keyword that is broken, and how."""


class Unreadable(ValueError):
    """A file is not what it says it is."""


def unpacked(encoding: str, body: bytes) -> bytes:
    """The file as it was before it was encoded for its way. Raises Unreadable."""
    if encoding.strip().lower() != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"is said to be encoded by gzip and is not: {error}") from error


def content_of(content_type: str, encoding: str, body: bytes) -> Any:
    """What an answer says: JSON, the lines of an archive in order, the rows of a table. Raises Unreadable."""
    file = unpacked(encoding, body)
    if content_type == "application/zip":
        return [line for _, line in _lines(file)]
    if content_type == "text/csv":
        return list(csv.reader(io.StringIO(file.decode("utf-8", "replace"))))
    try:
        return orjson.loads(file)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"is not JSON: {error}") from error


def complaints(
    holds: Mapping[str, Any], encoding: str, body: bytes, judge: Callable[[Any, str], list[Complaint]]
) -> list[Complaint]:
    """In what a file is not what `holds` says of it; `judge` holds one line against its schema."""
    try:
        file = unpacked(encoding, body)
        return list(_table(holds, file) if "header" in holds else _archive(holds, file, judge))
    except Unreadable as error:
        return [("x-holds", str(error))]


def _table(holds: Mapping[str, Any], file: bytes) -> Iterator[Complaint]:
    text = file.decode("utf-8", "replace")
    first = text.split("\n", 1)[0].rstrip("\r")
    if not re.search(holds["header"], first):
        yield "header", f"the first line {first[:120]!r} does not match {holds['header']}"
    sizes = {len(row) for row in csv.reader(io.StringIO(text)) if row}
    if len(sizes) > 1:
        yield "x-holds", f"rows have {' or '.join(map(str, sorted(sizes)))} cells"


def _archive(
    holds: Mapping[str, Any], file: bytes, judge: Callable[[Any, str], list[Complaint]]
) -> Iterator[Complaint]:
    for number, (name, line) in enumerate(_lines(file)):
        if number == LINES_AT_MOST:
            return
        if not re.search(holds["names"], name):
            yield "names", f"the name {name!r} in the archive does not match {holds['names']}"
        yield from judge(line, f"{name} line {number}")


def _lines(file: bytes) -> Iterator[tuple[str, Any]]:
    """Each line of each file of a zip, with the file's name; files may be packed by gzip themselves."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            for name in archive.namelist():
                text = archive.read(name)
                for line in (gzip.decompress(text) if name.endswith(".gz") else text).splitlines():
                    yield name, orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"holds a line that is not JSON: {error}") from error
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"is not the archive that it should be: {error}") from error
