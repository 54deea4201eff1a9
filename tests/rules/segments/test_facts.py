"""The facts of one person."""

from __future__ import annotations

from simulator.rules.segments.facts import ProfileFacts


def test_a_stranger_belongs_to_nothing_and_did_nothing() -> None:
    ben = ProfileFacts("ben")
    assert (ben.external_id, ben.cohorts, dict(ben.events), ben.last_used_app) == (None, frozenset(), {}, None)
