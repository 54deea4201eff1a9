"""Steps as values: what each key becomes, and which keys exclude each other."""

from __future__ import annotations

import pytest

from simulator.rules.instants import HOUR_MS, SECOND_MS
from simulator.scenario.language.source import ScenarioInvalid
from simulator.scenario.model.steps.base import Step, verb_of
from simulator.scenario.model.steps.faults import Breakage, Fault
from simulator.scenario.model.steps.flow import Advance
from simulator.scenario.model.steps.people import Learns, LogIn, LogOut
from simulator.scenario.model.steps.syncs import RevokeKey
from simulator.scenario.model.steps.wire import Call
from simulator.scenario.parse import load_text

HEAD = (
    "scenario: test\npeople: {ben: {device_id: d-1}}\nconnections: {braze: [user_id]}\ncohorts: {vips: {people: []}}\n"
    "expect: {profiles_created: 0}\nsteps:\n  - "
)


def step(text: str) -> Step:
    (scenario,) = load_text(HEAD + text)
    return scenario.steps[0]


def test_the_verb_is_the_name_of_the_class() -> None:
    assert ["log_in", "revoke_key"] == [verb_of(LogIn), verb_of(RevokeKey)]


def test_time_and_refusal_stand_beside_the_verb() -> None:
    found = step("{at: 02:30, log_out: ben, refused: too early}")

    assert isinstance(found, LogOut)
    assert ("02:30", "too early", "ben") == (found.at and found.at.text, found.refused, found.person)


def test_advance_takes_a_length_or_a_target() -> None:
    length, target = step("advance: 1h 30s"), step("advance: {until: idle, at_most: 2h}")

    assert isinstance(length, Advance)
    assert HOUR_MS + 30 * SECOND_MS == length.by_ms
    assert isinstance(target, Advance)
    assert ("idle", 2 * HOUR_MS) == (target.until, target.at_most_ms)


def test_a_login_says_who_learns_of_it() -> None:
    found = step("log_in: {person: ben, user_id: 7, learns: both}")

    assert isinstance(found, LogIn)
    assert ("7", Learns.BOTH) == (found.user_id, found.learns)


def test_a_fault_holds_a_step() -> None:
    found = step(
        "fault: {operation: changeCohortUsers, share: 5%, breaks: reset, from: +1h, after: {revoke_key: braze}}"
    )

    assert isinstance(found, Fault)
    assert (0.05, Breakage.RESET, "+1h") == (found.share, found.breaks, found.from_ and found.from_.text)
    assert isinstance(found.after, RevokeKey)


def test_a_call_expects_an_answer_by_its_status_alone() -> None:
    found = step("call: {service: braze, path: /users/track, expect: 401}")

    assert isinstance(found, Call)
    assert ("POST", 401) == (found.method, found.expect and found.expect.status)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("advance: {by: 1h, until: next}", "either how long or until when"),
        ("advance: {}", "either how long or until when"),
        ("change_property: {person: ben}", "nothing changes"),
        ("track: {}", "nothing to track"),
        ("create_segment: {name: all}", "everybody"),
        ("create_segment: {name: all, filters: [x]}", "filters are a mapping"),
        ("create_segment: {name: s, filters: {a: '{cohort:vip}'}}", "unknown cohort 'vip'"),
        ("call: {service: braze, path: /a, method: GET, body: {}}", "a GET has no body"),
        ("fault: {operation: trackUsers}", "nothing goes wrong"),
        ("fault: {operation: trackUser, answer: 500}", "did you mean trackUsers"),
        ("expect: {requests: {operation: changeCohortUser}}", "did you mean changeCohortUsers"),
        ("fault: {answer: 500, applied_but_lost: true}", "either lost or another one"),
        ("fault: {before: {log_out: ben}, after: {log_out: ben}}", "one step in the middle"),
        ("fault: {before: {advance: 1h}}", "advance cannot happen in the middle of a call"),
        ("fault: {before: {at: +1h, log_out: ben}}", "neither `at` nor `refused`"),
        ("fault: {before: {log_off: ben}}", "did you mean log_out"),
    ],
)
def test_what_makes_no_sense_is_refused(written: str, said: str) -> None:
    with pytest.raises(ScenarioInvalid, match=said):
        step(written)
