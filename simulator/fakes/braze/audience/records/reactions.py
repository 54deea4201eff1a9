"""What comes after a send: people react to it, profiles are merged, exports list what was received.

Source: Braze, "Message engagement events", "User merge behavior" (message history goes over), "Export user profile by
identifier" (`campaigns_received`, `canvases_received`). Nobody opens anything by themselves: whoever tests says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from simulator.fakes.braze.audience.lists.emails import Emails
from simulator.fakes.braze.audience.lists.numbers import Numbers
from simulator.fakes.braze.audience.messaging.campaigns import Campaign, Campaigns
from simulator.fakes.braze.audience.messaging.channels import EVENT_TITLES, SENDS
from simulator.fakes.braze.audience.messaging.sender import Dispatch, Sender
from simulator.fakes.braze.store.profiles import Profile
from simulator.fakes.braze.store.room import Room
from simulator.fakes.braze.wire import utc_text
from simulator.rules.instants import DAY_MS, Instant

RECEIVED_MS = 90 * DAY_MS
ENGAGEMENTS: dict[str, str] = {
    "open": "Open",
    "click": "Click",
    "bounce": "Bounce",
    "soft_bounce": "SoftBounce",
    "mark_as_spam": "MarkAsSpam",
    "unsubscribe": "Unsubscribe",
    "impression": "Impression",
    "dismiss": "Dismiss",
    "foreground_open": "IosForeground",
    "delivery_failure": "DeliveryFailure",
    "rejection": "Rejection",
    "inbound_receive": "InboundReceive",
    "short_link_click": "ShortLinkClick",
    "read": "Read",
    "failure": "Failure",
}
_TABLES = ("braze_entry", "braze_pending_send", "braze_message_event")


class ReactionRefused(ValueError):
    """Nobody can react like that to that; the message says why."""


class Reactions:
    """Writes reactions, follows merges, and adds what was received to exports."""

    def __init__(self, room: Room, campaigns: Campaigns, sender: Sender, emails: Emails, numbers: Numbers) -> None:
        self._room = room
        self._database = room.database
        self._campaigns = campaigns
        self._sender = sender
        self._emails = emails
        self._numbers = numbers

    def react(
        self,
        workspace: str,
        braze_id: str,
        campaign_id: str,
        reaction: str,
        properties: Mapping[str, object] | None = None,
    ) -> str:
        """A person reacts to the last message of a campaign or Canvas that reached them; the event's type id.

        A bounce, a spam mark and an unsubscription also change what is known of the address, a delivery failure of an
        SMS what is known of the number. Raises ReactionRefused.
        """
        found = self._database.row(
            "SELECT name, profile, send_id, properties FROM braze_message_event WHERE workspace = ? AND braze_id = ? "
            f"AND campaign_id = ? AND name IN ({', '.join('?' * len(SENDS))}) ORDER BY sequence DESC LIMIT 1",
            (workspace, braze_id, campaign_id, *sorted(SENDS)),
        )
        if found is None:
            raise ReactionRefused(f"{braze_id} received nothing from {campaign_id}")
        sent, row, send_id, shared = found
        name = f"{sent.rpartition('.')[0]}.{ENGAGEMENTS.get(reaction, '')}"
        if name not in EVENT_TITLES:
            raise ReactionRefused(f"nobody can {reaction} after {EVENT_TITLES[sent]}")
        known = orjson.loads(shared)
        dispatch = Dispatch(workspace, self._room.clock.now, campaign_id, send_id, properties=known)
        with self._room.database.transaction():
            self._sender.note(dispatch, [row], name, properties or {})
            email = str(known.get("email_address") or "")
            if email and reaction == "bounce":
                self._emails.mark(workspace, email, "bounced_at")
            elif email and reaction == "mark_as_spam":
                self._emails.mark(workspace, email, "spam_at")
            elif email and reaction == "unsubscribe":
                self._emails.set_state(workspace, [email], "unsubscribed", "")
            if name == "users.messages.sms.DeliveryFailure":
                self._numbers.mark(workspace, str(known["to_phone_number"]))
        return name

    def merged(self, source: Profile, target: Profile, at: Instant) -> None:
        """Entries and message history go over to the profile that is kept."""
        for table in _TABLES:
            self._database.execute(f"UPDATE {table} SET profile = ? WHERE profile = ?", (target.row, source.row))

    def received(self, rows: Sequence[int], at: Instant) -> dict[int, dict[str, object]]:
        """`campaigns_received` and `canvases_received` of the last 90 days, by row."""
        events = self._database.rows(
            "SELECT profile, campaign_id, name, max(at) FROM braze_message_event "
            "WHERE profile IN (SELECT value FROM json_each(?)) AND campaign_id <> '' AND at > ? AND at <= ? "
            "GROUP BY profile, campaign_id, name",
            (orjson.dumps(list(rows)).decode(), at - RECEIVED_MS, at),
        )
        by_person: dict[int, dict[str, dict[str, Instant]]] = {}
        for row, campaign_id, name, last in events:
            by_person.setdefault(row, {}).setdefault(campaign_id, {})[name] = last
        known: dict[str, Campaign] = {}
        shown: dict[int, dict[str, object]] = {}
        for row, campaigns in by_person.items():
            lists: dict[str, list[object]] = {}
            for campaign_id, happened in campaigns.items():
                if not SENDS.intersection(happened):
                    continue
                campaign = known.setdefault(campaign_id, self._campaigns.get(campaign_id))
                key = "canvases_received" if campaign.canvas else "campaigns_received"
                lists.setdefault(key, []).append(_received(campaign, happened))
            shown[row] = dict(lists)
        return shown


def _received(campaign: Campaign, happened: Mapping[str, Instant]) -> dict[str, object]:
    last = utc_text(max(at for name, at in happened.items() if name in SENDS))
    engaged = {
        "opened_email": "users.messages.email.Open" in happened,
        "opened_push": "users.messages.pushnotification.Open" in happened,
        "clicked_email": "users.messages.email.Click" in happened,
        "clicked_triggered_in_app_message": "users.messages.inappmessage.Click" in happened,
    }
    converted = any(name.endswith(".Conversion") for name in happened)
    shown: dict[str, object] = {
        "name": campaign.name,
        "api_campaign_id" if not campaign.canvas else "api_canvas_id": campaign.campaign_id,
        "last_received_message" if campaign.canvas else "last_received": last,
        "engaged": engaged,
        "converted": converted,
    }
    return shown
