"""What the dashboard does about audiences, over HTTP under /_sim/braze/: the facade's methods, one operation each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulator.fakes.binding import Call, Handler, Problem, Reply
from simulator.fakes.braze.audience.lists.subscriptions import GroupRefused
from simulator.fakes.braze.audience.messaging.campaigns import Campaign
from simulator.fakes.braze.audience.messaging.plans import PlanRefused, Status, write_plan
from simulator.fakes.braze.audience.records.reactions import ReactionRefused
from simulator.fakes.braze.audience.segments import Segment, SegmentRefused
from simulator.fakes.braze.audience.service import MAIN, Audience
from simulator.fakes.control import problem
from simulator.rules.instants import Instant, format_instant, parse_instant
from simulator.rules.segments import describe, to_form

EVENTS_BY_DEFAULT = 100


class AudienceControl:
    """Handlers of the operations tagged `braze` that are about audiences."""

    def __init__(self, audience: Audience, now: Callable[[], Instant]) -> None:
        self._audience = audience
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {
            "listBrazeSegments": self.list_segments,
            "createBrazeSegment": self.create_segment,
            "getBrazeSegment": self.get_segment,
            "changeBrazeSegment": self.change_segment,
            "listBrazeCohortFilters": self.list_cohort_filters,
            "listBrazeCampaigns": self.list_campaigns,
            "createBrazeCampaign": self.create_campaign,
            "changeBrazeCampaign": self.change_campaign,
            "sendBrazeCampaign": self.send_campaign,
            "listBrazeMessageEvents": self.list_events,
            "reactToBrazeMessage": self.react,
            "listBrazeSubscriptionGroups": self.list_groups,
            "createBrazeSubscriptionGroup": self.create_group,
            "setBrazeControlGroup": self.set_control_group,
        }

    def list_segments(self, call: Call) -> Reply:
        """Archived ones too."""
        found = self._audience.segments.all(_workspace(call), archived=True)
        return Reply(200, {"segments": [self._segment(each) for each in found]})

    def create_segment(self, call: Call) -> Reply:
        """Of filters, of cohorts, or of both."""
        body = dict(call.json())
        workspace = str(body.pop("workspace", MAIN))
        self._free(self._audience.segments.by_name(workspace, body["name"]) is None, "a segment", body["name"])
        name, filters = body.pop("name"), body.pop("filters", None)
        try:
            made = self._audience.create_segment(name, filters, workspace=workspace, **body)
        except SegmentRefused as error:
            raise refuse(400, str(error)) from error
        return Reply(201, self._segment(made))

    def get_segment(self, call: Call) -> Reply:
        """With the members at an instant."""
        segment = self._find(call, _workspace(call))
        asked = call.argument("at")
        try:
            at = self._now() if asked is None else parse_instant(asked)
        except ValueError as error:
            # The pattern of the contract lets a 29th of any February through; the calendar does not.
            raise refuse(400, str(error)) from error
        rows = self._audience.segments.members(segment, at)
        members = [{"braze_id": braze_id, "external_id": who} for braze_id, who in self._audience.named(rows, at)]
        return Reply(200, {"segment": self._segment(segment), "at": format_instant(at), "members": members})

    def change_segment(self, call: Call) -> Reply:
        """What is left out stays."""
        body = dict(call.json())
        workspace = str(body.pop("workspace", MAIN))
        segment = self._find(call, workspace)
        if "name" in body:
            holder = self._audience.segments.by_name(workspace, body["name"])
            self._free(holder is None or holder.segment_id == segment.segment_id, "a segment", body["name"])
        try:
            changed = self._audience.segments.change(segment.segment_id, **body)
        except SegmentRefused as error:
            raise refuse(400, str(error)) from error
        return Reply(200, self._segment(changed))

    def list_cohort_filters(self, call: Call) -> Reply:
        """`[Amplitude] NAME: ID`."""
        partner = call.argument("partner", "amplitude") or "amplitude"
        return Reply(200, {"entries": self._audience.cohort_titles(partner, _workspace(call))})

    def list_campaigns(self, call: Call) -> Reply:
        """Campaigns first, then Canvases."""
        kept, workspace = self._audience.campaigns, _workspace(call)
        found = [each for canvas in (False, True) for each in kept.all(workspace, canvas=canvas, archived=True)]
        return Reply(200, {"campaigns": [_campaign(each) for each in found]})

    def create_campaign(self, call: Call) -> Reply:
        """It is active at once."""
        body = call.json()
        workspace, name, canvas = str(body.get("workspace", MAIN)), body["name"], body.get("kind") == "canvas"
        holder = self._audience.campaigns.by_name(workspace, name, canvas=canvas)
        self._free(holder is None, "a Canvas" if canvas else "a campaign", name)
        create = self._audience.create_canvas if canvas else self._audience.create_campaign
        try:
            return Reply(201, _campaign(create(name, body["plan"], workspace=workspace)))
        except (PlanRefused, SegmentRefused) as error:
            raise refuse(400, str(error)) from error

    def change_campaign(self, call: Call) -> Reply:
        """Stop, resume or archive."""
        try:
            changed = self._audience.set_status(call.path["campaign"], Status(call.json()["status"]))
        except KeyError:
            raise refuse(404, f"there is no campaign or Canvas {call.path['campaign']!r}") from None
        return Reply(200, _campaign(changed))

    def send_campaign(self, call: Call) -> Reply:
        """Whatever its delivery."""
        try:
            entered = self._audience.send_now(call.path["campaign"])
        except KeyError:
            raise refuse(404, f"there is no campaign or Canvas {call.path['campaign']!r}") from None
        return Reply(200, {"entered": entered})

    def list_events(self, call: Call) -> Reply:
        """In order, after a number."""
        after, limit = int(call.argument("after", "0") or 0), int(call.argument("limit") or EVENTS_BY_DEFAULT)
        found = self._audience.events.since(after, workspace=_workspace(call), limit=limit)
        shown = [
            {
                "sequence": event.sequence,
                "at": format_instant(event.at),
                "name": event.name,
                "title": event.title,
                "event_id": event.event_id,
                "braze_id": event.braze_id,
                "external_id": event.external_id,
                "device_id": event.device_id,
                "campaign_id": event.campaign_id,
                "send_id": event.send_id,
                "properties": event.properties,
            }
            for event in found
        ]
        return Reply(200, {"events": shown})

    def react(self, call: Call) -> Reply:
        """To the last message of a campaign that reached the person."""
        body = call.json()
        try:
            name = self._audience.reactions.react(
                str(body.get("workspace", MAIN)), body["braze_id"], body["campaign_id"], body["reaction"],
                body.get("properties"),
            )  # fmt: skip
        except ReactionRefused as error:
            raise refuse(400, str(error)) from error
        return Reply(201, {"name": name})

    def list_groups(self, call: Call) -> Reply:
        """By name."""
        groups = self._audience.subscriptions.all(_workspace(call))
        return Reply(200, {"groups": [group._asdict() for group in groups]})

    def create_group(self, call: Call) -> Reply:
        """With an id of one's own, if given."""
        body = call.json()
        workspace, group_id = str(body.get("workspace", MAIN)), str(body.get("group_id", ""))
        self._free(self._audience.subscriptions.find(workspace, group_id) is None, "a subscription group", group_id)
        try:
            made = self._audience.create_subscription_group(
                body["name"], body.get("channel", "email"), group_id=group_id, workspace=workspace
            )
        except GroupRefused as error:
            raise refuse(400, str(error)) from error
        return Reply(201, made._asdict())

    def set_control_group(self, call: Call) -> Reply:
        """0 ends it."""
        body = call.json()
        workspace = str(body.get("workspace", MAIN))
        self._audience.control_group.set(workspace, body["percent"])
        people = len(self._audience.control_group.members(workspace))
        return Reply(200, {"percent": body["percent"], "people": people})

    def _find(self, call: Call, workspace: str) -> Segment:
        try:
            return self._audience.segment(call.path["segment"], workspace)
        except SegmentRefused as error:
            raise refuse(404, str(error)) from error

    def _segment(self, segment: Segment) -> dict[str, object]:
        return {
            "segment_id": segment.segment_id,
            "name": segment.name,
            "description": segment.description,
            "filters": to_form(segment.tree),
            "text": describe(segment.tree),
            "tracked": segment.tracked,
            "archived": segment.archived,
            "tags": list(segment.tags),
            "created_at": format_instant(segment.created_at),
            "updated_at": format_instant(segment.updated_at),
            "exact_size": self._audience.segments.exact_size(segment),
            "estimated_size": self._audience.segments.size(segment).size,
        }

    def _free(self, free: bool, what: str, name: str) -> None:
        if not free:
            raise refuse(409, f"there is {what} called {name!r} already")


def refuse(status: int, detail: str) -> Problem:
    """A refusal of the control plane, to be raised."""
    return Problem(problem(status, detail))


def _workspace(call: Call) -> str:
    return call.argument("workspace", MAIN) or MAIN


def _campaign(campaign: Campaign) -> dict[str, object]:
    return {
        "campaign_id": campaign.campaign_id,
        "kind": "canvas" if campaign.canvas else "campaign",
        "name": campaign.name,
        "status": campaign.status.value,
        "plan": write_plan(campaign.plan),
        "created_at": format_instant(campaign.created_at),
        "next_run": None if campaign.next_run is None else format_instant(campaign.next_run),
    }
