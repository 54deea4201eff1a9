"""The six cohorts that a fresh project begins with, as the list of a live one shows them."""

from __future__ import annotations

from collections.abc import Mapping

OWNER = "amp"
"""Their owner, where others have an e-mail address (live)."""

DEFAULT_COHORTS: Mapping[str, Mapping[str, object]] = {
    "14 day user retention": {"came_back": "_active", "from": "14d", "until": "15d", "within": "30d"},
    "Active during the last 4 consecutive weeks": {
        "performed": "_active", "distinct_days": ">= 1", "in_each": "7d", "within": "28d",
    },
    "All active users in the last 30 days": {"active_within": "30d"},
    "New users in the last 30 days": {"new_within": "30d"},
    "New users who didn't return": {
        "all": [{"new_within": "8d"}, {"active_within": "8d"}, {"not": {"active_within": "7d"}}],
    },
    "Product qualified leads": {"performed": "_active", "times": ">= 3", "within": "7d"},
}  # fmt: skip
"""Definitions by name, oldest first. What they ask for was seen live; the letters of the names are inferred."""
