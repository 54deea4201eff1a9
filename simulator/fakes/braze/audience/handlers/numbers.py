"""/sms/invalid_phone_numbers: numbers that cannot receive text messages.

Source: Braze, "Query invalid phone numbers", "Remove invalid phone numbers".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import date, several, texts, whole
from simulator.fakes.braze.audience.lists.numbers import REASONS, Numbers, plain
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.rules.instants import format_instant

LISTED_AT_MOST = 500
LISTED_BY_DEFAULT = 100
REMOVE = "removeInvalidPhoneNumbers"


class NumberHandlers:
    """Lists invalid numbers and takes them off the list. Writes obey the switch that delays them."""

    def __init__(self, room: Room, keys: Keys, numbers: Numbers) -> None:
        self._room = room
        self._keys = keys
        self._numbers = numbers
        room.writes.register(REMOVE, self._apply)

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {"listInvalidPhoneNumbers": self.list, REMOVE: self.remove}

    def list(self, call: Call) -> Reply:
        """Numbers that are asked for, which makes the dates irrelevant, or those of a range of days; newest first."""
        start, end = date(call, "start_date"), date(call, "end_date")
        message = f"'limit' must be between 1 and {LISTED_AT_MOST}"
        limit = whole(call, "limit", message, least=1, most=LISTED_AT_MOST, default=LISTED_BY_DEFAULT)
        offset = whole(call, "offset", "'offset' must be a non-negative integer")
        wanted = {plain(phone) for phone in several(call, "phone_numbers")}
        reason = call.argument("reason")
        if reason is not None and reason not in REASONS:
            raise refuse(400, "'reason' must be 'provider_error' or 'deactivated'")
        if not wanted and (start is None or end is None):
            raise refuse(400, "Either 'start_date' and 'end_date' or 'phone_numbers' is required")
        if not wanted and start is not None and end is not None and start >= end:
            raise refuse(400, "'start_date' must be earlier than 'end_date'")
        chosen = [
            found
            for found in self._numbers.invalid(self._keys.workspace_of(call))
            if (reason is None or found.reason == reason)
            and (plain(found.phone) in wanted if wanted else start is not None and start <= found.at < (end or 0))
        ]
        shown = [
            {"phone": found.phone, "invalid_detected_at": format_instant(found.at), "reason": found.reason}
            for found in chosen[offset : offset + limit]
        ]
        return success(200, sms=shown)

    def remove(self, call: Call) -> Reply:
        """Up to 50 numbers are valid again."""
        body = body_of(call)
        phones = texts(body, "phone_numbers")
        if not phones:
            raise refuse(400, "'phone_numbers' is required")
        accepted = Accepted(self._keys.workspace_of(call), call.at, call.request_id)
        self._room.writes.accept(REMOVE, accepted, phones)
        return success()

    def _apply(self, accepted: Accepted, phones: Sequence[str]) -> None:
        self._numbers.unmark(accepted.workspace, phones)
