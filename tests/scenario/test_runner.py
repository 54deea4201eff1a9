"""Runs of whole scenarios: the smallest, both doors, two runs with one ledger, verdicts, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.scenario.events import Result, ScenarioFinished, ScenarioStarted, StepFinished, StepStarted, Verdict
from simulator.scenario.parse import load_text
from simulator.scenario.runner import RunOptions, result_of
from simulator.scenario.runner import run as run_events
from simulator.world import DoorKind

Passes = Callable[..., Result]
Differs = Callable[..., list[tuple[int, str, str, str]]]

SYNC = "steps:\n  - sync: openers\n"


@pytest.mark.parametrize("door", list(DoorKind))
def test_everybody_is_added_skipped_or_dropped_through_either_door(passes: Passes, door: DoorKind) -> None:
    result = passes(
        SYNC + "expect:\n"
        "  wanted: {openers: [ben, ida, kim, noor]}\n"
        "  members: {openers: [ben, ida, kim]}\n"
        "  added: [ben, ida, kim]\n"
        "  dropped: {noor: MATCH-5}\n"
        "  skipped: {}\n"
        "  profiles_created: 0\n",
        door=door,
    )

    assert ({"added": 3, "dropped": 1}, 6, 1) == (dict(result.outcomes), result.evaluated, result.runs)


def test_both_doors_leave_the_same_ledger(run: Callable[..., Result]) -> None:
    text = SYNC + "  - advance: 2h\nexpect: {added: 3}\n"

    assert run(text, door=DoorKind.WSGI).digest == run(text, door=DoorKind.HTTP).digest


def test_another_seed_leaves_another_ledger_and_the_same_people(passes: Passes) -> None:
    text = SYNC + "expect: {added: [ben, ida, kim]}\n"

    assert passes(text, seed=1).digest == passes(text).digest
    assert passes(text, seed=2).digest != passes(text).digest


def test_a_difference_says_where_what_expected_got_and_why(run: Callable[..., Result]) -> None:
    (difference,) = run(SYNC + "expect: {dropped: {noor: MATCH-4}}\n").differences

    assert ("noor was dropped for another reason", "MATCH-4") == (difference.what, difference.expected)
    assert "unknown_external_id (MATCH-5, MATCH-1, NOCREATE-1)" == difference.got
    assert "noor was sent by external_id noor-1001" in difference.why
    assert 20 == difference.where.column


def test_events_tell_the_run_as_it_goes_on() -> None:
    (scenario,) = load_text("scenario: t\nsteps: [advance: 1h]\nexpect: {profiles_created: 0}\n")
    events = list(run_events(scenario))

    assert [ScenarioStarted, StepStarted, StepFinished, StepStarted, StepFinished, ScenarioFinished] == [
        type(event) for event in events
    ]


def test_a_step_that_cannot_be_done_fails_the_scenario_and_ends_it(differs: Differs) -> None:
    found = differs("steps:\n  - advance: {until: 2026-03-01T00:00:00Z}\n  - sync: openers\nexpect: {added: []}\n")

    assert [(2, "this step could not be done", "it is done")] == [each[:3] for each in found]


def test_a_refusal_may_be_expected(passes: Passes, differs: Differs) -> None:
    refused = "steps:\n  - {sync: {cohort: latest, cadence: real_time}, refused: REAL_TIME_WORDS}\n"
    head = (
        "people: {ben: {device_id: d-ben-0001}}\nconnections: {braze: [device_id]}\n"
        "cohorts: {latest: {performed: app_opened, nth_time: 3, within: 7d}}\n"
    )

    passes(refused.replace("REAL_TIME_WORDS", "nth"), head=head)
    assert "the refusal says something else" == differs(refused.replace("REAL_TIME_WORDS", "zebra"), head=head)[0][1]


def test_a_step_that_should_have_been_refused_fails(differs: Differs) -> None:
    found = differs("steps:\n  - {advance: 1h, refused: never}\n")

    assert [(2, "the step is refused", "a refusal that says 'never'", "it was done")] == found


def test_a_block_is_left_out_under_other_rules_and_a_scenario_without_any_fails(run: Callable[..., Result]) -> None:
    text = SYNC + "expect: {under: amplitude-page, added: 3}\n"

    assert (Verdict.FAILED, 0) == (run(text).verdict, run(text).evaluated)
    assert (Verdict.PASSED, 1) == (
        run(text, rules="amplitude-page").verdict,
        run(text, rules="amplitude-page").evaluated,
    )


def test_switches_of_the_file_stay_when_an_option_names_another_set() -> None:
    (scenario,) = load_text(
        "scenario: t\nrules: {set: braze-page, device_match: never_once_anonymous}\nexpect: {profiles_created: 0}\n"
    )

    result = result_of(scenario, RunOptions(rules="amplitude-page"))
    assert "amplitude-page, device_match: never_once_anonymous" == result.rules
    assert "absim run scenario --seed 1 --door wsgi --rules amplitude-page" == result.reproduce


def test_the_most_instructive_drop_is_explained(run: Callable[..., Result]) -> None:
    drop = run(
        "steps:\n  - log_in: {person: ben, user_id: ben-1001}\n  - sync: openers\nexpect: {added: [ida, kim]}\n"
    ).drop

    assert drop is not None
    assert ("ben", "MATCH-4") == (drop.person, drop.rule)
    assert "only external_id or alias can reach it" in drop.sentence


def test_one_case_is_run_again_and_told_by_itself() -> None:
    text = (
        "scenario: two\nmatrix: {known: [true, false]}\npeople: {noor: {user_id: noor-1001, braze: none}}\n"
        "connections: {braze: user_id}\ncohorts: {all: {people: [noor]}}\nsteps: [sync: all]\nexpect: {added: []}\n"
    )
    second = load_text(text)[1]

    result = result_of(second, RunOptions(seed=3, rules="braze-page"))

    assert "absim run scenario --seed 3 --door wsgi --rules braze-page --only known=false" == result.reproduce
    assert result.drop is not None
    assert "absim why noor --scenario scenario --case 2 --seed 3 --rules braze-page" == result.drop.story


def test_a_case_of_many_words_has_a_ledger_file_of_a_name_that_disks_take(tmp_path: Path) -> None:
    long = ", ".join(f"value{n}: {'x' * 20}" for n in range(20))
    cases = f"[{{one: {{{long}}}}}, {{one: {{{long}, more: é}}}}]"
    text = f"scenario: wide\nmatrix: {cases}\nexpect: {{profiles_created: 0}}\n"

    results = [result_of(each, RunOptions(ledgers=tmp_path)) for each in load_text(text)]

    assert ["", ""] == [each.unwritten for each in results]
    assert 2 == len(list(tmp_path.iterdir()))


def test_what_is_still_unfinished_is_named(differs: Differs) -> None:
    ((_, _, _, got),) = differs(
        "steps:\n  - fault: {answer: 503}\n  - sync: openers\n  - advance: {until: idle, at_most: 1m}\n"
        "expect: {added: []}\n"
    )

    assert "refused: something is still unfinished after 1m: sync engine" == got
