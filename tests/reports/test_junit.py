"""JUnit XML: suites by folder, failures with everything that helps, nothing that XML forbids."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from simulator.reports.junit import write_junit
from simulator.scenario.events import Result


def test_a_suite_for_each_folder_counts_its_cases(passed: Result, failed: Result, unknown: Result) -> None:
    root = fromstring(write_junit([failed, passed, unknown]))

    assert {"name": "absim", "tests": "3", "failures": "1", "errors": "1", "skipped": "0", "time": "0"} == root.attrib
    assert [("scenarios/matching", "1", "0", "0"), ("scenarios/runs", "2", "1", "1")] == [
        (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in root
    ]


def test_a_failure_has_place_expectation_reason_and_the_command_that_shows_it_again(failed: Result) -> None:
    failure = fromstring(write_junit([failed])).find(".//failure")

    assert failure is not None
    assert "scenarios/runs/first.scenario.yaml:2:10: added: ida is missing" == failure.get("message")
    text = failure.text or ""
    for words in (
        "^^^^^",
        "expected  ida",
        "got       nobody",
        "nothing was sent <ida>",
        "INV-8",
        "reproduce: absim run",
    ):
        assert words in text


def test_what_could_not_be_decided_is_an_error(unknown: Result) -> None:
    error = fromstring(write_junit([unknown])).find(".//error")

    assert error is not None
    assert "INV-1 could not be decided: the ledger is cut" == error.get("message")


def test_control_characters_are_replaced(failed: Result) -> None:
    case = fromstring(write_junit([failed])).find(".//testcase")

    assert case is not None
    assert ("scenarios.runs.first", "First & last \ufffd") == (case.get("classname"), case.get("name"))


def test_the_same_results_give_the_same_bytes(passed: Result, failed: Result) -> None:
    assert write_junit([passed, failed]) == write_junit([failed, passed])
