"""The whole service: seeding, the doors without HTTP, what syncs read, and what is left out."""

from __future__ import annotations

import pytest

from simulator.clock import SimClock
from simulator.database import Database
from simulator.fakes.amplitude.cohorts.tables import MIGRATIONS as COHORT_MIGRATIONS
from simulator.fakes.amplitude.projects import AmplitudeSettings, ProjectSettings
from simulator.fakes.amplitude.service import AmplitudeService, SeedEvent, UserSeed
from simulator.fakes.amplitude.store import MIGRATIONS
from simulator.feeds import IngestedEvent
from simulator.ledger import MIGRATIONS as LEDGER_MIGRATIONS
from simulator.ledger import Ledger
from simulator.openapi import load
from simulator.rules.identity import AmplitudeUser
from simulator.rules.instants import DAY_MS
from simulator.rules.switches import RuleSet

LEFT_OUT = [each for each in load("amplitude").operations.values() if not each.emulated]


def test_seeded_people_are_as_if_they_had_come_over_the_wire(amplitude, amplitude_with, an_event) -> None:
    past = amplitude.now - DAY_MS
    numbers = amplitude.service.seed_users(
        "main",
        [
            UserSeed("ida-1001", "d-ida-0001", {"plan": "plus"}, [SeedEvent("app_opened", past, {"a": 1})]),
            UserSeed(None, "d-ben-0001", {}, [SeedEvent("app_opened", past)]),
            UserSeed("noor-3003", None, {"plan": "free"}),
        ],
    )
    other = amplitude_with()
    other.upload(
        an_event(device_id="d-ida-0001", time=past, user_properties={"plan": "plus"}, event_properties={"a": 1}),
        an_event(None, device_id="d-ben-0001", time=past),
    )
    other.service.identify("main", [{"user_id": "noor-3003", "user_properties": {"plan": "free"}}])
    assert numbers == [amplitude.main.first_id + n for n in range(3)]
    for number in numbers:
        seeded, sent = amplitude.service.user("main", number), other.service.user("main", number)
        assert seeded == sent
    columns = "amplitude_id, event_type, time, user_id, device_id, event_properties, user_properties"
    query = f"SELECT {columns} FROM amplitude_event WHERE kind = 0 ORDER BY sequence"
    assert amplitude.database.rows(query) == other.database.rows(query)


def test_a_user_id_of_blanks_is_none_and_such_people_stay_different(amplitude) -> None:
    numbers = amplitude.service.seed_users("main", [UserSeed("   ", f"d-{n}-00001") for n in range(3)])
    assert len(set(numbers)) == 3
    assert {amplitude.service.user("main", number).user_id for number in numbers} == {None}


def test_seeding_tells_listeners_and_the_ledger(amplitude) -> None:
    heard: list[int] = []
    amplitude.service.on_users_changed(lambda project, ids, at: heard.extend(ids))
    numbers = amplitude.service.seed_users("main", (UserSeed(f"u-{n:06d}", f"d-{n:06d}") for n in range(5001)))
    assert (heard, len(numbers)) == (numbers, 5001)
    assert sum(len(page.entries) for page in amplitude.ledger.pages(events=["identity"])) == 5001


def test_a_property_is_changed_without_an_event(amplitude, an_event) -> None:
    amplitude.upload(an_event(user_properties={"plan": "free"}))
    taken = amplitude.service.change_property("main", {"plan": "plus"}, user_id="ida-1001")
    assert taken.amplitude_ids == [amplitude.main.first_id]
    record = amplitude.service.find("main", user_id="ida-1001")
    assert (record.properties, record.event_count) == ({"plan": "plus"}, 1)


def test_somebody_is_found_by_either_id(amplitude, an_event) -> None:
    amplitude.upload(an_event(device_id="d-ida-0001"))
    service = amplitude.service
    assert service.find("main", device_id="d-ida-0001") == service.find("main", user_id="ida-1001")
    assert (service.find("main", user_id="noor-3003"), service.find("main", device_id="d-x"), service.find("main")) == (
        None,
        None,
        None,
    )


def test_event_streaming_follows_everything_that_is_taken_in(amplitude, an_event) -> None:
    source = amplitude.service.event_source()
    assert (source.last_sequence(), source.events(0, 10)) == (0, [])
    amplitude.upload(an_event(device_id="d-ida-0001", time=1772445000000, insert_id="a-1", platform="iOS",
                              event_properties={"a": 1}, user_properties={"plan": "free"}))  # fmt: skip
    amplitude.service.change_property("main", {"plan": "plus", "age": 9}, user_id="ida-1001")
    number = amplitude.main.first_id
    assert source.last_sequence() == 2
    assert source.events(0, 1) == [
        IngestedEvent(1, amplitude.now, "app_opened", 1772445000000,
                      AmplitudeUser(number, "ida-1001", "d-ida-0001", {"platform": "iOS", "plan": "free"}),
                      {"a": 1}, frozenset({"plan", "platform"}), "a-1"),
    ]  # fmt: skip
    identify = source.events(1, 10)[0]
    assert (identify.event_type, identify.user.properties, identify.changed_user_properties) == (
        "$identify",
        {"plan": "plus", "age": 9},
        {"plan", "age"},
    )


def test_trait_syncs_read_active_people_with_the_chosen_values(amplitude, an_event) -> None:
    old, now = amplitude.now - 91 * DAY_MS, amplitude.now
    amplitude.upload(
        an_event(time=now, user_properties={"plan": "plus", "age": 9}),
        an_event("ben-2002", time=old, user_properties={"plan": "free"}),
        an_event("noor-3003", time=now),
    )
    amplitude.client.put(
        "/_sim/amplitude/computations", json={"user_id": "ida-1001", "comp_id": "c1", "property": "buys", "value": 3}
    )
    amplitude.client.put(
        "/_sim/amplitude/recommendations", json={"user_id": "noor-3003", "rec_id": "r1", "items": ["kimchi"]}
    )
    since = now - 90 * DAY_MS
    people = list(amplitude.service.trait_source().people(since, now, ["plan"], ["buys", "r1"]))
    assert [(each.user_id, each.properties) for each in people] == [
        ("ida-1001", {"plan": "plus", "buys": 3}),
        ("noor-3003", {"r1": ["kimchi"]}),
    ]
    plain = list(amplitude.service.trait_source().people(since, now, ["age"], []))
    assert [each.properties for each in plain] == [{"age": 9}, {}]


def test_somebody_merged_is_active_through_the_anonymous_events(amplitude, an_event) -> None:
    amplitude.upload(an_event(time=amplitude.now - 91 * DAY_MS), an_event(None, device_id="d-new-0001"))
    amplitude.service.identify("main", [{"user_id": "ida-1001", "device_id": "d-new-0001"}])
    people = amplitude.service.trait_source().people(amplitude.now - DAY_MS, amplitude.now, [], [])
    assert [each.user_id for each in people] == ["ida-1001"]


@pytest.mark.parametrize("operation", LEFT_OUT, ids=lambda each: each.operation_id)
def test_what_is_left_out_says_so(amplitude, operation) -> None:
    answer = amplitude.client.open(operation.path.replace("{", "").replace("}", ""), method=operation.method)
    assert (answer.status_code, answer.json) == (
        501,
        {"code": 501, "error": f"{operation.operation_id} is not emulated by absim"},
    )


def test_a_reopened_world_goes_on_where_it_stopped(tmp_path, start, an_event) -> None:
    def open_world() -> tuple[Database, AmplitudeService]:
        database = Database.open(tmp_path / "world.sqlite", [LEDGER_MIGRATIONS, MIGRATIONS, COHORT_MIGRATIONS])
        settings = AmplitudeSettings(projects=(ProjectSettings(), ProjectSettings("shop")))
        clock = SimClock(start)
        return database, AmplitudeService(database, Ledger(database), clock, load("amplitude"), RuleSet(), 7, settings)

    database, service = open_world()
    service.ingest("main", [an_event(insert_id="a-1")])
    before = [(each.name, each.api_key, each.first_id) for each in service.store.projects.all()]
    database.close()
    database, service = open_world()
    assert [(each.name, each.api_key, each.first_id) for each in service.store.projects.all()] == before
    assert service.ingest("main", [an_event(insert_id="a-1"), an_event("ben-2002")]).duplicates == 1
    assert service.find("main", user_id="ben-2002").amplitude_id == before[0][2] + 1
    database.close()


def test_other_rules_can_be_put_in_force(amplitude, an_event) -> None:
    amplitude.service.use_rules(RuleSet(short_ids="strip"))
    assert amplitude.upload(an_event("ida", device_id="d-ida-0001")).status_code == 200


@pytest.mark.parametrize("operation", load("amplitude").operations.values(), ids=lambda each: each.operation_id)
def test_the_contract_says_where_each_operation_comes_from_and_shows_every_body(operation) -> None:
    contract, definition = load("amplitude"), operation.definition
    silent = [name for name in ("summary", "x-source", "x-confidence") if not definition.get(name)]
    silent += [each["name"] for each in operation.parameters if not each.get("description")]
    bodies = {"request": contract.resolve(definition.get("requestBody", {}))}
    bodies |= {status: contract.resolve(answer) for status, answer in definition["responses"].items()}
    silent += [f"{where} {kind}" for where, body in bodies.items() for kind, content in body.get("content", {}).items()
               if not content.get("examples")]  # fmt: skip
    assert [] == silent
