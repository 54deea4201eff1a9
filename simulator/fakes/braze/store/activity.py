"""What people did and how they can be reached: events, purchases, sessions, push tokens, subscription groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from simulator.database import Database
from simulator.fakes.braze.store.profiles import Profile
from simulator.rules.instants import SECOND_MS, Instant


class EventRow(NamedTuple):
    """One custom event of one profile."""

    row: int
    name: str
    at: Instant
    app_id: str | None
    properties: Mapping[str, object]


class PurchaseRow(NamedTuple):
    """One purchase of one profile; `quantity` counts as that many purchases."""

    row: int
    product_id: str
    at: Instant
    currency: str
    price: float
    quantity: int
    app_id: str | None
    properties: Mapping[str, object]


class Total(NamedTuple):
    """How often something happened, and when for the first and the last time."""

    name: str
    first: Instant
    last: Instant
    times: int


class AppUse(NamedTuple):
    """Sessions of one profile in one app."""

    app: str
    platform: str
    version: str
    sessions: int
    first_used: Instant
    last_used: Instant


class PushToken(NamedTuple):
    """A push token of one profile."""

    app_id: str
    token: str
    device_id: str
    platform: str
    notifications_enabled: bool = True
    provisionally_opted_in: bool = False


class Happened(NamedTuple):
    """Something that one profile did, as others hear of it: an event, a purchase, a session, an install, a place.

    `name` is the event's name, the product or the app; `properties` what belongs to it.
    """

    row: int
    kind: str
    name: str
    at: Instant
    app_id: str | None
    properties: Mapping[str, object]


class Activity:
    """Append-only rows by profile; a merge hands them over."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.when_added: list[Callable[[Sequence[Happened]], None]] = []
        """Told what has just been written, inside the transaction."""

    def _tell(self, happened: Sequence[Happened]) -> None:
        if happened:
            for listen in self.when_added:
                listen(happened)

    def add_events(self, events: Sequence[EventRow], heard_at: Instant) -> None:
        """Log events that are heard of at an instant; the same event sent twice is two events."""
        self._database.executemany(
            "INSERT INTO braze_event (profile, name, at, app_id, properties, origin, heard_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(e.row, e.name, e.at, e.app_id, orjson.dumps(e.properties).decode(), e.row, heard_at) for e in events],
        )
        self._tell([Happened(e.row, "event", e.name, e.at, e.app_id, {"properties": e.properties}) for e in events])

    def add_purchases(self, purchases: Sequence[PurchaseRow], heard_at: Instant) -> None:
        """Log purchases that are heard of at an instant."""
        self._database.executemany(
            "INSERT INTO braze_purchase (profile, product_id, at, currency, price, quantity, app_id, properties, "
            "origin, heard_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    p.row, p.product_id, p.at, p.currency, p.price, p.quantity, p.app_id,
                    orjson.dumps(p.properties).decode(), p.row, heard_at,
                )
                for p in purchases
            ],
        )  # fmt: skip
        self._tell([Happened(p.row, "purchase", p.product_id, p.at, p.app_id, _sold(p)) for p in purchases])

    def event_totals(self, row: int, since: Instant | None = None, name: str | None = None) -> list[Total]:
        """Totals per event name, of events at or after `since`."""
        found = self._database.rows(
            "SELECT name, min(at), max(at), count(*) FROM braze_event WHERE profile = ? AND at >= coalesce(?, at) "
            "AND name = coalesce(?, name) GROUP BY name ORDER BY name",
            (row, since, name),
        )
        return [Total(*each) for each in found]

    def purchase_totals(self, row: int, since: Instant | None = None, product_id: str | None = None) -> list[Total]:
        """Totals per product, of purchases at or after `since`."""
        found = self._database.rows(
            "SELECT product_id, min(at), max(at), sum(quantity) FROM braze_purchase WHERE profile = ? "
            "AND at >= coalesce(?, at) AND product_id = coalesce(?, product_id) GROUP BY product_id "
            "ORDER BY product_id",
            (row, since, product_id),
        )
        return [Total(*each) for each in found]

    def revenue(self, row: int) -> float:
        """What a profile has spent, currencies not converted."""
        spent = self._database.value(
            "SELECT coalesce(sum(price * quantity), 0) FROM braze_purchase WHERE profile = ?", (row,)
        )
        return round(float(spent), 2)

    def start_session(self, row: int, use: AppUse) -> None:
        """Sessions in an app begin."""
        first = self.sessions(row) == 0
        self._count_sessions(row, use)
        with self._database.transaction() as sql:
            number = sql.execute(
                "INSERT INTO braze_session (profile, app, at, times, origin) VALUES (?, ?, ?, ?, ?)",
                (row, use.app, use.last_used, use.sessions, row),
            ).lastrowid
        kinds = ["first session"] * first + ["session start"] * use.sessions
        shown = {"platform": use.platform, "session": number}
        self._tell([Happened(row, kind, use.app, use.last_used, use.app, shown) for kind in kinds])

    def end_session(self, row: int, app: str, at: Instant) -> None:
        """A session ends; only those who listen hear of it, with its number and how many seconds it lasted."""
        query = "SELECT session, at FROM braze_session WHERE profile = ? AND app = ? AND at <= ? ORDER BY session DESC"
        begun = self._database.row(f"{query} LIMIT 1", (row, app, at))
        shown = {} if begun is None else {"session": begun[0], "duration": (at - begun[1]) // SECOND_MS}
        self._tell([Happened(row, "session end", app, at, app, shown)])

    def uninstall(self, profile: Profile, app: str, device_id: str, at: Instant) -> None:
        """An app is taken off a device, which cannot be pushed to any more."""
        with self._database.transaction() as sql:
            sql.execute(
                "INSERT INTO braze_uninstall (workspace, profile, app, at) VALUES (?, ?, ?, ?)",
                (profile.workspace, profile.row, app, at),
            )
            sql.execute(
                "DELETE FROM braze_push_token WHERE profile = ? AND app_id = ? AND device_id = ?",
                (profile.row, app, device_id),
            )
            self._tell([Happened(profile.row, "uninstall", app, at, app, {})])

    def mention(self, row: int, kind: str, at: Instant, properties: Mapping[str, object]) -> None:
        """Something happened to a profile that only those who listen hear of: an install's source, a place."""
        self._tell([Happened(row, kind, "", at, None, properties)])

    def _count_sessions(self, row: int, use: AppUse) -> None:
        self._database.execute(
            "INSERT INTO braze_app_use VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (profile, app) DO UPDATE SET "
            "sessions = sessions + excluded.sessions, first_used = min(first_used, excluded.first_used), "
            "last_used = max(last_used, excluded.last_used), version = excluded.version, platform = excluded.platform",
            (row, *use),
        )

    def app_uses(self, row: int) -> list[AppUse]:
        """Apps in which a profile had sessions."""
        query = (
            "SELECT app, platform, version, sessions, first_used, last_used FROM braze_app_use "
            "WHERE profile = ? ORDER BY app"
        )
        return [AppUse(*each) for each in self._database.rows(query, (row,))]

    def sessions(self, row: int) -> int:
        """How many sessions a profile had in all apps."""
        query = "SELECT coalesce(sum(sessions), 0) FROM braze_app_use WHERE profile = ?"
        return int(self._database.value(query, (row,)))

    def add_push_token(self, profile: Profile, token: PushToken) -> None:
        """A token belongs to one profile; the last one to register it has it."""
        self._database.execute(
            "INSERT OR REPLACE INTO braze_push_token (workspace, app_id, token, profile, device_id, platform, "
            "notifications_enabled, provisionally_opted_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                profile.workspace, token.app_id, token.token, profile.row, token.device_id, token.platform,
                token.notifications_enabled, token.provisionally_opted_in,
            ),
        )  # fmt: skip

    def knows_token(self, workspace: str, app_id: str, token: str) -> bool:
        """Whether a token is somebody's already."""
        query = "SELECT 1 FROM braze_push_token WHERE workspace = ? AND app_id = ? AND token = ?"
        return self._database.row(query, (workspace, app_id, token)) is not None

    def push_tokens(self, row: int) -> list[PushToken]:
        """Push tokens of a profile."""
        query = (
            "SELECT app_id, token, device_id, platform, notifications_enabled, provisionally_opted_in "
            "FROM braze_push_token WHERE profile = ? ORDER BY app_id, token"
        )
        found = self._database.rows(query, (row,))
        return [
            PushToken(app, token, device, platform, bool(on), bool(quiet))
            for app, token, device, platform, on, quiet in found
        ]

    def set_group_states(self, rows: Sequence[int], states: Mapping[str, str], at: Instant) -> None:
        """Set subscription group states of profiles; what they were before is kept."""
        with self._database.transaction():
            self._keep_group_states(rows, states, at)
            self._database.executemany(
                "INSERT OR REPLACE INTO braze_group_state (profile, group_id, state, at) VALUES (?, ?, ?, ?)",
                [(row, group_id, state, at) for row in rows for group_id, state in states.items()],
            )

    def _keep_group_states(self, rows: Sequence[int], groups: Iterable[str], at: Instant) -> None:
        """A state that was set at this very instant was never visible and leaves no trace."""
        self._database.execute(
            "INSERT INTO braze_group_state_past SELECT profile, group_id, state, at, ? FROM braze_group_state "
            "WHERE profile IN (SELECT value FROM json_each(?)) AND group_id IN (SELECT value FROM json_each(?)) "
            "AND at < ?",
            (at, orjson.dumps(list(rows)).decode(), orjson.dumps(list(groups)).decode(), at),
        )

    def group_states(self, row: int) -> dict[str, str]:
        """Subscription groups in which a profile has a state."""
        query = "SELECT group_id, state FROM braze_group_state WHERE profile = ? ORDER BY group_id"
        return dict(self._database.rows(query, (row,)))

    def move(self, source: Profile, target: Profile) -> None:
        """On a merge: counts are summed, the earlier first and the later last win, because the rows go over."""
        with self._database.transaction() as sql:
            for table in ("event", "purchase", "session"):
                sql.execute(f"UPDATE braze_{table} SET profile = ? WHERE profile = ?", (target.row, source.row))
            for use in self.app_uses(source.row):
                self._count_sessions(target.row, use)
            sql.execute("DELETE FROM braze_app_use WHERE profile = ?", (source.row,))

    def forget(self, row: int, at: Instant) -> None:
        """When a profile ends: nobody finds what it did any more, but its past stays as it was."""
        with self._database.transaction() as sql:
            self._keep_group_states([row], self.group_states(row), at)
            for table in ("app_use", "group_state"):
                sql.execute(f"DELETE FROM braze_{table} WHERE profile = ?", (row,))


def _sold(purchase: PurchaseRow) -> dict[str, object]:
    return {
        "product_id": purchase.product_id,
        "price": purchase.price,
        "currency": purchase.currency,
        "quantity": purchase.quantity,
        "properties": purchase.properties,
    }
