"""Where the documents disagree or are silent: one named switch each, with a default and its alternatives."""

from __future__ import annotations

from simulator.rules.switches.rule_set import SWITCHES, RuleSet, Switch, UnknownSwitch

__all__ = ["SWITCHES", "RuleSet", "Switch", "UnknownSwitch"]
