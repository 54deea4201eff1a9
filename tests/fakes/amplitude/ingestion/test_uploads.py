"""Uploads: every refusal in its exact words, all or nothing, and what success says."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from simulator.fakes.amplitude.ingestion.uploads import UploadRefused
from simulator.fakes.amplitude.projects import AmplitudeSettings

PATHS = ["/2/httpapi", "/batch"]


@pytest.mark.parametrize("path", PATHS)
def test_success_has_all_four_numbers(amplitude, an_event, path) -> None:
    """INGEST-1."""
    body = json.dumps({"api_key": amplitude.main.api_key, "events": [an_event(), an_event("ben-2002")]})
    answer = amplitude.client.post(path, data=body, content_type="application/json")
    assert (answer.status_code, answer.content_type, answer.json) == (
        200,
        "application/json",
        {"code": 200, "server_upload_time": amplitude.now, "payload_size_bytes": len(body), "events_ingested": 2},
    )


def test_an_empty_list_of_events_is_taken(amplitude) -> None:
    assert amplitude.upload().json["events_ingested"] == 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", {"code": 400, "error": "Missing request body"}),
        (b"{", {"code": 400, "error": "Invalid JSON request body"}),
        (b"[]", {"code": 400, "error": "Invalid JSON request body"}),
        (b'{"events": []}', {"code": 400, "error": "Request missing required field", "missing_field": "api_key"}),
        (b'{"api_key": "KEY"}', {"code": 400, "error": "Request missing required field", "missing_field": "events"}),
        (b'{"api_key": "wrong", "events": []}', {"code": 400, "error": "Invalid API key: wrong"}),
        (b'{"api_key": "KEY", "events": {}}', {"code": 400, "error": "Invalid JSON request body"}),
        (b'{"api_key": "KEY", "events": [], "options": 5}', {"code": 400, "error": "Invalid JSON request body"}),
        (
            b'{"api_key": "KEY", "events": [], "options": {"min_id_length": "1"}}',
            {"code": 400, "error": "Invalid JSON request body"},
        ),
        (b'{"api_key": "KEY", "events": ["a"]}', {"code": 400, "error": "Invalid event JSON"}),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_in_the_vendors_words(amplitude, path, body, expected) -> None:
    answer = amplitude.client.post(path, data=body.replace(b"KEY", amplitude.main.api_key.encode()))
    assert (answer.status_code, answer.json) == (400, expected)


def test_an_unknown_path_is_an_invalid_request_path(amplitude) -> None:
    assert amplitude.client.post("/3/httpapi", data="{}").json == {"code": 400, "error": "Invalid request path"}


def test_blamed_events_are_listed_without_missing_field_and_nothing_is_stored(amplitude, an_event) -> None:
    """INGEST-1."""
    answer = amplitude.upload(an_event(), an_event(event_type=None), an_event("ida"), an_event(time="now"))
    assert (answer.status_code, answer.json) == (
        400,
        {
            "code": 400,
            "error": "Request missing required field",
            "events_with_invalid_fields": {"time": [3]},
            "events_with_missing_fields": {"event_type": [1]},
            "events_with_invalid_id_lengths": {"user_id": [2]},
        },
    )
    assert amplitude.stored() == []


def test_a_short_id_alone_has_the_text_seen_live(amplitude, an_event) -> None:
    assert amplitude.upload(an_event(), an_event("ida", device_id="d-ida-0001")).json == {
        "code": 400,
        "error": "Invalid id length for user_id or device_id",
        "events_with_invalid_id_lengths": {"user_id": [1]},
    }


def test_min_id_length_lets_short_ids_in(amplitude, an_event) -> None:
    assert amplitude.upload(an_event("ida"), options={"min_id_length": 1}).status_code == 200
    assert amplitude.upload(an_event("ida"), options={"min_id_length": 3}).status_code == 200
    assert amplitude.upload(an_event("ida"), options={"min_id_length": 4}).status_code == 400


def test_by_switch_a_short_id_is_stripped_and_the_device_decides(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(short_ids="strip")
    assert amplitude.upload(an_event("ida", device_id="d-ida-0001")).status_code == 200
    assert amplitude.service.find("main", device_id="d-ida-0001").user_id is None


def test_gzip_bodies_are_unpacked(amplitude, an_event) -> None:
    plain = json.dumps({"api_key": amplitude.main.api_key, "events": [an_event()]}).encode()
    answer = amplitude.client.post("/2/httpapi", data=gzip.compress(plain), headers={"Content-Encoding": "gzip"})
    assert answer.json == {
        "code": 200,
        "server_upload_time": amplitude.now,
        "payload_size_bytes": len(plain),
        "events_ingested": 1,
    }


def test_a_damaged_gzip_body_is_no_json(amplitude) -> None:
    answer = amplitude.client.post("/batch", data=b"\x1f\x8bnonsense", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json) == (400, {"code": 400, "error": "Invalid JSON request body"})


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/2/httpapi", 1024 * 1024 - 2, 200),
        ("/2/httpapi", 1024 * 1024 - 1, 200),
        ("/2/httpapi", 1024 * 1024, 413),
        ("/batch", 1024 * 1024, 200),
        ("/batch", 20 * 1024 * 1024 - 1, 200),
        ("/batch", 20 * 1024 * 1024, 200),
        ("/batch", 20 * 1024 * 1024 + 1, 413),
    ],
)
def test_a_body_is_under_one_megabyte_or_at_most_twenty(amplitude, an_event, path, size, status) -> None:
    body = json.dumps({"api_key": amplitude.main.api_key, "events": [an_event()]}).encode()
    answer = amplitude.client.post(path, data=body + b" " * (size - len(body)))
    assert answer.status_code == status
    if status == 413:
        assert answer.json == {"code": 413, "error": "Payload too large"}


@pytest.mark.parametrize(
    ("path", "count", "status"),
    [("/2/httpapi", 1998, 200), ("/2/httpapi", 1999, 200), ("/2/httpapi", 2000, 413), ("/batch", 1999, 200),
     ("/batch", 2000, 200), ("/batch", 2001, 413)],
)  # fmt: skip
def test_a_request_may_have_so_many_events(amplitude, an_event, path, count, status) -> None:
    assert amplitude.upload(*(an_event(f"u-{n:06d}") for n in range(count)), path=path).status_code == status


def test_with_limits_off_sizes_and_rates_are_free(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(AmplitudeSettings(limits=False))
    assert amplitude.upload(*(an_event() for _ in range(3000))).status_code == 200


def test_silenced_devices_are_refused_with_their_events(amplitude, an_event) -> None:
    amplitude.service.store.relations.mark(amplitude.main, "silenced", "device", "d-spam-0001", True)
    answer = amplitude.upload(an_event(), an_event(device_id="d-spam-0001"))
    assert (answer.status_code, answer.json) == (
        400,
        {
            "code": 400,
            "error": "Events silenced for device_id",
            "eps_threshold": 30,
            "exceeded_daily_quota_devices": {},
            "silenced_devices": ["d-spam-0001"],
            "silenced_events": [1],
            "throttled_devices": {},
            "throttled_events": [],
        },
    )
    assert amplitude.upload(an_event()).status_code == 200


def test_a_duplicate_is_ignored_and_still_answered_with_success(amplitude, an_event) -> None:
    """INGEST-2."""
    first = an_event(device_id="d-ida-0001", insert_id="a-1")
    amplitude.upload(first)
    assert (
        amplitude.upload(first, first, an_event(device_id="d-ida-0001", insert_id="a-2")).json["events_ingested"] == 3
    )
    assert len(amplitude.stored()) == 2


def test_the_same_insert_id_on_another_device_is_another_event(amplitude, an_event) -> None:
    amplitude.upload(
        an_event(device_id="d-ida-0001", insert_id="a-1"), an_event(device_id="d-ida-0002", insert_id="a-1")
    )
    assert len(amplitude.stored()) == 2


def test_without_a_device_the_server_made_one_tells_duplicates_apart(amplitude, an_event) -> None:
    amplitude.upload(an_event(insert_id="a-1"), an_event("ben-2002", insert_id="a-1"), an_event(insert_id="a-1"))
    assert len(amplitude.stored()) == 2


@pytest.mark.parametrize(("age", "kept"), [("6d 23h 59m 59s", 1), ("7d", 2), ("7d 1s", 2)])
def test_duplicates_are_known_for_seven_days(amplitude, an_event, age, kept) -> None:
    """INGEST-2."""
    amplitude.upload(an_event(insert_id="a-1"))
    amplitude.later(age)
    amplitude.upload(an_event(insert_id="a-1"))
    assert len(amplitude.stored()) == kept


def test_by_switch_the_insert_id_alone_decides(amplitude_with, an_event) -> None:
    amplitude = amplitude_with(dedupe_key="insert_id", ingested_count="new_only")
    amplitude.upload(an_event(device_id="d-ida-0001", insert_id="a-1"))
    again = amplitude.upload(an_event(device_id="d-ida-0002", insert_id="a-1"), an_event(insert_id="a-2"))
    assert again.json["events_ingested"] == 1
    assert len(amplitude.stored()) == 2


def test_time_is_the_upload_time_when_none_was_sent(amplitude, an_event) -> None:
    amplitude.upload(an_event(), an_event("ben-2002", time=1772445000000))
    assert amplitude.database.rows("SELECT time FROM amplitude_event ORDER BY sequence") == [
        (amplitude.now,),
        (1772445000000,),
    ]


@pytest.mark.parametrize(("off_by_seconds", "shift"), [(59, 0), (60, 60_000), (3600, 3_600_000)])
def test_a_wrong_clock_of_a_minute_or_more_is_corrected(amplitude, an_event, off_by_seconds, shift) -> None:
    sent = amplitude.now - off_by_seconds * 1000
    moment = {59: "2026-03-02T09:59:01Z", 60: "2026-03-02T09:59:00Z", 3600: "2026-03-02T09:00:00Z"}[off_by_seconds]
    amplitude.upload(an_event(time=sent), client_upload_time=moment)
    assert amplitude.database.value("SELECT time FROM amplitude_event") == sent + shift


def test_group_properties_are_set_by_a_group_identify_event_which_is_no_event(amplitude, an_event) -> None:
    amplitude.upload(
        an_event(
            event_type="$groupidentify",
            groups={"org": ["acme", "globex"]},
            group_properties={"$set": {"seats": 5}, "tier": "gold"},
        ),
        an_event(event_type="$groupidentify"),
    )
    relations = amplitude.service.store.relations
    assert relations.group(amplitude.main, "org", "acme") == {"seats": 5, "tier": "gold"}
    assert relations.group(amplitude.main, "org", "globex") == {"seats": 5, "tier": "gold"}
    assert (amplitude.stored(), amplitude.service.find("main", user_id="ida-1001")) == ([], None)


def test_the_door_without_http_refuses_in_the_same_words(amplitude, an_event) -> None:
    with pytest.raises(UploadRefused) as caught:
        amplitude.service.ingest("main", [an_event("ida")])
    expected: dict[str, Any] = {
        "code": 400,
        "error": "Invalid id length for user_id or device_id",
        "events_with_invalid_id_lengths": {"user_id": [0]},
    }
    assert (caught.value.status, caught.value.body) == (400, expected)
    assert amplitude.service.ingest("main", [an_event()]).duplicates == 0
