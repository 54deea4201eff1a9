"""Applies checked attribute, event and purchase objects to profiles, and bills them (DP-2).

Attributes first, then events, then purchases (Braze, "API limits"). Objects that update-only mode leaves without a user
do nothing and are no error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.store.activity import EventRow, PurchaseRow
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.users.imports import TokenImports
from simulator.fakes.braze.users.targets import Targets
from simulator.fakes.braze.wire import utc_text
from simulator.ledger import Entry
from simulator.rules.attributes.fields import NOT_BILLED, STORED_AS
from simulator.rules.attributes.objects import Naming, Target, custom_of, fields_of, target_of
from simulator.rules.attributes.operations import WriteOptions, write
from simulator.rules.attributes.values import parse_date
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant

Sent = Mapping[str, object]

SUBSCRIBED_AT = {
    ("push_subscribe", "opted_in"): "push_opted_in_at",
    ("email_subscribe", "opted_in"): "email_opted_in_at",
    ("email_subscribe", "unsubscribed"): "email_unsubscribed_at",
}
"""Fields of an export that note when a state was reached."""


@dataclass(slots=True)
class Tally:
    """What one request did, for the ledger and the bill: points by cause and profile row, one entry per object."""

    points: dict[str, dict[int, int]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def bill(self, cause: str, profile: Profile, points: int) -> None:
        """Add points for a profile."""
        if points:
            by_row = self.points.setdefault(cause, {})
            by_row[profile.row] = by_row.get(profile.row, 0) + points


class TrackWriter:
    """Applies the accepted objects of one users/track request."""

    def __init__(self, room: Room, life: LifeCycle) -> None:
        self._room = room
        self._store = room.store
        self._life = life
        self._imports = TokenImports(room, life)

    def apply(
        self, accepted: Accepted, body: Mapping[str, Sequence[Sent]], *, room: str = "braze"
    ) -> list[Profile | None]:
        """Apply all objects; whom each of them met, in the order of application. `room` signs the ledger page."""
        targets, tally = Targets(self._room, self._life, accepted), Tally()
        met: list[Profile | None] = []
        for sent in body.get("attributes", ()):
            met.append(self._attributes(accepted, targets, tally, sent))
        events: list[EventRow] = []
        for sent in body.get("events", ()):
            met.append(self._event(accepted, targets, tally, sent, events))
        purchases: list[PurchaseRow] = []
        for sent in body.get("purchases", ()):
            met.append(self._purchase(accepted, targets, tally, sent, purchases))
        targets.flush()
        self._store.activity.add_events(events, self._room.clock.now)
        self._store.activity.add_purchases(purchases, self._room.clock.now)
        self._close(accepted, tally, room)
        return met

    def _close(self, accepted: Accepted, tally: Tally, room: str) -> None:
        points = sum(
            self._store.points.log_counts(
                accepted.workspace, accepted.at, cause, "DP-2", counts, request=accepted.request
            )
            for cause, counts in tally.points.items()
        )
        self._room.ledger.write(
            accepted.at, room=room, event="users_tracked", entries=tally.entries, request=accepted.request,
            detail={"workspace": accepted.workspace, "data_points": points},
        )  # fmt: skip

    def _find(self, targets: Targets, tally: Tally, sent: Sent, *, event: bool) -> Profile | None:
        target = target_of(sent)
        profile = targets.find(target, event=event)
        if profile is None:
            tally.entries.append(
                Entry("", "", _identifier(target), "ignored", ("CREATE-2",), "update-only: nobody found")
            )
            return None
        created = profile.row in targets.created
        targets.created.discard(profile.row)
        outcome, rules = ("created", ("CREATE-2", "TRACK-1")) if created else ("updated", ("TRACK-1",))
        tally.entries.append(Entry("", profile.braze_id, _identifier(target), outcome, rules))
        return profile

    def _attributes(self, accepted: Accepted, targets: Targets, tally: Tally, sent: Sent) -> Profile | None:
        if target_of(sent).naming is Naming.PUSH_TOKEN:
            tokens = sent.get("push_tokens")
            self._imports.add(accepted, tokens if isinstance(tokens, list) else ())
            return None
        profile = self._find(targets, tally, sent, event=False)
        if profile is None:
            return None
        named_by = target_of(sent).naming
        for name, value in fields_of(sent).items():
            if name == named_by:
                continue
            self._set_field(profile, name, value, accepted.at)
            tally.bill("attribute", profile, 0 if name in NOT_BILLED else 1)
        options = WriteOptions(sent.get("_merge_objects") is True, int(self._room.rules.array_maximum))
        for name, value in custom_of(sent).items():
            written = write(name, profile.custom.get(name), value, options)
            if written.value is None:
                profile.custom.pop(name, None)
            else:
                profile.custom[name] = written.value
            tally.bill("attribute", profile, written.points)
        if profile.email is not None and "email" in sent:
            for follow in self._room.when_emailed:
                follow(profile)
        targets.changed(profile)
        self._subscribe(accepted, targets, profile, sent)
        self._add_tokens(accepted, profile, sent)
        return profile

    def _set_field(self, profile: Profile, name: str, value: object, at: Instant) -> None:
        if name == "email":
            profile.email = None if value is None else str(value)
        elif name == "phone":
            profile.phone = None if value is None else str(value)
        elif value is None:
            profile.fields.pop(STORED_AS.get(name, name), None)
        else:
            profile.fields[STORED_AS.get(name, name)] = value
        if (since := SUBSCRIBED_AT.get((name, str(value)))) is not None:
            profile.fields[since] = utc_text(at)

    def _subscribe(self, accepted: Accepted, targets: Targets, profile: Profile, sent: Sent) -> None:
        """Group states also change for everybody else with the same email."""
        groups = sent.get("subscription_groups")
        if not isinstance(groups, list) or not groups:
            return
        states = {group["subscription_group_id"]: group["subscription_state"] for group in groups}
        rows = [profile.row]
        if profile.email is not None:
            targets.flush()
            sharing = self._store.profiles.by_email(accepted.workspace, profile.email)
            rows += [other.row for other in sharing if other.row != profile.row]
        self._store.activity.set_group_states(rows, states, accepted.at)

    def _add_tokens(self, accepted: Accepted, profile: Profile, sent: Sent) -> None:
        tokens = sent.get("push_tokens")
        for token in tokens if isinstance(tokens, list) else ():
            self._store.activity.add_push_token(profile, self._imports.stored(accepted, token))

    def _event(
        self, accepted: Accepted, targets: Targets, tally: Tally, sent: Sent, events: list[EventRow]
    ) -> Profile | None:
        profile = self._find(targets, tally, sent, event=True)
        if profile is not None:
            at, app_id = _time(sent, accepted.at), sent.get("app_id")
            events.append(
                EventRow(
                    profile.row, str(sent["name"]), at, app_id if isinstance(app_id, str) else None, _properties(sent)
                )
            )
            tally.bill("event", profile, 1)
        return profile

    def _purchase(
        self, accepted: Accepted, targets: Targets, tally: Tally, sent: Sent, purchases: list[PurchaseRow]
    ) -> Profile | None:
        """`quantity` counts as that many purchases."""
        profile = self._find(targets, tally, sent, event=True)
        if profile is not None:
            app_id, quantity, price = sent.get("app_id"), sent.get("quantity", 1), sent["price"]
            times = quantity if isinstance(quantity, int) else 1
            purchases.append(
                PurchaseRow(
                    profile.row, str(sent["product_id"]), _time(sent, accepted.at), str(sent["currency"]).upper(),
                    float(price) if isinstance(price, int | float) else 0.0, times,
                    app_id if isinstance(app_id, str) else None, _properties(sent),
                )
            )  # fmt: skip
            tally.bill("purchase", profile, times)
        return profile


def _time(sent: Sent, now: Instant) -> Instant:
    """A time in the future becomes now."""
    at = parse_date(str(sent["time"]))
    return now if at is None or at > now else at


def _properties(sent: Sent) -> Mapping[str, object]:
    properties = sent.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _identifier(target: Target) -> Identifier | None:
    if target.naming is Naming.EXTERNAL_ID:
        return Identifier(Kind.EXTERNAL_ID, target.value)
    return Identifier(Kind.ALIAS, target.value, target.label) if target.naming is Naming.USER_ALIAS else None
