"""Whose exchange a recorded one is."""

from __future__ import annotations

import pytest

from simulator import openapi
from simulator.contract.traffic.owners import Owners
from simulator.contract.traffic.recorded import Recorded, Side, recorded

CONTRACTS = [openapi.load("braze"), openapi.load("amplitude"), openapi.load("control")]


def call(address: str, method: str = "POST", service: str = "") -> Recorded:
    return recorded("a.har", 1, method, address, Side(), 200, Side(), service=service)


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("https://rest.iad-01.braze.com/nothing", "braze"), ("https://rest.fra-02.braze.eu/users/track", "braze"),
        ("https://rest.us-10.braze.com/users/track", "braze"), ("https://api2.amplitude.com/nothing", "amplitude"),
        ("https://api.eu.amplitude.com/2/httpapi", "amplitude"), ("https://amplitude.com/api/2/nothing", "amplitude"),
        ("https://analytics.eu.amplitude.com/api/3/cohorts", "amplitude"), ("https://amplitude.com/pricing", ""),
        ("https://www.braze.com/docs", ""), ("https://evil-rest.iad-01.braze.com.example.com/", ""),
        ("https://www.google-analytics.com/collect", ""), ("http://127.0.0.1:9/2/httpapi", "amplitude"),
        ("http://127.0.0.1:9/users/track", "braze"), ("http://localhost:9/_sim/clock", "control"),
        ("http://127.0.0.1:9/nothing", "braze"), ("/2/httpapi", "amplitude"),
    ],
)  # fmt: skip
def test_a_host_says_whose_it_is_or_else_the_address(address: str, owner: str) -> None:
    assert owner == Owners(CONTRACTS, [call(address)]).of(call(address))


def test_what_a_recording_says_goes_before_the_address() -> None:
    strange = call("/nothing", service="amplitude")
    assert "amplitude" == Owners(CONTRACTS, [strange]).of(strange)


def test_a_host_is_known_by_its_other_calls() -> None:
    known, strange = call("https://events.shop.example/2/httpapi"), call("https://events.shop.example/2/nothing")
    assert "amplitude" == Owners(CONTRACTS, [strange, known]).of(strange)
    assert "" == Owners(CONTRACTS, [strange]).of(strange)
