"""Recorded traffic held against a contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator import openapi
from simulator.contract.traffic.drift import check_all, check_traffic
from simulator.contract.traffic.reading import read_traffic
from simulator.contract.traffic.recorded import Recorded

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
    path.write_text(json.dumps({"log": {"entries": list(entries)}}), encoding="utf-8")
    return read_traffic(path)


def findings(recorded: list[Recorded]) -> set[tuple[int, str, str]]:
    report = check_traffic(openapi.load("braze"), recorded)
    return {(drift.count, drift.kind, drift.where) for drift in report.drift}


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


def test_a_field_of_an_answer_that_nobody_described_is_drift(tmp_path: Path) -> None:
    answer = '{"message": "success", "errors": [{"index": 0, "kind": "new"}]}'
    entry = har_entry({"attributes": [{}]}, answer=answer, url="https://rest.iad-01.braze.com/users/track")
    assert any(
        "errors" in where and where.startswith("response 201")
        for _, _, where in findings(record(tmp_path / "a.har", entry))
    )


def test_another_value_at_the_same_place_is_no_other_drift(tmp_path: Path) -> None:
    entries = [har_entry({**good_body(), "cohort_id": number}) for number in (7, 8, 9)]
    assert {(3, "type", "request body.cohort_id")} == findings(record(tmp_path / "a.har", *entries))


def test_each_field_that_is_missing_is_drift_of_its_own(tmp_path: Path) -> None:
    body = {name: value for name, value in good_body().items() if name == "cohort_id"}
    report = check_traffic(openapi.load("braze"), record(tmp_path / "a.har", har_entry(body)))
    assert 3 == len([each for each in report.drift if each.kind == "required"])


def test_a_request_that_nobody_answered_is_judged_by_itself(tmp_path: Path) -> None:
    assert set() == findings(record(tmp_path / "a.har", har_entry(good_body(), status=0, answer="")))


def test_the_tests_in_which_a_drift_came_are_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.ndjson"
    path.write_text("".join(json.dumps(line(test=f"t.py::test_{name}")) + "\n" for name in "aabcde"))
    (drift,) = check_traffic(openapi.load("braze"), read_traffic(path)).drift
    assert (6, tuple(f"t.py::test_{name}" for name in "abcde")) == (drift.count, drift.tests)
    assert str(drift).endswith(
        f"first in entry 1 of {path} (t.py::test_a), also in t.py::test_b, t.py::test_c, and 2 more"
    )


def test_what_was_found_with_the_whole_body_at_hand_stands_for_a_body_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "calls.ndjson"
    cut = {"headers": {}, "body": '{"cohort_id": "c…', "body_bytes": 99_999}
    path.write_text(json.dumps(line(request=cut, violations=["request body.cohort_id: too long [maxLength]"])))
    assert {(1, "marked", "journal")} == findings(read_traffic(path))
    path.write_text(json.dumps(line(request=cut)))
    assert set() == findings(read_traffic(path))


def line(**changes: Any) -> dict[str, Any]:
    body = json.dumps({**good_body(), "cohort_id": 7})
    return {
        "method": "POST", "url": "/partners/amplitude/cohorts/users", "status": 201, "service": "braze",
        "request": {"headers": {"content-type": "application/json"}, "body": body, "body_bytes": len(body)},
        "response": {
            "headers": {"content-type": "application/json"}, "body": '{"message":"success"}', "body_bytes": 21,
        },
        **changes,
    }  # fmt: skip


def test_that_a_browser_asks_first_is_no_drift(tmp_path: Path) -> None:
    asked = {"headers": {"access-control-request-method": "POST"}, "body": "", "body_bytes": 0}
    path = tmp_path / "calls.ndjson"
    path.write_text(json.dumps(line(method="OPTIONS", request=asked)))
    assert set() == findings(read_traffic(path))


def test_each_contract_judges_its_own(tmp_path: Path) -> None:
    elsewhere = har_entry({}, url="https://www.example.com/users")
    events = har_entry({"api_key": "k", "events": [{"event_type": "x"}]}, url="https://api2.amplitude.com/2/httpapi")
    recorded = record(tmp_path / "a.har", har_entry(good_body()), events, elsewhere)
    contracts = [openapi.load("braze"), openapi.load("amplitude")]
    reports, others = check_all(contracts, recorded)
    assert ([("braze", 1), ("amplitude", 1)], 1) == ([(each.service, each.exchanges) for each in reports], others)
    (report,), _ = check_all(contracts, recorded, services=["amplitude"], operations=["uploadEvents"])
    assert (("uploadEvents",), 1) == (report.operations, report.exchanges)
    assert [] == check_all(contracts, recorded, operations=["trackUsers"])[0]
