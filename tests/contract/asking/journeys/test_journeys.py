"""Journeys: what an answer says goes into the next request, and every shipped journey arrives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator import openapi
from simulator.contract.asking.bench import Bench
from simulator.contract.asking.furniture import furnish
from simulator.contract.asking.journeys.all import JOURNEYS
from simulator.contract.asking.journeys.runner import Journey, Journeys, Step
from simulator.contract.asking.meter import Meter
from simulator.contract.defects.spoiling import spoiled
from simulator.resources import CONTRACTS


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench.in_process(2) as made:
        yield made


def failures(bench: Bench, *steps: Step) -> list[str]:
    return [each.message for each in Journeys(bench, "braze", Meter(), 2).run([Journey("test", "braze", steps)])]


@pytest.mark.parametrize("service", CONTRACTS)
def test_every_shipped_journey_arrives(bench: Bench, service: str) -> None:
    assert [] == [f"{each.operation}: {each.message}" for each in Journeys(bench, service, Meter(), 2).run(JOURNEYS)]


def test_every_step_is_an_operation() -> None:
    unknown = {
        step.operation
        for journey in JOURNEYS
        for step in journey.steps
        if step.operation not in openapi.load(step.door or journey.service).operations
    }
    assert set() == unknown


def test_what_an_answer_says_is_sent_with_the_next(bench: Bench) -> None:
    first = Step("createSendId", body={"campaign_id": "{campaign_id}", "send_id": "spring-1"}, keep={"made": "send_id"})
    again = Step("createSendId", body={"campaign_id": "{campaign_id}", "send_id": "{made}"}, status=400)
    assert [] == failures(bench, first, again)


def test_another_status_or_another_word_is_told(bench: Bench) -> None:
    steps = [Step("listSegments", status=201), Step("listSegments", says={"message": "failure", "segments": ...})]
    assert ["test: expected 201, got 200", "test: message should be 'failure', is 'success'"] == failures(bench, *steps)


def test_a_name_that_no_answer_has_said_is_told(bench: Bench) -> None:
    assert ["test: no answer has said nothing"] == failures(
        bench, Step("getSegment", query={"segment_id": "{nothing}"})
    )


def test_what_one_operation_did_is_seen_through_another_and_blamed_on_it(bench: Bench) -> None:
    made = Step("createSendId", body={"campaign_id": "{campaign_id}", "send_id": "spring-2"})
    seen = Step("listBrazeSegments", door="control", shows="createSendId", says={"segments": []})
    (found,) = Journeys(bench, "braze", Meter(), 2).run([Journey("test", "braze", [made, seen])])
    assert ("braze", "createSendId", "journey") == found.place
    assert "segments should be [], is " in found.message
    assert found.message.endswith(", as listBrazeSegments shows")
    assert found.request.startswith("GET /_sim/braze/segments")


def test_how_many_stand_at_a_place_can_be_said(bench: Bench) -> None:
    steps = [Step("listSegments", says={"segments#": 3}), Step("listSegments", says={"segments#": 4})]
    assert ["test: segments# should be 4, is 3"] == failures(bench, *steps)


def test_a_journey_may_hold_to_the_limits_and_lets_go_of_them(bench: Bench) -> None:
    limits = bench.stage.world.braze.limits
    fast = [Step("trackUsers", body={"attributes": [{"external_id": "ida"}]}) for _ in range(2)]
    limits.set_limit("track", 1)
    held = Journeys(bench, "braze", Meter(), 2).run([Journey("held", "braze", fast, limits=True)])
    assert ["held: expected a success, got 429"] == [each.message for each in held]
    assert ([], False) == (failures(bench, *fast), limits.enabled)


def test_the_next_page_is_where_a_link_header_leads(bench: Bench) -> None:
    names = [{"external_id": "ida", "name": f"name {number:02d}", "time": "{now}"} for number in range(60)]
    steps = [
        Step("trackUsers", body={"events": names}),
        Step("exportEvents", says={"events#": 50}, keep={"next": "@link"}),
        Step("exportEvents", follow="next", says={"events.0.name": "name 49"}),
    ]
    assert [] == failures(bench, *steps)


def test_one_more_than_what_was_kept_can_be_said(bench: Bench) -> None:
    asked = Step("requestCohortExport", path={"cohort_id": "{cohort_id}"})
    used = Step("getCohortUsage", keep={"used": "rest_download.usage"})
    once, twice = (Step("getCohortUsage", says={"rest_download.usage": f"{{used+{more}}}"}) for more in (1, 2))
    journey = Journey("test", "amplitude", [used, asked, once, twice])
    told = [each.message for each in Journeys(furnish(bench, "amplitude"), "amplitude", Meter(), 2).run([journey])]
    assert ["test: rest_download.usage should be 3, is 2"] == told


@pytest.mark.parametrize(
    ("elsewhere", "told"),
    [
        ("/_sim/connections/nobody", "should show what was made, and shows 404"),
        ("/_sim/nowhere", "is no address of the contract"),
    ],
)
def test_the_address_of_what_was_made_leads_to_it(bench: Bench, elsewhere: str, told: str) -> None:
    target = bench.targets["control"]
    assert target.application is not None
    bench.targets["control"] = replace(
        target,
        application=spoiled(
            target.application,
            target.contract,
            "createConnection",
            lambda answer, contract, operation: replace(answer, headers={**answer.headers, "Location": elsewhere}),
        ),
    )
    made = {"name": "to Braze", "identify_by": [{"property": "user_id", "to": "external_id"}]}
    journey = Journey("test", "control", [Step("createConnection", body=made)])
    found = Journeys(bench, "control", Meter(), 2).run([journey])
    assert [f"test: Location {elsewhere} {told}"] == [each.message.split(" {")[0] for each in found]
