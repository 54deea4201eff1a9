"""Switches and limits can be read and set while a world is served."""

from __future__ import annotations

from typing import Any


def value_of(client: Any, name: str) -> str:
    table = client.sim("GET", "/switches").body["switches"]
    return next(str(each["value"]) for each in table if each["name"] == name)


def test_every_switch_is_told_with_its_rule_and_source(client: Any) -> None:
    table = client.sim("GET", "/switches").body["switches"]
    fallback = next(each for each in table if each["name"] == "fallback")

    assert (fallback["value"], fallback["default"]) == ("on_missing", "on_missing")
    assert fallback["alternatives"] == ["on_no_match", "off"]
    assert fallback["rule"] == "MAP-2"
    assert all(each["source"] and each["doc"] for each in table)


def test_a_switch_that_is_set_holds_from_then_on(client: Any) -> None:
    set_to = client.sim("PATCH", "/switches", {"fallback": "off", "alias_only_profiles": "ignore"})

    assert set_to.status == 200
    assert (value_of(client, "fallback"), value_of(client, "alias_only_profiles")) == ("off", "ignore")
    assert client.sim("GET", "/worlds/main").body["rules"] == "custom"


def test_an_unknown_switch_or_value_is_refused_with_those_there_are(client: Any) -> None:
    name = client.sim("PATCH", "/switches", {"fallbak": "off"})
    value = client.sim("PATCH", "/switches", {"fallback": "maybe"})

    assert (name.status, value.status) == (404, 404)
    assert name.body["detail"].startswith("unknown switch 'fallbak'; there are fallback, ")
    assert value.body["detail"] == "switch fallback has no value 'maybe'; it takes on_missing, on_no_match, off"
    assert value_of(client, "fallback") == "on_missing"


def test_limits_are_listed_and_on(client: Any) -> None:
    told = client.sim("GET", "/limits").body

    assert told["enabled"] is True
    assert {"service": "braze", "operation": "trackUsers", "limit": "3000 per 3s"} in told["limits"]
    assert {"service": "amplitude", "operation": "searchUsers", "limit": "360 requests per 1h"} in told["limits"]


def test_the_limits_of_both_services_are_told_in_short(client: Any) -> None:
    told = client.stage.limits_in_short()

    assert "amplitude 2 operations 360 requests per 1h" in told
    assert any(line.startswith("braze trackUsers 3000 per 3s") for line in told)


def test_limits_of_cohort_downloads_are_switched_with_the_rest(client: Any) -> None:
    client.sim("PUT", "/limits", {"enabled": False})

    assert client.stage.world.amplitude.cohort_api.limits.on is False


def test_limits_that_are_off_let_everything_through(client: Any) -> None:
    def identified() -> int:
        body = {
            "api_key": client.stage.keys.amplitude_api_key,
            "events": client.one_event("ida-1001")["events"] * 2_001,
        }
        return int(client.amplitude("/2/httpapi", body).status)

    with_limits = identified()
    told = client.sim("PUT", "/limits", {"enabled": False}).body
    without = identified()
    client.sim("PUT", "/limits", {"enabled": True})

    assert (with_limits, told["enabled"], without, identified()) == (413, False, 200, 413)
