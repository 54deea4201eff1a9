"""Which function answers which read, with whose keys and from which budget."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.clock import SimClock
from simulator.fakes.amplitude.access import Access, ProjectHandler
from simulator.fakes.amplitude.projects import AmplitudeSettings
from simulator.fakes.amplitude.reads.export import Export
from simulator.fakes.amplitude.reads.housekeeping import Housekeeping
from simulator.fakes.amplitude.reads.privacy.deletions import Deletions
from simulator.fakes.amplitude.reads.privacy.dsar import SubjectAccess
from simulator.fakes.amplitude.reads.taxonomy import EVENT, EVENT_PROPERTY, GROUP_PROPERTY, USER_PROPERTY, Taxonomy
from simulator.fakes.amplitude.reads.users import UserReads
from simulator.fakes.amplitude.store.whole import AmplitudeStore
from simulator.fakes.binding import Handler
from simulator.rules.switches import RuleSet

READ_COST, WRITE_COST = 1, 2
DSAR_WRITE_COST = 8
_NAMES = {
    "EventType": EVENT,
    "EventProperty": EVENT_PROPERTY,
    "UserProperty": USER_PROPERTY,
    "GroupProperty": GROUP_PROPERTY,
}
_PLURALS = {"EventType": "EventTypes", "EventProperty": "EventProperties", "UserProperty": "UserProperties",
            "GroupProperty": "GroupProperties"}  # fmt: skip


def read_handlers(
    store: AmplitudeStore,
    settings: AmplitudeSettings,
    access: Access,
    deletions: Deletions,
    housekeeping: Housekeeping,
    taxonomy: Taxonomy,
    clock: SimClock,
    rules: Callable[[], RuleSet],
) -> dict[str, Handler]:
    """Every read and housekeeping operation by operationId, the profile API and cohorts apart."""
    users, subjects = UserReads(store, rules), SubjectAccess(store, clock)
    return {
        "searchUsers": access.basic(users.search, "users"),
        "getUserActivity": access.basic(users.activity, "users"),
        "exportEvents": access.basic(Export(store, settings, rules).export),
        "createUserDeletionJob": access.basic(deletions.create, "deletions"),
        "listUserDeletionJobs": access.basic(deletions.list_jobs),
        "removeUserFromDeletionJob": access.basic(deletions.revoke),
        "createDataSubjectRequest": access.basic(subjects.create, "dsar", DSAR_WRITE_COST),
        "getDataSubjectRequest": access.basic(subjects.status, "dsar"),
        "getDataSubjectOutput": access.basic(subjects.output, "dsar"),
        "createRelease": access.basic(housekeeping.create_release),
        "listEvents": access.basic(housekeeping.list_events, "dashboard"),
        "getDeliveryMetricsSummary": access.basic(housekeeping.delivery_metrics, "metrics"),
        **_taxonomy(taxonomy, access),
    }


def _taxonomy(taxonomy: Taxonomy, access: Access) -> dict[str, Handler]:
    def read(handler: ProjectHandler) -> Handler:
        return access.basic(handler, "taxonomy", READ_COST)

    def write(handler: ProjectHandler) -> Handler:
        return access.basic(handler, "taxonomy", WRITE_COST)

    handlers = {
        "createEventCategory": write(taxonomy.create_category),
        "listEventCategories": read(taxonomy.list_categories),
        "getEventCategory": read(taxonomy.get_category),
        "updateEventCategory": write(taxonomy.update_category),
        "deleteEventCategory": write(taxonomy.delete_category),
    }
    for name, kind in _NAMES.items():
        handlers[f"create{name}"] = write(partial(taxonomy.create, kind))
        handlers[f"list{_PLURALS[name]}"] = read(partial(taxonomy.list_all, kind))
        handlers[f"get{name}"] = read(partial(taxonomy.get, kind))
        handlers[f"update{name}"] = write(partial(taxonomy.update, kind))
        if kind is not GROUP_PROPERTY:
            # The page has neither for group properties.
            handlers[f"delete{name}"] = write(partial(taxonomy.delete, kind))
            handlers[f"restore{name}"] = write(partial(taxonomy.restore, kind))
    return handlers
