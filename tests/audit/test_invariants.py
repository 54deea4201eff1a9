"""Each invariant notices when the world is bent behind its back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest

from simulator.audit.findings import Finding, Verdict, judged
from simulator.audit.invariants import check, same_digest
from simulator.audit.wire import KEPT_AT_MOST
from simulator.exchange import Exchange
from simulator.fakes.braze.seeding import ProfileSeed
from simulator.ledger import Entry
from simulator.rules.instants import Instant
from simulator.sync.ports import Request
from simulator.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.braze.seed_profiles([ProfileSeed(external_id="ida-1001")])
        yield made


def broken(world: World) -> dict[str, str]:
    return {finding.invariant: finding.broken[0] for finding in check(world) if finding.verdict is Verdict.FAILED}


def change_users(world: World, request_id: str = "q1", **body: object) -> int:
    keys = world.braze.keys
    whole = {
        "partner_api_key": keys.partner_api_key,
        "client_secret": keys.data_import_keys["main"],
        "cohort_id": "c1",
        "cohort_changes": [{"user_ids": ["ida-1001"]}],
        **body,
    }
    headers = {"content-type": "application/json", "x-request-id": request_id}
    transport = world.endpoints.to(world.braze_endpoint)
    return transport.send(Request("POST", "/partners/amplitude/cohorts/users", headers, orjson.dumps(whole))).status


def test_a_clean_world_passes_all_seven(world: World) -> None:
    change_users(world)
    assert {} == broken(world)
    assert ["INV-1", "INV-2", "INV-3", "INV-4", "INV-5", "INV-6", "INV-7"] == [each.invariant for each in check(world)]


def test_a_profile_made_by_a_cohort_call_is_noticed(world: World) -> None:
    change_users(world)
    world.ledger.write(
        world.clock.now, room="braze", event="profile_created", request="q1", entries=[Entry("", "b9", None, "created")]
    )
    assert "request q1, a cohort call, left profile_created in the ledger" == broken(world)["INV-2"]


def test_a_profile_that_appears_during_a_cohort_call_is_noticed(world: World) -> None:
    world.cohort_calls.grown.append((1, 1, 2))
    assert "cohort call 1: 1 profiles before it, 2 after it" == broken(world)["INV-2"]


def test_a_member_whom_nobody_sent_is_noticed(world: World) -> None:
    change_users(world)
    world.braze.seed_profiles([ProfileSeed(external_id="zoe-1001")])
    zoe = world.braze.store.profiles.by_external_id("main", "zoe-1001")
    assert zoe is not None
    key = world.braze.store.membership.key("main", "amplitude", "c1", world.clock.now)
    world.braze.store.membership.change(key, {zoe.row}, set(), world.clock.now)
    assert "nobody ever sent them" in broken(world)["INV-3"]


def test_an_answer_that_breaks_the_contract_is_noticed(world: World) -> None:
    seen: list[Exchange] = []
    world.braze.service.observers.append(seen.append)
    change_users(world)
    lines = world.wire.check(replace(seen[0], response_body=b"{}"))
    assert ['answer body: "message" is a required property [required]'] == lines
    assert "answer of the fake in braze changeCohortUsers (201)" in broken(world)["INV-5"]


def test_a_request_of_a_client_that_breaks_the_contract_is_noted_and_held_against_nobody(world: World) -> None:
    assert change_users(world, cohort_id=7) == 400
    assert {} == broken(world)
    assert ["client"] == [breach.sender for breach in world.wire.breaches]


def test_a_request_of_the_engine_that_breaks_the_contract_is_noticed(world: World) -> None:
    world.wire.engine_requests.add("q1")
    change_users(world, cohort_id=7)
    told = broken(world)["INV-5"]
    assert "request of the engine in braze changeCohortUsers (400): body.cohort_id: 7 is not of type" in told
    assert '; request body {"partner_api_key": "***"' in told
    assert '; answer body {"message":"`cohort_id` must be a valid string"}' in told


def test_a_field_that_nobody_described_is_a_breach_when_the_engine_sends_it_and_none_of_a_client(world: World) -> None:
    extra = {"cohort_changes": [{"user_ids": ["ida-1001"], "device_id": "d-1"}]}
    assert 201 == change_users(world, **extra)
    assert {} == broken(world)
    world.wire.engine_requests.add("q1")
    assert 201 == change_users(world, **extra)
    assert "body.cohort_changes[0].device_id: not described by the contract [unknown-field]" in broken(world)["INV-5"]


def ask(world: World, method: str, path: str, request_id: str = "q1") -> None:
    headers = {"content-type": "application/json", "x-request-id": request_id}
    world.endpoints.to(world.braze_endpoint).send(Request(method, path, headers, b"{}"))


def test_a_client_that_calls_what_no_contract_has_is_told_what_may_be_meant(world: World) -> None:
    ask(world, "POST", "/users/trak")
    ask(world, "GET", "/users/track")
    ask(world, "OPTIONS", "/users/track")
    told = [" ".join(entry.violations) for entry in world.journal.entries()]
    assert [
        "request path: no operation of the contract is at this address; did you mean /users/track? [unknown-operation]",
        "request path: no operation of the contract is a GET here; there is POST [unknown-operation]",
        "",
    ] == told
    assert {} == broken(world)


def test_a_call_of_the_engine_to_what_no_contract_has_is_noticed(world: World) -> None:
    world.wire.engine_requests.add("q1")
    ask(world, "POST", "/partners/amplitude/cohort")
    told = broken(world)["INV-5"]
    assert "request of the engine in braze POST /partners/amplitude/cohort (404): path: no operation" in told


def test_a_client_that_breaks_the_contract_all_day_hides_no_breach_of_the_engine(world: World) -> None:
    for _ in range(KEPT_AT_MOST + 1):
        change_users(world, cohort_id=7)
    world.wire.engine_requests.add("q1")
    change_users(world, cohort_id=7)
    assert "request of the engine in braze changeCohortUsers" in broken(world)["INV-5"]


def test_pages_out_of_order_are_noticed(world: World) -> None:
    world.ledger.write(world.clock.now, room="engine", event="later")
    world.ledger.write(Instant(world.clock.now - 1), room="engine", event="earlier")
    assert "(earlier) is at" in broken(world)["INV-6"]


def test_a_data_point_without_a_page_is_noticed(world: World) -> None:
    world.braze.store.points.log("main", world.clock.now, "cohort", "DP-1", [1], request="q7")
    assert "request q7: 1 data points logged, 0 explained by the ledger" == broken(world)["INV-7"]


def test_two_runs_must_agree_and_one_run_says_nothing() -> None:
    assert same_digest("a" * 64, "a" * 64).verdict is Verdict.PASSED
    assert same_digest("a" * 64, "b" * 64).verdict is Verdict.FAILED
    assert same_digest("a" * 64, None).verdict is Verdict.UNKNOWN


def test_a_finding_tells_its_lines() -> None:
    assert str(judged("INV-1", ["somebody is lost"])) == "INV-1 failed\n  somebody is lost"
    assert Verdict.UNKNOWN is replace(Finding("INV-8", Verdict.PASSED), verdict=Verdict.UNKNOWN).verdict
