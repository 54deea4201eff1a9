"""The invariants of a world, checked after every run of every scenario, whether or not the file asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from simulator.audit.conservation import Conservation, Home
from simulator.audit.findings import Finding, Verdict, judged
from simulator.rules.instants import format_instant
from simulator.world import World

LINES_AT_MOST = 20
"""Ways in which one invariant is broken that are told; a count stands for the rest."""

CREATING = frozenset({"profile_created", "profile_deleted", "profile_merged", "profile_identified"})


def check(world: World) -> list[Finding]:
    """INV-1 to INV-7 on the world as it stands, in order. INV-8 compares two runs: see `same_digest`."""
    reader = Conservation()
    conserved = reader.read(world.ledger.pages())
    checks: list[tuple[str, Callable[[], list[str]]]] = [
        ("INV-1", lambda: conserved.conservation),
        ("INV-2", lambda: list(_created_by_cohort_calls(world))),
        ("INV-3", lambda: list(_members_never_sent(world, reader.ever_added))),
        ("INV-4", lambda: conserved.removal),
        ("INV-5", lambda: [breach.told for breach in world.wire.breaches if breach.sender != "client"]),
        ("INV-6", lambda: list(_time(world))),
        ("INV-7", lambda: list(_unexplained_points(world))),
    ]
    return [judged(invariant, _shortened(broken())) for invariant, broken in checks]


def same_digest(first: str, second: str | None) -> Finding:
    """INV-8. Two runs of one scenario with one seed must leave the same ledger; unknown when there was one run."""
    if second is None:
        return Finding("INV-8", Verdict.UNKNOWN, ("the scenario was run once only",))
    differs = [] if first == second else [f"two runs with one seed left ledgers {first[:12]} and {second[:12]}"]
    return judged("INV-8", differs)


def _shortened(lines: list[str]) -> list[str]:
    rest = len(lines) - LINES_AT_MOST
    return [*lines[:LINES_AT_MOST], f"... and {rest} more"] if rest > 0 else lines


def _created_by_cohort_calls(world: World) -> Iterator[str]:
    """INV-2, NOCREATE-1. Requests of cohort calls must have made, merged or deleted no profile."""
    for number, before, after in world.cohort_calls.grown:
        yield f"cohort call {number}: {before} profiles before it, {after} after it"
    calls = {page.request for page in world.ledger.heads(events=["cohort_changed", "cohort_named"])}
    for page in world.ledger.heads(rooms=["braze"], events=sorted(CREATING)):
        if page.request in calls:
            yield f"request {page.request}, a cohort call, left {page.event} in the ledger"


def _members_never_sent(world: World, ever_added: Mapping[Home, Mapping[str, set[int]]]) -> Iterator[str]:
    """INV-3. Members are read from Braze's store, what was sent from the ledger."""
    store = world.braze.store
    for workspace in world.braze.keys.workspaces():
        for cohort in store.membership.cohorts(workspace):
            home = (workspace, cohort.partner, cohort.cohort_id)
            sent = ever_added.get(home, {}).get(store.profiles.stem(workspace), set())
            for members in store.membership.by_the_thousand(cohort.key):
                if not sent.issuperset(members):
                    for strange in sorted(set(members) - sent):
                        who = store.profiles.braze_id_of(workspace, strange)
                        yield f"{who} is a member of {cohort.shown_name} in {workspace}, and nobody ever sent them"


def _time(world: World) -> Iterator[str]:
    """INV-6. Pages stand in the order of time, and nothing that was due is waiting."""

    for earlier, later in pairwise(world.ledger.heads()):
        if later.at < earlier.at:
            yield (
                f"page {later.page} ({later.event}) is at {format_instant(later.at)}, before page {earlier.page} "
                f"({earlier.event}) at {format_instant(earlier.at)}"
            )
    for name in world.agenda.overdue():
        yield f"{name} has something due by {format_instant(world.clock.now)} that has not run"


def _unexplained_points(world: World) -> Iterator[str]:
    """INV-7. Data points logged by Braze's store against those that ledger pages explain, per request."""
    explained: dict[str, int] = {}
    for page in world.ledger.heads(rooms=["braze", "phone"]):
        points = page.detail.get("data_points", 0)
        if isinstance(points, int) and points:
            explained[page.request] = explained.get(page.request, 0) + points
    logged: dict[str, int] = {}
    for workspace in world.braze.keys.workspaces():
        for request, points in world.braze.store.points.by(workspace, "request").items():
            logged[request] = logged.get(request, 0) + points
    for request in sorted(explained.keys() | logged.keys()):
        if explained.get(request, 0) != logged.get(request, 0):
            yield (
                f"request {request}: {logged.get(request, 0)} data points logged, "
                f"{explained.get(request, 0)} explained by the ledger"
            )
