"""The cohorts that a fresh project begins with, and what Amplitude's JSON says of each, as it was seen live."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.rules.cohorts.defaults import DEFAULT_COHORTS
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.stored.writing import to_stored_json


def clauses(name: str) -> list[tuple[bool, dict[str, Any]]]:
    """Every clause as stored, with whether its row is negated."""
    stored: Any = to_stored_json(from_language(DEFAULT_COHORTS[name]))
    return [(row["negated"], clause) for row in stored["andClauses"] for clause in row["orClauses"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("14 day user retention", [(False, {"type": "retention", "base_bracket": [14, 15], "time_value": 30})]),
        (
            "Active during the last 4 consecutive weeks",
            [(False, {"type": "distinct_interval", "period": 7, "count": 1, "time_value": 28})],
        ),
        (
            "All active users in the last 30 days",
            [(False, {"type": "new_active", "type_value": "active", "time_value": 30})],
        ),
        ("New users in the last 30 days", [(False, {"type": "new_active", "type_value": "new", "time_value": 30})]),
        (
            "New users who didn't return",
            [
                (False, {"type": "new_active", "type_value": "new", "time_value": 8}),
                (False, {"type": "new_active", "type_value": "active", "time_value": 8}),
                (True, {"type": "new_active", "type_value": "active", "time_value": 7}),
            ],
        ),
        (
            "Product qualified leads",
            [(False, {"type": "event", "type_value": "_active", "operator": ">=", "operator_value": 3,
                      "time_value": 7})],
        ),
    ],
)  # fmt: skip
def test_a_default_cohort_asks_for_what_was_seen_live(name: str, expected: list[tuple[bool, dict[str, Any]]]) -> None:
    """COHORT-1."""
    found = clauses(name)
    named = [(negated, {key: clause[key] for key in keys}) for (negated, clause), (_, keys) in
             zip(found, expected, strict=True)]  # fmt: skip
    assert named == expected


def test_there_are_six() -> None:
    assert len(DEFAULT_COHORTS) == 6
