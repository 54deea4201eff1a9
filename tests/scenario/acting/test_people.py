"""People and their phones, seen from both systems."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Passes = Callable[..., object]
Differs = Callable[..., list[tuple[int, str, str, str]]]

LOGIN = "  - log_in: {person: ben, user_id: ben-1001}\n"
SYNC = "  - sync: openers\n"


def test_braze_learns_of_a_login_at_once_and_amplitude_with_the_next_event(passes: Passes) -> None:
    passes(
        "steps:\n" + LOGIN + SYNC + "  - expect: {dropped: {ben: MATCH-4, noor: MATCH-5}}\n"
        "  - event: {person: ben, name: app_opened}\n"
        "  - sync: {cohort: openers, name: again}\n"
        "  - expect: {only: {sync: again}, added: [ben], already_there: [ida, kim]}\n"
    )


def test_a_login_may_tell_both_systems_at_once(passes: Passes) -> None:
    passes(
        "steps:\n  - log_in: {person: ben, user_id: ben-1001, learns: both}\n" + SYNC +
        "  - expect: {added: [ben, ida, kim], profiles_created: 0, story: {ben: external_id ben-1001}}\n"
    )  # fmt: skip


def test_an_app_may_forget_to_tell_braze_of_a_login(passes: Passes) -> None:
    passes(
        "steps:\n  - log_in: {person: ben, user_id: ben-1001, learns: amplitude}\n" + SYNC +
        "  - expect: {dropped: {ben: unknown_external_id, noor: unknown_external_id}}\n"
    )  # fmt: skip


def test_a_login_with_a_known_id_ends_the_anonymous_profile(passes: Passes) -> None:
    passes(
        "people:\n"
        "  ben:\n    device_id: d-ben-0001\n    events: [app_opened]\n"
        "    braze: [{external_id: ben-1001}, {device_ids: [d-ben-0001]}]\n"
        "connections: {braze: [device_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\n"
        "steps:\n" + SYNC + "  - expect: {members: {openers: [ben]}}\n" + LOGIN +
        "  - expect: {members: {openers: []}, profiles_created: 0}\n",
        head="",
    )  # fmt: skip


def test_membership_is_carried_over_when_the_switch_says_so(passes: Passes) -> None:
    passes(
        "rules: {membership_on_merge: carried}\n"
        "people:\n"
        "  ben:\n    device_id: d-ben-0001\n    events: [app_opened]\n"
        "    braze: [{external_id: ben-1001}, {device_ids: [d-ben-0001]}]\n"
        "connections: {braze: [device_id]}\n"
        "cohorts: {openers: {performed: app_opened}}\n"
        "steps:\n" + SYNC + LOGIN + "  - expect: {members: {openers: [ben]}}\n",
        head="",
    )


def test_who_logs_out_is_still_that_user_in_amplitude_unless_the_device_id_is_fresh(passes: Passes) -> None:
    steps = (
        "cohorts: {shoppers: {performed: bought}}\n"
        "steps:\n  - log_out: OUT\n  - event: {person: ida, name: bought}\n"
        "  - sync: {cohort: shoppers, cadence: one_time}\n"
    )
    head = "people: {ida: {user_id: ida-1001, device_id: d-ida-0001}}\nconnections: {braze: [user_id, device_id]}\n"

    passes(steps.replace("OUT", "ida") + "  - expect: {added: [ida]}\n", head=head)
    fresh = steps.replace("OUT", "{person: ida, device_id: d-ida-0002}")
    passes(fresh + "  - expect: {dropped: {ida: unknown_device}}\n", head=head)


def test_a_new_device_is_anonymous_in_both_systems(passes: Passes) -> None:
    passes(
        "cohorts: {shoppers: {performed: bought}}\n"
        "steps:\n"
        "  - new_device: {person: ida, device_id: d-ida-0002}\n"
        "  - event: {person: ida, name: bought}\n"
        "  - sync: shoppers\n"
        "  - expect: {added: [ida], members: {shoppers: [ida]}, profiles_created: 1}\n"
        "  - expect: {story: {ida: device_id d-ida-0002}}\n",
        head="people: {ida: {user_id: ida-1001, device_id: d-ida-0001}}\nconnections: {braze: [user_id, device_id]}\n",
    )


def test_a_device_appears_in_braze_alone(passes: Passes) -> None:
    head = (
        "people: {noor: {device_id: d-noor-0001, events: [app_opened], braze: none}}\n"
        "connections: {braze: [device_id]}\ncohorts: {openers: {performed: app_opened}}\n"
    )
    passes("steps:\n" + SYNC + "  - expect: {dropped: {noor: unknown_device}}\n", head=head)
    passes("steps:\n  - appears: {person: noor}\n" + SYNC + "  - expect: {added: [noor]}\n", head=head)


def test_wiped_data_make_a_new_anonymous_profile_under_a_new_device(passes: Passes) -> None:
    passes(
        "steps:\n" + LOGIN + "  - wipe_data: {person: ben, device_id: d-ben-0002}\n"
        "  - sync: openers\n"
        "  - expect: {profiles_created: 1, dropped: {ben: MATCH-4, noor: MATCH-5}}\n"
    )


def test_several_people_may_perform_an_event_several_times(passes: Passes) -> None:
    passes(
        "cohorts: {regulars: {performed: ordered, times: '>= 3'}}\n"
        "steps:\n"
        "  - event: {person: [ben, ida], name: ordered, times: 2, properties: {amount: 5}}\n"
        "  - expect: {wanted: {regulars: []}}\n"
        "  - event: {person: ida, name: ordered}\n"
        "  - expect: {wanted: {regulars: [ida]}}\n",
        head="people: {ben: {device_id: d-ben-0001}, ida: {user_id: ida-1001}}",
    )


def test_short_ids_are_good_enough_for_events(passes: Passes) -> None:
    passes(
        "cohorts: {a: {performed: x}}\nsteps:\n  - event: {person: ben, name: x}\n  - expect: {wanted: {a: [ben]}}\n",
        head="people: {ben: {user_id: u1, device_id: d1}}",
    )


def test_properties_are_set_and_unset(passes: Passes) -> None:
    passes(
        "cohorts: {pros: {property: {plan: pro}}}\n"
        "steps:\n"
        "  - change_property: {person: [ben, ida], set: {plan: pro}}\n"
        "  - expect: {wanted: {pros: [ben, ida]}}\n"
        "  - change_property: {person: ben, unset: plan}\n"
        "  - change_property: {person: ida, set: {plan: free}}\n"
        "  - expect: {wanted: {pros: []}}\n",
        head="people: {ben: {device_id: d-ben-0001}, ida: {user_id: ida-1001}}",
    )


def test_people_enter_and_leave_a_static_cohort_by_hand(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - enters: {cohort: vips, people: [ida, ben]}\n"
        "  - sync: {cohort: vips, cadence: hourly}\n"
        "  - expect: {members: {vips: [ida, ben]}}\n"
        "  - leaves: {cohort: vips, people: ida}\n"
        "  - advance: 1h\n"
        "  - expect: {members: {vips: [ben]}, removed: [ida]}\n"
    )


def test_a_generated_person_can_act_too(passes: Passes) -> None:
    passes(
        "cohorts: {a: {performed: x}}\nsteps:\n  - event: {person: p000003, name: x}\n"
        "  - expect: {wanted: {a: [p000003]}}\n  - expect: {wanted: {a: 1}}\n",
        head="population: {size: 10}",
    )


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("log_in: {person: kim, user_id: kim-1001}", "has no device"),
        ("wipe_data: {person: kim, device_id: x}", "has no device"),
        ("appears: {person: kim}", "has no device id"),
        ("event: {person: kim, name: x}", "neither a user id nor a device id"),
        ("change_property: {person: kim, set: {a: 1}}", "neither a user id nor a device id"),
        ("enters: {cohort: vips, people: [kim]}", "Amplitude does not know kim"),
        ("log_in: {person: ben, user_id: ''}", "changeUser refuses"),
    ],
)
def test_what_a_person_cannot_do_is_said(passes: Passes, step: str, said: str) -> None:
    passes(
        f"cohorts: {{vips: {{people: []}}}}\nsteps:\n  - {{{step}, refused: {said}}}\n",
        head="people: {ben: {device_id: d-ben-0001}, kim: {braze: {aliases: {crm: kim-7}}}}",
    )
