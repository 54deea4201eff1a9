"""The life of a profile: born, identified, merged into another, renamed, deleted; each step with a line in the ledger.

Sources: Braze, "User profile lifecycle", "User merge behavior", "Merge users", "Delete users" (LIFE-1 to LIFE-3).
Cohort membership belongs to the profile: it stays when the profile gets an external id or another one, and ends when
it is deleted (inferred); for merges there is a switch.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.ledger import Entry
from simulator.rules.attributes.merging import Person, merged
from simulator.rules.identity import Identifier, Kind


class LifeCycle:
    """Every step runs in the caller's transaction and writes one page of the ledger."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._store = room.store

    def create(
        self,
        accepted: Accepted,
        *,
        external_id: str | None = None,
        alias: tuple[str, str] | None = None,
        device_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        cause: str = "CREATE-2",
        room: str = "braze",
        details: Mapping[str, object] | None = None,
    ) -> Profile:
        """A new profile with what it is known by; `alias` is (label, name)."""
        profile = self._store.profiles.create(
            accepted.workspace, accepted.at, external_id=external_id, email=email, phone=phone
        )
        if alias is not None:
            self._store.identifiers.add_alias(profile, *alias, accepted.at)
        if device_id is not None:
            self._store.identifiers.add_device(profile, device_id, details)
        known_by = _known_by(external_id, alias, device_id)
        note = "" if known_by or not (email or phone) else "known by email" if email else "known by phone"
        self._note(
            accepted, "profile_created", [Entry("", profile.braze_id, known_by, "created", (cause,), note)], room
        )
        return profile

    def identify(
        self, accepted: Accepted, profile: Profile, external_id: str, *, rule: str, room: str = "braze"
    ) -> None:
        """LIFE-1. The same profile, now with an external id; what it was called by before stays."""
        profile.external_id = external_id
        profile.once_anonymous = True
        self._store.profiles.save(profile, accepted.at)
        entry = Entry("", profile.braze_id, Identifier(Kind.EXTERNAL_ID, external_id), "identified", (rule,))
        self._note(accepted, "profile_identified", [entry], room)

    def merge(
        self,
        accepted: Accepted,
        source: Profile,
        target: Profile,
        *,
        rule: str,
        history: str = "blank_fields",
        activity: bool = True,
        devices: bool = True,
        room: str = "braze",
    ) -> None:
        """LIFE-2, LIFE-3. Fill the target from the source, hand over what is summed, and end the source.

        Aliases whose label is free on the target and push tokens always go over, devices unless `devices` is false.
        Cohort membership is in no list of merged things: the switch `membership_on_merge` decides.
        """
        at = accepted.at
        person = merged(_person(target), _person(source), history)
        target.email, target.phone = _text(person.fields.get("email")), _text(person.fields.get("phone"))
        target.fields = {name: value for name, value in person.fields.items() if name not in ("email", "phone")}
        target.custom = dict(person.custom)
        self._store.profiles.save(target, at)
        self._store.identifiers.move(source, target, devices=devices)
        if activity and history != "lost":
            self._store.activity.move(source, target)
        carried = self._room.rules.membership_on_merge == "carried"
        ended = self._store.membership.end_all(source.row, at)
        for cohort in ended:
            if carried:
                self._store.membership.change(cohort.key, {target.row}, (), at)
        for follow in self._room.when_merged:
            follow(source, target, at)
        self._store.activity.forget(source.row, at)
        self._store.profiles.end(source, at, merged_into=target.row)
        cohorts = ", ".join(cohort.shown_name for cohort in ended)
        fate = "carried over" if carried else "lost"
        membership = f"; membership in {cohorts} is {fate} (membership_on_merge: {fate.split()[0]})" if ended else ""
        self._note(
            accepted,
            "profile_merged",
            [
                Entry("", source.braze_id, None, "merged_away", (rule,), f"merged into {target.braze_id}{membership}"),
                Entry("", target.braze_id, None, "merged_into", (rule,), f"took over {source.braze_id}"),
            ],
            room,
        )

    def delete(self, accepted: Accepted, profile: Profile, *, note: str = "") -> None:
        """LIFE-3. The profile and everything about it goes; `note` says why where nobody asked for it."""
        self._store.membership.end_all(profile.row, accepted.at)
        self._store.activity.forget(profile.row, accepted.at)
        self._store.profiles.end(profile, accepted.at)
        known_by = _known_by(profile.external_id, None, None)
        entry = Entry("", profile.braze_id, known_by, "deleted", ("LIFE-3",), note)
        self._note(accepted, "profile_deleted", [entry])

    def rename(self, accepted: Accepted, profile: Profile, external_id: str) -> None:
        """LIFE-3, MATCH-6. The old external id is deprecated: it resolves, and exports show the new one."""
        old = profile.external_id
        if old is not None:
            self._store.identifiers.deprecate(profile, old)
        profile.external_id = external_id
        self._store.profiles.save(profile, accepted.at)
        entry = Entry(
            "",
            profile.braze_id,
            Identifier(Kind.EXTERNAL_ID, external_id),
            "renamed",
            ("LIFE-3", "MATCH-6"),
            f"was {old}",
        )
        self._note(accepted, "external_id_renamed", [entry])

    def add_alias(self, accepted: Accepted, profile: Profile, label: str, name: str, *, room: str = "braze") -> bool:
        """LIFE-3. False, and no line in the ledger, when the pair or the label is taken."""
        if not self._store.identifiers.add_alias(profile, label, name, accepted.at):
            return False
        entry = Entry("", profile.braze_id, Identifier(Kind.ALIAS, name, label), "alias_added", ("LIFE-3",))
        self._note(accepted, "alias_added", [entry], room)
        return True

    def _note(self, accepted: Accepted, event: str, entries: list[Entry], room: str = "braze") -> None:
        self._room.ledger.write(
            accepted.at, room=room, event=event, entries=entries, request=accepted.request,
            detail={"workspace": accepted.workspace},
        )  # fmt: skip


def _known_by(external_id: str | None, alias: tuple[str, str] | None, device_id: str | None) -> Identifier | None:
    if external_id is not None:
        return Identifier(Kind.EXTERNAL_ID, external_id)
    if alias is not None:
        return Identifier(Kind.ALIAS, alias[1], alias[0])
    return None if device_id is None else Identifier(Kind.DEVICE_ID, device_id)


def _person(profile: Profile) -> Person:
    return Person({**profile.fields, "email": profile.email, "phone": profile.phone}, profile.custom)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
