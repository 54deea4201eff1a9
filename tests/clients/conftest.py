"""A served world for public clients, whose clock agrees with the machine's, as `absim serve` has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from amplitude import Amplitude, BaseEvent, Config

from simulator.fakes.faults import Fault
from simulator.serving.server import Server
from simulator.serving.stage import Stage
from simulator.world import WorldSettings


@pytest.fixture
def stage() -> Iterator[Stage]:
    """One served world at the machine's pace."""
    with Server(WorldSettings(seed=7), pace="1x", at_machine_time=True) as server:
        yield server.main


@pytest.fixture
def let_fail(stage: Stage) -> Callable[..., None]:
    """Puts a fault in force."""

    def failing(**fault: Any) -> None:
        stage.world.faults.add(Fault(**fault))

    return failing


@dataclass
class Heard:
    """What the SDK told about each event, and a way to wait until it has told about so many."""

    told: list[tuple[str, int, str]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def hear(self, event: BaseEvent, code: int, message: str | None) -> None:
        with self._changed:
            self.told.append((event.user_id or event.device_id, code, message or ""))
            self._changed.notify_all()

    def all(self, count: int) -> dict[str, int]:
        """The code for each person once `count` events have been settled."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.told) >= count, timeout=60), f"only {len(self.told)} settled"
            return {person: code for person, code, _ in self.told}


@pytest.fixture
def amplitude_sdk(stage: Stage) -> Iterator[Callable[..., tuple[Amplitude, Heard]]]:
    """Makes instances of the official SDK, unmodified, that send to the served world."""
    with ExitStack() as stack:

        def made(api_key: str = "", **options: Any) -> tuple[Amplitude, Heard]:
            heard = Heard()
            config = Config(
                server_url=f"{stage.urls['amplitude']}/2/httpapi",
                flush_interval_millis=20,
                callback=heard.hear,
                **options,
            )
            client = Amplitude(api_key or stage.keys.amplitude_api_key, config)
            stack.callback(client.shutdown)
            return client, heard

        yield made


@pytest.fixture
def statuses(stage: Stage) -> Callable[..., list[int]]:
    """The statuses of all exchanges at a service, in order."""

    def of(service: str) -> list[int]:
        return [entry.status for entry in stage.world.journal.entries(service=service, complete=True)]

    return of
