"""A run's own counts are held against the ledger's rows, whatever it carries and wherever it ends."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from simulator.audit.conservation import Conservation
from simulator.ledger import Entry, Ledger
from simulator.rules.identity import Identifier, Kind
from simulator.rules.instants import Instant

AT = Instant(1_000)
RIGHT = {"added": 1, "removed": 1, "skipped": 2, "undelivered": 1, "requests": 4}


def engine(ledger: Ledger, event: str, outcomes: Mapping[str, str] | None = None, **detail: object) -> None:
    """A page of a run of traits, of which no invariant but the counts is kept."""
    request = str(detail.pop("request", f"q{ledger.last_page()}"))
    entries = [
        Entry(person, "", Identifier(Kind.EXTERNAL_ID, f"{person}-1001"), outcome)
        for person, outcome in (outcomes or {}).items()
    ]
    ledger.write(AT, room="engine", event=event, sync="s1", run="s1/1", request=request, entries=entries, detail=detail)


def told(ledger: Ledger, counts: Mapping[str, int]) -> list[str]:
    """What a run that ends with these counts is blamed for."""
    engine(ledger, "skipped", {"noor": "skipped"})
    engine(ledger, "delivered", {"ida": "sent_attributes", "ben": "skipped"}, attempts=1)
    engine(ledger, "delivered", {"lea": "sent_remove"}, attempts=2)
    engine(ledger, "delivered", {"kim": "released"}, attempts=1)
    engine(ledger, "undelivered", {"lars": "undelivered"}, attempts=1)
    engine(ledger, "run_finished", **counts)
    return Conservation().read(ledger.pages()).conservation


def test_a_run_whose_counts_are_those_of_its_rows_is_sound(ledger: Ledger) -> None:
    assert [] == told(ledger, RIGHT)


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_each_count_that_differs_from_the_rows_is_told(ledger: Ledger, name: str) -> None:
    assert [f"s1/1 ended with 9 {name}, and the ledger has {RIGHT[name]}"] == told(ledger, {**RIGHT, name: 9})


def test_each_run_is_counted_by_itself(ledger: Ledger) -> None:
    told(ledger, RIGHT)
    engine(ledger, "delivered", {"ida": "sent_attributes"}, attempts=1)
    engine(ledger, "run_finished", added=1, requests=1)
    assert [] == Conservation().read(ledger.pages()).conservation


def test_two_requests_of_one_id_are_told(ledger: Ledger) -> None:
    engine(ledger, "undelivered", {"ida": "undelivered"}, request="q")
    engine(ledger, "delivered", {"ida": "sent_attributes"}, request="q")
    assert [] == Conservation().read(ledger.pages()).conservation
    engine(ledger, "delivered", {"ben": "sent_attributes"}, request="q")
    (line,) = Conservation().read(ledger.pages()).conservation
    assert "the request q, which had been delivered before" in line
