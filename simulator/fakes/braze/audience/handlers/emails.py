"""/email/*: the subscription state of addresses, unsubscribed and bounced ones, and the lists they are taken off.

Source: Braze, "Change email subscription status", "Query list of unsubscribed email addresses", "Query hard bounced
emails", "Remove hard bounced emails", "Remove email addresses from spam list", "Blocklist email addresses".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import date, newest_first, texts, whole
from simulator.fakes.braze.audience.lists.emails import STATES, Emails, Listed
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.rules.attributes import fields
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.instants import Instant, format_instant, to_datetime

BAD_ADDRESS = "The value provided for the 'email' field is not a valid email."
LISTED_AT_MOST = 500
LISTED_BY_DEFAULT = 100


class EmailHandlers:
    """Lists and changes what is known of addresses. Writes obey the switch that delays them."""

    def __init__(self, room: Room, keys: Keys, emails: Emails) -> None:
        self._room = room
        self._keys = keys
        self._emails = emails
        self._changes: dict[str, Callable[[str, list[str], str, str], None]] = {
            "changeEmailStatus": lambda workspace, found, state, request: emails.set_state(
                workspace, found, state, request
            ),
            "removeHardBounces": lambda workspace, found, state, request: emails.unmark(workspace, found, "bounced_at"),
            "removeSpam": lambda workspace, found, state, request: emails.unmark(workspace, found, "spam_at"),
            "blocklistEmails": lambda workspace, found, state, request: emails.blocklist(workspace, found, request),
            "blacklistEmails": lambda workspace, found, state, request: emails.blocklist(workspace, found, request),
        }
        for operation in self._changes:
            room.writes.register(operation, self._applier(operation))

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {
            **dict.fromkeys(self._changes, self.change),
            "changeEmailStatus": self.change_status,
            "listUnsubscribes": self.unsubscribes,
            "listHardBounces": self.hard_bounces,
        }

    def change_status(self, call: Call) -> Reply:
        """Sets the state of one address or of up to 50."""
        body = body_of(call)
        addresses = _addresses(body)
        state = body.get("subscription_state")
        if state not in STATES:
            raise refuse(400, "'subscription_state' must be 'opted_in', 'subscribed' or 'unsubscribed'")
        return self._accept(call, addresses, str(state))

    def change(self, call: Call) -> Reply:
        """Takes up to 50 addresses off a list, or blocks them."""
        return self._accept(call, _addresses(body_of(call)), "")

    def unsubscribes(self, call: Call) -> Reply:
        """Addresses that unsubscribed within a range of days, newest first."""
        workspace = self._keys.workspace_of(call)
        descending = newest_first(call, default=True)
        found = self._emails.unsubscribed(workspace)
        return _listed(call, found if descending else found[::-1], "unsubscribed_at", _sample)

    def hard_bounces(self, call: Call) -> Reply:
        """Addresses that bounced hard within a range of days, newest first."""
        return _listed(call, self._emails.bounced(self._keys.workspace_of(call)), "hard_bounced_at", format_instant)

    def _accept(self, call: Call, addresses: Sequence[str], state: str) -> Reply:
        accepted = Accepted(self._keys.workspace_of(call), call.at, call.request_id)
        self._room.writes.accept(call.operation, accepted, {"email": list(addresses), "state": state})
        return success()

    def _applier(self, operation: str) -> Callable[[Accepted, Mapping[str, object]], None]:
        def apply(accepted: Accepted, sent: Mapping[str, object]) -> None:
            self._changes[operation](accepted.workspace, texts(sent, "email"), str(sent["state"]), accepted.request)

        return apply


def _addresses(body: Mapping[str, object]) -> list[str]:
    found = texts(body, "email")
    if not found:
        raise refuse(400, "'email' is required")
    for address in found:
        try:
            fields.email(address)
        except InvalidObject:
            raise refuse(400, BAD_ADDRESS) from None
    return found


def _sample(at: Instant) -> str:
    """An instant as the sample of the page on unsubscribed addresses writes it: `2016-08-25 15:24:32 +0000`."""
    return f"{to_datetime(at):%Y-%m-%d %H:%M:%S} +0000"


def _listed(call: Call, found: Sequence[Listed], key: str, written: Callable[[Instant], str]) -> Reply:
    """Narrowed to one address, which makes the dates irrelevant, or to a range of days."""
    start, end = date(call, "start_date"), date(call, "end_date")
    message = f"'limit' must be between 1 and {LISTED_AT_MOST}"
    # The example of the page on unsubscribed addresses asks for 0; that it means the default is inferred.
    limit = whole(call, "limit", message, most=LISTED_AT_MOST) or LISTED_BY_DEFAULT
    offset = whole(call, "offset", "'offset' must be a non-negative integer")
    address = (call.argument("email") or "").lower()
    if end is None:
        raise refuse(400, "'end_date' is required")
    if start is None and not address:
        raise refuse(400, "'start_date' or 'email' is required")
    if start is not None and start >= end and not address:
        raise refuse(400, "'start_date' must be earlier than 'end_date'")
    chosen = [
        listed
        for listed in found
        if (listed.email == address if address else start is not None and start <= listed.at < end)
    ]
    shown = [{"email": email, key: written(at)} for email, at in chosen[offset : offset + limit]]
    return success(200, emails=shown)
