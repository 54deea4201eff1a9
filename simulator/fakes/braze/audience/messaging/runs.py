"""Makes messaging happen: schedules and delays on the world's agenda, triggers and conversions as events arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.channels import CONVERSION, SPLIT_CONVERSION, SPLIT_ENTRY
from simulator.fakes.braze.audience.messaging.entries import Entries
from simulator.fakes.braze.audience.messaging.plans import Delivery, Status
from simulator.fakes.braze.audience.messaging.sender import Dispatch, Sender
from simulator.fakes.braze.store.activity import Happened
from simulator.fakes.braze.store.room import Room
from simulator.rules.instants import Instant

NO_ENTRY = -1
"""The step of a pending row that is an entry still to be made."""
ANY_PRODUCT = "*"
_SPLIT = ("canvas_variation_id", "experiment_step_id", "experiment_split_id", "experiment_split_name")


class MessagingRuns:
    """Due work: the next occurrence of a schedule, or the end of a delay, whichever comes first."""

    name = "braze messaging"

    def __init__(self, room: Room, campaigns: Campaigns, entries: Entries, sender: Sender) -> None:
        self._room = room
        self._database = room.database
        self._campaigns = campaigns
        self._entries = entries
        self._sender = sender

    def next_due(self) -> Instant | None:
        """The earliest occurrence or end of a delay."""
        pending = self._database.value("SELECT min(due_at) FROM braze_pending_send")
        dues = [due for due in (self._campaigns.next_run(), pending) if due is not None]
        return Instant(min(dues)) if dues else None

    def run_due(self, at: Instant) -> None:
        """Run the schedules and send the steps that are due at or before `at`."""
        for campaign in self._campaigns.due(at):
            with self._database.transaction():
                self._entries.enter(campaign, self._entries.everybody(campaign), at)
                self._campaigns.ran(campaign)
        with self._database.transaction() as sql:
            due = sql.execute(
                "SELECT pending, campaign_id, profile, due_at, entry, step, request FROM braze_pending_send "
                "WHERE due_at <= ? ORDER BY due_at, pending",
                (at,),
            ).fetchall()
            for pending, campaign_id, profile, due_at, entry, step, request in due:
                sql.execute("DELETE FROM braze_pending_send WHERE pending = ?", (pending,))
                campaign = self._campaigns.get(campaign_id)
                if campaign.status is not Status.ACTIVE:
                    continue
                if step == NO_ENTRY:
                    rows = self._entries.among(campaign, [profile])
                    self._entries.enter(campaign, rows, Instant(due_at), request=request)
                else:
                    self._entries.continue_entry(campaign, entry, step, Instant(due_at), request)

    def unfinished(self) -> bool:
        """Whether somebody is between two steps."""
        return self._database.row("SELECT 1 FROM braze_pending_send LIMIT 1") is not None

    def heard(self, happened: Sequence[Happened]) -> None:
        """Events and purchases have arrived: triggers let people in, conversions are noted."""
        if self._database.row("SELECT 1 FROM braze_wake LIMIT 1") is None:
            return
        for kind in ("event", "purchase"):
            by_name: dict[str, list[int]] = {}
            for each in happened:
                if each.kind == kind:
                    by_name.setdefault(each.name, []).append(each.row)
            if by_name:
                self._react(kind, by_name)

    def _react(self, kind: str, by_name: Mapping[str, Sequence[int]]) -> None:
        rows = sorted({row for each in by_name.values() for row in each})
        by_workspace: dict[str, set[int]] = {}
        for profile in self._room.store.profiles.by_rows(rows):
            by_workspace.setdefault(profile.workspace, set()).add(profile.row)
        wanted = [*by_name, ANY_PRODUCT] if kind == "purchase" else list(by_name)
        for workspace, inside in sorted(by_workspace.items()):
            for campaign in self._campaigns.woken_by(workspace, kind, wanted):
                self._wake(campaign, kind, {name: sorted(inside & set(each)) for name, each in by_name.items()})

    def _wake(self, campaign: Campaign, kind: str, by_name: dict[str, list[int]]) -> None:
        plan, at = campaign.plan, self._room.clock.now
        if kind == "event":
            for name, window_ms in plan.conversions:
                self._convert(campaign, by_name.get(name, []), name, window_ms, at)
            if plan.exit_event in by_name:
                self._entries.leave(campaign, by_name[plan.exit_event], at)
        trigger = plan.event if kind == "event" else plan.product
        if plan.delivery is not Delivery.ACTION or not trigger:
            return
        anybody = kind == "purchase" and trigger == ANY_PRODUCT
        rows = sorted({row for name, each in by_name.items() if anybody or name == trigger for row in each})
        if plan.delay_ms:
            self._database.executemany(
                "INSERT INTO braze_pending_send (campaign_id, profile, due_at, step, request) VALUES (?, ?, ?, ?, '')",
                [(campaign.campaign_id, row, at + plan.delay_ms, NO_ENTRY) for row in rows],
            )
        else:
            self._entries.enter(campaign, self._entries.among(campaign, rows), at)

    def _convert(self, campaign: Campaign, rows: Sequence[int], event: str, window_ms: int, at: Instant) -> None:
        """Note a conversion, at most one an entry, for people whose latest entry lies within the window."""
        recent = self._database.rows(
            "SELECT profile, max(at), send_id FROM braze_entry WHERE campaign_id = ? AND at >= ? "
            "AND profile IN (SELECT value FROM json_each(?)) GROUP BY profile ORDER BY profile",
            (campaign.campaign_id, at - window_ms, orjson.dumps(list(rows)).decode()),
        )
        name = CONVERSION[campaign.canvas]
        for row, entered, send_id in recent:
            query = (
                "SELECT 1 FROM braze_message_event WHERE profile = ? AND campaign_id = ? AND campaign_id <> '' "
                "AND name = ? AND at >= ?"
            )
            if self._database.row(query, (row, campaign.campaign_id, name, entered)) is None:
                kind = "canvas" if campaign.canvas else "campaign"
                shared = {f"{kind}_id": campaign.campaign_id, f"{kind}_name": campaign.name}
                dispatch = Dispatch(campaign.workspace, at, campaign.campaign_id, send_id, properties=shared)
                self._sender.note(dispatch, [row], name, {"conversion_behavior": event})
                for split in self._splits(campaign, row, entered):
                    self._sender.note(dispatch, [row], SPLIT_CONVERSION, {**split, "conversion_behavior": event})

    def _splits(self, campaign: Campaign, row: int, entered: int) -> list[dict[str, object]]:
        """The experiments that a person has passed since they entered, and the path they took in each."""
        told = self._database.rows(
            "SELECT properties FROM braze_message_event WHERE profile = ? AND campaign_id = ? AND campaign_id <> '' "
            "AND name = ? AND at >= ? ORDER BY sequence",
            (row, campaign.campaign_id, SPLIT_ENTRY, entered),
        )
        return [{key: orjson.loads(properties)[key] for key in _SPLIT} for (properties,) in told]
