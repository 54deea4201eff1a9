"""What can be done to a world by name, in the middle of a call or outside of one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.acts import CallRefused
from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.fakes.faults import ActRefused, Fault
from simulator.openapi import load
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import HOUR_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.sync.connections import UnknownSetup
from simulator.sync.store.records import SyncState
from simulator.world import World, WorldSettings


@pytest.fixture
def world() -> Iterator[World]:
    """Ida and Kim are known to both sides, Ben is a device; a cohort of all is synced every hour."""
    with World(WorldSettings(seed=7)) as made:
        made.braze.seed_profiles(
            [
                ProfileSeed(external_id="ida-1001"),
                ProfileSeed(external_id="kim-1002"),
                ProfileSeed(device_ids=("d-ben",)),
            ]
        )
        people = made.amplitude.seed_users("main", [UserSeed("ida-1001", "d-ida"), UserSeed("kim-1002", "d-kim")])
        cohort = made.amplitude.cohorts.create_static("vips", people)
        connection = made.engine.create_connection(
            "braze",
            rest_endpoint=made.braze_endpoint,
            partner_api_key=made.braze.keys.partner_api_key,
            data_import_key=made.braze.keys.data_import_keys["main"],
            mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        )
        made.engine.create_sync(cohort.cohort_id, connection.id, Cadence.HOURLY)
        yield made


def test_a_revoked_key_is_refused_until_a_new_one_is_pasted(world: World) -> None:
    world.acts.revoke_key("braze")
    listed = world.braze.keys.listed_data_import_keys("main")
    world.acts.new_key("connection-1")

    assert [True] == [each.revoked_at is not None for each in listed]
    assert 2 == len(world.braze.keys.listed_data_import_keys("main"))


def test_a_mapping_is_changed_as_it_is_written_over_http(world: World) -> None:
    world.acts.change_mapping("braze", [{"property": "crm_id", "to": "alias", "label": "crm"}])

    assert (Mapping("crm_id", Kind.ALIAS, "crm"),) == world.acts.connection("braze").mappings


def test_profiles_are_merged_renamed_and_deleted(world: World) -> None:
    profiles = world.braze.store.profiles
    world.acts.merge("ida-1001", "kim-1002")
    world.acts.rename_external_id("kim-1002", "kim-2002")
    renamed = profiles.by_external_id("main", "kim-1002")
    assert profiles.by_external_id("main", "ida-1001") is None
    assert renamed is not None
    assert "kim-2002" == renamed.external_id
    world.acts.delete("kim-2002")
    assert profiles.by_external_id("main", "kim-2002") is None


def test_a_device_logs_in(world: World) -> None:
    world.acts.log_in("d-ben", "ben-1003")

    assert world.braze.store.profiles.by_external_id("main", "ben-1003") is not None


def test_people_come_and_go_in_the_middle_of_a_run_and_the_next_run_says_so(world: World) -> None:
    cohort = world.amplitude.cohorts.all()[-1].cohort_id
    fault = {"operation": "changeCohortUsers", "times": 1}
    world.amplitude.seed_users("main", [UserSeed("eve-1004")])
    world.braze.seed_profiles([ProfileSeed(external_id="eve-1004")])
    world.faults.add(Fault(**fault, act="add_members", arguments={"cohort": cohort, "user_ids": ["eve-1004"]}))
    world.faults.add(Fault(**fault, act="remove_members", arguments={"cohort": cohort, "user_ids": ["ida-1001"]}))
    connection = world.acts.connection("braze").id
    world.engine.delete_sync("sync-1")
    sync = world.engine.create_sync(cohort, connection, Cadence.HOURLY)
    world.agenda.advance_to(Instant(world.clock.now + 2 * HOUR_MS))

    assert [(2, 0), (1, 0), (0, 1)] == [(run.added, run.removed) for run in world.engine.runs(sync.id)][:3]
    with pytest.raises(CallRefused, match="Amplitude has no user nobody"):
        world.acts.add_members(cohort, ["nobody"])


def test_syncs_pause_go_on_and_end(world: World) -> None:
    world.acts.pause_sync("sync-1")
    assert SyncState.PAUSED is world.engine.sync("sync-1").state
    world.acts.resume_sync("sync-1")
    world.acts.change_cadence("sync-1", "daily")
    assert Cadence.DAILY is world.engine.sync("sync-1").cadence
    world.acts.delete_sync("sync-1")
    with pytest.raises(UnknownSetup):
        world.engine.sync("sync-1")


def test_what_is_refused_is_said_plainly_and_to_a_fault_as_a_refusal(world: World) -> None:
    with pytest.raises(UnknownSetup, match="there is no connection 'nowhere'"):
        world.acts.revoke_key("nowhere")
    with pytest.raises(CallRefused, match="/users/external_ids/rename"):
        world.acts.rename_external_id("nobody", "somebody")
    with pytest.raises(ActRefused, match="pause_sync: there is no sync"):
        world.acts.table()["pause_sync"](sync="sync-9")


def test_every_act_of_the_contract_is_taught_and_no_other(world: World) -> None:
    offered = load("control").document["components"]["schemas"]["NewFault"]["properties"]["act"]["enum"]
    assert offered == sorted(world.acts.table())
