"""Anybody's story is told by any identifier of theirs; a scenario's people are known by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.rules.cadence import Cadence
from simulator.scenario.parse import load_text
from simulator.serving.plane.stories import Stories
from simulator.serving.server import Server
from simulator.world import WorldSettings

SCENARIO = """
scenario: A device id stops working once its owner logs in
people:
  ben: {device_id: d-ben-0001, events: [app_opened], braze: {device_ids: [d-ben-0001]}}
  ida: {user_id: ida-1001, events: [app_opened], braze: {external_id: ida-1001}}
connections:
  braze: {identify_by: [user_id -> external_id, device_id]}
cohorts:
  openers: {performed: app_opened, times: ">= 1", within: 7d}
steps:
  - sync: {cohort: openers, to: braze, cadence: one_time}
  - expect: {members: {openers: [ben, ida]}}
"""


@pytest.mark.parametrize("reference", ["ida-1001", "phone-of-ida"])
def test_a_story_is_found_by_any_identifier(client: Any, reference: str) -> None:
    client.stage.world.braze.phone.appear("phone-of-ida")
    client.stage.world.braze.phone.log_in("phone-of-ida", "ida-1001")
    client.synced_cohort("ida-1001", cadence="one_time")

    told = client.sim("GET", f"/people/{reference}/story")

    assert (told.status, told.body["person"]) == (200, reference)
    assert "added" in [step["outcome"] for step in told.body["steps"]]
    assert "MATCH-1" in [rule["id"] for step in told.body["steps"] for rule in step["rules"]]
    assert told.body["text"].endswith(f"at the end, {reference} is a member of openers in Braze")


def test_what_only_one_system_keeps_leads_to_the_other_half_of_the_story(client: Any) -> None:
    key = client.stage.keys.amplitude_api_key
    event = {"user_id": "ida-1001", "device_id": "d-ida-0001", "event_type": "app_opened"}
    client.amplitude("/2/httpapi", {"api_key": key, "events": [event]})
    client.synced_cohort("ida-1001", cadence="one_time")
    user = client.stage.world.amplitude.find("main", user_id="ida-1001")
    profile = client.stage.world.braze.store.profiles.by_external_id("main", "ida-1001")

    for reference in ("d-ida-0001", str(user.amplitude_id), profile.braze_id):
        told = client.sim("GET", f"/people/{reference}/story").body

        rooms = {step["room"] for step in told["steps"]}
        assert {"amplitude", "engine", "braze"} <= rooms
        assert told["text"].endswith(f"at the end, {reference} is a member of openers in Braze")


def test_an_anonymous_device_has_one_story_in_both_systems(client: Any) -> None:
    client.stage.world.braze.phone.appear("d-ben-0001")
    key = client.stage.keys.amplitude_api_key
    client.amplitude("/2/httpapi", {"api_key": key, "events": [{"device_id": "d-ben-0001", "event_type": "opened"}]})
    user = client.stage.world.amplitude.find("main", device_id="d-ben-0001")

    told = client.sim("GET", f"/people/{user.amplitude_id}/story").body

    assert ["phone", "amplitude"] == [step["room"] for step in told["steps"]]


def test_of_a_stranger_nothing_is_told(client: Any) -> None:
    told = client.sim("GET", "/people/nobody-0001/story")

    assert told.status == 404
    assert "nothing here is known about 'nobody-0001'" in told.body["detail"]


def test_the_people_of_a_scenario_live_in_the_served_world_also_after_a_reset() -> None:
    scenario = load_text(SCENARIO)[0]
    with Server(WorldSettings(seed=7), people=Stories(scenario)) as server:
        before = _sync_and_tell(server)
        server.main.reset()
        after = _sync_and_tell(server)

    assert before == after
    assert [step["outcome"] for step in before["ben"]["steps"]][-1] == "added"
    assert "ben" in before["ben"]["text"]


def test_a_world_that_comes_from_a_file_is_not_furnished_twice(tmp_path: Path) -> None:
    people = Stories(load_text(SCENARIO)[0])
    connections = []
    for _ in range(2):
        with Server(WorldSettings(seed=7, state=tmp_path / "world.sqlite"), people=people) as server:
            connections.append(len(server.main.world.engine.store.connections()))

    assert connections == [1, 1]


def _sync_and_tell(server: Server) -> dict[str, Any]:
    stage = server.main
    connection = stage.world.engine.store.connections()[0]
    stage.world.engine.create_sync(stage.cohort_id("openers", "main"), connection.id, "one_time")  # type: ignore[arg-type]
    return {name: stage.story(name) for name in ("ben", "ida")}


SHOPS = """
scenario: A shop beside the first project
plan: growth
projects: {shop: {plan: plus}}
people:
  ida: {user_id: ida-1001, projects: [main, shop], events: [app_opened]}
connections:
  shop: {identify_by: user_id, project: shop}
cohorts:
  shoppers: {performed: app_opened, within: 7d, project: shop}
steps:
  - expect: {profiles_created: 0}
"""


def test_the_projects_of_a_scenario_are_made_in_the_served_world_also_after_a_reset() -> None:
    """CONN-2, CONN-3."""
    with Server(WorldSettings(seed=7), people=Stories(load_text(SHOPS)[0])) as server:
        for _ in range(2):
            world = server.main.world
            plans = {each.name: each.plan for each in world.amplitude.store.projects.all()}
            (connection,) = world.engine.store.connections()
            sync = world.engine.create_sync(server.main.cohort_id("shoppers", "shop"), connection.id, Cadence.HOURLY)
            added = world.engine.runs(sync.id)[0].added
            told = server.main.story("ida")
            server.main.reset()

            assert ({"main": "growth", "shop": "plus"}, "shop", 1) == (plans, connection.project, added)
            assert told is not None
            assert str(told["text"]).endswith("at the end, ida is a member of shoppers in Braze")
