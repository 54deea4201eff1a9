"""How the API shows a cohort: every documented key, the ones seen live, and on demand what it is synced to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.fakes.amplitude.cohorts.catalogue import Cohort
from simulator.fakes.amplitude.projects import Project
from simulator.rules.cohorts.stored.words import EMPTY
from simulator.rules.cohorts.stored.writing import to_stored_json
from simulator.rules.instants import SECOND_MS, Instant, to_datetime

TYPE = "redshift"
"""What every recorded cohort shows, computed or uploaded."""
FREQUENCIES = ("minute", "hourly", "daily")


@dataclass(frozen=True, slots=True)
class SyncInfo:
    """One sync of a cohort, as the list shows it. `frequency`: minute (real-time), hourly or daily."""

    target: str
    frequency: str
    last_successful: Instant | None = None
    last_failure: Instant | None = None
    params: Mapping[str, object] = field(default_factory=dict)


SyncInfoProvider = Callable[[str, str], Sequence[SyncInfo]]
"""(project, cohort_id) -> its syncs; whoever runs syncs supplies it. Disabled ones are to be left out."""


def no_syncs(project: str, cohort_id: str) -> Sequence[SyncInfo]:
    """The provider of a world in which nothing is synced."""
    del project, cohort_id
    return ()


def cohort_object(cohort: Cohort, project: Project, syncs: Sequence[SyncInfo] | None = None) -> dict[str, object]:
    """The cohort as JSON. One that nobody computed yet has no size (COHORT-3). Times are epoch seconds."""
    computed = cohort.computed_at is not None
    shown: dict[str, object] = {
        "appId": project.app_id,
        "archived": cohort.archived,
        "definition": EMPTY if cohort.definition is None else to_stored_json(cohort.definition),
        "description": cohort.description or None,
        "finished": computed,
        "id": cohort.cohort_id,
        "name": cohort.name,
        "owners": list(cohort.owners),
        "viewers": list(cohort.viewers),
        "published": cohort.published,
        "size": cohort.size if computed else None,
        "type": TYPE,
        "lastMod": cohort.modified_at // SECOND_MS,
        "createdAt": cohort.created_at // SECOND_MS,
        "lastComputed": None if cohort.computed_at is None else cohort.computed_at // SECOND_MS,
        "hidden": False,
        "metadata": None,
        "view_count": None,
        "popularity": None,
        "last_viewed": None,
        "chart_id": None,
        "edit_id": None,
        "is_predictive": False,
        "is_official_content": False,
        "is_generated_content": False,
        "location_id": None,
        "shortcut_ids": [],
        "per_app_metadata": None,
        "cohort_definition_type": None,
        "cohort_output_type": "UNIQUES",
    }
    if syncs is not None:
        shown["syncMetadata"] = [_sync(each) for each in syncs if each.frequency in FREQUENCIES]
    return shown


def _sync(info: SyncInfo) -> dict[str, object]:
    return {
        "target": info.target,
        "frequency": info.frequency,
        "last_successful": _time(info.last_successful),
        "last_failure": _time(info.last_failure),
        "params": dict(info.params),
    }


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else to_datetime(instant).isoformat(timespec="microseconds")
