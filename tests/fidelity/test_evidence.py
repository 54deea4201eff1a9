"""What tests and scenarios are found to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.fidelity.behaviours import Sort
from simulator.fidelity.evidence import TESTS_AT_MOST, Evidence, evidence_of, shown

FILE = "tests/fakes/braze/test_cohorts.py"


@pytest.fixture
def found(checkout: Path) -> dict[str, Evidence]:
    return {each.test.rpartition("::")[2]: each for each in evidence_of(checkout)}


def test_every_test_function_and_every_scenario_is_read(found: dict[str, Evidence]) -> None:
    assert 7 == len(found)
    assert f"{FILE}::test_a_helper" == found["test_a_helper"].test
    assert "scenarios/one.scenario.yaml" in found


@pytest.mark.parametrize(
    ("test", "keys"),
    [
        ("test_a_rule_by_its_id", {(Sort.RULE, "MATCH-4")}),
        ("test_a_switch_by_its_keyword", {(Sort.SWITCH, "fallback")}),
        (
            "test_a_call_by_method_and_path",
            {(Sort.OPERATION, "braze.getSegment"), (Sort.OPERATION, "braze.mergeUsers")},
        ),
        ("test_a_helper", set()),
        ("test_nothing_at_all", set()),
        ("scenarios/one.scenario.yaml", {(Sort.RULE, "MATCH-1"), (Sort.SWITCH, "device_match")}),
    ],
)
def test_what_a_test_says_itself_is_direct(found: dict[str, Evidence], test: str, keys: set[tuple[Sort, str]]) -> None:
    assert keys == found[test].direct


def test_what_helpers_and_the_opening_of_the_module_say_is_weaker(found: dict[str, Evidence]) -> None:
    helped = found["test_a_helper"].through_helpers

    assert {(Sort.RULE, "LIFE-3"), (Sort.RULE, "SYNC-2"), (Sort.OPERATION, "braze.nameCohort")} <= helped
    assert (Sort.RULE, "LIFE-3") not in found["test_a_rule_by_its_id"].through_helpers


def test_a_path_without_a_method_counts_where_there_is_no_choice(found: dict[str, Evidence]) -> None:
    assert (Sort.OPERATION, "braze.deleteUsers") in found["test_a_path_whose_method_is_up_to_a_helper"].direct


def test_a_switch_shows_its_rule(found: dict[str, Evidence]) -> None:
    assert {(Sort.RULE, "MAP-2")} == found["test_a_switch_by_its_keyword"].following


def test_the_strongest_evidence_is_listed_alone() -> None:
    key = (Sort.RULE, "MATCH-4")
    named, helped = Evidence("t::named", frozenset([key])), Evidence("t::helped", frozenset(), frozenset([key]))
    followed = Evidence("t::followed", frozenset(), frozenset(), frozenset([key]))

    assert ["t::named"] == shown([followed, helped, named])[Sort.RULE]["MATCH-4"]
    assert ["t::helped"] == shown([followed, helped])[Sort.RULE]["MATCH-4"]
    assert ["t::followed"] == shown([followed])[Sort.RULE]["MATCH-4"]


def test_of_many_tests_scenarios_come_first_and_then_the_most_particular() -> None:
    key, other = (Sort.RULE, "MATCH-4"), (Sort.RULE, "MATCH-1")
    tests = [Evidence(f"t::{name}", frozenset([key, other])) for name in "abc"]
    particular, scenario = Evidence("t::z", frozenset([key])), Evidence("one.scenario.yaml", frozenset([key, other]))

    best = shown([*tests, particular, scenario])[Sort.RULE]["MATCH-4"]
    assert (TESTS_AT_MOST, ["one.scenario.yaml", "t::a", "t::z"]) == (len(best), best)


def test_tests_of_the_module_whose_subject_it_is_come_before_a_passing_mention() -> None:
    key = (Sort.RULE, "MATCH-4")
    subject = [Evidence(f"z::{name}", frozenset([key, (Sort.RULE, "MATCH-1")])) for name in "abc"]

    assert ["z::a", "z::b", "z::c"] == shown([Evidence("a::passing", frozenset([key])), *subject])[Sort.RULE]["MATCH-4"]
