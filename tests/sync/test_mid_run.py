"""Things that happen in the middle of a run, through a whole world: keys, partners, profiles, cohorts, mappings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from simulator.fakes.amplitude.service import UserSeed
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.fakes.faults import Fault
from simulator.rules.cadence import Cadence
from simulator.rules.identity import Kind
from simulator.rules.instants import HOUR_MS, Instant
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import RunStatus
from simulator.sync.ports import Request
from simulator.world import DoorKind, World, WorldSettings

PEOPLE = 2_500
SECOND_USERS_CALL = 2


class Play:
    """2,500 people in three requests; something happens before the second of them takes effect."""

    def __init__(self, world: World) -> None:
        self.world = world
        names = [f"user-{number:05}" for number in range(PEOPLE)]
        world.braze.seed_profiles([ProfileSeed(name, device_ids=(f"d-{name}",)) for name in names])
        self.people = world.amplitude.seed_users("main", [UserSeed(name, f"d-{name}") for name in names])
        self.cohort = world.amplitude.cohorts.create_static("everybody", self.people).cohort_id
        self.connection = world.engine.create_connection(
            "braze",
            rest_endpoint=world.braze_endpoint,
            partner_api_key=world.braze.keys.partner_api_key,
            data_import_key=world.braze.keys.data_import_keys["main"],
            mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
        ).id

    def run(self, act: Any) -> None:
        self.world.faults.teach("act", act)
        self.world.faults.add(Fault(operation="changeCohortUsers", nth=SECOND_USERS_CALL, times=1, act="act"))
        self.world.engine.create_sync(self.cohort, self.connection, Cadence.HOURLY)

    def hour(self) -> None:
        self.world.agenda.advance_to(Instant(self.world.clock.now + HOUR_MS))

    def rest(self, path: str, body: object) -> None:
        key = self.world.braze.keys.rest_keys["main"]
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        answer = self.world.endpoints.to(self.world.braze_endpoint).send(
            Request("POST", path, headers, orjson.dumps(body))
        )
        assert answer.status < 300, answer.body

    @property
    def members(self) -> set[str]:
        rows = self.world.database.rows(
            "SELECT p.external_id FROM braze_member m JOIN braze_profile p ON p.profile = m.profile"
        )
        return {row[0] for row in rows}

    @property
    def statuses(self) -> list[RunStatus]:
        return [run.status for run in self.world.engine.runs("sync-1")]


@pytest.fixture(params=list(DoorKind))
def play(request: pytest.FixtureRequest) -> Iterator[Play]:
    with World(WorldSettings(seed=7), request.param) as world:
        yield Play(world)


def test_a_key_revoked_in_the_middle_stops_the_rest_and_a_new_key_brings_it(play: Play) -> None:
    keys, secret = play.world.braze.keys, play.world.braze.keys.data_import_keys["main"]
    play.run(lambda: keys.invalidate_data_import_key(secret))
    assert ([RunStatus.FAILED], 1_000) == (play.statuses, len(play.members))
    play.world.engine.new_key(play.connection, keys.create_data_import_key("main"))
    play.hour()
    assert ([RunStatus.FAILED, RunStatus.SUCCESS], PEOPLE) == (play.statuses, len(play.members))


def test_a_partner_switched_off_in_the_middle_is_mended_once_it_is_on_again(play: Play) -> None:
    play.run(lambda: play.world.braze.keys.switch_partner("main", "amplitude", False))
    assert ([RunStatus.FAILED], 1_000) == (play.statuses, len(play.members))
    play.world.braze.keys.switch_partner("main", "amplitude", True)
    play.hour()
    assert PEOPLE == len(play.members)


def test_a_mapping_changed_in_the_middle_serves_only_who_enters_later(play: Play) -> None:
    engine = play.world.engine
    play.run(lambda: engine.change_mapping(play.connection, [Mapping("device_id", Kind.DEVICE_ID)]))
    assert PEOPLE == len(play.members)
    play.world.amplitude.cohorts.remove_members(play.cohort, play.people[:1])
    play.hour()
    assert PEOPLE - 1 == len(play.members)
    play.world.amplitude.cohorts.add_members(play.cohort, play.people[:1])
    play.hour()
    assert "user-00000" not in play.members


def test_a_cohort_edited_in_the_middle_is_caught_up_by_the_next_run(play: Play) -> None:
    cohorts = play.world.amplitude.cohorts

    def edit() -> None:
        cohorts.remove_members(play.cohort, play.people[:10])
        cohorts.rename(play.cohort, "Nearly everybody")

    play.run(edit)
    assert PEOPLE == len(play.members)
    play.hour()
    assert PEOPLE - 10 == len(play.members)
    names = [page.detail["name"] for page in play.world.ledger.pages(events=["cohort_named"])]
    assert ["everybody", "Nearly everybody"] == names


@pytest.mark.parametrize(("answer", "arrived"), [(None, 1_000), (400, 0), (503, 0)])
def test_a_sync_that_ends_in_the_middle_counts_everybody_once(play: Play, answer: int | None, arrived: int) -> None:
    """The second of three requests is under way when its sync is deleted; it may still arrive, and is not retried."""
    play.world.faults.teach("act", lambda: play.world.engine.delete_sync("sync-1"))
    play.world.faults.add(
        Fault(operation="changeCohortUsers", nth=SECOND_USERS_CALL, times=1, act="act", answer=answer)
    )
    play.world.engine.create_sync(play.cohort, play.connection, Cadence.HOURLY)
    play.hour()
    (run,) = play.world.engine.runs("sync-1")
    assert (RunStatus.CANCELLED, 1_000 + arrived, 1_500 - arrived) == (run.status, run.added, run.undelivered)
    assert 1_000 + arrived == len(play.members)


def test_a_profile_deleted_in_the_middle_is_dropped_and_the_run_succeeds() -> None:
    with World(WorldSettings(seed=7)) as world:
        play = Play(world)
        play.run(lambda: play.rest("/users/delete", {"external_ids": ["user-01500"]}))
        assert ([RunStatus.SUCCESS], PEOPLE - 1) == (play.statuses, len(play.members))
        dropped = [
            entry.identifier.value
            for page in world.ledger.pages(events=["cohort_changed"])
            for entry in page.entries
            if entry.outcome == "dropped" and entry.identifier
        ]
        assert ["user-01500"] == dropped


def test_both_doors_tell_the_same_story_of_a_key_revoked_in_the_middle() -> None:
    digests = set()
    for door in DoorKind:
        with World(WorldSettings(seed=7), door) as world:
            play = Play(world)
            secret = world.braze.keys.data_import_keys["main"]
            play.run(lambda world=world, secret=secret: world.braze.keys.invalidate_data_import_key(secret))
            play.hour()
            digests.add(world.ledger.digest())
    assert 1 == len(digests)


def test_a_key_that_braze_quotes_in_its_complaint_does_not_reach_the_ledger(play: Play) -> None:
    secret = play.world.braze.keys.data_import_keys["main"]
    play.run(lambda: play.world.braze.keys.switch_partner("main", "amplitude", False))
    failures = [str(page.detail["failure"]) for page in play.world.ledger.pages() if page.event == "undelivered"]
    assert any("Partner not enabled" in failure for failure in failures)
    assert not any(secret in str(page.detail) for page in play.world.ledger.pages())


@pytest.mark.parametrize("transport", ["reset", "truncate"])
def test_a_broken_answer_is_known_only_after_its_latency(play: Play, transport: str) -> None:
    world = play.world
    world.faults.add(Fault(operation="changeCohortUsers", nth=3, times=1, transport=transport, latency_ms=30_000))
    sync = world.engine.create_sync(play.cohort, play.connection, Cadence.HOURLY)
    began = world.clock.now
    (run,) = world.engine.runs(sync.id)
    (waiting,) = [each for each in world.engine.deliveries(run) if each.settled_at is None]
    assert (RunStatus.RUNNING, began + 30_000) == (run.status, waiting.due_at)
    world.agenda.advance_to(Instant(began + 31_000))
    assert (began + 31_000, 2) == (
        world.engine.deliveries(run)[-1].settled_at,
        world.engine.deliveries(run)[-1].attempts,
    )


def test_a_broken_answer_that_takes_too_long_is_a_timeout(play: Play) -> None:
    world = play.world
    world.faults.add(Fault(operation="nameCohort", times=1, transport="reset", latency_ms=HOUR_MS))
    sync = world.engine.create_sync(play.cohort, play.connection, Cadence.ONE_TIME)
    (run,) = world.engine.runs(sync.id)
    name = world.engine.deliveries(run)[0]
    assert ("timeout", world.clock.now + 60_000) == (name.failure, name.due_at)
