"""A world can be asked who it is, put back, and joined by others that it never meets."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_served_world_is_up_and_ready(client: Any) -> None:
    assert client.sim("GET", "/health").body == {"status": "ok"}
    assert client.sim("GET", "/ready").body == {"ready": True, "world": "main", "now": "2026-03-02T10:00:00Z"}


def test_it_tells_the_versions_of_itself_and_its_contracts(client: Any) -> None:
    told = client.sim("GET", "/version").body

    assert told["name"] == "absim"
    assert set(told["contracts"]) == {"amplitude", "braze", "control"}


def test_the_plane_is_the_same_behind_every_port(client: Any) -> None:
    urls = client.stage.urls

    told = [client.sim("GET", "/worlds/main").body["seed"]]
    for service in ("amplitude", "braze"):
        told.append(client.get(f"{urls[service]}/_sim/worlds/main").body["seed"])

    assert told == [7, 7, 7]


def test_a_reset_forgets_what_happened_and_keeps_addresses_and_keys(client: Any) -> None:
    before = client.sim("GET", "/worlds/main").body
    client.events("ida-1001")
    client.sim("POST", "/clock/advance", {"by": "3h"})
    client.sim("PATCH", "/switches", {"fallback": "off"})
    client.sim("PUT", "/limits", {"enabled": False})

    after = client.sim("POST", "/reset")

    assert (after.status, after.body) == (200, before)
    assert client.sim("GET", "/journal").body["written"] == 0
    assert client.sim("GET", "/ledger").body["pages"] == []
    assert client.events("ida-1001").status == 200


def test_worlds_do_not_meet(client: Any) -> None:
    made = client.sim("POST", "/worlds", {"world": "second", "seed": 8, "clock": "2027-01-01T00:00:00Z"})
    second = client.of("second")
    try:
        client.sim("POST", "/clock/advance", {"by": "1d"})
        second.events("ida-1001")

        assert made.status == 201
        assert second.sim("GET", "/clock").body["now"] == "2027-01-01T00:00:00Z"
        assert client.sim("GET", "/journal").body["written"] == 0
        assert second.sim("GET", "/journal").body["written"] == 1
        assert set(made.body["keys"].values()) & set(client.stage.urls) == set()
        assert client.post(second.stage.urls["amplitude"] + "/2/httpapi", client.one_event("ida-1001")).status == 400
        assert [each["world"] for each in client.sim("GET", "/worlds").body["worlds"]] == ["main", "second"]
    finally:
        dropped = client.sim("DELETE", "/worlds/second")

    assert dropped.status == 204
    assert client.sim("GET", "/worlds/second").status == 404


def test_a_world_without_a_name_gets_one(client: Any) -> None:
    made = client.sim("POST", "/worlds", {})

    assert made.body["world"] == "world-2"
    assert client.sim("DELETE", "/worlds/world-2").status == 204


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"world": "main"}, 409, "there is already a world 'main'"),
        ({"world": "Not A Name"}, 400, "body.world"),
        ({"rules": "wishful"}, 404, "unknown rule set 'wishful'"),
        ({"switches": {"fallbak": "off"}}, 404, "unknown switch 'fallbak'"),
        ({"clock": "2026-02-30T00:00:00Z"}, 400, "body.clock"),
        ({"clock": "2026-02-29T00:00:00Z"}, 400, "is not an instant"),
        ({"colour": "red"}, 400, "'colour' was unexpected"),
    ],
)
def test_a_world_that_cannot_be_is_refused_with_the_reason(
    client: Any, body: dict[str, str], status: int, said: str
) -> None:
    refused = client.sim("POST", "/worlds", body)

    assert (refused.status, refused.headers["Content-Type"]) == (status, "application/problem+json")
    assert said in refused.body["detail"]
    assert [each["world"] for each in client.sim("GET", "/worlds").body["worlds"]] == ["main"]


def test_the_main_world_cannot_be_dropped_nor_another_through_its_own_port(client: Any) -> None:
    client.sim("POST", "/worlds", {"world": "second"})

    main = client.sim("DELETE", "/worlds/main")
    own = client.of("second").sim("DELETE", "/worlds/second")
    unknown = client.sim("DELETE", "/worlds/third")
    client.sim("DELETE", "/worlds/second")

    assert (main.status, own.status, unknown.status) == (409, 409, 404)
    assert own.body["detail"].endswith(f"ask the main world at {client.stage.urls['control']}")
