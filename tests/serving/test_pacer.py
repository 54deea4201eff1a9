"""The pacer moves the simulated clock along with real time, loses nothing, and stops when something breaks."""

import threading

import pytest

from simulator.serving.pacer import Pacer, UnknownPace, machine_now, parse_pace


class Machine:
    """A machine's clock under control, and the record of how far it moved the world."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.steps: list[int] = []

    def read(self) -> float:
        return self.seconds

    def move_on(self, duration_ms: int) -> None:
        self.steps.append(duration_ms)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def pacer_of(machine: Machine, pace: str) -> Pacer:
    return Pacer(machine, pace, read_seconds=machine.read)


@pytest.mark.parametrize(("text", "factor"), [("frozen", 0), ("1x", 1), ("60x", 60), ("3600x", 3600)])
def test_a_pace_is_simulated_seconds_a_real_second(text: str, factor: int) -> None:
    assert parse_pace(text) == factor


@pytest.mark.parametrize("text", ["", "x", "0x", "-1x", "1.5x", "fast", "60", "1 x", "10000000x"])
def test_what_is_no_pace_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UnknownPace, match="write frozen, 1x, 60x"):
        parse_pace(text)


def test_at_1x_a_second_is_a_second(machine: Machine) -> None:
    pacer = pacer_of(machine, "1x")
    machine.seconds += 1.5

    pacer.tick()

    assert machine.steps == [1_500]


def test_at_60x_a_second_is_a_minute(machine: Machine) -> None:
    pacer = pacer_of(machine, "60x")
    machine.seconds += 1

    pacer.tick()

    assert machine.steps == [60_000]


def test_parts_of_a_millisecond_are_not_lost(machine: Machine) -> None:
    pacer = pacer_of(machine, "1x")
    for _ in range(8):
        machine.seconds += 1 / 2_048
        pacer.tick()

    assert machine.steps == [1, 1, 1]


def test_a_frozen_clock_stands(machine: Machine) -> None:
    pacer = pacer_of(machine, "frozen")
    machine.seconds += 3_600

    pacer.tick()

    assert (pacer.pace, machine.steps) == ("frozen", [])


def test_a_new_pace_holds_from_its_moment(machine: Machine) -> None:
    pacer = pacer_of(machine, "1x")
    machine.seconds += 2
    pacer.set_pace("60x")
    machine.seconds += 1
    pacer.tick()
    pacer.set_pace("frozen")
    machine.seconds += 50
    pacer.tick()

    assert machine.steps == [2_000, 60_000]


def test_an_unknown_pace_changes_nothing(machine: Machine) -> None:
    pacer = pacer_of(machine, "60x")

    with pytest.raises(UnknownPace):
        pacer.set_pace("soon")

    assert pacer.pace == "60x"


def test_time_can_be_taken_unless_something_falls_due_in_it(machine: Machine) -> None:
    pacer = pacer_of(machine, "1x")
    machine.seconds += 0.5

    taken = [pacer.take(less_than_ms=500), pacer.take(less_than_ms=501), pacer.take()]

    assert taken == [0, 500, 0]


def test_its_thread_moves_the_clock_and_ends(machine: Machine) -> None:
    moved = threading.Event()

    class Real:
        def move_on(self, duration_ms: int) -> None:
            moved.set()

    pacer = Pacer(Real(), "1000x")
    pacer.start()

    assert moved.wait(10)
    pacer.stop()
    assert "absim-pacer" not in {thread.name for thread in threading.enumerate()}


def test_when_due_work_fails_the_clock_stands_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    failed = threading.Event()

    class Broken:
        def move_on(self, duration_ms: int) -> None:
            failed.set()
            raise RuntimeError("the engine lost its mind")

    pacer = Pacer(Broken(), "1000x")
    pacer.start()
    assert failed.wait(10)
    pacer.stop()

    assert (pacer.pace, pacer.failure) == ("frozen", "RuntimeError: the engine lost its mind")
    assert "the clock stands still" in caplog.text


def test_a_world_may_begin_at_the_machines_now() -> None:
    assert machine_now() > 1_772_445_600_000
