"""E-mail addresses: subscription state, hard bounces and spam marks, also of addresses that nobody has yet.

Source: Braze, "Change email subscription status", "Query list of unsubscribed email addresses", "Query hard bounced
emails", "Remove hard bounced emails", "Remove email addresses from spam list", "Blocklist email addresses".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from simulator.fakes.braze.audience.messaging.sender import Dispatch, Sender
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.wire import utc_text
from simulator.ledger import Entry
from simulator.rules.instants import Instant, parse_instant

STATES = ("opted_in", "subscribed", "unsubscribed")
STATE_CHANGE = "users.behaviors.subscription.GlobalStateChange"
SINCE_FIELDS = {"opted_in": "email_opted_in_at", "unsubscribed": "email_unsubscribed_at"}


class Listed(NamedTuple):
    """An address and the instant at which it got onto the list."""

    email: str
    at: Instant


class Emails:
    """What is known of addresses."""

    def __init__(self, room: Room, sender: Sender) -> None:
        self._room = room
        self._database = room.database
        self._sender = sender

    def set_state(self, workspace: str, emails: Iterable[str], state: str, request: str) -> None:
        """Set the subscription state of addresses: of everybody who has them, and of whoever gets them later."""
        at = self._room.clock.now
        with self._database.transaction():
            entries: list[Entry] = []
            for email in _plain(emails):
                self._database.execute(
                    "INSERT INTO braze_address (workspace, email, state, unsubscribed_at) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (workspace, email) DO UPDATE SET state = excluded.state, "
                    "unsubscribed_at = CASE WHEN excluded.unsubscribed_at IS NULL THEN NULL "
                    "ELSE coalesce(unsubscribed_at, excluded.unsubscribed_at) END",
                    (workspace, email, state, at if state == "unsubscribed" else None),
                )
                for profile in self._room.store.profiles.by_email(workspace, email):
                    self._apply(profile, state, at, request)
                    entries.append(Entry(profile=profile.braze_id, outcome=state))
            self._room.ledger.write(
                at, room="braze", event="email_status_set", entries=entries, request=request,
                detail={"workspace": workspace},
            )  # fmt: skip

    def _apply(self, profile: Profile, state: str, at: Instant, request: str) -> None:
        if profile.fields.get("email_subscribe") == state:
            return
        profile.fields["email_subscribe"] = state
        if (since := SINCE_FIELDS.get(state)) is not None:
            profile.fields[since] = utc_text(at)
        self._room.store.profiles.save(profile, at)
        dispatch = Dispatch(profile.workspace, at, request=request)
        self._sender.note(
            dispatch, [profile.row], STATE_CHANGE,
            {"subscription_status": state, "channel": "email", "email_address": profile.email},
        )  # fmt: skip

    def take_over(self, profile: Profile) -> None:
        """A profile has just got an address, and with it the state that was set for the address before."""
        query = "SELECT state FROM braze_address WHERE workspace = ? AND email = ?"
        state = self._database.value(query, (profile.workspace, (profile.email or "").lower()))
        if state is not None:
            profile.fields.setdefault("email_subscribe", state)

    def mark(self, workspace: str, email: str, column: str) -> None:
        """A hard bounce (`bounced_at`) or a spam mark (`spam_at`)."""
        at = self._room.clock.now
        self._database.execute(
            f"INSERT INTO braze_address (workspace, email, {column}) VALUES (?, ?, ?) "
            f"ON CONFLICT (workspace, email) DO UPDATE SET {column} = coalesce({column}, excluded.{column})",
            (workspace, email.lower(), at),
        )

    def unmark(self, workspace: str, emails: Iterable[str], column: str) -> None:
        """Take addresses off the list of hard bounces or of spam marks."""
        self._database.executemany(
            f"UPDATE braze_address SET {column} = NULL WHERE workspace = ? AND email = ?",
            [(workspace, email) for email in _plain(emails)],
        )

    def blocklist(self, workspace: str, emails: Sequence[str], request: str) -> None:
        """Unsubscribe addresses and mark them as hard bounced."""
        with self._database.transaction():
            self.set_state(workspace, emails, "unsubscribed", request)
            for email in emails:
                self.mark(workspace, email, "bounced_at")

    def unsubscribed(self, workspace: str) -> list[Listed]:
        """Unsubscribed addresses, newest first: by list, or because a profile with the address is.

        A state that users/track wrote has the instant of the write if the profile kept it.
        """
        listed = dict(
            self._database.rows(
                "SELECT email, unsubscribed_at FROM braze_address WHERE workspace = ? AND state = 'unsubscribed' "
                "AND unsubscribed_at IS NOT NULL",
                (workspace,),
            )
        )
        by_profile = self._database.rows(
            "SELECT email, min(coalesce(json_extract(fields, '$.email_unsubscribed_at'), updated_at)) "
            "FROM braze_profile WHERE workspace = ? AND email IS NOT NULL AND gone_at IS NULL "
            "AND json_extract(fields, '$.email_subscribe') = 'unsubscribed' GROUP BY email",
            (workspace,),
        )
        for email, at in by_profile:
            listed.setdefault(email, parse_instant(at) if isinstance(at, str) else at)
        return _newest_first(Listed(email, Instant(int(at))) for email, at in listed.items())

    def bounced(self, workspace: str) -> list[Listed]:
        """Addresses that bounced hard, newest first."""
        query = "SELECT email, bounced_at FROM braze_address WHERE workspace = ? AND bounced_at IS NOT NULL"
        return _newest_first(Listed(*row) for row in self._database.rows(query, (workspace,)))


def _plain(emails: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(email.strip().lower() for email in emails))


def _newest_first(found: Iterable[Listed]) -> list[Listed]:
    return sorted(found, key=lambda listed: (-listed.at, listed.email))
