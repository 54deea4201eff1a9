"""/campaigns/trigger/schedule/*, /canvas/trigger/schedule/* and /messages/schedule/*: a send at a later time.

Source: Braze, "Schedule API-triggered campaigns", "Update scheduled API-triggered campaigns", "Delete scheduled
API-triggered campaigns", the same for Canvases, "Create scheduled messages", "Update scheduled messages", "Delete
scheduled messages", "API errors": a time lies up to 90 days ahead. `in_local_time` and `at_optimal_time` are accepted
and the send happens at the given time in UTC (inferred, left out: time zones and optimal times of people). A time that
has passed, and one further ahead, are refused (inferred).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.fakes.braze.audience.handlers.arguments import text
from simulator.fakes.braze.audience.handlers.sending.messages import Body, MessageHandlers
from simulator.fakes.braze.audience.handlers.sending.triggers import CAMPAIGN, CANVAS, Kind, TriggerHandlers
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.plans import Status
from simulator.fakes.braze.audience.messaging.schedules import Schedules, Waiting
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.rules.instants import DAY_MS, Instant, parse_instant

INVALID_SCHEDULE = "Invalid Schedule ID"
NOTHING_TO_UPDATE = "Either 'schedule' or 'messages' is required"
LATEST_MS = 90 * DAY_MS
MESSAGES = "messages"


class ApiSchedules:
    """Notes sends, moves them and takes them back."""

    def __init__(
        self,
        keys: Keys,
        campaigns: Campaigns,
        schedules: Schedules,
        triggers: TriggerHandlers,
        messages: MessageHandlers,
    ) -> None:
        self._keys = keys
        self._campaigns = campaigns
        self._schedules = schedules
        self._triggers = triggers
        self._messages = messages
        for kind in (CAMPAIGN, CANVAS):
            schedules.register(kind.noun, self._trigger)
        schedules.register(MESSAGES, self._send)

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        found: dict[str, Handler] = {}
        for noun, kind in (("Campaign", CAMPAIGN), ("Canvas", CANVAS)):
            found[f"schedule{noun}"] = partial(self.create, kind=kind)
            found[f"updateScheduled{noun}"] = partial(self.update, kind=kind)
            found[f"deleteScheduled{noun}"] = partial(self.delete, kind=kind)
        return {
            **found,
            "scheduleMessages": self.create_messages,
            "updateScheduledMessages": self.update_messages,
            "deleteScheduledMessages": self.delete_messages,
        }

    def create(self, call: Call, kind: Kind) -> Reply:
        """Notes what to trigger when."""
        accepted, body = self._accepted(call), body_of(call)
        campaign = self._triggers.checked(accepted.workspace, body, kind)
        due_at = _time(body, call.at)
        send_id = self._triggers.send_id(accepted, campaign, body)
        return _noted(
            self._schedules.add(
                kind.noun, accepted, due_at, body, campaign_id=campaign.campaign_id, send_id=send_id
            )
        )  # fmt: skip

    def update(self, call: Call, kind: Kind) -> Reply:
        """Another time for what is not sent yet."""
        body = body_of(call)
        campaign, schedule_id = self._named(call, body, kind)
        due_at = _time(body, call.at)
        self._schedules.change(self._waiting(campaign.workspace, kind.noun, schedule_id, campaign), due_at=due_at)
        return success()

    def delete(self, call: Call, kind: Kind) -> Reply:
        """What is not sent yet never will be."""
        campaign, schedule_id = self._named(call, body_of(call), kind)
        self._schedules.end(self._waiting(campaign.workspace, kind.noun, schedule_id, campaign), call.at)
        return success()

    def create_messages(self, call: Call) -> Reply:
        """Notes which messages to send when; they are checked as if they were sent now."""
        accepted, body = self._accepted(call), body_of(call)
        order = self._messages.checked(accepted.workspace, body)
        due_at = _time(body, call.at)
        send_id = self._messages.send_id(accepted, order, body)
        return _noted(self._schedules.add(MESSAGES, accepted, due_at, body, send_id=send_id))

    def update_messages(self, call: Call) -> Reply:
        """Another time, other messages, or both."""
        workspace, body = self._keys.workspace_of(call), body_of(call)
        schedule_id = text(body, "schedule_id")
        if body.get("schedule") is None and body.get("messages") is None:
            raise refuse(400, NOTHING_TO_UPDATE)
        due_at = None if body.get("schedule") is None else _time(body, call.at)
        waiting = self._waiting(workspace, MESSAGES, schedule_id)
        changed = None
        if body.get("messages") is not None:
            changed = {**waiting.body, "messages": body["messages"]}
            self._messages.checked(workspace, changed)
        self._schedules.change(waiting, due_at=due_at, body=changed)
        return success()

    def delete_messages(self, call: Call) -> Reply:
        """What is not sent yet never will be."""
        schedule_id = text(body_of(call), "schedule_id")
        self._schedules.end(self._waiting(self._keys.workspace_of(call), MESSAGES, schedule_id), call.at)
        return success()

    def _accepted(self, call: Call) -> Accepted:
        return Accepted(self._keys.workspace_of(call), call.at, call.request_id)

    def _named(self, call: Call, body: Body, kind: Kind) -> tuple[Campaign, str]:
        return self._triggers.plan(self._keys.workspace_of(call), body, kind), text(body, "schedule_id")

    def _waiting(self, workspace: str, noun: str, schedule_id: str, campaign: Campaign | None = None) -> Waiting:
        campaign_id = "" if campaign is None else campaign.campaign_id
        waiting = self._schedules.find(workspace, noun, schedule_id, campaign_id)
        if waiting is None:
            raise refuse(400, INVALID_SCHEDULE)
        return waiting

    def _trigger(self, waiting: Waiting) -> None:
        """Nothing is sent when the plan has been stopped meanwhile."""
        campaign = self._campaigns.get(waiting.campaign_id)
        if campaign.status is Status.ACTIVE:
            self._triggers.fire(waiting.accepted, campaign, waiting.body, waiting.dispatch_id, waiting.send_id)

    def _send(self, waiting: Waiting) -> None:
        order = self._messages.checked(waiting.accepted.workspace, waiting.body)
        self._messages.dispatch(waiting.accepted, order, waiting.dispatch_id, waiting.send_id)


def _noted(waiting: Waiting) -> Reply:
    shown = {"send_id": waiting.send_id} if waiting.send_id else {}
    return success(201, dispatch_id=waiting.dispatch_id, schedule_id=waiting.schedule_id, **shown)


def _bad_time(hint: str) -> Problem:
    return refuse(400, "Bad Request", error=hint)


def _time(body: Body, now: Instant) -> Instant:
    """The time of a schedule object. Raises Problem; the hint of a Bad Request is ours (inferred)."""
    schedule = body.get("schedule")
    if not isinstance(schedule, Mapping):
        raise refuse(400, "'schedule' is required")
    try:
        due_at = parse_instant(str(schedule.get("time") or ""))
    except ValueError:
        raise _bad_time("'schedule' must have a valid ISO 8601 'time'") from None
    if due_at < now:
        raise _bad_time("'schedule' must have a 'time' that has not passed")
    if due_at > now + LATEST_MS:
        raise refuse(400, "'schedule' must have a 'time' at most 90 days ahead")
    return due_at
