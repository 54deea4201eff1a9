"""Who enters a campaign or a Canvas, into which variant, and the steps that follow (SEG-2).

A person enters when every audience lets them in, the entry rule allows it and they are not in the Global Control
Group. The variant follows from the seed and the person, so a second entry meets the same variant (inferred: Braze keeps
people in their variant). Source: Braze, "Re-eligibility", "Global Control Group", "Create a Canvas", "Exit criteria",
"Experiment Paths".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import orjson

from simulator.fakes.braze.audience.control_group import ControlGroup
from simulator.fakes.braze.audience.messaging.campaigns import Campaign
from simulator.fakes.braze.audience.messaging.channels import (
    CAMPAIGN_CONTROL,
    CANVAS_ENTRY,
    CANVAS_EXIT_AUDIENCE,
    CANVAS_EXIT_EVENT,
    SPLIT_ENTRY,
)
from simulator.fakes.braze.audience.messaging.plans import WHOLE, Path, Step, Variant
from simulator.fakes.braze.audience.messaging.sender import Dispatch, Sender
from simulator.fakes.braze.audience.segments import Segments
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_hex, derive_int
from simulator.rules.instants import Instant
from simulator.rules.segments.tree import EVERYBODY, AllOf, Tree

Shared = TypeVar("Shared", Variant, Path)


class Entries:
    """Lets people in and sends them their steps."""

    def __init__(self, room: Room, segments: Segments, control_group: ControlGroup, sender: Sender) -> None:
        self._room = room
        self._database = room.database
        self._segments = segments
        self._control_group = control_group
        self._sender = sender

    def dispatch_id(self, request: str, at: Instant) -> str:
        """32 hexadecimal digits, one for each transmission."""
        return derive_hex(self._room.seed, "braze", "dispatch", request, at, length=32)

    def audience(self, campaign: Campaign) -> Tree:
        """All filters of a plan as one tree; nobody when its segment is gone."""
        trees: list[Tree] = []
        if campaign.plan.segment_id:
            trees.append(self._segments.get(campaign.plan.segment_id).tree)
        if campaign.plan.audience != EVERYBODY:
            trees.append(campaign.plan.audience)
        return AllOf(tuple(trees))

    def everybody(self, campaign: Campaign, extra: Tree = EVERYBODY) -> list[int]:
        """Rows of all whom the plan's audience, and the extra filters, let in now."""
        return self._segments.members_of(campaign.workspace, AllOf((self.audience(campaign), extra)))

    def among(self, campaign: Campaign, rows: Sequence[int], extra: Tree = EVERYBODY) -> list[int]:
        """Those of the profiles whom the plan's audience, and the extra filters, let in now."""
        tree = AllOf((self.audience(campaign), extra))
        return self._segments.among(campaign.workspace, tree, rows, self._room.clock.now)

    def enter(
        self,
        campaign: Campaign,
        rows: Sequence[int],
        at: Instant,
        *,
        request: str = "",
        send_id: str = "",
        dispatch_id: str = "",
        always: bool = False,
    ) -> int:
        """Let the profiles in who may enter (all of them if `always`), and send the steps that have no delay."""
        dispatch_id = dispatch_id or self.dispatch_id(f"{campaign.campaign_id} {request}", at)
        with self._database.transaction():
            allowed = self._control_group.outside(campaign.workspace, rows)
            if not always:
                allowed = self._eligible(campaign, allowed, at)
            braze_ids = {profile.row: profile.braze_id for profile in self._room.store.profiles.by_rows(allowed)}
            by_variant: dict[str, list[int]] = {}
            for row in sorted(braze_ids):
                by_variant.setdefault(self._variant(campaign, braze_ids[row]).variant_id, []).append(row)
            for variant in campaign.plan.variants:
                inside = by_variant.get(variant.variant_id, [])
                if inside:
                    ids = self._note_entries(campaign, variant, inside, at, send_id, dispatch_id)
                    dispatch = self._dispatch(campaign, variant, at, send_id, dispatch_id, request)
                    self._follow(campaign, variant, dict(zip(inside, ids, strict=True)), 0, dispatch)
            return len(braze_ids)

    def continue_entry(self, campaign: Campaign, entry: int, step: int, at: Instant, request: str) -> None:
        """Send the step of an entry whose delay is over, and what follows it, unless the person has to leave."""
        row, variant_id, send_id, dispatch_id = self._database.rows(
            "SELECT profile, variant, send_id, dispatch_id FROM braze_entry WHERE entry = ?", (entry,)
        )[0]
        variant = next(each for each in campaign.plan.variants if each.variant_id == variant_id)
        dispatch = self._dispatch(campaign, variant, at, send_id, dispatch_id, request)
        leaving = campaign.plan.exit_audience
        if leaving is not None and self._segments.among(campaign.workspace, leaving, [row], at):
            self._sender.note(dispatch, [row], CANVAS_EXIT_AUDIENCE, {})
            return
        self._send_step(campaign, variant.steps[step], {row: entry}, dispatch)
        self._follow(campaign, variant, {row: entry}, step + 1, dispatch)

    def leave(self, campaign: Campaign, rows: Sequence[int], at: Instant) -> None:
        """Those of the profiles who are between two steps have performed the exit event, and get no further step."""
        with self._database.transaction() as sql:
            found = sql.execute(
                "DELETE FROM braze_pending_send WHERE campaign_id = ? AND entry IS NOT NULL "
                "AND profile IN (SELECT value FROM json_each(?)) RETURNING profile, entry",
                (campaign.campaign_id, orjson.dumps(list(rows)).decode()),
            ).fetchall()
            for row, entry in sorted(found):
                variant_id, send_id, dispatch_id = self._database.rows(
                    "SELECT variant, send_id, dispatch_id FROM braze_entry WHERE entry = ?", (entry,)
                )[0]
                variant = next(each for each in campaign.plan.variants if each.variant_id == variant_id)
                dispatch = self._dispatch(campaign, variant, at, send_id, dispatch_id, "")
                self._sender.note(dispatch, [row], CANVAS_EXIT_EVENT, {})

    def _follow(
        self, campaign: Campaign, variant: Variant, entries: Mapping[int, int], step: int, dispatch: Dispatch
    ) -> None:
        """Send the steps that have no delay from this one on; put the next one that has a delay on the list."""
        for number in range(step, len(variant.steps)):
            following = variant.steps[number]
            if following.delay_ms:
                due_at = dispatch.at + following.delay_ms
                self._database.executemany(
                    "INSERT INTO braze_pending_send (campaign_id, profile, due_at, entry, step, request) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (campaign.campaign_id, row, due_at, entry, number, dispatch.request)
                        for row, entry in entries.items()
                    ],
                )
                return
            self._send_step(campaign, following, entries, dispatch)

    def _send_step(self, campaign: Campaign, step: Step, entries: Mapping[int, int], dispatch: Dispatch) -> None:
        shared = {**dispatch.properties, "canvas_step_id": step.step_id} if campaign.canvas else dispatch.properties
        stepped = Dispatch(
            dispatch.workspace, dispatch.at, dispatch.campaign_id, dispatch.send_id, dispatch.recipients,
            dispatch.request, shared,
        )  # fmt: skip
        if not step.paths:
            self._sender.send(stepped, list(entries), step.messages)
            return
        by_path: dict[str, list[int]] = {}
        for profile in self._room.store.profiles.by_rows(entries):
            drawn = derive_int(self._room.seed, "braze", "path", step.step_id, profile.braze_id) % WHOLE
            by_path.setdefault(_chosen(step.paths, drawn).path_id, []).append(profile.row)
        for path in step.paths:
            rows = by_path.get(path.path_id, [])
            told = {"experiment_step_id": step.step_id, "experiment_split_id": path.path_id}
            told |= {"experiment_split_name": path.name}
            self._sender.note(stepped, rows, SPLIT_ENTRY, {**told, "in_control_group": not path.messages})
            self._sender.send(replace(stepped, properties={**shared, **told}), rows, path.messages)

    def _note_entries(
        self, campaign: Campaign, variant: Variant, rows: Sequence[int], at: Instant, send_id: str, dispatch_id: str
    ) -> list[int]:
        first = int(self._database.value("SELECT coalesce(max(entry), 0) + 1 FROM braze_entry"))
        ids = list(range(first, first + len(rows)))
        self._database.executemany(
            "INSERT INTO braze_entry (entry, campaign_id, profile, at, variant, control, send_id, dispatch_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (entry, campaign.campaign_id, row, at, variant.variant_id, variant.control, send_id, dispatch_id)
                for entry, row in zip(ids, rows, strict=True)
            ],
        )
        dispatch = self._dispatch(campaign, variant, at, send_id, dispatch_id, "")
        if campaign.canvas:
            self._sender.note(dispatch, rows, CANVAS_ENTRY, {"in_control_group": variant.control})
        elif variant.control:
            self._sender.note(dispatch, rows, CAMPAIGN_CONTROL, {})
        return ids

    def _dispatch(
        self, campaign: Campaign, variant: Variant, at: Instant, send_id: str, dispatch_id: str, request: str
    ) -> Dispatch:
        kind = "canvas" if campaign.canvas else "campaign"
        properties: dict[str, object] = {f"{kind}_id": campaign.campaign_id, f"{kind}_name": campaign.name}
        if campaign.canvas:
            properties["canvas_variation_id"] = variant.variant_id
        if send_id:
            properties["send_id"] = send_id
        properties["dispatch_id"] = dispatch_id
        return Dispatch(
            campaign.workspace, at, campaign.campaign_id, send_id, campaign.plan.recipients, request, properties
        )

    def _variant(self, campaign: Campaign, braze_id: str) -> Variant:
        drawn = derive_int(self._room.seed, "braze", "variant", campaign.campaign_id, braze_id) % WHOLE
        return _chosen(campaign.plan.variants, drawn)

    def _eligible(self, campaign: Campaign, rows: Sequence[int], at: Instant) -> list[int]:
        """Those who have not entered yet, or long enough ago."""
        last = dict(
            self._database.rows(
                "SELECT profile, max(at) FROM braze_entry WHERE campaign_id = ? "
                "AND profile IN (SELECT value FROM json_each(?)) GROUP BY profile",
                (campaign.campaign_id, orjson.dumps(list(rows)).decode()),
            )
        )
        pause = campaign.plan.reentry_ms
        return [row for row in rows if row not in last or (pause is not None and last[row] + pause <= at)]


def _chosen(shares: Sequence[Shared], drawn: int) -> Shared:
    """The one in whose share a number from 0 to 99 lies."""
    reached = 0
    for each in shares:
        reached += each.share
        if drawn < reached:
            return each
    return shares[-1]
