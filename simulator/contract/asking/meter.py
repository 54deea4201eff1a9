"""The status meter: which documented statuses of which operations were really seen, and by what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.openapi import Contract, Operation


@dataclass(frozen=True, slots=True)
class Reading:
    """One operation: how often each status was seen, which documented ones never were."""

    service: str
    operation: str
    seen: Mapping[str, int]
    never: tuple[str, ...]
    success_seen: bool


@dataclass(slots=True)
class Meter:
    """Counts answers by service, operation and status."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def count(self, service: str, operation: str, status: int) -> None:
        """One answer was seen."""
        self.counts[service, operation, str(status)] += 1

    def readings(self, service: str, contract: Contract, only: frozenset[str] = frozenset()) -> list[Reading]:
        """Every operation of a contract (or only some) in its order."""
        return [
            self._reading(service, operation)
            for operation in contract.operations.values()
            if not only or operation.operation_id in only
        ]

    def _reading(self, service: str, operation: Operation) -> Reading:
        name = operation.operation_id
        seen = {
            status: count
            for (where, what, status), count in sorted(self.counts.items())
            if (where, what) == (service, name)
        }
        never = tuple(status for status in operation.statuses if status.isdigit() and status not in seen)
        # An operation that is left out succeeds by saying so.
        succeeding = ("2", "3") if operation.emulated else ("501",)
        return Reading(service, name, seen, never, any(status.startswith(succeeding) for status in seen))
