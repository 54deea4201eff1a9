"""What a run says of itself adds up: its counts are those of the ledger's rows about it (INV-1).

Mails, histories and the forecast repeat the counts of a run, so a person who is missing there has disappeared too. The
id of a request joins the two halves of a story, so no two requests may have the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from simulator.ledger import Page, Strip
from simulator.rules.outcomes import Outcome

COUNTED_AS = {
    "sent_add": "added", "sent_attributes": "added", "sent_remove": "removed",
    Outcome.SKIPPED.value: "skipped", Outcome.UNDELIVERED.value: "undelivered",
}  # fmt: skip
"""The count of a run in which a row of each outcome stands."""
RELEASED = "released"
NAMES = ("added", "removed", "skipped", "undelivered", "requests")


class Tallies:
    """Counts the engine's rows run by run."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._delivered: set[str] = set()

    def note(self, page: Page, strips: Sequence[Strip]) -> Iterator[str]:
        """Count the people and the attempts of a page about a run under way; a request that arrived twice is told."""
        counts = self._counts.setdefault(page.run, Counter())
        for strip in strips:
            counts[COUNTED_AS.get(strip.outcome, "")] += strip.size
        # What only lets go of identifiers is settled without a request.
        attempts = page.detail.get("attempts")
        if isinstance(attempts, int) and not (strips and {strip.outcome for strip in strips} == {RELEASED}):
            counts["requests"] += attempts
        if page.event == "delivered":
            if page.request in self._delivered:
                yield f"{page.run} settled the request {page.request}, which had been delivered before"
            self._delivered.add(page.request)

    def close(self, page: Page) -> Iterator[str]:
        """The run has ended: every count in which it differs from its rows."""
        counts = self._counts.pop(page.run, Counter())
        for name in NAMES:
            told = page.detail.get(name)
            if told is not None and told != counts[name]:
                yield f"{page.run} ended with {told} {name}, and the ledger has {counts[name]}"
