"""The world before the first step: who exists where, and cohorts that name other cohorts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Passes = Callable[..., object]


def test_what_was_seeded_does_not_count_as_something_that_happened(passes: Passes) -> None:
    passes("expect: {profiles_created: 0, data_points: 0, requests: {count: 0}, runs: 0, added: []}\n")


def test_a_person_known_to_braze_alone_is_in_no_cohort(passes: Passes) -> None:
    passes(
        "steps: [sync: openers]\nexpect: {wanted: {openers: []}, added: [], dropped: {}, skipped: {}}\n",
        head="people: {kim: {braze: {external_id: kim-1001}}}\nconnections: {braze: [user_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
    )


@pytest.mark.parametrize(
    ("switch", "expected"),
    [("on", "dropped: {ida: unknown_device}, skipped: {}"), ("off", "skipped: {ida: MAP-3}, dropped: {}")],
)
def test_amplitude_makes_up_a_device_id_that_braze_never_saw(passes: Passes, switch: str, expected: str) -> None:
    passes(
        f"rules: {{server_device_id: {switch}}}\nsteps: [sync: openers]\nexpect: {{{expected}}}\n",
        head="people: {ida: {user_id: ida-1001, events: [app_opened]}}\nconnections: {braze: [device_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
    )


def test_cohorts_may_name_cohorts_that_are_written_after_them(passes: Passes) -> None:
    passes(
        "expect: {wanted: {both: [ida], vips: [ida, ben]}}\n",
        head="people: {ben: {device_id: d-ben-0001}, ida: {user_id: ida-1001, properties: {plan: pro}}}\n"
        "cohorts: {both: {all: [{in_cohort: vips}, {in_cohort: pros}]}, pros: {property: {plan: pro}}, "
        "vips: {people: [ida, ben]}}\n",
    )


def test_a_former_external_id_is_known_before_the_first_step(passes: Passes) -> None:
    head = (
        "people: {ida: {user_id: ida-1001, events: [app_opened], braze: {external_id: ida-2002, "
        "deprecated_external_ids: ida-1001}}}\n"
        "connections: {braze: [user_id]}\ncohorts: {openers: {performed: app_opened}}\nsteps: [sync: openers]\n"
    )
    passes("expect: {added: [ida]}\n", head=head)
    passes("rules: {deprecated_external_ids: ignore}\nexpect: {dropped: {ida: MATCH-6}}\n", head=head)


def test_rolling_windows_count_from_the_clock_of_the_scenario(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - expect: {members: {openers: [ben]}}\n"
        "  - advance: {until: 2026-03-09T08:00:00Z}\n"
        "  - expect: {wanted: {openers: [ben]}}\n"
        "  - advance: {until: 2026-03-09T09:00:00Z}\n"
        "  - expect: {wanted: {openers: []}}\n"
        "  - advance: 1h\n"
        "  - expect: {removed: [ben], members: {openers: []}, converged: true}\n",
        head="people: {ben: {device_id: d-ben-0001, events: [app_opened]}, "
        "old: {device_id: d-old-0001, events: [{name: app_opened, ago: 7d}]}}\n"
        "connections: {braze: [device_id]}\ncohorts: {openers: {performed: app_opened, within: 7d}}\n",
    )


def test_a_population_lives_beside_named_people(passes: Passes) -> None:
    passes(
        "steps: [sync: openers]\n"
        "expect: {outcomes: as_born, added: '700..950', members: {openers: [ida]}, dropped: '> 10'}\n",
        head="seed: 3\npopulation: {size: 1_000, dirt: {case_differs: 2%, shared_device: 2%}}\n"
        "people: {ida: {user_id: ida-1001, events: [app_opened]}}\n"
        "connections: {braze: [user_id, crm_id -> alias crm, device_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
    )


def test_a_sync_that_is_not_there_yet_cannot_be_paused(passes: Passes) -> None:
    passes(
        "steps:\n  - {pause_sync: vips, refused: there is no sync 'vips' yet}\n  - sync: vips\n  - pause_sync: vips\n",
        head="connections: {braze: user_id}\ncohorts: {vips: {people: []}}\n",
    )


def test_whoever_shares_a_device_with_a_user_is_that_user_to_amplitude(passes: Passes) -> None:
    passes(
        "expect: {wanted: {openers: [ida]}}\n",
        head="people: {ida: {user_id: ida-1001, device_id: d-1}, ben: {device_id: d-1, events: [app_opened]}}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
    )
