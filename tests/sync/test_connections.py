"""Connections and syncs: what is saved, and what is refused with which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.feeds import UnknownCohort
from simulator.rules.cadence import Cadence, Plan
from simulator.rules.identity import AmplitudeUser, Kind
from simulator.rules.instants import DAY_MS, HOUR_MS, MINUTE_MS
from simulator.rules.mapping import Mapping
from simulator.rules.outcomes import RunStatus
from simulator.sync.connections import SetupRefused, Terms, UnknownSetup, masked

USER_ID = Mapping("user_id", Kind.EXTERNAL_ID)


def attempt(bench: Any, **changes: Any) -> None:
    wanted = {
        "rest_endpoint": "https://rest.iad-01.braze.com", "partner_api_key": "partner", "data_import_key": "import",
        "mappings": [USER_ID],
    }  # fmt: skip
    bench.engine.create_connection("braze", **wanted | changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rest_endpoint": ""}, "a connection needs the REST endpoint, such as https://rest.iad-01.braze.com"),
        ({"data_import_key": ""}, "a connection needs data import key"),
        ({"partner_api_key": ""}, "a connection needs partner api key"),
        ({"mappings": []}, "a connection has one to 3 identifier mappings, not 0"),
        ({"mappings": [USER_ID] * 4}, "a connection has one to 3 identifier mappings, not 4"),
        ({"mappings": [Mapping("crm_id", Kind.ALIAS)]}, "the mapping crm_id -> alias needs an alias label"),
    ],
)
def test_an_incomplete_connection_is_refused(bench: Any, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SetupRefused) as refused:
        attempt(bench, **changes)
    assert sentence in str(refused.value)


def test_a_key_that_fits_no_header_is_refused(bench: Any) -> None:
    with pytest.raises(SetupRefused, match="printable ASCII"):
        bench.engine.create_trait_connection("attributes", rest_endpoint="http://127.0.0.1", rest_api_key="schlüssel")


def test_three_mappings_are_allowed_and_a_name_is_used_once(bench: Any) -> None:
    attempt(bench, mappings=[USER_ID] * 3)
    with pytest.raises(SetupRefused, match="exists"):
        attempt(bench)


@pytest.mark.parametrize(
    ("plan", "refused"),
    [
        (Plan.PLUS, {Cadence.REAL_TIME}),
        (Plan.GROWTH, set()),
        (Plan.ENTERPRISE, set()),
    ],
)
def test_a_plan_offers_some_cadences(bench: Any, plan: Plan, refused: set[Cadence], ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    connection = bench.connect()
    bench.engine.setup.terms["main"] = Terms(plan)
    turned_down = set()
    for cadence in Cadence:
        try:
            bench.engine.create_sync("openers", connection.id, cadence)
        except SetupRefused:
            turned_down.add(cadence)
    assert refused == turned_down


def test_the_sixth_automated_sync_is_refused_with_the_limit(bench: Any, ida: AmplitudeUser) -> None:
    connection = bench.connect()
    for number in range(6):
        bench.source.cohort(f"openers-{number}", ida)
    saved = [bench.engine.create_sync(f"openers-{number}", connection.id, Cadence.HOURLY) for number in range(5)]

    with pytest.raises(SetupRefused, match="the plan includes 5 automated syncs and 5 are set up"):
        bench.engine.create_sync("openers-5", connection.id, Cadence.DAILY)
    one_time = bench.engine.create_sync("openers-5", connection.id, Cadence.ONE_TIME)
    with pytest.raises(SetupRefused, match="the plan includes 5"):
        bench.engine.change_cadence(one_time.id, Cadence.HOURLY)
    bench.engine.change_cadence(saved[0].id, Cadence.DAILY)
    bench.engine.delete_sync(saved[1].id)

    assert Cadence.HOURLY is bench.engine.change_cadence(one_time.id, Cadence.HOURLY).cadence


def test_a_plan_may_include_more_automated_syncs(bench: Any, ida: AmplitudeUser) -> None:
    connection = bench.connect()
    bench.engine.setup.terms["main"] = Terms(automated_syncs=None)
    for number in range(7):
        bench.source.cohort(f"openers-{number}", ida)
        bench.engine.create_sync(f"openers-{number}", connection.id, Cadence.HOURLY)
    assert 7 == len(bench.engine.syncs())


def test_the_braze_destination_needs_a_paid_plan(bench: Any) -> None:
    bench.engine.setup.terms["main"] = Terms(Plan.STARTER)
    with pytest.raises(SetupRefused, match="paid Amplitude plan"):
        attempt(bench)


@pytest.mark.parametrize(("size", "allowed"), [(999_999, True), (1_000_000, True), (1_000_001, False)])
def test_a_real_time_sync_takes_a_million_users(bench: Any, ida: AmplitudeUser, size: int, allowed: bool) -> None:
    bench.source.cohort("openers", ida)
    bench.source.sizes["openers"] = size
    connection = bench.connect()
    if allowed:
        bench.engine.create_sync("openers", connection.id, Cadence.REAL_TIME)
    else:
        with pytest.raises(SetupRefused, match="1,000,001"):
            bench.engine.create_sync("openers", connection.id, Cadence.REAL_TIME)


@pytest.mark.parametrize("kind", ["funnel", "retention", "stickiness", "nth_time", "event_within", "distinct_interval"])
def test_a_real_time_sync_refuses_some_kinds_of_cohort_that_hourly_takes(
    bench: Any, ida: AmplitudeUser, kind: str
) -> None:
    bench.source.cohort("openers", ida)
    bench.source.blockers["openers"] = (kind,)
    connection = bench.connect()
    with pytest.raises(SetupRefused, match=kind):
        bench.engine.create_sync("openers", connection.id, Cadence.REAL_TIME)
    bench.engine.create_sync("openers", connection.id, Cadence.HOURLY)


def test_a_cohort_that_turns_into_such_a_kind_goes_on_in_real_time_until_its_sync_is_saved_again(
    bench: Any, ida: AmplitudeUser
) -> None:
    bench.source.cohort("openers", ida)
    sync = bench.engine.create_sync("openers", bench.connect().id, Cadence.REAL_TIME)
    bench.source.blockers["openers"] = ("funnel",)
    bench.advance(MINUTE_MS)
    assert [RunStatus.SUCCESS] * 2 == [run.status for run in bench.engine.runs(sync.id)]
    with pytest.raises(SetupRefused, match="funnel"):
        bench.engine.change_cadence(sync.id, Cadence.REAL_TIME)


def test_an_unknown_cohort_connection_or_sync_is_named(bench: Any) -> None:
    with pytest.raises(UnknownSetup, match="connection-9"):
        bench.engine.create_sync("openers", "connection-9", Cadence.ONE_TIME)
    with pytest.raises(UnknownCohort):
        bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    with pytest.raises(UnknownSetup, match="sync-9"):
        bench.engine.pause("sync-9")


def test_a_slot_is_drawn_and_kept(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    sync = bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.advance(DAY_MS)
    minutes = {run.started_at % HOUR_MS for run in bench.engine.runs(sync.id)[1:]}
    assert {sync.slot_ms} == minutes


def test_a_paused_sync_rests_and_catches_up_when_it_is_resumed(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers")
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.engine.pause("sync-1")
    bench.source.enter("openers", ida)
    bench.advance(5 * HOUR_MS)
    assert [] == bench.braze.changes
    bench.engine.resume("sync-1")
    bench.advance(HOUR_MS)
    assert [[{"user_ids": ["ida-1001"], "should_remove": False}]] == bench.braze.changes


def test_resuming_a_sync_that_runs_changes_nothing(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    sync = bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.engine.resume(sync.id)
    assert sync == bench.engine.sync(sync.id)


def test_a_cadence_saved_again_runs_at_once_and_draws_another_slot(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.DAILY)
    bench.advance(90 * MINUTE_MS)
    before = len(bench.engine.runs("sync-1"))
    bench.engine.change_cadence("sync-1", Cadence.REAL_TIME)
    bench.advance(5 * MINUTE_MS)
    assert before + 6 == len(bench.engine.runs("sync-1"))


def test_a_one_time_sync_can_be_run_again_by_hand_and_sends_only_what_changed(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.ONE_TIME)
    bench.source.leave("openers", ida)
    run = bench.engine.sync_now("sync-1")
    assert (2, "manual", 1) == (run.number, run.trigger, run.removed)


def test_running_a_paused_sync_by_hand_leaves_it_paused(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers")
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    bench.engine.pause("sync-1")
    bench.source.enter("openers", ida)
    assert 1 == bench.engine.sync_now("sync-1").added
    bench.advance(5 * HOUR_MS)
    assert 2 == len(bench.engine.runs("sync-1"))


def test_a_cohort_that_is_gone_fails_the_runs_of_its_sync(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    del bench.source.members["openers"]
    bench.advance(HOUR_MS)
    last = bench.engine.runs("sync-1")[-1]
    assert ("failed", "The cohort does not exist any more.") == (last.status, last.reason)
    assert ["success", "failed"] == [mail.about for mail in bench.engine.mailbox.mails()]


def test_a_deleted_sync_sends_nothing_and_then_its_connection_can_go(bench: Any, ida: AmplitudeUser) -> None:
    bench.source.cohort("openers", ida)
    connection = bench.connect()
    bench.engine.create_sync("openers", connection.id, Cadence.HOURLY)
    with pytest.raises(SetupRefused, match="sync-1 still use"):
        bench.engine.delete_connection(connection.id)
    bench.engine.delete_sync("sync-1")
    bench.engine.delete_connection(connection.id)
    bench.braze.forget()
    bench.advance(DAY_MS)
    assert [] == bench.braze.requests
    assert 1 == len(bench.engine.runs("sync-1"))


def test_keys_are_masked_when_a_connection_is_shown(bench: Any) -> None:
    shown = masked(bench.connect())
    assert ("amplitude", "…0001", "…0001") == tuple(shown.settings.values())


def test_everything_set_up_is_in_the_ledger(build: Callable[..., Any], ida: AmplitudeUser) -> None:
    bench = build()
    bench.source.cohort("openers", ida)
    connection = bench.connect()
    bench.engine.create_sync("openers", connection.id, Cadence.HOURLY)
    bench.engine.change_mapping(connection.id, [USER_ID])
    bench.engine.new_key(connection.id, "another-key-0002")
    events = [page.event for page in bench.ledger.pages(rooms=["engine"])]
    assert [
        "connection_saved", "sync_saved", "run_began", "delivered", "delivered", "run_finished", "mapping_changed",
        "settings_changed",
    ] == events  # fmt: skip
    assert "another-key-0002" not in str([page.detail for page in bench.ledger.pages()])


def test_saving_a_sync_again_draws_another_slot_and_keeps_to_it(build: Callable[..., Any], ida: AmplitudeUser) -> None:
    """CAD-2."""
    bench = build()
    bench.source.cohort("openers", ida)
    bench.engine.create_sync("openers", bench.connect().id, Cadence.HOURLY)
    slots = [bench.engine.sync("sync-1").slot_ms]
    for _ in range(4):
        bench.advance(DAY_MS)
        slots.append(bench.engine.change_cadence("sync-1", Cadence.HOURLY).slot_ms)
    bench.advance(DAY_MS)
    assert len(set(slots)) > 3
    assert {slots[-1]} == {run.started_at % HOUR_MS for run in bench.engine.runs("sync-1")[-20:]}
