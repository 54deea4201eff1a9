"""Restart: a process with a world in a file is killed at random points and goes on; nothing may be lost or doubled.

`python -m benchmarks.restart [--story cohorts|feeds] [--points 200] [--seed S] [--jobs 2]`. Each story is told once
without a kill and then once per point. A worker kills itself with SIGKILL before the n-th SQL statement; another goes
on with the file, and in the end both files must say the same.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

from benchmarks import restart_cohorts, restart_feeds
from benchmarks.restart_cohorts import Told
from simulator.world import World

ROOT = Path(__file__).resolve().parents[1]
STORIES: dict[str, ModuleType] = {"cohorts": restart_cohorts, "feeds": restart_feeds}


def tell(story: str, state: Path, kill_at: int = 0) -> int:
    """Tell a story from where the file stands; the number of SQL statements. Dies before statement `kill_at`."""
    counted = 0

    def count(_statement: str) -> None:
        nonlocal counted
        counted += 1
        if counted == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with World(STORIES[story].settings(state)) as world:
        world.database.sql.conn.set_trace_callback(count)
        STORIES[story].play(world)
    return counted


def told(story: str, state: Path) -> Told:
    """What the file says in the end, by subject."""
    found: Told = STORIES[story].told(state)
    return found


def survive(story: str, template: Path, folder: Path, point: int, expected: Told) -> str:
    """Kill one worker at a point, let another go on, compare; a sentence when something is wrong."""
    state = folder / f"killed-{point}.sqlite"
    copy(template, state)
    options = ["--story", story, "--worker", str(state), "--kill-at", str(point)]
    first = subprocess.run(
        [sys.executable, "-m", "benchmarks.restart", *options], cwd=ROOT, check=False, capture_output=True
    )
    if first.returncode not in (0, -signal.SIGKILL):
        return f"point {point}: the worker fell over: {first.stderr.decode()[-400:]}"
    tell(story, state)
    found = told(story, state)
    for each in folder.glob(f"{state.name}*"):
        each.unlink()
    for subject, right in expected.items():
        if found[subject] != right:
            more, fewer = found[subject] - right, right - found[subject]
            return f"{story}, point {point}: {subject} differ: {list(more)[:2]} too often, {list(fewer)[:2]} missing"
    return ""


def copy(template: Path, state: Path) -> None:
    """A world file and what SQLite keeps beside it."""
    for each in template.parent.glob(f"{template.name}*"):
        shutil.copy(each, state.with_name(state.name + each.name.removeprefix(template.name)))


def kill_at_random_points(story: str, points: int, seed: int, jobs: int) -> list[str]:
    """Everything that went wrong, nothing when all is well."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        template, reference = folder / "template.sqlite", folder / "reference.sqlite"
        STORIES[story].prepare(template)
        copy(template, reference)
        statements = tell(story, reference)
        expected = told(story, reference)
        chosen = sorted(random.Random(seed).sample(range(1, statements + 1), points))
        with ThreadPoolExecutor(jobs) as pool:
            found = pool.map(lambda point: survive(story, template, folder, point, expected), chosen)
            return [each for each in found if each]


def main() -> int:
    """Kill and restart; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--story", choices=[*STORIES, "all"], default="all")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kill-at", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        tell(arguments.story, arguments.worker, arguments.kill_at)
        return 0
    began = time.perf_counter()
    stories = list(STORIES) if arguments.story == "all" else [arguments.story]
    wrong = [
        each
        for story in stories
        for each in kill_at_random_points(story, arguments.points, arguments.seed, arguments.jobs)
    ]
    told_of = f"{' and '.join(stories)}: {arguments.points} kills each, nothing lost, nothing doubled"
    print("\n".join(wrong) or told_of, flush=True)
    print(f"seed {arguments.seed}, {time.perf_counter() - began:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
