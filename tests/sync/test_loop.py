"""The loop closed: Amplitude to Braze by cohort, traits and stream, and back by Currents, through a whole world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import DAY_MS, MINUTE_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import RunStatus
from simulator.sync.currents.connector import CurrentsSettings
from simulator.sync.ports import Request
from simulator.sync.streaming.settings import StreamSettings
from simulator.world import AMPLITUDE_ENDPOINT, DoorKind, World, WorldSettings


@pytest.fixture(params=list(DoorKind))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with World(WorldSettings(seed=7), request.param) as made:
        made.braze.seed_profiles(
            [ProfileSeed("ida-1001", attributes={"email": "ida@example.test"}), ProfileSeed("kim-1001")]
        )
        made.amplitude.seed_users(
            "main",
            [
                UserSeed("ida-1001", "d-ida-0001", {"plan": "gold", "shoe": 41}),
                UserSeed("kim-1001", "d-kim-0001", {"plan": "free"}),
                UserSeed("noor-1001", "d-noor-0001", {"plan": "gold"}),
                UserSeed(None, "d-ben-0001", {"plan": "gold"}),
            ],
        )
        yield made


def advance(world: World, duration_ms: int) -> None:
    world.agenda.advance_to(Instant(world.clock.now + duration_ms))


def profile(world: World, external_id: str) -> Any:
    key = world.braze.keys.rest_keys["main"]
    answer = world.endpoints.to(world.braze_endpoint).send(
        Request(
            "POST",
            "/users/export/ids",
            {"content-type": "application/json", "authorization": f"Bearer {key}"},
            orjson.dumps({"external_ids": [external_id]}),
        )
    )
    users = orjson.loads(answer.body)["users"]
    return users[0] if users else None


def braze_connection(world: World) -> str:
    return world.engine.create_connection(
        "braze",
        rest_endpoint=world.braze_endpoint,
        partner_api_key=world.braze.keys.partner_api_key,
        data_import_key=world.braze.keys.data_import_keys["main"],
        mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
    ).id


def test_a_campaign_to_a_synced_cohort_comes_back_as_events_that_define_the_next_cohort(world: World) -> None:
    """SEG-2, CUR-1."""
    people = [world.amplitude.find("main", user_id=name) for name in ("ida-1001", "kim-1001")]
    first = world.amplitude.cohorts.create_static("Gold", [each.amplitude_id for each in people if each])
    connection = braze_connection(world)
    world.engine.create_sync(first.cohort_id, connection, Cadence.ONE_TIME)
    world.currents.create(
        CurrentsSettings(
            name="amplitude", endpoint=AMPLITUDE_ENDPOINT, api_key=world.amplitude.store.projects.named("main").api_key
        )
    )
    world.braze.audience.create_segment("Gold members", includes=[first.cohort_id])
    world.braze.audience.send_campaign("Gold members", name="Welcome")
    advance(world, DAY_MS)
    reached = world.amplitude.cohorts.create(
        "Reached", {"performed": "[Appboy] Email Send", "times": ">= 1", "within": "7d"}
    )
    users = {world.amplitude.user("main", each).user_id for each in world.amplitude.cohorts.members(reached.cohort_id)}  # type: ignore[union-attr]
    assert {"ida-1001"} == users
    world.engine.create_sync(reached.cohort_id, connection, Cadence.ONE_TIME)
    assert RunStatus.SUCCESS is world.engine.runs("sync-2")[0].status


def test_traits_create_the_profiles_that_a_cohort_import_never_would(world: World) -> None:
    """CREATE-1, TRAIT-1."""
    connection = world.engine.create_trait_connection(
        "traits", rest_endpoint=world.braze_endpoint, rest_api_key=world.braze.keys.rest_keys["main"]
    )
    world.amplitude.ingest("main", [{"user_id": f"{name}-1001", "event_type": "seen"} for name in ("ida", "noor")])
    assert profile(world, "noor-1001") is None
    world.engine.sync_traits(connection.id, Cadence.ONE_TIME, properties=["plan", "shoe"])
    (run,) = world.engine.runs("sync-1")
    assert RunStatus.SUCCESS is run.status
    assert {"plan": "gold"} == profile(world, "noor-1001")["custom_attributes"]
    assert {"plan": "gold", "shoe": 41} == profile(world, "ida-1001")["custom_attributes"]


@pytest.mark.parametrize("update_only", [False, True])
def test_streamed_events_arrive_within_the_minute_and_create_profiles_unless_told_not_to(
    world: World, update_only: bool
) -> None:
    """CREATE-2, STREAM-1."""
    world.streams.create(
        StreamSettings(
            name="events", endpoint=world.braze_endpoint, rest_api_key=world.braze.keys.rest_keys["main"],
            events={"order placed": ()}, event_properties=("total",), update_users_only=update_only,
            send_users=True, forwarded=("plan",),
        )
    )  # fmt: skip
    world.amplitude.ingest(
        "main",
        [
            {"user_id": "ida-1001", "event_type": "order placed", "event_properties": {"total": 9}},
            {"user_id": "noor-1001", "event_type": "order placed"},
            {"device_id": "d-ben-0001", "event_type": "order placed"},
            {"user_id": "kim-1001", "event_type": "seen", "user_properties": {"plan": "gold"}},
        ],
    )
    advance(world, MINUTE_MS)
    assert ["order placed"] == [event["name"] for event in profile(world, "ida-1001")["custom_events"]]
    assert update_only is (profile(world, "noor-1001") is None)
    assert {"plan": "gold"} == profile(world, "kim-1001")["custom_attributes"]
    discarded = [page.entries[0].outcome for page in world.ledger.pages(events=["stream_discarded"])]
    assert ["discarded"] == discarded
