"""The history of a sync: fourteen days of runs, the vendor's CSV of each, and a second CSV with what Braze kept quiet.

Amplitude, Sync to third-party destinations. The second CSV joins the engine's requests to the rows that Braze wrote
about the same requests in the ledger; no sender could make it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from simulator.ledger import Entry, Ledger
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Identifier
from simulator.rules.instants import DAY_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import SKIP_RULES, Outcome, SkipReason
from simulator.rules.planning import Change, Direction
from simulator.sync.deliveries import rejections
from simulator.sync.store import EngineStore
from simulator.sync.store.records import Delivery, DeliveryState, Run, Sync

KEPT_MS = 14 * DAY_MS
"""HIST-1."""

OPERATIONS = {Direction.ADD: "added", Direction.REMOVE: "removed"}
REASONS = {
    SkipReason.UNRESOLVED_MAPPING: "Unresolved mapping",
    SkipReason.REJECTED_BY_PARTNER: "Rejected by partner",
}
REJECTING_STATUSES = frozenset({400, 404, 413, 422})
"""Answers that say the people were refused, as against the sender (401, 403) or the moment (the rest)."""


class NoHistory(LookupError):
    """The vendor has no such export; the message says why (HIST-1)."""


class History:
    """Read only: asking changes nothing, and what is older than fourteen days is simply not shown."""

    def __init__(self, store: EngineStore, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def runs(self, sync: Sync, at: Instant) -> list[Run]:
        """HIST-1. The runs of the last fourteen days, oldest first."""
        return self._store.runs(sync.number, at - KEPT_MS)

    def vendor_csv(self, sync: Sync, number: int, at: Instant) -> str:
        """HIST-1. Amplitude_id, Operation, one column per mapped property, Skip_detected, Skip_reason.

        Raises NoHistory for real-time syncs and for runs that are gone.
        """
        if sync.cadence is Cadence.REAL_TIME:
            raise NoHistory(f"{sync.id} is a real-time sync; those have no export of skips")
        run = self._kept(sync, number, at)
        properties = list(dict.fromkeys(mapping.amplitude_property for mapping in run.mappings))
        header = ["Amplitude_id", "Operation", *properties, "Skip_detected", "Skip_reason"]
        return _csv(header, self._vendor_rows(sync, run, properties))

    def full_csv(self, sync: Sync, number: int, at: Instant) -> str:
        """Every person of a run with what became of them, drops with their rule; real-time runs too."""
        run = self._kept(sync, number, at)
        header = ["Amplitude_id", "Operation", "Kind", "Identifier", "Label", "Outcome", "Rule", "Reason", "Request"]
        return _csv(header, self._full_rows(sync, run))

    def _kept(self, sync: Sync, number: int, at: Instant) -> Run:
        for run in self.runs(sync, at):
            if run.number == number:
                return run
        raise NoHistory(f"{sync.id} has no run {number} in the last 14 days")

    def _vendor_rows(self, sync: Sync, run: Run, properties: Sequence[str]) -> Iterator[list[object]]:
        for amplitude_id, reason, _ in self._store.skips(sync.number, run.number):
            yield [amplitude_id, "added", *[""] * len(properties), "true", REASONS[SkipReason(reason)]]
        for delivery in self._store.deliveries(sync.number, run.number):
            rejected = delivery.state is DeliveryState.FAILED and delivery.status in REJECTING_STATUSES
            if delivery.state is not DeliveryState.DELIVERED and not rejected:
                continue
            refused = rejections(delivery)
            for position, change in enumerate(self._store.batch_of(delivery.id).changes()):
                if change.direction is Direction.RELEASE:
                    continue
                skipped = rejected or position in refused
                marks = ["true", REASONS[SkipReason.REJECTED_BY_PARTNER]] if skipped else ["false", ""]
                values = _mapped_values(change, run.mappings, properties)
                yield [change.amplitude_id, OPERATIONS[change.direction], *values, *marks]

    def _full_rows(self, sync: Sync, run: Run) -> Iterator[list[object]]:
        for amplitude_id, reason, tried in self._store.skips(sync.number, run.number):
            rule = " ".join(SKIP_RULES[SkipReason(reason)])
            why = f"{reason}: no value for {', '.join(tried)}"
            yield [amplitude_id, "added", "", "", "", Outcome.SKIPPED, rule, why, ""]
        for delivery in self._store.deliveries(sync.number, run.number):
            heard = self._heard(delivery)
            refused = rejections(delivery)
            for position, change in enumerate(self._store.batch_of(delivery.id).changes()):
                if change.direction is Direction.RELEASE:
                    continue
                kind, value, label = change.identifier
                outcome, rule, why = self._fate(delivery, heard.get(change.identifier), refused.get(position))
                operation = OPERATIONS[change.direction]
                yield [change.amplitude_id, operation, kind, value, label, outcome, rule, why, delivery.request]

    def _heard(self, delivery: Delivery) -> dict[Identifier, Entry]:
        """What Braze wrote about each identifier of a request; the first effect counts, a repetition has none."""
        found: dict[Identifier, Entry] = {}
        for page in self._ledger.pages(rooms=["braze"], request=delivery.request):
            for entry in page.entries:
                if entry.identifier is not None:
                    found.setdefault(entry.identifier, entry)
        return found

    def _fate(self, delivery: Delivery, heard: Entry | None, refused: str | None) -> tuple[str, str, str]:
        if refused is not None:
            return Outcome.SKIPPED, "HIST-1", f"{SkipReason.REJECTED_BY_PARTNER}: {refused}"
        if heard is not None:
            return heard.outcome, " ".join(heard.rules), heard.note
        if delivery.state is DeliveryState.DELIVERED:
            return "delivered", "", ""
        return Outcome.UNDELIVERED, "SYNC-5", f"status {delivery.status}" if delivery.status else delivery.failure


def _mapped_values(change: Change, mappings: Sequence[Mapping], properties: Sequence[str]) -> list[str]:
    """The value under the property that it came from; a removal under the first that fills the same target."""
    source = ""
    if change.rank >= 0:
        source = mappings[change.rank].amplitude_property
    else:
        kind, _, label = change.identifier
        fitting = [m.amplitude_property for m in mappings if (m.target, m.alias_label) == (kind, label)]
        source = fitting[0] if fitting else ""
    return [change.identifier.value if name == source else "" for name in properties]


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
