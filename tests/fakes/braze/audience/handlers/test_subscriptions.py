"""/subscription/*: V1 by JSON and by form, V2, and the two ways to ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def news(house: Any) -> str:
    return str(house.audience.create_subscription_group("News").group_id)


@pytest.fixture
def texts(house: Any) -> str:
    return str(house.audience.create_subscription_group("Texts", "sms").group_id)


def set_one(house: Any, group: str, state: str = "subscribed", **who: Any) -> Any:
    body = {"subscription_group_id": group, "subscription_state": state, **who}
    return house.braze.post("/subscription/status/set", body)


def set_many(house: Any, *groups: dict[str, Any]) -> Any:
    return house.braze.post("/v2/subscription/status/set", {"subscription_groups": list(groups)})


def status(house: Any, group: str, **query: Any) -> Any:
    return house.braze.get("/subscription/status/get", subscription_group_id=group, **query)


def test_a_person_is_subscribed_by_external_id(house: Any, news: str) -> None:
    answer = set_one(house, news, external_id="ida-1001")
    assert (answer.status, answer.body) == (201, {"message": "success"})
    assert status(house, news, external_id="ida-1001").body == {
        "status": {"ida-1001": "Subscribed"},
        "message": "success",
    }


def test_a_form_does_the_same(house: Any, news: str) -> None:
    body = urlencode({"subscription_group_id": news, "subscription_state": "unsubscribed", "external_id": "ida-1001"})
    answer = house.braze.post("/subscription/status/set", body.encode(), headers=FORM)
    assert (answer.status, status(house, news, external_id="ida-1001").body["status"]) == (
        201,
        {"ida-1001": "Unsubscribed"},
    )


def test_a_form_may_hold_several(house: Any, news: str) -> None:
    fields = [("subscription_group_id", news), ("subscription_state", "subscribed")]
    body = urlencode([*fields, ("external_id[]", "ida-1001"), ("external_id[]", "ann-1001")])
    house.braze.post("/subscription/status/set", body.encode(), headers=FORM)
    found = status(house, news, **{"external_id[]": ["ida-1001", "ann-1001"]}).body["status"]
    assert found == {"ida-1001": "Subscribed", "ann-1001": "Subscribed"}


def test_everybody_who_shares_an_address_changes(house: Any, news: str) -> None:
    house.braze.identified("ida-2", email="ida@example.org")
    set_one(house, news, email="IDA@example.org")
    found = status(house, news, external_id=["ida-1001", "ida-2", "ann-1001"]).body["status"]
    assert found == {"ida-1001": "Subscribed", "ida-2": "Subscribed", "ann-1001": "Unknown"}


def test_a_number_changes_a_group_of_text_messages(house: Any, texts: str) -> None:
    set_one(house, texts, phone="+491700000001")
    assert status(house, texts, phone="+491700000001").body["status"] == {"+491700000001": "Subscribed"}


def test_an_address_is_asked_for(house: Any, news: str) -> None:
    set_one(house, news, "unsubscribed", email="ida@example.org")
    found = status(house, news, email=["ida@example.org", "nobody@example.org"]).body["status"]
    assert found == {"ida@example.org": "Unsubscribed", "nobody@example.org": "Unknown"}


def test_external_ids_make_address_and_number_irrelevant(house: Any, news: str) -> None:
    found = status(house, news, external_id="ida-1001", email="a@example.org", phone="+491").body["status"]
    assert found == {"ida-1001": "Unknown"}


def test_several_groups_change_at_once(house: Any, news: str, texts: str) -> None:
    answer = set_many(
        house,
        {"subscription_group_id": news, "subscription_state": "subscribed", "external_ids": ["ida-1001"]},
        {"subscription_group_id": texts, "subscription_state": "unsubscribed", "phones": ["+491700000001"]},
    )
    assert (answer.status, answer.body) == (201, {"message": "success"})
    assert (
        status(house, news, external_id="ida-1001").body["status"],
        status(house, texts, external_id="ann-1001").body["status"],
    ) == ({"ida-1001": "Subscribed"}, {"ann-1001": "Unsubscribed"})


def test_one_unusable_group_of_several_changes_nothing(house: Any, news: str) -> None:
    answer = set_many(
        house,
        {"subscription_group_id": news, "subscription_state": "subscribed", "external_ids": ["ida-1001"]},
        {"subscription_group_id": "nothing", "subscription_state": "subscribed", "external_ids": ["ida-1001"]},
    )
    assert (answer.status, status(house, news, external_id="ida-1001").body["status"]) == (400, {"ida-1001": "Unknown"})


def test_nobody_who_matches_is_no_error(house: Any, news: str) -> None:
    assert set_one(house, news, external_id="noor-1").status == 201


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subscription_group_id": None}, "'subscription_group_id' is required"),
        ({"subscription_group_id": "nothing"}, "Invalid Subscription Group ID"),
        ({"subscription_state": "maybe"}, "'subscription_state' must be 'subscribed' or 'unsubscribed'"),
        ({"external_id": None}, "'external_id', 'email' or 'phone' is required"),
        ({"external_id": 7.5}, "'external_id' must be a string or an array of strings"),
        (
            {"email": "a@example.org", "phone": "+491"},
            "Either an email address or a phone number should be provided, but not both.",
        ),
        ({"phone": "+491"}, "A phone number cannot be used with an email subscription group"),
    ],
)
def test_version_one_refuses(house: Any, news: str, change: dict[str, Any], message: str) -> None:
    body = {"subscription_group_id": news, "subscription_state": "subscribed", "external_id": "ida-1001", **change}
    answer = house.braze.post("/subscription/status/set", body)
    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (None, "'subscription_groups' must be an array of objects"),
        ([], "'subscription_groups' must be an array of objects"),
        (["x"], "'subscription_groups' must be an array of objects"),
        (
            [{"subscription_group_id": "NEWS", "subscription_state": "subscribed"}],
            "'external_ids', 'emails' or 'phones' is required",
        ),
        (
            [
                {
                    "subscription_group_id": "NEWS",
                    "subscription_state": "subscribed",
                    "emails": ["a@example.org"],
                    "phones": ["+491"],
                }
            ],
            "Either an email address or a phone number should be provided, but not both.",
        ),
    ],
)
def test_version_two_refuses(house: Any, news: str, groups: Any, message: str) -> None:
    for group in groups or []:
        if isinstance(group, dict):
            group["subscription_group_id"] = news
    answer = house.braze.post("/v2/subscription/status/set", {"subscription_groups": groups})
    assert (answer.status, answer.body) == (400, {"message": message})


@pytest.mark.parametrize(("count", "code"), [(49, 201), (50, 201), (51, 400)])
def test_fifty_people_at_most(house: Any, news: str, count: int, code: int) -> None:
    ids = [f"user-{number}" for number in range(count)]
    group = {"subscription_group_id": news, "subscription_state": "subscribed"}
    answers = [set_one(house, news, external_id=ids), set_many(house, {**group, "external_ids": ids})]
    assert [answer.status for answer in answers] == [code, code]
    if code == 400:
        assert answers[0].body["message"] == "The max number of ids per request was exceeded"


@pytest.mark.parametrize(("count", "code"), [(49, 200), (50, 200), (51, 400)])
def test_fifty_people_are_asked_for_at_most(house: Any, news: str, count: int, code: int) -> None:
    ids = [f"user-{number}" for number in range(count)]
    answers = [
        status(house, news, external_id=ids),
        house.braze.get("/subscription/user/status", external_id=ids),
    ]
    assert [answer.status for answer in answers] == [code, code]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"external_id": "ida-1001", "subscription_group_id": ""}, "'subscription_group_id' is required"),
        ({"external_id": "ida-1001", "subscription_group_id": "nothing"}, "Invalid Subscription Group ID"),
        ({}, "'external_id', 'email' or 'phone' is required"),
        (
            {"email": "a@example.org", "phone": "+491"},
            "Either an email address or a phone number should be provided, but not both.",
        ),
    ],
)
def test_asking_for_a_state_refuses(house: Any, news: str, query: dict[str, str], message: str) -> None:
    answer = house.braze.get("/subscription/status/get", **{"subscription_group_id": news, **query})
    assert (answer.status, answer.body) == (400, {"message": message})


# -- user/status


def test_a_person_is_shown_with_the_groups_that_have_a_state(house: Any, news: str, texts: str) -> None:
    set_one(house, news, external_id="ida-1001")
    answer = house.braze.get("/subscription/user/status", external_id="ida-1001")
    assert answer.body == {
        "users": [
            {
                "email": "ida@example.org",
                "phone": None,
                "external_id": "ida-1001",
                "subscription_groups": [{"id": news, "name": "News", "channel": "email", "status": "Subscribed"}],
            }
        ],
        "total_count": 1,
        "message": "success",
    }


def test_a_state_that_users_track_set_is_shown(house: Any, news: str) -> None:
    state = {"subscription_group_id": news, "subscription_state": "unsubscribed"}
    house.braze.identified("ida-1001", subscription_groups=[state])
    (user,) = house.braze.get("/subscription/user/status", email="ida@example.org").body["users"]
    assert [each["status"] for each in user["subscription_groups"]] == ["Unsubscribed"]


def test_people_are_paged(house: Any) -> None:
    ids = ["ida-1001", "ann-1001"]
    answers = [
        house.braze.get("/subscription/user/status", external_id=ids, limit=1, offset=offset) for offset in range(3)
    ]
    shown = [[user["external_id"] for user in answer.body["users"]] for answer in answers]
    assert (shown, answers[0].body["total_count"]) == ([["ida-1001"], ["ann-1001"], []], 2)


@pytest.mark.parametrize(("limit", "code"), [("0", 400), ("1", 200), ("99", 200), ("100", 200), ("101", 400)])
def test_a_hundred_people_a_page_at_most(house: Any, limit: str, code: int) -> None:
    assert house.braze.get("/subscription/user/status", external_id="ida-1001", limit=limit).status == code


def test_a_page_of_people_refuses_a_negative_offset(house: Any) -> None:
    answer = house.braze.get("/subscription/user/status", external_id="ida-1001", offset="-1")
    assert (answer.status, answer.body) == (400, {"message": "'offset' must be a non-negative integer"})


def test_asking_about_nobody_is_refused(house: Any) -> None:
    answer = house.braze.get("/subscription/user/status")
    assert (answer.status, answer.body) == (400, {"message": "'external_id', 'email' or 'phone' is required"})


# -- effects


def test_only_a_change_becomes_an_event(house: Any, news: str) -> None:
    for _ in range(2):
        set_one(house, news, external_id="ida-1001")
    assert house.got("users.behaviors.subscriptiongroup.StateChange") == ["ida"]


def test_writes_may_show_a_little_later(house: Any, news: str) -> None:
    """VIS-1."""
    house.braze.rules(write_visibility="export_lag")
    set_one(house, news, external_id="ida-1001")
    at_once = status(house, news, external_id="ida-1001").body["status"]
    house.wait("4s")
    assert (at_once, status(house, news, external_id="ida-1001").body["status"]) == (
        {"ida-1001": "Unknown"},
        {"ida-1001": "Subscribed"},
    )
