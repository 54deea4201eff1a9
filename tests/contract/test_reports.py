"""Reports of a check: each format says the place, what is wrong, and how to see it again."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from simulator import openapi
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.meter import Reading
from simulator.contract.check import Outcome, ServiceOutcome
from simulator.contract.reports import (
    FORMATS,
    contract_lines,
    write_github,
    write_har,
    write_json,
    write_junit,
    write_sarif,
)
from simulator.contract.traffic.drift import check_traffic
from simulator.contract.traffic.reading import read_traffic

FAILURE = Failure("braze", "trackUsers", "type", "body.message: 5 is not a string", "fuzzing", 201, "POST /users/track",
                  '{"message":5}', 7, 8)  # fmt: skip
READINGS = [Reading("braze", "trackUsers", {"201": 3}, ("400",), True), Reading("braze", "listSegments", {}, (), False)]
EXCHANGE = {
    "method": "GET", "url": "http://127.0.0.1/segments/list?page=0", "request_headers": {"Authorization": "***"},
    "request_body": "", "status": 200, "response_headers": {"content-type": "application/json"},
    "response_body": '{"message":"success","segments":[]}',
}  # fmt: skip
OUTCOME = Outcome(7, [ServiceOutcome("braze", READINGS, [FAILURE], cases=3)], [EXCHANGE])


def test_junit_has_a_case_for_each_operation() -> None:
    root = ElementTree.fromstring(write_junit(OUTCOME))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    failure = cases["trackUsers"].find("failure")
    assert failure is not None
    assert FAILURE.reproduce in (failure.text or "")
    assert ("2", "1", None) == (root.get("tests"), root.get("failures"), cases["listSegments"].find("failure"))


def test_what_could_not_be_asked_is_in_every_report() -> None:
    outcome = Outcome(7, [ServiceOutcome("braze", READINGS, errors=["no operation answered"])])
    root = ElementTree.fromstring(write_junit(outcome))
    assert ["no operation answered"] == [each.text for each in root.iter("failure")]
    assert ["not-asked"] == [each["ruleId"] for each in json.loads(write_sarif(outcome))["runs"][0]["results"]]
    assert b"::no operation answered; absim contract --service braze --seed 7" in write_github(outcome)


def test_json_has_everything() -> None:
    told = json.loads(write_json(OUTCOME))
    assert (False, 7) == (told["passed"], told["seed"])
    assert FAILURE.reproduce == told["services"][0]["failures"][0]["reproduce"]


def test_sarif_points_at_the_line_of_the_operation() -> None:
    log = json.loads(write_sarif(OUTCOME))
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert ("2.1.0", "type", "contracts/braze.openapi.yaml") == (
        log["version"], result["ruleId"], place["artifactLocation"]["uri"],
    )  # fmt: skip
    assert contract_lines("braze")["trackUsers"] == place["region"]["startLine"] > 1
    assert set(openapi.load("braze").operations) == set(contract_lines("braze"))


def test_an_annotation_is_one_line_at_its_place() -> None:
    line = write_github(OUTCOME).decode()
    assert line.startswith("::error file=contracts/braze.openapi.yaml,line=")
    assert (1, True) == (line.count("\n"), FAILURE.reproduce in line)


def test_a_har_file_is_read_back_as_traffic(tmp_path: Path) -> None:
    file = tmp_path / "check.har"
    file.write_bytes(write_har(OUTCOME))
    report = check_traffic(openapi.load("braze"), read_traffic(file))
    assert (1, 1, ()) == (report.exchanges, report.known, report.drift)


def test_each_format_has_its_file() -> None:
    assert {"junit", "json", "har", "sarif", "github"} == set(FORMATS)
    assert 5 == len({name for name, _ in FORMATS.values()})
