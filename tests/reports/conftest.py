"""Results as reports get them: one that passed, one that failed, one that nobody could decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.scenario.events import Breach, Difference, Drop, Result, Verdict
from simulator.scenario.language.source import Source, Where


@pytest.fixture
def passed() -> Result:
    return Result(
        title="A device id stops working",
        file="scenarios/matching/device.scenario.yaml",
        line=2,
        case={},
        covers=("MATCH-4",),
        tags=("login",),
        seed=7,
        rules="default",
        door="wsgi",
        verdict=Verdict.PASSED,
        people=2,
        evaluated=3,
        outcomes={"added": 1, "dropped": 1},
        runs=1,
        requests=2,
        digest="0123456789abcdef0123",
        drop=Drop(
            "ben",
            "ben was sent by device_id d-ben-0001: it belongs to somebody (MATCH-4)",
            "MATCH-4",
            "absim why ben --scenario scenarios/matching/device.scenario.yaml",
        ),
        reproduce="absim run scenarios/matching/device.scenario.yaml --seed 7 --door wsgi",
    )


@pytest.fixture
def failed(passed: Result) -> Result:
    source = Source.of("scenarios/runs/first.scenario.yaml", "scenario: x\nexpect: {added: [ida]}\n")
    difference = Difference(Where(source, 2, 10, 5), "added: ida is missing", "ida", "nobody", "nothing was sent <ida>")
    return replace(
        passed,
        title="First & last \x0b",
        file="scenarios/runs/first.scenario.yaml",
        verdict=Verdict.FAILED,
        differences=(difference,),
        breaches=(Breach("INV-8", "two runs differ"),),
        drop=None,
    )


@pytest.fixture
def unknown(passed: Result) -> Result:
    return replace(
        passed,
        title="Nobody knows [n=1]",
        case={"n": 1},
        file="scenarios/runs/unknown.scenario.yaml",
        verdict=Verdict.UNKNOWN,
        breaches=(Breach("INV-1", "the ledger is cut", undecided=True),),
        drop=None,
    )
