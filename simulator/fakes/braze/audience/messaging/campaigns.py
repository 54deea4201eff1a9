"""Campaigns and Canvases as the dashboard keeps them: made, changed, stopped, listed, and when the next one runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from simulator.fakes.braze.audience.messaging.plans import (
    Delivery,
    Message,
    Plan,
    PlanRefused,
    Status,
    Variant,
    read_plan,
    write_plan,
)
from simulator.fakes.braze.audience.segments import Segments
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_uuid
from simulator.rules.instants import Instant


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign, or one Canvas if `canvas`. `next_run` is when its schedule sends next."""

    campaign_id: str
    workspace: str
    canvas: bool
    name: str
    status: Status
    plan: Plan
    created_at: Instant
    updated_at: Instant
    next_run: Instant | None


_COLUMNS = "campaign_id, workspace, canvas, name, status, definition, created_at, updated_at, next_run"


class Campaigns:
    """Keeps plans and what wakes them."""

    def __init__(self, room: Room, segments: Segments) -> None:
        self._room = room
        self._database = room.database
        self._segments = segments

    def create(
        self,
        workspace: str,
        name: str,
        form: Mapping[str, object] | Plan,
        *,
        canvas: bool = False,
        status: Status = Status.ACTIVE,
    ) -> Campaign:
        """Save a campaign or a Canvas. Raises PlanRefused."""
        at = self._room.clock.now
        plan = form if isinstance(form, Plan) else read_plan(form)
        if not name.strip():
            raise PlanRefused("a campaign needs a name")
        if not canvas and any(len(variant.steps) > 1 for variant in plan.variants):
            raise PlanRefused("a campaign has one step; several steps are a Canvas")
        if not canvas and any(step.paths for step in plan.steps):
            raise PlanRefused("an experiment is a step of a Canvas")
        if not canvas and (plan.exit_event or plan.exit_audience is not None):
            raise PlanRefused("a campaign is over once it is sent; exit criteria are for a Canvas")
        if canvas and plan.delivery is Delivery.TRANSACTIONAL:
            raise PlanRefused("a Canvas is not transactional; make a campaign")
        if plan.segment_id and self._segments.find(workspace, plan.segment_id) is None:
            raise PlanRefused(f"there is no segment {plan.segment_id!r}")
        with self._database.transaction() as sql:
            if self.by_name(workspace, name, canvas=canvas) is not None:
                raise PlanRefused(f"there is {'a Canvas' if canvas else 'a campaign'} called {name!r} already")
            position = sql.execute("SELECT coalesce(max(position), 0) + 1 FROM braze_campaign").fetchone()[0]
            campaign_id = derive_uuid(self._room.seed, "braze", "campaign", workspace, position)
            plan = self._with_ids(plan, campaign_id)
            if plan.delivery is Delivery.SCHEDULED and plan.start is None:
                plan = replace(plan, start=at)
            sql.execute(
                f"INSERT INTO braze_campaign (position, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    position, campaign_id, workspace, canvas, name, status, _json(write_plan(plan)), at, at,
                    _first_run(plan, status, at),
                ),
            )  # fmt: skip
            sql.executemany(
                "INSERT OR IGNORE INTO braze_wake VALUES (?, ?, ?, ?)",
                [(workspace, kind, event, campaign_id) for kind, event in plan.wakes],
            )
        return self.get(campaign_id)

    def copy(
        self, campaign: Campaign, name: str, *, description: str | None = None, tags: Sequence[str] | None = None
    ) -> Campaign:
        """A draft like it under another name, with ids of its own; what is None stays. Raises PlanRefused."""
        plan = replace(
            campaign.plan,
            description=campaign.plan.description if description is None else description,
            tags=campaign.plan.tags if tags is None else tuple(tags),
            variants=tuple(_without_ids(variant) for variant in campaign.plan.variants),
        )
        return self.create(campaign.workspace, name, plan, canvas=campaign.canvas, status=Status.DRAFT)

    def set_status(self, campaign_id: str, status: Status) -> Campaign:
        """Start, stop or archive. A schedule that was missed meanwhile is not made up for. Raises KeyError."""
        found = self.get(campaign_id)
        at = self._room.clock.now
        next_run = _first_run(found.plan, status, at)
        if found.plan.every_ms is None and found.plan.start is not None and found.plan.start < at:
            next_run = None
        self._database.execute(
            "UPDATE braze_campaign SET status = ?, updated_at = ?, next_run = ? WHERE campaign_id = ?",
            (status, at, next_run, campaign_id),
        )
        return self.get(campaign_id)

    def get(self, campaign_id: str) -> Campaign:
        """One of either kind. Raises KeyError."""
        found = self._one("campaign_id = ?", (campaign_id,))
        if found is None:
            raise KeyError(campaign_id)
        return found

    def find(self, workspace: str, campaign_id: str, *, canvas: bool) -> Campaign | None:
        """One of a workspace and a kind."""
        return self._one("workspace = ? AND campaign_id = ? AND canvas = ?", (workspace, campaign_id, canvas))

    def by_name(self, workspace: str, name: str, *, canvas: bool) -> Campaign | None:
        """The one of that name and kind."""
        return self._one("workspace = ? AND name = ? AND canvas = ?", (workspace, name, canvas))

    def all(self, workspace: str, *, canvas: bool, archived: bool = False) -> list[Campaign]:
        """All of a kind in the order in which they were made; archived ones on request."""
        hidden = () if archived else (Status.ARCHIVED,)
        query = f"SELECT {_COLUMNS} FROM braze_campaign WHERE workspace = ? AND canvas = ? ORDER BY position"
        found = [_read(row) for row in self._database.rows(query, (workspace, canvas))]
        return [campaign for campaign in found if campaign.status not in hidden]

    def woken_by(self, workspace: str, kind: str, names: Sequence[str]) -> list[Campaign]:
        """Active plans that want to hear of these events or products."""
        query = (
            f"SELECT {', '.join('c.' + column for column in _COLUMNS.split(', '))} FROM braze_campaign c "
            "WHERE c.status = 'active' AND c.campaign_id IN (SELECT w.campaign_id FROM braze_wake w "
            "WHERE w.workspace = ? AND w.kind = ? AND w.name IN (SELECT value FROM json_each(?))) ORDER BY c.position"
        )
        return [_read(row) for row in self._database.rows(query, (workspace, kind, _json(list(names))))]

    def next_run(self) -> Instant | None:
        """The earliest instant at which a schedule sends."""
        due: Instant | None = self._database.value(
            "SELECT min(next_run) FROM braze_campaign WHERE status = 'active' AND next_run IS NOT NULL"
        )
        return due

    def due(self, at: Instant) -> list[Campaign]:
        """Active schedules that send at or before the instant, the earliest first."""
        query = (
            f"SELECT {_COLUMNS} FROM braze_campaign WHERE status = 'active' AND next_run <= ? "
            "ORDER BY next_run, position"
        )
        return [_read(row) for row in self._database.rows(query, (at,))]

    def ran(self, campaign: Campaign) -> None:
        """Move the schedule on to its next occurrence."""
        plan, last = campaign.plan, campaign.next_run
        following = None
        if last is not None and plan.every_ms:
            following = Instant(last + plan.every_ms)
            if plan.until is not None and following > plan.until:
                following = None
        self._database.execute(
            "UPDATE braze_campaign SET next_run = ? WHERE campaign_id = ?", (following, campaign.campaign_id)
        )

    def _with_ids(self, plan: Plan, campaign_id: str) -> Plan:
        """Give variants, steps and messages the ids that details show; given ones stay."""

        def made(*path: str | int) -> str:
            return derive_uuid(self._room.seed, "braze", campaign_id, *path)

        variants = []
        for v, variant in enumerate(plan.variants):
            steps = tuple(
                replace(
                    step,
                    step_id=step.step_id or made("step", v, s),
                    paths=tuple(
                        replace(
                            path,
                            path_id=path.path_id or made("path", v, s, p),
                            messages=tuple(
                                replace(message, variation_id=message.variation_id or made("message", v, s, p, m))
                                for m, message in enumerate(path.messages)
                            ),
                        )
                        for p, path in enumerate(step.paths)
                    ),
                    messages=tuple(
                        replace(message, variation_id=message.variation_id or made("message", v, s, m))
                        for m, message in enumerate(step.messages)
                    ),
                )
                for s, step in enumerate(variant.steps)
            )
            variants.append(replace(variant, variant_id=variant.variant_id or made("variant", v), steps=steps))
        return replace(plan, variants=tuple(variants))

    def _one(self, condition: str, parameters: Sequence[object]) -> Campaign | None:
        found = self._database.row(f"SELECT {_COLUMNS} FROM braze_campaign WHERE {condition}", parameters)
        return None if found is None else _read(found)


def _without_ids(variant: Variant) -> Variant:
    def fresh(messages: Sequence[Message]) -> tuple[Message, ...]:
        return tuple(replace(message, variation_id="") for message in messages)

    steps = tuple(
        replace(
            step,
            step_id="",
            messages=fresh(step.messages),
            paths=tuple(replace(path, path_id="", messages=fresh(path.messages)) for path in step.paths),
        )
        for step in variant.steps
    )
    return replace(variant, variant_id="", steps=steps)


def _first_run(plan: Plan, status: Status, at: Instant) -> Instant | None:
    """When a schedule runs first: at its start, or at once; a repeating one that began earlier keeps its beat."""
    if plan.delivery is not Delivery.SCHEDULED or status is not Status.ACTIVE:
        return None
    start = at if plan.start is None else plan.start
    if start < at and plan.every_ms:
        start = Instant(start + -(-(at - start) // plan.every_ms) * plan.every_ms)
    return None if plan.until is not None and start > plan.until else Instant(max(start, at))


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _read(row: tuple[Any, ...]) -> Campaign:
    campaign_id, workspace, canvas, name, status, definition, created_at, updated_at, next_run = row
    return Campaign(
        campaign_id, workspace, bool(canvas), name, Status(status), read_plan(orjson.loads(definition)),
        Instant(created_at), Instant(updated_at), None if next_run is None else Instant(next_run),
    )  # fmt: skip
