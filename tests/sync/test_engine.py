"""The engine as a whole: what it sends, in which order, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.rules.cadence import Cadence
from simulator.rules.identity import AmplitudeUser, Identifier, Kind
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import RunStatus
from simulator.sync.ports import Response

BY_USER_ID = (Mapping("user_id", Kind.EXTERNAL_ID),)


def numbered(first: int, count: int) -> list[AmplitudeUser]:
    return [AmplitudeUser(n, user_id=f"user-{n:07}") for n in range(first, first + count)]


def test_the_first_run_names_the_cohort_and_then_sends_everybody_by_their_best_identifier(
    bench: Any, ben: AmplitudeUser, ida: AmplitudeUser, kim: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ben, ida, kim, AmplitudeUser(104), name="Openers")
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)

    assert ["/partners/amplitude/cohorts", "/partners/amplitude/cohorts/users"] == [
        request.path for request in bench.braze.requests
    ]
    keys = {"partner_api_key": "partner-key-0001", "client_secret": "import-key-0001", "cohort_id": "openers"}
    assert keys | {"name": "Openers", "created_at": "2026-03-02T10:00:00Z"} == bench.braze.bodies[0]
    assert [
        {
            "user_ids": ["ida-1001"],
            "device_ids": ["d-ben-0001"],
            "aliases": [{"alias_name": "4711", "alias_label": "crm"}],
            "should_remove": False,
        }
    ] == bench.braze.changes[0]
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.SUCCESS, 3, 0, 1, 2) == (run.status, run.added, run.removed, run.skipped, run.requests)
    assert [
        ("101", "device_id d-ben-0001", "sent_add"),
        ("102", "external_id ida-1001", "sent_add"),
        ("103", "alias crm:4711", "sent_add"),
    ] == bench.stories("delivered")
    assert [("104", "", "skipped")] == bench.stories("skipped")


def test_later_runs_send_only_who_entered_or_left_and_leavers_under_the_identifier_of_their_entry(
    bench: Any, ben: AmplitudeUser, ida: AmplitudeUser, kim: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ben, ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.braze.forget()
    bench.source.leave("openers", ben)
    bench.source.people[ben.amplitude_id] = AmplitudeUser(101, user_id="ben-1001", device_id="d-ben-0001")
    bench.source.enter("openers", kim)
    bench.advance(HOUR_MS)

    assert [
        [
            {"aliases": [{"alias_name": "4711", "alias_label": "crm"}], "should_remove": False},
            {"device_ids": ["d-ben-0001"], "should_remove": True},
        ]
    ] == bench.braze.changes
    assert {(102, "ida-1001"), (103, "4711")} == bench.sent()


def test_a_login_between_two_runs_moves_nothing_and_leaves_a_ghost(bench: Any, ben: AmplitudeUser) -> None:
    bench.source.cohort("openers", ben)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.braze.forget()
    bench.source.people[101] = AmplitudeUser(101, user_id="ben-1001", device_id="d-ben-0001")
    bench.advance(3 * HOUR_MS)
    assert [] == bench.braze.requests
    bench.source.leave("openers", ben)
    bench.advance(HOUR_MS)
    assert [[{"device_ids": ["d-ben-0001"], "should_remove": True}]] == bench.braze.changes


def test_leaving_and_returning_between_two_runs_moves_nothing(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.braze.forget()
    bench.source.leave("openers", ida)
    bench.source.enter("openers", ida)
    bench.advance(HOUR_MS)
    assert [] == bench.braze.requests
    assert [RunStatus.SUCCESS, RunStatus.SUCCESS] == [run.status for run in bench.engine.runs("sync-1")]


@pytest.mark.parametrize(("people", "sizes"), [(999, [999]), (1000, [1000]), (1001, [1000, 1])])
def test_a_request_holds_at_most_a_thousand_identifiers(bench: Any, people: int, sizes: list[int]) -> None:
    bench.source.cohort("big", *numbered(1, people))
    bench.engine.create_sync("big", bench.connect().id, Cadence.ONE_TIME)
    assert sizes == [len(groups[0]["user_ids"]) for groups in bench.braze.changes]


def test_the_thousand_counts_all_kinds_and_both_directions_together(bench: Any) -> None:
    leaving = numbered(1, 400)
    bench.source.cohort("big", *leaving)
    bench.engine.create_sync("big", bench.connect().id, Cadence.HOURLY)
    bench.braze.forget()
    bench.source.leave("big", *leaving)
    bench.source.enter("big", *numbered(1001, 300), *(AmplitudeUser(n, device_id=f"d-{n}") for n in range(2001, 2302)))
    bench.advance(HOUR_MS)
    first, second = bench.braze.changes
    assert (300, 301) == (len(first[0]["user_ids"]), len(first[0]["device_ids"]))
    assert 399 == len(first[1]["user_ids"])
    assert [{"user_ids": ["user-0000400"], "should_remove": True}] == second


def test_the_name_is_sent_again_on_a_rename_and_only_then(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida, name="Openers")
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.advance(2 * HOUR_MS)
    bench.source.names["openers"] = "Loyal openers"
    bench.advance(2 * HOUR_MS)
    assert ["Openers", "Loyal openers"] == bench.braze.names


def test_one_cohort_goes_to_several_connections_each_by_its_own_mapping(
    bench: Any, ben: AmplitudeUser, ida: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ben, ida)
    known = bench.connect(BY_USER_ID, "known")
    anonymous = bench.connect((Mapping("device_id", Kind.DEVICE_ID),), "anonymous")
    bench.engine.create_sync("openers", known.id, Cadence.ONE_TIME)
    bench.engine.create_sync("openers", anonymous.id, Cadence.ONE_TIME)
    assert [
        [{"user_ids": ["ida-1001"], "should_remove": False}],
        [{"device_ids": ["d-ben-0001", "d-ida-0001"], "should_remove": False}],
    ] == bench.braze.changes


def test_a_mapping_change_touches_only_people_who_enter_afterwards(
    bench: Any, ida: AmplitudeUser, kim: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ida)
    connection = bench.connect(BY_USER_ID)
    bench.engine.create_sync("openers", connection.id, Cadence.HOURLY)
    bench.engine.change_mapping(connection.id, [Mapping("device_id", Kind.DEVICE_ID)])
    bench.braze.forget()
    ann = AmplitudeUser(105, user_id="ann-1001", device_id="d-ann-0001")
    bench.source.enter("openers", ann)
    bench.advance(HOUR_MS)
    bench.source.leave("openers", ida)
    bench.advance(HOUR_MS)
    bench.source.enter("openers", ida)
    bench.advance(HOUR_MS)
    assert [
        [{"device_ids": ["d-ann-0001"], "should_remove": False}],
        [{"user_ids": ["ida-1001"], "should_remove": True}],
        [{"device_ids": ["d-ida-0001"], "should_remove": False}],
    ] == bench.braze.changes


def test_without_fallback_only_the_primary_mapping_counts(build: Callable[..., Any], ben: AmplitudeUser) -> None:
    bench = build(fallback="off")
    bench.source.cohort("openers", ben)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    assert [] == bench.braze.changes
    assert 1 == bench.engine.runs("sync-1")[0].skipped


def test_on_no_match_sends_unmatched_people_again_by_their_next_mapping_in_the_same_run(
    build: Callable[..., Any], ben: AmplitudeUser, ida: AmplitudeUser
) -> None:
    bench = build(fallback="on_no_match")
    bench.outcomes.identifiers = {Identifier(Kind.EXTERNAL_ID, "ida-1001"), Identifier(Kind.DEVICE_ID, "d-ben-0001")}
    bench.source.cohort("openers", ben, ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    assert [
        [{"user_ids": ["ida-1001"], "device_ids": ["d-ben-0001"], "should_remove": False}],
        [{"device_ids": ["d-ida-0001"], "should_remove": False}],
    ] == bench.braze.changes
    assert [RunStatus.SUCCESS] == [run.status for run in bench.engine.runs("sync-1")]
    bench.source.leave("openers", ida)
    bench.advance(HOUR_MS)
    assert [{"device_ids": ["d-ida-0001"], "should_remove": True}] == bench.braze.changes[-1]


def test_two_people_of_one_device_who_swap_places_leave_the_device_in_the_cohort(bench: Any) -> None:
    first, second = AmplitudeUser(1, device_id="d-tablet"), AmplitudeUser(2, device_id="d-tablet")
    bench.source.cohort("openers", first)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.source.leave("openers", first)
    bench.source.enter("openers", second)
    bench.advance(HOUR_MS)
    assert [{"device_ids": ["d-tablet"], "should_remove": False}] == bench.braze.changes[-1]
    assert {(2, "d-tablet")} == bench.sent()


def test_runs_follow_their_cadence(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    connection = bench.connect()
    for cadence in Cadence:
        bench.engine.create_sync("openers", connection.id, cadence)
    bench.advance(DAY_MS)
    counts = [len(bench.engine.runs(sync.id)) for sync in bench.engine.syncs()]
    assert [1, 25, 2, 1441] == counts


def test_the_same_seed_sends_the_same_request_ids(build: Callable[..., Any], ida: AmplitudeUser) -> None:
    def ids() -> list[str]:
        bench = build()
        bench.source.cohort("openers", ida)
        bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
        return [request.headers["x-request-id"] for request in bench.braze.requests]

    first = ids()
    assert first == ids()
    assert 2 == len(set(first))


def test_a_run_begins_while_nobody_holds_a_transaction(bench: Any, ida: AmplitudeUser) -> None:
    def in_transaction(request: object) -> None:
        with bench.database.transaction() as connection:
            seen.append(connection.in_transaction and bench.database._depth == 1)

    seen: list[bool] = []
    bench.braze.during = in_transaction
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    assert [True, True] == seen


def test_a_slow_answer_holds_its_lane_until_the_simulated_time_is_over(bench: Any) -> None:
    bench.braze.always = lambda request: (
        Response(201, took_ms=10 * SECOND_MS) if request.path.endswith("users") else None
    )
    bench.source.cohort("big", *numbered(1, 6_000))
    bench.engine.create_sync("big", bench.connect().id, Cadence.ONE_TIME)
    assert 4 == len(bench.braze.changes)
    assert bench.engine.unfinished()
    bench.agenda.advance_until_idle(bench.clock.now + MINUTE_MS)
    (run,) = bench.engine.runs("sync-1")
    assert (RunStatus.SUCCESS, 20 * SECOND_MS) == (run.status, run.finished_at - run.started_at)


def test_an_engine_built_again_on_the_same_rows_goes_on_where_the_last_one_stopped(
    bench: Any, ida: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ida)
    connection = bench.connect()
    bench.braze.answers = [201, KeyboardInterrupt()]  # the name call is answered; the next request never is
    with pytest.raises(KeyboardInterrupt):
        bench.engine.create_sync("openers", connection.id, Cadence.ONE_TIME)
    assert bench.engine.unfinished()
    bench.engine.run_due(bench.clock.now)
    assert [1, 2] == [len(bench.braze.names), len(bench.braze.changes)]
    assert bench.braze.requests[-1] == bench.braze.requests[-2]
    assert {(102, "ida-1001")} == bench.sent()


def test_a_sync_saved_again_while_it_runs_runs_once_more_as_soon_as_that_run_ends(
    bench: Any, ida: AmplitudeUser
) -> None:
    """CAD-2."""
    bench.source.cohort("openers", ida)
    bench.braze.answers = [201, 503]
    sync = bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.engine.change_cadence(sync.id, Cadence.DAILY)
    assert [RunStatus.RUNNING] == [run.status for run in bench.engine.runs(sync.id)]
    bench.advance(SECOND_MS)
    first, second = bench.engine.runs(sync.id)
    assert (RunStatus.SUCCESS, RunStatus.SUCCESS) == (first.status, second.status)
    assert first.started_at + SECOND_MS == second.started_at
    bench.advance(2 * DAY_MS)
    assert 4 == len(bench.engine.runs(sync.id))
