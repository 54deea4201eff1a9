"""The one clock of a world and the agenda that moves it: waiting is jumping to what is due next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from simulator.rules.instants import Instant, format_instant

TURNS_AT_ONE_INSTANT = 100_000
"""More turns than this without time moving means that some work never gets done."""


class TimeWentBack(ValueError):
    """Somebody asked the clock to move to an instant before now (INV-6)."""


class AgendaStuck(RuntimeError):
    """Work stays due at one instant however often it runs: a programming error in that work."""


class SimClock:
    """The only holder of "now"; it moves when the agenda moves it and never by itself."""

    def __init__(self, start: Instant) -> None:
        self._now = start
        self.watcher: Callable[[Instant], None] | None = None
        """Told of every move, after it."""

    @property
    def now(self) -> Instant:
        """The simulated instant, in milliseconds since the Unix epoch."""
        return self._now

    def move_to(self, instant: Instant) -> None:
        """Jump forward. Raises TimeWentBack for an earlier instant."""
        if instant < self._now:
            raise TimeWentBack(
                f"the clock stands at {format_instant(self._now)} and cannot go back to {format_instant(instant)}"
            )
        self._now = instant
        if self.watcher is not None:
            self.watcher(instant)


class DueWork(Protocol):
    """Something that happens at instants. All of it is derived from stored instants, so a restart loses nothing."""

    name: str

    def next_due(self) -> Instant | None:
        """The earliest instant at which there is something to do; in the past means overdue; None means never."""
        ...

    def run_due(self, at: Instant) -> None:
        """Do what is due at or before `at`. Afterwards `next_due()` must have moved on, eventually past `at`."""
        ...

    def unfinished(self) -> bool:
        """Whether something has begun and not ended (a retry, an undelivered change, a job in progress)."""
        ...


class Agenda:
    """Everything due in a world, in order: by instant, and at one instant by the order of registration."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self._works: list[DueWork] = []
        self._lock = threading.RLock()

    def register(self, work: DueWork) -> None:
        """Add a kind of work; earlier registered work goes first at the same instant."""
        self._works.append(work)

    def next_due(self) -> Instant | None:
        """The earliest instant at which any work is due, or None."""
        dues = [due for work in self._works if (due := work.next_due()) is not None]
        return min(dues) if dues else None

    def unfinished(self) -> bool:
        """Whether any work has begun and not ended."""
        return any(work.unfinished() for work in self._works)

    def unfinished_works(self) -> list[str]:
        """Names of works that have begun and not ended."""
        return [work.name for work in self._works if work.unfinished()]

    def overdue(self) -> list[str]:
        """Names of works with something due at or before now that has not run (INV-6)."""
        now = self.clock.now
        return [work.name for work in self._works if (due := work.next_due()) is not None and due <= now]

    def advance_to(self, target: Instant) -> None:
        """Run all that is due up to and including `target`, in order, and leave the clock there."""
        with self._lock:
            if target < self.clock.now:
                self.clock.move_to(target)
            self._run_until(target)
            self.clock.move_to(target)

    def advance_to_next(self, at_most: Instant) -> Instant:
        """Jump to the next due instant and run it; the clock ends there, or at `at_most` if nothing is due."""
        with self._lock:
            due = self.next_due()
            target = at_most if due is None else Instant(min(max(due, self.clock.now), at_most))
            self.advance_to(target)
            return target

    def advance_until_idle(self, at_most: Instant) -> bool:
        """Jump from due instant to due instant until nothing is unfinished; False when `at_most` came first.

        Syncs that merely repeat are not unfinished, a run in progress or a change not yet delivered is.
        """
        with self._lock:
            self._run_until(self.clock.now)
            while self.unfinished():
                due = self.next_due()
                if due is None or due > at_most:
                    self.advance_to(at_most)
                    return not self.unfinished()
                self.advance_to(Instant(max(due, self.clock.now)))
            return True

    def _run_until(self, target: Instant) -> None:
        turns = 0
        while True:
            best: DueWork | None = None
            best_due = target
            for work in self._works:
                due = work.next_due()
                if due is not None and (due < best_due or (best is None and due <= target)):
                    best, best_due = work, due
            if best is None:
                return
            if best_due > self.clock.now:
                self.clock.move_to(best_due)
                turns = 0
            turns += 1
            if turns > TURNS_AT_ONE_INSTANT:
                raise AgendaStuck(f"{best.name} stays due at {format_instant(self.clock.now)}")
            best.run_due(self.clock.now)
