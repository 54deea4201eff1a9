"""`absim why`: after a run, by file, for generated people, as data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Absim = Callable[..., Any]


def test_after_a_run_the_story_is_that_of_a_failed_scenario_first(run_absim: Absim) -> None:
    run_absim("run", ".")

    ended = run_absim("why", "ben")

    assert 0 == ended.code
    assert ended.out.startswith("ben in 'A red one' (red.scenario.yaml)")
    assert "MATCH-4: An identified profile" in ended.out
    assert "ben is also in good.scenario.yaml" in ended.err


def test_a_scenario_may_be_named_without_any_run(run_absim: Absim) -> None:
    ended = run_absim("why", "ida", "--scenario", "good.scenario.yaml")

    assert 0 == ended.code
    assert "a member of openers in Braze" in ended.out
    assert "run it again: absim why ida --scenario good.scenario.yaml" in ended.out


def test_the_story_has_the_seed_and_the_rules_of_the_last_run(run_absim: Absim) -> None:
    run_absim("run", "good.scenario.yaml", "--seed", "9", "--rules", "amplitude-page")

    told = json.loads(run_absim("why", "ida", "--format", "json").out)
    assert ("ida", "good.scenario.yaml", 9, "on_no_match") == (
        told["person"],
        told["file"],
        told["seed"],
        told["rules"]["fallback"],
    )
    assert "added" in [line["outcome"] for line in told["story"]]


def test_a_generated_person_has_a_story(run_absim: Absim, folder: Path) -> None:
    (folder / "many.scenario.yaml").write_text(
        "scenario: many\nmatrix: {n: [1, 2]}\npopulation: {size: 20}\nconnections: {braze: [user_id, device_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\nsteps: [sync: openers]\nexpect: {outcomes: as_born}\n"
    )

    assert (
        "p000003 in 'many [n=2]'" in run_absim("why", "p000003", "--scenario", "many.scenario.yaml", "--case", "2").out
    )
    run_absim("run", "many.scenario.yaml")
    assert "sent to be added as" in run_absim("why", "p000019").out
    assert 2 == run_absim("why", "p000020").code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ben",), "there is no last run in absim-reports"),
        (("bem", "--scenario", "good.scenario.yaml"), "did you mean ben?"),
        (("ben", "--scenario", "gone.scenario.yaml"), "no such file"),
        (("ben", "--scenario", "good.scenario.yaml", "--case", "2"), "has 1 case"),
    ],
)
def test_a_story_that_cannot_be_told_is_2(run_absim: Absim, arguments: tuple[str, ...], said: str) -> None:
    ended = run_absim("why", *arguments)

    assert 2 == ended.code
    assert said in ended.err


def test_a_broken_memory_is_2(run_absim: Absim, folder: Path) -> None:
    (folder / "absim-reports").mkdir()
    (folder / "absim-reports/last-run.json").write_text("{}")

    assert 2 == run_absim("why", "ben").code


def test_a_person_nobody_knows_after_a_run_gets_a_suggestion(run_absim: Absim) -> None:
    run_absim("run", "good.scenario.yaml")

    assert "did you mean ben?" in run_absim("why", "benn").err
