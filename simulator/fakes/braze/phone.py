"""The phone: what Braze's SDK in an app does. A device appears, people log in and out, things happen, data is wiped.

Sources: Braze, "User profile lifecycle", "Anonymous users", "Setting user IDs" (LIFE-1, LIFE-2); sessions, events and
attributes log data points (DP-2), what the SDK collects by itself does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.store.activity import AppUse, PushToken
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.users.writing import TrackWriter
from simulator.fakes.braze.wire import utc_text
from simulator.ids import derive_uuid
from simulator.ledger import Entry
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.attributes.objects import (
    check_alias,
    check_attributes,
    check_event,
    check_external_id,
    check_purchase,
)
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant

SESSIONS_AT_MOST = 5_000_000
"""A user with more sessions is a dummy and is blocked (Braze, "User profile lifecycle")."""

HALF_CIRCLE = 180
MAIN = "main"
ROOM = "phone"


class PhoneRefused(ValueError):
    """The SDK does not do that; the message says why."""


class Phone:
    """All methods act at the clock's now. A device that was never seen appears first."""

    def __init__(self, room: Room, life: LifeCycle) -> None:
        self._room = room
        self._store = room.store
        self._life = life
        self._writer = TrackWriter(room, life)
        self.sessions_at_most = SESSIONS_AT_MOST

    def _accepted(self, workspace: str) -> Accepted:
        return Accepted(workspace, self._room.clock.now, "")

    def appear(self, device_id: str, *, workspace: str = MAIN, details: Mapping[str, object] | None = None) -> Profile:
        """The app is opened for the first time: an anonymous profile. A known device keeps whom it serves."""
        if not device_id:
            raise PhoneRefused("a device needs an id")
        with self._room.database.transaction():
            current = self._store.identifiers.user_of_device(workspace, device_id)
            if current is None:
                current = self._life.create(
                    self._accepted(workspace), device_id=device_id, cause="LIFE-1", room=ROOM, details=details
                )
                self._store.identifiers.hand_over(current, device_id)
            elif details:
                self._store.identifiers.add_device(current, device_id, details)
            return current

    def log_in(self, device_id: str, external_id: str, *, workspace: str = MAIN) -> Profile:
        """changeUser. On an anonymous device an unknown id turns the profile into that user (LIFE-1), a known one
        swallows it (LIFE-2). On a device that serves somebody else nothing passes between the two."""
        try:
            check_external_id(external_id)
        except InvalidObject as invalid:
            raise PhoneRefused(f"changeUser refuses {external_id!r}: {invalid}") from invalid
        with self._room.database.transaction():
            if self._store.identifiers.blocked(workspace, [external_id]):
                raise PhoneRefused(f"{external_id!r} is a blocked user")
            accepted = self._accepted(workspace)
            current = self.appear(device_id, workspace=workspace)
            target = self._store.profiles.by_external_id(workspace, external_id)
            if target is not None and target.row == current.row:
                return current
            return self._change_user(accepted, device_id, current, target, external_id)

    def _change_user(
        self, accepted: Accepted, device_id: str, current: Profile, target: Profile | None, external_id: str
    ) -> Profile:
        if target is None and not current.identified:
            self._life.identify(accepted, current, external_id, rule="LIFE-1", room=ROOM)
            return current
        if target is None:
            target = self._life.create(
                accepted, external_id=external_id, device_id=device_id, cause="LIFE-1", room=ROOM
            )
        elif not current.identified:
            history = self._room.rules.anonymous_history
            self._life.merge(accepted, current, target, rule="LIFE-2", history=history, room=ROOM)
        self._store.identifiers.add_device(target, device_id)
        self._store.identifiers.hand_over(target, device_id)
        entry = Entry("", target.braze_id, Identifier(Kind.DEVICE_ID, device_id), "logged_in", ("LIFE-2",))
        self._note(accepted, "logged_in", entry)
        return target

    def log_out(self, device_id: str, *, workspace: str = MAIN) -> Profile:
        """The SDK does not go back to anonymous: the device goes on serving the same user."""
        return self.appear(device_id, workspace=workspace)

    def wipe_data(self, device_id: str, *, new_device_id: str = "", workspace: str = MAIN) -> Profile:
        """wipeData or a reinstall: a new device record and a new anonymous profile; the old ones stay as they are."""
        number = self._store.profiles.next_row()
        fresh = new_device_id or derive_uuid(self._room.seed, "braze", "wiped", workspace, device_id, number)
        if self._store.identifiers.user_of_device(workspace, fresh) is not None:
            raise PhoneRefused(f"device {fresh!r} is known already")
        return self.appear(fresh, workspace=workspace)

    def start_session(
        self,
        device_id: str,
        *,
        app: str = "app",
        platform: str = "ios",
        version: str = "1.0.0",
        workspace: str = MAIN,
        times: int = 1,
    ) -> Profile:
        """A session in an app starts; `times` stands for many at once."""
        with self._room.database.transaction():
            profile = self.appear(device_id, workspace=workspace)
            at = self._room.clock.now
            self._store.activity.start_session(profile.row, AppUse(app, platform, version, times, at, at))
            profile.fields.setdefault("date_of_first_session", utc_text(at))
            profile.fields["date_of_last_session"] = utc_text(at)
            profile.fields.pop("uninstalled_at", None)
            self._store.profiles.save(profile, at)
            self._bill(workspace, at, "session start", profile, times)
            if profile.external_id and self._store.activity.sessions(profile.row) > self.sessions_at_most:
                self._store.identifiers.block(workspace, profile.external_id)
            return profile

    def end_session(self, device_id: str, *, app: str = "app", workspace: str = MAIN) -> Profile:
        """A session ends."""
        with self._room.database.transaction():
            profile = self.appear(device_id, workspace=workspace)
            self._store.activity.end_session(profile.row, app, self._room.clock.now)
            self._bill(workspace, self._room.clock.now, "session end", profile, 1)
            return profile

    def _bill(self, workspace: str, at: Instant, cause: str, profile: Profile, points: int) -> None:
        self._store.points.log(workspace, at, cause, "DP-2", [profile.row], each=points)
        entry = Entry("", profile.braze_id, None, cause.replace(" ", "_"), ("DP-2",))
        self._note(Accepted(workspace, at, ""), cause.replace(" ", "_"), entry, points)

    def log_event(
        self,
        device_id: str,
        name: str,
        properties: Mapping[str, object] | None = None,
        *,
        workspace: str = MAIN,
    ) -> Profile:
        """A custom event happens. Raises PhoneRefused for a name or properties that Braze does not take."""
        sent = {"name": name, "properties": dict(properties or {})}
        return self._track(device_id, workspace, "events", sent)

    def log_purchase(
        self,
        device_id: str,
        product_id: str,
        price: float,
        *,
        currency: str = "USD",
        quantity: int = 1,
        workspace: str = MAIN,
    ) -> Profile:
        """Something is bought. Raises PhoneRefused."""
        sent = {"product_id": product_id, "price": price, "currency": currency, "quantity": quantity}
        return self._track(device_id, workspace, "purchases", sent)

    def set_attribute(self, device_id: str, name: str, value: object, *, workspace: str = MAIN) -> Profile:
        """A profile field or custom attribute is set; null removes it. Raises PhoneRefused."""
        return self._track(device_id, workspace, "attributes", {name: value})

    def _track(self, device_id: str, workspace: str, array: str, sent: Mapping[str, object]) -> Profile:
        with self._room.database.transaction():
            current = self.appear(device_id, workspace=workspace)
            at = self._room.clock.now
            whole = {**sent, "braze_id": current.braze_id}
            if array != "attributes":
                whole["time"] = utc_text(at)
            try:
                _CHECKS[array](whole)
            except InvalidObject as invalid:
                raise PhoneRefused(str(invalid)) from invalid
            (profile,) = self._writer.apply(self._accepted(workspace), {array: [whole]}, room=ROOM)
            return profile or current

    def add_alias(self, device_id: str, label: str, name: str, *, workspace: str = MAIN) -> bool:
        """The SDK's addAlias, for anonymous profiles too; False when the pair or the label is taken."""
        try:
            check_alias({"alias_label": label, "alias_name": name})
        except InvalidObject as invalid:
            raise PhoneRefused(str(invalid)) from invalid
        with self._room.database.transaction():
            profile = self.appear(device_id, workspace=workspace)
            return self._life.add_alias(self._accepted(workspace), profile, label, name, room=ROOM)

    def register_push_token(
        self,
        device_id: str,
        token: str,
        *,
        app: str = "app",
        platform: str = "ios",
        notifications_enabled: bool = True,
        provisionally_opted_in: bool = False,
        workspace: str = MAIN,
    ) -> Profile:
        """The phone may be pushed to from now on; it shows notifications, and quietly if it was not asked yet."""
        with self._room.database.transaction():
            profile = self.appear(device_id, workspace=workspace)
            made = PushToken(app, token, device_id, platform, notifications_enabled, provisionally_opted_in)
            self._store.activity.add_push_token(profile, made)
            return profile

    def collect(
        self,
        device_id: str,
        *,
        country: str = "",
        language: str = "",
        details: Mapping[str, object] | None = None,
        workspace: str = MAIN,
    ) -> Profile:
        """What the SDK collects by itself: free of data points, and never over a value that was set by hand."""
        with self._room.database.transaction():
            profile = self.appear(device_id, workspace=workspace, details=details)
            for name, value in (("country", country), ("language", language)):
                if value:
                    profile.fields.setdefault(name, value)
            self._store.profiles.save(profile, self._room.clock.now)
            return profile

    def uninstall(self, device_id: str, *, app: str = "app", workspace: str = MAIN) -> Profile:
        """An app is taken off the phone: it cannot be pushed to, and exports show when."""
        with self._room.database.transaction():
            profile, at = self.appear(device_id, workspace=workspace), self._room.clock.now
            profile.fields["uninstalled_at"] = utc_text(at)
            self._store.profiles.save(profile, at)
            self._store.activity.uninstall(profile, app, device_id, at)
            return profile

    def attribute_install(
        self,
        device_id: str,
        source: str,
        *,
        campaign: str = "",
        adgroup: str = "",
        ad: str = "",
        workspace: str = MAIN,
    ) -> Profile:
        """The app hears which advertisement it was installed for."""
        with self._room.database.transaction():
            profile, at = self.appear(device_id, workspace=workspace), self._room.clock.now
            told = {"source": source, "campaign": campaign, "adgroup": adgroup, "ad": ad}
            profile.fields.update({f"attributed_{name}": value for name, value in told.items() if value})
            self._store.profiles.save(profile, at)
            self._store.activity.mention(profile.row, "install attribution", at, {"source": source})
            return profile

    def locate(self, device_id: str, longitude: float, latitude: float, *, workspace: str = MAIN) -> Profile:
        """The SDK collects where the phone is. Raises PhoneRefused for a place that is not on earth."""
        if abs(longitude) > HALF_CIRCLE or abs(latitude) > HALF_CIRCLE / 2:
            raise PhoneRefused(f"longitude {longitude}, latitude {latitude} is no place on earth")
        with self._room.database.transaction():
            profile, at = self.appear(device_id, workspace=workspace), self._room.clock.now
            profile.fields["last_coordinates"] = [longitude, latitude]
            self._store.profiles.save(profile, at)
            place = {"longitude": longitude, "latitude": latitude}
            self._store.activity.mention(profile.row, "location", at, place)
            return profile

    def _note(self, accepted: Accepted, event: str, entry: Entry, points: int = 0) -> None:
        self._room.ledger.write(
            accepted.at, room=ROOM, event=event, entries=[entry],
            detail={"workspace": accepted.workspace, "data_points": points},
        )  # fmt: skip


_CHECKS = {"attributes": check_attributes, "events": check_event, "purchases": check_purchase}
