"""Supply, meter, caller, probes, bending and campaigns on a served world full of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator import openapi
from simulator.contract.asking.bench import Bench, Living
from simulator.contract.asking.caller import Caller, Sent, is_breakdown
from simulator.contract.asking.failures import Failure
from simulator.contract.asking.furniture import furnish
from simulator.contract.asking.generated.campaign import Campaign
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.provoked.bending import Bending, bent
from simulator.contract.asking.provoked.probes import Probes
from simulator.contract.asking.supply import Supply, headers_for
from simulator.contract.defects.spoiling import Spoil, accepting, saying, spoiled, with_status
from simulator.resources import CONTRACTS
from simulator.serving.stage import Keys

KEYS = Keys("api", "secret", "rest", "import", "partner")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench.in_process(3) as made:
        yield made


# supply


def test_keys_stand_wherever_a_body_asks_for_them() -> None:
    supply = Supply("braze", KEYS, Living(), 1)
    filled = supply.fill({"partner_api_key": "x", "client_secret": "y", "name": "z"})
    assert {"partner_api_key": "partner", "client_secret": "import", "name": "z"} == filled


def test_the_living_are_put_in_and_some_strangers_stay() -> None:
    supply = Supply("braze", KEYS, Living({"external_id": ["ida"]}), 1)
    found = {supply.fill({"external_id": "stranger"})["external_id"] for _ in range(40)}
    assert {"ida", "stranger"} == found


def test_a_value_of_another_type_stays_wrong() -> None:
    supply = Supply("braze", KEYS, Living({"external_id": ["ida"]}), 1)
    assert [{"external_id": True}] * 8 == [supply.fill({"external_id": True}) for _ in range(8)]


def test_the_clock_of_the_control_plane_moves_by_hours() -> None:
    supply = Supply("control", KEYS, Living(), 1)
    assert all(supply.fill({"by": "900d"}, "advanceClock")["by"] in ("1h", "90m") for _ in range(8))
    assert {"pace": "frozen"} == supply.fill({"pace": "max"})


def test_each_family_of_operations_has_its_own_key() -> None:
    braze, amplitude = openapi.load("braze").operations, openapi.load("amplitude").operations
    assert {"Authorization": "Bearer rest"} == headers_for("braze", braze["trackUsers"], KEYS)
    assert {} == headers_for("braze", braze["changeCohortUsers"], KEYS)
    assert {"Authorization": "Api-Key secret"} == headers_for("amplitude", amplitude["getUserProfile"], KEYS)


# meter


def test_the_meter_tells_what_was_never_seen() -> None:
    meter = Meter()
    for status in (201, 201, 400):
        meter.count("braze", "trackUsers", status)
    reading = next(each for each in meter.readings("braze", openapi.load("braze")) if each.operation == "trackUsers")
    assert ({"201": 2, "400": 1}, True) == (reading.seen, reading.success_seen)
    assert "401" in reading.never


def test_an_operation_that_is_left_out_succeeds_by_saying_so() -> None:
    meter, contract = Meter(), openapi.load("braze")
    left_out = next(each for each in contract.operations.values() if not each.emulated).operation_id
    meter.count("braze", left_out, 501)
    assert [True] == [each.success_seen for each in meter.readings("braze", contract, frozenset({left_out}))]


# caller


def test_an_answer_that_departs_is_a_failure_with_both_bodies_and_no_secret(bench: Bench) -> None:
    target = bench.targets["braze"]
    assert target.application is not None
    wrong = spoiled(target.application, target.contract, "listSegments", saying("message", 5))
    bench.targets["braze"] = replace(target, application=wrong)
    caller = Caller(bench, "braze", "probes", Meter(), 3)
    caller.send(Sent("listSegments"))
    (failure,) = caller.failures
    assert ("listSegments", "type", 200) == (failure.operation, failure.check, failure.status)
    assert "body.message" in failure.message
    assert bench.keys.braze_api_key not in failure.request + failure.response


def test_a_key_that_stands_in_an_answer_in_clear_is_told(bench: Bench) -> None:
    target = bench.targets["control"]
    assert target.application is not None
    bench.targets["control"] = replace(
        target,
        application=spoiled(
            target.application, target.contract, "getClock", saying("failure", f"no {bench.keys.braze_api_key}")
        ),
    )
    caller = Caller(bench, "control", "probes", Meter(), 3)
    caller.send(Sent("getClock"))
    caller.send(Sent("getWorld", {"world": "main"}))
    assert [("getClock", "key-in-clear", "body: braze_api_key of this world stands in it in clear")] == [
        (each.operation, each.check, each.message) for each in caller.failures
    ]


def test_exchanges_are_noted_where_somebody_wants_them(bench: Bench) -> None:
    noted: list = []
    Caller(bench, "braze", "probes", Meter(), 3, noted).send(Sent("listSegments"))
    assert [("GET", 200)] == [(each["method"], each["status"]) for each in noted]
    assert bench.keys.braze_api_key not in str(noted)


# probes and bending


@pytest.mark.parametrize("service", CONTRACTS)
def test_every_refusal_that_is_asked_for_comes(bench: Bench, service: str) -> None:
    assert [] == [str(each) for each in Probes(bench, service, Meter(), 3).run()]


def test_a_refusal_with_another_status_is_told(bench: Bench) -> None:
    target = bench.targets["braze"]
    assert target.application is not None
    wrong = spoiled(target.application, target.contract, "trackUsers", with_status(403, when=401))
    bench.targets["braze"] = replace(target, application=wrong)
    failures = Probes(bench, "braze", Meter(), 3).run(frozenset({"trackUsers"}))
    assert "expected 401, got 403" in {each.message for each in failures}


@pytest.mark.parametrize("service", CONTRACTS)
def test_bent_requests_are_refused_and_good_ones_taken(service: str) -> None:
    some = frozenset(list(openapi.load(service).operations)[::9])
    failures = Bending(lambda: furnish(Bench.in_process(3), service), service, Meter(), 3).run(some)
    assert [] == [str(each) for each in failures]


def test_a_refused_example_is_told() -> None:
    failures = Bending(lambda: _spoiled_bench("trackUsers", with_status(400)), "braze", Meter(), 3).run(
        frozenset({"trackUsers"})
    )
    assert "refused-example" in {each.check for each in failures}


def test_bad_input_that_is_taken_is_told_with_the_place() -> None:
    failures = Bending(lambda: _spoiled_bench("mergeUsers", accepting(400)), "braze", Meter(), 3).run(
        frozenset({"mergeUsers"})
    )
    assert {"accepted-bad-input"} == {each.check for each in failures}
    assert any(each.message.startswith("merge_updates of 51 items: accepted") for each in failures)


def _spoiled_bench(operation: str, spoil: Spoil) -> Bench:
    bench = Bench.in_process(3)
    target = bench.targets["braze"]
    assert target.application is not None
    bench.targets["braze"] = replace(target, application=spoiled(target.application, target.contract, operation, spoil))
    return bench


def test_a_query_is_bent_as_a_body_is() -> None:
    contract = openapi.load("braze")
    operation = contract.operations["segmentDataSeries"]
    ways = dict(bent(contract, operation, Sent("segmentDataSeries", query={"segment_id": "s-1", "length": 7})))
    assert {"segment_id": "s-1", "length": 101} == ways["query length: the value at 101"].query
    assert {"length": 7} == ways["query segment_id left out"].query


# campaigns


def test_a_campaign_of_one_operation_is_clean_and_counted(bench: Bench) -> None:
    campaign = Campaign(3, ("examples", "fuzzing"), 4, frozenset({"exportUsersByIds"}))
    campaign.run(bench, "braze")
    assert ([], []) == (campaign.failures, campaign.errors)
    assert {"exportUsersByIds"} == {operation for _, operation, _ in campaign.meter.counts}
    assert campaign.cases >= 4


def test_an_operation_that_is_asked_alone_leads_nowhere(bench: Bench) -> None:
    campaign = Campaign(3, ("stateful",), 2, frozenset({"createSendId"}))
    campaign.run(bench, "braze")
    assert ([], []) == (campaign.failures, campaign.errors)


def test_a_sequence_walks_from_a_list_of_segments_to_the_export_of_one(bench: Bench) -> None:
    asked = frozenset({"listSegments", "getSegment", "exportUsersBySegment", "downloadSegmentExport"})
    campaign = Campaign(3, ("stateful",), 6, asked)
    campaign.run(bench, "braze")
    assert ([], []) == (campaign.failures, campaign.errors)
    assert campaign.meter.counts["braze", "getSegment", "200"] > 0
    assert campaign.meter.counts["braze", "exportUsersBySegment", "201"] > 0


def test_the_same_seed_sends_the_same_requests() -> None:
    sent = []
    for _ in range(2):
        with Bench.in_process(3) as bench:
            campaign = Campaign(3, ("fuzzing",), 3, frozenset({"createUserAliases"}), keep_exchanges=True)
            campaign.run(bench, "braze")
            sent.append([(each["url"].split("/", 3)[-1], each["request_body"]) for each in campaign.exchanges])
    assert sent[0] == sent[1]
    assert sent[0]


def test_a_defect_is_found_by_a_campaign(bench: Bench) -> None:
    target = bench.targets["amplitude"]
    assert target.application is not None
    wrong = spoiled(target.application, target.contract, "listCohorts", saying("cohorts", "none"))
    bench.targets["amplitude"] = replace(target, application=wrong)
    campaign = Campaign(3, ("coverage",), 2, frozenset({"listCohorts"}))
    campaign.run(bench, "amplitude")
    assert {("listCohorts", "type")} == {(each.operation, each.check) for each in campaign.failures}


def test_a_failure_says_how_to_see_it_again() -> None:
    failure = Failure("braze", "trackUsers", "type", "wrong", "fuzzing", 201, "", "", 7, 8)
    line = "absim contract --service braze --operation trackUsers --phases fuzzing --max-examples 8 --seed 7"
    assert line == failure.reproduce
    assert "--operation" not in failure.not_alone().reproduce


@pytest.mark.parametrize(
    ("operation", "status", "expected"),
    [("uploadCohort", 501, False), ("uploadCohort", 500, True), ("getCohort", 501, True), ("getCohort", 404, False)],
)
def test_a_documented_501_leaves_something_out_and_any_other_5xx_is_a_breakdown(
    operation: str, status: int, expected: bool
) -> None:
    contract = openapi.load("amplitude")
    assert expected is is_breakdown(contract.operations[operation], status)


def test_no_key_is_told_in_clear(bench: Bench) -> None:
    caller = Caller(bench, "amplitude", "test", Meter(), 3)
    operation = bench.targets["amplitude"].contract.operations["uploadEvents"]
    sent = Sent("uploadEvents", query={"api_key": "q-key-1"}, body={"api_key": "b-key-1", "events": []})
    caller.fail(operation, sent, caller.send(sent), "test", "as it was sent")
    assert not any(key in caller.failures[-1].request for key in ("q-key-1", "b-key-1"))


def test_a_service_that_is_not_ours_is_not_told_to_write_to_everybody() -> None:
    supply = Supply("braze", KEYS, Living(), 1, ours=False)
    assert {"broadcast": False} == supply.fill({"broadcast": True}, "triggerCampaign")
