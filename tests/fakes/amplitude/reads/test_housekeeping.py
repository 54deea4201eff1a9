"""Releases, the list of events, and what became of streamed events."""

from __future__ import annotations

import re

import pytest

from simulator.fakes.amplitude.reads.housekeeping import DeliveryMetrics

RELEASE = {"version": "2.0.0", "release_start": "2026-03-02 00:00:00", "title": "Spring"}


def test_a_release_is_noted(amplitude) -> None:
    answer = amplitude.call("POST", "/api/2/release", json=RELEASE)
    release = answer.json["release"]
    assert (answer.status_code, answer.json["success"]) == (200, True)
    assert re.fullmatch(r"[0-9a-z]{8}", release.pop("id"))
    assert release == {
        "app_id": amplitude.main.app_id,
        "org_id": amplitude.main.org_id,
        **RELEASE,
        "release_end": None,
        "type": "integration",
        "description": "",
        "platforms": None,
        "chart_visibility": True,
        "params": {"created": amplitude.now, "created_by": "", "last_modified": amplitude.now, "last_modified_by": ""},
    }


def test_a_release_may_come_by_query_with_everything(amplitude) -> None:
    more = {
        "release_end": "2026-03-03 00:00:00",
        "platforms": "iOS, Web",
        "created_by": "User",
        "chart_visibility": "false",
    }
    release = amplitude.call("POST", "/api/2/release", query_string={**RELEASE, **more}).json["release"]
    assert (release["platforms"], release["chart_visibility"], release["params"]["created_by"]) == (
        ["iOS", "Web"],
        False,
        "User",
    )
    assert amplitude.call("POST", "/api/2/release", json=RELEASE).json["release"]["id"] != release["id"]


@pytest.mark.parametrize("name", ["version", "release_start", "title"])
def test_a_release_needs_version_start_and_title(amplitude, name) -> None:
    body = {key: value for key, value in RELEASE.items() if key != name}
    answer = amplitude.call("POST", "/api/2/release", json=body)
    assert (answer.status_code, answer.json) == (
        400,
        {"success": False, "errors": [{"message": f"Missing required parameter: {name}"}]},
    )


@pytest.mark.parametrize("name", ["version", "release_start", "title"])
def test_the_names_of_a_release_are_texts(amplitude, name) -> None:
    answer = amplitude.call("POST", "/api/2/release", json={**RELEASE, name: {"x": 1}})
    assert (answer.status_code, answer.json["errors"]) == (400, [{"message": f"{name} must be a text"}])


@pytest.mark.parametrize("platforms", [[None], ["iOS", 5], [["iOS"]]])
def test_platforms_of_a_release_are_names(amplitude, platforms) -> None:
    answer = amplitude.call("POST", "/api/2/release", json={**RELEASE, "platforms": platforms})
    assert (answer.status_code, answer.json) == (
        400,
        {"success": False, "errors": [{"message": "platforms must be a list of names"}]},
    )


@pytest.mark.parametrize("name", ["release_start", "release_end"])
def test_times_of_a_release_have_one_form(amplitude, name) -> None:
    answer = amplitude.call("POST", "/api/2/release", json={**RELEASE, name: "2026-03-02T00:00:00Z"})
    assert answer.json["errors"][0]["message"] == f"{name} must be in the format yyyy-MM-dd HH:mm:ss"


def test_event_types_are_listed_with_a_numeric_id_and_this_weeks_total(amplitude, an_event) -> None:
    amplitude.upload(an_event(event_type="bought"), an_event(), an_event(), an_event(event_type="$identify"))
    rows = amplitude.get("/api/2/events/list").json["data"]
    assert [(row["value"], row["totals"], row["non_active"]) for row in rows] == [
        ("app_opened", 2, False),
        ("bought", 1, False),
    ]
    assert len({row["id"] for row in rows if isinstance(row["id"], int)}) == 2
    amplitude.later("6d 13h 59m 59s")
    assert [row["totals"] for row in amplitude.get("/api/2/events/list").json["data"]] == [2, 1]
    amplitude.later("1s")
    assert [row["totals"] for row in amplitude.get("/api/2/events/list").json["data"]] == [0, 0]


def metrics(amplitude, **query):
    amplitude.later("1m")
    return amplitude.get("/api/2/event-streaming/delivery-metrics-summary", **{"sync_id": "stream-1", **query})


def test_without_a_provider_nothing_was_delivered(amplitude) -> None:
    assert metrics(amplitude, time_period="ONE_HOUR").json == {
        "timePeriod": "ONE_HOUR",
        "eventsDelivered": 0,
        "eventsNotDelivered": 0,
        "deliveryRate": 0.0,
        "latencyInSeconds": 0.0,
        "timePeriodStart": "2026-03-02 09:01:00.000000",
        "timePeriodEnd": "2026-03-02 10:01:00.000000",
        "successOnFirstAttempt": 0,
        "successAfterRetry": 0,
        "eventsExpired": 0,
        "eventsDiscarded": 0,
    }


def test_whoever_streams_supplies_the_figures(amplitude) -> None:
    asked: list[tuple[str, str, int]] = []

    def provider(project, sync_id, start, end):
        asked.append((project.name, sync_id, end - start))
        return DeliveryMetrics(17, 2, 0, 1, 5.1)

    amplitude.service.housekeeping.metrics = provider
    query = {"time_period": "CUSTOM", "start": "2026-02-01T07:00:00+01:00", "end": "2026-02-02T07:00:00+01:00"}
    answer = metrics(amplitude, **query).json
    assert asked == [("main", "stream-1", 24 * 3_600_000)]
    assert (answer["eventsDelivered"], answer["eventsNotDelivered"], answer["deliveryRate"]) == (19, 1, 0.95)
    assert (answer["timePeriodStart"], answer["latencyInSeconds"]) == ("2026-02-01 06:00:00.000000", 5.1)


def test_a_stream_of_somebody_else_is_forbidden(amplitude) -> None:
    amplitude.service.housekeeping.metrics = lambda *_: None
    answer = metrics(amplitude, time_period="ONE_DAY")
    assert (answer.status_code, answer.json["message"]) == (
        403,
        "HTTP 403: Forbidden (Attempt to access sync outside of organization and app)",
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"time_period": "ONE_YEAR"}, 400),
        ({}, 400),
        ({"time_period": "ONE_DAY", "sync_id": ""}, 400),
        ({"time_period": "CUSTOM"}, 400),
        ({"time_period": "CUSTOM", "start": "soon", "end": "2026-03-02"}, 400),
        ({"time_period": "CUSTOM", "start": "2026-03-02", "end": "2026-03-01"}, 400),
        ({"time_period": "CUSTOM", "start": "2025-12-02T10:01:00Z", "end": "2026-03-01"}, 200),
        ({"time_period": "CUSTOM", "start": "2025-12-02T10:00:59Z", "end": "2026-03-01"}, 500),
        ({"time_period": "TWO_WEEKS"}, 200),
    ],
)
def test_periods_that_can_be_asked_for(amplitude, query, status) -> None:
    assert metrics(amplitude, **query).status_code == status


def test_twelve_calls_a_minute(amplitude) -> None:
    path = "/api/2/event-streaming/delivery-metrics-summary"
    statuses = [amplitude.get(path, sync_id="s", time_period="ONE_DAY").status_code for _ in range(13)]
    assert statuses == [200] * 12 + [429]
