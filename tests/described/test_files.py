"""Files of answers: what they hold is read and held against what their contract says of them."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import pytest

from simulator.described.files import Unreadable, complaints, content_of

LINES = {"names": r"^people-\d\.json$", "lines": {}}
TABLE = {"header": '^"amplitude_id","user_id"'}


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return packed.getvalue()


def nameless(line: Any, where: str) -> list[tuple[str, str]]:
    return [] if "name" in line else [("required", f"{where}: name is missing")]


def test_the_lines_of_all_files_of_an_archive_are_read_in_order() -> None:
    made = archive(**{"a.json": b'{"name":"ida"}\n', "b.json.gz": gzip.compress(b'{"name":"ben"}\n{"name":"noor"}\n')})
    assert [{"name": "ida"}, {"name": "ben"}, {"name": "noor"}] == content_of("application/zip", "", made)


def test_a_table_is_read_by_rows_whether_or_not_it_is_encoded() -> None:
    text = b'"amplitude_id","user_id"\n"1","ida"\n'
    rows = [["amplitude_id", "user_id"], ["1", "ida"]]
    assert (rows, rows) == (content_of("text/csv", "", text), content_of("text/csv", "gzip", gzip.compress(text)))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (archive(**{"people-1.json": b'{"name":"ida"}\n'}), []),
        (archive(**{"people.txt": b'{"name":"ida"}\n'}), [r"the name 'people.txt' in the archive does not match"]),
        (archive(**{"people-1.json": b'{"plan":"pro"}\n'}), ["people-1.json line 0: name is missing"]),
        (archive(**{"people-1.json": b"ida,pro\n"}), ["holds a line that is not JSON"]),
        (archive(**{"people-1.json": b'{"name":"a"}{"name":"b"}'}), ["holds a line that is not JSON"]),
        (b"PK no archive", ["is not the archive that it should be"]),
    ],
)
def test_an_archive_is_held_against_what_is_said_of_it(body: bytes, told: list[str]) -> None:
    found = [message for _, message in complaints(LINES, "", body, nameless)]
    assert len(told) == len(found)
    assert all(wanted in message for wanted, message in zip(told, found, strict=True))


@pytest.mark.parametrize(
    ("encoding", "body", "told"),
    [
        ("", b'"amplitude_id","user_id"\n"1","ida"\n', []),
        ("", b'"amplitude_id";"user_id"\n"1";"ida"\n', ["the first line"]),
        ("", b'"amplitude_id","user_id"\n"1"\n', ["rows have 1 or 2 cells"]),
        ("gzip", b'"amplitude_id","user_id"\n', ["is said to be encoded by gzip and is not"]),
    ],
)
def test_a_table_is_held_against_what_is_said_of_it(encoding: str, body: bytes, told: list[str]) -> None:
    found = [message for _, message in complaints(TABLE, encoding, body, nameless)]
    assert len(told) == len(found)
    assert all(wanted in message for wanted, message in zip(told, found, strict=True))


def test_what_is_no_json_cannot_be_read() -> None:
    with pytest.raises(Unreadable, match="is not JSON"):
        content_of("application/json", "", b"<html>")
