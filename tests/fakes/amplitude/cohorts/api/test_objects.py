"""The cohort object: every documented key, and none that the contract does not know."""

from simulator.fakes.amplitude.cohorts.api.objects import SyncInfo, cohort_object, no_syncs
from simulator.openapi import load


def test_the_object_has_exactly_the_keys_of_the_contract(desk):
    schema = load("amplitude").document["components"]["schemas"]["Cohort"]
    cohort = desk.cohorts.create("openers", {"performed": "app_opened"})
    shown = cohort_object(cohort, desk.amplitude.main, [])
    assert set(shown) == set(schema["properties"])
    assert set(schema["required"]) == set(shown) - {"syncMetadata"}


def test_a_list_of_people_shows_an_empty_definition(desk):
    cohort = desk.cohorts.create_static("vips", [])
    shown = cohort_object(cohort, desk.amplitude.main)
    assert (shown["definition"]["andClauses"], shown["cohort_definition_type"]) == ([], None)


def test_one_time_syncs_are_left_out_and_times_carry_microseconds(desk, start):
    cohort = desk.cohorts.create_static("vips", [])
    syncs = [SyncInfo("braze", "one_time"), SyncInfo("braze", "minute", None, start + 5)]
    (shown,) = cohort_object(cohort, desk.amplitude.main, syncs)["syncMetadata"]
    assert shown == {
        "target": "braze",
        "frequency": "minute",
        "last_successful": None,
        "last_failure": "2026-03-02T10:00:00.005000+00:00",
        "params": {},
    }


def test_without_an_engine_nothing_is_synced():
    assert no_syncs("main", "26umsb5") == ()
