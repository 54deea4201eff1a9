"""Lines of a journal, one JSON object each: what `absim serve` keeps and what the pytest fixtures record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from simulator.contract.traffic.recorded import NOT_READ, Recorded, Side, UnreadableTraffic, not_one_of, recorded

CUT = "…"
"""Stands at the end of a body of which the journal kept the beginning only."""
_NO_TEXT = re.compile(r"<\d+ bytes that are not text>")
_MASKED_AWAY = 64
"""A mask is shorter than a secret, by no more than this for each body that a key travels in."""


def journal_lines(source: str, raw: bytes) -> Iterator[Recorded]:
    """Every exchange of a journal file; empty lines are passed over. Raises UnreadableTraffic."""
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise UnreadableTraffic(
                f"{source}:{number}: not a JSON object, as a HAR file or a line of a journal is: {error}"
            ) from error
        yield journal_entry(source, number, entry)


def journal_entry(source: str, number: int, entry: Any) -> Recorded:
    """One entry of a journal. Raises UnreadableTraffic."""
    try:
        request, response = entry["request"], entry["response"]
        return recorded(
            source, number, entry["method"], entry["url"], Side(request["headers"], _whole(request)),
            entry["status"], Side(response["headers"], _whole(response)), service=str(entry.get("service", "")),
            test=str(entry.get("test", "")), marked=tuple(map(str, entry.get("violations", ()))),
        )  # fmt: skip
    except NOT_READ as error:
        raise not_one_of("journal", f"{source}:{number}: this", error) from error


def _whole(message: Mapping[str, Any]) -> bytes | None:
    text = message["body"]
    if text.endswith(CUT) or _NO_TEXT.fullmatch(text):
        return None
    body: bytes = text.encode()
    return None if len(body) < message["body_bytes"] - _MASKED_AWAY else body
