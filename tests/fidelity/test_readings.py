"""Sentences that say they go beyond the documents."""

from __future__ import annotations

from pathlib import Path

from simulator.fidelity.readings import Reading, mirrors_of, operation_of, readings

MODULE = "simulator/fakes/braze/cohorts.py"


def test_readings_are_taken_from_docstrings_comments_and_tables(checkout: Path) -> None:
    assert [
        "Where more go is inferred.",
        "They take effect in list order (inferred).",
        "Inferred: that the bound is inclusive",
    ] == [each.sentence for each in readings(checkout) if each.module == MODULE]


def test_those_of_the_contracts_are_there_too(checkout: Path) -> None:
    places = [each.module for each in readings(checkout) if each.module.startswith("contracts/")]

    assert "contracts/amplitude.openapi.yaml#getUserProfile" in places
    assert "amplitude.getUserProfile" in {operation_of(Reading(each, "")) for each in places if "#" in each}


def test_a_reading_is_shown_by_the_mirror_of_its_module(checkout: Path) -> None:
    assert ["tests/fakes/braze/test_cohorts.py"] == mirrors_of(MODULE, checkout)
    assert [] == mirrors_of("simulator/fakes/braze/keys.py", checkout)
    assert [] == mirrors_of("contracts/braze.openapi.yaml", checkout)
