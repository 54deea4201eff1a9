"""Faults are put in force, seen to work, and taken back."""

from __future__ import annotations

import http.client
from typing import Any

import pytest


def test_a_fault_answers_instead_of_the_service_for_as_long_as_it_is_told(client: Any) -> None:
    made = client.sim("POST", "/faults", {"service": "amplitude", "operation": "*", "answer": 503, "times": 2})

    statuses = [client.events("ida-1001").status for _ in range(3)]

    assert made.status == 201
    assert made.body == {
        "fault": "fault-1",
        "service": "amplitude",
        "operation": "*",
        "answer": 503,
        "times": 2,
        "seen": 0,
        "met": 0,
    }
    assert statuses == [503, 503, 200]
    assert [(each["seen"], each["met"]) for each in client.sim("GET", "/faults").body["faults"]] == [(3, 2)]


@pytest.mark.parametrize(
    ("transport", "error"), [("reset", ConnectionResetError), ("truncate", http.client.IncompleteRead)]
)
def test_a_fault_of_the_transport_breaks_the_bytes(client: Any, transport: str, error: type[Exception]) -> None:
    client.sim("POST", "/faults", {"service": "amplitude", "operation": "*", "transport": transport, "times": 1})

    with pytest.raises(error):
        client.events("ida-1001")

    assert client.sim("GET", "/journal").body["exchanges"][0]["transport"] == transport


def test_a_call_may_be_applied_although_its_answer_is_lost(client: Any) -> None:
    client.sim(
        "POST", "/faults", {"service": "braze", "operation": "trackUsers", "transport": "reset", "applied": True}
    )
    with pytest.raises(ConnectionResetError):
        client.braze("/users/track", {"attributes": [{"external_id": "ida-1001"}]})

    exported = client.braze("/users/export/ids", {"external_ids": ["ida-1001"], "fields_to_export": ["external_id"]})

    assert [user["external_id"] for user in exported.body["users"]] == ["ida-1001"]


def test_every_part_of_a_fault_is_told_back(client: Any) -> None:
    wanted = {
        "service": "braze",
        "operation": "changeCohortUsers",
        "answer": 500,
        "body": {"message": "no"},
        "headers": {"X-Why": "because"},
        "nth": 2,
        "times": 3,
        "share": 0.5,
        "latency": "45s",
        "from": "2026-03-02T11:00:00Z",
        "until": "2026-03-02T12:00:00Z",
    }

    told = client.sim("POST", "/faults", wanted).body

    assert {name: told[name] for name in wanted} == wanted


def test_a_key_is_revoked_in_the_middle_of_a_sync_and_another_one_mends_it(client: Any) -> None:
    sync = client.synced_cohort("ida-1001", cadence="hourly")
    act = {"act": "revoke_key", "arguments": {"connection": "braze"}}
    made = client.sim("POST", "/faults", {"service": "braze", "operation": "changeCohortUsers", "times": 1, **act})
    client.events("kim-1002")

    refused = client.sim("POST", f"/syncs/{sync}/run").body
    client.stage.world.acts.new_key("braze")
    mended = client.sim("POST", f"/syncs/{sync}/run").body

    assert {name: made.body[name] for name in act} == act
    assert (refused["status"], mended["status"], mended["added"]) == ("failed", "success", 1)


def test_a_profile_is_deleted_after_a_call_and_the_call_of_the_act_meets_no_fault(client: Any) -> None:
    act = {"act": "delete", "arguments": {"external_id": "ida-1001"}, "act_after": True}
    client.sim("POST", "/faults", {"service": "braze", "operation": "*", **act})

    tracked = client.braze("/users/track", {"attributes": [{"external_id": "ida-1001", "plan": "gold"}]})
    client.sim("DELETE", "/faults")
    exported = client.braze("/users/export/ids", {"external_ids": ["ida-1001"], "fields_to_export": ["external_id"]})

    assert (tracked.status, exported.body["users"]) == (201, [])


def test_an_act_that_is_refused_leaves_the_call_as_it_is(client: Any) -> None:
    client.sim("POST", "/faults", {"operation": "*", "act": "pause_sync", "arguments": {"sync": "sync-9"}, "times": 1})

    assert client.events("ida-1001").status == 200


def test_an_act_that_is_refused_is_told_by_the_fault_the_ledger_and_the_journal(client: Any) -> None:
    client.sim("POST", "/faults", {"operation": "*", "act": "pause_sync", "arguments": {"sync": "sync-9"}, "times": 1})
    client.events("ida-1001")
    client.events("ida-1001")
    why = "pause_sync: there is no sync 'sync-9'"

    (fault,) = client.sim("GET", "/faults").body["faults"]
    (page,) = client.sim("GET", "/ledger?event=act_refused").body["pages"]
    first, second = client.sim("GET", "/journal").body["exchanges"]

    assert (1, why) == (fault["refusals"], fault["refused"])
    assert {"fault": "fault-1", "act": "pause_sync", "operation": "uploadEvents", "refused": why} == page["detail"]
    assert (first["request_id"], why) == (page["request"], first["refused"])
    assert "refused" not in second


def test_a_fault_is_taken_back(client: Any) -> None:
    client.sim("POST", "/faults", {"operation": "*", "answer": 500})
    client.sim("POST", "/faults", {"operation": "*", "answer": 502})

    one = client.sim("DELETE", "/faults/fault-1")
    again = client.sim("DELETE", "/faults/fault-1")
    status = client.events("ida-1001").status
    every = client.sim("DELETE", "/faults")

    assert (one.status, again.status, status, every.status) == (204, 404, 502, 204)
    assert client.sim("GET", "/faults").body == {"faults": []}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"operation": "*"}, "body: "),
        ({"operation": "*", "answer": 200}, "body.answer"),
        ({"operation": "*", "transport": "explode"}, "body.transport"),
        ({"operation": "*", "answer": 500, "from": "2026-13-01T00:00:00Z"}, "body.from"),
        ({"operation": "*", "answer": 500, "from": "2026-02-29T00:00:00Z"}, "from: "),
        ({"operation": "*", "answer": 500, "act": "dance"}, "body.act"),
        ({"operation": "*", "answer": 500, "arguments": {}}, "body"),
        ({"operation": "*", "act": "revoke_key"}, "arguments of revoke_key: missing a required argument"),
        ({"operation": "*", "act": "merge", "arguments": {"who": "ida"}}, "arguments of merge: "),
        (
            {"operation": "*", "answer": 500, "from": "2026-03-03T00:00:00Z", "until": "2026-03-02T00:00:00Z"},
            "ends before it begins",
        ),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(client: Any, wanted: dict[str, object], said: str) -> None:
    refused = client.sim("POST", "/faults", wanted)

    assert refused.status == 400
    assert said in refused.body["detail"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"operation": "changeCohortUser", "answer": 500}, "has no operation 'changeCohortUser'"),
        ({"operation": "trackUsers", "service": "amplitude", "answer": 500}, "amplitude has no operation 'trackUsers'"),
    ],
)
def test_a_fault_on_an_operation_that_does_not_exist_would_never_be_met(
    client: Any, wanted: dict[str, object], said: str
) -> None:
    refused = client.sim("POST", "/faults", wanted)

    assert refused.status == 404
    assert said in refused.body["detail"]


@pytest.mark.parametrize("name", ["fault-99", "nothing", "fault-" + "9" * 30])
def test_a_fault_that_does_not_exist_cannot_be_taken_back(client: Any, name: str) -> None:
    assert client.sim("DELETE", f"/faults/{name}").status == 404
