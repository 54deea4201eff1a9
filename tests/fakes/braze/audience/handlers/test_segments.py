"""/segments/* and the exports of their members."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator.rules.segments.tree import identified


def lines(archive: bytes) -> list[dict[str, Any]]:
    """All users of all files of an export."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return [json.loads(line) for name in opened.namelist() for line in opened.read(name).splitlines()]


def download(house: Any, url: str) -> Any:
    return house.braze.http.get(urlsplit(url).path)


def start_export(house: Any, segment_id: str, **more: Any) -> Any:
    body = {"segment_id": segment_id, "fields_to_export": ["external_id", "braze_id", "email"], **more}
    return house.braze.post("/users/export/segment", body)


# -- list


def test_segments_are_listed_oldest_first(house: Any) -> None:
    first = house.audience.create_segment("First", tags=["a"])
    house.audience.create_segment("Second", tracked=False)
    answer = house.braze.get("/segments/list")
    shown = answer.body["segments"]
    assert (answer.status, answer.body["message"], [each["name"] for each in shown]) == (
        200,
        "success",
        ["First", "Second"],
    )
    assert shown[0] == {
        "id": first.segment_id,
        "name": "First",
        "analytics_tracking_enabled": True,
        "tags": ["a"],
    }


def test_the_newest_come_first_on_request(house: Any) -> None:
    house.audience.create_segment("First")
    house.audience.create_segment("Second")
    answer = house.braze.get("/segments/list", sort_direction="desc")
    assert [each["name"] for each in answer.body["segments"]] == ["Second", "First"]


def test_archived_segments_are_left_out(house: Any) -> None:
    made = house.audience.create_segment("First")
    house.audience.segments.change(made.segment_id, archived=True)
    assert house.braze.get("/segments/list").body["segments"] == []


@pytest.mark.parametrize(("count", "sizes"), [(99, [99, 0, 0]), (100, [100, 0, 0]), (101, [100, 1, 0])])
def test_a_page_holds_a_hundred(house: Any, count: int, sizes: list[int]) -> None:
    for number in range(count):
        house.audience.create_segment(f"Segment {number:03d}")
    pages = [house.braze.get("/segments/list", page=page).body["segments"] for page in range(3)]
    assert [len(page) for page in pages] == sizes


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"page": "-1"}, "'page' must be a non-negative integer"),
        ({"page": "one"}, "'page' must be a non-negative integer"),
        ({"sort_direction": "up"}, "'sort_direction' must be 'asc' or 'desc'"),
    ],
)
def test_a_list_refuses_what_it_does_not_know(house: Any, query: dict[str, str], message: str) -> None:
    answer = house.braze.get("/segments/list", **query)
    assert (answer.status, answer.body) == (400, {"message": message})


# -- details


def test_details_show_neither_filters_nor_size(house: Any) -> None:
    made = house.audience.create_segment("Known", identified(), description="People with an id")
    answer = house.braze.get("/segments/details", segment_id=made.segment_id)
    assert answer.body == {
        "message": "success",
        "created_at": "2026-03-02T10:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        "name": "Known",
        "description": "People with an id",
        "text_description": "external user ID exists",
        "tags": [],
        "teams": [],
    }


@pytest.mark.parametrize("path", ["/segments/details", "/segments/data_series"])
@pytest.mark.parametrize(
    ("query", "message"),
    [({}, "'segment_id' is required"), ({"segment_id": "nothing"}, "Invalid Segment ID")],
)
def test_an_unknown_segment_is_refused(house: Any, path: str, query: dict[str, str], message: str) -> None:
    answer = house.braze.get(path, length=7, **query)
    assert (answer.status, answer.body) == (400, {"message": message})


def test_a_segment_of_another_workspace_is_unknown(house: Any) -> None:
    made = house.audience.create_segment("Elsewhere", workspace="second")
    assert house.braze.get("/segments/details", segment_id=made.segment_id).status == 400


# -- data series


def test_a_series_has_one_size_a_day_and_none_before_the_segment(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    house.wait("1d")
    house.braze.identified("noor-1")
    answer = house.braze.get("/segments/data_series", segment_id=made.segment_id, length=3)
    assert answer.body["data"] == [
        {"time": "2026-03-01", "size": 0},
        {"time": "2026-03-02", "size": 2},
        {"time": "2026-03-03", "size": 3},
    ]


def test_a_series_may_end_in_the_past(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    house.wait("2d")
    ending = "2026-03-02T23:59:59-5:00"
    answer = house.braze.get("/segments/data_series", segment_id=made.segment_id, length=1, ending_at=ending)
    assert answer.body["data"] == [{"time": "2026-03-03", "size": 2}]


@pytest.mark.parametrize(("length", "status"), [("0", 400), ("1", 200), ("100", 200), ("101", 400), ("x", 400)])
def test_a_series_is_1_to_100_days_long(house: Any, length: str, status: int) -> None:
    made = house.audience.create_segment("Known", identified())
    assert house.braze.get("/segments/data_series", segment_id=made.segment_id, length=length).status == status


def test_a_series_needs_a_length_and_a_real_end(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    ask = {"segment_id": made.segment_id}
    answers = [
        house.braze.get("/segments/data_series", **ask),
        house.braze.get("/segments/data_series", **ask, length=1, ending_at="soon"),
    ]
    assert [answer.body["message"] for answer in answers] == [
        "'length' must be between 1 and 100",
        "'ending_at' must be a valid ISO 8601 date",
    ]


def test_a_series_needs_analytics_tracking(house: Any) -> None:
    made = house.audience.create_segment("Known", tracked=False)
    answer = house.braze.get("/segments/data_series", segment_id=made.segment_id, length=1)
    assert (answer.status, answer.body["message"]) == (400, "Analytics tracking is not enabled for this segment")


# -- export


def test_an_export_has_the_members_once_it_is_ready(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    answer = start_export(house, made.segment_id)
    early = download(house, answer.body["url"])
    house.wait("1m")
    ready = download(house, answer.body["url"])
    assert (answer.status, early.status_code, ready.status_code, ready.content_type) == (
        201,
        404,
        200,
        "application/zip",
    )
    assert [user["external_id"] for user in lines(ready.data)] == ["ida-1001", "ann-1001"]
    assert answer.body["object_prefix"] in answer.body["url"]


def test_an_export_shows_the_wanted_fields_and_leaves_empty_ones_out(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    answer = start_export(house, made.segment_id)
    house.wait("1m")
    ida, ann = lines(download(house, answer.body["url"]).data)
    assert (sorted(ida), sorted(ann)) == (["braze_id", "email", "external_id"], ["braze_id", "external_id"])


def test_single_custom_attributes_may_be_exported(house: Any) -> None:
    house.braze.identified("ida-1001", pet="cat")
    made = house.audience.create_segment("Known", identified())
    answer = start_export(house, made.segment_id, custom_attributes_to_export=["pet"])
    house.wait("1m")
    assert lines(download(house, answer.body["url"]).data)[0]["custom_attributes"] == {"pet": "cat"}


def test_all_custom_attributes_win_over_single_ones(house: Any) -> None:
    house.braze.identified("ida-1001", pet="cat")
    made = house.audience.create_segment("Known", identified())
    body = {"fields_to_export": ["custom_attributes"], "custom_attributes_to_export": ["pet"]}
    answer = start_export(house, made.segment_id, **body)
    house.wait("1m")
    shown = lines(download(house, answer.body["url"]).data)[0]["custom_attributes"]
    assert shown == {"plan": "gold", "pet": "cat"}


def test_the_link_expires_on_the_simulated_clock(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    url = start_export(house, made.segment_id).body["url"]
    house.wait("10s")
    house.wait("3h 59m 59s")
    last = download(house, url).status_code
    house.wait("1s")
    expired = download(house, url)
    assert (last, expired.status_code, expired.get_json()) == (200, 403, {"message": "Request has expired"})


def test_a_link_that_was_never_made_leads_nowhere(house: Any) -> None:
    reply = house.braze.http.get("/segment-export/bb8e2a91-c4aa-478b-b3f2-a4ee91731ad1-1464728599.zip")
    assert (reply.status_code, reply.get_json()) == (404, {"message": "Not Found"})


def test_one_export_of_a_segment_runs_at_a_time(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    start_export(house, made.segment_id)
    second = start_export(house, made.segment_id)
    house.wait("1m")
    assert (second.status, second.body["message"], start_export(house, made.segment_id).status) == (
        400,
        "An export of this segment is already running",
        201,
    )


def test_a_hundred_exports_run_at_a_time(house: Any) -> None:
    statuses = []
    for number in range(101):
        made = house.audience.create_segment(f"Segment {number}")
        statuses.append(start_export(house, made.segment_id).status)
    assert statuses == [201] * 100 + [400]


def test_a_cancelled_export_never_becomes_ready_and_another_may_start(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    url = start_export(house, made.segment_id).body["url"]
    cancelled = house.braze.post("/export/segment/cancel", {"segment_id": made.segment_id})
    again = start_export(house, made.segment_id).status
    house.wait("1m")
    assert (cancelled.status, cancelled.body, again, download(house, url).status_code) == (
        201,
        {"message": "success"},
        201,
        404,
    )


def test_cancelling_nothing_is_no_error(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    assert house.braze.post("/export/segment/cancel", {"segment_id": made.segment_id}).status == 201


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"segment_id": ""}, "'segment_id' is required"),
        ({"segment_id": 7}, "'segment_id' is required"),
        ({"segment_id": "nothing"}, "Invalid Segment ID"),
        ({"fields_to_export": None}, "'fields_to_export' is required"),
        ({"fields_to_export": []}, "'fields_to_export' is required"),
        ({"fields_to_export": "email"}, "'fields_to_export' is required"),
        ({"fields_to_export": [7]}, "'fields_to_export' is required"),
        ({"custom_attributes_to_export": "pet"}, "'custom_attributes_to_export' must be an array of strings"),
        ({"output_format": "csv"}, "'output_format' must be 'zip' or 'gzip'"),
        ({"callback_endpoint": "my endpoint"}, "'callback_endpoint' must be a valid URL"),
        ({"callback_endpoint": "http://["}, "'callback_endpoint' must be a valid URL"),
    ],
)
def test_an_unusable_order_is_refused(house: Any, change: dict[str, Any], message: str) -> None:
    made = house.audience.create_segment("Known", identified())
    body = {"segment_id": made.segment_id, "fields_to_export": ["email"], **change}
    answer = house.braze.post("/users/export/segment", body)
    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.mark.parametrize(("count", "status"), [(499, 201), (500, 201), (501, 400)])
def test_five_hundred_single_attributes_at_most(house: Any, count: int, status: int) -> None:
    made = house.audience.create_segment("Known", identified())
    names = [f"attribute_{number}" for number in range(count)]
    assert start_export(house, made.segment_id, custom_attributes_to_export=names).status == status


def test_gzip_is_accepted_and_still_a_zip_without_a_bucket(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    answer = start_export(house, made.segment_id, output_format="gzip")
    house.wait("1m")
    assert len(lines(download(house, answer.body["url"]).data)) == 2


def test_unknown_fields_are_left_out(house: Any) -> None:
    made = house.audience.create_segment("Known", identified())
    answer = start_export(house, made.segment_id, fields_to_export=["external_id", "shoe_size"])
    house.wait("1m")
    assert lines(download(house, answer.body["url"]).data)[0] == {"external_id": "ida-1001"}


# -- Global Control Group


def test_the_global_control_group_is_exported(house: Any) -> None:
    house.audience.control_group.set("main", 100)
    answer = house.braze.post("/users/export/global_control_group", {"fields_to_export": ["braze_id"]})
    house.wait("1m")
    assert (answer.status, len(lines(download(house, answer.body["url"]).data))) == (201, 4)


def test_without_a_global_control_group_there_is_nothing_to_export(house: Any) -> None:
    answer = house.braze.post("/users/export/global_control_group", {"fields_to_export": ["braze_id"]})
    assert (answer.status, answer.body["message"]) == (400, "There is no Global Control Group")


def test_one_export_of_the_control_group_runs_at_a_time(house: Any) -> None:
    house.audience.control_group.set("main", 5)
    body = {"fields_to_export": ["braze_id"]}
    answers = [house.braze.post("/users/export/global_control_group", body) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 400]
