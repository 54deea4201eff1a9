"""Runs many scenarios, one after the other or in several processes; the results are the same and in the same order."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from simulator import openapi
from simulator.scenario.events import Result
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.parse import load
from simulator.scenario.runner import RunOptions, result_of

WORTH_A_PROCESS = 4
"""Scenarios that a further process should have to do; starting one costs about as much."""


@dataclass(frozen=True, slots=True)
class Work:
    """One scenario to run: where it is, under which name it is shown, and which case of its matrix."""

    path: Path
    name: str
    case: int
    scenario: Scenario


def works_of(files: Sequence[tuple[Path, str]]) -> list[Work]:
    """Every case of every file. Raises ScenarioInvalid."""
    return [Work(path, name, case, scenario) for path, name in files for case, scenario in enumerate(load(path, name))]


def run_many(works: Sequence[Work], options: RunOptions, jobs: int = 0) -> Iterator[tuple[int, Result]]:
    """The results as they become ready, each with the index of its work. `jobs` 0 chooses by itself."""
    count = jobs or min(os.cpu_count() or 1, max(1, len(works) // WORTH_A_PROCESS))
    if count == 1:
        for index, work in enumerate(works):
            yield index, result_of(work.scenario, options)
        return
    # What every world needs is read before the processes part, so that none of them reads it again.
    for contract in ("braze", "amplitude"):
        openapi.load(contract)
    _SHARED[:] = works
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    places = [(work.path, work.name, work.case) for work in works]
    pool = ProcessPoolExecutor(
        count, multiprocessing.get_context(method), initializer=_begin, initargs=(places, os.getpid())
    )
    try:
        with _deaf():
            # The first of them starts all processes.
            futures = _submitted(pool, works, options)
        for future in as_completed(futures):
            yield futures[future], future.result()
        pool.shutdown()
    except BaseException:
        _abandon(pool)
        raise


def _submitted(pool: ProcessPoolExecutor, works: Sequence[Work], options: RunOptions) -> dict[Future[Result], int]:
    # The largest populations go first, so that none is still under way when everything else is done.
    order = sorted(range(len(works)), key=lambda index: -_weight(works[index]))
    return {pool.submit(_run_one, index, options): index for index in order}


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C waits while processes are made: one that is half made would be known to nobody and never stopped."""
    if sys.platform == "win32":
        # It starts processes that know nothing of this one, and has no way to make a signal wait.
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _weight(work: Work) -> int:
    recipe = work.scenario.population
    return 0 if recipe is None else recipe.size


def _abandon(pool: ProcessPoolExecutor) -> None:
    """Stop at once: what is under way in our own processes is of no use any more."""
    for process in multiprocessing.active_children():
        process.terminate()
    pool.shutdown(wait=False, cancel_futures=True)


_SHARED: list[Work] = []
"""What a forked process finds ready; a spawned one loads it."""
_PLACES: list[tuple[Path, str, int]] = []


def _begin(places: list[tuple[Path, str, int]], parent: int) -> None:
    # The parent alone answers Ctrl-C, so that a partial table is printed once.
    if os.getpid() != parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _PLACES[:] = places


def _run_one(index: int, options: RunOptions) -> Result:
    if index < len(_SHARED):
        return result_of(_SHARED[index].scenario, options)
    path, name, case = _PLACES[index]
    return result_of(load(path, name)[case], options)
