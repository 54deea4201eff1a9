"""Answers: what is tried again, what is given up, and what rides with the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser, Kind
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import RunStatus
from simulator.sync.ports import Response, TransportError

EVER = 30 * DAY_MS


def numbered(first: int, count: int) -> list[AmplitudeUser]:
    return [AmplitudeUser(n, user_id=f"user-{n:07}") for n in range(first, first + count)]


def users_answer(answer: Any) -> Callable[[Any], Any]:
    """Answer the calls that change members, and let the name call pass."""
    return lambda request: answer if request.path.endswith("/users") else None


def settle(bench: Any) -> None:
    bench.agenda.advance_until_idle(bench.clock.now + DAY_MS)


@pytest.mark.parametrize("answer", [423, 429, 500, 502, 503, 504, TransportError("reset"), TransportError("timeout")])
def test_a_retryable_answer_is_tried_eight_more_times_with_doubling_pauses(
    bench: Any, ida: AmplitudeUser, answer: Any
) -> None:
    bench.braze.always = users_answer(answer)
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    settle(bench)
    offsets = [(instant - bench.braze.instants[0]) // SECOND_MS for instant in bench.braze.instants[1:]]
    assert [0, 1, 3, 7, 15, 31, 63, 127, 255] == offsets
    assert 1 == len({request.headers["x-request-id"] for request in bench.braze.requests[1:]})
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.FAILED, 1) == (run.status, run.undelivered)
    assert [("102", "external_id ida-1001", "undelivered")] == bench.stories("undelivered")


def test_the_eighth_retry_still_counts(bench: Any, ida: AmplitudeUser) -> None:
    bench.braze.answers = [201, *[503] * 8, 201]
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    settle(bench)
    assert RunStatus.SUCCESS is bench.engine.runs("sync-1")[0].status


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_refusal_is_not_tried_again(bench: Any, ida: AmplitudeUser, status: int) -> None:
    bench.braze.always = users_answer(status)
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    settle(bench)
    assert 1 == len(bench.braze.changes)
    assert RunStatus.FAILED is bench.engine.runs("sync-1")[0].status


def test_a_failed_name_call_sends_nobody(bench: Any, ida: AmplitudeUser) -> None:
    bench.braze.answers = [401]
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    assert [] == bench.braze.changes
    bench.advance(HOUR_MS)
    assert [1, 2] == [len(bench.braze.changes), len(bench.braze.names)]


def test_undelivered_changes_ride_with_the_next_run_and_delivered_ones_do_not(bench: Any) -> None:
    bench.source.cohort("big", *numbered(1, 2_500))
    bench.braze.answers = [201, 201, 400, 201]
    bench.engine.create_sync("big", bench.connect().id, Cadence.HOURLY)
    bench.braze.forget()
    bench.advance(HOUR_MS)
    ((group,),) = bench.braze.changes
    assert [f"user-{n:07}" for n in range(1001, 2001)] == group["user_ids"]
    failed, success = bench.engine.runs("sync-1")
    assert (RunStatus.FAILED, 1500, 1000) == (failed.status, failed.added, failed.undelivered)
    assert (RunStatus.SUCCESS, 1000, 0) == (success.status, success.added, success.undelivered)


def test_the_rest_of_a_failed_run_is_not_sent_when_the_switch_says_stop(build: Callable[..., Any]) -> None:
    bench = build(failed_run_tail="stop")
    bench.source.cohort("big", *numbered(1, 2_500))
    bench.braze.answers = [201, 400]
    bench.engine.create_sync("big", bench.connect().id, Cadence.HOURLY)
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.FAILED, 0, 2500, 2) == (run.status, run.added, run.undelivered, run.requests)
    bench.advance(HOUR_MS)
    assert 2500 == bench.engine.runs("sync-1")[1].added


def test_a_run_that_stops_still_hears_the_answer_of_a_request_under_way(build: Callable[..., Any]) -> None:
    bench = build(failed_run_tail="stop")
    people = numbered(1, 2_001)
    bench.source.cohort("big", *people)
    bench.braze.answers = [201, Response(201, took_ms=10 * SECOND_MS), 400]
    bench.engine.create_sync("big", bench.connect().id, Cadence.HOURLY)
    bench.advance(10 * SECOND_MS)
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.FAILED, 1_000, 1_001, 3) == (run.status, run.added, run.undelivered, run.requests)
    bench.source.leave("big", *people)
    bench.braze.forget()
    bench.advance(HOUR_MS)
    removed = [user.user_id for user in people[:1_000]]
    assert [[{"user_ids": removed, "should_remove": True}]] == bench.braze.changes


def test_what_is_under_way_when_a_run_stops_is_not_tried_again(build: Callable[..., Any]) -> None:
    bench = build(failed_run_tail="stop")
    bench.source.cohort("big", *numbered(1, 1_001))
    bench.braze.answers = [201, Response(503, took_ms=10 * SECOND_MS), 400]
    bench.engine.create_sync("big", bench.connect().id, Cadence.HOURLY)
    bench.advance(MINUTE_MS)
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.FAILED, 0, 1_001, 3) == (run.status, run.added, run.undelivered, run.requests)


def test_somebody_sent_by_a_failed_run_who_leaves_before_the_next_is_removed(bench: Any) -> None:
    first, second = AmplitudeUser(1, user_id="first-1001"), AmplitudeUser(2, device_id="d-second")
    bench.source.cohort("openers", *numbered(1000, 1000), first)
    bench.braze.answers = [201, 201, 400]
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.source.leave("openers", first)
    bench.source.enter("openers", second)
    bench.braze.forget()
    bench.advance(HOUR_MS)
    assert [
        [
            {"user_ids": ["user-0001999"], "device_ids": ["d-second"], "should_remove": False},
            {"user_ids": ["first-1001"], "should_remove": True},
        ]
    ] == bench.braze.changes


def test_somebody_removed_by_a_failed_run_who_returns_before_the_next_is_added_again(
    bench: Any, ida: AmplitudeUser
) -> None:
    crowd = numbered(1000, 1000)
    bench.source.cohort("openers", ida, *crowd)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.source.leave("openers", ida, *crowd)
    bench.braze.answers = [201, 400]
    bench.advance(HOUR_MS)
    bench.source.enter("openers", ida)
    bench.braze.forget()
    bench.advance(HOUR_MS)
    assert [
        [
            {"user_ids": ["ida-1001"], "should_remove": False},
            {"user_ids": ["user-0001999"], "should_remove": True},
        ]
    ] == bench.braze.changes


@pytest.mark.parametrize(("answer", "sends_a_removal"), [(503, True), (TransportError("reset"), True), (400, False)])
def test_somebody_perhaps_added_by_a_lost_request_who_leaves_is_removed(
    bench: Any, ida: AmplitudeUser, answer: Any, sends_a_removal: bool
) -> None:
    bench.source.cohort("openers", ida)
    bench.braze.always = users_answer(answer)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.advance(10 * MINUTE_MS)
    bench.source.leave("openers", ida)
    bench.braze.always = lambda request: None
    bench.braze.forget()
    bench.advance(2 * HOUR_MS)
    removal = [{"user_ids": ["ida-1001"], "should_remove": True}]
    assert ([removal] if sends_a_removal else []) == bench.braze.changes
    assert set() == bench.sent()


def test_somebody_perhaps_added_under_an_old_identifier_is_removed_under_both(bench: Any, ben: AmplitudeUser) -> None:
    bench.source.cohort("openers", ben)
    bench.braze.always = users_answer(503)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.advance(10 * MINUTE_MS)
    bench.source.people[101] = AmplitudeUser(101, user_id="ben-1001", device_id="d-ben-0001")
    bench.braze.always = lambda request: None
    bench.braze.forget()
    bench.advance(HOUR_MS)
    assert [{"user_ids": ["ben-1001"], "should_remove": False}] == bench.braze.changes[-1]
    bench.source.leave("openers", ben)
    bench.advance(HOUR_MS)
    assert [{"user_ids": ["ben-1001"], "device_ids": ["d-ben-0001"], "should_remove": True}] == bench.braze.changes[-1]
    bench.advance(HOUR_MS)
    assert 2 == len(bench.braze.changes)


def test_a_new_key_pasted_in_the_middle_of_a_run_is_used_by_the_requests_that_follow(
    bench: Any, ida: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ida)
    connection = bench.connect()
    bench.braze.always = lambda request: 423 if b"import-key-0001" in request.body else None
    bench.engine.create_sync("openers", connection.id, Cadence.ONE_TIME)
    bench.engine.new_key(connection.id, "import-key-0002")
    settle(bench)
    assert RunStatus.SUCCESS is bench.engine.runs("sync-1")[0].status
    assert ["import-key-0001", "import-key-0002", "import-key-0002"] == [
        body["client_secret"] for body in bench.braze.bodies
    ]


def test_a_mapping_changed_in_the_middle_of_a_run_leaves_that_run_alone(bench: Any) -> None:
    people = [AmplitudeUser(n, user_id=f"user-{n:04}", device_id=f"d-{n:04}") for n in range(1, 2002)]
    bench.source.cohort("big", *people)
    connection = bench.connect()

    def change_it(request: Any) -> None:
        bench.engine.change_mapping(connection.id, [Mapping("device_id", Kind.DEVICE_ID)])

    bench.braze.during = change_it
    bench.engine.create_sync("big", connection.id, Cadence.ONE_TIME)
    assert [1000, 1000, 1] == [len(groups[0]["user_ids"]) for groups in bench.braze.changes]


def test_four_requests_are_under_way_at_one_time_and_a_stuck_one_holds_up_only_its_lane(bench: Any) -> None:
    bench.source.cohort("big", *numbered(1, 6_000))
    bench.braze.always = lambda request: 503 if b"user-0000001" in request.body else None
    bench.engine.create_sync("big", bench.connect().id, Cadence.ONE_TIME)
    firsts = [groups[0]["user_ids"][0] for groups in bench.braze.changes]
    assert [f"user-{n:07}" for n in range(1, 6_000, 1_000)] == firsts
    settle(bench)
    assert (RunStatus.FAILED, 5000) == (bench.engine.runs("sync-1")[0].status, bench.engine.runs("sync-1")[0].added)


def test_slots_that_pass_during_a_long_run_are_not_made_up_for(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.braze.always = users_answer(503)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.REAL_TIME)
    bench.advance(6 * MINUTE_MS)
    starts = [
        (run.started_at - bench.engine.runs("sync-1")[0].started_at) // SECOND_MS for run in bench.engine.runs("sync-1")
    ]
    assert [0, 300] == starts


def test_deleting_a_sync_in_the_middle_of_a_run_cancels_the_rest_and_remembers_the_doubt(bench: Any) -> None:
    bench.source.cohort("big", *numbered(1, 1_500))
    bench.braze.always = users_answer(503)
    bench.engine.create_sync("big", bench.connect().id, Cadence.HOURLY)
    bench.engine.delete_sync("sync-1")
    settle(bench)
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.CANCELLED, "The sync was deleted.", 1500) == (run.status, run.reason, run.undelivered)
    assert 3 == len(bench.braze.requests)


def test_an_endpoint_where_nobody_answers_fails_the_run(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    connection = bench.engine.create_connection(
        "nowhere", rest_endpoint="https://nobody", partner_api_key="p", data_import_key="d",
        mappings=[Mapping("user_id", Kind.EXTERNAL_ID)],
    )  # fmt: skip
    bench.engine.create_sync("openers", connection.id, Cadence.ONE_TIME)
    settle(bench)
    assert "Request 0 (name) was not delivered: https://nobody." == bench.engine.runs("sync-1")[0].reason
