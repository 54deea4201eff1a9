"""Applying checked objects."""

from __future__ import annotations

from typing import Any

from simulator.fakes.braze.store.writes import Accepted
from simulator.fakes.braze.users.writing import TrackWriter


def test_attributes_come_before_events_and_purchases_whatever_was_sent(braze: Any) -> None:
    writer = TrackWriter(braze.service.room, braze.service.life)
    event = {"external_id": "ida", "name": "x", "time": "2026-03-02T09:00:00Z", "_update_existing_only": True}
    body = {"events": [event], "attributes": [{"external_id": "ida"}]}
    met = writer.apply(Accepted("main", braze.clock.now, "r-1"), body)
    assert [profile.external_id for profile in met if profile] == ["ida", "ida"]
    assert len(braze.store.activity.event_totals(braze.user("ida").row)) == 1


def test_an_ignored_value_costs_nothing(braze: Any) -> None:
    braze.identified("ida", plan="x" * 256)
    assert (braze.user("ida").custom, braze.store.points.total("main")) == ({}, 0)


def test_a_location_is_kept_longitude_first_and_null_removes_fields(braze: Any) -> None:
    braze.identified("ida", current_location={"longitude": 1, "latitude": 2}, first_name="Ida", email="a@example.com")
    braze.identified("ida", current_location=None, first_name=None, email=None)
    ida = braze.user("ida")
    assert (ida.fields, ida.email) == ({}, None)
