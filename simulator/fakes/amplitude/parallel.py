"""Limits on calls at the same time: a call that takes simulated time is under way until that has passed.

By itself a call takes none, so none overlap. A fault with a latency makes a call take time, and whoever calls before it
is over, in the same project and from the same pool, is one more at the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.exchange import LATENCY_HEADER
from simulator.fakes.amplitude.projects import AmplitudeSettings
from simulator.fakes.amplitude.wire import dashboard_error
from simulator.fakes.binding import Call, Reply
from simulator.openapi import Operation
from simulator.rules.instants import Instant

DASHBOARD = "Amplitude, Dashboard REST API"


@dataclass(frozen=True, slots=True)
class Pool:
    """So many calls at the same time, shared by these operations."""

    limit: int
    operations: tuple[str, ...]
    source: str

    @property
    def words(self) -> str:
        """As it is listed and as the 429 says it."""
        return f"{self.limit} concurrent requests"


POOLS: tuple[Pool, ...] = (
    Pool(10, ("searchUsers", "getUserActivity"), DASHBOARD),
    # "shared across downloads and Dashboard REST"
    Pool(5, ("listEvents", "listUserMappings", "requestCohortExport", "downloadCohortExport"), DASHBOARD),
    Pool(8, ("createUserDeletionJob",), "Amplitude, User Privacy API"),
    Pool(4, ("getDeliveryMetricsSummary",), "Amplitude, Event Streaming Metrics Summary API"),
)
POOL_OF: dict[str, Pool] = {operation: pool for pool in POOLS for operation in pool.operations}


class ParallelGate:
    """Around all other gates: what is refused here meets no fault. Calls without good keys are left to their refusal.

    A refused call is not under way, so that a client that waits gets through. It is kept in memory only: a reopened
    world starts with no call under way.
    """

    def __init__(self, settings: AmplitudeSettings, project_of: Callable[[Call], str | None]) -> None:
        """`project_of` says whose call it is; None when its keys are no project's."""
        self._settings = settings
        self._project_of = project_of
        self._until: dict[tuple[str, Pool], list[Instant]] = {}

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """Refuse the call when as many as may be are under way."""
        pool = POOL_OF.get(operation.operation_id)
        project = self._project_of(call) if pool is not None and self._settings.limits else None
        if pool is None or project is None:
            return None
        under_way = [until for until in self._until.get((project, pool), ()) if until > call.at]
        self._until[project, pool] = under_way
        return dashboard_error(429, pool.words) if len(under_way) >= pool.limit else None

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """Remember until when a call takes that takes time."""
        pool = POOL_OF.get(operation.operation_id)
        took_ms = int(reply.headers.get(LATENCY_HEADER, "0"))
        if pool is not None and took_ms and (project := self._project_of(call)) is not None:
            self._until.setdefault((project, pool), []).append(Instant(call.at + took_ms))
        return reply
