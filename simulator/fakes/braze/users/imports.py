"""Anonymous import of push tokens: one temporary profile per new token, gone in the month after its token has left it.

Source: Braze, "User attributes object" (`push_token_import`): a token that somebody has is ignored; profiles with no
token are purged monthly. That this happens as a month of UTC begins is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.store.activity import PushToken
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.ids import derive_uuid
from simulator.rules.instants import Instant, from_datetime, to_datetime

PURGED = "imported for a push token that it no longer has"


class TokenImports:
    """Keeps in the store which profiles were imported and when each is looked at next; due work on the agenda."""

    name = "braze token imports"

    def __init__(self, room: Room, life: LifeCycle) -> None:
        self._room = room
        self._life = life
        self._database = room.database

    def add(self, accepted: Accepted, tokens: Sequence[Mapping[str, str]]) -> None:
        """Make a profile for each token that nobody has."""
        activity = self._room.store.activity
        for token in tokens:
            if activity.knows_token(accepted.workspace, token["app_id"], token["token"]):
                continue
            stored = self.stored(accepted, token)
            profile = self._life.create(accepted, device_id=stored.device_id)
            activity.add_push_token(profile, stored)
            self._look_again(profile.row, month_after(accepted.at))

    def stored(self, accepted: Accepted, token: Mapping[str, str]) -> PushToken:
        """A token as it is kept; a device id is made up if it comes without one."""
        app_id, value = token["app_id"], token["token"]
        made_up = derive_uuid(self._room.seed, "braze", "token_device", accepted.workspace, app_id, value)
        return PushToken(app_id, value, token.get("device_id") or made_up, "")

    def next_due(self) -> Instant | None:
        """The next instant at which imported profiles are looked at."""
        due: Instant | None = self._database.value("SELECT min(due_at) FROM braze_imported_profile")
        return due

    def run_due(self, at: Instant) -> None:
        """Purge those that are still anonymous and have no token left; whoever has one is looked at in a month."""
        store = self._room.store
        with self._database.transaction():
            due = self._database.rows(
                "SELECT profile, due_at FROM braze_imported_profile WHERE due_at <= ? ORDER BY due_at, profile", (at,)
            )
            for row, due_at in due:
                profile = store.profiles.by_row(row)
                if profile is None or profile.identified:
                    self._database.execute("DELETE FROM braze_imported_profile WHERE profile = ?", (row,))
                elif store.activity.push_tokens(row):
                    self._look_again(row, month_after(due_at))
                else:
                    self._life.delete(Accepted(profile.workspace, Instant(due_at), ""), profile, note=PURGED)
                    self._database.execute("DELETE FROM braze_imported_profile WHERE profile = ?", (row,))

    def unfinished(self) -> bool:
        """A profile that waits for its month is nothing that has begun."""
        return False

    def _look_again(self, row: int, due_at: Instant) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO braze_imported_profile (profile, due_at) VALUES (?, ?)", (row, due_at)
        )


def month_after(instant: Instant | int) -> Instant:
    """The instant at which the next month begins, in UTC."""
    moment = to_datetime(instant)
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return from_datetime(moment.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0))
