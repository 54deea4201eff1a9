"""Traits, streams, campaigns and Currents as people set them up."""

from __future__ import annotations

from simulator.fakes.braze.audience.messaging.plans import PlanRefused
from simulator.feeds import MAIN
from simulator.scenario.acting.stage import WORKSPACE, Stage, StepRefused
from simulator.scenario.model.steps.feeds import ExportCurrents, SendCampaign, StreamEvents, SyncTraits
from simulator.sync.currents.connector import CurrentsSettings
from simulator.sync.streaming.settings import StreamSettings
from simulator.sync.traits.selection import TraitIdentity
from simulator.world import AMPLITUDE_ENDPOINT

TRAITS = "braze attributes"


def sync_traits(stage: Stage, step: SyncTraits) -> None:
    """TRAIT-1. Saved and run for the first time, at once; all such syncs of a project share one connection."""
    world = stage.world
    name = TRAITS if step.project == MAIN else f"{TRAITS} of {step.project}"
    if name not in stage.connection_ids:
        stage.connection_ids[name] = world.engine.create_trait_connection(
            name, rest_endpoint=world.braze_endpoint, rest_api_key=world.braze.keys.rest_keys[WORKSPACE],
            project=step.project,
        ).id  # fmt: skip
    saved = world.engine.sync_traits(
        stage.connection_ids[name],
        step.cadence,
        properties=step.properties,
        identity=TraitIdentity(*step.identify_by),
    )
    stage.sync_ids[stage.name_of_sync(step)] = saved.id


def stream_events(stage: Stage, step: StreamEvents) -> None:
    """STREAM-1."""
    world = stage.world
    world.streams.create(
        StreamSettings(
            name=step.name,
            endpoint=world.braze_endpoint,
            rest_api_key=world.braze.keys.rest_keys[WORKSPACE],
            amplitude_property=step.identify_by.amplitude_property,
            target=step.identify_by.target,
            alias_label=step.identify_by.alias_label,
            update_users_only=step.update_users_only,
            events=dict.fromkeys(step.events, ()),
            event_properties=step.event_properties,
            user_properties=step.user_properties,
            send_users=bool(step.forward),
            forwarded=step.forward,
        ),
        step.project,
    )


def send_campaign(stage: Stage, step: SendCampaign) -> None:
    """SEG-2."""
    if step.segment not in stage.segment_ids:
        raise StepRefused(f"there is no segment {step.segment!r} yet")
    name = step.name or step.segment
    try:
        made, _ = stage.world.braze.audience.send_campaign(
            stage.segment_ids[step.segment], name=name, channel=step.channel
        )
    except PlanRefused as refused:
        raise StepRefused(str(refused)) from refused
    stage.campaign_ids[name] = made.campaign_id


def export_currents(stage: Stage, step: ExportCurrents) -> None:
    """CUR-1."""
    key = stage.world.amplitude.store.projects.named(step.project).api_key
    settings = CurrentsSettings(name=step.name, endpoint=AMPLITUDE_ENDPOINT, api_key=key, types=step.types)
    stage.world.currents.create(settings, step.project)
