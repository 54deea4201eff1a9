"""/campaigns/trigger/send and /canvas/trigger/send: plans of the dashboard, sent when the API says so.

Source: Braze, "Send campaigns using API-triggered delivery", "Send Canvas messages using API-triggered delivery":
attributes are applied before anybody is sent anything; recipients must also be in the audience of the plan; nothing is
sent while the plan is stopped, and the answer has a notice (documented for Canvases, inferred for campaigns).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.arguments import says_true, text
from simulator.fakes.braze.audience.handlers.sending.messages import BOTH, Body, connected_audience
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.entries import Entries
from simulator.fakes.braze.audience.messaging.plans import Delivery, Status
from simulator.fakes.braze.audience.messaging.sends import SendIds
from simulator.fakes.braze.identity import LifeCycle
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.users.writing import TrackWriter
from simulator.fakes.braze.wire import (
    IDS_PER_REQUEST,
    TOO_MANY_IDS,
    ObjectError,
    body_of,
    object_error,
    refuse,
    success,
)
from simulator.rules.attributes import prioritization
from simulator.rules.attributes.faults import InvalidObject
from simulator.rules.attributes.objects import check_alias, check_attributes
from simulator.rules.attributes.prioritization import BadPrioritization
from simulator.rules.segments.tree import EVERYBODY

CONTEXT_BYTES = 50 * 1024
NAMES = ("external_user_id", "user_alias", "email")
IDENTIFIERS = ("external_id", "user_alias", "braze_id", "_update_existing_only")
"""What a recipient's attributes may hold besides attributes, as a public client sends them: the recipient's own
identifier says who is meant (inferred)."""
Sent = Mapping[str, object]


class Kind(NamedTuple):
    """How the two endpoints differ."""

    canvas: bool
    id_key: str
    invalid: str
    noun: str


CAMPAIGN = Kind(False, "campaign_id", "Invalid Campaign ID", "campaign")
CANVAS = Kind(True, "canvas_id", "Invalid Canvas ID", "Canvas")


class TriggerHandlers:
    """Lets the API send plans."""

    def __init__(
        self, room: Room, keys: Keys, life: LifeCycle, campaigns: Campaigns, entries: Entries, send_ids: SendIds
    ) -> None:
        self._room = room
        self._keys = keys
        self._writer = TrackWriter(room, life)
        self._campaigns = campaigns
        self._entries = entries
        self._send_ids = send_ids

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {
            "triggerCampaign": lambda call: self._trigger(call, CAMPAIGN),
            "triggerCanvas": lambda call: self._trigger(call, CANVAS),
        }

    def _trigger(self, call: Call, kind: Kind) -> Reply:
        workspace, body = self._keys.workspace_of(call), body_of(call)
        campaign = self.checked(workspace, body, kind)
        accepted = Accepted(workspace, call.at, call.request_id)
        shown = {"dispatch_id": self._entries.dispatch_id(call.request_id, call.at)}
        if campaign.status is not Status.ACTIVE:
            return success(201, notice=_notice(campaign, kind), **shown)
        with self._room.database.transaction():
            send_id = self.send_id(accepted, campaign, body)
            errors = self.fire(accepted, campaign, body, shown["dispatch_id"], send_id)
        if send_id:
            shown["send_id"] = send_id
        return success(201, **shown, errors=errors)

    def checked(self, workspace: str, body: Body, kind: Kind) -> Campaign:
        """The plan that a body means, once the body makes sense. Raises Problem."""
        campaign = self.plan(workspace, body, kind)
        _check_call(body, _recipients(body), says_true(body.get("broadcast")))
        connected_audience(body)
        return campaign

    def send_id(self, accepted: Accepted, campaign: Campaign, body: Body) -> str:
        """The send id of a campaign that is broadcast or names one; none for a Canvas."""
        given = body.get("send_id")
        wanted = given if isinstance(given, str) else ""
        if campaign.canvas or not (wanted or says_true(body.get("broadcast"))):
            return ""
        return self._send_ids.create(campaign, accepted.at, accepted.request, wanted)

    def fire(
        self, accepted: Accepted, campaign: Campaign, body: Body, dispatch_id: str, send_id: str
    ) -> list[ObjectError]:
        """Let everybody enter whom the body means; one error for each recipient with unusable attributes."""
        extra = connected_audience(body) or EVERYBODY
        errors: list[ObjectError] = []
        if says_true(body.get("broadcast")):
            rows = self._entries.everybody(campaign, extra)
        else:
            met, errors = self._people(accepted, _recipients(body))
            rows = self._entries.among(campaign, met, extra)
        self._entries.enter(
            campaign, rows, accepted.at, request=accepted.request, send_id=send_id, dispatch_id=dispatch_id
        )
        return errors

    def plan(self, workspace: str, body: Body, kind: Kind) -> Campaign:
        """The plan that a body names. Raises Problem."""
        campaign = self._campaigns.find(workspace, text(body, kind.id_key), canvas=kind.canvas)
        if campaign is None or campaign.plan.delivery is not Delivery.API_TRIGGERED:
            raise refuse(400, kind.invalid)
        return campaign

    def _people(self, accepted: Accepted, recipients: Sequence[Sent]) -> tuple[list[int], list[ObjectError]]:
        """Rows of the recipients, once their attributes are applied; one error for each that has unusable ones."""
        rows: list[int] = []
        errors: list[ObjectError] = []
        for index, recipient in enumerate(recipients):
            try:
                profile = self._person(accepted, recipient)
            except InvalidObject as invalid:
                sentence = invalid.fault.text(self._room.rules.error_type)
                errors.append(object_error(sentence, "recipients", index))
            else:
                rows += [profile.row] if profile is not None else []
        return sorted(set(rows)), errors

    def _person(self, accepted: Accepted, recipient: Sent) -> Profile | None:
        """Whom a recipient names, with the attributes applied; made if that is asked for. Raises InvalidObject."""
        profile = self._find(accepted.workspace, recipient)
        attributes = recipient.get("attributes")
        if not isinstance(attributes, Mapping):
            return profile
        given = {name: value for name, value in attributes.items() if name not in IDENTIFIERS}
        if profile is not None:
            sent = {**given, "braze_id": profile.braze_id}
        elif recipient.get("send_to_existing_only", True) is False:
            name = "external_id" if "external_user_id" in recipient else "email"
            sent = {**given, name: recipient.get("external_user_id") or recipient.get("email")}
        else:
            return None
        check_attributes(sent)
        (met,) = self._writer.apply(accepted, {"attributes": [sent]})
        return met

    def _find(self, workspace: str, recipient: Sent) -> Profile | None:
        profiles = self._room.store.profiles
        if recipient.get("external_user_id"):
            return profiles.by_external_id(workspace, str(recipient["external_user_id"]))
        if recipient.get("user_alias"):
            label, name = check_alias(recipient["user_alias"])
            return profiles.by_alias(workspace, label, name)
        sharing = profiles.by_email(workspace, str(recipient["email"]))
        return prioritization.choose(sharing, prioritization.check(recipient))


def _recipients(body: Body) -> list[Sent]:
    """Recipients in good shape. Raises Problem."""
    recipients = body.get("recipients") or []
    if not isinstance(recipients, list) or not all(isinstance(each, Mapping) for each in recipients):
        raise refuse(400, "'recipients' must be an array of objects")
    recipients = [_with_text_id(each) for each in recipients]
    if len(recipients) > IDS_PER_REQUEST:
        raise refuse(400, TOO_MANY_IDS)
    for index, recipient in enumerate(recipients):
        problem = _flaw(recipient)
        if problem:
            raise refuse(400, f"recipients[{index}] {problem}")
    return recipients


def _with_text_id(recipient: Sent) -> Sent:
    """A whole number as the external id is taken for its digits, since a public client sends it so (inferred)."""
    given = recipient.get("external_user_id")
    if isinstance(given, int) and not isinstance(given, bool):
        return {**recipient, "external_user_id": str(given)}
    return recipient


def _flaw(recipient: Sent) -> str:
    """What is wrong with the shape of a recipient; empty if nothing is."""
    if sum(1 for name in NAMES if recipient.get(name)) != 1:
        return "must have exactly one of 'external_user_id', 'user_alias' and 'email'"
    if not isinstance(recipient.get("external_user_id") or "", str):
        return "must have a string as 'external_user_id'"
    if recipient.get("user_alias"):
        try:
            check_alias(recipient["user_alias"])
        except InvalidObject:
            return "must have a 'user_alias' with 'alias_name' and 'alias_label'"
    if recipient.get("email"):
        if not recipient.get("prioritization"):
            return "needs a 'prioritization' array to choose among profiles with this email"
        try:
            prioritization.check(recipient)
        except BadPrioritization as error:
            return f"has an unusable 'prioritization': {error}"
    if recipient.get("send_to_existing_only", True) is False:
        if recipient.get("user_alias"):
            return "cannot have 'send_to_existing_only' false with a user alias"
        if not isinstance(recipient.get("attributes"), Mapping):
            return "needs an 'attributes' object when 'send_to_existing_only' is false"
    return ""


def _check_call(body: Body, recipients: Sequence[Sent], broadcast: bool) -> None:
    """What the call as a whole may not do. Raises Problem."""
    if recipients and broadcast:
        raise refuse(400, BOTH)
    if not recipients and not broadcast:
        raise refuse(400, "No Recipients")
    if body.get("attachments") and broadcast:
        raise refuse(400, "'attachments' cannot be sent with a broadcast")
    context = body.get("context") or body.get("canvas_entry_properties")
    if context and len(orjson.dumps(context)) > CONTEXT_BYTES:
        raise refuse(400, "'context' may be at most 50 KB")


def _notice(campaign: Campaign, kind: Kind) -> str:
    if campaign.status is Status.ARCHIVED:
        return f"The {kind.noun} is archived. Unarchive the {kind.noun} to ensure trigger requests will take effect."
    return f"The {kind.noun} is paused. Resume the {kind.noun} to ensure trigger requests will take effect."
