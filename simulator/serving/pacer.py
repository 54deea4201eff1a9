"""The pacer of a served world: the one place where real time moves the simulated clock."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Protocol

from simulator.rules.instants import Instant

FROZEN = "frozen"
TICK_SECONDS = 0.05
"""Real time between two looks at the machine's clock: how late a client may see that time has passed."""

_PACE = re.compile(r"^(?:frozen|([1-9]\d{0,5})x)$")
_LOG = logging.getLogger("absim.serving")


class UnknownPace(ValueError):
    """A text that is no pace; the message says what one looks like."""


def parse_pace(text: str) -> int:
    """Simulated seconds a real second: 1 for `1x`, 60 for `60x`, 0 for `frozen`. Raises UnknownPace."""
    found = _PACE.match(text)
    if found is None:
        raise UnknownPace(f"{text!r} is not a pace; write frozen, 1x, 60x or another whole number with an x")
    return int(found[1] or 0)


def machine_now() -> Instant:
    """What the machine's clock shows: where a served world may begin, so that real clients and it agree on the day."""
    return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 - asked once, before the world exists


class Mover(Protocol):
    """What the pacer moves: a clock with everything that falls due on it."""

    def move_on(self, duration_ms: int) -> None:
        """Advance by a duration, running what falls due."""
        ...


class Pacer:
    """Moves a clock along with real time, at a pace that can be changed while it runs.

    Work that takes real time makes the next step longer, so the clock never lags for good. If work fails the clock
    stands still from then on, and `failure` says why: a world that has lost its balance must not walk on.
    """

    def __init__(self, mover: Mover, pace: str = FROZEN, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        """Raises UnknownPace."""
        self._mover = mover
        self._read = read_seconds
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._factor = parse_pace(pace)
        self._last = self._read()
        self._rest_ms = 0.0
        self.failure = ""

    @property
    def pace(self) -> str:
        """The pace as it is written: `frozen`, `1x`, `60x`."""
        return f"{self._factor}x" if self._factor else FROZEN

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._factor == 0

    def set_pace(self, pace: str) -> None:
        """Go on at another pace from now; the time until now counts at the old one. Raises UnknownPace."""
        factor = parse_pace(pace)
        self.tick()
        with self._lock:
            self._factor = factor
            self._last = self._read()
            self._rest_ms = 0.0
            self.failure = ""

    def start(self) -> None:
        """Begin to look at the machine's clock."""
        self._last = self._read()
        self._thread = threading.Thread(target=self._run, name="absim-pacer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Move the clock no more."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def tick(self) -> None:
        """Move the clock by the real time since the last tick, times the pace, and run what falls due."""
        step_ms = self.take()
        if not step_ms:
            return
        try:
            self._mover.move_on(step_ms)
        except Exception as error:
            self._factor = 0
            self.failure = f"{type(error).__name__}: {error}"
            _LOG.exception("the clock stands still: something that fell due has failed")

    def take(self, less_than_ms: int | None = None) -> int:
        """The simulated milliseconds gone by since somebody last asked: 0 if they are not `less_than_ms`.

        Who takes them must move the clock by them; what was not given waits for the next asking.
        """
        with self._lock:
            now = self._read()
            self._rest_ms += (now - self._last) * 1_000 * self._factor
            self._last = now
            step_ms = int(self._rest_ms)
            if less_than_ms is not None and step_ms >= less_than_ms:
                return 0
            self._rest_ms -= step_ms
            return step_ms

    def _run(self) -> None:
        while not self._stopping.wait(TICK_SECONDS):
            self.tick()
