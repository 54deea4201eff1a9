"""Contracts: what holding every exchange against its contract costs a sync, and how many cases a second are asked.

`python -m benchmarks.contract [--people N] [--rounds N]` syncs a cohort from Amplitude to Braze with the watch on the
wire and without, in turn in one process, and prints medians and their ratio; then a few operations are asked
generated requests.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.generated.campaign import Campaign
from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import DAY_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.world import World, WorldSettings

SEED = 7
MOST_RATIO = 1.5
"""What the watch may cost at most, as a share of a sync without it."""


def main() -> int:
    """Print the figures; 1 when the watch costs more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with_watch, without = [], []
    synced(asked.people, watched=True)
    for _ in range(asked.rounds):
        with_watch.append(synced(asked.people, watched=True))
        without.append(synced(asked.people, watched=False))
    watched, unwatched = statistics.median(with_watch), statistics.median(without)
    ratio = watched / unwatched
    print(f"sync of {asked.people:,} people: {watched:.3f} s watched, {unwatched:.3f} s unwatched, ratio {ratio:.2f}")
    cases, seconds = generated()
    print(f"generated cases: {cases} in {seconds:.1f} s, {cases / seconds:.0f} a second")
    return 0 if ratio <= MOST_RATIO else 1


def synced(people: int, *, watched: bool) -> float:
    """Seconds that the first run of a sync takes."""
    with World(WorldSettings(seed=SEED)) as world:
        names = [f"person-{number:06d}" for number in range(people)]
        ids = world.amplitude.seed_users("main", [UserSeed(name, f"device-of-{name}", {}, ()) for name in names])
        world.braze.seed_profiles(ProfileSeed(external_id=name) for name in names)
        cohort = world.amplitude.cohorts.create_static("everybody", ids)
        connection = world.engine.create_connection(
            "braze",
            rest_endpoint=world.braze_endpoint,
            partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"],
            mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        )
        if not watched:
            # The watch is not asked; everything else, the journal too, stays as it is.
            world.wire.check = lambda exchange: []  # type: ignore[method-assign]
        return timed(lambda: _run(world, cohort.cohort_id, connection.id))


def _run(world: World, cohort_id: str, connection_id: str) -> None:
    world.engine.create_sync(cohort_id, connection_id, Cadence.ONE_TIME)
    world.agenda.advance_until_idle(Instant(world.clock.now + DAY_MS))


def timed(work: Callable[[], None]) -> float:
    """Seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def generated() -> tuple[int, float]:
    """How many generated requests Braze was sent and judged on, and in how many seconds."""
    with Bench.in_process(SEED) as bench:
        campaign = Campaign(SEED, ("coverage",), 4, frozenset({"trackUsers", "exportUsersByIds", "changeCohortUsers"}))
        seconds = timed(lambda: campaign.run(bench, "braze"))
    return campaign.cases, seconds


if __name__ == "__main__":
    sys.exit(main())
