"""User mapping: relating two users, reading it back, and the limits on both."""

from __future__ import annotations

import json

import pytest

IDA_TO_GLOBAL = {"user_id": "ida-1001", "global_user_id": "ida@example.com"}


def mapping(*pairs: dict[str, object]) -> str:
    return json.dumps(list(pairs))


def test_users_are_related_and_their_properties_never_merged(amplitude, an_event) -> None:
    """ID-6."""
    amplitude.upload(
        an_event(user_properties={"plan": "free"}), an_event("ida@example.com", user_properties={"age": 9})
    )
    answer = amplitude.form("/usermap", mapping=mapping(IDA_TO_GLOBAL))
    assert (answer.status_code, answer.content_type, answer.text) == (200, "text/html;charset=utf-8", "success")
    ida, everywhere = (amplitude.service.find("main", user_id=name) for name in ("ida-1001", "ida@example.com"))
    assert (ida.properties, everywhere.properties) == ({"plan": "free"}, {"age": 9})
    assert amplitude.get("/api/2/usermap", user_ids=["ida-1001", "ida@example.com", "noor-3003"]).json == {
        "ida-1001": {
            "mapped_from": [],
            "mapped_to": [{"amplitude_id": everywhere.amplitude_id, "user_id": "ida@example.com"}],
        },
        "ida@example.com": {
            "mapped_from": [{"amplitude_id": ida.amplitude_id, "user_id": "ida-1001"}],
            "mapped_to": [],
        },
        "noor-3003": {"mapped_from": [], "mapped_to": []},
    }


def test_a_mapping_ends(amplitude) -> None:
    key = amplitude.main.api_key
    amplitude.client.get("/usermap", query_string={"api_key": key, "mapping": json.dumps(IDA_TO_GLOBAL)})
    amplitude.client.post(
        "/usermap", query_string={"api_key": key, "mapping": mapping({"user_id": "ida-1001", "unmap": True})}
    )
    assert amplitude.get("/api/2/usermap", user_ids="ida-1001").json == {
        "ida-1001": {"mapped_from": [], "mapped_to": []}
    }


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "missing_mapping"),
        ({"mapping": "x"}, "missing_mapping"),
        ({"mapping": mapping({"user_id": "ida-1001"})}, "missing_mapping"),
        ({"mapping": mapping({"global_user_id": "ida-1001"})}, "missing_mapping"),
        ({"mapping": mapping({"user_id": "ida-1001", "global_user_id": [1]})}, "missing_mapping"),
        ({"mapping": mapping({**IDA_TO_GLOBAL, "user_id": "ida"})}, "Invalid id length for user_id or device_id"),
        ({"mapping": mapping(IDA_TO_GLOBAL), "api_key": "wrong"}, "invalid_api_key"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(amplitude, fields, text) -> None:
    answer = amplitude.form("/usermap", **fields)
    assert (answer.status_code, answer.text) == (400, text)


def test_short_ids_are_mapped_when_asked_to(amplitude) -> None:
    pair = mapping({"user_id": 7, "global_user_id": "8"})
    assert amplitude.form("/usermap", mapping=pair, options='{"min_id_length": 1}').text == "success"


@pytest.mark.parametrize(("count", "status"), [(1499, 200), (1500, 200), (1501, 429), (2000, 429), (2001, 413)])
def test_a_call_and_a_window_hold_so_many_mappings(amplitude, count, status) -> None:
    pairs = [{"user_id": f"u-{n:06d}", "global_user_id": "everybody"} for n in range(count)]
    assert amplitude.form("/usermap", mapping=mapping(*pairs)).status_code == status


def test_the_window_of_mappings_is_thirty_seconds(amplitude) -> None:
    pairs = [{"user_id": f"u-{n:06d}", "global_user_id": "everybody"} for n in range(1500)]
    amplitude.form("/usermap", mapping=mapping(*pairs))
    assert amplitude.form("/usermap", mapping=mapping(IDA_TO_GLOBAL)).status_code == 429
    amplitude.later("30s")
    assert amplitude.form("/usermap", mapping=mapping(IDA_TO_GLOBAL)).status_code == 200


def test_a_call_has_at_most_one_megabyte(amplitude) -> None:
    assert amplitude.form("/usermap", mapping=mapping(IDA_TO_GLOBAL), padding="x" * 1024 * 1024).status_code == 413


@pytest.mark.parametrize(("count", "status"), [(0, 400), (1, 200), (99, 200), (100, 200), (101, 400)])
def test_mappings_of_1_to_100_users_are_read_at_once(amplitude, count, status) -> None:
    answer = amplitude.get("/api/2/usermap", user_ids=[f"u-{n:06d}" for n in range(count)])
    assert answer.status_code == status
    if status == 400:
        assert answer.json["error"]["message"] == f"Between 1 and 100 user_ids are required, got {count}."


@pytest.mark.parametrize("text", ['["ida-1001","ben-2002"]', "ida-1001,ben-2002"])
def test_user_ids_may_be_listed_in_one_value_or_in_a_form(amplitude, text) -> None:
    assert list(amplitude.get("/api/2/usermap", user_ids=text).json) == ["ida-1001", "ben-2002"]
    form = amplitude.call("GET", "/api/2/usermap", data={"user_ids": ["ida-1001", "ben-2002"]})
    assert list(form.json) == ["ida-1001", "ben-2002"]


def test_reading_mappings_needs_both_keys(amplitude) -> None:
    assert amplitude.client.get("/api/2/usermap?user_ids=ida-1001").status_code == 401


def test_a_mapping_counts_the_events_of_both_in_cohorts(amplitude, an_event) -> None:
    """ID-6: "the target's stream shows both users' events"."""
    amplitude.upload(an_event(), an_event("ida@example.com", "signed_up"))
    amplitude.service.cohorts.create("openers", {"performed": "app_opened", "within": "7d"})
    before = amplitude.service.cohorts.members("openers")
    amplitude.form("/usermap", mapping=mapping(IDA_TO_GLOBAL))
    after = amplitude.service.cohorts.members("openers")
    everywhere = amplitude.service.find("main", user_id="ida@example.com").amplitude_id
    assert sorted([*before, everywhere]) == after
    amplitude.form("/usermap", mapping=mapping({"user_id": "ida-1001", "unmap": True}))
    assert before == amplitude.service.cohorts.members("openers")
