"""The clock of a served world moves when told, runs what falls due, and never goes back."""

from __future__ import annotations

from typing import Any

import pytest


def test_the_clock_stands_where_the_world_began(client: Any) -> None:
    told = client.sim("GET", "/clock").body

    assert (told["now"], told["pace"]) == ("2026-03-02T10:00:00Z", "frozen")


def test_an_advance_moves_it_and_says_so(client: Any) -> None:
    told = client.sim("POST", "/clock/advance", {"by": "1d 2h"}).body

    assert (told["started"], told["now"], told["idle"]) == ("2026-03-02T10:00:00Z", "2026-03-03T12:00:00Z", True)


def test_an_advance_tells_what_happened_on_the_way(client: Any) -> None:
    client.synced_cohort("ida-1001", cadence="hourly")

    told = client.sim("POST", "/clock/advance", {"by": "3h"}).body

    runs = [each for each in told["happened"] if each["event"] == "run_finished"]
    assert len(runs) == 3
    assert told["pages"] == len(told["happened"])
    assert [each["at"] for each in runs] == sorted(each["at"] for each in runs)


def test_it_goes_to_an_instant(client: Any) -> None:
    told = client.sim("POST", "/clock/until", {"instant": "2026-03-02T11:30:00Z"}).body

    assert told["now"] == "2026-03-02T11:30:00Z"


def test_it_goes_to_what_is_due_next(client: Any) -> None:
    client.synced_cohort("ida-1001", cadence="hourly")
    due = client.sim("GET", "/clock").body["next_due"]

    told = client.sim("POST", "/clock/until", {"condition": "next"}).body

    assert told["now"] == due


def test_it_goes_until_nothing_is_unfinished(client: Any) -> None:
    client.sim("POST", "/faults", {"service": "braze", "operation": "changeCohortUsers", "answer": 503, "times": 2})
    client.synced_cohort("ida-1001", cadence="one_time")

    told = client.sim("POST", "/clock/until", {"condition": "idle", "at_most": "1h"}).body

    assert (told["idle"], told["now"]) == (True, "2026-03-02T10:00:03Z")


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/clock/until", {"instant": "2026-03-02T09:00:00Z"}, 409, "cannot go back to 2026-03-02T09:00:00Z"),
        ("/clock/until", {"instant": "2026-13-02T09:00:00Z"}, 400,
         'body.instant: "2026-13-02T09:00:00Z" is not an instant, such as 2026-03-02T10:00:00Z'),
        ("/clock/until", {"instant": "2027-02-29T09:00:00Z"}, 400, "is not an instant"),
        ("/clock/until", {"condition": "lunch"}, 400, 'body.condition: "lunch" is not one of "next" or "idle"'),
        ("/clock/until", {"condition": "next", "at_most": "-1h"}, 400, 'body.at_most: "-1h" is not a duration'),
        ("/clock/until", {"condition": "next", "instant": "2026-03-02T11:00:00Z"}, 400,
         "body: only one of instant, condition may be there"),
        ("/clock/until", {}, 400, "body: one of instant, condition is missing"),
        ("/clock/advance", {"by": "99999w"}, 409, "the simulated calendar ends at 2200-01-01T00:00:00Z"),
        ("/clock/advance", {"by": "soon"}, 400, 'body.by: "soon" is not a duration, such as 90s, 3h or'),
        ("/clock/advance", {}, 400, '"by" is a required property'),
        ("/clock/advance", b"{", 400, "is not JSON"),
        ("/clock/pace", {"pace": "fast"}, 400, 'body.pace: "fast" is not a pace: frozen, 1x, 60x or'),
    ],
)  # fmt: skip
def test_what_the_clock_cannot_do_is_refused(client: Any, path: str, body: object, status: int, said: str) -> None:
    method = "PUT" if path.endswith("pace") else "POST"

    refused = client.sim(method, path, body)

    assert (refused.status, refused.body["status"]) == (status, status)
    assert said in refused.body["detail"]
    assert client.sim("GET", "/clock").body["now"] == "2026-03-02T10:00:00Z"


def test_a_pace_lets_it_run_and_a_freeze_stops_it(client: Any) -> None:
    paced = client.sim("PUT", "/clock/pace", {"pace": "100000x"}).body
    running = client.sim("GET", "/clock").body["now"]
    frozen = client.sim("POST", "/clock/freeze").body
    later = client.sim("GET", "/clock").body

    assert (paced["pace"], frozen["pace"]) == ("100000x", "frozen")
    assert "2026-03-02T10:00:00Z" < running <= frozen["now"]
    assert later["now"] == frozen["now"]


def test_a_client_sees_the_date_of_the_simulated_clock(client: Any) -> None:
    client.sim("POST", "/clock/until", {"instant": "2027-05-01T00:00:00Z"})

    assert client.events("ida-1001").headers["Date"] == "Sat, 01 May 2027 00:00:00 GMT"


def test_a_body_that_is_not_declared_as_json_is_415(client: Any) -> None:
    url = f"{client.stage.urls['control']}/_sim/clock/advance"

    refused = client.post(url, b"by=3h", {"Content-Type": "application/x-www-form-urlencoded"})

    assert (refused.status, refused.body["detail"]) == (415, "send the body as application/json")
