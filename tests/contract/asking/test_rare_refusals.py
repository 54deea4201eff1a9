"""Requests that fit and are refused all the same, too rare to be met by chance: each for a stated reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from simulator.contract.asking.bench import Bench
from simulator.contract.asking.caller import Caller, Sent
from simulator.contract.asking.furniture import furnish
from simulator.contract.asking.meter import Meter

TWO_BYTES = "é" * 150
FITS_NO_ALIAS = {"alias_name": TWO_BYTES, "alias_label": "crm"}
IDA = {"external_user_id": "person-0001"}
NOBODYS_ADDRESS = {"attributes": {"email": "nobody"}}
NEXT_YEAR = {"time": "2027-03-02T10:00:00Z"}
MUG = {"external_id": "person-0001", "product_id": "mug", "currency": "EUR", "price": 1, "time": "2026-03-02T10:00:00Z"}
LONG_PUSH = {"apple_push": {"alert": "x" * 4_000}}

Body = Mapping[str, Any]


def _upload(event: Body) -> Body:
    return {"events": [{"event_type": "opened", **event}]}


RARE: Mapping[str, list[tuple[str, Body]]] = {
    "braze": [
        ("deleteUsers", {"user_aliases": [FITS_NO_ALIAS]}),
        ("exportUsersByIds", {"user_aliases": [FITS_NO_ALIAS]}),
        ("sendMessages", {"user_aliases": [FITS_NO_ALIAS], "messages": {"email": {"subject": "Hello"}}}),
        ("identifyUsers", {"aliases_to_identify": [
            {"external_id": "person-0001", "user_alias": FITS_NO_ALIAS},
            {"external_id": "person-0001", "user_alias": {"alias_name": "kim-7", "alias_label": "crm"}},
        ]}),
        ("renameExternalIds", {"external_id_renames": [
            {"current_external_id": "é" * 600, "new_external_id": "ida-1001"}
        ]}),
        ("trackUsers", {"purchases": [MUG, {**MUG, "quantity": 2.0}]}),
        ("triggerCampaign", {"recipients": [{**IDA, **NOBODYS_ADDRESS}]}),
        ("triggerCampaign", {"recipients": [{**IDA, "attributes": {"subscription_groups": 1}}]}),
        ("triggerCampaign", {"recipients": [
            {"email": "nobody", "prioritization": ["identified"], "send_to_existing_only": False, "attributes": {}}
        ]}),
        ("triggerCanvas", {"recipients": [{**IDA, **NOBODYS_ADDRESS}]}),
        ("scheduleCampaign", {"recipients": [IDA], "schedule": NEXT_YEAR}),
        ("scheduleCanvas", {"recipients": [IDA], "schedule": NEXT_YEAR}),
        ("sendMessages", {"external_user_ids": ["person-0001"], "messages": LONG_PUSH}),
        ("updateScheduledMessages", {"messages": LONG_PUSH}),
        ("sendTransactionalEmail", {"recipient": {**IDA, **NOBODYS_ADDRESS}}),
        ("sendTransactionalEmail", {"recipient": {**IDA, "attributes": {"current_location": 5}}}),
        ("exportUsersBySegment", {"fields_to_export": ["email"], "callback_endpoint": "http://["}),
    ],
    "amplitude": [
        ("uploadEvents", _upload({"user_id": "unknown"})),
        ("batchUploadEvents", _upload({"user_id": "ida-1001", "time": 1e308})),
        ("identify", {"identification": '{"user_id": "ida-1001", "user_properties": 5}'}),
        ("identifyByQuery", {"identification": '{"user_id": "ida-1001", "groups": 5}'}),
        ("groupIdentify", {"identification": '{"group_type": "firm", "group_value": "a", "group_properties": 5}'}),
        ("mapUsers", {"mapping": '[{"user_id": "a", "global_user_id": "b"}]'}),
        ("uploadCohort", {"existing_cohort_id": "openers", "name": "VIPs", "app_id": 7, "id_type": "BY_USER_ID",
                          "ids": ["person-0001"], "owner": "ida@example.org", "published": True}),
        ("updateCohortMembership", {"cohort_id": "openers", "memberships": [
            {"ids": ["person-0001"], "id_type": "BY_NAME", "operation": "ADD"}
        ]}),
    ],
    "control": [
        ("defineComputation", {"name": "n", "formula": "count", "event": "opened", "event_property": "price",
                               "within": "7d"}),
        ("createStream", {"name": "live", "events": [{"name": "_all"}]}),
        ("createStream", {"name": "live", "forward": ["Device Family"]}),
        ("updateStream", {"events": [], "forward": []}),
        ("createWebhook", {"name": "hook", "url": "http://["}),
        ("createWebhook", {"name": "hook", "url": "http://127.0.0.1:9/", "template": "<#macro x>"}),
        ("createWebhook", {"name": "hook", "url": "http://127.0.0.1:9/", "headers": {"User-Agent": "mine"}}),
    ],
}  # fmt: skip
"""Bodies without the keys and ids that the bench knows; those are put in by name."""
CASES = [(service, operation, body) for service, cases in RARE.items() for operation, body in cases]


@pytest.fixture(scope="module")
def bench_of() -> Iterator[Callable[[str], Bench]]:
    opened: dict[str, Bench] = {}

    def bench(service: str) -> Bench:
        return opened.setdefault(service, opened.get(service) or furnish(Bench.in_process(5), service))

    yield bench
    for each in opened.values():
        each.__exit__(None, None, None)


def _sent(bench: Bench, service: str, name: str, body: Body) -> Sent:
    """The request with a key where one is asked for, and each id that is missing taken from those who live there."""
    operation = bench.targets[service].contract.operations[name]
    whole = dict(body)
    if service == "amplitude":
        whole["api_key"] = bench.keys.amplitude_api_key
        computed = bench.stage.world.amplitude.cohorts.catalogue.find("main", "openers").cohort_id
        whole |= {key: computed for key in ("cohort_id", "existing_cohort_id") if key in body}
    for key in ("campaign_id", "canvas_id", "segment_id", "schedule_id"):
        if service == "braze" and bench.living.of(key, name) and key in str(operation.definition.get("requestBody")):
            whole.setdefault(key, bench.living.of(key, name)[0])
    path = {
        each["name"]: bench.living.of(each["name"], name)[0] for each in operation.parameters if each["in"] == "path"
    }
    in_query = operation.method == "GET"
    return Sent(name, path, whole if in_query else {}, None if in_query else whole)


@pytest.mark.parametrize(("service", "operation", "body"), CASES)
def test_a_rare_refusal_has_a_reason(
    bench_of: Callable[[str], Bench], service: str, operation: str, body: Body
) -> None:
    bench = bench_of(service)
    caller = Caller(bench, service, "rare", Meter(), 5)
    answer = caller.send(_sent(bench, service, operation, body), how="as rare as it is")
    assert [] == [str(each) for each in caller.failures]
    assert answer.status == 400 or any(name.endswith("errors") for name in answer.json())
