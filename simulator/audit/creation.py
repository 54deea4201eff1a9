"""Counts Braze's profiles before and after every cohort call (INV-2)."""

from __future__ import annotations

from collections.abc import Callable

from simulator.fakes.binding import Call, Reply
from simulator.openapi import Operation

COHORT_OPERATIONS = frozenset({"nameCohort", "changeCohortUsers"})


class CohortCalls:
    """A gate that changes nothing: it asks how many profiles there have ever been, on the way in and on the way out."""

    def __init__(self, profiles_ever: Callable[[], int]) -> None:
        self._profiles_ever = profiles_ever
        self._before: dict[int, int] = {}
        self.counted = 0
        self.grown: list[tuple[int, int, int]] = []
        """Number of the call, profiles before, profiles after."""

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """Count on the way in."""
        if operation.operation_id in COHORT_OPERATIONS:
            self._before[id(call)] = self._profiles_ever()
        return None

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """Count on the way out."""
        before = self._before.pop(id(call), None)
        if before is not None:
            self.counted += 1
            after = self._profiles_ever()
            if after != before:
                self.grown.append((self.counted, before, after))
        return reply
