"""Reads query parameters and body fields, and refuses what cannot be read in words like Braze's.

Wordings that no page prints are ours: they follow the few that are printed (inferred).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from simulator.fakes.binding import Call
from simulator.fakes.braze.audience.lists.names import rows_text
from simulator.fakes.braze.audience.segments import Segments
from simulator.fakes.braze.wire import TOO_MANY_IDS, refuse
from simulator.rules.attributes.objects import id_text
from simulator.rules.instants import Instant, parse_instant

LONGEST_SERIES = 100
INVALID_SEGMENT = "Invalid Segment ID"
NOT_TRACKED = "Analytics tracking is not enabled for this segment"
_LOOSE_OFFSET = re.compile(r"([ +-])(\d{1,2}):?(\d{2})$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_TRUE = (True, "true", "True")

Item = TypeVar("Item")


def required(call: Call, name: str) -> str:
    """A query parameter that must be there. Raises Problem."""
    value = call.argument(name)
    if not value:
        raise refuse(400, f"'{name}' is required")
    return value


def whole(call: Call, name: str, message: str, *, least: int = 0, most: int | None = None, default: int = 0) -> int:
    """A whole number within bounds. Raises Problem."""
    text = call.argument(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < least or (most is not None and int(text) > most):
        raise refuse(400, message)
    return int(text)


def page(call: Call, items: Sequence[Item], size: int) -> Sequence[Item]:
    """The items of the page that is asked for, counted from 0; past the end there are none. Raises Problem."""
    number = whole(call, "page", "'page' must be a non-negative integer")
    return items[number * size : (number + 1) * size]


def newest_first(call: Call, default: bool) -> bool:
    """What `sort_direction` asks for. Raises Problem."""
    direction = call.argument("sort_direction")
    if direction is None:
        return default
    if direction not in ("asc", "desc"):
        raise refuse(400, "'sort_direction' must be 'asc' or 'desc'")
    return direction == "desc"


def flag(call: Call, name: str) -> bool:
    """Whether a query parameter says true."""
    return call.argument(name) in _TRUE


def moment(call: Call, name: str) -> Instant | None:
    """An ISO 8601 time; offsets such as `-5:00` and a plus sign that became a blank are understood. Raises Problem."""
    text = call.argument(name)
    if text is None:
        return None
    offset = _LOOSE_OFFSET.search(text) if len(text) > len("2026-03-02T10:00") else None
    if offset is not None and "T" in text[: offset.start()]:
        sign = "-" if offset[1] == "-" else "+"
        text = f"{text[: offset.start()]}{sign}{int(offset[2]):02d}:{offset[3]}"
    try:
        return parse_instant(text)
    except ValueError:
        raise refuse(400, f"'{name}' must be a valid ISO 8601 date") from None


def series(call: Call, longest: int = LONGEST_SERIES) -> tuple[int, Instant]:
    """`length`, which must be there, and `ending_at`, by default the time of the request. Raises Problem."""
    message = f"'length' must be between 1 and {longest}"
    if call.argument("length") is None:
        raise refuse(400, message)
    ending_at = moment(call, "ending_at")
    return whole(call, "length", message, least=1, most=longest), call.at if ending_at is None else ending_at


def unit(call: Call) -> str:
    """`day` or `hour`. Raises Problem."""
    found = call.argument("unit", "day") or "day"
    if found not in ("day", "hour"):
        raise refuse(400, "'unit' must be 'day' or 'hour'")
    return found


def date(call: Call, name: str) -> Instant | None:
    """Midnight UTC of a day such as 2026-03-02. Raises Problem."""
    text = call.argument(name)
    if text is None:
        return None
    try:
        if not _DATE.match(text):
            raise ValueError(text)
        return parse_instant(text)
    except ValueError:
        raise refuse(400, f"'{name}' must be in YYYY-MM-DD format") from None


def members_asked(call: Call, segments: Segments, workspace: str) -> str:
    """Members of the segment that is named, as the JSON array that narrows a count; "" when none is. Raises Problem.

    That a segment without analytics tracking is refused is inferred.
    """
    segment_id = call.argument("segment_id")
    if segment_id is None:
        return ""
    segment = segments.find(workspace, segment_id)
    if segment is None:
        raise refuse(400, INVALID_SEGMENT)
    if not segment.tracked:
        raise refuse(400, NOT_TRACKED)
    return rows_text(segments.members(segment))


def several(call: Call, name: str) -> list[str]:
    """All values of a parameter, written once, repeatedly, or as `name[]`."""
    return [value for value in (*call.query.get(name, ()), *call.query.get(f"{name}[]", ())) if value]


def says_true(value: object) -> bool:
    """Whether a field says true; texts are understood, since Braze's own examples send them."""
    return value in _TRUE


def text(body: Mapping[str, object], name: str) -> str:
    """A string that must be there and not be empty. Raises Problem."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise refuse(400, f"'{name}' is required")
    return value


def texts(body: Mapping[str, object], name: str, *, at_most: int = 50, too_many: str = TOO_MANY_IDS) -> list[str]:
    """A string or a list of strings; none at all is an empty list. Raises Problem for anything else and too many.

    A whole number among ids is taken for its digits, as recorded answers to public clients show.
    """
    value = body.get(name)
    if value is None or value == "":
        return []
    values = value if isinstance(value, list) else [value]
    if name.endswith(("_id", "_ids")):
        values = [id_text(each) for each in values]
    found = [each for each in values if isinstance(each, str) and each]
    if len(found) < len(values):
        raise refuse(400, f"'{name}' must be a string or an array of strings")
    if len(found) > at_most:
        raise refuse(400, too_many)
    return found
