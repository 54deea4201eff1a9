"""Send ids."""

from __future__ import annotations

from typing import Any

from simulator.rules.instants import Instant


def test_an_id_belongs_to_the_campaign_it_was_made_for(house: Any) -> None:
    one, other = house.campaign("One", api=True), house.campaign("Other", api=True)
    send_id = house.audience.send_ids.create(one, house.clock.now, "request-1")
    ids = house.audience.send_ids
    assert (ids.belongs(one, send_id), ids.belongs(other, send_id), ids.known("main", send_id)) == (True, False, True)


def test_two_requests_get_two_ids(house: Any) -> None:
    made = house.campaign(api=True)
    ids = {house.audience.send_ids.create(made, Instant(1), request) for request in ("a", "b")}
    assert len(ids) == 2
