"""Reports of recorded traffic: each says the place, what is wrong, in which test, and how to see it again."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator import openapi
from simulator.cli.main import run
from simulator.contract.reports import contract_lines
from simulator.contract.traffic.drift import check_all
from simulator.contract.traffic.reading import read_traffic
from simulator.contract.traffic.told import FORMATS, Told, reproduce, write_github, write_har, write_junit, write_sarif

KEY = "544dfe62-07ad-4a45-8e75-3b944d012a92"


def line(body: str, url: str) -> str:
    answer = {"headers": {"content-type": "application/json"}, "body": '{"message": "success"}', "body_bytes": 22}
    headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
    request = {"headers": headers, "body": body, "body_bytes": len(body)}
    return json.dumps(
        {"method": "POST", "url": url, "status": 201, "service": "braze", "request": request, "response": answer,
         "test": "test_a.py::test_push"}
    )  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my calls.ndjson"
    path.write_text("\n".join((line('{"attributes": 5}', "/users/track"), line("{}", "/users/trak"))))
    return path


@pytest.fixture
def told(file: Path) -> Told:
    recorded = read_traffic(file)
    reports, others = check_all([openapi.load("braze")], recorded)
    return Told(tuple(reports), tuple(recorded), others)


def test_junit_has_a_case_for_each_operation_that_was_called(told: Told) -> None:
    root = ElementTree.fromstring(write_junit(told))
    cases = {case.get("name"): case.findtext("failure", "") for case in root.iter("testcase")}
    assert {"trackUsers", "POST /users/trak"} == cases.keys()
    assert "test_a.py::test_push" in cases["trackUsers"]


def test_sarif_and_annotations_point_at_the_operation(told: Told) -> None:
    (result, *_) = json.loads(write_sarif(told))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert contract_lines("braze")["trackUsers"] == place["region"]["startLine"]
    assert len(told.drift) == write_github(told).count(b"::error file=contracts/braze.openapi.yaml,line=")


def test_a_har_file_of_it_is_masked_and_shows_the_same(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "masked.har"
    path.write_bytes(write_har(told))
    assert KEY not in path.read_text()
    reports, _ = check_all([openapi.load("braze")], read_traffic(path))
    assert [str(each).split(" first in")[0] for each in told.drift] == [
        str(each).split(" first in")[0] for each in reports[0].drift
    ]


def test_the_line_at_its_end_shows_a_drift_again(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    import shlex

    for drift in told.drift:
        assert 1 == run(shlex.split(reproduce(drift))[1:])
        assert drift.message in capsys.readouterr().out


def test_every_format_is_left_as_a_file(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "reports"
    assert 1 == run(["contract", "traffic", str(file), "--report", ",".join(FORMATS), "--report-dir", str(folder)])
    assert sorted(name for name, _ in FORMATS.values()) == sorted(each.name for each in folder.iterdir())
    assert "::error file=" in capsys.readouterr().out
    assert not any(KEY in each.read_text() for each in folder.iterdir())
