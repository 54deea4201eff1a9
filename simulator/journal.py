"""The journal: every HTTP exchange at a fake, in a ring that counts what it forgets, with secrets masked at write."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from simulator.exchange import TRANSPORT_HEADER, Exchange
from simulator.rules.instants import Instant, format_instant

RING_ENTRIES = 10_000
RING_BYTES = 32 * 1024 * 1024
BODY_BYTES = 16 * 1024
MASK = "***"

SECRET_NAMES = (b"api_key", b"apikey", b"api-key", b"client_secret", b"secret_key", b"import_key", b"access_token")
"""Endings of the names of JSON members, form fields, query parameters and multipart parts whose values are secret."""
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key"})

_ANCHORS = (b"key", b"client_secret", b"access_token")
# What may follow a secret's name: a JSON member (also inside a JSON text), a multipart part, a form field.
_JSON_VALUE = re.compile(rb'\\*"\s*:\s*(?:(\\+")[^"\\]*\\*"?|"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|[^\s,}\]"\[]+)', re.DOTALL)
_PART_VALUE = re.compile(rb'("[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)[^\r\n]*')
_FORM_VALUE = re.compile(rb"=[^&\s]*")
# Amplitude repeats the key that it refuses, Braze the secret of a partner that is not enabled.
_TOLD_BACK = re.compile(rb'((?:invalid (?:api|secret) key|client secret): *`?)[^`"\\\s,}]+', re.IGNORECASE)
_ESCAPED_LETTER = re.compile(rb"\\u00([2-7][0-9a-fA-F])")


class JournalIncomplete(RuntimeError):
    """Somebody needs every exchange, and the ring has already forgotten some."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange as the journal keeps it. Bodies are text, cut at 16 KiB; `*_bytes` are the true lengths."""

    number: int
    at: Instant
    service: str
    operation: str
    method: str
    url: str
    request_id: str
    status: int
    request_headers: Mapping[str, str]
    request_body: str
    request_bytes: int
    response_headers: Mapping[str, str]
    response_body: str
    response_bytes: int
    transport: str = ""
    violations: tuple[str, ...] = ()
    refused: str = ""
    """Why something that a fault was to do in the middle of this exchange did not happen."""

    def as_json(self) -> dict[str, object]:
        """The form of the control plane and of a journal file (one such object a line)."""
        told: dict[str, object] = {
            "number": self.number,
            "at": format_instant(self.at),
            "service": self.service,
            "operation": self.operation,
            "method": self.method,
            "url": self.url,
            "request_id": self.request_id,
            "status": self.status,
            "request": _message(self.request_headers, self.request_body, self.request_bytes),
            "response": _message(self.response_headers, self.response_body, self.response_bytes),
        }
        if self.transport:
            told["transport"] = self.transport
        if self.violations:
            told["violations"] = list(self.violations)
        if self.refused:
            told["refused"] = self.refused
        return told


@dataclass(frozen=True, slots=True)
class Counted:
    """How often an operation of a service answered with a status since the last clear."""

    service: str
    operation: str
    status: int
    count: int


class Journal:
    """Safe for several threads. Old entries make room for new ones; the counters forget nothing."""

    def __init__(
        self, entries: int = RING_ENTRIES, total_bytes: int = RING_BYTES, body_bytes: int = BODY_BYTES
    ) -> None:
        self._capacity = entries
        self._byte_budget = total_bytes
        self._body_bytes = body_bytes
        self._lock = threading.Lock()
        self._ring: deque[Entry] = deque()
        self._bytes = 0
        self._number = 0
        self._written = 0
        self._counters: Counter[tuple[str, str, int]] = Counter()
        self._watchers: list[Callable[[Entry], None]] = []

    @property
    def written(self) -> int:
        """Exchanges since the last clear, also those that the ring has forgotten."""
        return self._written

    @property
    def last_number(self) -> int:
        """The number of the newest exchange, 0 before the first."""
        return self._number

    @property
    def lost(self) -> int:
        """Exchanges since the last clear that the ring has forgotten."""
        with self._lock:
            return self._written - len(self._ring)

    def watch(self, watcher: Callable[[Entry], None]) -> None:
        """Call `watcher` with each entry as it is written (the console of `absim serve`)."""
        self._watchers.append(watcher)

    def record(self, exchange: Exchange, violations: Collection[str] = (), refused: str = "") -> Entry:
        """Write one exchange; nothing of it that is secret is kept."""
        response_headers = mask_headers(exchange.response_headers)
        transport = response_headers.pop(TRANSPORT_HEADER.lower(), "")
        url = exchange.path + (f"?{mask_text(exchange.query)}" if exchange.query else "")
        request_body = self._kept(exchange.request_body)
        response_body = self._kept(exchange.response_body)
        with self._lock:
            self._number += 1
            entry = Entry(
                number=self._number,
                at=exchange.at,
                service=exchange.service,
                operation=exchange.operation,
                method=exchange.method,
                url=url,
                request_id=exchange.request_id,
                status=exchange.status,
                request_headers=mask_headers(exchange.request_headers),
                request_body=request_body,
                request_bytes=len(exchange.request_body),
                response_headers=response_headers,
                response_body=response_body,
                response_bytes=len(exchange.response_body),
                transport=transport,
                violations=tuple(mask_text(each) for each in violations),
                refused=mask_text(refused),
            )
            self._written += 1
            self._counters[(entry.service, entry.operation, entry.status)] += 1
            self._ring.append(entry)
            self._bytes += _weight(entry)
            while len(self._ring) > self._capacity or (self._bytes > self._byte_budget and len(self._ring) > 1):
                self._bytes -= _weight(self._ring.popleft())
        for watcher in self._watchers:
            watcher(entry)
        return entry

    def entries(
        self,
        *,
        service: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        after: int = 0,
        complete: bool = False,
    ) -> Iterator[Entry]:
        """Entries in the order of writing. With `complete`, raises JournalIncomplete if any has been forgotten."""
        if complete:
            self.verify_complete()
        with self._lock:
            held = list(self._ring)
        for entry in held:
            if (
                entry.number > after
                and (service is None or entry.service == service)
                and (operation is None or entry.operation == operation)
                and (status is None or entry.status == status)
                and (request_id is None or entry.request_id == request_id)
            ):
                yield entry

    def verify_complete(self) -> None:
        """Raise JournalIncomplete if the ring has forgotten anything since the last clear."""
        if lost := self.lost:
            raise JournalIncomplete(
                f"{lost} of {self._written} exchanges are no longer in the journal (it holds {self._capacity} or "
                f"{self._byte_budget} bytes); clear it earlier or count instead of listing"
            )

    def counted(
        self, *, service: str | None = None, operation: str | None = None, status: int | None = None
    ) -> list[Counted]:
        """Exact counts by service, operation and status, whatever the ring has forgotten."""
        with self._lock:
            counters = sorted(self._counters.items())
        return [
            Counted(*key, count)
            for key, count in counters
            if (service is None or key[0] == service)
            and (operation is None or key[1] == operation)
            and (status is None or key[2] == status)
        ]

    def clear(self) -> None:
        """Forget everything; numbers go on, so that a cursor stays valid."""
        with self._lock:
            self._ring.clear()
            self._counters.clear()
            self._bytes = 0
            self._written = 0

    def _kept(self, body: bytes) -> str:
        head = body[: self._body_bytes]
        try:
            # The cut may go through a character.
            text = mask_bytes(head).decode(errors="strict" if len(head) == len(body) else "ignore")
        except UnicodeDecodeError:
            return f"<{len(body)} bytes that are not text>"
        if "\0" in text:
            return f"<{len(body)} bytes that are not text>"
        return text if len(head) == len(body) else f"{text}…"


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers with credentials replaced; the scheme of Authorization stays readable."""
    return {name: _masked_header(name.lower(), value) for name, value in headers.items()}


def _masked_header(name: str, value: str) -> str:
    if name in SECRET_HEADERS:
        scheme, _, credentials = value.partition(" ")
        return f"{scheme} {MASK}" if credentials else MASK
    return mask_text(value) if "=" in value else value


def mask_text(text: str) -> str:
    """Any text (a query string, JSON, form, multipart, an error message) with secrets replaced."""
    return mask_bytes(text.encode(errors="surrogateescape")).decode(errors="replace")


def mask_bytes(data: bytes) -> bytes:
    """The same for bytes. A value that was cut off at the end of `data` is replaced as well."""
    if b"\\u00" in data:
        # A name written with escapes is still that name: "api\u005fkey".
        data = _ESCAPED_LETTER.sub(_plain_letter, data)
    lowered = data.lower()
    pieces: list[bytes] = []
    done = 0
    for end in _name_ends(lowered):
        if end < done:
            continue
        if value := _JSON_VALUE.match(data, end):
            colon = data.index(b":", end) + 1
            quote = value[1] or b'"'
            replaced = data[end:colon] + b" " + quote + MASK.encode() + quote
        elif value := _PART_VALUE.match(data, end):
            replaced = value[1] + MASK.encode()
        elif value := _FORM_VALUE.match(data, end):
            replaced = b"=" + MASK.encode()
        else:
            continue
        pieces += (data[done:end], replaced)
        done = value.end()
    masked = b"".join((*pieces, data[done:]))
    return (
        _TOLD_BACK.sub(rb"\g<1>" + MASK.encode(), masked) if b" key: " in lowered or b" secret: " in lowered else masked
    )


def _name_ends(lowered: bytes) -> list[int]:
    # Plain searches: a regular expression over 16 KiB of identifiers costs more than the call it is about.
    ends: list[int] = []
    for anchor in _ANCHORS:
        found = lowered.find(anchor)
        while found >= 0:
            end = found + len(anchor)
            if lowered.endswith(SECRET_NAMES, max(0, end - 32), end):
                ends.append(end)
            found = lowered.find(anchor, end)
    return sorted(ends)


def _plain_letter(match: re.Match[bytes]) -> bytes:
    letter = chr(int(match[1], 16))
    return letter.encode() if letter.isalnum() or letter in "_-" else match[0]


def _weight(entry: Entry) -> int:
    return len(entry.request_body) + len(entry.response_body) + 600


def _message(headers: Mapping[str, str], body: str, length: int) -> dict[str, object]:
    return {"headers": dict(headers), "body": body, "body_bytes": length}
