"""Expectations about people: exact lists, amounts, causes, since and only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.scenario.events import Result

Passes = Callable[..., object]
Differs = Callable[..., list[tuple[int, str, str, str]]]

SYNC = "steps:\n  - sync: openers\n"


def test_lists_are_exact(passes: Passes, differs: Differs) -> None:
    passes(SYNC + "expect: {added: [kim, ben, ida], already_there: [], removed: [], skipped: {}, undelivered: []}\n")

    assert [(3, "added: noor is missing", "ben, ida, noor", "ben, ida, kim"), (3, "added: kim too")] == [
        each if "missing" in each[1] else each[:2] for each in differs(SYNC + "expect: {added: [ben, ida, noor]}\n")
    ]


def test_one_person_may_stand_without_brackets(passes: Passes) -> None:
    passes(SYNC + "expect: {dropped: noor, members: {vips: []}}\n")


@pytest.mark.parametrize(("amount", "fits"), [("3", True), ("'2..4'", True), ("'> 3'", False), ("2", False)])
def test_amounts_count_people(differs: Differs, amount: str, fits: bool) -> None:
    found = differs(SYNC + f"expect: {{added: {amount}}}\n")

    assert fits is (found == [])


def test_a_wrong_amount_names_the_few(differs: Differs) -> None:
    assert [(3, "added", "2", "3 (ben, ida, kim)")] == differs(SYNC + "expect: {added: 2}\n")
    assert [(3, "removed", "2", "0")] == differs(SYNC + "expect: {removed: 2}\n")


@pytest.mark.parametrize("cause", ["MATCH-5", "MATCH-1", "NOCREATE-1", "unknown_external_id"])
def test_any_cited_rule_or_the_reason_names_a_drop(passes: Passes, cause: str) -> None:
    passes(SYNC + f"expect: {{dropped: {{noor: {cause}}}}}\n")


@pytest.mark.parametrize("cause", ["MAP-3", "unresolved_mapping"])
def test_a_skip_is_named_by_rule_or_reason(passes: Passes, cause: str) -> None:
    passes(
        f"steps: [sync: openers]\nexpect: {{skipped: {{ben: {cause}}}, added: [ida]}}\n",
        head="people: {ben: {device_id: d-ben-0001, events: app_opened}, "
        "ida: {user_id: ida-1001, events: app_opened}}\n"
        "connections: {braze: [user_id]}\ncohorts: {openers: {performed: app_opened}}\n",
    )


def test_the_next_mapping_is_tried_when_braze_did_not_match_and_the_last_try_counts(passes: Passes) -> None:
    head = (
        "people: {noor: {user_id: noor-1001, device_id: d-noor-0001, events: [app_opened], "
        "braze: {device_ids: [d-noor-0001]}}}\n"
        "connections: {braze: [user_id, device_id]}\ncohorts: {openers: {performed: app_opened}}\n"
        "steps: [sync: openers]\n"
    )

    passes("rules: amplitude-page\nexpect: {added: [noor], dropped: {}}\n", head=head)
    passes("rules: braze-page\nexpect: {added: [], dropped: {noor: MATCH-5}}\n", head=head)
    passes("rules: braze-page-spanish\nexpect: {added: [], dropped: {noor: MATCH-5}}\n", head=head)


def test_what_happened_is_told_from_the_first_step_unless_since_says_otherwise(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - expect: {added: [ben, ida, kim]}\n"
        "  - enters: {cohort: vips, people: ida}\n"
        "  - sync: {cohort: vips, cadence: hourly}\n"
        "  - expect: {added: [ben, ida, kim]}\n"
        "  - expect: {since: last_expect, added: [], runs: {count: 0}, requests: {count: 0}}\n"
        "  - leaves: {cohort: vips, people: ida}\n"
        "  - advance: 1h\n"
        "  - expect: {since: last_expect, removed: ida, added: [], runs: 2, requests: 1, alerts: {about: success}}\n"
    )


def test_expectations_are_narrowed_to_a_cohort_a_connection_or_a_sync(passes: Passes) -> None:
    passes(
        "connections: {by_user: [user_id], by_device: [device_id]}\n"
        "steps:\n"
        "  - sync: {cohort: openers, to: by_user, name: known}\n"
        "  - sync: {cohort: openers, to: by_device, name: anonymous}\n"
        "  - expect: {only: {sync: known}, added: [ida], skipped: {ben: MAP-3}, dropped: {}}\n"
        "  - expect: {only: {connection: by_device}, added: [ben], dropped: {ida: MATCH-4}, skipped: {}}\n"
        "  - expect: {only: {cohort: openers}, added: [ben, ida], runs: 2}\n"
        "  - expect: {only: {cohort: vips}, added: [], runs: 0}\n"
        "  - expect: {runs: [{sync: known, count: 1}, {sync: anonymous, count: 1}]}\n",
        head="people: {ben: {device_id: d-ben-0001, events: [app_opened]}, "
        "ida: {user_id: ida-1001, device_id: d-ida-0001, events: [app_opened]}}\n"
        "cohorts: {openers: {performed: app_opened}, vips: {people: []}}\n",
    )


def test_a_removal_that_misses_leaves_a_ghost(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - log_in: {person: ben, user_id: ben-1001}\n"
        "  - advance: {until: 2026-03-09T11:00:00Z}\n"
        "  - expect:\n"
        "      wanted: {openers: []}\n"
        "      members: {openers: [ben]}\n"
        "      not_removed: {ben: device_of_identified_profile, noor: MATCH-5}\n"
        "      removed: [ida, kim]\n"
        "      converged: false\n"
    )


def test_a_removal_under_two_identifiers_tells_what_the_better_of_them_did(passes: Passes) -> None:
    """A run that failed for good leaves a doubt under which id she went out, so both are taken back."""
    passes(
        "steps:\n"
        "  - fault: {operation: changeCohortUsers, answer: 502, times: 9}\n"
        "  - sync: {cohort: vips, cadence: hourly}\n"
        "  - advance: 255s\n"
        "  - change_mapping: {connection: braze, identify_by: [crm_id -> alias crm]}\n"
        "  - advance: 1h\n"
        "  - leaves: {cohort: vips, people: [ida]}\n"
        "  - advance: 1h\n"
        "  - expect: {removed: [ida], already_gone: [], members: {vips: []}}\n",
        head="people:\n  ida: {user_id: ida-1001, properties: {crm_id: c-1}, "
        "braze: {external_id: ida-1001, aliases: {crm: c-1}}}\n"
        "connections: {braze: user_id}\ncohorts: {vips: {people: [ida]}}\n",
    )


def test_who_was_removed_already_is_already_gone(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - enters: {cohort: vips, people: [ida]}\n"
        "  - sync: {cohort: vips, cadence: hourly}\n"
        "  - call: {service: braze, path: /partners/amplitude/cohorts/users, "
        "body: {partner_api_key: '{partner_api_key}', client_secret: '{data_import_key}', cohort_id: '{cohort:vips}', "
        "cohort_changes: [{user_ids: [ida-1001], should_remove: true}]}}\n"
        "  - expect: {members: {vips: []}}\n"
        "  - leaves: {cohort: vips, people: [ida]}\n"
        "  - advance: 1h\n"
        "  - expect: {already_gone: [ida], removed: []}\n"
    )


def test_an_undelivered_change_is_told_until_it_is_delivered(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - disable_partner: amplitude\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - expect: {undelivered: [ben, ida, kim, noor], runs: {count: 1, status: failed}}\n"
        "  - enable_partner: amplitude\n"
        "  - advance: 1h\n"
        "  - expect: {undelivered: [], added: [ben, ida, kim], runs: {count: 1, status: success}}\n"
    )


def test_segments_hold_profiles(passes: Passes, differs: Differs) -> None:
    passes(
        "steps:\n"
        "  - create_segment: {name: in app, includes: openers}\n"
        "  - create_segment: {name: others, excludes: [openers]}\n"
        "  - create_segment: {name: raw, filters: {OR: [{amplitude_cohorts: {comparison: includes_value, "
        "value: '{cohort:openers}'}}]}}\n"
        "  - expect: {segments: {in app: [], others: [ben, ida, kim]}}\n"
        "  - sync: openers\n"
        "  - expect: {segments: {in app: [ben, ida, kim], others: [], raw: 3}}\n"
    )

    late = "steps:\n  - expect: {segments: {s: 0}}\n  - create_segment: {name: s, includes: openers}\n"
    assert [(2, "segment s", "a segment", "none yet")] == differs(late)


def test_a_stranger_in_a_cohort_is_not_overlooked(differs: Differs) -> None:
    found = differs(
        "steps:\n"
        "  - track: {attributes: {external_id: stranger, first_name: Zoe}}\n"
        "  - call: {service: braze, path: /partners/amplitude/cohorts/users, "
        "body: {partner_api_key: '{partner_api_key}', client_secret: '{data_import_key}', cohort_id: '{cohort:vips}', "
        "cohort_changes: [{user_ids: [stranger]}]}}\n"
        "  - expect: {members: {vips: []}}\n"
    )

    assert 1 == len(found)
    assert found[0][1].startswith("members of vips in Braze: profile ")


def test_a_held_change_counts_when_it_takes_effect(passes: Passes) -> None:
    passes("""
steps:
  - fault: {operation: changeCohortUsers, held: 10m, times: 1}
  - sync: openers
  - expect: {added: [], dropped: {}}
  - advance: 10m
  - expect: {since: last_expect, added: [ida, ben, kim], dropped: {noor: unknown_external_id}}
""")


def test_what_a_deleted_sync_did_is_still_told(passes: Passes) -> None:
    passes("""
steps:
  - sync: {cohort: openers, cadence: hourly}
  - delete_sync: openers
  - {sync_now: openers, refused: "the sync 'openers' was deleted"}
  - expect: {only: {connection: braze}, added: [ida, ben, kim]}
""")


def test_nobody_is_wanted_in_a_cohort_that_was_deleted(passes: Passes, differs: Differs) -> None:
    gone = SYNC + "  - delete_cohort: openers\n"
    passes(gone + "expect: {wanted: {openers: []}, converged: false}\n")
    assert [(4, "added: noor is missing", "ben, ida, kim, noor", "ben, ida, kim")] == differs(
        gone + "  - expect: {added: [ben, ida, kim, noor]}\n"
    )


def test_attributes_that_arrive_with_the_next_run_are_not_undelivered_any_more(passes: Passes) -> None:
    """TRAIT-1."""
    passes(
        "steps:\n  - fault: {operation: trackUsers, answer: 400, times: 1}\n"
        "  - sync_traits: {properties: plan, cadence: hourly}\n  - expect: {undelivered: [ida]}\n"
        "  - advance: 1h\n  - expect: {undelivered: []}\n",
        head="people: {ida: {user_id: ida-1001, properties: {plan: pro}, events: app_opened}}\n",
    )


def test_what_a_webhook_heard_in_the_end_is_not_undelivered_any_more(passes: Passes) -> None:
    """SYNC-5."""
    passes(
        "steps:\n  - webhook_answers: {connection: hook, status: 400, times: 1}\n"
        "  - sync: {cohort: vips, cadence: hourly}\n  - expect: {undelivered: [ida]}\n"
        "  - advance: 1h\n  - expect: {undelivered: []}\n",
        head="people: {ida: {user_id: ida-1001}}\nconnections: {hook: {identify_by: user_id, webhook: {}}}\n"
        "cohorts: {vips: {people: [ida]}}\n",
    )


def test_an_undelivered_removal_is_told_as_a_removal(run: Callable[..., Result]) -> None:
    found = run(
        "steps:\n  - enters: {cohort: vips, people: [ida]}\n  - sync: {cohort: vips, cadence: hourly}\n"
        "  - leaves: {cohort: vips, people: [ida]}\n  - fault: {operation: changeCohortUsers, answer: 400}\n"
        "  - advance: 1h\nexpect: {undelivered: []}\n"
    )

    assert [
        "ida was sent by external_id ida-1001 for removal in run sync-1/2: the request that carried this person was "
        "never accepted; status 400 after 1 attempt; rides with the next run (SYNC-5)"
    ] == [each.why for each in found.differences]
