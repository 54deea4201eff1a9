"""Calls at the same time, as many as may be and one more; what makes a call take time is a fault's latency."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from simulator.fakes.amplitude.parallel import POOL_OF, POOLS, Pool
from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings
from simulator.fakes.faults import Fault
from simulator.rules.instants import SECOND_MS, Instant
from simulator.world import World, WorldSettings

CALLS: dict[str, tuple[str, str, object]] = {
    "searchUsers": ("GET", "/api/2/usersearch?user=ida-1001", None),
    "getUserActivity": ("GET", "/api/2/useractivity?user=1", None),
    "listEvents": ("GET", "/api/2/events/list", None),
    "listUserMappings": ("GET", "/api/2/usermap?user_ids=ida-1001", None),
    "requestCohortExport": ("GET", "/api/5/cohorts/request/nothing", None),
    "downloadCohortExport": ("GET", "/api/5/cohorts/request/nothing/file", None),
    "createUserDeletionJob": ("POST", "/api/2/deletions/users", {"user_ids": ["nobody-1"], "requester": "ida"}),
    "getDeliveryMetricsSummary": (
        "GET", "/api/2/event-streaming/delivery-metrics-summary?sync_id=1&time_period=ONE_DAY", None,
    ),
}  # fmt: skip
"""One call of each operation; whether it finds anything does not matter, for it is under way all the same."""


@pytest.fixture
def world() -> Iterator[World]:
    settings = AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("shop")))
    with World(WorldSettings(seed=7, amplitude=settings)) as made:
        yield made


def ask(world: World, operation: str, project: str = "main") -> Any:
    keys = world.amplitude.store.projects.named(project)
    basic = base64.b64encode(f"{keys.api_key}:{keys.secret_key}".encode()).decode()
    method, path, body = CALLS[operation]
    headers = {"Authorization": f"Basic {basic}"}
    return world.amplitude.app.test_client().open(path, method=method, json=body, headers=headers)


def take_time(world: World, seconds: int, operation: str = "*") -> None:
    world.faults.add(Fault(service="amplitude", operation=operation, latency_ms=seconds * SECOND_MS))


@pytest.mark.parametrize("operation", CALLS)
def test_as_many_as_may_be_are_under_way_and_one_more_is_refused(world: World, operation: str) -> None:
    pool = POOL_OF[operation]
    take_time(world, 60)
    for _ in range(pool.limit):
        assert ask(world, operation).status_code != 429
        # Deletions may be asked for once a second.
        world.agenda.advance_to(Instant(world.clock.now + SECOND_MS))
    refused = ask(world, operation)

    assert (429, {
        "code": 429,
        "message": f"HTTP 429: Too Many Requests ({pool.limit} concurrent requests)",
        "status": "Too Many Requests",
    }) == (refused.status_code, orjson.loads(refused.data))  # fmt: skip


@pytest.mark.parametrize(("waited_ms", "status"), [(4_999, 429), (5_000, 200), (5_001, 200)])
def test_a_call_is_under_way_as_long_as_it_takes(world: World, waited_ms: int, status: int) -> None:
    take_time(world, 5)
    for _ in range(10):
        ask(world, "searchUsers")
    world.agenda.advance_to(Instant(world.clock.now + waited_ms))

    assert status == ask(world, "searchUsers").status_code


def test_operations_of_a_pool_share_it_and_projects_do_not(world: World) -> None:
    take_time(world, 60)
    for _ in range(5):
        ask(world, "searchUsers")
        ask(world, "getUserActivity")

    assert (429, 429) == (ask(world, "searchUsers").status_code, ask(world, "getUserActivity").status_code)
    assert (200, 200) == (ask(world, "searchUsers", "shop").status_code, ask(world, "listEvents").status_code)


def test_calls_that_take_no_time_never_overlap(world: World) -> None:
    assert {200} == {ask(world, "searchUsers").status_code for _ in range(50)}


def test_a_refused_call_is_not_under_way_and_without_limits_none_is_refused(world: World) -> None:
    take_time(world, 5)
    answers = [ask(world, "searchUsers").status_code for _ in range(15)]
    world.agenda.advance_to(Instant(world.clock.now + 5 * SECOND_MS))
    later = [ask(world, "searchUsers").status_code for _ in range(10)]
    world.amplitude.use_limits(False)

    assert ([200] * 10 + [429] * 5, [200] * 10) == (answers, later)
    assert 200 == ask(world, "searchUsers").status_code


def test_pools_are_those_of_the_pages() -> None:
    assert [10, 5, 8, 4] == [pool.limit for pool in POOLS]
    assert set(CALLS) == set(POOL_OF)
    assert "5 concurrent requests" == Pool(5, (), "").words
