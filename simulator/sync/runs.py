"""Planning a run: who entered and left becomes requests, all remembered before the first of them is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeVar

from simulator.ids import derive_hex
from simulator.ledger import Entry, Ledger
from simulator.rules.identity import AmplitudeUser, Identifier
from simulator.rules.instants import Instant
from simulator.rules.mapping import after_no_match
from simulator.rules.outcomes import SKIP_RULES, Outcome, RunStatus
from simulator.rules.planning import (
    Additions,
    Change,
    Direction,
    Skip,
    Standing,
    SyncPlan,
    additions,
    reconcile,
    release_reused,
)
from simulator.rules.switches import RuleSet
from simulator.sync.destinations import DESTINATIONS
from simulator.sync.destinations.base import Destination
from simulator.sync.destinations.braze_cohorts import NAME, USERS
from simulator.sync.ports import OutcomeReader, Source, TraitSources
from simulator.sync.store import EngineStore
from simulator.sync.store.packing import ADDED, DIRECTION_CODES, KIND_CODES, Batch, Head, Pile, head_of
from simulator.sync.store.records import Connection, NewDelivery, Run, Sync, SyncKind
from simulator.sync.traits.planner import chunks as trait_chunks
from simulator.sync.traits.selection import TraitIdentity, mapping_of

_Item = TypeVar("_Item")

CHUNK = 1_000
"""People mapped at a time; memory does not grow with the cohort."""
DELIVERIES_AT_ONCE = 64
NAME_STAGE = 0
FIRST_STAGE = 1


def run_id(sync: Sync, number: int) -> str:
    """The name of a run in the ledger."""
    return f"{sync.id}/{number}"


@dataclass(slots=True)
class Parcels:
    """Changes of one run on their way into requests of at most the destination's size (SYNC-3)."""

    store: EngineStore
    seed: int
    sync: Sync
    run: Run
    connection: Connection
    destination: Destination
    at: Instant
    number: int
    size: int
    piles: dict[int, Pile] = field(default_factory=dict)
    heads: list[Head] = field(default_factory=list)
    ready: list[NewDelivery] = field(default_factory=list)
    extras: dict[int, Any] = field(default_factory=dict)
    skipped: int = 0

    def add(self, stage: int, changes: Sequence[Change], extras: Mapping[int, Any] | None = None) -> None:
        """Put changes on their piles; `extras` go with their people."""
        by_pile: dict[int, list[Change]] = {}
        for change in changes:
            by_pile.setdefault(self._pile_of(DIRECTION_CODES[change.direction]), []).append(change)
        for name, together in by_pile.items():
            people = [change.amplitude_id for change in together]
            values = [change.identifier.value for change in together]
            self._put(stage, name, people, values, [self._place(head_of(change)) for change in together], extras)

    def enter(self, stage: int, found: Additions, extras: Mapping[int, Any] | None = None) -> None:
        """The same for people who enter, column by column."""
        places = [
            self._place(Head(ADDED, KIND_CODES[mapping.target], mapping.alias_label, rank))
            for rank, mapping in enumerate(self.run.mappings)
        ]
        heads = [places[rank] for rank in found.ranks]
        self._put(stage, self._pile_of(ADDED), found.people, found.values, heads, extras)

    def _pile_of(self, direction: int) -> int:
        return ADDED if self.destination.one_pile else direction

    def _place(self, head: Head) -> int:
        if head not in self.heads:
            self.heads.append(head)
        return self.heads.index(head)

    def _put(
        self, stage: int, name: int, people: list[int], values: list[str], heads: list[int],
        extras: Mapping[int, Any] | None,
    ) -> None:  # fmt: skip
        """Cut a request off the pile as often as it is full."""
        if extras:
            self.extras.update(extras)
        pile = self.piles.setdefault(name, Pile())
        pile.add(people, values, heads)
        while len(pile) >= self.size:
            self._cut(stage, pile)
        if len(self.ready) >= DELIVERIES_AT_ONCE:
            self._write()

    def details(self, users: Sequence[AmplitudeUser]) -> dict[int, Any]:
        """What travels with people who enter, beside their identifier; nothing for most destinations."""
        found: dict[int, Any] = {}
        for user in users:
            detail = self.destination.details(self.connection, user)
            if detail is None:
                return {}
            found[user.amplitude_id] = detail
        return found

    def close(self, stage: int) -> None:
        """Cut off what is left and remember everything."""
        for pile in self.piles.values():
            if len(pile):
                self._cut(stage, pile)
        self.piles = {}
        self._write()

    def _cut(self, stage: int, pile: Pile) -> None:
        batch = pile.take(self.size, self.heads)
        extras = {str(person): self.extras.pop(person, None) for person in batch.people} if self.extras else None
        self.ready.append(NewDelivery(USERS, stage, batch, extras))

    def _write(self) -> None:
        if not self.ready:
            return
        requests = [
            derive_hex(self.seed, "request", self.sync.number, self.run.number, self.number + offset, length=32)
            for offset in range(len(self.ready))
        ]
        self.store.add_deliveries(self.run, self.number, self.ready, requests, self.at)
        self.number += len(self.ready)
        self.ready = []


class RunPlanner:
    """Reads the source, applies the rules, writes deliveries and skips."""

    def __init__(
        self,
        store: EngineStore,
        ledger: Ledger,
        source: Source,
        rules: RuleSet,
        seed: int,
        outcomes: OutcomeReader | None,
        traits: TraitSources | None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._source = source
        self.rules = rules
        self._seed = seed
        self._outcomes = outcomes
        self._traits = traits

    def begin(self, sync: Sync, connection: Connection, trigger: str, at: Instant) -> tuple[Run, bool]:
        """Plan the next run of a sync: everything it will send is on disk when this returns, but the run's own row.

        Returns the run and whether it has anything to send. The changes asked for are those since the last successful
        run (SYNC-1), whatever happened in between. Raises UnknownCohort.
        """
        run = self.empty_run(sync, connection, trigger, at)
        parcels = self._parcels(sync, run, connection, at, first=0)
        made = (self._traits_run if sync.kind is SyncKind.TRAITS else self._cohort_run)(sync, run, parcels)
        parcels.close(FIRST_STAGE)
        return replace(made, skipped=parcels.skipped), parcels.number > 0

    def empty_run(self, sync: Sync, connection: Connection, trigger: str, at: Instant) -> Run:
        """The next run of a sync before anything is planned for it."""
        return Run(
            sync=sync.number, number=sync.runs + 1, trigger=trigger, started_at=at, finished_at=None,
            status=RunStatus.RUNNING, cursor=None, cohort_name="", mappings=connection.mappings,
            stage=FIRST_STAGE, added=0, removed=0, skipped=0, undelivered=0, requests=0, reason="",
        )  # fmt: skip

    def next_stage(self, sync: Sync, run: Run, at: Instant) -> bool:
        """MAP-2, `on_no_match`. Send whom Braze did not match again by their next mapping; False if there is none."""
        if self.rules.fallback != "on_no_match" or self._outcomes is None or len(run.mappings) < 2:
            return False
        sent = [each for each in self._store.deliveries(sync.number, run.number) if each.stage == run.stage]
        unmatched = self._outcomes.unmatched([each.request for each in sent])
        if not unmatched:
            return False
        connection = self._store.connection(sync.connection)
        assert connection is not None
        first = self._store.delivery_count(sync.number, run.number)
        parcels = self._parcels(sync, run, connection, at, first)
        found = False
        for delivery in sent:
            missed = {
                change.amplitude_id: change
                for change in self._store.batch_of(delivery.id).changes()
                if change.direction is Direction.ADD and change.identifier in unmatched
            }
            again: list[Change] = []
            for user in self._source.users(list(missed)):
                before = missed[user.amplitude_id]
                resolved = after_no_match(user, run.mappings, before.rank, self.rules.fallback)
                if resolved is not None:
                    again.append(Change(user.amplitude_id, Direction.ADD, resolved.identifier, resolved.rank))
            self._store.forget_sent(
                sync.number, [(change.amplitude_id, missed[change.amplitude_id].identifier) for change in again]
            )
            parcels.add(run.stage + 1, again)
            found = found or bool(again)
        parcels.close(run.stage + 1)
        return found

    def _cohort_run(self, sync: Sync, run: Run, parcels: Parcels) -> Run:
        info = self._source.cohort_info(sync.cohort)
        feed = self._source.changes(sync.cohort, sync.cursor, parcels.at)
        if (naming := parcels.destination.name_call(sync, info)) is not None:
            parcels.ready.append(NewDelivery(NAME, NAME_STAGE, Batch(), naming))
        self._plan(sync, run, parcels, feed.entered, feed.left)
        return replace(run, cursor=feed.cursor, cohort_name=info.name)

    def _traits_run(self, sync: Sync, run: Run, parcels: Parcels) -> Run:
        assert self._traits is not None, "a trait sync is refused where there is no source of traits"
        for number, chunk in enumerate(trait_chunks(self._traits(parcels.connection.project), sync, parcels.at)):
            self._skip(parcels, number, chunk.skips)
            parcels.add(FIRST_STAGE, chunk.changes, chunk.objects)
        named_by = mapping_of(TraitIdentity(*sync.settings["identity"]))
        return replace(run, cohort_name=", ".join(sync.settings["names"]), mappings=(named_by,))

    def _parcels(self, sync: Sync, run: Run, connection: Connection, at: Instant, first: int) -> Parcels:
        destination = DESTINATIONS[connection.kind]
        size = destination.request_size(self.rules.track_limit)
        return Parcels(self._store, self._seed, sync, run, connection, destination, at, first, size)

    def _plan(
        self, sync: Sync, run: Run, parcels: Parcels, entered: Iterator[AmplitudeUser], left: Sequence[int]
    ) -> None:
        strays = self._half_done(sync)
        for amplitude_id in left:
            strays.pop(amplitude_id, None)
        removals = [change for chunk in _chunks(iter(left)) for change in self._reconcile(sync, run, [], chunk).changes]
        somebody_goes = bool(removals or strays)
        entering: set[Identifier] = set()
        anybody_sent = self._store.anybody_sent(sync.number)
        for number, chunk in enumerate(_chunks(entered)):
            if not anybody_sent and not somebody_goes:
                found = additions(chunk, run.mappings, self.rules.fallback)
                self._skip(parcels, number, found.skips)
                parcels.enter(FIRST_STAGE, found, parcels.details(chunk))
                continue
            planned = self._reconcile(sync, run, chunk, [], known=anybody_sent)
            self._skip(parcels, number, planned.skips)
            if somebody_goes:
                entering.update(change.identifier for change in planned.changes)
                for user in chunk:
                    strays.pop(user.amplitude_id, None)
            parcels.add(FIRST_STAGE, planned.changes, parcels.details(chunk))
        if not removals and not strays:
            return
        returned = self._source.users(sorted(person for person, was_member in strays.items() if was_member))
        again = self._reconcile(sync, run, returned, [])
        self._skip(parcels, -1, again.skips)
        entering.update(change.identifier for change in again.changes)
        gone = sorted(person for person, was_member in strays.items() if not was_member)
        removals += [
            change for chunk in _chunks(iter(gone)) for change in self._reconcile(sync, run, [], chunk).changes
        ]
        parcels.add(FIRST_STAGE, again.changes, parcels.details(returned))
        parcels.add(FIRST_STAGE, release_reused(removals, entering))

    def _half_done(self, sync: Sync) -> dict[int, bool]:
        """Everybody whom a failed run since the last success touched, and whether they were a member at that success.

        The first thing that a failed run tried for somebody tells: a member can only be removed, anybody else only
        be added. Such a person may need a request although no change of theirs is left (SYNC-5, SYNC-7).
        """
        touched: dict[int, bool] = {}
        if sync.runs > sync.last_success:
            for batch in self._store.attempted_since(sync.number, sync.last_success):
                for head, people, _ in batch.groups:
                    for person in people:
                        touched.setdefault(person, head.direction != ADDED)
        return touched

    def _reconcile(
        self, sync: Sync, run: Run, wanted: list[AmplitudeUser], unwanted: list[int], known: bool = True
    ) -> SyncPlan:
        people = unwanted or [user.amplitude_id for user in wanted]
        standing: dict[int, list[Standing]] = self._store.standing(sync.number, people) if known and people else {}
        return reconcile(wanted, unwanted, standing, run.mappings, self.rules.fallback)

    def _skip(self, parcels: Parcels, number: int, skips: Sequence[Skip]) -> None:
        """MAP-3. Nothing is sent for these people; the run goes on and can still succeed."""
        if not skips:
            return
        sync, run = parcels.sync, parcels.run
        self._store.add_skips(sync.number, run.number, number, skips)
        parcels.skipped += len(skips)
        entries = [
            Entry(
                person=str(skip.amplitude_id),
                outcome=Outcome.SKIPPED,
                rules=SKIP_RULES[skip.reason],
                note=f"{skip.reason}: no value for {', '.join(skip.tried)}",
            )
            for skip in skips
        ]
        self._ledger.write(
            parcels.at, room="engine", event="skipped", entries=entries, cohort=sync.cohort, sync=sync.id,
            run=run_id(sync, run.number),
        )  # fmt: skip


def _chunks(items: Iterator[_Item]) -> Iterator[list[_Item]]:
    while chunk := list(islice(items, CHUNK)):
        yield chunk
