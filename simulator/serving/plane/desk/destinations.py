"""Destinations beside Braze's cohorts: custom attributes (traits and computations), and cohort webhooks."""

from __future__ import annotations

from typing import Any

from simulator.fakes.binding import Call
from simulator.feeds import MAIN
from simulator.rules.cadence import Cadence
from simulator.serving.stage import Stage
from simulator.sync.store.records import Connection, Sync
from simulator.sync.traits.selection import TraitIdentity

WORKSPACE = "main"


def create_trait_connection(stage: Stage, call: Call) -> Connection:
    """KEY-4. A destination that writes custom attributes. Raises SetupRefused."""
    wanted = call.json()
    return stage.world.engine.create_trait_connection(
        wanted["name"],
        rest_endpoint=wanted.get("endpoint", stage.world.braze_endpoint),
        rest_api_key=wanted.get("rest_api_key", stage.world.braze.keys.rest_keys[WORKSPACE]),
        project=wanted.get("project", MAIN),
    )


def create_webhook(stage: Stage, call: Call) -> Connection:
    """A destination that posts entries and exits to a URL on loopback. Raises SetupRefused."""
    wanted = call.json()
    return stage.world.engine.create_webhook(
        wanted["name"],
        url=wanted["url"],
        headers=wanted.get("headers"),
        properties=wanted.get("properties", ()),
        template=wanted.get("template"),
        amplitude_property=wanted.get("identify_by", "user_id"),
        project=wanted.get("project", MAIN),
    )


def sync_traits(stage: Stage, call: Call, connection: Connection) -> Sync:
    """TRAIT-1. Saved, and run for the first time at once. Raises SetupRefused."""
    wanted: dict[str, Any] = call.json()
    named = wanted.get("identify_by", {})
    identity = TraitIdentity(named.get("property", "user_id"), named.get("to", "external_id"), named.get("label", ""))
    return stage.world.engine.sync_traits(
        connection.id,
        Cadence(wanted.get("cadence", "one_time")),
        properties=wanted.get("properties", ()),
        computations=wanted.get("computations", ()),
        recommendations=wanted.get("recommendations", ()),
        identity=identity,
    )
