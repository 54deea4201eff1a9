"""Expectations that count: profiles, data points, runs, requests, mails."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.journal import Journal

Passes = Callable[..., object]
Differs = Callable[..., list[tuple[int, str, str, str]]]

HOURLY = "steps:\n  - sync: {cohort: openers, cadence: hourly}\n"


def test_profiles_count_whoever_made_them(passes: Passes, differs: Differs) -> None:
    text = HOURLY + "  - track: {attributes: {external_id: new-1001, first_name: Neo}}\n"
    passes(text + "  - expect: {profiles_created: 1}\n")

    assert [(4, "profiles created", "0", "1")] == differs(text + "  - expect: {profiles_created: 0}\n")


def test_data_points_are_those_since_the_first_step(passes: Passes, differs: Differs) -> None:
    passes(HOURLY + "  - expect: {data_points: 3}\n")
    passes("rules: {cohort_data_points: off}\n" + HOURLY + "  - expect: {data_points: 0}\n")

    assert [(3, "data points", "< 3", "3")] == differs(HOURLY + "  - expect: {data_points: '< 3'}\n")


@pytest.mark.parametrize(
    ("runs", "fits"),
    [
        ("4", True),
        ("{count: 4, status: success}", True),
        ("{status: success}", True),
        ("{status: failed}", False),
        ("{count: 0, status: failed}", True),
        ("{count: '>= 4'}", True),
        ("3", False),
        ("[{sync: openers, count: 4}, {status: running, count: 0}]", True),
    ],
)
def test_runs_are_counted_by_status(differs: Differs, runs: str, fits: bool) -> None:
    assert fits is (differs(HOURLY + f"  - advance: 3h\n  - expect: {{runs: {runs}}}\n") == [])


@pytest.mark.parametrize(
    ("requests", "fits"),
    [
        ("2", True),
        ("{count: 2, service: braze}", True),
        ("{service: amplitude, count: 0}", True),
        ("{operation: nameCohort}", True),
        ("{operation: changeCohortUsers, status: 201, count: 1}", True),
        ("{operation: changeCohortUsers, status: 401}", False),
        ("[{operation: nameCohort, count: 1}, {operation: trackUsers, count: 0}]", True),
        ("{operation: nameCohort, body: {name: openers}, count: 1}", True),
        ("{operation: nameCohort, body: {name: shoppers}}", False),
        ("{body: {cohort_id: '{cohort:openers}'}, count: 2}", True),
        ("{status: 201, headers: {User-Agent: Amplitude/Cohort-Sync}, count: 2}", True),
        ("{headers: {user-agent: curl}, count: 0}", True),
        ("{service: amplitude, headers: {user-agent: Amplitude/Cohort-Sync}, count: 0}", True),
    ],
)
def test_requests_are_counted_by_operation_and_status(differs: Differs, requests: str, fits: bool) -> None:
    assert fits is (differs(HOURLY + f"  - advance: 3h\n  - expect: {{requests: {requests}}}\n") == [])


def test_what_requests_hold_is_looked_for_since_the_last_block(passes: Passes) -> None:
    named = "requests: {operation: nameCohort, body: {name: openers}"
    passes(
        HOURLY + f"  - expect: {{{named}, count: 1}}}}\n  - expect: {{since: last_expect, {named}, count: 0}}}}\n"
        f"  - call: {{service: braze, path: /users/track, body: no json}}\n  - expect: {{{named}, count: 1}}}}\n"
    )


def test_requests_whose_bodies_are_forgotten_fit_nothing_and_say_so(
    differs: Differs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "lost", 1)
    ((_, what, _, got),) = differs(HOURLY + "  - expect: {requests: {body: {name: openers}}}\n")
    assert ('requests that hold {"name":"openers"}', "not known") == (what, got)


@pytest.mark.parametrize(
    ("alerts", "fits"),
    [
        ("[{to: owner, about: failed}, {to: owner, about: success}]", True),
        ("[{about: success}, {about: failed}]", False),
        ("{about: failed, count: 2}", True),
        ("[]", False),
        ("[{about: failed}, {about: failed}, {about: success}]", True),
        ("[{about: failed}, {about: failed}, {about: failed}]", False),
        ("{to: somebody}", False),
        ("{about: failed, says: [sync of openers failed, Invalid client secret], count: 0}", True),
        ("{about: failed, says: [sync of openers failed, status 401], count: 2}", True),
        ("{about: success, says: [not delivered 1]}", False),
    ],
)
def test_mails_are_told_in_order(differs: Differs, alerts: str, fits: bool) -> None:
    steps = (
        "steps:\n  - revoke_key: braze\n  - sync: {cohort: openers, cadence: hourly}\n  - advance: 1h\n"
        "  - new_key: braze\n  - advance: 1h\n"
    )

    assert fits is (differs(steps + f"  - expect: {{alerts: {alerts}}}\n") == [])


def test_no_mail_is_no_mail(passes: Passes) -> None:
    passes("expect: {alerts: []}\n")
