"""All worlds of one process, made, started and stopped together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from simulator.journal import Entry
from simulator.serving.addresses import LOOPBACK
from simulator.serving.pacer import FROZEN
from simulator.serving.plane.app import control_app
from simulator.serving.plane.worlds import MAIN
from simulator.serving.stage import People, Ports, Stage, Taken
from simulator.serving.transports import Wsgi
from simulator.world import WorldSettings


class Server:
    """The main world and those that were made beside it. Use as a context manager: entered, it answers."""

    def __init__(
        self,
        settings: WorldSettings | None = None,
        *,
        pace: str = FROZEN,
        ports: Ports | None = None,
        host: str = LOOPBACK,
        people: People | None = None,
        hear: Callable[[Entry], None] | None = None,
        at_machine_time: bool = False,
    ) -> None:
        """Binds all ports and builds the world. Raises PortUnavailable, StoreUnusable, UnknownPace."""
        self.stages: dict[str, Stage] = {}
        self._host = host
        self._people = people
        self._hear = hear
        self._making = threading.Lock()
        self.main = Stage(
            MAIN, settings or WorldSettings(), self._plane, pace=pace, ports=ports, host=host, people=people, hear=hear,
            at_machine_time=at_machine_time,
        )  # fmt: skip
        self.stages[MAIN] = self.main

    def _plane(self, stage: Stage) -> Wsgi:
        return control_app(stage, self)

    def __enter__(self) -> Server:
        self.main.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def create(self, name: str, settings: WorldSettings, at_machine_time: bool = False) -> Stage:
        """Make another world on free ports, at the pace of the main one, and start it. Raises Taken."""
        with self._making:
            if name in self.stages:
                raise Taken(f"there is already a world {name!r}")
            stage = Stage(
                name, settings, self._plane, pace=self.main.pacer.pace, host=self._host, people=self._people,
                hear=self._hear,
                at_machine_time=at_machine_time,
            )  # fmt: skip
            stage.start()
            self.stages[name] = stage
            return stage

    def drop(self, name: str) -> None:
        """Stop a world and forget it."""
        with self._making:
            self.stages.pop(name).stop()

    def stop(self) -> None:
        """Stop all worlds, the main one last."""
        with self._making:
            for name in reversed(list(self.stages)):
                self.stages.pop(name).stop()
