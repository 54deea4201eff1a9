"""Subscription groups and the states of people in them.

Source: Braze, "Update user's subscription group status" (V1 and V2), "List user's subscription group status", "List
user's subscription groups". A change by address or number reaches everybody who shares it. Groups are made on the
dashboard; by the switch `unknown_subscription_group` users/track may set a state in a group that nobody made, which
then has neither name nor channel.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from simulator.fakes.braze.audience.messaging.sender import Dispatch, Sender
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_uuid
from simulator.ledger import Entry

CHANNELS = ("email", "sms", "whatsapp")
STATES = ("subscribed", "unsubscribed")
UNKNOWN = "unknown"
STATE_CHANGE = "users.behaviors.subscriptiongroup.StateChange"


class SubscriptionGroup(NamedTuple):
    """One subscription group."""

    group_id: str
    name: str
    channel: str


class GroupState(NamedTuple):
    """A group in which a person has a state."""

    group: SubscriptionGroup
    state: str


class GroupRefused(ValueError):
    """A group that cannot be made as asked."""


class Subscriptions:
    """Makes groups, sets and reads states."""

    def __init__(self, room: Room, sender: Sender) -> None:
        self._room = room
        self._database = room.database
        self._sender = sender

    def create(self, workspace: str, name: str, channel: str = "email", group_id: str = "") -> SubscriptionGroup:
        """Make a group as the dashboard does. Raises GroupRefused."""
        if channel not in CHANNELS:
            raise GroupRefused(f"channel {channel!r} is not one of {', '.join(CHANNELS)}")
        with self._database.transaction():
            known = self.all(workspace)
            made = group_id or derive_uuid(self._room.seed, "braze", "subscription_group", workspace, len(known))
            if any(made == group.group_id for group in known):
                raise GroupRefused(f"there is a subscription group {made!r} already")
            self._database.execute(
                "INSERT INTO braze_subscription_group (workspace, group_id, name, channel) VALUES (?, ?, ?, ?)",
                (workspace, made, name, channel),
            )
        return SubscriptionGroup(made, name, channel)

    def all(self, workspace: str) -> list[SubscriptionGroup]:
        """All groups of a workspace."""
        query = (
            "SELECT group_id, name, channel FROM braze_subscription_group WHERE workspace = ? ORDER BY name, group_id"
        )
        return [SubscriptionGroup(*row) for row in self._database.rows(query, (workspace,))]

    def find(self, workspace: str, group_id: str) -> SubscriptionGroup | None:
        """One group; None if the dashboard never made it."""
        query = "SELECT group_id, name, channel FROM braze_subscription_group WHERE workspace = ? AND group_id = ?"
        found = self._database.row(query, (workspace, group_id))
        return None if found is None else SubscriptionGroup(*found)

    def unmade(self, workspace: str, group_ids: Collection[str]) -> set[str]:
        """Those of the ids under which the dashboard made no group."""
        return {group_id for group_id in group_ids if self.find(workspace, group_id) is None}

    def people(
        self,
        workspace: str,
        *,
        external_ids: Sequence[str] = (),
        emails: Sequence[str] = (),
        phones: Sequence[str] = (),
    ) -> list[Profile]:
        """The profiles that are meant, each once, in the order in which they were named."""
        store = self._room.store.profiles
        found: dict[int, Profile] = {}
        for external_id in external_ids:
            profile = store.by_external_id(workspace, external_id)
            if profile is not None:
                found[profile.row] = profile
        for email in emails:
            found |= {profile.row: profile for profile in _oldest_first(store.by_email(workspace, email))}
        for phone in phones:
            found |= {profile.row: profile for profile in _oldest_first(store.by_phone(workspace, phone))}
        return list(found.values())

    def set_state(self, workspace: str, group_id: str, state: str, people: Sequence[Profile], request: str) -> None:
        """Put people into a state; only what changes is written down as an event."""
        at = self._room.clock.now
        with self._database.transaction():
            rows = [profile.row for profile in people]
            changed = [row for row in rows if self.state(row, group_id) != state]
            self._room.store.activity.set_group_states(rows, {group_id: state}, at)
            dispatch = Dispatch(workspace, at, request=request)
            self._sender.note(
                dispatch, changed, STATE_CHANGE, {"subscription_group_id": group_id, "subscription_status": state}
            )
            self._room.ledger.write(
                at, room="braze", event="subscription_set", request=request,
                entries=[Entry(profile=profile.braze_id, outcome=state) for profile in people],
                detail={"workspace": workspace, "subscription_group_id": group_id},
            )  # fmt: skip

    def state(self, row: int, group_id: str) -> str:
        """The state of one person in one group; unknown if none was ever set."""
        return self._room.store.activity.group_states(row).get(group_id, UNKNOWN)

    def states(self, workspace: str, row: int) -> list[GroupState]:
        """The groups in which a person has a state, as the dashboard knows them."""
        states = self._room.store.activity.group_states(row)
        return [
            GroupState(self.find(workspace, group_id) or SubscriptionGroup(group_id, "", ""), state)
            for group_id, state in states.items()
        ]


def _oldest_first(profiles: Sequence[Profile]) -> list[Profile]:
    return sorted(profiles, key=lambda profile: profile.row)
