"""Convergence: every fault, on every batch, under every cadence, before and after apply; ends with the faults off.

`python -m benchmarks.convergence [--sample N] [--seed S]` prints one line per fault with how many cases mended. A case:
2,100 people are synced for the first time in three requests; one of the requests fails, each time it is tried, while
people enter, leave, and leave and return; then the fault ends and the sync goes on. In the end Braze's members must be
the cohort, no more and no fewer, or else the people left behind are named with the rule that leaves them.

One kind of people cannot be mended. A refusal (400, 401, 403, 404, 413, 423, 429) says that nothing was applied (KEY-2,
SYNC-4), so a sender owes nothing to somebody who was in such a request and left before the next run. A service that
refuses and applies all the same makes a ghost member of them. A server error or no answer says nothing, so there the
sender takes out whoever left (SYNC-6).
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass

from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.fakes.faults import Fault
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import RunStatus
from simulator.world import World, WorldSettings

PEOPLE = 2_100
NEWCOMERS = 3
STATUSES = ("400", "401", "403", "404", "413", "423", "429", "500", "502", "503", "504")
FAULTS = (*STATUSES, "reset", "truncated", "lost answer", "duplicate")
BATCHES = {"first": 1, "middle": 2, "last": 3}
LONG_ENOUGH_MS = {
    Cadence.ONE_TIME: 10 * MINUTE_MS,
    Cadence.REAL_TIME: 10 * MINUTE_MS,
    Cadence.HOURLY: 2 * HOUR_MS,
    Cadence.DAILY: 2 * DAY_MS,
}
OPERATION = "changeCohortUsers"
REFUSALS = frozenset({"400", "401", "403", "404", "413", "423", "429"})
LEAVERS = {"first": 5, "middle": 1_005, "last": 2_005}
RETURNING = (6, 1_006, 2_006)
WHY_A_GHOST = "KEY-2, SYNC-4: a refusal means that nothing was applied"


@dataclass(frozen=True)
class Case:
    """One cell of the matrix."""

    fault: str
    batch: str
    cadence: Cadence
    applied: bool

    def __str__(self) -> str:
        return f"{self.fault}, {self.batch} batch, {self.cadence}, {'after' if self.applied else 'before'} apply"


def cases() -> list[Case]:
    """The whole matrix, in order."""
    return [Case(*cell) for cell in itertools.product(FAULTS, BATCHES, Cadence, (False, True))]


def shape(case: Case) -> dict[str, object]:
    """What a fault of the matrix does to a call."""
    if case.fault == "duplicate":
        return {"duplicate": True}
    if case.fault == "reset":
        return {"transport": "reset", "applied": case.applied}
    if case.fault == "truncated":
        return {"transport": "truncate", "applied": case.applied}
    if case.fault == "lost answer":
        return {"transport": "reset", "applied": True, "latency_ms": MINUTE_MS // 2 if case.applied else 0}
    return {"answer": int(case.fault), "applied": case.applied}


def run(case: Case, seed: int = 1) -> list[str]:
    """Play a case; what is wrong in the end, nothing when all has mended."""
    with World(WorldSettings(seed=seed)) as world:
        known = [f"user-{number:05}" for number in range(PEOPLE + NEWCOMERS)]
        world.braze.seed_profiles([ProfileSeed(external_id=user_id) for user_id in known])
        people = world.amplitude.seed_users("main", [UserSeed(user_id) for user_id in known])
        users = dict(zip(people, known, strict=True))
        inside, newcomers = people[:PEOPLE], people[PEOPLE:]
        cohort = world.amplitude.cohorts.create_static("everybody", inside).cohort_id
        connection = world.engine.create_connection(
            "braze",
            rest_endpoint=world.braze_endpoint,
            partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"],
            mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        )
        world.faults.add(Fault(operation=OPERATION, nth=BATCHES[case.batch], times=1, **shape(case)))
        world.faults.add(Fault(operation=OPERATION, nth=len(BATCHES) + 1, **shape(case)))
        sync = world.engine.create_sync(cohort, connection.id, case.cadence)
        world.agenda.advance_to(Instant(world.clock.now + MINUTE_MS))
        leavers = [inside[position] for position in LEAVERS.values()]
        returning = [inside[position] for position in RETURNING]
        world.amplitude.cohorts.remove_members(cohort, leavers + returning)
        world.amplitude.cohorts.add_members(cohort, [*returning, *newcomers])
        world.agenda.advance_to(Instant(world.clock.now + 9 * MINUTE_MS))
        world.faults.clear()
        if case.cadence is Cadence.ONE_TIME:
            world.engine.sync_now(sync.id)
        world.agenda.advance_to(Instant(world.clock.now + LONG_ENOUGH_MS[case.cadence]))
        wanted = {users[person] for person in world.amplitude.cohorts.members(cohort)} | ghosts(case)
        return differences(world, cohort, sync.id, wanted)


def ghosts(case: Case) -> set[str]:
    """Who cannot be mended in a case: the leaver of a request that was refused and applied all the same."""
    return {f"user-{LEAVERS[case.batch]:05}"} if case.applied and case.fault in REFUSALS else set()


def differences(world: World, cohort: str, sync_id: str, wanted: set[str]) -> list[str]:
    """Who is in Braze's cohort and should not be, who should be and is not, and a run that did not end well."""
    there = members(world, cohort)
    found = [f"{user_id} is missing" for user_id in sorted(wanted - there)]
    found += [f"{user_id} is left over" for user_id in sorted(there - wanted)]
    last = world.engine.runs(sync_id)[-1]
    if last.status is not RunStatus.SUCCESS:
        found.append(f"run {last.number} is {last.status}: {last.reason}")
    return found


def members(world: World, cohort: str) -> set[str]:
    """External ids of Braze's members of a cohort."""
    rows = world.database.rows(
        "SELECT p.external_id FROM braze_member m JOIN braze_cohort c ON c.cohort = m.cohort "
        "JOIN braze_profile p ON p.profile = m.profile WHERE c.cohort_id = ?",
        (cohort,),
    )
    return {row[0] for row in rows}


def main() -> int:
    """Play all cases, or a sample; 1 if any did not mend."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sample", type=int, help="so many cases, drawn with the seed")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chosen = cases()
    if arguments.sample:
        chosen = random.Random(arguments.seed).sample(chosen, arguments.sample)
    began = time.perf_counter()
    mended: Counter[str] = Counter()
    played: Counter[str] = Counter()
    broken = []
    for case in chosen:
        wrong = run(case, arguments.seed)
        played[case.fault] += 1
        mended[case.fault] += not wrong
        if wrong:
            broken.append(case)
            print(f"  not mended: {case}: {'; '.join(wrong[:4])}", flush=True)
    named: Counter[str] = Counter(case.fault for case in chosen if ghosts(case))
    for fault in played:
        note = f", {named[fault]} of them but for one ghost each ({WHY_A_GHOST})" if named[fault] else ""
        print(f"{fault:<12} {mended[fault]:>3} of {played[fault]:>3} mended{note}")
    print(f"{len(chosen)} cases, {len(broken)} not mended, seed {arguments.seed}, {time.perf_counter() - began:.1f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
