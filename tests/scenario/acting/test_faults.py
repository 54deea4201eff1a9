"""Faults as steps: what the engine makes of them, and what happens in the middle of a call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.world import DoorKind

Passes = Callable[..., object]

AFTERWARDS = (
    "  - advance: {until: idle, at_most: 1d}\n  - expect: {added: [ben, ida, kim], converged: true, undelivered: []}\n"
)


@pytest.mark.parametrize("door", list(DoorKind))
@pytest.mark.parametrize(
    "fault",
    [
        "answer: 503, times: 3",
        "answer: 429, times: 1, headers: {retry-after: '1'}",
        "breaks: reset, times: 2",
        "breaks: truncate, times: 1",
        "breaks: malformed, times: 1",
        "applied_but_lost: true, times: 1",
        "answer: 500, applied: true, times: 1",
        "latency: 30s, times: 1",
        "duplicate: true, times: 1",
        "share: 50%, answer: 500, until: +1m",
    ],
)
def test_a_run_recovers(passes: Passes, fault: str, door: DoorKind) -> None:
    passes(
        f"steps:\n  - fault: {{operation: changeCohortUsers, {fault}}}\n"
        "  - sync: {cohort: openers, cadence: hourly}\n" + AFTERWARDS,
        door=door,
    )


def test_a_fault_lasts_between_two_moments(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - fault: {operation: changeCohortUsers, answer: 401, from: 12:00, until: '14:00'}\n"
        "  - sync: {cohort: vips, cadence: hourly}\n"
        "  - {at: 12:30, enters: {cohort: vips, people: [ida]}}\n"
        "  - advance: 1h\n"
        "  - expect: {members: {vips: []}, undelivered: [ida]}\n"
        "  - advance: 1h\n"
        "  - expect: {members: {vips: [ida]}, alerts: [{about: failed}, {about: success}]}\n"
    )


@pytest.mark.parametrize("answer", ["403", "418", "400, body: {anything: [1]}, headers: {content-type: text/html}"])
def test_a_fault_may_answer_what_no_contract_has(passes: Passes, answer: str) -> None:
    passes(
        f"steps:\n  - fault: {{operation: changeCohortUsers, answer: {answer}, times: 1}}\n"
        "  - sync: {cohort: openers, cadence: hourly}\n  - expect: {undelivered: 4, runs: {count: 1, status: failed}}\n"
        + AFTERWARDS
    )


def test_faults_can_be_cleared(passes: Passes) -> None:
    passes(
        "steps:\n  - fault: {service: braze, answer: 401}\n  - sync: {cohort: openers, cadence: hourly}\n"
        "  - expect: {runs: {count: 1, status: failed}}\n  - clear_faults:\n" + AFTERWARDS
    )


@pytest.mark.parametrize("door", list(DoorKind))
def test_somebody_logs_in_in_the_middle_of_a_run(passes: Passes, door: DoorKind) -> None:
    login = "{log_in: {person: ben, user_id: ben-1001}}"
    steps = (
        f"steps:\n  - fault: {{operation: changeCohortUsers, times: 1, WHEN: {login}}}\n"
        "  - sync: openers\n  - expect: {EXPECTED}\n"
    )

    before = "dropped: {ben: MATCH-4, noor: MATCH-5}, members: {openers: [ida, kim]}"
    passes(steps.replace("WHEN", "before").replace("EXPECTED", before), door=door)
    after = "added: [ben, ida, kim], members: {openers: [ben, ida, kim]}"
    passes(steps.replace("WHEN", "after").replace("EXPECTED", after), door=door)


@pytest.mark.parametrize("door", list(DoorKind))
def test_a_profile_is_merged_by_rest_in_the_middle_of_a_run(passes: Passes, door: DoorKind) -> None:
    passes(
        "steps:\n"
        "  - fault: {operation: changeCohortUsers, times: 1, before: {merge: {person: kim, into: ida}}}\n"
        "  - sync: openers\n"
        "  - expect: {members: {openers: [ben, ida]}, added: [ben, ida], already_there: [kim]}\n",
        door=door,
    )


def test_a_key_is_revoked_in_the_middle_of_a_run(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - fault: {operation: changeCohortUsers, times: 1, before: {revoke_key: braze}}\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - expect: {added: [], runs: {count: 1, status: failed}}\n"
        "  - new_key: braze\n" + AFTERWARDS
    )


def test_a_fault_that_ends_before_it_begins_is_refused(passes: Passes) -> None:
    fault = "{answer: 503, from: +2h, until: 2026-03-02T11:00:00Z}"
    passes(f"steps:\n  - {{fault: {fault}, refused: ends before it begins}}\n")


def test_what_cannot_be_done_in_the_middle_of_a_call_is_told_by_the_step_that_made_the_call(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - fault: {operation: changeCohortUsers, times: 1, before: {delete: noor}}\n"
        "  - {sync: openers, refused: Braze has no profile of noor}\n"
    )


@pytest.mark.parametrize("door", list(DoorKind))
def test_what_a_settings_page_refuses_in_the_middle_of_a_call_leaves_the_call_as_it_is(
    passes: Passes, door: DoorKind
) -> None:
    passes(
        "steps:\n  - fault: {operation: changeCohortUsers, times: 1, "
        "before: {edit_cohort: {cohort: vips, definition: {performed: app_opened}}}}\n"
        "  - {sync: openers, refused: cannot turn from a list}\n"
        "  - expect: {runs: {count: 1, status: success}, added: [ben, ida, kim]}\n",
        door=door,
    )


def test_what_cannot_be_done_in_the_middle_of_a_call_on_the_way_to_an_expectation_fails_it(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - sync: {cohort: vips, cadence: hourly}\n"
        "  - enters: {cohort: vips, people: [ida]}\n"
        "  - fault: {operation: changeCohortUsers, times: 1, before: {delete: noor}}\n"
        "  - {at: '11:00', expect: {runs: 4}, refused: Braze has no profile of noor}\n"
        "  - expect: {members: {vips: [ida]}}\n"
    )


def test_whoever_moves_while_a_request_is_still_being_tried_is_for_the_next_run(passes: Passes) -> None:
    passes(
        "steps:\n  - enters: {cohort: vips, people: [kim]}\n"
        "  - fault: {operation: changeCohortUsers, answer: 503, times: 3}\n"
        "  - sync: {cohort: vips, cadence: real_time}\n"
        "  - enters: {cohort: vips, people: [ida]}\n  - leaves: {cohort: vips, people: [kim]}\n"
        "  - advance: 1m\n  - expect: {added: [ida, kim], removed: [kim], members: {vips: [ida]}, converged: true}\n"
        "  - leaves: {cohort: vips, people: [ida]}\n"
        "  - fault: {operation: changeCohortUsers, answer: 503, times: 5}\n"
        "  - advance: 1m\n  - enters: {cohort: vips, people: [ida]}\n"
        "  - advance: 5m\n  - expect: {members: {vips: [ida]}, converged: true, undelivered: []}\n"
    )


def test_a_sync_can_be_paused_in_the_middle_of_its_first_run(passes: Passes) -> None:
    passes(
        "steps:\n  - fault: {operation: changeCohortUsers, answer: 503, times: 2, before: {pause_sync: openers}}\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - advance: 3h\n  - expect: {added: [ben, ida, kim], runs: {count: 1, status: success}}\n"
        "  - resume_sync: openers\n  - advance: 1h\n  - expect: {runs: 2}\n"
    )
