"""`absim population`: by file and by option, as lines and as figures, and everything that makes no population."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Absim = Callable[..., Any]
RECIPE = "size: 100\nkinds: {known: 60%, anonymous: 30%, once_anonymous: 10%}\ndirt: {case_differs: 10%}\n"


@pytest.fixture
def recipe(folder: Path) -> str:
    """A file in the folder of the command."""
    (folder / "people.yaml").write_text(RECIPE)
    return "people.yaml"


def test_each_person_is_a_line_of_json(run_absim: Absim, recipe: str) -> None:
    ended = run_absim("population", recipe)

    people = [json.loads(line) for line in ended.out.splitlines()]
    assert (0, 100) == (ended.code, len(people))
    assert "p000000" == people[0]["person"]
    assert {"known", "anonymous", "once_anonymous"} == {person["kind"] for person in people}


def test_the_same_seed_gives_the_same_people_and_another_seed_others(run_absim: Absim, recipe: str) -> None:
    first = run_absim("population", recipe, "--seed", "7").out

    assert first == run_absim("population", recipe, "--seed", "7").out
    assert first != run_absim("population", recipe, "--seed", "8").out


def test_csv_has_a_header_and_one_line_a_person(run_absim: Absim, recipe: str) -> None:
    rows = list(csv.DictReader(run_absim("population", recipe, "--format", "csv").out.splitlines()))

    assert 100 == len(rows)
    assert {"added", "dropped"} == {row["outcome"] for row in rows}


def test_the_summary_can_be_worked_out_by_hand(run_absim: Absim, recipe: str) -> None:
    # One in ten of the 70 with a user id has it in the wrong case, and a hierarchy that found a value stops there.
    assert [
        ["100", "people,", "identified", "by", "user_id", "->", "external_id,", "then", "device_id", "->", "device_id"],
        ["added", "93", "93.0%"],
        ["differs_only_in_case", "7", "7.0%"],
    ] == [line.split() for line in run_absim("population", recipe, "--format", "summary").out.splitlines()]


def test_outcomes_are_those_of_the_mappings_and_rules_asked_for(run_absim: Absim) -> None:
    arguments = ("population", "--size", "100", "--kinds", "once_anonymous=100%", "--format", "summary")

    assert "added" in run_absim(*arguments).out
    assert "added" not in run_absim(*arguments, "--identify-by", "device_id").out
    assert "crm_id -> alias crm" in run_absim(*arguments, "--identify-by", "crm_id -> alias crm").out


def test_options_take_the_place_of_keys_of_the_file(run_absim: Absim, recipe: str) -> None:
    ended = run_absim("population", recipe, "--size", "1_0", "--kinds", "anonymous=100%", "--locale", "ja_JP,ko_KR")

    people = [json.loads(line) for line in ended.out.splitlines()]
    assert [("anonymous", True)] * 10 == [(each["kind"], each["country"] in ("JP", "KR")) for each in people]


def test_the_population_of_a_scenario_can_be_printed(run_absim: Absim, folder: Path) -> None:
    (folder / "many.scenario.yaml").write_text("scenario: many\npopulation: {size: 3}\n")

    assert 3 == run_absim("population", "many.scenario.yaml").out.count("\n")


def test_a_fault_in_a_file_is_shown_where_it_stands(run_absim: Absim, folder: Path) -> None:
    (folder / "wrong.yaml").write_text("size: 10\nkinds: {knwon: 100%}\n")

    ended = run_absim("population", "wrong.yaml")

    assert (2, "") == (ended.code, ended.out)
    assert "wrong.yaml:2:9: unknown name 'knwon'" in ended.err
    assert "did you mean known?" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a RECIPE file, or --size N"),
        (("--size", "0"), "a population has 1 to 10,000,000 people, not 0"),
        (("--size", "many"), "'many' is not a whole number"),
        (("--size", "9", "--kinds", "known=90%"), "the kinds sum to 90%, not 100% (known 90%)"),
        (("--size", "9", "--kinds", "known"), "'known' is not NAME=SHARE"),
        (("--size", "9", "--kinds", "known=50%,known=50%"), "is there twice"),
        (("--size", "9", "--dirt", "case_difers=1%"), "did you mean case_differs?"),
        (("--size", "9", "--locale", "english"), "write it like en_US or ja_JP"),
        (("--size", "9", "--rules", "nobody"), "unknown rule set 'nobody'"),
        (("--size", "9", "--identify-by", "crm_id"), "where does it go?"),
        (("--size", "9", "--identify-by", ""), "at least 1"),
        (("--size", "9", "--identify-by", "[user_id"), "this is not YAML"),
        (("gone.yaml",), "gone.yaml: No such file or directory"),
        (("good.scenario.yaml",), "good.scenario.yaml has no population"),
    ],
)
def test_what_makes_no_population_is_said_and_is_2(run_absim: Absim, arguments: tuple[str, ...], said: str) -> None:
    ended = run_absim("population", *arguments)

    assert (2, "") == (ended.code, ended.out)
    assert said in ended.err


@pytest.mark.parametrize("text", ["[1, 2]", "size", "", "kinds: {known: 100%}", "population: 7"])
def test_a_file_that_is_no_recipe_is_2(run_absim: Absim, folder: Path, text: str) -> None:
    (folder / "odd.yaml").write_text(text)

    ended = run_absim("population", "odd.yaml")

    assert (2, "") == (ended.code, ended.out)
    assert "odd.yaml" in ended.err
