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
        return json.load(answer)


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
    amplitude_sdk: Sdk, statuses: Callable[..., list[int]]
) -> None:
    client, heard = amplitude_sdk()
    for person in ("ida-1001", "ben", "kim-1002"):
        client.track(BaseEvent("app_opened", user_id=person))
    client.flush()

    assert heard.all(3) == {"ida-1001": 200, "ben": 400, "kim-1002": 200}
    assert statuses("amplitude") == [400, 200]


def test_a_batch_that_is_too_large_is_sent_in_smaller_ones(
    stage: Stage, amplitude_sdk: Sdk, let_fail: Callable[..., None], statuses: Callable[..., list[int]]
) -> None:
    let_fail(service="amplitude", answer=413, times=1)
    client, heard = amplitude_sdk(flush_queue_size=4)
    for number in range(4):
        client.track(BaseEvent("app_opened", user_id=f"person-{number:04d}"))
    client.flush()

    assert set(heard.all(4).values()) == {200}
    # Half of four is the most that a batch then holds; when it is sent is the SDK's affair.
    assert statuses("amplitude")[0] == 413
    assert batches(stage) == [4, *[size for size in batches(stage)[1:] if size <= 2]]


def batches(stage: Stage) -> list[int]:
    """How many events each request carried."""
    entries = stage.world.journal.entries(service="amplitude", complete=True)
    return [len(json.loads(entry.request_body)["events"]) for entry in entries]


@pytest.mark.parametrize("status", [429, 500, 503])
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


def test_a_truncated_answer_does_not_count_twice(stage: Stage, amplitude_sdk: Sdk) -> None:
    """The event was taken in; the SDK cannot know and says so; nothing is lost and nothing doubled."""
    client, heard = amplitude_sdk()
    client.track(BaseEvent("app_opened", user_id="ida-1001", insert_id="the-one"))
    client.flush()
    heard.all(1)
    client.track(BaseEvent("app_opened", user_id="ida-1001", insert_id="the-one"))
    client.flush()
    heard.all(2)

    answered = [json.loads(entry.response_body) for entry in stage.world.journal.entries(service="amplitude")]

    assert [answer["code"] for answer in answered] == [200, 200]
    assert len(stored_events(stage)) == 1


def stored_events(stage: Stage) -> list[object]:
    store = stage.world.amplitude.store
    return list(store.events.after(store.projects.named("main"), 0, 100))


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
