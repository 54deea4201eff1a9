"""braze-client from PyPI, unmodified, against a served world."""

from __future__ import annotations

import asyncio
import importlib
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator.fakes.braze.audience.messaging.campaigns import Campaign
from simulator.rules.instants import HOUR_MS, format_instant
from simulator.serving.stage import Stage


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client's module. The retry library that it pins needs a name that Python 3.11 took out of asyncio."""
    monkeypatch.setattr(asyncio, "coroutine", types.coroutine, raising=False)
    return importlib.import_module("braze.client")


@pytest.fixture
def client(library: Any, stage: Stage) -> Iterator[Any]:
    made = library.BrazeClient(api_key=stage.keys.braze_api_key, api_url=stage.urls["braze"])
    yield made
    made.session.close()


def test_a_person_is_tracked_and_read_back(client: Any) -> None:
    attributes = [{"external_id": "ida-1001", "email": "Ida@Example.com", "plan": "gold", "visits": 3}]
    events = [{"external_id": "ida-1001", "name": "app_opened", "time": "2026-03-02T10:00:00Z"}]

    tracked = client.user_track(attributes=attributes, events=events)
    exported = client.user_export(
        external_ids=["ida-1001"], fields_to_export=["external_id", "email", "custom_attributes"]
    )

    assert (tracked["success"], tracked["status_code"], tracked["message"]) == (True, 201, "success")
    assert exported["users"] == [
        {"external_id": "ida-1001", "email": "ida@example.com", "custom_attributes": {"plan": "gold", "visits": 3}}
    ]


def test_bad_objects_are_named_and_the_good_ones_count(client: Any) -> None:
    answer = client.user_track(attributes=[{"external_id": "ida-1001", "plan": "gold"}, {"plan": "nobody"}])

    assert answer["attributes_processed"] == 1
    assert [(error["input_array"], error["index"]) for error in answer["errors"]] == [("attributes", 1)]


def test_a_person_is_deleted(client: Any) -> None:
    client.user_track(attributes=[{"external_id": "gone-1003", "plan": "none"}])

    deleted = client.user_delete(external_ids=["gone-1003"])
    exported = client.user_export(external_ids=["gone-1003"], fields_to_export=["external_id"])

    assert (deleted["success"], deleted["deleted"]) == (True, 1)
    assert exported["users"] == []


def test_a_wrong_key_is_refused_and_not_tried_again(
    library: Any, stage: Stage, statuses: Callable[..., list[int]]
) -> None:
    stranger = library.BrazeClient(api_key="not-a-key", api_url=stage.urls["braze"])

    with pytest.raises(library.BrazeClientError, match="Invalid API Key"):
        stranger.user_track(attributes=[{"external_id": "ida-1001"}])
    stranger.session.close()

    assert statuses("braze") == [401]


def test_a_client_of_before_2020_sends_its_key_in_the_body(library: Any, stage: Stage) -> None:
    old = library.BrazeClient(stage.keys.braze_api_key, stage.urls["braze"], use_auth_header=False)
    with pytest.raises(library.BrazeClientError, match="Invalid API Key"):
        old.user_track(attributes=[{"external_id": "ida-1001"}])

    stage.world.use_rules(stage.world.rules.with_switches({"key_in_body": "accepted"}))
    answer = old.user_track(attributes=[{"external_id": "ida-1001", "plan": "gold"}])
    old.session.close()

    assert (answer["success"], answer["attributes_processed"]) == (True, 1)
    assert "api_key" not in stage.world.braze.store.profiles.by_external_id("main", "ida-1001").custom


def test_an_export_by_email_finds_everybody_who_shares_it(client: Any) -> None:
    client.user_track(attributes=[{"external_id": name, "email": "shared@example.com"} for name in ("ida", "ben")])

    exported = client.user_export(email="shared@example.com", fields_to_export=["external_id"])

    assert sorted(user["external_id"] for user in exported["users"]) == ["ben", "ida"]


def test_a_limit_is_told_with_the_instant_at_which_it_ends(library: Any, client: Any, stage: Stage) -> None:
    stage.world.braze.limits.set_limit("export ids by field", 0)
    stage.world.braze.limits.set_limit("export ids", 0)

    with pytest.raises(library.BrazeRateLimitError) as limited:
        client.user_export(external_ids=["ida-1001"])

    ends_ms = int(limited.value.reset_epoch_s * 1000)
    assert 0 < ends_ms - stage.world.clock.now <= 60_000


def test_a_server_error_is_tried_again(
    client: Any, let_fail: Callable[..., None], statuses: Callable[..., list[int]]
) -> None:
    let_fail(service="braze", operation="trackUsers", answer=503, times=1)

    answer = client.user_track(attributes=[{"external_id": "ida-1001", "plan": "gold"}])

    assert (answer["success"], answer["status_code"]) == (True, 201)
    assert statuses("braze") == [503, 201]


@pytest.fixture
def welcome(stage: Stage) -> Campaign:
    """A campaign by e-mail that the API triggers."""
    return stage.world.braze.audience.create_campaign("Welcome back", {"channel": "email", "api_triggered": True})


def an_hour_from(stage: Stage) -> dict[str, object]:
    return {"time": format_instant(stage.world.clock.now + HOUR_MS)}


def reached(stage: Stage) -> list[str | None]:
    """External ids of those who got an e-mail."""
    events = stage.world.braze.audience.message_events()
    return [event.external_id for event in events if event.title == "Email Send"]


def test_a_campaign_is_scheduled_for_people_and_reaches_them_in_time(
    client: Any, stage: Stage, welcome: Campaign
) -> None:
    client.user_track(attributes=[{"external_id": "ida-1001", "email": "ida@example.org"}])

    answer = client.campaign_trigger_schedule_create(
        campaign_id=welcome.campaign_id,
        schedule=an_hour_from(stage),
        recipients=[{"external_user_id": "ida-1001", "trigger_properties": {"code": "SPRING"}}],
    )
    before = reached(stage)
    stage.move_on(2 * HOUR_MS)

    assert (answer["success"], answer["status_code"], answer["message"]) == (True, 201, "success")
    assert (before, reached(stage)) == ([], ["ida-1001"])


def test_a_campaign_is_scheduled_for_an_audience(client: Any, stage: Stage, welcome: Campaign) -> None:
    plans = {"ida-1001": "gold", "ben-1001": "free"}
    client.user_track(
        attributes=[{"external_id": who, "email": f"{who}@example.org", "plan": plan} for who, plan in plans.items()]
    )
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}

    answer = client.campaign_trigger_schedule_create(
        campaign_id=welcome.campaign_id, schedule=an_hour_from(stage), broadcast=True, audience={"AND": [gold]},
        send_id="spring",
    )  # fmt: skip
    stage.move_on(2 * HOUR_MS)

    assert (answer["success"], answer["send_id"], reached(stage)) == (True, "spring", ["ida-1001"])


def test_a_campaign_that_does_not_exist_cannot_be_scheduled(library: Any, client: Any, stage: Stage) -> None:
    with pytest.raises(library.BrazeClientError, match="Invalid Campaign ID"):
        client.campaign_trigger_schedule_create(
            campaign_id="nothing", schedule=an_hour_from(stage), recipients=[{"external_user_id": "ida-1001"}]
        )


def test_members_of_a_segment_are_exported_one_by_one(client: Any, stage: Stage) -> None:
    client.user_track(
        attributes=[{"external_id": f"user-{n}", "email": f"user-{n}@example.org", "plan": "gold"} for n in range(3)]
    )
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "equals", "value": "gold"}}
    segment = stage.world.braze.audience.create_segment("Gold", gold)
    inside = stage.world.braze.audience.members(segment.name)

    exported = [client.user_export(email=f"user-{n}@example.org", fields_to_export=["braze_id"]) for n in range(3)]

    assert inside == [answer["users"][0]["braze_id"] for answer in exported]
