"""Instants and durations as plain integers of milliseconds, with the texts that people write for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NewType

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z on the simulated clock."""

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

UNITS_MS = {"ms": 1, "s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": WEEK_MS}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d|w)")
_ISO_8601 = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6}|,\d{1,6})?)?)?\s*(Z|z|[+-]\d{2}:?\d{2})?$")


def parse_instant(text: str) -> Instant:
    """Read an ISO 8601 date or date and time; without an offset it means UTC. Raises ValueError."""
    stripped = text.strip()
    if not _ISO_8601.match(stripped):
        raise ValueError(f"{text!r} is not an instant; write it like 2026-03-02T10:00:00Z")
    normal = stripped.upper().replace("Z", "+00:00").replace(",", ".").replace(" ", "T", 1).replace(" ", "")
    try:
        moment = datetime.fromisoformat(normal)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an instant: {error}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return from_datetime(moment)


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime, cut to the millisecond."""
    return Instant((moment - _EPOCH) // timedelta(milliseconds=1))


def to_datetime(instant: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(milliseconds=instant)


def format_instant(instant: int) -> str:
    """Write an instant as ISO 8601 in UTC; milliseconds appear only when they are not zero."""
    # Not strftime: on some systems it writes the year 9 as 9.
    text = to_datetime(instant).replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{text}.{instant % 1000:03d}Z" if instant % 1000 else f"{text}Z"


def parse_duration(text: str) -> int:
    """Read a duration such as `3h`, `1d 2h` or `90s` as milliseconds. Raises ValueError."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise ValueError(f"{text!r} is not a duration; write it like 90s, 15m, 3h, 7d or 1d 2h")
    return sum(int(number) * UNITS_MS[unit] for number, unit in parts)


def format_duration(duration_ms: int) -> str:
    """Write milliseconds in the largest units that fit: 5400000 is `1h 30m`."""
    if duration_ms == 0:
        return "0s"
    parts: list[str] = []
    rest = abs(duration_ms)
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, UNITS_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if duration_ms < 0 else "") + " ".join(parts)
