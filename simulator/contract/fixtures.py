"""Contract tests for your own client: pytest fixtures that serve both fakes and tell every way in which it breaks them.

In a conftest.py: `from simulator.contract.fixtures import *`. A test that asks for `absim_services` finds the addresses
and keys of two fresh fakes; after it, each kind of violation by the client under test is a warning of that test, or,
with `pytest --absim-strict` (or ABSIM_STRICT=1, or the fixture `absim_strict` overridden in the conftest), a failure.

Every call is recorded with its test in absim-reports/pytest/ below pytest's root folder, anew by each run, for `absim
contract traffic`. `--absim-record FOLDER` (ABSIM_RECORD, the fixture `absim_recording`) is another folder, `0` none.
The options are there where the conftest lies in the folder that pytest starts from, as pytest has it for any option.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from simulator.contract.recording import Recording
from simulator.journal import Entry
from simulator.serving.server import Server
from simulator.serving.stage import Keys, Stage, world_settings
from simulator.world import World, WorldSettings

__all__ = ["absim_recording", "absim_seed", "absim_server", "absim_services", "absim_strict", "pytest_addoption"]

OFF = ("0", "false", "no", "off")
RECORDED_IN = Path("absim-reports") / "pytest"


class ContractViolation(UserWarning):
    """The client under test sent something that the contract does not allow."""


class NotRecorded(UserWarning):
    """Calls cannot be written to the folder of recordings; the tests themselves are none the worse."""


class _Hearing:
    """Keeps what the fakes hear for the test that is running, and records it where that is wanted."""

    def __init__(self, recording: Recording | None) -> None:
        self.entries: list[Entry] = []
        self._recording = recording
        self._trouble = ""

    def hear(self, entry: Entry) -> None:
        """Called by the threads of the fakes: whatever goes wrong with a disk must not become a broken answer."""
        self.entries.append(entry)
        if self._recording is not None:
            try:
                self._recording.write(entry)
            except OSError as error:
                self._trouble, self._recording = str(error), None

    def begin(self, test: str) -> None:
        """A test begins, with nothing heard."""
        self.entries.clear()
        if self._recording is not None:
            self._recording.begin(test)

    def end(self) -> str:
        """A test ends; says once why calls are no longer recorded, if they are not."""
        if self._recording is not None:
            self._recording.end()
        said, self._trouble = self._trouble, ""
        return said


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


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of these fixtures; a second conftest that has them too adds nothing."""
    group = parser.getgroup("absim", "absim: contract tests of a client")
    with contextlib.suppress(ValueError):
        group.addoption(
            "--absim-strict", action="store_true", help="A request that the contract forbids fails its test."
        )
        group.addoption("--absim-record", metavar="FOLDER", help="Where calls are recorded; 0 is nowhere.")


@pytest.fixture(scope="session")
def absim_strict(pytestconfig: pytest.Config) -> bool:
    """Whether a violation fails the test in which it happened."""
    asked = os.environ.get("ABSIM_STRICT", "").lower()
    return bool(pytestconfig.getoption("absim_strict", default=False)) or asked not in ("", *OFF)


@pytest.fixture(scope="session")
def absim_recording(pytestconfig: pytest.Config) -> Path | None:
    """The folder in which every call is recorded with its test; None for nowhere."""
    asked = pytestconfig.getoption("absim_record", default=None) or os.environ.get("ABSIM_RECORD", "")
    if asked.lower() in OFF:
        return None
    return Path(asked) if asked else pytestconfig.rootpath / RECORDED_IN


@pytest.fixture(scope="session")
def absim_server(
    absim_seed: int, absim_recording: Path | None, pytestconfig: pytest.Config
) -> Iterator[tuple[Server, _Hearing]]:
    """One process of fakes for the whole run, and all that was said to them."""
    hearing = _Hearing(_recording(absim_recording, pytestconfig))
    with Server(world_settings(WorldSettings(seed=absim_seed), Keys(), limits=False), hear=hearing.hear) as server:
        yield server, hearing


def _recording(folder: Path | None, config: pytest.Config) -> Recording | None:
    """One of this process; the workers of a parallel run know their run by the id that they share."""
    if folder is None:
        return None
    told = getattr(config, "workerinput", {})
    try:
        return Recording(folder, str(told.get("testrunuid", f"run-{os.getpid()}")), str(told.get("workerid", "main")))
    except OSError as error:
        _tell_not_recorded(str(error))
        return None


def _tell_not_recorded(why: str) -> None:
    """A warning that stays one where warnings are errors: nobody asked for a recording, so none may fail a test."""
    told = f"calls are not recorded: {why}; --absim-record FOLDER is another place, --absim-record 0 none"
    with warnings.catch_warnings():
        warnings.simplefilter("always", NotRecorded)
        warnings.warn(NotRecorded(told), stacklevel=1)


@pytest.fixture
def absim_services(
    request: pytest.FixtureRequest, absim_server: tuple[Server, _Hearing], absim_strict: bool
) -> Iterator[Services]:
    """Both fakes as new; violations are told when the test is over."""
    server, hearing = absim_server
    server.main.reset()
    hearing.begin(request.node.nodeid)
    services = Services(server.main, hearing.entries)
    yield services
    trouble = hearing.end()
    found = services.violations()
    if found and absim_strict:
        pytest.fail("the contract was broken:\n  " + "\n  ".join(found), pytrace=False)
    for each in found:
        warnings.warn(ContractViolation(each), stacklevel=1)
    if trouble:
        _tell_not_recorded(trouble)
