"""The official Amplitude SDK for Python, unmodified, against a served world."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from amplitude import Amplitude, BaseEvent, EventOptions, Identify

from simulator.serving.stage import Stage

Sdk = Callable[..., tuple[Amplitude, Any]]
Flush = Callable[[Amplitude], None]

KNOWN = [f"known-{number:04d}" for number in range(400)]
UNKNOWN_TO_BRAZE = [f"stranger-{number:04d}" for number in range(200)]
ANONYMOUS = [f"device-anonymous-{number:04d}" for number in range(200)]
LOGGED_IN_ELSEWHERE = [f"device-identified-{number:04d}" for number in range(100)]
IDLE = [f"idle-{number:04d}" for number in range(100)]


def sim(stage: Stage, method: str, path: str, body: object = None) -> Any:
    call = urllib.request.Request(
        f"{stage.urls['control']}/_sim{path}",
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(call, timeout=60) as answer:
        return json.loads(answer.read() or "null")


def braze_knows(stage: Stage) -> None:
    """Profiles as phones make them: known users, anonymous devices, and devices whose owner has logged in."""
    phone = stage.world.braze.phone
    for person in [*KNOWN, *IDLE]:
        phone.appear(f"phone-of-{person}")
        phone.log_in(f"phone-of-{person}", person)
    for device in ANONYMOUS:
        phone.appear(device)
    for number, device in enumerate(LOGGED_IN_ELSEWHERE):
        phone.appear(device)
        phone.log_in(device, f"owner-{number:04d}")


def test_a_thousand_people_of_the_sdk_arrive_in_braze_as_the_rules_promise(stage: Stage, amplitude_sdk: Sdk) -> None:
    """Known by user id, anonymous by device; strangers and devices of identified profiles are dropped."""
    braze_knows(stage)
    client, heard = amplitude_sdk()
    for person in [*KNOWN, *UNKNOWN_TO_BRAZE]:
        client.track(BaseEvent("app_opened", user_id=person, event_properties={"screen": "home"}))
    for device in [*ANONYMOUS, *LOGGED_IN_ELSEWHERE]:
        client.track(BaseEvent("app_opened", device_id=device))
    for person in IDLE:
        client.track(BaseEvent("app_closed", user_id=person))
    client.flush()
    codes = heard.all(1_000)
    definition = {"performed": "app_opened", "times": ">= 1", "within": "7d"}
    cohort = sim(stage, "POST", "/amplitude/cohorts", {"name": "openers", "definition": definition})
    identify_by = [{"property": "user_id", "to": "external_id"}, {"property": "device_id", "to": "device_id"}]
    sim(stage, "POST", "/connections", {"name": "braze", "identify_by": identify_by})
    sync = sim(stage, "POST", "/syncs", {"cohort": "openers", "connection": "braze"})
    run = sim(stage, "GET", f"/syncs/{sync['sync']}/runs")["runs"][0]
    outcomes = outcomes_of(stage, sync["sync"])

    assert set(codes.values()) == {200}
    assert len(codes) == 1_000
    assert (run["status"], run["added"], run["skipped"]) == ("success", 900, 0)
    assert outcomes == {
        **dict.fromkeys([*KNOWN, *ANONYMOUS], "added"),
        **dict.fromkeys([*UNKNOWN_TO_BRAZE, *LOGGED_IN_ELSEWHERE], "dropped"),
    }
    assert sim(stage, "GET", f"/amplitude/cohorts/{cohort['cohort_id']}")["size"] == 900


def outcomes_of(stage: Stage, sync: str) -> dict[str, str]:
    """Identifier -> what Braze did with it, joined over the requests of a sync."""
    ledger = stage.world.ledger
    requests = {page.request for page in ledger.pages(rooms=["engine"], sync=sync) if page.request}
    return {
        entry.identifier.value: entry.outcome
        for page in ledger.pages(rooms=["braze"])
        if page.request in requests
        for entry in page.entries
        if entry.identifier is not None
    }


def test_properties_of_an_identify_call_arrive(stage: Stage, amplitude_sdk: Sdk) -> None:
    client, heard = amplitude_sdk()
    identify = Identify().set("plan", "gold").add("visits", 2)
    client.identify(identify, EventOptions(user_id="ida-1001", device_id="d-ida-0001"))
    client.flush()
    heard.all(1)

    user = stage.world.amplitude.find("main", user_id="ida-1001")

    assert user is not None
    assert (user.properties["plan"], user.properties["visits"]) == ("gold", 2)


def test_blamed_events_are_given_back_and_the_others_arrive(
    amplitude_sdk: Sdk, flush: Flush, statuses: Callable[..., list[int]]
) -> None:
    client, heard = amplitude_sdk(by_hand=True)
    for person in ("ida-1001", "ben", "kim-1002"):
        client.track(BaseEvent("app_opened", user_id=person))
    flush(client)
    flush(client)

    assert heard.all(3) == {"ida-1001": 200, "ben": 400, "kim-1002": 200}
    assert statuses("amplitude") == [400, 200]


BLAMED = [
    pytest.param({"user_id": "Anonymous"}, "Invalid field values on some events", id="a denied id"),
    pytest.param({"user_id": "ben"}, "Invalid id length for user_id or device_id", id="a short id"),
    pytest.param({"device_id": "d-spam-0001"}, "Events silenced for device_id", id="a silenced device"),
]


@pytest.mark.parametrize(("ids", "error"), BLAMED)
def test_every_way_of_blaming_an_event_costs_that_event_only(
    stage: Stage, amplitude_sdk: Sdk, flush: Flush, ids: dict[str, str], error: str
) -> None:
    sim(stage, "PUT", "/amplitude/marks", {"mark": "silenced", "device_id": "d-spam-0001"})
    client, heard = amplitude_sdk(by_hand=True)
    client.track(BaseEvent("app_opened", **ids))
    client.track(BaseEvent("app_opened", user_id="kim-1002"))
    flush(client)
    flush(client)
    heard.all(2)

    assert {(*ids.values(), 400, error), ("kim-1002", 200, "Event sent successfully.")} == set(heard.told)
    assert len(stored_events(stage)) == 1


def test_a_batch_that_is_too_large_is_sent_in_smaller_ones(
    stage: Stage, amplitude_sdk: Sdk, flush: Flush, let_fail: Callable[..., None], statuses: Callable[..., list[int]]
) -> None:
    let_fail(service="amplitude", answer=413, times=1)
    client, heard = amplitude_sdk(by_hand=True, flush_queue_size=4)
    for number in range(4):
        client.track(BaseEvent("app_opened", user_id=f"person-{number:04d}"))
    flush(client)
    flush(client)

    assert set(heard.all(4).values()) == {200}
    assert statuses("amplitude") == [413, 200, 200]
    assert batches(stage) == [4, 2, 2]


def test_a_body_over_the_limit_is_taken_once_it_is_sent_in_parts(
    stage: Stage, amplitude_sdk: Sdk, flush: Flush, statuses: Callable[..., list[int]]
) -> None:
    """No fault is ordered: 1,200 events with a kilobyte each are more than the megabyte that HTTP V2 takes."""
    client, heard = amplitude_sdk(by_hand=True, flush_queue_size=1_200)
    for number in range(1_200):
        client.track(BaseEvent("app_opened", user_id=f"person-{number:04d}", event_properties={"note": "x" * 1_000}))
    flush(client)
    flush(client)

    assert set(heard.all(1_200).values()) == {200}
    assert statuses("amplitude") == [413, 200, 200]
    assert len(stored_events(stage)) == 1_200


def test_a_single_event_that_is_too_large_is_given_back(
    amplitude_sdk: Sdk, flush: Flush, let_fail: Callable[..., None], statuses: Callable[..., list[int]]
) -> None:
    let_fail(service="amplitude", answer=413, times=1)
    client, heard = amplitude_sdk(by_hand=True)
    client.track(BaseEvent("app_opened", user_id="ida-1001"))
    flush(client)

    assert heard.all(1) == {"ida-1001": 413}
    assert statuses("amplitude") == [413]


def batches(stage: Stage) -> list[int]:
    """How many events each request carried."""
    entries = stage.world.journal.entries(service="amplitude", complete=True)
    return [len(json.loads(entry.request_body)["events"]) for entry in entries]


def test_a_throttled_device_waits_while_the_others_arrive(stage: Stage, amplitude_sdk: Sdk, flush: Flush) -> None:
    """Over 30 events a second for 30 seconds: its event is blamed by index; the SDK keeps it and sends the rest."""
    stage.pacer.set_pace("frozen")
    client, heard = amplitude_sdk(by_hand=True, flush_queue_size=2_000)
    for _ in range(900):
        client.track(BaseEvent("app_opened", device_id="d-fast-0001"))
    flush(client)
    client.track(BaseEvent("app_opened", device_id="d-fast-0001"))
    client.track(BaseEvent("app_opened", user_id="kim-1002"))
    flush(client)
    refused = json.loads(list(stage.world.journal.entries(service="amplitude"))[-1].response_body)
    sim(stage, "POST", "/clock/advance", {"by": "30s"})
    flush(client)

    assert (refused["code"], refused["eps_threshold"], refused["throttled_events"]) == (429, 30, [0])
    assert refused["throttled_devices"] == {"d-fast-0001": 31}
    assert heard.all(902) == {"d-fast-0001": 200, "kim-1002": 200}
    assert len(stored_events(stage)) == 902


def test_what_exceeds_a_daily_quota_is_given_back(stage: Stage, amplitude_sdk: Sdk, flush: Flush) -> None:
    stage.world.amplitude.settings.daily_quota = 2
    sim(stage, "PUT", "/amplitude/marks", {"mark": "suspected", "user_id": "spammer-1001"})
    client, heard = amplitude_sdk(by_hand=True, path="/batch")
    for _ in range(3):
        client.track(BaseEvent("app_opened", user_id="spammer-1001"))
    client.track(BaseEvent("app_opened", user_id="kim-1002"))
    flush(client)
    flush(client)

    assert heard.all(4) == {"spammer-1001": 429, "kim-1002": 200}
    assert len(stored_events(stage)) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_refused_batch_is_tried_again_until_it_is_taken(
    amplitude_sdk: Sdk, let_fail: Callable[..., None], statuses: Callable[..., list[int]], status: int
) -> None:
    body = {"code": status, "error": "try again"}
    let_fail(service="amplitude", answer=status, body=body, times=2)
    client, heard = amplitude_sdk()
    client.track(BaseEvent("app_opened", user_id="ida-1001"))
    client.flush()

    assert heard.all(1) == {"ida-1001": 200}
    assert statuses("amplitude") == [status, status, 200]


def test_after_twelve_tries_the_sdk_gives_up(
    amplitude_sdk: Sdk, flush: Flush, let_fail: Callable[..., None], statuses: Callable[..., list[int]]
) -> None:
    let_fail(service="amplitude", answer=503)
    client, heard = amplitude_sdk(by_hand=True)
    client.track(BaseEvent("app_opened", user_id="ida-1001"))
    for _ in range(12):
        flush(client)

    assert heard.all(1) == {"ida-1001": 503}
    assert statuses("amplitude") == [503] * 12


def test_a_gateways_page_in_place_of_json_is_an_answer_too(
    stage: Stage, amplitude_sdk: Sdk, let_fail: Callable[..., None], statuses: Callable[..., list[int]]
) -> None:
    page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
    let_fail(service="amplitude", answer=502, body=page, headers={"Content-Type": "text/html"}, times=1)
    client, heard = amplitude_sdk()
    client.track(BaseEvent("app_opened", user_id="ida-1001"))
    client.flush()

    assert heard.all(1) == {"ida-1001": 200}
    assert statuses("amplitude") == [502, 200]
    assert next(iter(stage.world.journal.entries(service="amplitude"))).response_body == page


def test_a_batch_that_was_taken_and_is_sent_again_counts_once(
    stage: Stage, amplitude_sdk: Sdk, let_fail: Callable[..., None], statuses: Callable[..., list[int]]
) -> None:
    """After a 500 the events may have been stored; the SDK's insert id keeps the second copy out (INGEST-2)."""
    let_fail(service="amplitude", answer=500, applied=True, times=1)
    client, heard = amplitude_sdk()
    client.track(BaseEvent("app_opened", user_id="ida-1001"))
    client.flush()

    assert heard.all(1) == {"ida-1001": 200}
    assert statuses("amplitude") == [500, 200]
    assert len(stored_events(stage)) == 1


def stored_events(stage: Stage) -> list[object]:
    store = stage.world.amplitude.store
    return list(store.events.after(store.projects.named("main"), 0, 10_000))


def test_an_invalid_key_stops_the_sdk(
    amplitude_sdk: Sdk, statuses: Callable[..., list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = amplitude_sdk(api_key="0" * 32)
    client.track(BaseEvent("app_opened", user_id="ida-1001"))
    future = client.flush()
    client.shutdown()

    assert future is not None
    assert statuses("amplitude") == [400]
    assert "Invalid API Key" in caplog.text
