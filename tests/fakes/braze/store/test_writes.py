"""Accepted writes: at once, or later and in another order."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.store.writes import DELAY_RANGES_MS, Accepted


def test_a_write_that_fails_leaves_nothing_behind(braze: Any) -> None:
    def apply(accepted: Accepted, body: Any) -> None:
        braze.database.execute("INSERT INTO braze_blocked_id VALUES ('main', 'x')")
        raise RuntimeError("broken")

    braze.service.room.writes.register("broken", apply)
    with pytest.raises(RuntimeError):
        braze.service.room.writes.accept("broken", Accepted("main", braze.clock.now, ""), {})
    assert braze.database.rows("SELECT * FROM braze_blocked_id") == []


@pytest.mark.parametrize("visibility", [name for name in DELAY_RANGES_MS if name != "at_once"])
def test_delays_stay_in_their_range_and_do_not_keep_order(braze: Any, visibility: str) -> None:
    braze.rules(write_visibility=visibility)
    for n in range(20):
        braze.post("/users/track", {"attributes": [{"external_id": "ida", "n": n}]})
    due = [at for (at,) in braze.database.rows("SELECT due_at FROM braze_pending_write ORDER BY write")]
    shortest, longest = DELAY_RANGES_MS[visibility]
    assert all(shortest <= at - braze.clock.now <= longest for at in due)
    assert due != sorted(due)


def test_what_waits_survives_and_is_applied_in_order_of_its_instants(braze: Any) -> None:
    braze.rules(write_visibility="processing")
    for n in range(3):
        braze.post("/users/track", {"attributes": [{"external_id": f"u{n}"}]})
    writes = braze.service.room.writes
    while (due := writes.next_due()) is not None:
        braze.clock.move_to(due)
        writes.run_due(due)
    assert (braze.store.profiles.count("main"), writes.unfinished()) == (3, False)
    instants = [page.at for page in braze.ledger.pages(events=["users_tracked"])]
    assert instants == sorted(instants)
