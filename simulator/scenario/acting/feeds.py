"""Traits, streams, campaigns and Currents as people set them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simulator.fakes.amplitude.store.placed import RECOMMENDATION
from simulator.fakes.braze.audience.messaging.plans import PlanRefused
from simulator.feeds import MAIN
from simulator.scenario.acting.stage import WORKSPACE, Stage, StepRefused, amplitude_ids_of
from simulator.scenario.model.steps.feeds import (
    DeleteFeed,
    EditStream,
    EventFilter,
    ExportCurrents,
    NewRestKey,
    PauseFeed,
    Recommend,
    ResumeFeed,
    RevokeRestKey,
    SendCampaign,
    StreamEvents,
    SyncTraits,
    WebhookAnswers,
)
from simulator.sync.currents.connector import CurrentsSettings
from simulator.sync.store.records import Connection, SyncKind
from simulator.sync.streaming.channels import ChannelDesk
from simulator.sync.streaming.outbox import Channel
from simulator.sync.streaming.settings import Filter, StreamSettings
from simulator.sync.streaming.streamer import KIND as STREAM
from simulator.sync.streaming.streamer import settings_of
from simulator.sync.traits.selection import TraitIdentity

TRAITS = "braze attributes"


def sync_traits(stage: Stage, step: SyncTraits) -> None:
    """TRAIT-1. Saved and run for the first time, at once; all such syncs of a project share one connection."""
    world = stage.world
    name = TRAITS if step.project == MAIN else f"{TRAITS} of {step.project}"
    if name not in stage.connection_ids:
        stage.connection_ids[name] = world.engine.create_trait_connection(
            name, rest_endpoint=world.braze_endpoint, rest_api_key=world.braze.keys.create_rest_key(WORKSPACE, name),
            project=step.project,
        ).id  # fmt: skip
    stage.save_sync(
        step,
        lambda: world.engine.sync_traits(
            stage.connection_ids[name], step.cadence, properties=step.properties, computations=step.computations,
            recommendations=step.recommendations, identity=TraitIdentity(*step.identify_by),
        ),
    )  # fmt: skip


def stream_events(stage: Stage, step: StreamEvents) -> None:
    """STREAM-1."""
    world = stage.world
    saved = world.streams.create(
        StreamSettings(
            name=step.name,
            endpoint=world.braze_endpoint,
            rest_api_key=world.braze.keys.create_rest_key(WORKSPACE, step.name),
            amplitude_property=step.identify_by.amplitude_property,
            target=step.identify_by.target,
            alias_label=step.identify_by.alias_label,
            update_users_only=step.update_users_only,
            app_id=step.app,
            events={name: _filters(step.where_.get(name, ())) for name in step.events},
            event_properties=step.event_properties,
            user_properties=step.user_properties,
            send_users=bool(step.forward),
            forwarded=step.forward,
        ),
        step.project,
    )
    stage.feed_ids[step.name] = saved.id


def _filters(written: Sequence[EventFilter]) -> tuple[Filter, ...]:
    return tuple(Filter(each.property, each.test, each.values) for each in written)


def edit_stream(stage: Stage, step: EditStream) -> None:
    """STREAM-1. What is not named stays."""
    stream = _stream(stage, step.stream)
    named = {
        "event_properties": step.event_properties, "user_properties": step.user_properties, "forwarded": step.forward,
        "update_users_only": step.update_users_only, "send_users": None if step.forward is None else bool(step.forward),
        "events": None if step.events is None else dict.fromkeys(step.events, ()),
    }  # fmt: skip
    changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    stage.world.streams.edit(stream.id, replace(settings_of(stream), **changes))


def _stream(stage: Stage, name: str) -> Channel:
    desk, stream_id = _desk(stage, name)
    if desk is not stage.world.streams.desk:
        raise StepRefused(f"{name!r} is a Currents connector, no stream")
    return desk.found(stream_id)


def _desk(stage: Stage, name: str) -> tuple[ChannelDesk, str]:
    """Where a stream or connector of the file is managed, and its id."""
    if name not in stage.feed_ids:
        raise StepRefused(f"there is no {name!r} yet; the step that saves it comes later")
    channel_id = stage.feed_ids[name]
    streams, currents = stage.world.streams.desk, stage.world.currents.desk
    return (streams if channel_id.startswith(STREAM) else currents), channel_id


def pause_feed(stage: Stage, step: PauseFeed) -> None:
    """What happens meanwhile is never sent."""
    desk, channel_id = _desk(stage, step.feed)
    desk.pause(channel_id)


def resume_feed(stage: Stage, step: ResumeFeed) -> None:
    """What happens from now on is sent."""
    desk, channel_id = _desk(stage, step.feed)
    desk.resume(channel_id)


def delete_feed(stage: Stage, step: DeleteFeed) -> None:
    """What was read before is still tried."""
    desk, channel_id = _desk(stage, step.feed)
    desk.delete(channel_id)


def revoke_rest_key(stage: Stage, step: RevokeRestKey) -> None:
    """KEY-4. From now on the key that the stream or the trait syncs use is refused."""
    settings = _stream(stage, step.stream).settings if step.stream else _trait_connection(stage, step.traits).settings
    stage.world.braze.keys.revoke_rest_key(settings["rest_api_key"])


def new_rest_key(stage: Stage, step: NewRestKey) -> None:
    """KEY-4. Another key, pasted into the stream or the destination of the trait syncs at once."""
    world = stage.world
    if step.stream:
        stream = _stream(stage, step.stream)
        made = world.braze.keys.create_rest_key(WORKSPACE, step.stream)
        world.streams.edit(stream.id, replace(settings_of(stream), rest_api_key=made))
        return
    connection = _trait_connection(stage, step.traits)
    made = world.braze.keys.create_rest_key(WORKSPACE, connection.name)
    world.engine.setup.change_settings(connection.id, rest_api_key=made)


def _trait_connection(stage: Stage, sync: str | None) -> Connection:
    found = stage.world.engine.sync(stage.sync_id(sync or ""))
    if found.kind is not SyncKind.TRAITS:
        raise StepRefused(
            f"{sync!r} syncs a cohort, with a data import key; `revoke_key` and `new_key` are about those"
        )
    return stage.world.engine.setup.connection(found.connection)


def recommend(stage: Stage, step: Recommend) -> None:
    """PROF-1. Put in place for every user of these people."""
    store = stage.world.amplitude.store
    for name in step.person:
        for project_name in stage.projects_of(name):
            project = store.projects.named(project_name)
            for number in amplitude_ids_of(stage, name, project_name):
                value = {"items": list(step.items)}
                store.placed.put(project, RECOMMENDATION, step.name, number, value, stage.now)


def webhook_answers(stage: Stage, step: WebhookAnswers) -> None:
    """Amplitude, Cohort webhooks."""
    if step.connection not in stage.receivers:
        raise StepRefused(f"{step.connection} is no webhook")
    stage.receivers[step.connection].answer(step.status, step.latency_ms, step.times)


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
    project = stage.world.amplitude.store.projects.named(step.project)
    settings = CurrentsSettings(name=step.name, endpoint=project.endpoint, api_key=project.api_key, types=step.types)
    stage.feed_ids[step.name] = stage.world.currents.create(settings, step.project).id
