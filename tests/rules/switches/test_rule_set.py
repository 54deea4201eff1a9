"""Switches: each contradiction with its rule, its source and its readings."""

from __future__ import annotations

import pytest

from simulator.rules.catalogue import RULES, Confidence
from simulator.rules.switches import SWITCHES, RuleSet, UnknownSwitch


def test_every_switch_names_a_rule_and_a_source() -> None:
    assert {switch.rule for switch in SWITCHES.values()} <= set(RULES)
    assert all(switch.source and switch.doc and len(switch.values) >= 2 for switch in SWITCHES.values())


def test_the_catalogue_and_the_switches_name_each_other() -> None:
    named = {rule.switch for rule in RULES.values() if rule.switch}
    assert named <= set(SWITCHES)
    assert {rule.id: rule.switch for rule in RULES.values() if rule.switch} == {
        SWITCHES[name].rule: name for name in named
    }


def test_an_inferred_rule_is_a_switch_or_says_that_it_is_our_reading() -> None:
    inferred = [rule for rule in RULES.values() if rule.confidence is Confidence.INFERRED and rule.source != "absim"]
    assert [] == [rule.id for rule in inferred if not rule.switch and "our reading" not in rule.sentence]


def test_switches_are_set_by_name() -> None:
    rules = RuleSet().with_switches({"fallback": "off"})
    assert rules.as_mapping()["fallback"] == "off"
    assert RuleSet().as_mapping() == {name: switch.values[0] for name, switch in SWITCHES.items()}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"falback": "off"}, "unknown switch 'falback'"),
        ({"fallback": "never"}, "it takes on_missing, on_no_match, off"),
    ],
)
def test_an_unknown_switch_or_value_is_refused_with_what_there_is(values: dict[str, str], why: str) -> None:
    with pytest.raises(UnknownSwitch, match=why):
        RuleSet().with_switches(values)
