"""A forecast: one cohort with churn under each cadence, and what that costs in calls, data points and delay.

The world is somebody else's (`Trial`); this module makes the churn, watches the engine's rows, and adds up. All
figures are on the simulated clock and follow from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from simulator.ids import derive_random
from simulator.rules.cadence import Cadence
from simulator.rules.instants import HOUR_MS, MINUTE_MS, WEEK_MS, Instant
from simulator.rules.planning import Direction
from simulator.sync.engine import Engine
from simulator.sync.store.records import DeliveryState, Sync


@dataclass(frozen=True, slots=True)
class Churn:
    """How a cohort moves: each step, a share of an hour's movers leaves and as many others enter."""

    size: int = 1_000
    reserve: int = 1_000
    """People outside the cohort at the start, who may enter."""
    share_per_hour: float = 0.01
    step_ms: int = 10 * MINUTE_MS


class Trial(Protocol):
    """A fresh world with people inside and outside one cohort, and a connection to Braze."""

    engine: Engine

    @property
    def now(self) -> Instant:
        """The simulated instant."""
        ...

    def start(self, cadence: Cadence) -> Sync:
        """Save the sync; its first run is done when this returns."""
        ...

    def inside(self) -> list[int]:
        """amplitude_ids of the members, ascending."""
        ...

    def outside(self) -> list[int]:
        """amplitude_ids of everybody else, ascending."""
        ...

    def move(self, entering: Sequence[int], leaving: Sequence[int]) -> None:
        """Change who is in the cohort, now."""
        ...

    def advance_to(self, instant: Instant) -> None:
        """Let everything happen that is due until then."""
        ...

    def busy_answers(self) -> int:
        """How many calls Braze has answered with 429."""
        ...

    def data_points(self) -> int:
        """How many data points Braze has logged."""
        ...

    def close(self) -> None:
        """The world is not needed any more."""
        ...


class Move(NamedTuple):
    """Somebody entered or left, at an instant."""

    person: int
    direction: Direction
    at: Instant


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one cadence costs over the span. Delays are from the move to the answer of the request that carried it."""

    cadence: Cadence
    runs: int
    empty_runs: int
    calls: int
    busy_answers: int
    data_points: int
    moves: int
    moves_sent: int
    median_delay_ms: int | None
    longest_delay_ms: int | None
    moves_waiting: int
    """Moves that no request has carried when the span ends."""


@dataclass(slots=True)
class _Watch:
    """Moves whose delivery is still awaited, the newest of each person; what is undone before it is sent is gone."""

    open: dict[int, Move] = field(default_factory=dict)
    moves: int = 0

    def saw(self, move: Move) -> None:
        self.moves += 1
        earlier = self.open.pop(move.person, None)
        if earlier is None or earlier.direction is move.direction:
            self.open[move.person] = move


def forecast(
    make: Callable[[], Trial], churn: Churn, seed: int, *, cadences: Sequence[Cadence] = tuple(Cadence),
    span_ms: int = WEEK_MS,
) -> list[Outlook]:  # fmt: skip
    """Play the same churn under each cadence, each in a world of its own."""
    return [_play(make(), churn, seed, cadence, span_ms) for cadence in cadences]


def _play(trial: Trial, churn: Churn, seed: int, cadence: Cadence, span_ms: int) -> Outlook:
    try:
        random = derive_random(seed, "forecast")
        sync = trial.start(cadence)
        begin, watch, delays = trial.now, _Watch(), list[int]()
        owed = 0.0
        seen_run = trial.engine.sync(sync.id).runs
        for step in range(1, span_ms // churn.step_ms + 1):
            trial.advance_to(Instant(begin + step * churn.step_ms))
            seen_run = _collect(trial, sync, seen_run, watch, delays)
            owed += churn.size * churn.share_per_hour * churn.step_ms / HOUR_MS
            count, owed = int(owed), owed - int(owed)
            inside, outside = trial.inside(), trial.outside()
            leaving = sorted(random.sample(inside, min(count, len(inside))))
            entering = sorted(random.sample(outside, min(count, len(outside))))
            trial.move(entering, leaving)
            for person in entering:
                watch.saw(Move(person, Direction.ADD, trial.now))
            for person in leaving:
                watch.saw(Move(person, Direction.REMOVE, trial.now))
        trial.advance_to(Instant(begin + span_ms))
        _collect(trial, sync, seen_run, watch, delays)
        return _sum_up(trial, sync, watch, delays)
    finally:
        trial.close()


def _collect(trial: Trial, sync: Sync, after: int, watch: _Watch, delays: list[int]) -> int:
    """Take the runs that ended since the last look; the number of the last of them."""
    store = trial.engine.store
    last = after
    for run in store.runs_after(sync.number, after):
        if run.finished_at is None:
            break
        last = run.number
        if not run.requests:
            continue
        for delivery in store.deliveries(run.sync, run.number):
            if delivery.state is not DeliveryState.DELIVERED or delivery.settled_at is None:
                continue
            for change in store.batch_of(delivery.id).changes():
                move = watch.open.get(change.amplitude_id)
                if move is not None and move.direction is change.direction and move.at <= run.started_at:
                    delays.append(delivery.settled_at - move.at)
                    del watch.open[change.amplitude_id]
    return last


def _sum_up(trial: Trial, sync: Sync, watch: _Watch, delays: list[int]) -> Outlook:
    runs = trial.engine.store.runs(sync.number)
    ordered = sorted(delays)
    return Outlook(
        cadence=sync.cadence,
        runs=len(runs),
        empty_runs=sum(run.requests == 0 for run in runs),
        calls=sum(run.requests for run in runs),
        busy_answers=trial.busy_answers(),
        data_points=trial.data_points(),
        moves=watch.moves,
        moves_sent=len(delays),
        median_delay_ms=ordered[len(ordered) // 2] if ordered else None,
        longest_delay_ms=ordered[-1] if ordered else None,
        moves_waiting=len(watch.open),
    )
