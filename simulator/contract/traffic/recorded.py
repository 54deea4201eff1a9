"""One recorded exchange, as every format of recording becomes one; whoever makes it masks secrets first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulator.journal import mask_bytes, mask_headers, mask_text


class UnreadableTraffic(ValueError):
    """The file is no recording; the message says where it stops making sense."""


class NoRecording(UnreadableTraffic):
    """The file is well-formed and something else than a recording."""


def not_one_of(kind: str, where: str, error: Exception) -> UnreadableTraffic:
    """What to raise when a reader meets an entry that is not one of its kind of file: where, what, what to do."""
    if isinstance(error, KeyError):
        what = f"{error.args[0]} is missing"
    elif isinstance(error, ValueError):
        what = f"a value cannot be read: {mask_text(str(error))}"
    else:
        what = "a part of it has another form, as a text where a mapping belongs"
    return UnreadableTraffic(f"{where} is not one of a {kind}: {what}; record it again, or take it out of the file")


NOT_READ = (KeyError, TypeError, AttributeError, ValueError)
"""What is raised by readers that meet something else than they know."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded exchange, secrets masked. `number` is its place in the file `source`, from 1."""

    source: str
    number: int
    method: str
    url: str
    path: str
    query: Mapping[str, list[str]]
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    """0 when nobody answered."""
    response_headers: Mapping[str, str]
    response_body: bytes
    host: str = ""
    service: str = ""
    """Which service heard it, where the recording says so."""
    test: str = ""
    """The test during which it happened, where the recording says so."""
    request_whole: bool = True
    response_whole: bool = True
    """Whether a body is all that crossed the wire, and can be read."""
    marked: tuple[str, ...] = ()
    """What was found wrong while it happened, with the whole bodies at hand."""


@dataclass(frozen=True, slots=True)
class Side:
    """A request or an answer as a recording has it, in clear. A body of None was not recorded."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = b""


def recorded(
    source: str, number: int, method: str, address: str, request: Side, status: int, response: Side, **more: Any
) -> Recorded:
    """An exchange with its secrets masked; `address` is a URL, or a path with its query."""
    url = urlsplit(address)
    query = mask_text(url.query)
    return Recorded(
        source, number, method.upper(), mask_text(address), url.path, parse_qs(query, keep_blank_values=True),
        _headers(request), mask_bytes(request.body or b""), status, _headers(response),
        mask_bytes(response.body or b""), host=url.hostname or "",
        request_whole=request.body is not None, response_whole=response.body is not None, **more,
    )  # fmt: skip


def _headers(side: Side) -> dict[str, str]:
    return {name.lower(): value for name, value in mask_headers(side.headers).items()}
