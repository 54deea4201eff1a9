"""Counting in a sliding window of simulated time, for rates and budgets."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from simulator.rules.instants import Instant

Key = TypeVar("Key", bound=Hashable)


class SlidingCount(Generic[Key]):
    """How often each key was counted within the last `window_ms` milliseconds.

    It lives in memory only: windows are a day long at most, and a reopened world starts with nothing counted.
    """

    def __init__(self, window_ms: int) -> None:
        self._window_ms = window_ms
        self._slices: deque[tuple[Instant, Counter[Key]]] = deque()
        self._totals: Counter[Key] = Counter()

    def add(self, counts: Mapping[Key, int], at: Instant) -> None:
        """Count so many of each key at an instant."""
        self._forget(at)
        if not self._slices or self._slices[-1][0] != at:
            self._slices.append((at, Counter()))
        self._slices[-1][1].update(counts)
        self._totals.update(counts)

    def count(self, key: Key, at: Instant) -> int:
        """How often a key was counted in the window that ends at this instant."""
        self._forget(at)
        return self._totals[key]

    def _forget(self, at: Instant) -> None:
        while self._slices and self._slices[0][0] <= at - self._window_ms:
            _, old = self._slices.popleft()
            for key, count in old.items():
                self._totals[key] -= count
                if not self._totals[key]:
                    del self._totals[key]
