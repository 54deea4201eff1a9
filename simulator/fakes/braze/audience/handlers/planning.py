"""/campaigns/duplicate, /canvas/duplicate and /messages/scheduled_broadcasts: plans that are copied or still to come.

Source: Braze, "Duplicate campaigns", "Duplicate Canvases", "List upcoming scheduled campaigns and Canvases". A copy is
a draft, as on the dashboard, and needs a name that is free (inferred). `schedule_type` is the company's time zone, here
UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import moment, required, text
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.plans import Status
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.rules.instants import DAY_MS, format_instant

COMPANY_ZONE = "UTC"
COPIES = {"duplicateCampaign": False, "duplicateCanvas": True}
"""operationId -> whether it copies a Canvas."""


class PlanningHandlers:
    """Copies plans, and lists what will be sent. Copies obey the switch that delays writes."""

    def __init__(self, room: Room, keys: Keys, campaigns: Campaigns) -> None:
        self._room = room
        self._keys = keys
        self._campaigns = campaigns
        for operation, canvas in COPIES.items():
            room.writes.register(operation, partial(self._apply, canvas=canvas))

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        copies: dict[str, Handler] = {
            operation: partial(self.duplicate, canvas=canvas) for operation, canvas in COPIES.items()
        }
        return {**copies, "listScheduledBroadcasts": self.upcoming}

    def duplicate(self, call: Call, canvas: bool) -> Reply:
        """Accepted; the copy is made a little later."""
        workspace, body = self._keys.workspace_of(call), body_of(call)
        kind, noun = ("canvas", "Canvas") if canvas else ("campaign", "campaign")
        found = self._campaigns.find(workspace, text(body, f"{kind}_id"), canvas=canvas)
        if found is None:
            raise refuse(400, f"Invalid {kind.capitalize()} ID")
        name = text(body, "name")
        if not name.strip() or self._campaigns.by_name(workspace, name, canvas=canvas) is not None:
            raise refuse(400, f"'name' must be one that no other {noun} has")
        description, tags = body.get("description"), body.get("tag_names") if canvas else None
        if description is not None and not isinstance(description, str):
            raise refuse(400, "'description' must be a string")
        tags = [tags] if isinstance(tags, str) else tags
        if tags is not None and not (isinstance(tags, list) and all(isinstance(each, str) for each in tags)):
            raise refuse(400, "'tag_names' must be a string or an array of strings")
        accepted = Accepted(workspace, call.at, call.request_id)
        self._room.writes.accept(call.operation, accepted, [found.campaign_id, name, description, tags])
        return success(202)

    def _apply(self, accepted: Accepted, copy: tuple[str, str, str | None, list[str] | None], canvas: bool) -> None:
        """A name that was taken since it was accepted is not taken twice."""
        campaign_id, name, description, tags = copy
        if self._campaigns.by_name(accepted.workspace, name, canvas=canvas) is None:
            self._campaigns.copy(self._campaigns.get(campaign_id), name, description=description, tags=tags)

    def upcoming(self, call: Call) -> Reply:
        """What the dashboard has scheduled until midnight UTC of a day, the next send of each, earliest first."""
        workspace = self._keys.workspace_of(call)
        required(call, "end_time")
        given = moment(call, "end_time")
        end = 0 if given is None else given - given % DAY_MS
        plans = [
            plan for canvas in (False, True) for plan in self._campaigns.all(workspace, canvas=canvas)
            if plan.status is Status.ACTIVE and plan.next_run is not None and call.at <= plan.next_run <= end
        ]  # fmt: skip
        plans.sort(key=lambda plan: plan.next_run or 0)
        return success(200, scheduled_broadcasts=[_shown(plan) for plan in plans])


def _shown(plan: Campaign) -> dict[str, object]:
    return {
        "name": plan.name,
        "id": plan.campaign_id,
        "type": "Canvas" if plan.canvas else "Campaign",
        "tags": list(plan.plan.tags),
        "next_send_time": format_instant(plan.next_run or 0),
        "schedule_type": COMPANY_ZONE,
    }
