"""Events, purchases, sessions and push tokens by profile."""

from __future__ import annotations

from typing import Any

from simulator.fakes.braze.store.activity import AppUse, PurchaseRow, PushToken
from simulator.rules.instants import Instant


def test_totals_can_be_narrowed_by_name_and_instant(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    events = [
        {"external_id": "ida-1001", "name": name, "time": f"2026-03-01T0{n}:00:00Z"} for n, name in enumerate("aab")
    ]
    braze.post("/users/track", {"events": events})
    activity = braze.store.activity
    assert [(total.name, total.times) for total in activity.event_totals(ida.row)] == [("a", 2), ("b", 1)]
    assert [total.times for total in activity.event_totals(ida.row, name="a")] == [2]
    since = activity.event_totals(ida.row, name="b")[0].first
    assert [total.name for total in activity.event_totals(ida.row, since)] == ["b"]


def test_revenue_adds_price_times_quantity(braze: Any) -> None:
    ida = braze.identified("ida-1001")
    rows = [
        PurchaseRow(ida.row, "mug", Instant(1), "EUR", 0.1, 3, None, {}),
        PurchaseRow(ida.row, "cup", Instant(2), "EUR", 2.0, 1, None, {}),
    ]
    braze.store.activity.add_purchases(rows, Instant(2))
    assert braze.store.activity.revenue(ida.row) == 2.3


def test_sessions_add_up_and_keep_first_and_last(braze: Any) -> None:
    ida, activity = braze.identified("ida-1001"), braze.store.activity
    for at in (20, 10, 30):
        activity.start_session(ida.row, AppUse("shop", "ios", str(at), 1, Instant(at), Instant(at)))
    assert activity.app_uses(ida.row) == [AppUse("shop", "ios", "30", 3, Instant(10), Instant(30))]
    assert activity.sessions(ida.row) == 3


def test_a_token_belongs_to_whoever_registered_it_last(braze: Any) -> None:
    ida, ben, activity = braze.identified("ida"), braze.identified("ben"), braze.store.activity
    for profile in (ida, ben):
        activity.add_push_token(profile, PushToken("shop", "t-1", "d-1", "ios"))
    assert (activity.push_tokens(ida.row), len(activity.push_tokens(ben.row))) == ([], 1)
    assert activity.knows_token("main", "shop", "t-1") is True
    assert activity.knows_token("eu", "shop", "t-1") is False
