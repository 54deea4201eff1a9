"""Syncs, connections, cohorts and keys as people change them on the settings pages of both products."""

from __future__ import annotations

from simulator.scenario.acting.stage import Stage, StepRefused, bound
from simulator.scenario.model.steps.syncs import (
    ChangeCadence,
    ChangeMapping,
    DeleteCohort,
    DeleteSync,
    DisablePartner,
    EditCohort,
    EnablePartner,
    NewKey,
    PauseSync,
    RenameCohort,
    ResumeSync,
    RevokeKey,
    Sync,
    SyncNow,
)


def sync(stage: Stage, step: Sync) -> None:
    """CAD-1 to CAD-3. Saved and run for the first time, at once."""
    connection = step.to or next(iter(stage.scenario.connections))
    cohort_id = stage.cohort_ids[step.cohort]
    connection_id = stage.connection_id(connection)
    stage.save_sync(step, lambda: stage.world.engine.create_sync(cohort_id, connection_id, step.cadence))


def change_mapping(stage: Stage, step: ChangeMapping) -> None:
    """MAP-5."""
    stage.world.acts.change_mapping(stage.connection_id(step.connection), step.identify_by)


def rename_cohort(stage: Stage, step: RenameCohort) -> None:
    """SYNC-2. The next run tells Braze the new name."""
    stage.world.acts.rename_cohort(stage.cohort_ids[step.cohort], step.to, stage.project_of(step.cohort))


def edit_cohort(stage: Stage, step: EditCohort) -> None:
    """COHORT-1. Who comes or goes by the new definition does so at once."""
    project = stage.project_of(step.cohort)
    definition = bound(stage, step.definition.definition, project)
    stage.world.acts.edit_cohort(stage.cohort_ids[step.cohort], definition, project)


def delete_cohort(stage: Stage, step: DeleteCohort) -> None:
    """COHORT-3. Its syncs find nothing to ask any more; Braze's members stay."""
    stage.world.acts.delete_cohort(stage.cohort_ids[step.cohort], stage.project_of(step.cohort))


def sync_now(stage: Stage, step: SyncNow) -> None:
    """A run beside the schedule."""
    stage.world.engine.sync_now(stage.sync_id(step.sync))


def change_cadence(stage: Stage, step: ChangeCadence) -> None:
    """CAD-2. A new slot, and a run at once."""
    stage.world.acts.change_cadence(stage.sync_id(step.sync), step.cadence)


def pause_sync(stage: Stage, step: PauseSync) -> None:
    """No further run begins."""
    stage.world.acts.pause_sync(stage.sync_id(step.sync))


def resume_sync(stage: Stage, step: ResumeSync) -> None:
    """The schedule goes on."""
    stage.world.acts.resume_sync(stage.sync_id(step.sync))


def delete_sync(stage: Stage, step: DeleteSync) -> None:
    """Braze's members stay."""
    stage.world.acts.delete_sync(stage.sync_id(step.sync))
    stage.deleted_syncs.add(step.sync)


def revoke_key(stage: Stage, step: RevokeKey) -> None:
    """KEY-1. From now on the connection's key is refused, or those that it used before."""
    connection_id = stage.connection_id(step.connection)
    if not step.former:
        stage.world.acts.revoke_key(connection_id)
        return
    former = stage.keys[step.connection][:-1]
    if not former:
        raise StepRefused(f"the connection {step.connection!r} has had one key only; `new_key` gives it another")
    for key in former:
        stage.world.braze.keys.invalidate_data_import_key(key)


def new_key(stage: Stage, step: NewKey) -> None:
    """KEY-1. Another key, pasted into the connection at once."""
    stage.keys[step.connection].append(stage.world.acts.new_key(stage.connection_id(step.connection)))


def enable_partner(stage: Stage, step: EnablePartner) -> None:
    """KEY-2."""
    stage.world.acts.enable_partner(step.partner)


def disable_partner(stage: Stage, step: DisablePartner) -> None:
    """KEY-2."""
    stage.world.acts.disable_partner(step.partner)
