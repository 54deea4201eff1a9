"""Braze's words."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.fakes.braze.wire import failure, object_error, sample_text, success, utc_text
from simulator.rules.instants import parse_instant


def test_a_success_has_its_message_and_no_empty_errors() -> None:
    assert success(errors=[], deleted=0).body == {"deleted": 0, "message": "success"}
    assert success(202).status == 202


def test_a_failure_carries_only_what_there_is_to_say() -> None:
    assert failure(400, "no").body == {"message": "no"}
    errors = [object_error("'price' is not valid", "purchases", 2)]
    assert failure(400, "no", errors=errors, error="hint").body == {
        "message": "no",
        "error": "hint",
        "errors": [{"type": "'price' is not valid", "input_array": "purchases", "index": 2}],
    }


def test_instants_are_written_in_two_dialects() -> None:
    instant = parse_instant("2020-07-10T15:00:00.007Z")
    assert (utc_text(instant), sample_text(instant)) == ("2020-07-10T15:00:00.007Z", "2020-07-10 15:00:00.007 UTC")


@pytest.mark.parametrize(("depth", "status"), [(99, 201), (100, 201), (101, 400), (900, 400)])
@pytest.mark.parametrize("visibility", ["at_once", "processing"])
def test_a_body_nests_a_hundred_deep(braze: Any, visibility: str, depth: int, status: int) -> None:
    braze.rules(write_visibility=visibility)
    inner = b"[" * (depth - 4) + b"]" * (depth - 4)
    body = b'{"attributes": [{"external_id": "ida", "facebook": {"id": ' + inner + b"}}]}"
    assert braze.post("/users/track", body).status == status


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users/track", {"attributes": [{"external_id": "ida"}]}),
        ("/users/delete", {"external_ids": ["ida"]}),
        ("/users/export/ids", {"external_ids": ["ida"]}),
    ],
)
@pytest.mark.parametrize("status", ["201", "200"])
def test_the_status_of_a_post_that_succeeds_is_a_switch(
    braze: Any, path: str, body: dict[str, object], status: str
) -> None:
    braze.rules(post_success=status)
    assert braze.post(path, body).status == int(status)


def test_a_merge_answers_202_and_a_refusal_its_own_status_whatever_the_switch(braze: Any) -> None:
    braze.rules(post_success="200")
    assert braze.post("/users/merge", {"merge_updates": []}).status == 202
    assert braze.post("/users/track", {}).status == 400
    assert braze.change(cohort_id="openers").status == 200


def test_items_of_errors_are_strings_by_switch(braze: Any) -> None:
    sent = {"attributes": [{"external_id": "ida"}, {"plan": "gold"}]}
    required = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
    item = {"type": required, "input_array": "attributes", "index": 1}
    for switch, errors in (("objects", [item]), ("strings", [required])):
        braze.rules(error_items=switch)
        assert braze.post("/users/track", sent).body["errors"] == errors
    assert braze.post("/users/track", {"attributes": [{}]}).body["errors"] == [required]
