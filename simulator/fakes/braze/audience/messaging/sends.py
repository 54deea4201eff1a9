"""Send ids: the names under which single sends of an API campaign are counted, and references that callers give a send.

Source: Braze, "Create send IDs", "Export send analytics": one is made up when a campaign is sent to a segment, a
connected audience or as a broadcast. "Send transactional emails using API-triggered delivery": a reference is kept for
24 hours.
"""

from __future__ import annotations

from simulator.fakes.braze.audience.messaging.campaigns import Campaign
from simulator.fakes.braze.store.room import Room
from simulator.ids import derive_hex
from simulator.rules.instants import DAY_MS, Instant


class SendIds:
    """Notes which campaign a send id belongs to."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._database = room.database

    def create(self, campaign: Campaign, at: Instant, request: str, wanted: str = "") -> str:
        """A new send id of a campaign, or the wanted one; one that exists stays as it is."""
        send_id = wanted or derive_hex(self._room.seed, "braze", "send", campaign.campaign_id, request, at)
        self._database.execute(
            "INSERT OR IGNORE INTO braze_send (workspace, send_id, campaign_id, created_at) VALUES (?, ?, ?, ?)",
            (campaign.workspace, send_id, campaign.campaign_id, at),
        )
        return send_id

    def refer(self, campaign: Campaign, reference: str, at: Instant) -> bool:
        """Note the reference that a caller gave a send; False when it was noted less than 24 hours ago."""
        query = "SELECT created_at FROM braze_send_reference WHERE workspace = ? AND reference = ?"
        noted_at = self._database.value(query, (campaign.workspace, reference))
        if noted_at is not None and at < noted_at + DAY_MS:
            return False
        self._database.execute(
            "INSERT OR REPLACE INTO braze_send_reference (workspace, reference, created_at) VALUES (?, ?, ?)",
            (campaign.workspace, reference, at),
        )
        return True

    def known(self, workspace: str, send_id: str) -> bool:
        """Whether the id is in use."""
        query = "SELECT 1 FROM braze_send WHERE workspace = ? AND send_id = ?"
        return self._database.row(query, (workspace, send_id)) is not None

    def belongs(self, campaign: Campaign, send_id: str) -> bool:
        """Whether the id is one of the campaign."""
        query = "SELECT 1 FROM braze_send WHERE workspace = ? AND send_id = ? AND campaign_id = ?"
        return self._database.row(query, (campaign.workspace, send_id, campaign.campaign_id)) is not None
