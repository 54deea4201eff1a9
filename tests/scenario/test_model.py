"""The language as a whole: whatever is written can be acted out or judged, and what keys say to each other."""

from __future__ import annotations

import pytest

from simulator.rules.rule_sets import RULE_SETS
from simulator.rules.switches import RuleSet
from simulator.scenario.acting.registry import ACTING
from simulator.scenario.judging.registry import JUDGING
from simulator.scenario.language.source import ScenarioInvalid
from simulator.scenario.model.expect import EXPECTATIONS, Expect, Reading, Since
from simulator.scenario.model.registry import STEPS
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.parse import load_text


def one(text: str) -> Scenario:
    (scenario,) = load_text(f"scenario: test\n{text}")
    return scenario


def test_every_step_of_the_language_can_be_acted_out() -> None:
    assert {*STEPS.values()} - {Expect} == {*ACTING}


def test_every_expectation_of_the_language_can_be_judged() -> None:
    assert {*EXPECTATIONS.values()} == {*JUDGING}


@pytest.mark.parametrize("name", list(RULE_SETS))
def test_a_named_rule_set_is_the_reading_of_a_file(name: str) -> None:
    assert RULE_SETS[name] == one(f"rules: {name}\nexpect: {{profiles_created: 0}}\n").rules.over("default")


def test_switches_are_set_over_a_named_set() -> None:
    reading = one(
        "rules: {set: amplitude-page, device_match: never_once_anonymous}\nexpect: {profiles_created: 0}\n"
    ).rules

    rules = reading.over("default")
    assert ("on_no_match", "never_once_anonymous") == (rules.fallback, rules.device_match)
    assert "amplitude-page, device_match: never_once_anonymous" == str(reading)


def test_a_reading_holds_when_every_switch_it_names_is_so() -> None:
    assert Reading("", {"fallback": "on_missing"}).holds(RuleSet(device_match="never_once_anonymous"))
    assert not Reading("default").holds(RuleSet(device_match="never_once_anonymous"))
    assert Reading("amplitude-page").holds(RULE_SETS["amplitude-page"])


def test_a_block_of_expectations_has_options_beside_them() -> None:
    scenario = one(
        "cohorts: {vips: {people: []}}\n"
        "expect: {since: last_expect, only: {cohort: vips}, under: {fallback: off}, added: [], runs: 0}\n"
    )

    block = scenario.timeline[-1]
    assert isinstance(block, Expect)
    assert (Since.LAST_EXPECT, "vips", "fallback: off", 2) == (
        block.since,
        block.only and block.only.cohort,
        str(block.under),
        len(block.expectations),
    )


def test_a_place_is_kept_for_every_key_and_every_item() -> None:
    scenario = one("people: {ida: {user_id: u}}\ncohorts: {vips: {people: []}}\nexpect: {members: {vips: [ida]}}\n")

    (members,) = scenario.timeline[-1].expectations  # type: ignore[attr-defined]
    assert [("vips", 20), ("vips.ida", 27)] == [(name, where.column) for name, where in members.spots.items()]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("a: {in_cohort: b}", "b: {in_cohort: a}", "a and b wait for each other"),
        ("a: {in_cohort: a}", "b: {people: []}", "a waits for itself"),
    ],
)
def test_cohorts_cannot_wait_for_each_other(first: str, second: str, said: str) -> None:
    with pytest.raises(ScenarioInvalid, match=said):
        one(f"cohorts: {{{first}, {second}}}\nexpect: {{profiles_created: 0}}\n")
