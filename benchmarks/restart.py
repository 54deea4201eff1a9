"""Restart: a process with a world in a file is killed at random points and goes on; nothing may be lost or doubled.

`python -m benchmarks.restart [--points 200] [--seed S] [--jobs 2]`. The same story is told once without a kill and then
once per point: 2,100 people are synced, and each hour some enter, leave, or leave and return. A worker kills itself
with SIGKILL before the n-th SQL statement; another goes on with the file. In the end Braze's members must be the
cohort, every change must have been delivered once, and must have had its effect in Braze once.
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
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import HOUR_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.world import World, WorldSettings

ROOT = Path(__file__).resolve().parents[1]
PEOPLE = 2_100
HOURS = 4
COHORT = "everybody"
EFFECTS = ("added", "removed")
Told = tuple[frozenset[str], Counter[tuple[str, str, str]], Counter[tuple[str, str]]]


def settings(state: Path) -> WorldSettings:
    """The world of the story."""
    return WorldSettings(seed=3, state=state)


def prepare(state: Path) -> None:
    """People, a cohort and a connection; nothing synced yet."""
    with World(settings(state)) as world:
        known = [f"user-{number:05}" for number in range(PEOPLE + 10 * HOURS)]
        world.braze.seed_profiles([ProfileSeed(external_id=user_id) for user_id in known])
        people = world.amplitude.seed_users("main", [UserSeed(user_id) for user_id in known])
        world.amplitude.cohorts.create_static(COHORT, people[:PEOPLE])
        world.engine.create_connection(
            "braze",
            rest_endpoint=world.braze_endpoint,
            partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"],
            mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        )


def tell(state: Path, kill_at: int = 0) -> int:
    """Tell the story from where the file stands; the number of SQL statements. Dies before statement `kill_at`."""
    counted = 0

    def count(_statement: str) -> None:
        nonlocal counted
        counted += 1
        if counted == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with World(settings(state)) as world:
        start = world.settings.start
        world.database.sql.conn.set_trace_callback(count)
        if not world.engine.syncs():
            cohort = world.amplitude.cohorts.all()[-1].cohort_id
            world.engine.create_sync(cohort, "connection-1", Cadence.HOURLY)
        world.engine.run_due(world.clock.now)
        for hour in range(1, HOURS + 1):
            due = Instant(start + hour * HOUR_MS)
            if world.clock.now < due:
                churn(world, hour)
                world.agenda.advance_to(due)
        world.agenda.advance_to(Instant(start + (HOURS + 2) * HOUR_MS))
    return counted


def churn(world: World, hour: int) -> None:
    """Ten enter, ten leave, ten leave and return; done twice it is as if done once."""
    everybody = [row[0] for row in world.database.rows("SELECT amplitude_id FROM amplitude_user ORDER BY amplitude_id")]
    cohort = world.amplitude.cohorts.all()[-1].cohort_id
    leaving = everybody[hour * 100 : hour * 100 + 10]
    returning = everybody[hour * 100 + 50 : hour * 100 + 60]
    entering = everybody[PEOPLE + 10 * (hour - 1) : PEOPLE + 10 * hour]
    world.amplitude.cohorts.remove_members(cohort, [*leaving, *returning])
    world.amplitude.cohorts.add_members(cohort, [*entering, *returning])


def told(state: Path) -> Told:
    """What the file says in the end: members, what was delivered, and what took effect."""
    with World(settings(state)) as world:
        members = frozenset(
            row[0]
            for row in world.database.rows(
                "SELECT p.external_id FROM braze_member m JOIN braze_profile p ON p.profile = m.profile"
            )
        )
        sent: Counter[tuple[str, str, str]] = Counter()
        effects: Counter[tuple[str, str]] = Counter()
        for page in world.ledger.pages(events=["delivered", "cohort_changed"]):
            for entry in page.entries:
                if page.event == "delivered":
                    sent[page.run, entry.person, entry.outcome] += 1
                elif entry.outcome in EFFECTS and entry.identifier:
                    effects[entry.identifier.value, entry.outcome] += 1
        return members, sent, effects


def survive(template: Path, folder: Path, point: int, expected: Told) -> str:
    """Kill one worker at a point, let another go on, compare; a sentence when something is wrong."""
    state = folder / f"killed-{point}.sqlite"
    copy(template, state)
    worker = [sys.executable, "-m", "benchmarks.restart", "--worker", str(state), "--kill-at", str(point)]
    first = subprocess.run(worker, cwd=ROOT, check=False, capture_output=True)
    if first.returncode not in (0, -signal.SIGKILL):
        return f"point {point}: the worker fell over: {first.stderr.decode()[-400:]}"
    tell(state)
    members, sent, effects = told(state)
    for each in folder.glob(f"{state.name}*"):
        each.unlink()
    if members != expected[0]:
        return f"point {point}: {len(members ^ expected[0])} members differ"
    if sent != expected[1]:
        return f"point {point}: delivered changes differ: {list((sent - expected[1]) + (expected[1] - sent))[:3]}"
    if effects != expected[2]:
        return f"point {point}: effects differ: {list((effects - expected[2]) + (expected[2] - effects))[:3]}"
    return ""


def copy(template: Path, state: Path) -> None:
    """A world file and what SQLite keeps beside it."""
    for each in template.parent.glob(f"{template.name}*"):
        shutil.copy(each, state.with_name(state.name + each.name.removeprefix(template.name)))


def kill_at_random_points(points: int, seed: int, jobs: int) -> list[str]:
    """Everything that went wrong, nothing when all is well."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        template, reference = folder / "template.sqlite", folder / "reference.sqlite"
        prepare(template)
        copy(template, reference)
        statements = tell(reference)
        expected = told(reference)
        chosen = sorted(random.Random(seed).sample(range(1, statements + 1), points))
        with ThreadPoolExecutor(jobs) as pool:
            found = pool.map(lambda point: survive(template, folder, point, expected), chosen)
            return [each for each in found if each]


def main() -> int:
    """Kill and restart; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kill-at", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        tell(arguments.worker, arguments.kill_at)
        return 0
    began = time.perf_counter()
    wrong = kill_at_random_points(arguments.points, arguments.seed, arguments.jobs)
    print("\n".join(wrong) or f"{arguments.points} kills, nothing lost, nothing doubled", flush=True)
    print(f"seed {arguments.seed}, {time.perf_counter() - began:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
