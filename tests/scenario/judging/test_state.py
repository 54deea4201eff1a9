"""Expectations about where things stand: convergence, promises, profiles, stories, answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Passes = Callable[..., object]
Differs = Callable[..., list[tuple[int, str, str, str]]]


def test_a_change_that_waits_for_the_next_run_has_not_converged(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - sync: {cohort: vips, cadence: hourly}\n"
        "  - enters: {cohort: vips, people: [ida, noor]}\n"
        "  - expect: {converged: false}\n"
        "  - advance: 1h\n"
        "  - expect: {converged: true, members: {vips: [ida]}}\n"
    )


def test_who_has_not_converged_is_named(differs: Differs) -> None:
    (found,) = differs(
        "steps:\n  - sync: {cohort: vips, cadence: hourly}\n  - enters: {cohort: vips, people: [ida]}\n"
        "  - expect: {converged: true}\n"
    )

    assert "missing from vips: ida" == found[3]


@pytest.mark.parametrize("rules", ["braze-page", "amplitude-page", "braze-page-spanish"])
def test_generated_people_end_as_they_were_born(passes: Passes, rules: str) -> None:
    passes(
        "steps: [sync: openers]\nexpect: {outcomes: as_born, converged: true}\n",
        head="population: {size: 300, dirt: {case_differs: 5%, padded: 5%, blank_user_id: 5%, label_differs: 5%}}\n"
        "connections: {braze: [user_id, crm_id -> alias crm, device_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
        rules=rules,
    )


def test_a_broken_promise_is_told_of_a_person(differs: Differs) -> None:
    found = differs(
        "steps:\n  - track: {attributes: {external_id: u-000000-nobody, first_name: X}}\n  - delete: p000000\n"
        "  - sync: openers\n  - expect: {outcomes: as_born}\n",
        head="population: {size: 2, kinds: {known: 100%}}\nconnections: {braze: [user_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
    )

    assert [(5, "the fate of p000000 (known)")] == [each[:2] for each in found]
    assert found[0][3].startswith("dropped unknown_external_id")


def test_promises_need_a_first_run(differs: Differs) -> None:
    found = differs("expect: {outcomes: as_born}\n", head="population: {size: 2}")

    assert [(1, "promises")] == [each[:2] for each in found]


def test_a_profile_is_compared_field_by_field(passes: Passes, differs: Differs) -> None:
    head = (
        "people: {ida: {user_id: ida-1001, "
        "braze: {external_id: ida-1001, attributes: {email: i@example.com, tier: 3}}}}"
    )
    passes(
        "expect: {profiles: {ida: {external_id: ida-1001, email: i@example.com, custom_attributes: {tier: 3}, "
        "first_name: null}}}\n",
        head=head,
    )

    found = differs("expect: {profiles: {ida: {custom_attributes: {tier: 4}}}}\n", head=head)
    assert [(1, "custom_attributes.tier of ida's profile", "4", "3")] == found


def test_a_profile_may_have_to_be_gone(passes: Passes, differs: Differs) -> None:
    passes("steps: [delete: ida]\nexpect: {profiles: {ida: none, noor: none}}\n")

    assert [(1, "the profile of ida", "none", "1 profile")] == differs("expect: {profiles: {ida: none}}\n")
    assert [(1, "the profile of noor", '{"email":"x"}', "no profile")] == differs(
        "expect: {profiles: {noor: {email: x}}}\n"
    )


def test_a_story_contains_words(passes: Passes, differs: Differs) -> None:
    text = "steps:\n  - sync: openers\n  - expect: {story: {ben: [app_opened, d-ben-0001, MATCH-3], ida: WORDS}}\n"
    passes(text.replace("WORDS", "'answered 201'"))

    assert [(3, "the story of ida", "it says 'unicorn'")] == [
        each[:3] for each in differs(text.replace("WORDS", "unicorn"))
    ]


@pytest.mark.parametrize(
    ("expected", "what"),
    [
        ("201", []),
        ("{status: 201, body: {message: success}, contains: success, headers: {content-type: application/json}}", []),
        ("400", ["status"]),
        ("{body: {message: no}}", ["message"]),
        ("{body: {errors: []}}", ["errors"]),
        ("{contains: [success, unicorn]}", ["body"]),
        ("{headers: {X-Unicorn: '1'}}", ["header X-Unicorn"]),
    ],
)
def test_the_answer_to_a_call_is_compared(differs: Differs, expected: str, what: list[str]) -> None:
    call = (
        "steps:\n  - call: {service: braze, path: /users/track, body: {attributes: [{external_id: ida-1001, a: 1}]}, "
        f"expect: {expected}}}\n"
    )

    assert what == [each[1] for each in differs(call)]


def test_the_name_that_braze_shows_is_compared(passes: Passes, differs: Differs) -> None:
    steps = "steps:\n  - expect: {named: {openers: none}}\n  - sync: openers\n"
    passes(steps + "  - expect: {named: {openers: openers, vips: none}}\n")
    assert [(4, "name of vips in Braze", "vips", "none")] == differs(steps + "  - expect: {named: {vips: vips}}\n")
