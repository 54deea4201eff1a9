"""What each cadence costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser, Kind
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.sync.engine import Engine
from simulator.sync.forecast import Churn, Outlook, forecast
from simulator.sync.store.records import Sync

CHURN = Churn(size=60, reserve=60, share_per_hour=0.1)


class BenchTrial:
    """A bench with sixty people inside a cohort and sixty outside."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.engine: Engine = bench.engine
        everybody = [AmplitudeUser(n, user_id=f"user-{n}") for n in range(1, 121)]
        bench.source.cohort("c", *everybody[:60])
        bench.source.people = {user.amplitude_id: user for user in everybody}

    @property
    def now(self) -> Instant:
        return Instant(self.bench.clock.now)

    def start(self, cadence: Cadence) -> Sync:
        connection = self.bench.connect([Mapping("user_id", Kind.EXTERNAL_ID)])
        return self.engine.create_sync("c", connection.id, cadence)

    def inside(self) -> list[int]:
        return sorted(self.bench.source.members["c"])

    def outside(self) -> list[int]:
        return sorted(self.bench.source.people.keys() - self.bench.source.members["c"])

    def move(self, entering: Sequence[int], leaving: Sequence[int]) -> None:
        self.bench.source.members["c"] |= set(entering)
        self.bench.source.members["c"] -= set(leaving)

    def advance_to(self, instant: Instant) -> None:
        self.bench.agenda.advance_to(instant)

    def busy_answers(self) -> int:
        return 0

    def data_points(self) -> int:
        return len(self.bench.sent())

    def close(self) -> None:
        self.bench.source.members.clear()


@pytest.fixture
def outlooks(build: Callable[..., Any]) -> dict[Cadence, Outlook]:
    rows = forecast(lambda: BenchTrial(build()), CHURN, 7, span_ms=2 * DAY_MS)
    return {row.cadence: row for row in rows}


def test_a_quicker_cadence_runs_more_often_and_is_right_sooner(outlooks: dict[Cadence, Outlook]) -> None:
    assert [1, 49, 3, 2881] == [outlooks[cadence].runs for cadence in Cadence]
    hourly, daily, real_time = (outlooks[each] for each in (Cadence.HOURLY, Cadence.DAILY, Cadence.REAL_TIME))
    assert real_time.longest_delay_ms is not None
    assert hourly.longest_delay_ms is not None
    assert daily.longest_delay_ms is not None
    assert real_time.longest_delay_ms <= MINUTE_MS < hourly.longest_delay_ms <= HOUR_MS < daily.longest_delay_ms
    assert real_time.calls > hourly.calls > daily.calls


def test_the_same_churn_is_played_under_each_cadence_and_every_move_is_accounted_for(
    outlooks: dict[Cadence, Outlook],
) -> None:
    assert {576} == {row.moves for row in outlooks.values()}
    assert outlooks[Cadence.REAL_TIME].moves_sent + outlooks[Cadence.REAL_TIME].moves_waiting == 576
    assert outlooks[Cadence.DAILY].moves_sent < outlooks[Cadence.HOURLY].moves_sent < 576
    assert outlooks[Cadence.REAL_TIME].empty_runs > 2_500


def test_a_one_time_sync_never_hears_of_what_moves_later(outlooks: dict[Cadence, Outlook]) -> None:
    once = outlooks[Cadence.ONE_TIME]
    assert (2, 0, None) == (once.calls, once.moves_sent, once.median_delay_ms)
    assert once.moves_waiting > 0
