"""Whom an object of users/track means: the profile that is there, a new one, or nobody (CREATE-1, CREATE-2, MATCH-6).

Source: Braze, "Create and update users", the identifier rules and `_update_existing_only`.
"""

from __future__ import annotations

from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.rules.attributes.objects import Naming, Target


class Targets:
    """Finds or makes the profiles of one request; a profile that appears twice is one object in memory."""

    def __init__(self, room: Room, life: LifeCycle, accepted: Accepted) -> None:
        self._room = room
        self._store = room.store
        self._life = life
        self._accepted = accepted
        self._known: dict[int, Profile] = {}
        self.created: set[int] = set()
        self._changed: set[int] = set()

    def find(self, target: Target, *, event: bool = False) -> Profile | None:
        """The profile that is meant. `event` says that the object is an event or a purchase."""
        found = self._existing(target)
        if found is not None:
            return self._same(found)
        if not self._may_create(target, event):
            return None
        created = self._create(target)
        self.created.add(created.row)
        self._known[created.row] = created
        return created

    def changed(self, profile: Profile) -> None:
        """Note that a profile must be written."""
        self._changed.add(profile.row)

    def flush(self) -> None:
        """Write what has changed, so that look-ups by email and phone see it."""
        for row in sorted(self._changed):
            self._store.profiles.save(self._known[row], self._accepted.at)
        self._changed.clear()

    def _same(self, profile: Profile) -> Profile:
        return self._known.setdefault(profile.row, profile)

    def _existing(self, target: Target) -> Profile | None:
        workspace, profiles = self._accepted.workspace, self._store.profiles
        if target.naming is Naming.EXTERNAL_ID:
            return profiles.by_external_id(workspace, target.value)
        if target.naming is Naming.USER_ALIAS:
            return profiles.by_alias(workspace, target.label, target.value)
        if target.naming is Naming.BRAZE_ID:
            return profiles.by_braze_id(workspace, target.value)
        self.flush()
        by_email = target.naming is Naming.EMAIL
        shared = profiles.by_email(workspace, target.value) if by_email else profiles.by_phone(workspace, target.value)
        # The most recently updated one with an external id, else the most recently updated one.
        return next((profile for profile in shared if profile.identified), shared[0] if shared else None)

    def _may_create(self, target: Target, event: bool) -> bool:
        if target.naming is Naming.BRAZE_ID or target.update_only is True:
            return False
        if target.naming is Naming.USER_ALIAS:
            creates = target.update_only is False
            return creates and not (event and self._room.rules.alias_in_events == "update_only")
        return True

    def _create(self, target: Target) -> Profile:
        accepted, value = self._accepted, target.value
        if target.naming is Naming.EXTERNAL_ID:
            return self._life.create(accepted, external_id=value)
        if target.naming is Naming.USER_ALIAS:
            return self._life.create(accepted, alias=(target.label, value))
        if target.naming is Naming.EMAIL:
            return self._life.create(accepted, email=value)
        return self._life.create(accepted, phone=value)
