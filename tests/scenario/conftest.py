"""Scenarios written in a test and run for real, in process and twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.scenario.events import Result
from simulator.scenario.parse import load_text
from simulator.scenario.runner import RunOptions, result_of

Run = Callable[..., Result]

PEOPLE = """
people:
  ben: {device_id: d-ben-0001, events: [app_opened]}
  ida: {user_id: ida-1001, device_id: d-ida-0001, events: [app_opened]}
  kim: {device_id: d-kim-0001, properties: {crm_id: kim-7}, events: [app_opened], braze: {aliases: {crm: kim-7}}}
  noor: {user_id: noor-1001, events: [app_opened], braze: none}
connections:
  braze: {identify_by: [user_id, crm_id -> alias crm, device_id]}
cohorts:
  openers: {performed: app_opened, within: 7d}
  vips: {people: []}
"""
"""One person of each kind, one connection, a cohort by what people did and one by hand."""


@pytest.fixture
def run() -> Run:
    """Runs the steps and expectations given over the usual people, or a whole scenario that brings its own."""

    def run_text(text: str, *, head: str = PEOPLE, **options: object) -> Result:
        (scenario,) = load_text(f"scenario: test\n{head}\n{text}", "test.scenario.yaml")
        return result_of(scenario, RunOptions(**options))  # type: ignore[arg-type]

    return run_text


@pytest.fixture
def passes(run: Run) -> Callable[..., Result]:
    """Runs and asserts that everything is as expected."""

    def check(text: str, **options: object) -> Result:
        result = run(text, **options)
        problems = [
            f"{each.what}: expected {each.expected}, got {each.got} ({each.why})" for each in result.differences
        ]
        assert ([], [], "passed") == (problems, [str(each) for each in result.breaches], str(result.verdict))
        return result

    return check


@pytest.fixture
def differs(run: Run) -> Callable[..., list[tuple[int, str, str, str]]]:
    """Runs and returns the differences: line counted within the text, what, expected, got."""

    def differences(text: str, **options: object) -> list[tuple[int, str, str, str]]:
        before = 1 + str(options.get("head", PEOPLE)).count("\n") + 1
        return [
            (each.where.line - before, each.what, each.expected, each.got) for each in run(text, **options).differences
        ]

    return differences
