"""Which function acts out which step; `expect` only looks and is judged elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.scenario.acting import faults, feeds, flow, people, syncs, wire
from simulator.scenario.acting.stage import Stage
from simulator.scenario.model.steps import braze as braze_steps
from simulator.scenario.model.steps import faults as fault_steps
from simulator.scenario.model.steps import feeds as feed_steps
from simulator.scenario.model.steps import flow as flow_steps
from simulator.scenario.model.steps import people as people_steps
from simulator.scenario.model.steps import syncs as sync_steps
from simulator.scenario.model.steps import wire as wire_steps
from simulator.scenario.model.steps.base import Step

ACTING: dict[type[Step], Callable[[Stage, Any], Any]] = {
    flow_steps.Advance: flow.advance,
    people_steps.LogIn: people.log_in,
    people_steps.LogOut: people.log_out,
    people_steps.NewDevice: people.new_device,
    people_steps.Appears: people.appears,
    people_steps.WipeData: people.wipe_data,
    people_steps.Event: people.event,
    people_steps.ChangeProperty: people.change_property,
    people_steps.Enters: people.enters,
    people_steps.Leaves: people.leaves,
    braze_steps.AddAlias: wire.add_alias,
    braze_steps.Identify: wire.identify,
    braze_steps.Merge: wire.merge,
    braze_steps.Delete: wire.delete,
    braze_steps.RenameExternalId: wire.rename_external_id,
    braze_steps.Track: wire.track,
    braze_steps.CreateSegment: wire.create_segment,
    sync_steps.Sync: syncs.sync,
    sync_steps.SyncNow: syncs.sync_now,
    sync_steps.ChangeCadence: syncs.change_cadence,
    sync_steps.ChangeMapping: syncs.change_mapping,
    sync_steps.RenameCohort: syncs.rename_cohort,
    sync_steps.EditCohort: syncs.edit_cohort,
    sync_steps.DeleteCohort: syncs.delete_cohort,
    sync_steps.PauseSync: syncs.pause_sync,
    sync_steps.ResumeSync: syncs.resume_sync,
    sync_steps.DeleteSync: syncs.delete_sync,
    sync_steps.RevokeKey: syncs.revoke_key,
    sync_steps.NewKey: syncs.new_key,
    sync_steps.EnablePartner: syncs.enable_partner,
    sync_steps.DisablePartner: syncs.disable_partner,
    feed_steps.SyncTraits: feeds.sync_traits,
    feed_steps.StreamEvents: feeds.stream_events,
    feed_steps.SendCampaign: feeds.send_campaign,
    feed_steps.ExportCurrents: feeds.export_currents,
    feed_steps.EditStream: feeds.edit_stream,
    feed_steps.PauseFeed: feeds.pause_feed,
    feed_steps.ResumeFeed: feeds.resume_feed,
    feed_steps.DeleteFeed: feeds.delete_feed,
    feed_steps.RevokeRestKey: feeds.revoke_rest_key,
    feed_steps.NewRestKey: feeds.new_rest_key,
    feed_steps.Recommend: feeds.recommend,
    feed_steps.WebhookAnswers: feeds.webhook_answers,
    wire_steps.Call: wire.call,
    fault_steps.Fault: lambda stage, step: faults.fault(stage, step, act),
    fault_steps.ClearFaults: faults.clear_faults,
}
"""A step of the language without a line here is found by a test."""


def act(stage: Stage, step: Step) -> Any:
    """Act out one step."""
    return ACTING[type(step)](stage, step)
