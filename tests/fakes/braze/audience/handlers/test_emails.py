"""/email/*: states, unsubscribed and bounced addresses, and getting off the lists."""

from __future__ import annotations

from typing import Any

import pytest

DAYS = {"start_date": "2026-03-01", "end_date": "2026-03-04"}


def set_state(house: Any, state: str, *emails: str) -> Any:
    found = emails[0] if len(emails) == 1 else list(emails)
    return house.braze.post("/email/status", {"email": found, "subscription_state": state})


def unsubscribed(house: Any, **query: Any) -> list[str]:
    return [each["email"] for each in house.braze.get("/email/unsubscribes", **{**DAYS, **query}).body["emails"]]


def bounced(house: Any, **query: Any) -> list[str]:
    return [each["email"] for each in house.braze.get("/email/hard_bounces", **{**DAYS, **query}).body["emails"]]


def test_a_state_reaches_everybody_with_the_address(house: Any) -> None:
    house.braze.identified("ida-2", email="ida@example.org")
    answer = set_state(house, "unsubscribed", "IDA@example.org")
    assert (answer.status, answer.body) == (201, {"message": "success"})
    assert [house.braze.export(who)["email_subscribe"] for who in ("ida-1001", "ida-2")] == ["unsubscribed"] * 2


def test_whoever_gets_the_address_later_takes_the_state_over(house: Any) -> None:
    set_state(house, "unsubscribed", "noor@example.org")
    house.braze.identified("noor-1", email="noor@example.org")
    assert house.braze.export("noor-1")["email_subscribe"] == "unsubscribed"


def test_a_state_that_comes_with_the_address_wins(house: Any) -> None:
    set_state(house, "unsubscribed", "noor@example.org")
    house.braze.identified("noor-1", email="noor@example.org", email_subscribe="opted_in")
    assert house.braze.export("noor-1")["email_subscribe"] == "opted_in"


def test_a_change_of_state_is_an_event(house: Any) -> None:
    for _ in range(2):
        set_state(house, "opted_in", "ida@example.org")
    assert house.got("users.behaviors.subscription.GlobalStateChange") == ["ida"]


@pytest.mark.parametrize(("count", "status"), [(49, 201), (50, 201), (51, 400)])
@pytest.mark.parametrize(
    "path", ["/email/status", "/email/bounce/remove", "/email/spam/remove", "/email/blocklist", "/email/blacklist"]
)
def test_fifty_addresses_at_most(house: Any, path: str, count: int, status: int) -> None:
    emails = [f"user-{number}@example.org" for number in range(count)]
    assert house.braze.post(path, {"email": emails, "subscription_state": "subscribed"}).status == status


@pytest.mark.parametrize(
    "path", ["/email/status", "/email/bounce/remove", "/email/spam/remove", "/email/blocklist", "/email/blacklist"]
)
@pytest.mark.parametrize(
    ("email", "message"),
    [
        (None, "'email' is required"),
        ([], "'email' is required"),
        (7, "'email' must be a string or an array of strings"),
        ("no address", "The value provided for the 'email' field is not a valid email."),
        (["ida@example.org", "@"], "The value provided for the 'email' field is not a valid email."),
    ],
)
def test_an_address_is_needed(house: Any, path: str, email: Any, message: str) -> None:
    answer = house.braze.post(path, {"email": email, "subscription_state": "subscribed"})
    assert (answer.status, answer.body) == (400, {"message": message})


def test_a_state_is_one_of_three(house: Any) -> None:
    answer = set_state(house, "maybe", "ida@example.org")
    assert answer.body["message"] == "'subscription_state' must be 'opted_in', 'subscribed' or 'unsubscribed'"


# -- unsubscribes


def test_unsubscribed_addresses_are_listed_newest_first(house: Any) -> None:
    set_state(house, "unsubscribed", "ida@example.org")
    house.wait("1h")
    set_state(house, "unsubscribed", "noor@example.org")
    answer = house.braze.get("/email/unsubscribes", **DAYS)
    assert answer.body["emails"] == [
        {"email": "noor@example.org", "unsubscribed_at": "2026-03-02 11:00:00 +0000"},
        {"email": "ida@example.org", "unsubscribed_at": "2026-03-02 10:00:00 +0000"},
    ]


def test_the_oldest_come_first_on_request(house: Any) -> None:
    set_state(house, "unsubscribed", "ida@example.org")
    house.wait("1h")
    set_state(house, "unsubscribed", "noor@example.org")
    assert unsubscribed(house, sort_direction="asc") == ["ida@example.org", "noor@example.org"]


def test_what_users_track_unsubscribed_is_listed_too(house: Any) -> None:
    house.wait("1h")
    house.braze.identified("ida-1001", email_subscribe="unsubscribed")
    house.wait("1h")
    house.braze.identified("ida-1001", plan="free")
    answer = house.braze.get("/email/unsubscribes", **DAYS)
    assert answer.body["emails"] == [{"email": "ida@example.org", "unsubscribed_at": "2026-03-02 11:00:00 +0000"}]


def test_somebody_who_subscribes_again_is_off_the_list(house: Any) -> None:
    set_state(house, "unsubscribed", "ida@example.org")
    set_state(house, "subscribed", "ida@example.org")
    assert unsubscribed(house) == []


def test_a_range_of_days_excludes_its_end(house: Any) -> None:
    set_state(house, "unsubscribed", "ida@example.org")
    found = [
        unsubscribed(house, start_date=start, end_date=end)
        for start, end in (("2026-03-01", "2026-03-02"), ("2026-03-02", "2026-03-03"), ("2026-03-03", "2026-03-04"))
    ]
    assert found == [[], ["ida@example.org"], []]


def test_one_address_makes_the_dates_irrelevant(house: Any) -> None:
    set_state(house, "unsubscribed", "ida@example.org")
    days = {"start_date": "2020-01-01", "end_date": "2020-01-02"}
    assert unsubscribed(house, **days, email="IDA@example.org") == ["ida@example.org"]


@pytest.mark.parametrize(("count", "sizes"), [(99, [99, 0]), (100, [100, 0]), (101, [100, 1])])
def test_a_page_holds_a_hundred_by_default(house: Any, count: int, sizes: list[int]) -> None:
    emails = [f"user-{number}@example.org" for number in range(count)]
    for start in range(0, count, 50):
        set_state(house, "unsubscribed", *emails[start : start + 50])
    assert [len(unsubscribed(house, offset=offset)) for offset in (0, 100)] == sizes


@pytest.mark.parametrize("path", ["/email/unsubscribes", "/email/hard_bounces"])
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"start_date": "2026-03-01"}, "'end_date' is required"),
        ({"end_date": "2026-03-01"}, "'start_date' or 'email' is required"),
        ({"start_date": "1 March", "end_date": "2026-03-02"}, "'start_date' must be in YYYY-MM-DD format"),
        ({"start_date": "2026-02-30", "end_date": "2026-03-02"}, "'start_date' must be in YYYY-MM-DD format"),
        ({"start_date": "2026-03-02", "end_date": "2026-03-02"}, "'start_date' must be earlier than 'end_date'"),
        ({**DAYS, "limit": "-1"}, "'limit' must be between 1 and 500"),
        ({**DAYS, "limit": "501"}, "'limit' must be between 1 and 500"),
        ({**DAYS, "offset": "-1"}, "'offset' must be a non-negative integer"),
    ],
)
def test_a_list_of_addresses_refuses(house: Any, path: str, query: dict[str, str], message: str) -> None:
    answer = house.braze.get(path, **query)
    assert (answer.status, answer.body) == (400, {"message": message})


def test_only_unsubscribes_have_a_direction(house: Any) -> None:
    answer = house.braze.get("/email/unsubscribes", **DAYS, sort_direction="up")
    assert answer.body["message"] == "'sort_direction' must be 'asc' or 'desc'"


@pytest.mark.parametrize("limit", ["0", "1", "499", "500"])
def test_limits_of_a_page_that_are_allowed(house: Any, limit: str) -> None:
    assert house.braze.get("/email/hard_bounces", **DAYS, limit=limit).status == 200


# -- bounces, spam, blocklist


def test_a_hard_bounce_is_listed_and_can_be_removed(house: Any) -> None:
    house.audience.emails.mark("main", "ida@example.org", "bounced_at")
    before = bounced(house)
    answer = house.braze.post("/email/bounce/remove", {"email": "ida@example.org"})
    assert (before, answer.status, bounced(house)) == (["ida@example.org"], 201, [])


def test_a_bounced_address_gets_no_mail_until_it_is_removed(house: Any) -> None:
    house.audience.emails.mark("main", "ida@example.org", "bounced_at")
    made = house.campaign(channel="email")
    house.audience.send_now(made.campaign_id)
    during = house.got("users.messages.email.Send")
    house.braze.post("/email/bounce/remove", {"email": ["ida@example.org"]})
    house.audience.send_now(made.campaign_id)
    assert (during, house.got("users.messages.email.Send")) == ([], ["ida"])


def test_a_spam_mark_stops_mail_until_it_is_removed(house: Any) -> None:
    house.audience.emails.mark("main", "ida@example.org", "spam_at")
    made = house.campaign(channel="email")
    house.audience.send_now(made.campaign_id)
    during = house.got("users.messages.email.Send")
    house.braze.post("/email/spam/remove", {"email": "ida@example.org"})
    house.audience.send_now(made.campaign_id)
    assert (during, house.got("users.messages.email.Send")) == ([], ["ida"])


@pytest.mark.parametrize("path", ["/email/blocklist", "/email/blacklist"])
def test_a_blocked_address_is_unsubscribed_and_bounced(house: Any, path: str) -> None:
    answer = house.braze.post(path, {"email": ["ida@example.org", "noor@example.org"]})
    assert (answer.status, answer.body) == (201, {"message": "success"})
    assert (unsubscribed(house), bounced(house)) == (["ida@example.org", "noor@example.org"],) * 2


@pytest.mark.parametrize("path", ["/email/bounce/remove", "/email/spam/remove"])
def test_removing_what_is_not_listed_is_no_error(house: Any, path: str) -> None:
    assert house.braze.post(path, {"email": "ida@example.org"}).status == 201


def test_writes_may_show_a_little_later(house: Any) -> None:
    """VIS-1."""
    house.braze.rules(write_visibility="processing")
    set_state(house, "unsubscribed", "ida@example.org")
    at_once = unsubscribed(house)
    house.wait("100ms")
    assert (at_once, unsubscribed(house)) == ([], ["ida@example.org"])
