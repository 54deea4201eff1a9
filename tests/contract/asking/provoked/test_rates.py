"""Rates: how often our services may be called is what their contracts say, and a departure is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.rates import Rates
from simulator.fakes.amplitude import access
from simulator.fakes.amplitude.access import Budget
from simulator.rules.instants import HOUR_MS, MINUTE_MS


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench.in_process(3) as made:
        yield made


def told(bench: Bench, service: str, *operations: str) -> list[str]:
    found = Rates(bench, service, Meter(), 3).run(frozenset(operations))
    return [f"{each.operation} {each.check} {each.message}" for each in found]


@pytest.mark.parametrize(
    ("service", "operations"),
    [
        ("braze", ("trackUsers", "changeCohortUsers", "listSegments", "sendMessages", "exportUsersByIds")),
        ("amplitude", ("searchUsers", "listEvents", "createEventType", "getUserProfile", "createUserDeletionJob")),
    ],
)
def test_rates_are_those_of_the_contract(bench: Bench, service: str, operations: tuple[str, ...]) -> None:
    assert [] == told(bench, service, *operations)


def test_a_limit_that_is_another_one_is_told(bench: Bench) -> None:
    bench.stage.world.braze.limits.set_limit("track", 3_001)
    found = told(bench, "braze", "trackUsers")
    assert "trackUsers rate-limit track: 3000 in 3 s: header x-ratelimit-limit should be 3000, is 3001" == found[0]
    assert (
        "trackUsers rate-limit track: 3000 in 3 s: a call that comes after 3000 others got 201, expected 429" in found
    )


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (Budget(359, HOUR_MS, "359 requests per hour", ""), "a call that comes after 359 others got 429"),
        (Budget(361, HOUR_MS, "361 requests per hour", ""), "a call that comes after 360 others got 200, expected 429"),
        (Budget(360, MINUTE_MS, "360 requests per hour", ""), "a call that comes 3599 s after 360 others got 200"),
        (Budget(360, 2 * HOUR_MS, "360 requests per hour", ""), "a call that comes 3600 s after 360 others got 429"),
    ],
)
def test_a_budget_that_is_another_one_is_told(
    bench: Bench, budget: Budget, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(access.BUDGETS, "users", (budget,))
    assert any(message in each for each in told(bench, "amplitude", "searchUsers"))
