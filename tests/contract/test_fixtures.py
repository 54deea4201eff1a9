"""The fixtures for other people's clients, in a test run of their own."""

from __future__ import annotations

import pytest

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
