"""Rule sets: one named reading per source document."""

from __future__ import annotations

import pytest

from simulator.rules.rule_sets import RULE_SETS, rule_set
from simulator.rules.switches import RuleSet, UnknownSwitch


def test_each_source_document_has_its_reading() -> None:
    assert {name: rules.fallback for name, rules in RULE_SETS.items()} == {
        "default": "on_missing",
        "braze-page": "on_missing",
        "braze-page-korean": "on_missing",
        "amplitude-page": "on_no_match",
        "braze-audiences-page": "off",
        "braze-page-spanish": "off",
    }


def test_an_unknown_rule_set_is_refused() -> None:
    assert rule_set("default") == RuleSet()
    with pytest.raises(UnknownSwitch, match="unknown rule set 'spanish'"):
        rule_set("spanish")
