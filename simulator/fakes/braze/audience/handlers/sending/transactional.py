"""/transactional/v1/campaigns/{campaign_id}/send: one e-mail of a transactional campaign to one person, at once.

Source: Braze, "Send transactional emails using API-triggered delivery": attributes are applied first and make an
unknown user, an `external_send_id` is good for one send in 24 hours, and there is no rate limit that refuses. That the
answer itself says `aborted` when the person has no usable address, and that a public client's array of one recipient is
taken, is inferred.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulator.fakes.binding import Call, Handler, Reply
from simulator.fakes.braze.audience.handlers.sending.triggers import TriggerHandlers
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.channels import CHANNELS
from simulator.fakes.braze.audience.messaging.entries import Entries
from simulator.fakes.braze.audience.messaging.plans import Delivery, Status
from simulator.fakes.braze.audience.messaging.sends import SendIds
from simulator.fakes.braze.audience.records.events import MessageEvents
from simulator.fakes.braze.keys import Keys
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.wire import body_of, refuse
from simulator.rules.instants import Instant, to_datetime

NO_CAMPAIGN = "Campaign does not exist"
NOT_TRANSACTIONAL = "The campaign is not a transactional campaign. Only transactional campaigns may use this endpoint"
ARCHIVED = "The campaign is archived. Unarchive the campaign in order for trigger requests to take effect."
PAUSED = "The campaign is paused. Resume the campaign in order for trigger requests to take effect."
REPEATED = "The external reference has been queued.  Please retry to obtain send_id."
BAD_REFERENCE = "'external_send_id' must be a Base64 compatible string"
NOT_EMAILABLE = "User not emailable"
_REFERENCE = re.compile(r"[a-zA-Z0-9-_+/=]+")


class TransactionalHandlers:
    """Sends single e-mails."""

    def __init__(
        self, room: Room, keys: Keys, campaigns: Campaigns, entries: Entries, send_ids: SendIds,
        events: MessageEvents, triggers: TriggerHandlers,
    ) -> None:  # fmt: skip
        self._room = room
        self._keys = keys
        self._campaigns = campaigns
        self._entries = entries
        self._send_ids = send_ids
        self._events = events
        self._triggers = triggers

    def handlers(self) -> Mapping[str, Handler]:
        """operationId -> handler."""
        return {"sendTransactionalEmail": self.send}

    def send(self, call: Call) -> Reply:
        """Says what became of the message, and when."""
        accepted, body = Accepted(self._keys.workspace_of(call), call.at, call.request_id), body_of(call)
        campaign = self._campaign(accepted.workspace, call.path["transactional_campaign_id"])
        recipient = _recipient(body)
        reference = body.get("external_send_id")
        if reference is not None and not (isinstance(reference, str) and _REFERENCE.fullmatch(reference)):
            raise refuse(400, BAD_REFERENCE)
        dispatch_id = self._entries.dispatch_id(call.request_id, call.at)
        before = self._events.last()
        with self._room.database.transaction():
            if reference is not None and not self._send_ids.refer(campaign, reference, call.at):
                raise refuse(400, REPEATED)
            errors = self._triggers.fire(accepted, campaign, {"recipients": [recipient]}, dispatch_id, "")
            if errors:
                raise refuse(400, str(errors[0]["type"]))
        told = {event.name for event in self._events.since(before, workspace=accepted.workspace)}
        sent = CHANNELS["email"].events[0] in told
        metadata: dict[str, object] = {
            **_times(call.at, sent), "campaign_api_id": campaign.campaign_id,
            **({} if reference is None else {"external_send_id": reference}),
        }  # fmt: skip
        status = "sent" if sent else "aborted"
        return Reply(201, {"dispatch_id": dispatch_id, "status": status, "metadata": metadata, "message": "success"})

    def _campaign(self, workspace: str, campaign_id: str) -> Campaign:
        campaign = self._campaigns.find(workspace, campaign_id, canvas=False)
        if campaign is None:
            raise refuse(400, NO_CAMPAIGN)
        if campaign.plan.delivery is not Delivery.TRANSACTIONAL:
            raise refuse(400, NOT_TRANSACTIONAL)
        if campaign.status is not Status.ACTIVE:
            raise refuse(400, ARCHIVED if campaign.status is Status.ARCHIVED else PAUSED)
        return campaign


def _recipient(body: Mapping[str, object]) -> Mapping[str, object]:
    """The recipient, also when a client sends it as the only one of an array. Raises Problem.

    Attributes make an unknown user, without them nobody is made.
    """
    found = body.get("recipient")
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, Mapping):
        raise refuse(400, "'recipient' must be an object")
    if bool(found.get("external_user_id")) == bool(found.get("user_alias")):
        raise refuse(400, "'recipient' must have exactly one of 'external_user_id' and 'user_alias'")
    known = {name: found[name] for name in ("external_user_id", "user_alias", "attributes") if found.get(name)}
    made = "external_user_id" in known and isinstance(known.get("attributes"), Mapping)
    return {**known, "send_to_existing_only": False} if made else known


def _times(at: Instant, sent: bool) -> dict[str, object]:
    """`2020-08-31T18:58:41.000+00:00`, once for each station of the message."""
    text = f"{to_datetime(at):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}+00:00"
    if not sent:
        return {"received_at": text, "aborted_at": text, "reason": NOT_EMAILABLE}
    return dict.fromkeys(("received_at", "enqueued_at", "executed_at", "sent_at"), text)
