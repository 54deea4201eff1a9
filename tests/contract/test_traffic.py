"""Recorded traffic held against a contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator import openapi
from simulator.contract.traffic import Recorded, UnreadableTraffic, check_traffic, read_traffic

SECRET = "a-very-secret-import-key"


def har_entry(body: dict[str, Any], status: int = 201, answer: str = '{"message": "success"}', **changes: Any) -> Any:
    entry = {
        "request": {
            "method": "POST",
            "url": "https://rest.iad-01.braze.com/partners/amplitude/cohorts/users",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "postData": {"text": json.dumps(body)},
        },
        "response": {
            "status": status,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"text": answer},
        },
    }
    entry["request"] |= changes
    return entry


def good_body() -> dict[str, Any]:
    change = {"user_ids": ["ida-1001"]}
    return {"partner_api_key": "p", "client_secret": SECRET, "cohort_id": "c1", "cohort_changes": [change]}


def record(path: Path, *entries: Any) -> list[Recorded]:
    path.write_text(json.dumps({"log": {"entries": list(entries)}}))
    return read_traffic(path)


def findings(recorded: list[Recorded]) -> set[tuple[int, str, str]]:
    report = check_traffic(openapi.load("braze"), recorded)
    return {(drift.count, drift.kind, drift.where) for drift in report.drift}


def test_secrets_are_masked_while_reading(tmp_path: Path) -> None:
    recorded = record(tmp_path / "a.har", har_entry(good_body()))
    assert SECRET not in repr(recorded)


def test_conforming_traffic_has_no_drift(tmp_path: Path) -> None:
    assert set() == findings(record(tmp_path / "a.har", har_entry(good_body())))


def test_an_unknown_operation_is_counted(tmp_path: Path) -> None:
    unknown = har_entry({}, url="https://rest.iad-01.braze.com/partners/amplitude/groups")
    report = check_traffic(openapi.load("braze"), record(tmp_path / "a.har", unknown, unknown))
    assert (2, 0) == (report.exchanges, report.known)
    (drift,) = report.drift
    assert "2x POST /partners/amplitude/groups: path: no operation of the contract [unknown-operation]" in str(drift)


def test_wrong_and_unknown_fields_and_statuses_are_drift_ranked_by_count(tmp_path: Path) -> None:
    wrong_type = har_entry({**good_body(), "cohort_id": 7})
    unknown_field = har_entry({**good_body(), "region": "eu"})
    unknown_status = har_entry(good_body(), status=299)
    recorded = record(tmp_path / "a.har", unknown_status, wrong_type, wrong_type, unknown_field)
    report = check_traffic(openapi.load("braze"), recorded)
    assert [2, 1, 1] == [drift.count for drift in report.drift]
    assert {"type", "unknown-field", "status"} == {drift.kind for drift in report.drift}


def test_a_field_that_nobody_described_is_found_wherever_it_stands(tmp_path: Path) -> None:
    body = {**good_body(), "cohort_changes": [{"user_ids": ["ida"], "user_idz": ["ben"]}]}
    found = findings(record(tmp_path / "a.har", har_entry(body)))
    assert {(1, "unknown-field", "request body.cohort_changes.user_idz")} == found


def test_what_may_have_any_name_is_described(tmp_path: Path) -> None:
    body = {"attributes": [{"external_id": "ida", "shoe_size": 41}]}
    entry = har_entry(body, url="https://rest.iad-01.braze.com/users/track")
    assert set() == {each for each in findings(record(tmp_path / "a.har", entry)) if each[1] == "unknown-field"}


def test_the_same_field_in_many_items_is_one_finding(tmp_path: Path) -> None:
    body = {**good_body(), "cohort_changes": [{"user_ids": [1, 2, 3]}, {"user_ids": [4]}]}
    places = {where for _, _, where in findings(record(tmp_path / "a.har", har_entry(body)))}
    assert any("user_ids" in place for place in places)
    assert not any("[" in place for place in places)


def test_journal_lines_are_read_too(tmp_path: Path) -> None:
    body = json.dumps({**good_body(), "cohort_id": 7})
    line = {
        "method": "POST", "url": "/partners/amplitude/cohorts/users", "status": 201,
        "request": {"headers": {"content-type": "application/json"}, "body": body, "body_bytes": len(body)},
        "response": {
            "headers": {"content-type": "application/json"}, "body": '{"message":"success"}', "body_bytes": 21,
        },
    }  # fmt: skip
    path = tmp_path / "journal.jsonl"
    path.write_text(f"{json.dumps(line)}\n\n{json.dumps(line)}\n")
    assert {(2, "type", "request body.cohort_id")} == findings(read_traffic(path))


def test_a_body_that_the_journal_cut_is_not_held_against_anybody(tmp_path: Path) -> None:
    line = {
        "method": "POST", "url": "/partners/amplitude/cohorts/users", "status": 201,
        "request": {"headers": {"content-type": "application/json"}, "body": '{"cohort_id": "c…', "body_bytes": 99999},
        "response": {"headers": {}, "body": "", "body_bytes": 0},
    }  # fmt: skip
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps(line))
    assert set() == findings(read_traffic(path))


@pytest.mark.parametrize(
    ("text", "why"),
    [("[]", "neither a HAR file"), ("not json", ":1: not a JSON object"), ('{"a": 1}\n{"b": 2}', ":1: not an entry"),
     ('{"log": {"entries": [{}]}}', "entry 1 is not a HAR entry")],
)  # fmt: skip
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "x.har"
    path.write_text(text)
    with pytest.raises(UnreadableTraffic, match=why):
        read_traffic(path)
