"""Imported push tokens: temporary profiles, and the monthly purge of those whose token has gone."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.clock import Agenda
from simulator.fakes.braze.users.imports import month_after
from simulator.rules.instants import format_instant, parse_instant


def imported(braze: Any, *tokens: str) -> None:
    sent = [{"app_id": "shop", "token": token, "device_id": f"d-{token}-0001"} for token in tokens]
    answer = braze.post("/users/track", {"attributes": [{"push_token_import": True, "push_tokens": sent}]})
    assert answer.status == 201


@pytest.fixture
def until(braze: Any) -> Any:
    """Moves the simulated clock, running what is due on the way."""
    agenda = Agenda(braze.clock)
    for work in braze.service.due_works:
        agenda.register(work)
    return lambda text: agenda.advance_to(parse_instant(text))


@pytest.mark.parametrize(
    ("instant", "begins"),
    [
        ("2026-03-02T10:00:00Z", "2026-04-01T00:00:00Z"),
        ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"),
        ("2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
    ],
)
def test_the_next_month_begins_at_midnight_of_its_first_day(instant: str, begins: str) -> None:
    assert format_instant(month_after(parse_instant(instant))) == begins


def test_a_known_token_is_ignored_and_a_new_one_makes_a_profile(braze: Any) -> None:
    braze.identified("ida", push_tokens=[{"app_id": "shop", "token": "ida"}])
    imported(braze, "ida", "ben")
    assert braze.store.profiles.count("main") == 2
    assert [profile.external_id for profile in braze.store.profiles.by_device("main", "d-ben-0001")] == [None]


def test_an_imported_profile_without_token_is_purged_when_the_month_is_over(braze: Any, until: Any) -> None:
    imported(braze, "ben", "kim")
    braze.identified("ben-1001", push_tokens=[{"app_id": "shop", "token": "ben"}])
    until("2026-03-31T23:59:59.999Z")
    assert braze.store.profiles.count("main") == 3
    until("2026-04-01T00:00:00Z")
    assert braze.store.profiles.by_device("main", "d-ben-0001") == []
    (entry,) = braze.entries("profile_deleted")
    assert (entry.outcome, entry.rules, entry.note) == (
        "deleted",
        ("LIFE-3",),
        "imported for a push token that it no longer has",
    )
    assert format_instant(next(iter(braze.ledger.pages(events=["profile_deleted"]))).at) == "2026-04-01T00:00:00Z"


def test_an_imported_profile_with_its_token_stays_and_is_looked_at_again_in_a_month(braze: Any, until: Any) -> None:
    imported(braze, "kim")
    until("2026-04-15T00:00:00Z")
    assert len(braze.store.profiles.by_device("main", "d-kim-0001")) == 1
    braze.identified("kim-1001", push_tokens=[{"app_id": "shop", "token": "kim"}])
    until("2026-05-01T00:00:00Z")
    assert braze.store.profiles.by_device("main", "d-kim-0001") == []
    assert braze.service.imports.next_due() is None


def test_whoever_has_logged_in_or_was_deleted_meanwhile_is_left_alone(braze: Any, until: Any) -> None:
    imported(braze, "ben", "kim")
    braze.phone.log_in("d-ben-0001", "ben-1001")
    braze.identified("ann-1001", push_tokens=[{"app_id": "shop", "token": "ben"}])
    (kim,) = braze.store.profiles.by_device("main", "d-kim-0001")
    braze.post("/users/delete", {"braze_ids": [kim.braze_id]})
    until("2026-06-01T00:00:00Z")
    assert braze.user("ben-1001").external_id == "ben-1001"
    assert len(braze.entries("profile_deleted")) == 1
    assert not braze.service.imports.unfinished()


def test_a_profile_that_was_never_imported_keeps_its_place_without_a_token(braze: Any, until: Any) -> None:
    braze.anonymous("d-noor-0001")
    until("2026-06-01T00:00:00Z")
    assert len(braze.store.profiles.by_device("main", "d-noor-0001")) == 1
