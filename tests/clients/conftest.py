"""A served world for public clients, whose clock agrees with the machine's, as `absim serve` has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from amplitude import Amplitude, BaseEvent, Config
from amplitude.storage import InMemoryStorage, StorageProvider

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


class ByHand(InMemoryStorage):  # type: ignore[misc]
    """The SDK's own storage, which gives nothing to the timer: a flush sends all that waits, retries too, as one.

    The timer may fire between two events of a test, which would then be two requests.
    """

    @property
    def wait_time(self) -> int:
        return int(self.configuration.flush_interval_millis)

    def pull(self, batch_size: int) -> list[BaseEvent]:
        return []


class ByHandProvider(StorageProvider):  # type: ignore[misc]
    """The SDK's documented way to be given a storage."""

    def get_storage(self) -> ByHand:
        return ByHand()


@pytest.fixture
def flush() -> Callable[[Amplitude], None]:
    """Sends what waits, and returns when the SDK has dealt with the answers."""

    def flushed(client: Amplitude) -> None:
        for future in client.flush():
            if future is not None:
                future.result(timeout=60)

    return flushed


@pytest.fixture
def amplitude_sdk(stage: Stage) -> Iterator[Callable[..., tuple[Amplitude, Heard]]]:
    """Makes instances of the official SDK, unmodified, that send to the served world.

    `by_hand` leaves the sending to `flush`; otherwise the SDK's timer sends as well.
    """
    with ExitStack() as stack:

        def made(api_key: str = "", by_hand: bool = False, path: str = "/2/httpapi", **options: Any) -> Any:
            heard = Heard()
            if by_hand:
                options["storage_provider"] = ByHandProvider()
            config = Config(
                server_url=f"{stage.urls['amplitude']}{path}",
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
