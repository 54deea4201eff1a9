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
