"""Data points are billed to the sync, run, cadence and day that caused them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., Any]


@pytest.fixture
def world_of_three(client: Any, sim: Ask) -> str:
    """An hourly sync of two people that runs three times over midnight; their attributes came by a call of our own."""
    sync: str = client.synced_cohort("ida-1001", "ben-1001", cadence="hourly")
    client.braze("/users/track", {"attributes": [{"external_id": "ann-1001", "plan": "gold"}]})
    sim("POST", "/clock/advance", {"by": "20h"})
    client.events("ann-1001")
    sim("POST", "/clock/advance", {"by": "2h"})
    return sync


def test_points_are_read_per_sync(world_of_three: str, sim: Ask) -> None:
    """DP-1, DP-2. Three attributes by hand, three people added by the sync."""
    assert sim("GET", "/data-points").body == {
        "total": 6,
        "charges": [
            {"source": "other", "sync": None, "kind": None, "cohort": None, "cadence": None, "points": 3,
             "requests": 2},
            {"source": "sync", "sync": world_of_three, "kind": "cohort", "cohort": cohort_of(sim), "cadence": "hourly",
             "points": 3, "requests": 2},
        ],
    }  # fmt: skip


def cohort_of(sim: Ask) -> str:
    return str(sim("GET", "/syncs").body["syncs"][0]["cohort"])


def test_points_are_read_per_day(world_of_three: str, sim: Ask) -> None:
    days = sim("GET", "/data-points?by=day").body["charges"]
    assert [(each["day"], each["points"], each["requests"]) for each in days] == [
        (sim("GET", "/clock").body["now"][:8] + "02", 5, 3),
        (sim("GET", "/clock").body["now"][:8] + "03", 1, 1),
    ]


def test_points_are_read_per_cadence(world_of_three: str, sim: Ask) -> None:
    cadences = sim("GET", "/data-points?by=cadence").body["charges"]
    assert cadences == [
        {"cadence": None, "points": 3, "requests": 2},
        {"cadence": "hourly", "points": 3, "requests": 2},
    ]


def test_points_of_one_sync_are_divided_by_run_and_day(world_of_three: str, sim: Ask) -> None:
    told = sim("GET", f"/data-points?sync={world_of_three}&by=run&by=day").body
    runs = [each["run"] for each in sim("GET", f"/syncs/{world_of_three}/runs").body["runs"] if each["added"]]
    assert told["total"] == 3
    assert {each["run"]: each["points"] for each in told["charges"]} == dict(zip(sorted(runs), (2, 1), strict=True))


def test_a_stream_is_told_apart_from_calls_of_our_own(client: Any, sim: Ask) -> None:
    made = sim("POST", "/streams", {"name": "live", "events": [{"name": "app_opened"}]})
    client.events("ida-1001")
    sim("POST", "/clock/advance", {"by": "1m"})
    (charge,) = sim("GET", "/data-points").body["charges"]
    assert (charge["source"], charge["sync"], charge["points"]) == ("stream", made.body["stream"], 1)


def test_what_the_phone_logs_has_no_request(sim: Ask) -> None:
    sim("POST", "/braze/phone/start-session", {"device_id": "d-ben-0001"})
    assert sim("GET", "/data-points?by=source").body == {
        "total": 1,
        "charges": [{"source": "other", "points": 1, "requests": 0}],
    }


def test_the_bill_is_that_of_one_workspace(sim: Ask) -> None:
    assert sim("GET", "/data-points?workspace=moon").status == 404
    assert sim("GET", "/data-points?by=moon").status == 400
    sim("POST", "/braze/workspaces", {"workspace": "europe"})
    assert sim("GET", "/data-points?workspace=europe").body == {"total": 0, "charges": []}
