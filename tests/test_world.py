"""A whole world: both services, the engine, one clock, through either door."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from simulator.audit.findings import Verdict
from simulator.audit.invariants import check
from simulator.database import StoreUnusable
from simulator.fakes.amplitude.projects import ProjectSettings
from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import HOUR_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.rules.switches import RuleSet
from simulator.sync.connections import SetupRefused
from simulator.sync.streaming.settings import StreamSettings
from simulator.world import DoorKind, World, WorldSettings

HIERARCHY = (Mapping("user_id", Kind.EXTERNAL_ID), Mapping("device_id", Kind.DEVICE_ID))


def sync_three_people(world: World) -> str:
    """Ida is known to both sides, Ben is an anonymous device, Noor is not in Braze; the id of the sync."""
    world.braze.seed_profiles([ProfileSeed(external_id="ida-1001"), ProfileSeed(device_ids=("d-ben-0001",))])
    people = world.amplitude.seed_users(
        "main",
        [UserSeed("ida-1001", "d-ida-0001"), UserSeed(None, "d-ben-0001"), UserSeed("noor-1001", "d-noor-0001")],
    )
    cohort = world.amplitude.cohorts.create_static("vips", people)
    connection = world.engine.create_connection(
        "braze",
        rest_endpoint=world.braze_endpoint,
        partner_api_key=world.braze.keys.partner_api_key,
        data_import_key=world.braze.keys.data_import_keys["main"],
        mappings=HIERARCHY,
    )
    return world.engine.create_sync(cohort.cohort_id, connection.id, Cadence.HOURLY).id


def outcomes(world: World) -> dict[str, str]:
    return {
        entry.identifier.value: entry.outcome
        for page in world.ledger.pages(events=["cohort_changed"])
        for entry in page.entries
        if entry.identifier
    }


@pytest.mark.parametrize("door", list(DoorKind))
def test_one_sync_through_either_door(door: DoorKind) -> None:
    with World(WorldSettings(seed=7), door) as world:
        sync_three_people(world)
        assert {"ida-1001": "added", "d-ben-0001": "added", "noor-1001": "dropped"} == outcomes(world)
        assert {Verdict.PASSED} == {finding.verdict for finding in check(world)}


def test_both_doors_leave_the_same_ledger() -> None:
    digests = set()
    for door in DoorKind:
        with World(WorldSettings(seed=7), door) as world:
            sync_three_people(world)
            world.agenda.advance_to(Instant(world.clock.now + 3 * HOUR_MS))
            digests.add(world.ledger.digest())
    assert len(digests) == 1


def test_another_seed_leaves_another_ledger() -> None:
    digests = set()
    for seed in (7, 8):
        with World(WorldSettings(seed=seed)) as world:
            sync_three_people(world)
            digests.add(world.ledger.digest())
    assert len(digests) == 2


def test_worlds_share_nothing() -> None:
    with World(WorldSettings(seed=1)) as first, World(WorldSettings(seed=1)) as second:
        sync_three_people(first)
        assert second.ledger.last_page() == 0
        assert second.journal.written == 0
        assert second.clock.now == first.clock.now


def test_a_world_in_a_file_goes_on_where_it_stopped(tmp_path: Path) -> None:
    settings = WorldSettings(seed=7, state=tmp_path / "world.sqlite")
    with World(settings) as world:
        sync = sync_three_people(world)
        world.agenda.advance_to(Instant(world.clock.now + 2 * HOUR_MS))
        runs, digest = len(world.engine.runs(sync)), world.ledger.digest()
    with World(settings) as again:
        assert digest == again.ledger.digest()
        again.agenda.advance_to(Instant(again.clock.now + HOUR_MS))
        assert runs + 1 == len(again.engine.runs(sync))


def test_a_world_in_a_file_goes_on_at_its_last_instant_although_nothing_happened(tmp_path: Path) -> None:
    settings = WorldSettings(seed=7, state=tmp_path / "world.sqlite")
    with World(settings) as world:
        world.agenda.advance_to(Instant(world.clock.now + 2 * HOUR_MS + 250))
        stopped_at = world.clock.now
        assert world.ledger.last_page() == 0
    with World(settings) as again:
        assert stopped_at == again.clock.now


def test_a_world_whose_process_is_killed_goes_on_where_its_clock_stood(tmp_path: Path) -> None:
    settings = WorldSettings(seed=7, state=tmp_path / "world.sqlite")
    with World(settings) as killed:
        killed.agenda.advance_to(Instant(killed.clock.now + 2 * HOUR_MS))
        # What a killed process leaves: files that nobody has closed.
        left = shutil.copytree(tmp_path, tmp_path.with_name("left"))
        with World(replace(settings, state=left / "world.sqlite")) as again:
            assert killed.clock.now == again.clock.now


def test_a_world_in_a_file_is_not_gone_on_with_under_another_seed(tmp_path: Path) -> None:
    settings = WorldSettings(seed=7, state=tmp_path / "world.sqlite")
    World(settings).close()

    with pytest.raises(StoreUnusable, match=r"world\.sqlite holds a world of seed 7, not of seed 8; say --seed 7"):
        World(replace(settings, seed=8))
    World(settings).close()


def test_requests_of_a_world_that_is_opened_again_have_ids_of_their_own(tmp_path: Path) -> None:
    settings = WorldSettings(seed=7, state=tmp_path / "world.sqlite")
    seen: list[str] = []
    for _ in range(3):
        with World(settings) as world:
            world.braze.service.observers.append(lambda exchange: seen.append(exchange.request_id))
            for _ in range(2):
                world.braze.app.test_client().get("/segments/list")
    assert (6, 6) == (len(seen), len(set(seen)))


def test_the_cohort_list_says_on_demand_what_the_engine_syncs() -> None:
    with World(WorldSettings(seed=7)) as world:
        sync = sync_three_people(world)
        cohort = world.engine.sync(sync).cohort
        started = world.clock.now

        (shown,) = world.amplitude.cohort_api.sync_info("main", cohort)
        world.engine.pause(sync)

        assert ("braze", "hourly") == (shown.target, shown.frequency)
        assert (started, None) == (shown.last_successful, shown.last_failure)
        assert [] == list(world.amplitude.cohort_api.sync_info("main", cohort))


def test_the_delivery_metrics_of_amplitude_are_those_of_the_stream() -> None:
    with World(WorldSettings(seed=7)) as world:
        world.braze.seed_profiles([ProfileSeed(external_id="ida-1001")])
        stream = world.streams.create(
            StreamSettings(
                name="events", endpoint=world.braze_endpoint, rest_api_key=world.braze.keys.rest_keys["main"],
                events={"app_opened": ()},
            )
        )  # fmt: skip
        world.amplitude.ingest("main", [{"user_id": "ida-1001", "event_type": "app_opened"}] * 2)
        world.amplitude.ingest("main", [{"device_id": "d-ben-0001", "event_type": "app_opened"}])
        world.agenda.advance_to(Instant(world.clock.now + HOUR_MS // 2))
        project = world.amplitude.store.projects.named("main")
        keys = base64.b64encode(f"{project.api_key}:{project.secret_key}".encode()).decode()

        def asked(sync_id: str, period: str) -> TestResponse:
            return world.amplitude.app.test_client().get(
                "/api/2/event-streaming/delivery-metrics-summary",
                query_string={"sync_id": sync_id, "time_period": period},
                headers={"Authorization": f"Basic {keys}"},
            )

        hour = asked(stream.id, "ONE_HOUR").json or {}
        assert (2, 2, 1, 1) == tuple(
            hour[name] for name in ("eventsDelivered", "successOnFirstAttempt", "eventsNotDelivered", "eventsDiscarded")
        )
        assert (2 / 3, 5.0) == (hour["deliveryRate"], hour["latencyInSeconds"])
        assert 0 == (asked(stream.id, "TEN_MINUTES").json or {})["eventsDelivered"]
        assert 403 == asked("stream-99", "ONE_HOUR").status_code


def test_a_plan_that_changes_holds_for_the_next_sync(tmp_path: Path) -> None:
    settings = WorldSettings(seed=7, state=tmp_path / "world.sqlite")
    with World(settings) as world:
        world.amplitude.store.projects.change_plan("main", "plus")
        world.amplitude.store.projects.include_syncs("main", 9)
        assert ("plus", 9) == world.engine.setup.terms["main"]
    with World(settings) as again:
        assert ("plus", 9) == again.engine.setup.terms["main"]


def test_the_rules_can_be_read_differently_from_now_on() -> None:
    with World() as world:
        assert world.rules == RuleSet()
        other = RuleSet(fallback="off", device_match="never_once_anonymous")
        world.use_rules(other)
        assert other == world.rules == world.amplitude.rules


def test_the_journal_keeps_every_exchange_without_its_secrets() -> None:
    with World(WorldSettings(seed=7)) as world:
        sync_three_people(world)
        operations = [entry.operation for entry in world.journal.entries()]
        assert ["nameCohort", "changeCohortUsers"] == operations
        secret = world.braze.keys.data_import_keys["main"]
        assert not any(secret in repr(entry) for entry in world.journal.entries())


def test_the_destinations_of_every_project_go_on_in_a_world_that_is_opened_again(tmp_path: Path) -> None:
    """CONN-2, CONN-3."""
    settings = WorldSettings(seed=7, state=tmp_path / "world.sqlite")
    with World(settings) as world:
        world.amplitude.add_project(ProjectSettings("shop", plan="plus", automated_syncs=1))
        world.braze.seed_profiles([ProfileSeed(external_id="ben-1001")])
        world.amplitude.ingest("shop", [{"user_id": "ben-1001", "event_type": "bought"}])
        cohort = world.amplitude.cohorts.create("buyers", {"performed": "bought", "within": "7d"}, project="shop")
        connection = world.engine.create_connection(
            "braze",
            rest_endpoint=world.braze_endpoint,
            partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"],
            mappings=HIERARCHY,
            project="shop",
        )
        world.streams.create(
            StreamSettings(
                name="live",
                endpoint=world.braze_endpoint,
                rest_api_key=world.braze.keys.rest_keys["main"],
                events={"bought": ()},
            ),
            "shop",
        )
        sync = world.engine.create_sync(cohort.cohort_id, connection.id, Cadence.HOURLY).id
    with World(settings) as again:
        again.braze.seed_profiles([ProfileSeed(external_id="kim-1001")])
        for project, person in (("shop", "kim-1001"), ("main", "ida-1001")):
            again.amplitude.ingest(project, [{"user_id": person, "event_type": "bought"}])
        again.agenda.advance_to(Instant(again.clock.now + HOUR_MS))
        runs = again.engine.runs(sync)
        (stream,) = again.streams.streams()

        assert [1, 1] == [run.added for run in runs]
        assert ("shop", 1) == (stream.project, again.streams.metrics(stream)["delivered"])
        assert ("plus", 1) == again.engine.setup.terms["shop"]
        with pytest.raises(SetupRefused, match="the plan includes 1 automated syncs"):
            again.engine.create_sync(cohort.cohort_id, connection.id, Cadence.DAILY)
