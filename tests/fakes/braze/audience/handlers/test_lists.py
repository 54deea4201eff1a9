"""/events/*, /custom_attributes and /purchases/*."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


def track(house: Any, **arrays: Any) -> None:
    assert house.braze.post("/users/track/bulk", arrays).status == 201


def events(house: Any, names: list[str], time: str = "2026-03-02T10:00:00Z", **more: Any) -> None:
    users = [f"user-{number // 100}" for number in range(len(names))]
    sent = [{"external_id": user, "name": name, "time": time, **more} for user, name in zip(users, names, strict=True)]
    for start in range(0, len(sent), 1_000):
        track(house, events=sent[start : start + 1_000])


def buy(house: Any, product: str, time: str = "2026-03-02T10:00:00Z", **more: Any) -> None:
    sent = {"external_id": "ida-1001", "product_id": product, "currency": "EUR", "price": 2.5, "time": time, **more}
    track(house, purchases=[sent])


def test_event_names_are_alphabetical(house: Any) -> None:
    events(house, ["signed_up", "app_opened", "app_opened"])
    answer = house.braze.get("/events/list")
    assert answer.body == {"message": "success", "events": ["app_opened", "signed_up"]}


@pytest.mark.parametrize(("count", "sizes"), [(249, [249, 0]), (250, [250, 0]), (251, [250, 1])])
def test_a_page_of_names_holds_250(house: Any, count: int, sizes: list[int]) -> None:
    events(house, [f"event_{number:03d}" for number in range(count)])
    assert [len(house.braze.get("/events/list", page=page).body["events"]) for page in range(2)] == sizes


def test_product_ids_are_listed(house: Any) -> None:
    buy(house, "shirt")
    buy(house, "mug")
    answer = house.braze.get("/purchases/product_list")
    assert answer.body == {"message": "success", "products": ["mug", "shirt"]}


def test_a_list_of_products_ends_with_an_empty_page(house: Any) -> None:
    buy(house, "mug")
    assert house.braze.get("/purchases/product_list", page=1).body["products"] == []


@pytest.mark.parametrize("path", ["/events/list", "/purchases/product_list"])
def test_a_page_is_a_number(house: Any, path: str) -> None:
    answer = house.braze.get(path, page="x")
    assert (answer.status, answer.body) == (400, {"message": "'page' must be a non-negative integer"})


def test_events_are_exported_with_what_the_dashboard_knows(house: Any) -> None:
    events(house, ["app_opened"])
    assert house.braze.get("/events").body["events"] == [
        {
            "name": "app_opened",
            "description": None,
            "included_in_analytics_report": False,
            "status": "Active",
            "tag_names": [],
        }
    ]


def cursor_of(link: str, relation: str) -> str:
    found = re.search(rf'<([^>]*)>; rel="{relation}"', link)
    assert found is not None
    return parse_qs(urlsplit(found[1]).query)["cursor"][0]


@pytest.mark.parametrize(("count", "sizes"), [(49, [49]), (50, [50]), (51, [50, 1])])
def test_a_cursor_leads_from_page_to_page(house: Any, count: int, sizes: list[int]) -> None:
    events(house, [f"event_{number:03d}" for number in range(count)])
    answer = house.braze.get("/events")
    found = [len(answer.body["events"])]
    while 'rel="next"' in answer.headers.get("Link", ""):
        answer = house.braze.get("/events", cursor=cursor_of(answer.headers["Link"], "next"))
        found.append(len(answer.body["events"]))
    assert found == sizes


def test_a_cursor_leads_back(house: Any) -> None:
    events(house, [f"event_{number:03d}" for number in range(51)])
    second = house.braze.get("/events", cursor=cursor_of(house.braze.get("/events").headers["Link"], "next"))
    first = house.braze.get("/events", cursor=cursor_of(second.headers["Link"], "prev"))
    assert (second.body["events"][0]["name"], first.body["events"][0]["name"]) == ("event_050", "event_000")


def test_the_cursor_of_the_first_page_is_the_one_that_the_page_prints(house: Any) -> None:
    assert house.braze.get("/custom_attributes", cursor="c2tpcDow").status == 200


@pytest.mark.parametrize("path", ["/events", "/custom_attributes"])
@pytest.mark.parametrize("cursor", ["x", "c2tpcDp4", "aGVsbG8=", "ÿ"])
def test_a_damaged_cursor_is_refused(house: Any, path: str, cursor: str) -> None:
    answer = house.braze.get(path, cursor=cursor)
    assert (answer.status, answer.body) == (400, {"message": "'cursor' is not valid"})


def test_custom_attributes_have_types(house: Any) -> None:
    values = {
        "a_text": "x",
        "a_number": 1,
        "a_float": 1.5,
        "a_truth": True,
        "a_list": ["x"],
        "an_object": {"x": 1},
        "many_objects": [{"x": 1}],
        "a_time": "2026-03-02T10:00:00Z",
    }
    house.braze.identified("ida-1001", plan=None, **values)
    house.braze.post("/users/delete", {"user_aliases": [{"alias_label": "crm", "alias_name": "kim-7"}]})
    shown = house.braze.get("/custom_attributes").body["attributes"]
    assert {each["name"]: each["data_type"] for each in shown} == {
        "a_text": "String",
        "a_number": "Number",
        "a_float": "Number",
        "a_truth": "Boolean",
        "a_list": "Array",
        "an_object": "Object",
        "many_objects": "Object Array",
        "a_time": "Time",
    }
    assert [each["array_length"] for each in shown if each["name"] in ("a_list", "a_text")] == [500, None]


# -- series


def test_events_are_counted_by_day(house: Any) -> None:
    events(house, ["app_opened"] * 2)
    events(house, ["app_opened"], time="2026-03-01T23:59:59Z")
    answer = house.braze.get("/events/data_series", event="app_opened", length=3)
    assert answer.body["data"] == [
        {"time": "2026-02-28", "count": 0},
        {"time": "2026-03-01", "count": 1},
        {"time": "2026-03-02", "count": 2},
    ]


def test_events_are_counted_by_hour(house: Any) -> None:
    events(house, ["app_opened"], time="2026-03-02T09:59:59Z")
    answer = house.braze.get("/events/data_series", event="app_opened", length=2, unit="hour")
    assert answer.body["data"] == [
        {"time": "2026-03-02T09:00:00Z", "count": 1},
        {"time": "2026-03-02T10:00:00Z", "count": 0},
    ]


def test_events_of_one_app_or_one_segment(house: Any) -> None:
    house.event("ida-1001", "app_opened")
    events(house, ["app_opened"], app_id="shop")
    house.audience.create_segment("Germans", {"country": {"comparison": "is", "value": "DE"}})
    segment_id = house.audience.segment("Germans").segment_id
    counts = [
        house.braze.get("/events/data_series", event="app_opened", length=1, **more).body["data"][0]["count"]
        for more in ({}, {"app_id": "shop"}, {"segment_id": segment_id})
    ]
    assert counts == [2, 1, 1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"event": ""}, "'event' is required"),
        ({"unit": "week"}, "'unit' must be 'day' or 'hour'"),
        ({"length": "101"}, "'length' must be between 1 and 100"),
        ({"ending_at": "soon"}, "'ending_at' must be a valid ISO 8601 date"),
        ({"segment_id": "nothing"}, "Invalid Segment ID"),
    ],
)
def test_an_event_series_refuses(house: Any, query: dict[str, str], message: str) -> None:
    answer = house.braze.get("/events/data_series", **{"event": "app_opened", "length": "7", **query})
    assert (answer.status, answer.body) == (400, {"message": message})


def test_purchases_are_counted_and_summed(house: Any) -> None:
    buy(house, "mug", quantity=3)
    buy(house, "shirt", app_id="shop")
    figures = []
    for more in ({}, {"product": "mug"}, {"app_id": "shop"}):
        quantity = house.braze.get("/purchases/quantity_series", length=1, **more).body["data"]
        revenue = house.braze.get("/purchases/revenue_series", length=1, **more).body["data"]
        figures.append((quantity[0]["purchase_quantity"], revenue[0]["revenue"]))
    assert figures == [(4, 10.0), (3, 7.5), (1, 2.5)]


@pytest.mark.parametrize("path", ["/purchases/quantity_series", "/purchases/revenue_series"])
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "'length' must be between 1 and 100"),
        ({"length": "0"}, "'length' must be between 1 and 100"),
        ({"length": "1", "unit": "week"}, "'unit' must be 'day' or 'hour'"),
        ({"length": "1", "ending_at": "soon"}, "'ending_at' must be a valid ISO 8601 date"),
    ],
)
def test_a_purchase_series_refuses(house: Any, path: str, query: dict[str, str], message: str) -> None:
    answer = house.braze.get(path, **query)
    assert (answer.status, answer.body) == (400, {"message": message})
