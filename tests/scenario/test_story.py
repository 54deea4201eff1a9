"""The story of one person: every step of the way with its rule and its document."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.scenario.parse import load_text
from simulator.scenario.runner import RunOptions, played_stage, settings_of
from simulator.scenario.story import story, story_text
from simulator.world import World

HEAD = """
scenario: A device id stops working once its owner logs in
people:
  ben: {device_id: d-ben-0001, events: [app_opened]}
  ida: {user_id: ida-1001, events: [app_opened]}
  kim: {braze: {aliases: {crm: kim-7}}}
connections: {braze: [user_id, crm_id -> alias crm, device_id]}
cohorts: {openers: {performed: app_opened, within: 7d}}
expect: {profiles_created: 0}
"""
Tell = Callable[..., str]


@pytest.fixture
def tell() -> Tell:
    def told(person: str, steps: str, head: str = HEAD) -> str:
        (scenario,) = load_text(head + steps, "login.scenario.yaml")
        with World(settings_of(scenario, RunOptions())) as world:
            return story_text(played_stage(scenario, world), person)

    return told


def in_order(text: str, words: list[str]) -> list[str]:
    """The words that do not follow the ones before them."""
    place, missing = 0, []
    for word in words:
        found = text.find(word, place)
        if found < 0:
            missing.append(word)
        else:
            place = found
    return missing


def test_the_way_from_the_cohort_to_the_drop_is_told_in_order(tell: Tell) -> None:
    told = tell("ben", "steps:\n  - log_in: {person: ben, user_id: ben-1001}\n  - sync: openers\n")

    assert [] == in_order(
        told,
        [
            "ben in 'A device id stops working once its owner logs in' (login.scenario.yaml)",
            "at the beginning, Amplitude: device_id 'd-ben-0001', performed app_opened (last at 2026-03-02T09:00:00Z)",
            "at the beginning, Braze: anonymous profile, device 'd-ben-0001'",
            "phone", "LIFE-1: Braze's SDK keeps an anonymous profile",
            "enters the cohort openers",
            "sent to be added as device_id d-ben-0001 in run sync-1/1 of openers",
            "tried user_id -> external_id: no value",
            "tried crm_id -> alias crm: no value",
            "tried device_id -> device_id: 'd-ben-0001'",
            "answered 201",
            "MAP-2:", "[Braze, Amplitude cohort import]",
            "looked up device_id d-ben-0001: the device belongs to an identified profile",
            "it belongs to identified profile ben-1001",
            "MATCH-4:", "[Braze, Amplitude cohort import, User Matching]",
            "at the end, ben is a member of no cohort in Braze",
        ],
    )  # fmt: skip


def test_who_arrives_is_told_as_well(tell: Tell) -> None:
    told = tell("ida", "steps:\n  - sync: openers\n")

    assert [] == in_order(
        told,
        [
            "tried user_id -> external_id: 'ida-1001'",
            "Braze found the profile and added it",
            "of ida)",
            "MATCH-1:",
            "at the end, ida is a member of openers in Braze",
        ],
    )


def test_a_skip_names_every_mapping_that_was_tried(tell: Tell) -> None:
    head = HEAD.replace("[user_id, crm_id -> alias crm, device_id]", "[user_id, crm_id -> alias crm]")

    told = tell("ben", "steps:\n  - sync: openers\n", head)

    assert [] == in_order(
        told, ["skipped in run sync-1/1", "tried user_id: no value", "tried crm_id: no value", "MAP-3:"]
    )


def test_whom_braze_did_not_match_is_told_apart_from_who_had_no_value(tell: Tell) -> None:
    rules = "rules: {fallback: on_no_match}\n"

    told = tell("ben", "steps:\n  - log_in: {person: ben, user_id: ben-1001, learns: amplitude}\n"
                "  - event: {person: ben, name: app_opened}\n  - sync: openers\n", HEAD + rules)  # fmt: skip

    assert [] == in_order(
        told,
        [
            "sent to be added as external_id ben-1001", "tried user_id -> external_id: 'ben-1001'\n", "looked up",
            "sent to be added as device_id d-ben-0001",
            "tried user_id -> external_id: 'ben-1001', which Braze did not match",
            "tried crm_id -> alias crm: no value", "tried device_id -> device_id: 'd-ben-0001'\n", "added it",
        ],
    )  # fmt: skip


def test_a_request_stands_where_braze_first_had_it_and_says_when_it_was_answered(tell: Tell) -> None:
    lost = "steps:\n  - fault: {operation: changeCohortUsers, applied_but_lost: true, times: 1}\n  - sync: openers\n"

    told = tell("ida", lost + "  - advance: 1m\n")

    assert [] == in_order(
        told,
        [
            "2026-03-02T10:00:00Z  engine     sent to be added",
            "answered 201 at attempt 2, at 2026-03-02T10:00:01Z",
            "2026-03-02T10:00:00Z  braze      looked up",
            "2026-03-02T10:00:01Z  braze      looked up external_id ida-1001: Braze found the profile; it was a member",
        ],
    )


def test_a_leaver_goes_out_under_the_stored_identifier(tell: Tell) -> None:
    told = tell("ida", "steps:\n  - sync: {cohort: openers, cadence: hourly}\n  - advance: 8d\n")

    assert [] == in_order(
        told, ["leaves the cohort openers", "sent to be removed as external_id ida-1001", "stored at entry", "MAP-5:"]
    )


def test_whoever_nothing_happened_to_has_a_short_story(tell: Tell) -> None:
    told = tell("kim", "steps:\n  - sync: openers\n")

    assert "at the beginning, Amplitude: unknown" in told
    assert "nothing happened to them" in told


def test_the_story_as_data_names_rules_with_their_documents() -> None:
    (scenario,) = load_text(HEAD + "steps:\n  - sync: openers\n")
    with World(settings_of(scenario, RunOptions())) as world:
        lines = [line.as_plain() for line in story(played_stage(scenario, world), "ida")]

    sent = next(line for line in lines if line["outcome"] == "sent_add")
    assert ("engine", "external_id ida-1001", "sync-1/1") == (sent["room"], sent["identifier"], sent["run"])
    matched = next(line for line in lines if line["outcome"] == "added")
    assert sent["request"] == matched["request"]
    assert "Braze, Amplitude cohort import, User Matching" == matched["rules"][0]["source"]


@pytest.mark.parametrize("fate", ["lost", "carried"])
def test_a_merge_tells_what_becomes_of_the_membership(tell: Tell, fate: str) -> None:
    head = HEAD.replace("scenario:", f"rules: {{membership_on_merge: {fate}}}\nscenario:", 1)
    told = tell("ben", "steps:\n  - sync: openers\n  - log_in: {person: ben, user_id: ida-1001}\n", head)

    assert f"(membership_on_merge: {fate})" in told


def test_a_request_that_was_never_sent_says_which_one_failed_before_it(tell: Tell) -> None:
    told = tell("ida", "steps:\n  - disable_partner: amplitude\n  - sync: openers\n")

    assert [] == in_order(told, ["undelivered as external_id ida-1001", "never sent: Request 0 (name)", "status 401"])


def test_a_wipe_is_told_as_a_new_profile_on_a_new_device(tell: Tell) -> None:
    told = tell("ben", "steps:\n  - wipe_data: {person: ben, device_id: d-ben-0002}\n")

    assert "Braze's SDK made an anonymous profile on device_id d-ben-0002 (profile " in told


def test_attributes_are_told_as_sent_refused_or_undelivered(tell: Tell) -> None:
    """TRAIT-1, TRACK-1."""
    head = """
scenario: traits
people:
  ben: {user_id: ben-1001, properties: {email: ben@example.com}, events: [app_opened]}
  ida: {user_id: ida-1001, properties: {email: nonsense}, events: [app_opened]}
expect: {profiles_created: 0}
"""
    steps = (
        "steps:\n  - sync_traits: {properties: email, cadence: hourly}\n"
        "  - fault: {operation: trackUsers, answer: 400}\n  - advance: 1h\n"
    )

    words = [
        "attributes refused by Braze as external_id ida-1001 in run sync-1/1 of the traits email",
        "The value provided for the 'email' field is not a valid email.",
        "attributes undelivered as external_id ida-1001 in run sync-1/2 of the traits email",
    ]
    assert [] == in_order(tell("ida", steps, head), words)
    assert [] == in_order(tell("ben", steps, head), ["attributes sent as external_id ben-1001 in run sync-1/1"])


def test_what_comes_back_through_currents_is_told_of_the_person(tell: Tell) -> None:
    """CUR-1."""
    head = """
scenario: Currents
people: {bo: {user_id: bo}, ida: {user_id: ida-1001}, kim: {braze: {aliases: {crm: kim-7}}}}
expect: {profiles_created: 0}
"""
    alias = "{alias_label: crm, alias_name: kim-7}"
    steps = (
        "steps:\n  - export_currents:\n  - track:\n      events:\n"
        + "".join(
            f"        - {{{who}, name: rated, time: 2026-03-02T10:00:00Z}}\n"
            for who in ("external_id: bo", "external_id: ida-1001", f"user_alias: {alias}")
        )
        + "  - advance: 1h\n"
    )

    name = "[Appboy] [Custom Event] rated"
    assert [] == in_order(tell("ida", steps, head), [f"came back to Amplitude as external_id ida-1001: {name}"])
    refused = f"did not come back to Amplitude as external_id bo: {name}: refused alone with 400"
    assert [] == in_order(tell("bo", steps, head), [refused])
    nobody = "did not come back to Amplitude: users.behaviors.CustomEvent: neither an external id nor a device id"
    assert [] == in_order(tell("kim", steps, head), [nobody])
