"""The figures of Amplitude's pages are listed as they are kept."""

from __future__ import annotations

from simulator.fakes.amplitude.access import BUDGETS
from simulator.fakes.amplitude.limits import rows
from simulator.fakes.amplitude.projects import AmplitudeSettings
from simulator.openapi import load

OPERATIONS = load("amplitude").operations
ROWS = rows(OPERATIONS, AmplitudeSettings())


def limits_of(operation: str) -> list[str]:
    return [row.limit for row in ROWS if row.operation == operation]


def test_uploads_have_a_size_a_rate_and_a_ceiling() -> None:
    assert [
        "1048575 bytes and 1999 events per request",
        "30 events per 1s and device or user, averaged over 30s",
        "100 batches and 1000 events per 1s (Starter plan)",
        "500000 events per 24h and suspected device or user",
        "1800 property updates per 1h and user (more are dropped silently)",
    ] == [limit.replace("per 1d", "per 24h") for limit in limits_of("uploadEvents")]
    assert "20971520 bytes and 2000 events per request" in limits_of("batchUploadEvents")


def test_identify_calls_groups_and_mappings_have_theirs() -> None:
    assert [
        "1048576 bytes per request",
        "30 calls per 1s and device or user, averaged over 30s",
        "1800 property updates per 1h and user (more are dropped silently)",
    ] == limits_of("identify")
    assert "8192 characters of address" == limits_of("identifyByQuery")[0]
    assert ["1048576 bytes, 1024 groups and 1024 properties per request"] == limits_of("groupIdentify")
    assert ["1048576 bytes and 2000 mappings per request", "1500 mappings per 30s"] == limits_of("mapUsers")
    assert "100 users per request" == limits_of("listUserMappings")[0]


def test_cohort_downloads_are_counted_by_month_and_by_ten_minutes() -> None:
    downloads = ["500 per month", "60 per 10m", "4 in progress per 1m", "2000000 users", "5 concurrent requests"]
    assert downloads == limits_of("requestCohortExport")
    assert ["100000 ids per request"] == limits_of("updateCohortMembership")


def test_reads_have_their_budgets() -> None:
    assert ["360 requests per 1h", "10 concurrent requests"] == limits_of("searchUsers")
    assert ["1000 cost per 5m", "108000 cost per 1h", "5 concurrent requests"] == limits_of("listEvents")
    assert ["7200 cost per 1h"] == limits_of("createEventType")
    assert ["600 requests per minute and organisation"] == limits_of("getUserProfile")


def test_every_budget_is_listed_and_every_row_names_an_operation_and_a_page() -> None:
    sources = {row.source for row in ROWS}
    assert {budget.source for budgets in BUDGETS.values() for budget in budgets} <= sources
    assert all(row.operation in OPERATIONS and row.source.startswith("Amplitude, ") for row in ROWS)
