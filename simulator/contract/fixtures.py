"""Contract tests for your own client: pytest fixtures that serve both fakes and tell every way in which it breaks them.

In a conftest.py: `from simulator.contract.fixtures import *`. A test that asks for `absim_services` finds the addresses
and keys of two fresh fakes; after it, each kind of violation by the client under test is a warning of that test, or,
where the fixture `absim_strict` says so (ABSIM_STRICT=1, or overridden in the conftest), a failure.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from simulator.journal import Entry
from simulator.serving.server import Server
from simulator.serving.stage import Keys, Stage, world_settings
from simulator.world import World, WorldSettings

__all__ = ["absim_seed", "absim_server", "absim_services", "absim_strict"]


class ContractViolation(UserWarning):
    """The client under test sent something that the contract does not allow."""


@dataclass(slots=True)
class Services:
    """Both fakes, served on loopback. `environment` is what `absim exec` gives its command."""

    stage: Stage
    entries: list[Entry] = field(default_factory=list)

    @property
    def braze_url(self) -> str:
        """Where Braze answers."""
        return self.stage.urls["braze"]

    @property
    def amplitude_url(self) -> str:
        """Where Amplitude answers."""
        return self.stage.urls["amplitude"]

    @property
    def control_url(self) -> str:
        """Where the control plane answers."""
        return self.stage.urls["control"]

    @property
    def keys(self) -> Keys:
        """The keys that hold here."""
        return self.stage.keys

    @property
    def environment(self) -> Mapping[str, str]:
        """Addresses and keys as environment variables."""
        return self.stage.environment()

    @property
    def world(self) -> World:
        """What is behind the doors: people can be put in and read."""
        return self.stage.world

    def violations(self) -> list[str]:
        """Each kind of violation once, with its operation and how often; the most frequent first."""
        counted = Counter(
            f"{entry.service} {entry.operation or entry.method + ' ' + entry.url}: {violation}"
            for entry in self.entries
            for violation in entry.violations
        )
        return [f"{text} ({count}x)" for text, count in counted.most_common()]


@pytest.fixture(scope="session")
def absim_seed() -> int:
    """The seed of the fakes; override it to have others."""
    return int(os.environ.get("ABSIM_SEED", "1"))


@pytest.fixture(scope="session")
def absim_strict() -> bool:
    """Whether a violation fails the test in which it happened."""
    return os.environ.get("ABSIM_STRICT", "") not in ("", "0", "false")


@pytest.fixture(scope="session")
def absim_server(absim_seed: int) -> Iterator[tuple[Server, list[Entry]]]:
    """One process of fakes for the whole run, and all that was said to them."""
    heard: list[Entry] = []
    with Server(world_settings(WorldSettings(seed=absim_seed), Keys(), limits=False), hear=heard.append) as server:
        yield server, heard


@pytest.fixture
def absim_services(absim_server: tuple[Server, list[Entry]], absim_strict: bool) -> Iterator[Services]:
    """Both fakes as new; violations are told when the test is over."""
    server, heard = absim_server
    server.main.reset()
    heard.clear()
    services = Services(server.main, heard)
    yield services
    found = services.violations()
    if found and absim_strict:
        pytest.fail("the contract was broken:\n  " + "\n  ".join(found), pytrace=False)
    for each in found:
        warnings.warn(ContractViolation(each), stacklevel=1)
