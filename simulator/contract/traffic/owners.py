"""Whose exchange a recorded one is: by what the recording says, by its host, else by the contract that has its path.

The hosts are those of the vendors' API pages: Braze's REST endpoint of each cluster, Amplitude's of each API (United
States and Europe). A recording of a browser holds a great deal besides; what no contract can know is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from simulator.contract.traffic.recorded import Recorded
from simulator.openapi import Contract

_BRAZE = re.compile(r"rest\.[a-z]+-\d+\.braze\.(?:com|eu)")
_AMPLITUDE = frozenset({
    "api.amplitude.com", "api2.amplitude.com", "api.eu.amplitude.com", "profile-api.amplitude.com",
    "data-api.amplitude.com", "data-api.eu.amplitude.com",
})  # fmt: skip
_AMPLITUDE_PAGES = frozenset({"amplitude.com", "analytics.amplitude.com", "analytics.eu.amplitude.com"})
"""Hosts that are web pages as well; their API lies under one path."""
_API = "/api/"
_LOOPBACK = re.compile(r"localhost|127(?:\.\d+){3}|::1|\[::1\]|")


class Owners:
    """Says which contract is to judge an exchange; made with all exchanges, since a host is known by its calls."""

    def __init__(self, contracts: Sequence[Contract], exchanges: Sequence[Recorded]) -> None:
        """The first contract gets what was said on loopback to nobody knows whom."""
        self._contracts = {contract.name: contract for contract in contracts}
        self._first = contracts[0].name
        self._by_host: dict[str, str] = {}
        for exchange in exchanges:
            if exchange.host and not vendor(exchange.host, "") and (name := self._by_path(exchange)):
                self._by_host.setdefault(exchange.host, name)

    def of(self, exchange: Recorded) -> str:
        """The name of the contract; empty when the exchange is with nobody of whom there is a contract."""
        said = exchange.service or vendor(exchange.host, exchange.path)
        if said:
            return said if said in self._contracts else ""
        if found := self._by_path(exchange):
            return found
        if exchange.host in self._by_host:
            return self._by_host[exchange.host]
        return self._first if _LOOPBACK.fullmatch(exchange.host) else ""

    def _by_path(self, exchange: Recorded) -> str:
        path = unquote(exchange.path)
        for name, contract in self._contracts.items():
            if contract.find(exchange.method, path) is not None:
                return name
        return next((name for name, contract in self._contracts.items() if contract.at(path) is not None), "")


def vendor(host: str, path: str) -> str:
    """The vendor whose API answers at a host; empty when it is nobody's, or one of its web pages."""
    if _BRAZE.fullmatch(host):
        return "braze"
    if host in _AMPLITUDE or (host in _AMPLITUDE_PAGES and path.startswith(_API)):
        return "amplitude"
    return ""
