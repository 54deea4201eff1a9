"""The clock and its agenda: jumping to what is due, in order, exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from simulator.clock import Agenda, AgendaStuck, SimClock, TimeWentBack
from simulator.rules.instants import HOUR_MS, MINUTE_MS, Instant


@dataclass
class Periodic:
    """Work that comes every so often and writes down when it ran."""

    name: str
    every_ms: int
    log: list[tuple[str, int]]
    last: int = 0
    open_until: int = 0

    def next_due(self) -> Instant | None:
        return Instant(self.last + self.every_ms)

    def run_due(self, at: Instant) -> None:
        self.last = at
        self.log.append((self.name, at))

    def unfinished(self) -> bool:
        return self.last < self.open_until


@dataclass
class Stuck:
    """Work that is due for ever."""

    name: str = "stuck"
    log: list[int] = field(default_factory=list)

    def next_due(self) -> Instant | None:
        return Instant(0)

    def run_due(self, at: Instant) -> None:
        self.log.append(at)

    def unfinished(self) -> bool:
        return True


def agenda_of(*works: Periodic | Stuck) -> Agenda:
    agenda = Agenda(SimClock(Instant(0)))
    for work in works:
        agenda.register(work)
    return agenda


def test_advancing_runs_everything_due_in_order_of_time_and_then_of_registration() -> None:
    log: list[tuple[str, int]] = []
    agenda = agenda_of(Periodic("a", 20, log), Periodic("b", 30, log), Periodic("c", 60, log))
    agenda.advance_to(Instant(60))
    assert [("a", 20), ("b", 30), ("a", 40), ("a", 60), ("b", 60), ("c", 60)] == log
    assert agenda.clock.now == 60
    assert [] == agenda.overdue()


def test_advancing_with_nothing_due_only_moves_the_clock() -> None:
    agenda = agenda_of()
    agenda.advance_to(Instant(HOUR_MS))
    assert agenda.clock.now == HOUR_MS
    assert agenda.next_due() is None


def test_time_never_goes_back() -> None:
    agenda = agenda_of()
    agenda.advance_to(Instant(HOUR_MS))
    with pytest.raises(TimeWentBack, match="cannot go back to 1970-01-01T00:59:00Z"):
        agenda.advance_to(Instant(HOUR_MS - MINUTE_MS))


def test_advancing_to_the_next_thing_stops_there() -> None:
    log: list[tuple[str, int]] = []
    agenda = agenda_of(Periodic("a", 50, log))
    assert agenda.advance_to_next(at_most=Instant(1_000)) == 50
    assert agenda.advance_to_next(at_most=Instant(60)) == 60
    assert [("a", 50)] == log


def test_idle_means_nothing_unfinished_however_often_things_repeat() -> None:
    log: list[tuple[str, int]] = []
    agenda = agenda_of(Periodic("a", 10, log, open_until=30))
    assert agenda.advance_until_idle(at_most=Instant(1_000))
    assert agenda.clock.now == 30


def test_waiting_for_idleness_gives_up_at_the_limit_and_says_so() -> None:
    agenda = agenda_of(Periodic("a", 10, [], open_until=10_000))
    assert not agenda.advance_until_idle(at_most=Instant(25))
    assert agenda.clock.now == 25


def test_work_that_never_gets_done_is_an_error_and_not_an_endless_loop() -> None:
    with pytest.raises(AgendaStuck, match="stuck stays due"):
        agenda_of(Stuck()).advance_to(Instant(1))
