"""Long spans: 30 days of hourly syncs with churn, a week of real-time syncs, and a minute in a large cohort.

`python -m benchmarks.cadences [--large 1000000]`. Figures: 30 simulated days of hourly syncs for 10,000 people with 1 %
churn an hour in under 10 s; a week of real-time syncs (10,080 runs) of 1,000 people in under 10 s; a minute in which 3
of a large cohort moved at most 3 times as dear as one in which 3 of 1,000 moved.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator

from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.world import World, WorldSettings

MOVERS = 3
MINUTES = 60


def synced(inside: int, outside: int, cadence: Cadence) -> tuple[World, str, list[int]]:
    """A world whose cohort has been synced for the first time; the ids of everybody, members first."""
    world = World(WorldSettings(seed=5))

    def names() -> Iterator[str]:
        return (f"user-{number:07}" for number in range(inside + outside))

    world.braze.seed_profiles(ProfileSeed(external_id=name) for name in names())
    people = world.amplitude.seed_users("main", (UserSeed(name) for name in names()))
    cohort = world.amplitude.cohorts.create_static("everybody", people[:inside]).cohort_id
    connection = world.engine.create_connection(
        "braze",
        rest_endpoint=world.braze_endpoint,
        partner_api_key=world.braze.keys.partner_api_key,
        data_import_key=world.braze.keys.data_import_keys["main"],
        mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
    )
    world.engine.create_sync(cohort, connection.id, cadence)
    return world, cohort, people


def month_of_hours() -> float:
    """Seconds for 30 days of hourly syncs, 10,000 people, 1 % churn an hour."""
    world, cohort, people = synced(10_000, 1_000, Cadence.HOURLY)
    chance, inside, outside = random.Random(1), people[:10_000], people[10_000:]
    with world:
        began = time.perf_counter()
        start = world.clock.now
        for hour in range(1, 30 * 24 + 1):
            leaving = [inside.pop(chance.randrange(len(inside))) for _ in range(100)]
            entering = [outside.pop(chance.randrange(len(outside))) for _ in range(100)]
            world.amplitude.cohorts.remove_members(cohort, leaving)
            world.amplitude.cohorts.add_members(cohort, entering)
            inside += entering
            outside += leaving
            world.agenda.advance_to(Instant(start + hour * HOUR_MS))
        return time.perf_counter() - began


def week_of_minutes() -> float:
    """Seconds for 10,080 real-time runs of a cohort of 1,000 in which hardly anybody moves."""
    world, cohort, people = synced(1_000, 100, Cadence.REAL_TIME)
    with world:
        began = time.perf_counter()
        start = world.clock.now
        for day in range(1, 8):
            world.amplitude.cohorts.remove_members(cohort, people[day : day + 1])
            world.amplitude.cohorts.add_members(cohort, people[1_000 + day : 1_001 + day])
            world.agenda.advance_to(Instant(start + day * DAY_MS))
        return time.perf_counter() - began


def minute(size: int) -> float:
    """Median milliseconds of a real-time minute in which three people moved."""
    world, cohort, people = synced(size, MOVERS * MINUTES, Cadence.REAL_TIME)
    spans = []
    with world:
        for number in range(MINUTES):
            entering = people[size + MOVERS * number : size + MOVERS * (number + 1)]
            world.amplitude.cohorts.add_members(cohort, entering)
            began = time.perf_counter()
            world.agenda.advance_to(Instant(world.clock.now + MINUTE_MS))
            spans.append((time.perf_counter() - began) * 1_000)
    return statistics.median(spans)


def main() -> int:
    """Print the three figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--large", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print(
        f"30 days of hourly syncs, 10,000 people, 1 % churn an hour: {month_of_hours():.1f} s (under 10 s)", flush=True
    )
    print(f"a week of real-time syncs, 1,000 people, 10,080 runs: {week_of_minutes():.1f} s (under 10 s)", flush=True)
    small, large = minute(1_000), minute(arguments.large)
    print(
        f"a minute in which {MOVERS} moved: {small:.2f} ms of 1,000, {large:.2f} ms of {arguments.large:,}: "
        f"{large / small:.1f} times (at most 3)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
