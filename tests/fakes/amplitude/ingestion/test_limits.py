"""Who sends too fast: rates by device and user, daily quotas, the Starter plan, and what a refusal uses up."""

from __future__ import annotations

import json

import pytest

from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings


@pytest.mark.parametrize(("count", "status"), [(899, 200), (900, 200), (901, 429)])
def test_a_user_may_send_thirty_events_a_second_over_thirty_seconds(amplitude, an_event, count, status) -> None:
    answer = amplitude.upload(*(an_event(device_id="d-ida-0001") for _ in range(count)))
    assert answer.status_code == status
    if status == 429:
        assert answer.json == {
            "code": 429,
            "error": "Too many requests for some devices and users",
            "eps_threshold": 30,
            "throttled_devices": {"d-ida-0001": 31},
            "throttled_users": {"ida-1001": 31},
            "throttled_events": list(range(901)),
        }
        assert amplitude.stored() == []


def test_a_429_blames_the_spammer_only_and_stores_nobodys_events(amplitude, an_event) -> None:
    amplitude.upload(*(an_event() for _ in range(900)))
    answer = amplitude.upload(an_event("ben-2002"), an_event(), an_event("noor-3003"))
    assert (answer.status_code, answer.json["throttled_users"], answer.json["throttled_events"]) == (
        429,
        {"ida-1001": 31},
        [1],
    )
    assert len(amplitude.stored()) == 900
    assert amplitude.upload(an_event("ben-2002"), an_event("noor-3003")).status_code == 200


def test_a_throttled_user_is_free_again_after_thirty_seconds(amplitude, an_event) -> None:
    amplitude.upload(*(an_event() for _ in range(900)))
    amplitude.later("29s")
    assert amplitude.upload(an_event()).status_code == 429
    amplitude.later("1s")
    assert amplitude.upload(an_event()).status_code == 200


def test_batch_lets_a_device_send_a_thousand_events_a_second(amplitude, an_event) -> None:
    for _ in range(15):
        events = [an_event() for _ in range(2000)]
        assert amplitude.upload(*events, path="/batch").status_code == 200
    answer = amplitude.upload(an_event(), path="/batch")
    assert (answer.status_code, answer.json["eps_threshold"], answer.json["throttled_users"]) == (
        429,
        1000,
        {"ida-1001": 1001},
    )


def test_every_429_of_batch_tells_of_daily_quotas(amplitude, an_event) -> None:
    for _ in range(15):
        amplitude.upload(*(an_event() for _ in range(2000)), path="/batch")
    assert amplitude.upload(an_event(device_id="d-ida-0001"), path="/batch").json == {
        "code": 429,
        "error": "Too many requests for some devices and users",
        "eps_threshold": 1000,
        "throttled_devices": {},
        "throttled_users": {"ida-1001": 1001},
        "throttled_events": [0],
        "exceeded_daily_quota_users": {},
        "exceeded_daily_quota_devices": {},
    }


@pytest.mark.parametrize("count", [4, 5, 6])
def test_suspected_spammers_have_a_daily_quota(amplitude_with, an_event, count) -> None:
    amplitude = amplitude_with(AmplitudeSettings(daily_quota=5))
    amplitude.service.store.relations.mark(amplitude.main, "suspected", "user", "ida-1001", True)
    answer = amplitude.upload(*(an_event() for _ in range(count)), path="/batch")
    assert answer.status_code == (429 if count == 6 else 200)
    if count == 6:
        assert answer.json == {
            "code": 429,
            "error": "Too many requests for some devices and users",
            "eps_threshold": 1000,
            "throttled_devices": {},
            "throttled_users": {},
            "throttled_events": [0, 1, 2, 3, 4, 5],
            "exceeded_daily_quota_users": {"ida-1001": 6},
            "exceeded_daily_quota_devices": {},
        }


def test_the_daily_quota_rolls_on_in_hours_and_knows_suspects_only(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(AmplitudeSettings(daily_quota=5))
    amplitude.service.store.relations.mark(amplitude.main, "suspected", "user", "ida-1001", True)
    amplitude.upload(*(an_event() for _ in range(5)))
    assert amplitude.upload(an_event()).status_code == 429
    assert amplitude.upload(*(an_event("ben-2002") for _ in range(6))).status_code == 200
    amplitude.later("23h 59m")
    assert amplitude.upload(an_event()).status_code == 429
    amplitude.later("1m")
    assert amplitude.upload(an_event()).status_code == 200


@pytest.mark.parametrize(("count", "status"), [(999, 200), (1000, 200), (1001, 429)])
def test_a_starter_project_takes_a_thousand_events_a_second(amplitude_with, an_event, count, status) -> None:
    amplitude = amplitude_with(AmplitudeSettings(projects=(ProjectSettings(plan="starter"),)))
    answer = amplitude.upload(*(an_event(f"u-{n:06d}") for n in range(count)))
    assert answer.status_code == status
    if status == 429:
        assert (answer.json["eps_threshold"], answer.json["throttled_events"]) == (1000, [])


@pytest.mark.parametrize(("count", "status"), [(99, 200), (100, 200), (101, 429)])
def test_a_starter_project_takes_a_hundred_batches_a_second(amplitude_with, an_event, count, status) -> None:
    amplitude = amplitude_with(AmplitudeSettings(projects=(ProjectSettings(plan="starter"),)))
    answers = [amplitude.upload(an_event(f"u-{n:06d}")).status_code for n in range(count)]
    assert answers[-1] == status


@pytest.mark.parametrize(("later", "status"), [("29s 999ms", 429), ("30s", 200), ("30s 1ms", 200)])
def test_a_refused_request_uses_nothing_up(amplitude, an_event, later, status) -> None:
    """Somebody who tries again and again is let in as soon as what was taken is thirty seconds old."""
    amplitude.upload(*(an_event() for _ in range(900)))
    for _ in range(5):
        assert amplitude.upload(*(an_event() for _ in range(300))).status_code == 429
    amplitude.later(later)
    assert amplitude.upload(an_event()).status_code == status


def test_each_endpoint_and_each_project_counts_for_itself(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("shop"))))
    amplitude.upload(*(an_event() for _ in range(900)))
    shop = amplitude.service.store.projects.named("shop")
    elsewhere = amplitude.client.post("/2/httpapi", json={"api_key": shop.api_key, "events": [an_event()]})
    identify = amplitude.form("/identify", identification=json.dumps({"user_id": "ida-1001"}))
    batch = amplitude.upload(an_event(), path="/batch")
    assert (elsewhere.status_code, identify.status_code, batch.status_code) == (200, 200, 200)
    assert amplitude.upload(an_event()).status_code == 429
