"""What is made known at somebody else's service before it is asked, and which questions cannot be asked there.

There are no doors behind which people could be put, so people are made through the API itself, as the links of the
contract lead: a person is tracked, gets an alias, is exported. What was there before (segments, campaigns, cohorts) is
found in the lists and named in requests that only read; whatever writes names what was made here, or nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulator.contract.asking.bench import Bench, Living
from simulator.contract.asking.caller import Answer, Caller, Sent, value_at
from simulator.contract.asking.examples import Examples
from simulator.contract.asking.generated.links import links
from simulator.contract.asking.journeys.runner import Journey, Journeys, Step
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.supply import LISTS, Supply
from simulator.openapi import Contract, Operation

PEOPLE = tuple(f"absim-person-{number}" for number in range(6))
DEVICES = tuple(f"absim-device-{number}" for number in range(6))
_NAMED = "absim_check"
_PARTNER = {"partner": "amplitude"}
_KEYS = {"partner_api_key": "{partner_api_key}", "client_secret": "{client_secret}"}

_BRAZE = (
    Step("trackUsers", body={"attributes": [{"external_id": each, "country": "DE"} for each in PEOPLE]}),
    Step("createUserAliases", body={"user_aliases": [
        {"external_id": each, "alias_name": f"crm-{each}", "alias_label": "crm"} for each in PEOPLE]}),
    Step("exportUsersByIds", body={"external_ids": [PEOPLE[0]], "fields_to_export": ["braze_id"]},
         keep={"braze_id": "users.0.braze_id"}),
    Step("nameCohort", path=_PARTNER, body={**_KEYS, "name": _NAMED, "cohort_id": _NAMED}),
    Step("listSegments", keep={"found.segment_id": "segments.0.id"}),
    Step("listCampaigns", keep={"found.campaign_id": "campaigns.0.id"}),
    Step("listCanvases", keep={"found.canvas_id": "canvases.0.id"}),
)  # fmt: skip
_AMPLITUDE = (
    Step("uploadEvents", body={"api_key": "{api_key}", "events": [
        {"user_id": person, "device_id": device, "event_type": "app_opened", "insert_id": f"made-{person}"}
        for person, device in zip(PEOPLE, DEVICES, strict=True)]}),
    Step("searchUsers", query={"user": PEOPLE[0]},
         keep={"amplitude_id": "matches.0.amplitude_id", "user": "matches.0.amplitude_id"}),
    Step("listCohorts", keep={"found.cohort_id": "cohorts.0.id", "app_id": "cohorts.0.appId"}),
    Step("uploadCohort", body={"name": _NAMED, "app_id": "{app_id}", "id_type": "BY_USER_ID", "ids": [PEOPLE[0]],
         "owner": "absim@example.com", "published": True}, keep={"cohort_id": "cohortId"}),
    Step("requestCohortExport", path={"cohort_id": "{cohort_id}"},
         keep={"getCohortExportStatus.request_id": "request_id"}),
    Step("createEventCategory", body={"category_name": _NAMED}),
    *(Step(f"create{kind}", body={field: _NAMED}) for kind, field in (
        ("EventType", "event_type"), ("EventProperty", "event_property"), ("UserProperty", "user_property"),
        ("GroupProperty", "group_property"))),
)  # fmt: skip
SETTLING = {"braze": Journey("settling", "braze", _BRAZE), "amplitude": Journey("settling", "amplitude", _AMPLITUDE)}

_OURS: Mapping[str, Mapping[str, Sequence[object]]] = {
    "braze": {
        "external_id": PEOPLE, "external_user_id": PEOPLE, "user_id": PEOPLE, "current_external_id": PEOPLE,
        "alias_name": [f"crm-{each}" for each in PEOPLE], "old_alias_name": [f"crm-{each}" for each in PEOPLE],
        "alias_label": ["crm"], "email": [f"{each}@example.com" for each in PEOPLE], "device_id": DEVICES,
        "cohort_id": [_NAMED], "partner": ["amplitude"],
    },
    "amplitude": {
        "user_id": PEOPLE, "device_id": DEVICES, "ids": PEOPLE, "category": [_NAMED],
        **{f"{verb}{kind}.{field}": [_NAMED] for kind, field in (
            ("EventType", "event_type"), ("EventProperty", "event_property"), ("UserProperty", "user_property"),
            ("GroupProperty", "group_property")) for verb in ("get", "update", "delete")},
    },
}  # fmt: skip
"""What the steps above give a name to."""

_FOUND = "found."
_OF_THE_ANSWER = "$response.body#/"
ROUNDS = 2
"""A link leads to what has links of its own."""
DESTROYING = ("delete", "remove", "merge", "rename", "cancel")
"""Beginnings of the names of operations after which something that was made is gone."""
_A_NAME = re.compile(r".*(?:_id|_ids|Id|Ids|_key)$|^(?:ids|user|users|file|object_prefix|cursor|email|phone)$")
_AN_INSTANT = re.compile(r"\d{4}-?[01]\d-?[0-3]\d|\d{10}|\d{13}")
ABOUT_WHAT_IS_THERE = frozenset({
    "running", "group_size", "send_taken", "queued", "no_campaign", "unknown_users", "some_unknown", "all_unknown",
    "unknown_profile", "too_late", "not_found", "cursor", "foreign_sync", "tracking", "no_such_id", "taken",
})  # fmt: skip
"""Reasons of a contract (`x-reasons`) that depend on who or what exists; another service knows others."""


def settle(bench: Bench, service: str) -> Bench:
    """Make people and things known at a service that is not ours; the same bench."""
    if service not in SETTLING:
        return bench
    said = Journeys(bench, service, Meter(), 0).kept(SETTLING[service])
    known: dict[str, Sequence[object]] = dict(_OURS[service])
    operations = bench.targets[service].contract.operations.values()
    for name, value in said.items():
        if name.startswith(_FOUND):
            plain = name.removeprefix(_FOUND)
            known |= {f"{each.operation_id}.{plain}": [value] for each in operations if each.method == "GET"}
        else:
            known[name] = [value]
    bench.living = Living(known)
    for _ in range(ROUNDS):
        _follow_links(bench, service)
    return bench


def _follow_links(bench: Bench, service: str) -> None:
    """Send the good example of whatever offers links, and keep what its answer offers."""
    contract = bench.targets[service].contract
    caller = Caller(bench, service, "settling", Meter(), 0)
    for name in dict.fromkeys(link.source for link in links(contract)):
        operation = contract.operations[name]
        if not name.startswith(DESTROYING):
            answer = caller.send(good_example(bench, service, operation, 0))
            bench.living = Living({**bench.living.values, **_offered(contract, operation, answer)})


def _offered(contract: Contract, operation: Operation, answer: Answer) -> dict[str, Sequence[object]]:
    """What the links of an answer say to other operations; what was only found there is for reading alone."""
    documented = operation.definition["responses"].get(str(answer.status), {})
    known: dict[str, Sequence[object]] = {}
    for link in contract.resolve(documented).get("links", {}).values():
        target = contract.operations[link["operationId"]]
        if operation.method == "GET" and target.method != "GET":
            continue
        for name, said in {**link.get("parameters", {}), **(link.get("requestBody") or {})}.items():
            if isinstance(said, str) and said.startswith(_OF_THE_ANSWER):
                value = value_at(answer.json(), said.removeprefix(_OF_THE_ANSWER).split("/"))
                known |= {} if value is None else {f"{target.operation_id}.{name}": [value]}
    return known


def good_example(bench: Bench, service: str, operation: Operation, seed: int) -> Sent:
    """The example of an operation with keys and what is known there, and never to everybody."""
    supply = Supply(service, bench.keys, bench.living, seed, strangers=False, ours=bench.ours)
    return Examples(bench.targets[service].contract, supply).of(operation)


def settle_again(bench: Bench, service: str) -> None:
    """Make those people and things again that something may have deleted, under the same names."""
    if service in SETTLING:
        whole = SETTLING[service]
        again = [step for step in whole.steps if not step.keep]
        Journeys(bench, service, Meter(), 0).kept(replace(whole, steps=again))


STATE_THERE: Mapping[int, str] = {
    404: "what it names is not there, or not yet; a job is asked for once, and nobody waits for it",
    409: "what was there before is in its way",
    423: "what it names is locked for now",
    429: "it takes no more calls just now",
}
"""Refusals that are about what is there, whatever a request says, and what they say of it."""


def why_not(contract: Contract, operation: Operation, sent: Sent, status: int, living: Living) -> str:
    """Why a refusal of the good example says nothing of a service that knows others; empty when it says something."""
    if status in STATE_THERE:
        return f"answered {status}: {STATE_THERE[status]}"
    if status == 403:
        return "the key may not"
    if strange := _unknown(operation, sent, living):
        return f"nobody made {strange} known there"
    if any(_AN_INSTANT.search(str(value)) for _, value in _values(sent)):
        return "its example is about a time"
    if ABOUT_WHAT_IS_THERE & set(operation.definition.get("x-though-valid", {}).get(str(status), ())):
        return "it depends on what is there"
    return ""


def _unknown(operation: Operation, sent: Sent, living: Living) -> str:
    """The first name under which an example speaks of somebody or something that was not made there."""
    for name, value in _values(sent):
        names_something = name in sent.path or _A_NAME.fullmatch(name)
        if names_something and value not in map(str, living.of(name, operation.operation_id)) and name not in SECRETS:
            return name
    return ""


SECRETS = frozenset({"api_key", "partner_api_key", "client_secret"})


def _values(sent: Sent) -> Iterator[tuple[str, str]]:
    """Every plain value of a request under its name; the values of a list have the name of the list's one."""
    for part in (sent.path, sent.query, sent.body):
        yield from _inside("", part)


def _inside(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _inside(str(key), each)
    elif isinstance(value, list):
        for each in value:
            yield from _inside(LISTS.get(name, name), each)
    elif value is not None:
        yield name, str(value)
