"""/campaigns/* and /canvas/* that only read: lists, details, figures; and send ids.

Source: Braze, "Export campaigns list", "Export campaign details", "Export campaign analytics", "Export send analytics",
"Create send IDs", "Export Canvas list", "Export Canvas details", "Export Canvas data series analytics", "Export Canvas
data summary analytics" (SEG-2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import (
    flag,
    moment,
    newest_first,
    page,
    required,
    series,
    text,
    whole,
)
from simulator.fakes.braze.audience.lists.names import slot_text, slots_until
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.channels import CANVAS_ENTRY, SENDS
from simulator.fakes.braze.audience.messaging.plans import Delivery, Message, Status, Step
from simulator.fakes.braze.audience.messaging.sends import SendIds
from simulator.fakes.braze.audience.records import stats
from simulator.fakes.braze.audience.records.events import MessageEvent, MessageEvents
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.wire import body_of, refuse, success
from simulator.rules.instants import DAY_MS, SECOND_MS, Instant, format_instant

LISTED_PER_PAGE = 100
CANVAS_DAYS = 14
SENDS_KEPT_MS = 14 * DAY_MS
INVALID_CAMPAIGN = "Invalid Campaign ID"
INVALID_CANVAS = "Invalid Canvas ID"


class CampaignHandlers:
    """Shows campaigns and Canvases and what they did."""

    def __init__(self, keys: Keys, campaigns: Campaigns, events: MessageEvents, send_ids: SendIds) -> None:
        self._keys = keys
        self._campaigns = campaigns
        self._events = events
        self._send_ids = send_ids

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {
            "listCampaigns": self.list_campaigns,
            "getCampaign": self.campaign_details,
            "campaignDataSeries": self.campaign_series,
            "listCanvases": self.list_canvases,
            "getCanvas": self.canvas_details,
            "canvasDataSeries": self.canvas_series,
            "canvasDataSummary": self.canvas_summary,
            "createSendId": self.create_send_id,
            "sendDataSeries": self.send_series,
        }

    def list_campaigns(self, call: Call) -> Reply:
        """100 a page, oldest first."""
        shown = [
            {**_listed(campaign), "is_api_campaign": campaign.plan.delivery is Delivery.API}
            for campaign in self._list(call, canvas=False)
        ]
        return success(200, campaigns=shown)

    def list_canvases(self, call: Call) -> Reply:
        """100 a page, oldest first; stopped ones are in it."""
        return success(200, canvases=[_listed(canvas) for canvas in self._list(call, canvas=True)])

    def _list(self, call: Call, *, canvas: bool) -> Sequence[Campaign]:
        found = self._campaigns.all(
            self._keys.workspace_of(call), canvas=canvas, archived=flag(call, "include_archived")
        )
        edited_after = moment(call, "last_edit.time[gt]")
        if edited_after is not None:
            found = [campaign for campaign in found if campaign.updated_at > edited_after]
        if newest_first(call, default=False):
            found.reverse()
        return page(call, found, LISTED_PER_PAGE)

    def campaign_details(self, call: Call) -> Reply:
        """The campaign with its messages by variation id."""
        campaign = self._campaign(call, required(call, "campaign_id"))
        first, last = self._span(campaign)
        messages = {
            message.variation_id: _shown(message, variant.name)
            for variant in campaign.plan.variants
            for step in variant.steps
            for message in step.all_messages
        }
        conversions = [
            {"type": "Performs Custom Event", "window": window // SECOND_MS, "custom_event_name": name}
            for name, window in campaign.plan.conversions
        ]
        return success(
            200, **_described(campaign), has_post_launch_draft=False, first_sent=first, last_sent=last,
            messages=messages, conversion_behaviors=conversions,
        )  # fmt: skip

    def canvas_details(self, call: Call) -> Reply:
        """The Canvas with its variants and steps."""
        canvas = self._canvas(call)
        first, last = self._span(canvas)
        return success(
            200, **_described(canvas), first_entry=first, last_entry=last,
            variants=[
                {
                    "name": variant.name,
                    "id": variant.variant_id,
                    "first_step_ids": [step.step_id for step in variant.steps[:1]],
                    **({"first_step_id": variant.steps[0].step_id} if variant.steps else {}),
                }
                for variant in canvas.plan.variants
            ],
            steps=[
                _step_shown(step, variant.steps[number + 1 : number + 2])
                for variant in canvas.plan.variants
                for number, step in enumerate(variant.steps)
            ],
        )  # fmt: skip

    def _span(self, campaign: Campaign) -> tuple[str | None, str | None]:
        """First and last time that it reached, or for a Canvas let in, anybody."""
        wanted = {CANVAS_ENTRY} if campaign.canvas else SENDS
        times = [event.at for event in self._events.of_campaign(campaign.campaign_id) if event.name in wanted]
        return (format_instant(min(times)), format_instant(max(times))) if times else (None, None)

    def campaign_series(self, call: Call) -> Reply:
        """One day an item, oldest first."""
        campaign = self._campaign(call, required(call, "campaign_id"))
        return self._series(call, campaign, self._events.of_campaign(campaign.campaign_id))

    def send_series(self, call: Call) -> Reply:
        """The same for one send; figures are kept for 14 days after it."""
        campaign = self._campaign(call, required(call, "campaign_id"))
        send_id = required(call, "send_id")
        if not self._send_ids.belongs(campaign, send_id):
            raise refuse(400, "Invalid Send ID")
        events = self._events.of_campaign(campaign.campaign_id, send_id=send_id)
        if events and events[0].at + SENDS_KEPT_MS <= call.at:
            events = []
        return self._series(call, campaign, events)

    def _series(self, call: Call, campaign: Campaign, events: Sequence[MessageEvent]) -> Reply:
        length, ending_at = series(call)
        by_day = stats.by_day(events, slots_until(ending_at, length, "day"))
        data = [{"time": slot_text(day, "day"), **stats.campaign_day(campaign, found)} for day, found in by_day.items()]
        return success(200, data=data)

    def canvas_series(self, call: Call) -> Reply:
        """One day an item, oldest first; up to 14 days."""
        canvas = self._canvas(call)
        by_day = stats.by_day(self._events.of_campaign(canvas.campaign_id), _canvas_days(call))
        figures = [
            {"time": slot_text(day, "day"), **self._figures(call, canvas, found)} for day, found in by_day.items()
        ]
        return success(200, data={"name": canvas.name, "stats": figures})

    def canvas_summary(self, call: Call) -> Reply:
        """The same days rolled up."""
        canvas = self._canvas(call)
        by_day = stats.by_day(self._events.of_campaign(canvas.campaign_id), _canvas_days(call))
        events = [event for found in by_day.values() for event in found]
        return success(200, data={"name": canvas.name, **self._figures(call, canvas, events)})

    def _figures(self, call: Call, canvas: Campaign, events: Sequence[MessageEvent]) -> stats.Stats:
        variants, steps = flag(call, "include_variant_breakdown"), flag(call, "include_step_breakdown")
        return stats.canvas_figures(canvas, events, variants=variants, steps=steps)

    def create_send_id(self, call: Call) -> Reply:
        """Makes up a send id, or notes the one that is given."""
        body = body_of(call)
        campaign = self._campaign(call, text(body, "campaign_id"))
        given = body.get("send_id")
        if given is not None and not isinstance(given, str):
            raise refuse(400, "'send_id' must be a string")
        wanted = given if isinstance(given, str) else ""
        if wanted and self._send_ids.known(campaign.workspace, wanted):
            raise refuse(400, "The send_id is already in use")
        return success(send_id=self._send_ids.create(campaign, call.at, call.request_id, wanted))

    def _campaign(self, call: Call, campaign_id: str) -> Campaign:
        campaign = self._campaigns.find(self._keys.workspace_of(call), campaign_id, canvas=False)
        if campaign is None:
            raise refuse(400, INVALID_CAMPAIGN)
        return campaign

    def _canvas(self, call: Call) -> Campaign:
        canvas_id = required(call, "canvas_id")
        canvas = self._campaigns.find(self._keys.workspace_of(call), canvas_id, canvas=True)
        if canvas is None:
            raise refuse(400, INVALID_CANVAS)
        return canvas


def _listed(campaign: Campaign) -> dict[str, object]:
    return {
        "id": campaign.campaign_id,
        "last_edited": format_instant(campaign.updated_at),
        "name": campaign.name,
        "tags": list(campaign.plan.tags),
    }


def _described(campaign: Campaign) -> dict[str, object]:
    """What the details of both kinds share."""
    return {
        "created_at": format_instant(campaign.created_at),
        "updated_at": format_instant(campaign.updated_at),
        "archived": campaign.status is Status.ARCHIVED,
        "draft": campaign.status is Status.DRAFT,
        "enabled": campaign.status is Status.ACTIVE,
        "name": campaign.name,
        "description": campaign.plan.description,
        "schedule_type": campaign.plan.delivery.value,
        "channels": campaign.plan.channels,
        "tags": list(campaign.plan.tags),
        "teams": list(campaign.plan.teams),
    }


def _shown(message: Message, name: str) -> dict[str, object]:
    return {**message.content, "channel": message.channel, "name": name}


def _step_shown(step: Step, following: Sequence[Step]) -> dict[str, object]:
    after = [each.step_id for each in following]
    return {
        "name": step.name,
        "type": "experiment" if step.paths else "message",
        "id": step.step_id,
        "next_step_ids": after,
        "next_paths": [{"name": None, "next_step_id": step_id} for step_id in after],
        "channels": list(dict.fromkeys(message.channel for message in step.all_messages)),
        "messages": {message.variation_id: _shown(message, step.name) for message in step.all_messages},
    }


def _canvas_days(call: Call) -> Sequence[Instant]:
    """The days from `starting_at`, or `length` days, to `ending_at`; 14 at most. Raises Problem."""
    end = moment(call, "ending_at")
    if end is None:
        raise refuse(400, "'ending_at' must be a valid ISO 8601 date")
    starting_at = moment(call, "starting_at")
    length = call.argument("length")
    message = f"'length' must be between 1 and {CANVAS_DAYS}"
    if length is None and starting_at is None:
        raise refuse(400, "Either 'length' or 'starting_at' is required")
    days = whole(call, "length", message, least=1, most=CANVAS_DAYS, default=CANVAS_DAYS)
    found = slots_until(end, days, "day")
    return [day for day in found if starting_at is None or day + DAY_MS > starting_at]
