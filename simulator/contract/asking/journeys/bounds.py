"""Journeys to what no schema can count: limits over several lists together, pages of long lists, rates of senders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import Any

from simulator.contract.asking.journeys.runner import Journey, Step

KEY = "{api_key}"


def _attributes(count: int, people: int) -> list[dict[str, str]]:
    return [{"external_id": f"bound-{number % people}", "plan": "pro"} for number in range(count)]


def _events(count: int) -> list[dict[str, str]]:
    return [
        {"external_id": f"bound-{number % 20}", "name": f"bound {number % 251:03d}", "time": "{now}"}
        for number in range(count)
    ]


def _aliases(count: int) -> list[dict[str, str]]:
    return [{"alias_name": f"bound-{number}", "alias_label": "crm"} for number in range(count)]


COUNTS: Sequence[Journey] = (
    Journey("objects are counted over all lists", "braze", [
        Step("trackUsers", body={"attributes": _attributes(40, 20), "events": _events(35)}, status=201,
             says={"attributes_processed": 40, "events_processed": 35}),
        Step("trackUsers", body={"attributes": _attributes(40, 20), "events": _events(36)}, status=400,
             says={"message": "Max Input Length Exceeded"}),
        Step("trackUsersSync", body={"attributes": _attributes(1, 1), "events": _events(1)}, status=400),
        Step("trackUsersBulk", body={"attributes": _attributes(600, 20), "events": _events(400)}, status=201),
        Step("trackUsersBulk", body={"attributes": _attributes(600, 20), "events": _events(401)}, status=400),
        Step("trackUsersBulk", body={"attributes": _attributes(100, 1)}, status=201),
        Step("trackUsersBulk", body={"attributes": _attributes(101, 1)}, status=400),
        Step("exportUsersByIds", body={"external_ids": ["nobody"] * 25, "user_aliases": _aliases(25),
             "fields_to_export": ["external_id"]}, status=201),
        Step("exportUsersByIds", body={"external_ids": ["nobody"] * 25, "user_aliases": _aliases(26),
             "fields_to_export": ["external_id"]}, status=400),
        Step("changeCohortUsers", path={"partner": "amplitude"}, body={"partner_api_key": "{partner_api_key}",
             "client_secret": "{client_secret}", "cohort_id": "bounds", "cohort_changes": [
                 {"user_ids": [f"many-{number}" for number in range(500)], "aliases": _aliases(1)},
                 {"device_ids": [f"many-{number}" for number in range(500)], "should_remove": True}]}, status=400),
    ]),
)  # fmt: skip

_PLAN = {"segment": "everybody", "channel": "email", "api_triggered": True}


def _many(operation: str, count: int, **more: object) -> list[Step]:
    return [
        Step(operation, door="control", body={"name": f"bound {number:03d}", **more}, status=201)
        for number in range(count)
    ]


def _paged(name: str, making: Sequence[Step], operation: str, place: str, size: int, more: int) -> Journey:
    """So many on the first page, the rest on the second, nobody on both, and nothing on the third."""
    last, first = f"{place}.{size - 1}", f"{place}.0"
    return Journey(name, "braze", [
        *making,
        Step(operation, says={f"{place}#": size}, keep={"last": last}),
        Step(operation, query={"page": 0}, says={f"{place}#": size, last: "{last}"}),
        Step(operation, query={"page": 1}, says={f"{place}#": more}, keep={"next": first}),
        Step(operation, query={"page": 2}, says={place: []}),
    ])  # fmt: skip


PAGES: Sequence[Journey] = (
    # Three segments, three campaigns and Canvases in all are there before; one of these is archived by nobody.
    _paged("a list of segments is longer than a page", _many("createBrazeSegment", 99), "listSegments", "segments",
           100, 2),
    _paged("a list of campaigns is longer than a page", _many("createBrazeCampaign", 99, plan=_PLAN), "listCampaigns",
           "campaigns", 100, 1),
    # Names are in the order of the alphabet, and `app_opened` is the first of them.
    Journey("pages of events follow each other", "braze", [
        Step("trackUsersBulk", body={"events": _events(251)}),
        Step("listEvents", says={"events#": 250, "events.249": "bound 248"}),
        Step("listEvents", query={"page": 1}, says={"events.0": "bound 249", "events.1": "bound 250"}),
        Step("exportEvents", says={"events#": 50, "events.49.name": "bound 048"}, keep={"next": "@link"}),
        Step("exportEvents", follow="next", says={"events#": 50, "events.0.name": "bound 049"}),
    ]),
)  # fmt: skip


def _uploads(count: int, sender: str, **more: object) -> dict[str, Any]:
    """A batch of one sender."""
    event: Mapping[str, object] = {"device_id": sender, "event_type": "bound", **more}
    return {"api_key": KEY, "events": [dict(event) for _ in range(count)]}


def _senders(count: int) -> dict[str, Any]:
    events = [{"device_id": f"bound-{number:05d}", "event_type": "bound"} for number in range(count)]
    return {"api_key": KEY, "events": events}


_MAPPINGS = dumps([{"user_id": f"mapped-{number}", "global_user_id": "somebody"} for number in range(750)])


def _ingestion() -> Iterator[Journey]:
    yield Journey("a request takes so many events", "amplitude", [
        Step("uploadEvents", body=_senders(1_999), says={"events_ingested": 1_999}),
        Step("uploadEvents", body=_senders(2_000), status=413),
        Step("batchUploadEvents", body=_senders(2_000), says={"events_ingested": 2_000}),
        Step("batchUploadEvents", body=_senders(2_001), status=413),
    ], limits=True)  # fmt: skip
    yield Journey("an id has five characters, unless the request says otherwise", "amplitude", [
        Step("uploadEvents", body=_uploads(1, "12345"), says={"server_upload_time": "{now_ms}"}),
        Step("uploadEvents", body=_uploads(1, "1234"), status=400, says={"events_with_invalid_id_lengths": ...}),
        Step("uploadEvents", body={**_uploads(1, "1234"), "options": {"min_id_length": 1}}),
    ])  # fmt: skip
    yield Journey("a sender has an average rate", "amplitude", [
        Step("uploadEvents", body=_uploads(900, "fast-device")),
        Step("uploadEvents", body=_uploads(1, "fast-device"), status=429,
             says={"code": 429, "eps_threshold": 30, "throttled_devices": {"fast-device": 31},
                   "throttled_events": [0]}),
        Step("uploadEvents", body=_uploads(1, "slow-device")),
        Step("uploadEvents", body=_uploads(1, "fast-device"), later="29s", status=429),
        Step("uploadEvents", body=_uploads(1, "fast-device"), later="1s"),
        *[Step("batchUploadEvents", body=_uploads(2_000, "batch-device")) for _ in range(15)],
        Step("batchUploadEvents", body=_uploads(1, "batch-device"), status=429),
    ], limits=True)  # fmt: skip
    yield Journey("traits and mappings have rates", "amplitude", [
        Step("mapUsers", body={"api_key": KEY, "mapping": _MAPPINGS}),
        Step("mapUsers", body={"api_key": KEY, "mapping": _MAPPINGS}),
        Step("mapUsers", body={"api_key": KEY, "mapping": _MAPPINGS}, status=429),
        Step("mapUsers", body={"api_key": KEY, "mapping": _MAPPINGS}, later="30s"),
    ], limits=True)  # fmt: skip
    asked = Step("requestCohortExport", path={"cohort_id": "{cohort_id}"})
    yield Journey("four exports are made at a time", "amplitude", [
        Step("getCohortUsage", later="1h", keep={"used": "rest_download.usage"}),
        *[Step(asked.operation, path=asked.path, status=202) for _ in range(4)],
        Step(asked.operation, path=asked.path, status=429),
        Step(asked.operation, path=asked.path, later="30s", status=202),
    ], limits=True)  # fmt: skip


BRAZE: Sequence[Journey] = (*PAGES, *COUNTS)
AMPLITUDE: Sequence[Journey] = tuple(_ingestion())
