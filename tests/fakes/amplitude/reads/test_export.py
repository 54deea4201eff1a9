"""Exports: a zip of gzipped JSON lines by upload hour, with the keys and forms recorded live."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

import pytest

from simulator.fakes.amplitude.reads import export as export_module


@pytest.fixture
def amplitude(amplitude_with):
    """An Amplitude whose exports do not wait for two hours."""
    return amplitude_with(export_delay="none")


def files(answer: Any) -> dict[str, list[dict[str, Any]]]:
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        texts = {name: gzip.decompress(archive.read(name)).decode() for name in archive.namelist()}
    assert all(text.endswith("\n") for text in texts.values())
    return {name: [json.loads(line) for line in text.splitlines()] for name, text in texts.items()}


def test_each_hour_is_a_file_and_the_last_hour_is_included(amplitude, an_event) -> None:
    amplitude.upload(an_event(event_type="at ten"))
    amplitude.later("59m 59s")
    amplitude.upload(an_event(event_type="still at ten", time=1500000000000))
    amplitude.later("1s")
    amplitude.upload(an_event(event_type="at eleven"))
    app = amplitude.main.app_id
    found = files(amplitude.get("/api/2/export", start="20260302T10", end="20260302T11"))
    assert {name: [row["event_type"] for row in rows] for name, rows in found.items()} == {
        f"{app}/{app}_2026-03-02_10#0.json.gz": ["at ten", "still at ten"],
        f"{app}/{app}_2026-03-02_11#0.json.gz": ["at eleven"],
    }
    assert len(files(amplitude.get("/api/2/export", start="20260302T10", end="20260302T10"))) == 1


def test_a_row_has_every_key_and_the_forms_that_clients_compare(amplitude, an_event) -> None:
    amplitude.upload(
        an_event(device_id="d-ida-0001", time=1772445000123, insert_id="a-1", user_properties={"plan": "plus"},
                 event_properties={"color": "red"}, platform="iOS", carrier="A", app_version="1.2",
                 plan={"branch": "main", "x": 1}),
        path="/batch",
    )  # fmt: skip
    amplitude.upload(an_event("ben-2002"))
    rows = next(iter(files(amplitude.get("/api/2/export", start="20260302T10", end="20260302T10")).values()))
    ida, ben = rows
    expected = {
        "$insert_id": "a-1",
        "$schema": None,
        "amplitude_id": amplitude.main.first_id,
        "app": amplitude.main.app_id,
        "data": {"path": "/batch", "group_first_event": {}, "group_ids": {}, "user_properties_updated": True},
        "device_carrier": "A",
        "device_id": "d-ida-0001",
        "event_properties": {"color": "red"},
        "event_time": "2026-03-02 09:50:00.123000",
        "event_type": "app_opened",
        "global_user_properties": None,
        "library": "http/2.0",
        "paying": None,
        "plan": {"branch": "main"},
        "platform": "iOS",
        "server_upload_time": "2026-03-02 10:00:00.000000",
        "session_id": -1,
        "user_id": "ida-1001",
        "user_properties": {"plan": "plus"},
        "version_name": "1.2",
    }
    assert {name: ida[name] for name in expected} == expected
    assert list(ida) == sorted(ida) == list(ben)
    assert (ben["data"]["path"], ben["plan"], ida["uuid"] != ben["uuid"]) == ("/2/httpapi", {}, True)
    assert ("raw_event_type" in ida, "processed_time" in ida) == (False, True)


def test_identify_calls_are_not_exported(amplitude) -> None:
    amplitude.service.identify("main", [{"user_id": "ida-1001"}])
    answer = amplitude.get("/api/2/export", start="20260302T10", end="20260302T10")
    assert (answer.status_code, answer.json) == (
        404,
        {
            "error": {
                "http_code": 404,
                "type": "unspecified",
                "message": "Unspecified Error",
                "metadata": {"details": "Raw data files were not found."},
            }
        },
    )


def test_an_hour_is_parted_into_files_by_volume(amplitude, an_event, monkeypatch) -> None:
    monkeypatch.setattr(export_module, "LINES_PER_FILE", 2)
    amplitude.upload(*(an_event() for _ in range(5)))
    found = files(amplitude.get("/api/2/export", start="20260302T10", end="20260302T10"))
    assert [(name[-9:], len(rows)) for name, rows in found.items()] == [
        ("0.json.gz", 2),
        ("1.json.gz", 2),
        ("2.json.gz", 1),
    ]


def test_more_events_than_a_page_of_the_store_arrive_once_and_in_order(amplitude, an_event) -> None:
    amplitude.service.ingest("main", [an_event(event_type=f"e{n}") for n in range(4500)])
    rows = next(iter(files(amplitude.get("/api/2/export", start="20260302T10", end="20260302T10")).values()))
    assert [row["event_type"] for row in rows] == [f"e{n}" for n in range(4500)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"end": "20260302T10"}, "Missing required parameter: start"),
        ({"start": "20260302T10"}, "Missing required parameter: end"),
        ({"start": "2026-03-02", "end": "20260302T10"}, "start is not a valid time: 2026-03-02"),
        ({"start": "20260302T11", "end": "20260302T10"}, "start must not be later than end"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(amplitude, query, message) -> None:
    answer = amplitude.get("/api/2/export", **query)
    assert (answer.status_code, answer.json["error"]["message"]) == (400, message)


@pytest.mark.parametrize(("end", "status"), [("20260302T08", 404), ("20260302T09", 404), ("20260302T10", 400)])
def test_a_range_has_at_most_365_days(amplitude, end, status) -> None:
    assert amplitude.get("/api/2/export", start="20250302T10", end=end).status_code == status


@pytest.mark.parametrize(("later", "status"), [("2h 59m 59s", 404), ("3h", 200)])
def test_an_hour_is_there_once_it_has_been_over_for_two(amplitude_with, an_event, later, status) -> None:
    """Amplitude, Export API: "data sent between 8 and 9 PM ... is available via the Export API at 11 PM"."""
    amplitude = amplitude_with()
    amplitude.upload(an_event())
    amplitude.later(later)
    assert amplitude.get("/api/2/export", start="20260302T10", end="20260302T10").status_code == status


def test_of_a_range_only_the_hours_that_are_there_come(amplitude_with, an_event) -> None:
    amplitude = amplitude_with()
    amplitude.upload(an_event())
    amplitude.later("1h")
    amplitude.upload(an_event())
    amplitude.later("2h 30m")
    found = files(amplitude.get("/api/2/export", start="20260302T10", end="20260302T12"))
    assert [name.rpartition("_")[2] for name in found] == ["10#0.json.gz"]


@pytest.mark.parametrize(("bytes_more", "status"), [(-1, 400), (0, 200)])
def test_an_export_that_is_too_large_is_refused(amplitude_with, an_event, bytes_more, status) -> None:
    """Limit and text: Amplitude, Export API."""
    amplitude = amplitude_with(export_delay="none")
    amplitude.upload(an_event())
    whole = amplitude.get("/api/2/export", start="20260302T10", end="20260302T10")
    with zipfile.ZipFile(io.BytesIO(whole.data)) as archive:
        members = archive.start_dir
    amplitude.service.settings.export_bytes = members + bytes_more
    answer = amplitude.get("/api/2/export", start="20260302T10", end="20260302T10")
    assert answer.status_code == status
    if status == 400:
        assert answer.json["error"]["message"].endswith("The limit size is 4GB.")


def test_the_same_world_gives_the_same_bytes(amplitude_with, an_event) -> None:
    def archive() -> bytes:
        amplitude = amplitude_with(export_delay="none")
        amplitude.upload(an_event(), an_event("ben-2002"))
        return bytes(amplitude.get("/api/2/export", start="20260302T10", end="20260302T10").data)

    assert archive() == archive()


def test_other_projects_are_not_exported(amplitude, an_event) -> None:
    amplitude.upload(an_event())
    amplitude.client.post("/_sim/amplitude/projects", json={"name": "shop"})
    query = {"start": "20260302T10", "end": "20260302T10"}
    answer = amplitude.client.get("/api/2/export", query_string=query, headers=amplitude.auth("shop"))
    assert answer.status_code == 404
