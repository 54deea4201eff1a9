"""Lines of a journal, as they are kept in files and answered by the control plane."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.contract.traffic.reading import read_traffic
from simulator.contract.traffic.recorded import UnreadableTraffic

SECRET = "a-very-secret-import-key"


def line(**changes: Any) -> dict[str, Any]:
    body = json.dumps({"client_secret": SECRET, "cohort_id": "c1"})
    return {
        "method": "POST", "url": "/partners/amplitude/cohorts/users", "status": 201, "service": "braze",
        "request": {"headers": {}, "body": body, "body_bytes": len(body)},
        "response": {"headers": {}, "body": "{}", "body_bytes": 2}, **changes,
    }  # fmt: skip


def test_lines_are_read_and_masked_and_empty_ones_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(f"{json.dumps(line())}\n\n{json.dumps(line(test='t.py::test_é'))}\n")
    recorded = read_traffic(path)
    assert [(1, "braze", ""), (3, "braze", "t.py::test_é")] == [
        (each.number, each.service, each.test) for each in recorded
    ]
    assert SECRET not in repr(recorded)


def test_what_the_control_plane_answers_is_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "journal.json"
    path.write_text(json.dumps({"exchanges": [line(), line()], "written": 2}))
    assert [1, 2] == [each.number for each in read_traffic(path)]


@pytest.mark.parametrize(
    "body",
    [{"headers": {}, "body": '{"a": 1\u2026', "body_bytes": 20_000}, {"headers": {}, "body": "{}", "body_bytes": 9_000},
     {"headers": {}, "body": "<7 bytes that are not text>", "body_bytes": 7}],
)  # fmt: skip
def test_a_body_of_which_something_is_missing_is_said_not_to_be_whole(tmp_path: Path, body: dict[str, Any]) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps(line(request=body)))
    assert [(False, True)] == [(each.request_whole, each.response_whole) for each in read_traffic(path)]


def test_the_line_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(f"{json.dumps(line())}\n{{\n")
    with pytest.raises(UnreadableTraffic, match=":2: not a JSON object"):
        read_traffic(path)
