"""Where a sync can send: one small wire client per destination, found by the connection's kind."""

from __future__ import annotations

from simulator.sync.destinations.base import Destination
from simulator.sync.destinations.braze_attributes import BrazeAttributes
from simulator.sync.destinations.braze_cohorts import BrazeCohorts
from simulator.sync.destinations.webhooks import CohortWebhooks

__all__ = ["DESTINATIONS", "Destination"]

DESTINATIONS: dict[str, Destination] = {
    each.kind: each for each in (BrazeCohorts(), BrazeAttributes(), CohortWebhooks())
}
