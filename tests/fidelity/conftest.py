"""A checkout in small: one module of tests, one scenario, one module of the source."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = '''"""Cohorts (SYNC-2): named by nameCohort."""

HERE = "/users/merge"


def ask(client, path):
    return client.ask(path)


def rename(client):
    """LIFE-3."""
    return client.post("/users/external_ids/rename")


def test_a_rule_by_its_id():
    """MATCH-4."""


def test_a_switch_by_its_keyword(build):
    build(fallback="off")


def test_a_call_by_method_and_path(client):
    client.get(f"/segments/details?x={1}")
    client.post(HERE)


def test_a_helper(client):
    rename(client)


def test_a_path_whose_method_is_up_to_a_helper(client):
    ask(client, "/users/delete")


def test_nothing_at_all():
    """UTF-8 is no rule, batch is a word."""
'''
SCENARIO = """scenario: Somebody
covers: [MATCH-1]
rules: {device_match: never_once_anonymous}
people: {ida: {user_id: ida-1001}}
expect: {profiles_created: 0}
"""
SOURCE = '''"""A module."""


LIMIT = 3
"""So many fit. Where more go is inferred."""


def order(groups):
    # They take effect in
    # list order (inferred). This is documented.
    return Clause(groups, inferred="that the bound is inclusive")
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with tests, scenarios and source."""
    for name, text in {
        "tests/fakes/braze/test_cohorts.py": TESTS,
        "scenarios/one.scenario.yaml": SCENARIO,
        "simulator/fakes/braze/cohorts.py": SOURCE,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path
