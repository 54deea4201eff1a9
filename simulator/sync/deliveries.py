"""Delivering a run: four lanes, retries on the simulated clock, and one transaction per answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson

from simulator.ids import derive_uuid
from simulator.journal import mask_text
from simulator.ledger import Ledger, Strip
from simulator.rules.cadence import Verdict, maybe_applied, next_free_run, retry_pause_ms, verdict
from simulator.rules.instants import Instant
from simulator.rules.outcomes import REMOVAL, Outcome, RunStatus, SkipReason
from simulator.rules.planning import Direction
from simulator.rules.switches import RuleSet
from simulator.sync.destinations import DESTINATIONS
from simulator.sync.destinations.base import Parcel, Unwritable
from simulator.sync.destinations.braze_cohorts import NAME
from simulator.sync.mailbox import Mailbox
from simulator.sync.ports import Failure, Request, TransportError, Transports
from simulator.sync.runs import NAME_STAGE, RunPlanner, run_id
from simulator.sync.store import EngineStore
from simulator.sync.store.packing import DIRECTIONS, KINDS, Batch
from simulator.sync.store.records import Connection, Delivery, DeliveryState, Run, Sync, SyncKind, SyncState

LANES = 4
"""Requests of a run under way at one time. Amplitude, Receiving behavioral cohorts."""

_SENT = {Direction.ADD: "sent_add", Direction.REMOVE: "sent_remove", Direction.RELEASE: "released"}
_CHANGE = {Direction.ADD: "addition", Direction.REMOVE: REMOVAL, Direction.RELEASE: REMOVAL}
_FIRST_MAPPING = ("MAP-1",)
_LATER_MAPPING = ("MAP-2",)
_LEAVER = ("MAP-5",)
_TRAITS = ("TRAIT-1", "CREATE-1")
_LOST = ("SYNC-5", "SYNC-4")
_REJECTED = ("HIST-1", "TRACK-1")
Mark = tuple[str, tuple[str, ...], str]
"""Outcome, rules and note of a ledger row."""


class Answer(NamedTuple):
    """What came back: the status (None when no complete answer came), what went wrong, and the time it took."""

    status: int | None
    failure: str
    took_ms: int


class Deliverer:
    """Works through the deliveries of runs. The request of a delivery carries one id, however often it is tried."""

    def __init__(
        self, store: EngineStore, ledger: Ledger, mailbox: Mailbox, transports: Transports, planner: RunPlanner,
        rules: RuleSet, seed: int,
    ) -> None:  # fmt: skip
        self._store = store
        self._ledger = ledger
        self._mailbox = mailbox
        self._transports = transports
        self._planner = planner
        self._seed = seed
        self.rules = rules

    def next_due(self, run: Run) -> Instant:
        """When the run can go on; its start when only its end is left to do."""
        lanes = self._lanes(run)
        return min((each.due_at for each in lanes), default=run.started_at)

    def work(self, run: Run, at: Instant) -> None:
        """Do everything in a run that is due at or before `at`, in the order of due instants and then of numbers."""
        sync = self._store.sync(run.sync)
        while True:
            lanes = self._lanes(run)
            if not lanes:
                self._end_stage(sync, run, at)
                return
            ready = [each for each in lanes if each.due_at <= at]
            if not ready:
                return
            delivery = min(ready, key=lambda each: (each.due_at, each.number))
            if delivery.answered:
                self._settle(sync, run, delivery, self._store.batch_of(delivery.id), at)
            else:
                self._attempt(sync, run, delivery, at)
            if self._store.run(run.sync, run.number).status is not RunStatus.RUNNING:
                return

    def cancel(self, sync: Sync, run: Run, at: Instant, reason: str) -> None:
        """End a run whose sync is going away; what may have been applied stays known."""
        with self._store.transaction():
            self._abandon(sync, run, at, self._store.waiting(run.sync, run.number))
            self._store.update_run(run.sync, run.number, status=RunStatus.CANCELLED, finished_at=at, reason=reason)

    def _lanes(self, run: Run) -> list[Delivery]:
        """The call that names the cohort has all lanes to itself; it has the lowest number of its run (SYNC-2)."""
        lanes = self._store.lanes(run.sync, run.number, (NAME_STAGE, run.stage), LANES)
        return lanes[:1] if lanes and lanes[0].stage == NAME_STAGE else lanes

    def _attempt(self, sync: Sync, run: Run, delivery: Delivery, at: Instant) -> None:
        connection = self._store.connection(sync.connection)
        assert connection is not None
        batch = self._store.batch_of(delivery.id)
        sent = not batch.nothing_to_send
        answer = Answer(204, "nothing to send", 0)
        if sent:
            try:
                request = self._request(sync, run, connection, delivery, batch)
            except Unwritable as error:
                self._leave_unsent(sync, run, delivery, batch, at, str(error))
                return
            answer = self._send(connection, request)
        with self._store.transaction():
            self._store.count_in_run(run.sync, run.number, requests=int(sent))
            # Braze's complaint quotes the key, and what is stored here reaches the ledger's report.
            failure = mask_text(answer.failure)
            doubt = delivery.maybe_applied or maybe_applied(answer.status)
            self._store.update_delivery(
                delivery.id, attempts=delivery.attempts + 1, status=answer.status, failure=failure,
                maybe_applied=doubt, answered=answer.took_ms > 0, due_at=at + answer.took_ms,
            )  # fmt: skip
            self._transports.settled(delivery.request)
            if answer.took_ms == 0:
                self._settle(sync, run, self._store.delivery(delivery.id), batch, at)

    def _leave_unsent(self, sync: Sync, run: Run, delivery: Delivery, batch: Batch, at: Instant, why: str) -> None:
        """A request that cannot be written is given up at once: trying again would not change it (our reading)."""
        with self._store.transaction():
            self._store.update_delivery(delivery.id, failure=why)
            self._undelivered(sync, run, self._store.delivery(delivery.id), batch, at, DeliveryState.FAILED)
            if self.rules.failed_run_tail == "stop":
                self._stop(sync, run, at)

    def _request(self, sync: Sync, run: Run, connection: Connection, delivery: Delivery, batch: Batch) -> Request:
        extras = self._store.extras_of(delivery.id)
        run_uuid = derive_uuid(self._seed, "run", sync.number, run.number)
        parcel = Parcel(sync, connection, delivery, run.cohort_name, run.started_at, run_uuid, batch, extras)
        destination = DESTINATIONS[connection.kind]
        request = destination.request(parcel)
        headers = {**request.headers, "x-request-id": delivery.request}
        return replace(request, headers=headers, patience_ms=destination.patience_ms)

    def _send(self, connection: Connection, request: Request) -> Answer:
        destination = DESTINATIONS[connection.kind]
        try:
            response = self._transports.to(connection.endpoint).send(request)
        except TransportError as error:
            if error.took_ms > destination.patience_ms:
                return Answer(None, Failure.TIMEOUT, destination.patience_ms)
            return Answer(None, error.failure, error.took_ms)
        except LookupError as nobody:
            return Answer(None, str(nobody), 0)
        if response.took_ms > destination.patience_ms:
            return Answer(None, Failure.TIMEOUT, destination.patience_ms)
        if 200 <= response.status < 300:
            rejected = destination.rejected(response.body)
            failure = orjson.dumps(rejected, option=orjson.OPT_NON_STR_KEYS).decode() if rejected else ""
        else:
            failure = response.body[:200].decode("utf-8", "replace")
        return Answer(response.status, failure, response.took_ms)

    def _settle(self, sync: Sync, run: Run, delivery: Delivery, batch: Batch, at: Instant) -> None:
        """SYNC-4. The sender knows the answer now: done, tried again later, or given up.

        A sync that ended while its request was under way has given that up already, unless it did arrive.
        """
        judged = verdict(delivery.status)
        pause_ms = retry_pause_ms(delivery.attempts) if judged is Verdict.RETRY else None
        with self._store.transaction():
            still_running = self._store.run(run.sync, run.number).status is RunStatus.RUNNING
            abandoned = delivery.state is DeliveryState.ABANDONED
            if judged is Verdict.DELIVERED:
                if abandoned:
                    self._store.count_in_run(run.sync, run.number, undelivered=-len(batch))
                self._delivered(sync, run, delivery, batch, at)
            elif pause_ms is not None and still_running and not self._stopped(run):
                self._store.update_delivery(delivery.id, due_at=at + pause_ms, answered=False)
            elif not abandoned:
                self._undelivered(sync, run, delivery, batch, at, DeliveryState.FAILED)
                if still_running and (self.rules.failed_run_tail == "stop" or delivery.operation == NAME):
                    self._stop(sync, run, at)

    def _delivered(self, sync: Sync, run: Run, delivery: Delivery, batch: Batch, at: Instant) -> None:
        self._store.update_delivery(delivery.id, state=DeliveryState.DELIVERED, settled_at=at, answered=False)
        if delivery.operation == NAME:
            self._store.update_sync(sync.number, name_sent=run.cohort_name)
        if sync.kind is SyncKind.COHORT:
            self._store.note_delivered(sync.number, delivery.id)
        rejected = rejections(delivery)
        removed, added = batch.count(Direction.REMOVE), batch.count(Direction.ADD) - len(rejected)
        self._store.count_in_run(run.sync, run.number, added=added, removed=removed, skipped=len(rejected))
        strips = _sent(sync, run, batch)
        if rejected:
            strips = _without(strips, rejected)
        self._write(sync, run, delivery, at, "delivered", strips)

    def _undelivered(
        self, sync: Sync, run: Run, delivery: Delivery, batch: Batch, at: Instant, state: DeliveryState
    ) -> None:
        self._store.update_delivery(delivery.id, state=state, settled_at=at, answered=False)
        if delivery.maybe_applied and sync.kind is SyncKind.COHORT:
            self._store.record_doubt(sync.number, batch)
        self._store.count_in_run(run.sync, run.number, undelivered=len(batch))
        answer = f"status {delivery.status}" if delivery.status else delivery.failure or "never sent"
        tries = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
        note = f"{answer} after {tries}; rides with the next run"
        words = dict.fromkeys(Direction, "attributes") if sync.kind is SyncKind.TRAITS else _CHANGE
        strips = _strips(batch, lambda direction, _: (Outcome.UNDELIVERED, _LOST, f"{words[direction]}: {note}"))
        self._write(sync, run, delivery, at, "undelivered", strips)

    def _stop(self, sync: Sync, run: Run, at: Instant) -> None:
        """Nothing more of this run is sent. A request under way is not called back: its answer will be heard."""
        waiting = self._store.waiting(run.sync, run.number)
        self._abandon(sync, run, at, [each for each in waiting if not each.answered])

    def _stopped(self, run: Run) -> bool:
        """SYNC-5. Whether a request of the run was lost, and nothing is tried after that (switch failed_run_tail)."""
        return self.rules.failed_run_tail == "stop" and bool(self._store.lost(run.sync, run.number))

    def _abandon(self, sync: Sync, run: Run, at: Instant, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            batch = self._store.batch_of(delivery.id)
            self._undelivered(sync, run, delivery, batch, at, DeliveryState.ABANDONED)

    def _write(
        self, sync: Sync, run: Run, delivery: Delivery, at: Instant, event: str, strips: Sequence[Strip]
    ) -> None:
        detail = {
            "operation": delivery.operation, "number": delivery.number, "attempts": delivery.attempts,
            "status": delivery.status, "failure": delivery.failure, "connection": sync.connection,
            "hierarchy": [str(mapping) for mapping in run.mappings],
        }  # fmt: skip
        self._ledger.write(
            at, room="engine", event=event, strips=strips, cohort=sync.cohort, sync=sync.id,
            run=run_id(sync, run.number), request=delivery.request, detail=detail,
        )  # fmt: skip

    def _end_stage(self, sync: Sync, run: Run, at: Instant) -> None:
        """Go on with the next mapping if there is one to try; otherwise the run ends here."""
        with self._store.transaction():
            if self._planner.next_stage(sync, run, at):
                self._store.update_run(run.sync, run.number, stage=run.stage + 1)
            else:
                self._finish(sync, self._store.run(run.sync, run.number), at)

    def _finish(self, sync: Sync, run: Run, at: Instant) -> None:
        """SYNC-5, ALERT-1. Failed if any request was not delivered; only a success moves the cursor."""
        lost = self._store.lost(run.sync, run.number)
        status = RunStatus.FAILED if lost else RunStatus.SUCCESS
        reason = ""
        if lost:
            first = lost[0]
            answer = f"status {first.status}" if first.status else first.failure or "no answer"
            reason = f"Request {first.number} ({first.operation}) was not delivered: {answer}."
        self._store.update_run(run.sync, run.number, status=status, finished_at=at, reason=reason)
        sync = self._store.sync(sync.number)
        columns: dict[str, object] = {}
        if status is RunStatus.SUCCESS:
            columns |= {"cursor": run.cursor, "last_success": run.number}
        # A sync that was saved again meanwhile runs at once (CAD-2); slots that passed are not made up for.
        due = sync.next_run_at
        if sync.state is SyncState.ACTIVE and due is not None and due < at and due != sync.saved_at:
            columns["next_run_at"] = next_free_run(sync.cadence, sync.saved_at, run.started_at, sync.slot_ms, at)
        if columns:
            self._store.update_sync(sync.number, **columns)
        self._tell(sync, replace(run, status=status, finished_at=at, reason=reason), at)

    def end_at_once(self, sync: Sync, run: Run, next_run_at: Instant | None, at: Instant, reason: str = "") -> None:
        """Record a run that sends nothing: nobody moved, or there is nothing any more to ask (a reason fails it)."""
        status = RunStatus.FAILED if reason else RunStatus.SUCCESS
        ended = replace(run, status=status, finished_at=at, reason=reason)
        columns: dict[str, object] = {"runs": run.number, "next_run_at": next_run_at}
        if not reason:
            columns |= {"cursor": run.cursor, "last_success": run.number}
        self._store.add_run(ended)
        self._store.update_sync(sync.number, **columns)
        self._tell(sync, ended, at)

    def tell_began(self, sync: Sync, run: Run, at: Instant) -> None:
        """Write down that a run is planned: whoever moves from here on, even at this instant, is for the next one."""
        self._ledger.write(
            at, room="engine", event="run_began", cohort=sync.cohort, sync=sync.id, run=run_id(sync, run.number)
        )

    def _tell(self, sync: Sync, run: Run, at: Instant) -> None:
        self._mailbox.run_finished(sync, run, run.status, at)
        detail = {
            "status": run.status, "added": run.added, "removed": run.removed, "skipped": run.skipped,
            "undelivered": run.undelivered, "requests": run.requests, "reason": run.reason,
            "started_at": run.started_at,
        }  # fmt: skip
        self._ledger.write(
            at, room="engine", event="run_finished", cohort=sync.cohort, sync=sync.id, run=run_id(sync, run.number),
            detail=detail,
        )  # fmt: skip


def rejections(delivery: Delivery) -> dict[int, str]:
    """TRACK-1. Which people of a delivered request were refused all the same, by position, and why."""
    if delivery.status is None or delivery.status >= 300 or not delivery.failure.startswith("{"):
        return {}
    return {int(position): why for position, why in orjson.loads(delivery.failure).items()}


def _sent(sync: Sync, run: Run, batch: Batch) -> list[Strip]:
    """For each person what was sent, by which mapping, and which mappings came before it."""

    def mark(direction: Direction, rank: int) -> Mark:
        if sync.kind is SyncKind.TRAITS:
            return "sent_attributes", _TRAITS, ""
        if rank == 0:
            return _SENT[direction], _FIRST_MAPPING, ""
        if rank < 0:
            return _SENT[direction], _LEAVER, "the identifier stored at entry"
        earlier = ", ".join(mapping.amplitude_property for mapping in run.mappings[:rank])
        return _SENT[direction], _LATER_MAPPING, f"by mapping {rank + 1}, {run.mappings[rank]}; before it: {earlier}"

    return _strips(batch, mark)


def _strips(batch: Batch, mark: Callable[[Direction, int], Mark]) -> list[Strip]:
    """People of one direction and one mapping share their outcome, rules and note."""
    return [
        Strip(KINDS[head.kind], head.label, *mark(DIRECTIONS[head.direction], head.rank), people, (), values)
        for head, people, values in batch.groups
    ]


def _without(strips: Sequence[Strip], rejected: Mapping[int, str]) -> list[Strip]:
    """TRACK-1. The people at these positions of the request were refused; each stands in a strip of their own."""
    found: list[Strip] = []
    position = 0
    for strip in strips:
        for person, value in zip(strip.persons, strip.values, strict=True):
            alone = strip._replace(persons=[person], values=[value])
            if position in rejected:
                why = f"{SkipReason.REJECTED_BY_PARTNER}: {rejected[position]}"
                alone = alone._replace(outcome=Outcome.SKIPPED, rules=_REJECTED, note=why)
            found.append(alone)
            position += 1
    return found
