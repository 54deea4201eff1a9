"""Journeys: what an answer says goes into the next request, and every shipped journey arrives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator import openapi
from simulator.contract.asking.bench import SERVICES, Bench
from simulator.contract.asking.journeys.all import JOURNEYS
from simulator.contract.asking.journeys.runner import Journey, Journeys, Step
from simulator.contract.asking.meter import Meter


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench.in_process(2) as made:
        yield made


def failures(bench: Bench, *steps: Step) -> list[str]:
    return [each.message for each in Journeys(bench, "braze", Meter(), 2).run([Journey("test", "braze", steps)])]


@pytest.mark.parametrize("service", SERVICES)
def test_every_shipped_journey_arrives(bench: Bench, service: str) -> None:
    assert [] == [f"{each.operation}: {each.message}" for each in Journeys(bench, service, Meter(), 2).run(JOURNEYS)]


def test_every_step_is_an_operation() -> None:
    unknown = {
        step.operation
        for journey in JOURNEYS
        for step in journey.steps
        if step.operation not in openapi.load(journey.service).operations
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
