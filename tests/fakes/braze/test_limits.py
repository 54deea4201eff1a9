"""Rate limits before every handler: which count, shared by whom, what the headers say, and how to switch them off."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import openapi
from simulator.clock import SimClock
from simulator.fakes.braze.keys import BrazeSettings, WorkspaceSettings
from simulator.fakes.braze.limits import BUCKETS, OPERATIONS
from simulator.rules.instants import HOUR_MS, MINUTE_MS, Instant

CONTRACT = openapi.load("braze")


def lists(braze: Any, **kw: Any) -> Any:
    return braze.get("/segments/list", **kw)


def limit(answer: Any) -> tuple[str | None, ...]:
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after")
    return tuple(answer.headers.get(name) for name in names)


# -- figures


@pytest.mark.parametrize(
    ("operation", "figures"),
    [
        ("changeCohortUsers", ["250000 per 1h"]),
        ("nameCohort", ["250000 per 1h"]),
        ("trackUsers", ["3000 per 3s"]),
        ("trackUsersBulk", ["50 per 1s"]),
        ("trackUsersSync", ["500 per 1m"]),
        ("mergeUsers", ["20000 per 1m"]),
        ("renameExternalIds", ["1000 per 1m"]),
        ("removeExternalIds", ["1000 per 1m"]),
        ("exportUsersByIds", ["250 per 1m", "40 per 1s"]),
        ("listSegments", ["250000 per 1h"]),
        ("exportUsersBySegment", ["250000 per 1h"]),
        ("listEvents", ["1000 per 1h"]),
        ("listCustomAttributes", ["1000 per 1h"]),
        ("setSubscriptionStatusV2", ["5000 per 1m"]),
        ("campaignDataSeries", ["50000 per 1m"]),
        ("createSendId", ["100 per 1d"]),
        ("sendMessages", ["250000 per 1h", "250 per 1m", "10 per 1m and audience"]),
        ("downloadSegmentExport", []),
        ("listCatalogs", []),
    ],
)
def test_the_figures_of_the_page(braze: Any, operation: str, figures: list[str]) -> None:
    """LIMIT-1."""
    rows = braze.service.limits.rows(CONTRACT.operations)
    assert [row.limit for row in rows if row.operation == operation] == figures


def test_every_row_says_where_it_comes_from(braze: Any) -> None:
    rows = braze.service.limits.rows(CONTRACT.operations)
    assert all(row.source.startswith("Braze, ") and row.confidence and row.bucket in BUCKETS for row in rows)


def test_every_emulated_operation_that_needs_a_key_has_a_limit(braze: Any) -> None:
    listed = {row.operation for row in braze.service.limits.rows(CONTRACT.operations)}
    emulated = {name for name, op in CONTRACT.operations.items() if op.emulated}
    assert emulated - listed == {name for name, buckets in OPERATIONS.items() if not buckets}


# -- counting


@pytest.fixture
def narrow(braze: Any) -> Any:
    braze.service.limits.set_limit("default", 2)
    return braze


def test_limits_are_on_by_default(narrow: Any) -> None:
    """LIMIT-1."""
    assert [lists(narrow).status for _ in range(3)] == [200, 200, 429]


def test_one_setting_switches_them_off(make_braze: Any) -> None:
    braze = make_braze(BrazeSettings(limits_on=False))
    braze.service.limits.set_limit("default", 2)
    answers = [lists(braze) for _ in range(3)]
    assert ([answer.status for answer in answers], limit(answers[0])) == ([200] * 3, (None,) * 4)


def test_they_can_be_switched_while_the_world_runs(narrow: Any) -> None:
    for _ in range(2):
        lists(narrow)
    narrow.service.limits.enabled = False
    during = lists(narrow).status
    narrow.service.limits.enabled = True
    assert (during, lists(narrow).status) == (200, 429)


def test_operations_share_a_bucket(narrow: Any) -> None:
    narrow.get("/campaigns/list")
    narrow.get("/canvas/list")
    assert lists(narrow).status == 429


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({}, ["250"] * 3),
        ({"fields_to_export": []}, ["250"] * 3),
        ({"fields_to_export": ["email"]}, ["40"] * 3),
        ({"fields_to_export": ["email", "campaigns_received"]}, ["250"] * 3),
        ({"fields_to_export": ["canvases_received"]}, ["250"] * 3),
        ({"fields_to_export": "email"}, ["250"] * 3),
    ],
)
def test_an_export_that_names_small_fields_has_a_limit_of_its_own(
    braze: Any, fields: dict[str, object], limits: list[str]
) -> None:
    answers = [braze.post("/users/export/ids", {"external_ids": ["ida"], **fields}) for _ in range(3)]
    assert [answer.headers["x-ratelimit-limit"] for answer in answers] == limits


def test_forty_exports_by_field_a_second_leave_the_others_alone(braze: Any, clock: SimClock) -> None:
    by_field = {"external_ids": ["ida"], "fields_to_export": ["email"]}
    statuses = [braze.post("/users/export/ids", by_field).status for _ in range(41)]
    assert statuses == [201] * 40 + [429]
    assert braze.post("/users/export/ids", {"external_ids": ["ida"]}).status == 201
    clock.move_to(Instant(clock.now + 1_000))
    assert braze.post("/users/export/ids", by_field).status == 201


def test_events_products_and_attributes_share_theirs(braze: Any) -> None:
    braze.service.limits.set_limit("lists", 2)
    answers = [braze.get(path) for path in ("/events/list", "/purchases/product_list", "/custom_attributes")]
    assert [answer.status for answer in answers] == [200, 200, 429]


def test_both_versions_of_a_subscription_share_theirs(braze: Any) -> None:
    braze.service.limits.set_limit("subscription set", 1)
    answers = [braze.post(path, {}) for path in ("/subscription/status/set", "/v2/subscription/status/set")]
    assert [answer.status for answer in answers] == [400, 429]


def test_other_buckets_go_on(narrow: Any) -> None:
    for _ in range(3):
        lists(narrow)
    assert narrow.get("/events/list").status == 200


def test_refused_requests_use_nothing_up(narrow: Any, clock: SimClock) -> None:
    for _ in range(10):
        lists(narrow)
    clock.move_to(Instant(clock.now + HOUR_MS))
    assert [lists(narrow).status for _ in range(3)] == [200, 200, 429]


def test_requests_that_fail_otherwise_count(narrow: Any) -> None:
    narrow.get("/segments/details")
    narrow.get("/segments/details")
    assert lists(narrow).status == 429


def test_requests_without_a_permission_do_not_count_and_still_say_what_is_left(narrow: Any) -> None:
    key = narrow.keys.create_rest_key("main", "tracker", permissions=["users.track"])
    answer = lists(narrow, key=key)
    assert (answer.status, limit(answer)[1]) == (403, "2")


def test_an_unknown_key_is_told_nothing(narrow: Any) -> None:
    answer = lists(narrow, key="nobody's")
    assert (answer.status, limit(answer)) == (401, (None,) * 4)


def test_workspaces_count_apart(make_braze: Any) -> None:
    braze = make_braze(BrazeSettings(workspaces=(WorkspaceSettings(), WorkspaceSettings("second"))))
    braze.service.limits.set_limit("default", 1)
    answers = [lists(braze, key=braze.keys.rest_keys[name]).status for name in ("main", "main", "second")]
    assert answers == [200, 429, 200]


def test_keys_of_one_workspace_count_together(narrow: Any) -> None:
    other = narrow.keys.create_rest_key("main", "other")
    answers = [lists(narrow).status, lists(narrow, key=other).status, lists(narrow, key=other).status]
    assert answers == [200, 200, 429]


# -- cohorts


def test_cohort_calls_have_a_limit_of_their_own(narrow: Any) -> None:
    narrow.service.limits.set_limit("cohorts", 2)
    answers = [narrow.change({"user_ids": []}) for _ in range(3)]
    assert ([answer.status for answer in answers], lists(narrow).status) == ([201, 201, 429], 200)
    assert answers[2].body == {"message": "Rate Limited"}


def test_cohort_calls_with_a_bad_key_do_not_count(braze: Any) -> None:
    braze.service.limits.set_limit("cohorts", 1)
    bad = braze.cohort_body(cohort_id="c", cohort_changes=[], client_secret="wrong")
    refused = braze.post("/partners/amplitude/cohorts/users", bad, key="")
    assert (refused.status, limit(refused), braze.change().status, braze.change().status) == (
        401,
        (None,) * 4,
        201,
        429,
    )


def test_partners_of_a_workspace_count_together(braze: Any) -> None:
    braze.service.limits.set_limit("cohorts", 2)
    answers = [braze.change(partner=name).status for name in ("amplitude", "segment", "hightouch")]
    assert answers == [201, 201, 429]


# -- sends


@pytest.fixture
def sending(braze: Any) -> Any:
    braze.service.audience.create_segment("Everybody")
    return braze


def broadcast(braze: Any, **more: Any) -> int:
    segment = braze.service.audience.segment("Everybody")
    body = {"broadcast": True, "segment_id": segment.segment_id, "messages": {"webhook": {"url": "x"}}, **more}
    return int(braze.post("/messages/send", body).status)


def test_one_audience_gets_ten_broadcasts_a_minute(sending: Any) -> None:
    assert [broadcast(sending) for _ in range(11)] == [201] * 10 + [429]


def test_another_audience_counts_apart(sending: Any) -> None:
    gold = {"custom_attribute": {"custom_attribute_name": "plan", "comparison": "exists"}}
    statuses = [broadcast(sending) for _ in range(11)]
    assert (statuses[-1], broadcast(sending, audience=gold)) == (429, 201)


def test_broadcasts_have_a_limit_over_all_audiences(sending: Any) -> None:
    sending.service.limits.set_limit("broadcasts", 2)
    audiences = [
        {"custom_attribute": {"custom_attribute_name": name, "comparison": "exists"}} for name in ("a", "b", "c")
    ]
    assert [broadcast(sending, audience=audience) for audience in audiences] == [201, 201, 429]


def test_sends_to_people_are_no_broadcasts(sending: Any) -> None:
    sending.service.limits.set_limit("broadcasts", 0)
    body = {"external_user_ids": ["ida-1001"], "messages": {"webhook": {"url": "x"}}}
    assert (sending.post("/messages/send", body).status, broadcast(sending)) == (201, 429)


def test_sends_to_people_share_a_limit_over_three_endpoints(sending: Any) -> None:
    sending.service.limits.set_limit("sends", 1)
    made = sending.service.audience.create_campaign("A", {"channel": "webhook"})
    body = {"campaign_id": made.campaign_id, "recipients": [{"external_user_id": "ida-1001"}]}
    first = sending.post("/campaigns/trigger/send", body).status
    second = sending.post("/messages/send", {"external_user_ids": ["a"], "messages": {"webhook": {"url": "x"}}}).status
    assert (first, second) == (201, 429)


# -- headers


def test_every_answer_says_what_is_left_and_until_when(braze: Any) -> None:
    assert limit(lists(braze)) == ("250000", "249999", "1772449200", None)


def test_an_hour_is_the_clock_hour(narrow: Any, clock: SimClock) -> None:
    clock.move_to(Instant(clock.now + 59 * MINUTE_MS))
    for _ in range(3):
        last = lists(narrow)
    clock.move_to(Instant(clock.now + MINUTE_MS))
    assert (last.status, limit(last), lists(narrow).status) == (429, ("2", "0", "1772449200", "60"), 200)


def test_seconds_left_is_the_other_dialect(make_braze: Any) -> None:
    braze = make_braze(rate_limit_reset="seconds_left")
    braze.service.limits.set_limit("default", 1)
    first, second = lists(braze), lists(braze)
    assert (limit(first), limit(second), second.headers["x-ratelimit-retry-after"]) == (
        ("1", "0", "3600", None),
        (None, None, None, "3600"),
        "3600",
    )


def test_the_dialect_can_be_switched_while_the_world_runs(narrow: Any) -> None:
    narrow.rules(rate_limit_reset="seconds_left")
    assert limit(lists(narrow))[2] == "3600"


def test_of_several_limits_the_tightest_is_shown(sending: Any) -> None:
    segment = sending.service.audience.segment("Everybody")
    body = {"broadcast": True, "segment_id": segment.segment_id, "messages": {"webhook": {"url": "x"}}}
    assert limit(sending.post("/messages/send", body))[:2] == ("10", "9")


def test_an_unknown_bucket_cannot_be_set(braze: Any) -> None:
    with pytest.raises(KeyError):
        braze.service.limits.set_limit("nothing", 1)


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"broadcast": true}'])
def test_a_send_that_cannot_be_read_is_refused_for_what_it_is(braze: Any, body: bytes) -> None:
    assert braze.post("/messages/send", body).status == 400
