"""/campaigns/trigger/schedule/* and /canvas/trigger/schedule/*: an API-triggered send at a later time.

Source: Braze, "Schedule API-triggered campaigns", "Update scheduled API-triggered campaigns", "Delete scheduled
API-triggered campaigns" and the same for Canvases. `in_local_time` and `at_optimal_time` are accepted and the send
happens at the given time in UTC (inferred, left out: time zones and optimal times of people). A time that has passed is
refused. Who gets it is asked when the time has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import orjson

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import text
from simulator.fakes.braze.audience.handlers.messages import Body
from simulator.fakes.braze.audience.handlers.triggers import CAMPAIGN, CANVAS, Kind, TriggerHandlers
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.entries import Entries
from simulator.fakes.braze.audience.messaging.plans import Status
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.ids import derive_uuid
from simulator.rules.instants import Instant, parse_instant

INVALID_SCHEDULE = "Invalid Schedule ID"


class ApiSchedules:
    """Keeps scheduled triggers and, as due work, fires them."""

    name = "braze api schedules"

    def __init__(
        self, room: Room, keys: Keys, campaigns: Campaigns, entries: Entries, triggers: TriggerHandlers
    ) -> None:
        self._room = room
        self._database = room.database
        self._keys = keys
        self._campaigns = campaigns
        self._entries = entries
        self._triggers = triggers

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        found: dict[str, Handler] = {}
        for noun, kind in (("Campaign", CAMPAIGN), ("Canvas", CANVAS)):
            found[f"schedule{noun}"] = partial(self.create, kind=kind)
            found[f"updateScheduled{noun}"] = partial(self.update, kind=kind)
            found[f"deleteScheduled{noun}"] = partial(self.delete, kind=kind)
        return found

    def create(self, call: Call, kind: Kind) -> Reply:
        """Notes what to send when."""
        workspace, body = self._keys.workspace_of(call), body_of(call)
        campaign = self._triggers.checked(workspace, body, kind)
        due_at = _time(body, call.at)
        accepted = Accepted(workspace, call.at, call.request_id)
        with self._database.transaction():
            number = int(self._database.value("SELECT coalesce(max(number), 0) + 1 FROM braze_api_schedule"))
            schedule_id = derive_uuid(self._room.seed, "braze", "schedule", workspace, number)
            dispatch_id = self._entries.dispatch_id(schedule_id, due_at)
            send_id = self._triggers.send_id(accepted, campaign, body)
            self._database.execute(
                "INSERT INTO braze_api_schedule (schedule_id, workspace, campaign_id, body, due_at, request, "
                "dispatch_id, send_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    schedule_id, workspace, campaign.campaign_id, orjson.dumps(body), due_at, call.request_id,
                    dispatch_id, send_id,
                ),
            )  # fmt: skip
        shown = {"send_id": send_id} if send_id else {}
        return success(201, dispatch_id=dispatch_id, schedule_id=schedule_id, **shown)

    def update(self, call: Call, kind: Kind) -> Reply:
        """Another time for what is not sent yet."""
        campaign, schedule_id = self._named(call, kind)
        due_at = _time(body_of(call), call.at)
        self._change(
            "UPDATE braze_api_schedule SET due_at = ? WHERE schedule_id = ? AND campaign_id = ? AND done_at IS NULL",
            due_at, schedule_id, campaign.campaign_id,
        )  # fmt: skip
        return success()

    def delete(self, call: Call, kind: Kind) -> Reply:
        """What is not sent yet never will be."""
        campaign, schedule_id = self._named(call, kind)
        self._change(
            "UPDATE braze_api_schedule SET done_at = ? WHERE schedule_id = ? AND campaign_id = ? AND done_at IS NULL",
            call.at, schedule_id, campaign.campaign_id,
        )  # fmt: skip
        return success()

    def _named(self, call: Call, kind: Kind) -> tuple[Campaign, str]:
        body = body_of(call)
        return self._triggers.plan(self._keys.workspace_of(call), body, kind), text(body, "schedule_id")

    def _change(self, statement: str, *parameters: object) -> None:
        if not self._database.execute(statement, parameters):
            raise refuse(400, INVALID_SCHEDULE)

    def next_due(self) -> Instant | None:
        """When the next one is sent."""
        due: Instant | None = self._database.value("SELECT min(due_at) FROM braze_api_schedule WHERE done_at IS NULL")
        return due

    def run_due(self, at: Instant) -> None:
        """Fire what is due, unless its plan has been stopped meanwhile."""
        due = self._database.rows(
            "SELECT schedule_id, workspace, campaign_id, body, due_at, request, dispatch_id, send_id "
            "FROM braze_api_schedule WHERE done_at IS NULL AND due_at <= ? ORDER BY due_at, number",
            (at,),
        )
        for schedule_id, workspace, campaign_id, body, due_at, request, dispatch_id, send_id in due:
            with self._database.transaction():
                self._database.execute(
                    "UPDATE braze_api_schedule SET done_at = ? WHERE schedule_id = ?", (at, schedule_id)
                )
                campaign = self._campaigns.get(campaign_id)
                if campaign.status is Status.ACTIVE:
                    accepted = Accepted(workspace, Instant(due_at), request)
                    self._triggers.fire(accepted, campaign, orjson.loads(body), dispatch_id, send_id)

    def unfinished(self) -> bool:
        """A send that waits for its time is a plan, not something half done."""
        return False


def _time(body: Body, now: Instant) -> Instant:
    """The time of a schedule object. Raises Problem."""
    schedule = body.get("schedule")
    if not isinstance(schedule, Mapping):
        raise refuse(400, "'schedule' is required")
    try:
        due_at = parse_instant(str(schedule.get("time") or ""))
    except ValueError:
        raise refuse(400, "'schedule' must have a valid ISO 8601 'time'") from None
    if due_at < now:
        raise refuse(400, "'schedule' must have a 'time' that has not passed")
    return due_at
