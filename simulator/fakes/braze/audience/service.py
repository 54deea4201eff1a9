"""The dashboard's side of audiences as plain methods, and everything about them that the Braze fake has to plug in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from simulator.clock import DueWork
from simulator.fakes.binding import Handler
from simulator.fakes.braze.audience.callback import post_json
from simulator.fakes.braze.audience.control_group import ControlGroup
from simulator.fakes.braze.audience.exports import Exports, Post
from simulator.fakes.braze.audience.handlers.campaigns import CampaignHandlers
from simulator.fakes.braze.audience.handlers.emails import EmailHandlers
from simulator.fakes.braze.audience.handlers.figures import FigureHandlers
from simulator.fakes.braze.audience.handlers.lists import ListHandlers
from simulator.fakes.braze.audience.handlers.numbers import NumberHandlers
from simulator.fakes.braze.audience.handlers.planning import PlanningHandlers
from simulator.fakes.braze.audience.handlers.segments import SegmentHandlers
from simulator.fakes.braze.audience.handlers.sending.messages import MessageHandlers
from simulator.fakes.braze.audience.handlers.sending.schedules import ApiSchedules
from simulator.fakes.braze.audience.handlers.sending.transactional import TransactionalHandlers
from simulator.fakes.braze.audience.handlers.sending.triggers import TriggerHandlers
from simulator.fakes.braze.audience.handlers.subscriptions import SubscriptionHandlers
from simulator.fakes.braze.audience.lists.emails import Emails
from simulator.fakes.braze.audience.lists.names import Names
from simulator.fakes.braze.audience.lists.numbers import Numbers
from simulator.fakes.braze.audience.lists.sessions import Sessions
from simulator.fakes.braze.audience.lists.subscriptions import SubscriptionGroup, Subscriptions
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.entries import Entries
from simulator.fakes.braze.audience.messaging.plans import Status
from simulator.fakes.braze.audience.messaging.runs import MessagingRuns
from simulator.fakes.braze.audience.messaging.schedules import Schedules
from simulator.fakes.braze.audience.messaging.sender import Sender
from simulator.fakes.braze.audience.messaging.sends import SendIds
from simulator.fakes.braze.audience.records.behaviours import Behaviours
from simulator.fakes.braze.audience.records.events import MessageEvent, MessageEvents
from simulator.fakes.braze.audience.records.feed import CurrentsFeed
from simulator.fakes.braze.audience.records.reactions import Reactions
from simulator.fakes.braze.audience.segments import Segment, SegmentRefused, Segments
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.users.export import Documents
from simulator.rules.instants import Instant
from simulator.rules.segments import Estimate, Tree, cohort_title
from simulator.rules.segments.tree import AllOf, in_cohort, not_in_cohort

MAIN = "main"
DOCUMENTS_AT_ONCE = 1_000


class Audience:
    """Segments, campaigns, Canvases, subscription groups, lists and exports of all workspaces of a world."""

    def __init__(self, room: Room, keys: Keys, life: LifeCycle, *, post: Post = post_json) -> None:
        """`post` makes the callbacks of exports."""
        self._room = room
        self._keys = keys
        self._documents = Documents(room)
        self.control_group = ControlGroup(room)
        self.segments = Segments(room)
        self.events = MessageEvents(room)
        self.sender = Sender(room, self.events)
        self.campaigns = Campaigns(room, self.segments)
        self.entries = Entries(room, self.segments, self.control_group, self.sender)
        self.runs = MessagingRuns(room, self.campaigns, self.entries, self.sender)
        self.send_ids = SendIds(room)
        self.subscriptions = Subscriptions(room, self.sender)
        self.emails = Emails(room, self.sender)
        self.names = Names(room)
        self.numbers = Numbers(room)
        self.exports = Exports(room, self.segments, self.control_group, self._shown, post)
        self._triggers = TriggerHandlers(room, keys, life, self.campaigns, self.entries, self.send_ids)
        self._messages = MessageHandlers(
            room, keys, self.segments, self.campaigns, self.entries, self.sender, self.send_ids, self.control_group
        )
        self.schedules = Schedules(room, self.entries)
        self._later = ApiSchedules(keys, self.campaigns, self.schedules, self._triggers, self._messages)
        self.reactions = Reactions(room, self.campaigns, self.sender, self.emails, self.numbers)
        self.behaviours = Behaviours(room, self.events)
        room.store.activity.when_added.append(self.behaviours.heard)
        room.store.activity.when_added.append(self.runs.heard)
        room.when_emailed.append(self.emails.take_over)
        room.when_merged.append(self.reactions.merged)
        room.not_merged.append(self.control_group.among)
        room.unmade_groups.append(self.subscriptions.unmade)
        room.exported_by_others.append(self.reactions.received)

    def handlers(self) -> dict[str, Handler]:
        """operationId of the contract -> what answers it."""
        room, keys = self._room, self._keys
        groups = (
            SegmentHandlers(keys, self.segments, self.exports, self.control_group),
            CampaignHandlers(keys, self.campaigns, self.events, self.send_ids),
            self._messages,
            self._triggers,
            self._later,
            PlanningHandlers(room, keys, self.campaigns),
            TransactionalHandlers(room, keys, self.campaigns, self.entries, self.send_ids, self.events, self._triggers),
            FigureHandlers(keys, self.segments, Sessions(room)),
            NumberHandlers(room, keys, self.numbers),
            ListHandlers(keys, self.segments, self.names),
            SubscriptionHandlers(room, keys, self.subscriptions),
            EmailHandlers(room, keys, self.emails),
        )
        return {operation: handler for group in groups for operation, handler in group.handlers().items()}

    @property
    def due_works(self) -> tuple[DueWork, ...]:
        """What the world's agenda has to run."""
        return (self.runs, self.schedules, self.exports)

    # -- segments

    def create_segment(
        self,
        name: str,
        filters: Mapping[str, object] | Tree | None = None,
        *,
        includes: Sequence[str] = (),
        excludes: Sequence[str] = (),
        partner: str = "amplitude",
        workspace: str = MAIN,
        description: str = "",
        tracked: bool = True,
        tags: Sequence[str] = (),
    ) -> Segment:
        """Make a segment of filters, of cohorts of a partner that it includes and does not include, or of both.

        Cohorts are named by their id or their title, `[Amplitude] NAME: ID`. Raises SegmentRefused.
        """
        cohorts = [in_cohort(partner, self.cohort_id(name, partner, workspace)) for name in includes]
        cohorts += [not_in_cohort(partner, self.cohort_id(name, partner, workspace)) for name in excludes]
        given: Mapping[str, object] | Tree = {} if filters is None else filters
        if cohorts:
            base = self.segments.parsed(given)
            given = AllOf((*cohorts, base)) if base != AllOf() else AllOf(tuple(cohorts))
        return self.segments.create(workspace, name, given, description=description, tracked=tracked, tags=tags)

    def cohort_titles(self, partner: str = "amplitude", workspace: str = MAIN) -> list[str]:
        """The entries of a partner's filter: `[Amplitude] NAME: ID`; a partner that is switched off has no filter."""
        if not self._keys.has_partner(workspace, partner):
            return []
        found = self._room.store.membership.cohorts(workspace, partner.lower())
        return [cohort_title(partner, cohort.shown_name, cohort.cohort_id) for cohort in found]

    def cohort_id(self, named: str, partner: str = "amplitude", workspace: str = MAIN) -> str:
        """The id behind an entry of the filter; what is no entry is taken for an id."""
        for cohort in self._room.store.membership.cohorts(workspace, partner.lower()):
            if named == cohort_title(partner, cohort.shown_name, cohort.cohort_id):
                return cohort.cohort_id
        return named

    def segment(self, named: str, workspace: str = MAIN) -> Segment:
        """A segment by its name or id. Raises SegmentRefused."""
        found = self.segments.by_name(workspace, named) or self.segments.find(workspace, named)
        if found is None:
            raise SegmentRefused(f"there is no segment {named!r}")
        return found

    def members(self, named: str, at: Instant | None = None, workspace: str = MAIN) -> list[str]:
        """Braze ids of everybody in a segment at an instant (now if none is given), in the order of arrival."""
        rows = self.segments.members(self.segment(named, workspace), at)
        return [self._room.store.profiles.braze_id_of(workspace, row) for row in rows]

    def named(self, rows: Sequence[int], at: Instant) -> list[tuple[str, str | None]]:
        """Braze id and external id of profiles, as they were called at an instant."""
        found = self.segments.facts.read("", rows, at, ())
        return [(facts.braze_id, facts.external_id) for _, facts in found]

    def exact_size(self, named: str, at: Instant | None = None, workspace: str = MAIN) -> int:
        """What "Calculate exact statistics" shows."""
        return self.segments.exact_size(self.segment(named, workspace), at)

    def estimated_size(self, named: str, workspace: str = MAIN) -> Estimate:
        """The size that the dashboard shows first."""
        return self.segments.size(self.segment(named, workspace))

    # -- messaging

    def create_campaign(self, name: str, form: Mapping[str, object], *, workspace: str = MAIN) -> Campaign:
        """Make and launch a campaign; its `segment` may be given by name. Raises PlanRefused, SegmentRefused."""
        return self.campaigns.create(workspace, name, self._with_segment(form, workspace))

    def create_canvas(self, name: str, form: Mapping[str, object], *, workspace: str = MAIN) -> Campaign:
        """Make and launch a Canvas. Raises PlanRefused, SegmentRefused."""
        return self.campaigns.create(workspace, name, self._with_segment(form, workspace), canvas=True)

    def set_status(self, campaign_id: str, status: Status) -> Campaign:
        """Stop, archive or resume. Raises KeyError."""
        return self.campaigns.set_status(campaign_id, status)

    def send_campaign(
        self, segment: str, *, name: str = "", channel: str = "email", workspace: str = MAIN
    ) -> tuple[Campaign, int]:
        """Make a campaign to a segment and send it at once; the campaign and how many people entered."""
        made = self.create_campaign(
            name or f"To {segment} {self.events.last() + 1}",
            {"segment": segment, "channel": channel, "api_triggered": True},
            workspace=workspace,
        )
        return made, self.send_now(made.campaign_id)

    def send_now(self, campaign_id: str) -> int:
        """Let everybody enter who is in the audience and may; how many did. Raises KeyError."""
        campaign = self.campaigns.get(campaign_id)
        return self.entries.enter(campaign, self.entries.everybody(campaign), self._room.clock.now, request=campaign_id)

    def message_events(self, since_sequence: int = 0, *, workspace: str | None = None) -> list[MessageEvent]:
        """What Currents exports of messages, sessions and subscription changes: events after a sequence number."""
        return self.events.since(since_sequence, workspace=workspace)

    def currents(self, workspace: str = MAIN) -> CurrentsFeed:
        """The same as a Currents connector follows it."""
        return CurrentsFeed(self.events, workspace)

    def create_subscription_group(
        self, name: str, channel: str = "email", *, group_id: str = "", workspace: str = MAIN
    ) -> SubscriptionGroup:
        """Make a subscription group. Raises GroupRefused."""
        return self.subscriptions.create(workspace, name, channel, group_id)

    def _with_segment(self, form: Mapping[str, object], workspace: str) -> dict[str, object]:
        changed = dict(form)
        named = changed.pop("segment", None)
        if named:
            changed["segment_id"] = self.segment(str(named), workspace).segment_id
        return changed

    def _shown(
        self, rows: Sequence[int], fields: Sequence[str], attributes: Sequence[str]
    ) -> Iterable[Mapping[str, object]]:
        """Profiles as exports show them; single custom attributes are shown beside the fields."""
        wanted, single = set(fields), list(attributes)
        if "custom_attributes" in wanted or not single:
            single = []
        else:
            wanted.add("custom_attributes")
        for start in range(0, len(rows), DOCUMENTS_AT_ONCE):
            profiles = self._room.store.profiles.by_rows(rows[start : start + DOCUMENTS_AT_ONCE])
            yield from self._documents.of(profiles, wanted, self._room.clock.now, single)
