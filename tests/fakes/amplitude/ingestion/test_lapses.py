"""Profiles without events for 14 months lose their properties, at the very instant (INGEST-3)."""

from __future__ import annotations

import pytest

from simulator.fakes.amplitude.service import UserSeed
from simulator.rules.instants import Instant, parse_instant

LOST = parse_instant("2027-05-02T10:00:00Z")
"""Fourteen months after the clock of these tests starts."""


def properties(amplitude, user_id: str = "ida-1001") -> dict[str, object]:
    return amplitude.service.find("main", user_id=user_id).all_properties()


@pytest.mark.parametrize(("more_ms", "kept"), [(-1, True), (0, False), (1, False)])
def test_properties_are_lost_after_fourteen_months_without_events(amplitude, an_event, more_ms, kept) -> None:
    amplitude.upload(an_event(user_properties={"plan": "gold"}, platform="iOS"))
    amplitude.agenda.advance_to(Instant(LOST + more_ms))
    assert properties(amplitude) == ({"plan": "gold", "platform": "iOS"} if kept else {})


def test_an_event_starts_the_months_anew_and_an_identify_call_does_not(amplitude, an_event) -> None:
    amplitude.upload(an_event(user_properties={"plan": "gold"}), an_event("kim-1002", user_properties={"plan": "plus"}))
    amplitude.later("30d")
    amplitude.upload(an_event())
    amplitude.service.change_property("main", {"plan": "free"}, user_id="kim-1002")
    amplitude.agenda.advance_to(LOST)
    assert (properties(amplitude), properties(amplitude, "kim-1002")) == ({"plan": "gold"}, {})


def test_an_old_event_that_comes_in_now_is_an_event_now(amplitude, an_event) -> None:
    """The months run from when events came in, not from when they are said to have happened."""
    amplitude.upload(an_event(time=1_500_000_000_000, user_properties={"plan": "gold"}))
    amplitude.agenda.advance_to(Instant(LOST - 1))
    assert properties(amplitude) == {"plan": "gold"}


def test_whoever_never_had_an_event_loses_them_as_well_and_may_get_new_ones(amplitude) -> None:
    amplitude.service.seed_users("main", [UserSeed("ida-1001", None, {"plan": "gold"})])
    amplitude.agenda.advance_to(LOST)
    assert properties(amplitude) == {}
    amplitude.service.change_property("main", {"plan": "free"}, user_id="ida-1001")
    amplitude.later("400d")
    assert properties(amplitude) == {"plan": "free"}
    amplitude.later("30d")
    assert properties(amplitude) == {}


def test_events_keep_the_properties_that_they_were_stamped_with(amplitude, an_event) -> None:
    amplitude.upload(an_event(user_properties={"plan": "gold"}))
    amplitude.agenda.advance_to(LOST)
    record = amplitude.service.find("main", user_id="ida-1001")
    (event,) = amplitude.service.store.events.of_users([record.amplitude_id])[record.amplitude_id]
    assert (record.event_count, event.stamped()) == (1, {"plan": "gold"})


def test_a_cohort_by_property_loses_them_at_that_instant_and_the_ledger_says_why(amplitude, an_event) -> None:
    amplitude.upload(an_event(user_properties={"plan": "gold"}))
    cohort = amplitude.service.cohorts.create("gold", {"property": {"plan": "gold"}})
    before = amplitude.service.cohorts.members(cohort.cohort_id)
    amplitude.agenda.advance_to(LOST)
    told = [(page.at, entry.outcome, entry.rules, entry.note)
            for page in amplitude.ledger.pages(events=["properties_lost"]) for entry in page.entries]  # fmt: skip
    assert (len(before), amplitude.service.cohorts.members(cohort.cohort_id)) == (1, [])
    assert told == [(LOST, "properties_lost", ("INGEST-3",), "plan")]


def test_only_those_with_properties_are_ever_due(amplitude, an_event) -> None:
    amplitude.upload(an_event())
    assert amplitude.service.store.users.next_lapse() is None
    amplitude.upload(an_event(user_properties={"plan": "gold"}))
    assert amplitude.service.store.users.next_lapse() == LOST
