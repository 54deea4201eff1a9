"""One HTTP request at a service and the answer it got, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.rules.instants import Instant

TRANSPORT_HEADER = "X-Absim-Transport"
"""A fault marks an answer with `reset`, `truncate` or `malformed`; whoever carries the answer strips it and obeys."""

LATENCY_HEADER = "X-Absim-Took-Ms"
"""Simulated milliseconds that an answer took; it travels with the answer, as nothing really waits."""


def fits_header(text: str) -> bool:
    """Whether a text can be the value of a header on either door: printable ASCII (RFC 9110, Field Values)."""
    return text.isascii() and text.isprintable()


@dataclass(frozen=True, slots=True)
class Exchange:
    """Header names are lower-case; bodies are as sent, after any content encoding was undone.

    `operation` is empty when no operation of the contract has that method and path. `injected` marks an answer that a
    fault gave in place of the service.
    """

    service: str
    operation: str
    at: Instant
    request_id: str
    method: str
    path: str
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    injected: bool = False
