"""The calls of a test run on disk: with their tests, without their secrets, without those of another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulator.contract.recording import Recording
from simulator.exchange import Exchange
from simulator.journal import Entry, Journal
from simulator.rules.instants import Instant

SECRET = "a-very-secret-import-key"


def entry(path: str = "/partners/amplitude/cohorts/users") -> Entry:
    body = json.dumps({"client_secret": SECRET, "cohort_id": "c1"}).encode()
    return Journal().record(
        Exchange(
            at=Instant(0), service="braze", operation="changeCohortUsers", method="POST", path=path, query="",
            request_headers={"authorization": f"Bearer {SECRET}"}, request_body=body, status=201,
            response_headers={}, response_body=b"", request_id="r-1",
        )
    )  # fmt: skip


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in sorted(folder.glob("*.ndjson")) for line in file.read_text().splitlines()]


def test_a_call_is_written_with_its_test_and_without_its_secrets(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "run-1", "main")
    recording.begin("tests/test_a.py::test_håller[été-日本]")
    recording.write(entry())
    assert [("tests/test_a.py::test_håller[été-日本]", "braze")] == [(e["test"], e["service"]) for e in lines(tmp_path)]
    assert not any(SECRET in file.read_text() for file in tmp_path.iterdir())


def test_what_outlives_its_test_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    recording = Recording(tmp_path, "run-1", "main")
    recording.begin("test_a.py::test_of_a_background_thread")
    recording.end()
    recording.write(entry())
    assert ["test_a.py::test_of_a_background_thread (after its end)"] == [each["test"] for each in lines(tmp_path)]


def test_workers_of_one_run_keep_out_of_each_others_way(tmp_path: Path) -> None:
    first, second = Recording(tmp_path, "run-1", "gw0"), Recording(tmp_path, "run-1", "gw1")
    for recording, test in ((first, "a"), (second, "b"), (first, "c")):
        recording.begin(test)
        recording.write(entry())
    assert ["a", "c", "b"] == [each["test"] for each in lines(tmp_path)]


def test_two_recordings_of_one_process_go_to_one_file(tmp_path: Path) -> None:
    for test in ("a", "b"):
        recording = Recording(tmp_path, "run-1", "main")
        recording.begin(test)
        recording.write(entry())
    assert ["a", "b"] == [each["test"] for each in lines(tmp_path)]


def test_a_second_run_does_not_mix_with_the_first_and_touches_nothing_else(tmp_path: Path) -> None:
    kept = tmp_path / "journal.ndjson"
    kept.write_text("")
    first = Recording(tmp_path, "run-1", "main")
    first.begin("old")
    first.write(entry())
    second = Recording(tmp_path, "run-2", "main")
    second.begin("new")
    second.write(entry())
    assert ["new"] == [each["test"] for each in lines(tmp_path)]
    assert kept.exists()


def test_a_folder_that_it_makes_stays_out_of_version_control_and_one_that_is_there_is_left_alone(
    tmp_path: Path,
) -> None:
    Recording(tmp_path / "new", "run-1", "main")
    Recording(tmp_path, "run-1", "main")
    assert "*" in (tmp_path / "new" / ".gitignore").read_text().splitlines()
    assert not (tmp_path / ".gitignore").exists()
