"""Every limit of Amplitude in words, to be listed: which operation, which figure, from which page.

The figures are those of the modules that hold clients to them; this module only lists them. Calls are at the same time
while a latency that a fault has ordered for them has not passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from simulator.fakes.amplitude.access import BUDGETS
from simulator.fakes.amplitude.cohorts.api.limits import (
    DOWNLOADS_A_MONTH,
    EXPORTS_AT_ONCE,
    IDS_IN_A_REQUEST,
    MEMBERS_TO_DOWNLOAD,
    REQUESTS_IN_TEN_MINUTES,
)
from simulator.fakes.amplitude.ingestion.identify import (
    GROUP_PROPERTIES_AT_MOST,
    GROUPS_AT_MOST,
    IDENTIFY,
    URL_CHARACTERS,
)
from simulator.fakes.amplitude.ingestion.limits import (
    BATCH,
    HTTP_API,
    RATE_WINDOW_SECONDS,
    STARTER_BATCHES_PER_SECOND,
    STARTER_EVENTS_PER_SECOND,
    Endpoint,
)
from simulator.fakes.amplitude.ingestion.mapping import (
    BODY_BYTES,
    MAPPINGS_PER_CALL,
    MAPPINGS_PER_WINDOW,
    USERS_PER_READ,
    WINDOW_MS,
)
from simulator.fakes.amplitude.parallel import POOL_OF
from simulator.fakes.amplitude.projects import AmplitudeSettings
from simulator.fakes.amplitude.reads.privacy.deletions import IDS_PER_CALL
from simulator.openapi import Operation
from simulator.rules.instants import format_duration

COHORTS = "Amplitude, Behavioral Cohorts API"
PRIVACY = "Amplitude, User Privacy API"
MAPPING = "Amplitude, User Mapping API"
GROUP_IDENTIFY = "Amplitude, Group Identify API"
_TAXONOMY = "/api/2/taxonomy/"
_BUDGET_OF = {
    "searchUsers": "users", "getUserActivity": "users", "listUserMappings": "dashboard", "listEvents": "dashboard",
    "createUserDeletionJob": "deletions", "createDataSubjectRequest": "dsar", "getDataSubjectRequest": "dsar",
    "getDataSubjectOutput": "dsar", "getDeliveryMetricsSummary": "metrics", "getUserProfile": "profile",
}  # fmt: skip
_PROFILE = "600 requests per minute and organisation"
"""The 429 of that operation is a sentence and says no figure."""


class LimitRow(NamedTuple):
    """One limit of one operation, as it is listed."""

    operation: str
    limit: str
    source: str


def rows(operations: Mapping[str, Operation], settings: AmplitudeSettings) -> list[LimitRow]:
    """Every limit, in the order of the contract; those that only a marked or a Starter sender meets say so."""
    found = {
        **_ingestion(settings),
        "requestCohortExport": [
            LimitRow("", f"{DOWNLOADS_A_MONTH} per month", COHORTS),
            LimitRow("", f"{REQUESTS_IN_TEN_MINUTES} per 10m", COHORTS),
            LimitRow("", f"{EXPORTS_AT_ONCE} in progress per 1m", COHORTS),
            LimitRow("", f"{MEMBERS_TO_DOWNLOAD} users", COHORTS),
        ],
        **{
            name: [LimitRow("", f"{IDS_IN_A_REQUEST} ids per request", COHORTS)]
            for name in ("uploadCohort", "updateCohortMembership")
        },
        "createUserDeletionJob": [LimitRow("", f"{IDS_PER_CALL} ids per request", PRIVACY)],
    }
    return [
        row._replace(operation=name)
        for name, operation in operations.items()
        if operation.emulated
        for row in (*found.get(name, ()), *_budgets(operation), *_parallel(operation))
    ]


def _ingestion(settings: AmplitudeSettings) -> dict[str, list[LimitRow]]:
    found = {"uploadEvents": _upload(HTTP_API), "batchUploadEvents": _upload(BATCH)}
    quota = f"{settings.daily_quota} events per 24h and suspected device or user"
    updates = f"{settings.property_updates_per_hour} property updates per 1h and user (more are dropped silently)"
    starter = f"{STARTER_BATCHES_PER_SECOND} batches and {STARTER_EVENTS_PER_SECOND} events per 1s (Starter plan)"
    found["uploadEvents"].append(LimitRow("", starter, HTTP_API.source))
    for each in found.values():
        each.append(LimitRow("", quota, BATCH.source))
        each.append(LimitRow("", updates, HTTP_API.source))
    identify = [
        LimitRow("", f"{IDENTIFY.body_bytes} bytes per request", IDENTIFY.source),
        LimitRow("", _rate(IDENTIFY, "calls"), IDENTIFY.source),
        LimitRow("", updates, IDENTIFY.source),
    ]
    groups = (
        f"{IDENTIFY.body_bytes} bytes, {GROUPS_AT_MOST} groups and {GROUP_PROPERTIES_AT_MOST} properties per request"
    )
    mappings = [
        LimitRow("", f"{BODY_BYTES} bytes and {MAPPINGS_PER_CALL} mappings per request", MAPPING),
        LimitRow("", f"{MAPPINGS_PER_WINDOW} mappings per {format_duration(WINDOW_MS)}", MAPPING),
    ]
    address = [LimitRow("", f"{URL_CHARACTERS} characters of address", IDENTIFY.source)]
    return {
        **found,
        "identify": identify, "identifyByQuery": [*address, *identify[1:]],
        "groupIdentify": [LimitRow("", groups, GROUP_IDENTIFY)],
        "groupIdentifyByQuery": [*address, LimitRow("", groups, GROUP_IDENTIFY)],
        "mapUsers": mappings, "mapUsersByQuery": [*address, *mappings],
        "listUserMappings": [LimitRow("", f"{USERS_PER_READ} users per request", MAPPING)],
    }  # fmt: skip


def _upload(endpoint: Endpoint) -> list[LimitRow]:
    size = f"{endpoint.body_bytes} bytes and {endpoint.events} events per request"
    return [LimitRow("", size, endpoint.source), LimitRow("", _rate(endpoint, "events"), endpoint.source)]


def _rate(endpoint: Endpoint, what: str) -> str:
    return f"{endpoint.events_per_second} {what} per 1s and device or user, averaged over {RATE_WINDOW_SECONDS}s"


def _budgets(operation: Operation) -> Iterator[LimitRow]:
    name = "taxonomy" if operation.path.startswith(_TAXONOMY) else _BUDGET_OF.get(operation.operation_id, "")
    for budget in BUDGETS.get(name, ()):
        unit = "requests" if "request" in budget.words else "cost"
        words = f"{budget.limit} {unit} per {format_duration(budget.window_ms)}"
        yield LimitRow("", _PROFILE if name == "profile" else words, budget.source)


def _parallel(operation: Operation) -> Iterator[LimitRow]:
    if (pool := POOL_OF.get(operation.operation_id)) is not None:
        yield LimitRow("", pool.words, pool.source)
