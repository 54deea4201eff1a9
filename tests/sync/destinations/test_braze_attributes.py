"""What a users/track answer says about single objects."""

from __future__ import annotations

import pytest

from simulator.sync.destinations.braze_attributes import BrazeAttributes, rejected_objects


@pytest.mark.parametrize(
    ("body", "rejected"),
    [
        (b'{"message":"success"}', {}),
        (b'{"message":"success","errors":[{"type":"bad","input_array":"attributes","index":2}]}', {2: "bad"}),
        (b'{"message":"success","errors":[{"type":"bad","input_array":"events","index":2}]}', {}),
        (b'{"message":"success","errors":[{"type":"bad","index":0}]}', {0: "bad"}),
        (b'{"message":"success","errors":["a sentence"]}', {}),
        (b'{"message":"success","errors":[', {}),
        (b'["errors", "errors"]', {}),
        (b'["\\"errors\\""]', {}),
    ],
)
def test_blame_is_read_by_array_and_index(body: bytes, rejected: dict[int, str]) -> None:
    assert rejected == rejected_objects(body, "attributes")


@pytest.mark.parametrize(("limit", "size"), [("total", 75), ("total_50", 50), ("per_array", 75)])
def test_a_request_is_as_large_as_users_track_takes_it(limit: str, size: int) -> None:
    """TRACK-2."""
    assert size == BrazeAttributes().request_size(limit)
