"""The fixtures for other people's clients, in a test run of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.cli.main import run

pytest_plugins = ["pytester"]

CLIENT = """
import json
import urllib.request

def post(url, body, key=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": "Bearer " + key} if key else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code

def test_a_client_that_conforms(absim_services):
    body = {"attributes": [{"external_id": "ida", "plan": "pro"}]}
    assert post(absim_services.braze_url + "/users/track", body, absim_services.keys.braze_api_key) == 201
    assert absim_services.violations() == []

def test_a_client_that_does_not(absim_services):
    body = {"cohort_changes": [{"user_ids": "ida"}]}
    assert post(absim_services.braze_url + "/partners/amplitude/cohorts/users", body) >= 400
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest("from simulator.contract.fixtures import *")
    pytester.makepyfile(test_client=CLIENT)
    return pytester


def test_a_violation_is_a_warning_of_the_test_in_which_it_happened(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, warnings=4)
    result.stdout.fnmatch_lines(["*ContractViolation: braze changeCohortUsers: request body*"])


def test_strict_makes_it_fail(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABSIM_STRICT", "1")
    result = project.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the contract was broken:*", "*braze changeCohortUsers: request body*"])


def test_options_say_the_same_and_two_conftests_may_have_them(project: pytest.Pytester) -> None:
    below = project.mkdir("below")
    for name in ("conftest.py", "test_client.py"):
        (below / name).write_text((project.path / name).read_text())
    chosen = [
        "--absim-strict",
        "--absim-record",
        "there",
        "-k",
        "test_a_client_that_does_not",
        "--import-mode=importlib",
    ]
    result = project.runpytest_inprocess("-p", "no:cacheprovider", *chosen)
    result.assert_outcomes(passed=2, errors=2)
    assert 2 == len(recorded(project.path / "there"))


def recorded(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(folder.glob("*.ndjson")) for line in file.read_text().splitlines()]


def test_every_call_is_recorded_with_its_test(project: pytest.Pytester) -> None:
    project.runpytest_inprocess("-p", "no:cacheprovider")
    assert [
        ("test_client.py::test_a_client_that_conforms", "trackUsers", 201),
        ("test_client.py::test_a_client_that_does_not", "changeCohortUsers", 401),
    ] == [(each["test"], each["operation"], each["status"]) for each in recorded(project.path / "absim-reports/pytest")]


def test_the_recording_is_traffic_and_its_drift_names_the_test(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    project.makepyfile(
        test_odd="""
        import pytest
        from test_client import post

        @pytest.mark.parametrize("name", ["été", "a b/c", "x" * 300])
        def test_names(absim_services, name):
            body = {"attributes": [{"external_id": name}], "atributes": []}
            post(absim_services.braze_url + "/users/track", body, absim_services.keys.braze_api_key)
            assert name != "a b/c"
        """
    )
    project.runpytest_inprocess("-p", "no:cacheprovider", "-k", "test_names").assert_outcomes(passed=2, failed=1)
    assert 1 == run(["contract", "traffic", str(project.path / "absim-reports")])
    told = capsys.readouterr().out
    assert (
        "3x trackUsers: request body.atributes: not described by the contract [unknown-field] first in entry 1" in told
    )
    assert "(test_odd.py::test_names[\\xe9t\\xe9]), also in test_odd.py::test_names[a b/c], test_odd.py" in told


def test_a_second_run_leaves_its_own_calls_only(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("-p", "no:cacheprovider", "-k", "test_a_client_that_conforms")
    project.runpytest_inprocess("-p", "no:cacheprovider", "-k", "test_a_client_that_does_not")
    tests = [each["test"] for each in recorded(project.path / "absim-reports/pytest")]
    assert ["test_client.py::test_a_client_that_does_not"] == tests


def test_workers_record_side_by_side(project: pytest.Pytester) -> None:
    project.runpytest_inprocess("-p", "no:cacheprovider", "-n", "2", "--dist", "each").assert_outcomes(passed=4)
    folder = project.path / "absim-reports/pytest"
    assert (2, 4) == (len(list(folder.glob("*.ndjson"))), len(recorded(folder)))


def test_the_recording_goes_elsewhere_or_nowhere(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABSIM_RECORD", "0")
    project.runpytest_inprocess("-p", "no:cacheprovider")
    assert not (project.path / "absim-reports").exists()
    monkeypatch.setenv("ABSIM_RECORD", "there")
    project.runpytest_inprocess("-p", "no:cacheprovider")
    assert 2 == len(recorded(project.path / "there"))


def test_a_place_that_cannot_be_written_is_a_warning_and_never_a_failure(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.path / "file").write_text("")
    monkeypatch.setenv("ABSIM_RECORD", "file/below")
    result = project.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "-k", "test_a_client_that_conforms")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*NotRecorded: calls are not recorded: *file/below*"])
