"""Steps that speak HTTP: Braze's user endpoints, calls with their keys, segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Passes = Callable[..., object]

SYNC = "  - sync: openers\n"


def test_an_alias_by_rest_reaches_a_person_from_then_on(passes: Passes) -> None:
    passes(
        "connections: {braze: [crm_id -> alias crm]}\nsteps:\n  - add_alias: {person: ida, label: crm, name: crm-1}\n"
        + SYNC
        + "  - expect: {added: [ida], requests: {operation: createUserAliases, status: 201, count: 1}}\n",
        head="people: {ida: {user_id: ida-1001, properties: {crm_id: crm-1}, events: [app_opened]}}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
    )


def test_an_alias_by_sdk_goes_to_an_anonymous_profile(passes: Passes) -> None:
    passes(
        "connections: {braze: [crm_id -> alias crm]}\nsteps:\n  - add_alias: {person: ben, label: crm, name: crm-1}\n"
        + SYNC
        + "  - expect: {added: [ben], requests: {operation: createUserAliases, count: 0}}\n",
        head="people: {ben: {device_id: d-ben-0001, properties: {crm_id: crm-1}, events: [app_opened]}}\n"
        "cohorts: {openers: {performed: app_opened}}\n",
    )


def test_identify_gives_an_alias_only_profile_an_external_id(passes: Passes) -> None:
    passes(
        "steps:\n  - identify: {person: kim, external_id: kim-1001}\n" + SYNC +
        "  - expect: {profiles: {kim: {external_id: kim-1001}}, added: [ben, ida, kim], profiles_created: 0}\n"
    )  # fmt: skip


def test_a_merged_profile_is_gone_and_its_alias_is_the_others(passes: Passes) -> None:
    passes(
        "steps:\n  - merge: {person: kim, into: ida}\n" + SYNC +
        "  - expect: {profiles: {kim: none, ida: {user_aliases: [{alias_name: kim-7, alias_label: crm}]}}}\n"
        "  - expect: {members: {openers: [ben, ida]}, already_there: [kim]}\n"
    )  # fmt: skip


def test_whoever_is_deleted_is_dropped(passes: Passes) -> None:
    passes("steps:\n  - delete: ida\n" + SYNC + "  - expect: {dropped: {ida: MATCH-5, noor: MATCH-5}}\n")


def test_a_renamed_external_id_still_resolves_unless_a_switch_says_no(passes: Passes) -> None:
    steps = "steps:\n  - rename_external_id: {person: ida, to: ida-2002}\n" + SYNC

    passes(steps + "  - expect: {added: [ben, ida, kim], story: {ida: MATCH-6}}\n")
    passes(
        "rules: {deprecated_external_ids: ignore}\n" + steps + "  - expect: {dropped: {ida: MATCH-6, noor: MATCH-5}}\n"
    )


def test_track_writes_attributes_events_and_purchases(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - track:\n"
        "      attributes: {external_id: ida-1001, email: ida@example.com, tier: gold}\n"
        "      events: [{external_id: ida-1001, name: rated, time: '2026-03-02T09:00:00Z'}]\n"
        "      purchases:\n"
        "        - {external_id: ida-1001, product_id: p, currency: EUR, price: 2, time: '2026-03-02T09:00:00Z'}\n"
        "  - expect: {profiles: {ida: {email: ida@example.com, custom_attributes: {tier: gold}, total_revenue: 2}}}\n"
        "  - expect: {data_points: '>= 4', requests: {operation: trackUsers, status: 201, count: 1}}\n"
    )


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("add_alias: {person: noor, label: crm, name: x}", "Braze has no profile of noor"),
        ("identify: {person: ida, external_id: x}", "ida has no alias"),
        ("identify: {person: kim, external_id: x, label: other}", "no alias with the label other"),
        ("delete: noor", "Braze has no profile of noor"),
        ("rename_external_id: {person: kim, to: x}", "no external id"),
        ("rename_external_id: {person: noor, to: x}", "no profile of noor"),
        ("merge: {person: ben, into: ida}", "neither external id nor alias"),
        ("track: {attributes: {first_name: Nobody}}", "answers /users/track with 400"),
    ],
)
def test_what_braze_does_not_do_is_said(passes: Passes, step: str, said: str) -> None:
    passes(f"steps:\n  - {{{step}, refused: {said}}}\n")


@pytest.mark.parametrize(
    ("service", "path", "body", "status"),
    [
        ("braze", "/users/export/ids", "{external_ids: [ida-1001]}", 201),
        ("braze", "/users/nothing", "{}", 404),
        ("braze", "/users/track", "not json", 400),
        (
            "amplitude",
            "/2/httpapi",
            "{api_key: '{amplitude_api_key}', events: [{event_type: x, user_id: ida-1001}]}",
            200,
        ),
        ("amplitude", "/2/httpapi", "{api_key: wrong, events: [{event_type: x, user_id: ida-1001}]}", 400),
    ],
)
def test_any_call_can_be_made(passes: Passes, service: str, path: str, body: str, status: int) -> None:
    passes(
        f"steps:\n  - call: {{service: {service}, path: {path}, body: {body}, expect: {status}}}\n"
        f"expect: {{requests: {{status: {status}, count: 1}}}}\n"
    )


def test_a_call_without_credentials_is_refused_by_braze(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - call: {service: braze, path: /users/track, auth: none, body: {}, expect: 401}\n"
        "  - call: {service: braze, path: /users/track, headers: {Authorization: Bearer no}, body: {}, expect: 401}\n"
        "  - call: {service: braze, path: /users/export/ids, headers: {Authorization: 'Bearer {braze_rest_key}'}, "
        "body: {external_ids: []}, expect: 201}\n"
    )


def test_an_event_that_arrives_by_http_is_an_event(passes: Passes) -> None:
    passes(
        "cohorts: {buyers: {performed: bought}}\n"
        "steps:\n  - call: {service: amplitude, path: /2/httpapi, body: {api_key: '{amplitude_api_key}', "
        "events: [{event_type: bought, user_id: ida-1001, device_id: d-ida-0001}]}, "
        "expect: {status: 200, body: {code: 200}}}\n"
        "  - expect: {wanted: {buyers: [ida]}}\n",
        head="people: {ida: {user_id: ida-1001, device_id: d-ida-0001}}",
    )


CALL = """
  - call:
      service: braze
      path: /partners/amplitude/cohorts/users
      body:
        partner_api_key: "{partner_api_key}"
        client_secret: "KEY"
        cohort_id: "{cohort:openers}"
        cohort_changes: []
      expect: STATUS
"""


def _asked(key: str, status: int) -> str:
    return CALL.replace("KEY", f"{{{key}}}").replace("STATUS", str(status)).lstrip("\n")


def test_a_call_may_carry_the_key_of_a_connection_and_the_one_before_it(passes: Passes) -> None:
    passes(
        "steps:\n" + _asked("data_import_key:braze", 201) + "  - new_key: braze\n"
        + _asked("data_import_key:braze", 201) + _asked("former_data_import_key:braze", 201)
        + "  - revoke_key: {connection: braze, former: true}\n"
        + _asked("data_import_key:braze", 201) + _asked("former_data_import_key:braze", 401)
        + "  - revoke_key: braze\n" + _asked("data_import_key:braze", 401) + _asked("data_import_key", 201)
    )  # fmt: skip


@pytest.mark.parametrize(
    "step", ["revoke_key: {connection: braze, former: true}", _asked("former_data_import_key:braze", 201)[4:-1]]
)
def test_a_connection_that_had_one_key_has_no_former_one(run: Callable[..., Any], step: str) -> None:
    (difference,) = run(f"steps:\n  - {step}\n  - expect: {{runs: 0}}\n").differences
    assert "has had one key only" in difference.got


def test_the_expected_answer_speaks_of_the_world_too(passes: Passes) -> None:
    passes(
        "steps:\n  - call:\n      service: amplitude\n      method: GET\n      path: '/api/3/cohorts/{cohort:vips}'\n"
        "      expect: {status: 200, contains: '\"{cohort:vips}\"', body: {cohort: {id: '{cohort:vips}'}}}\n"
    )


def test_a_rename_that_braze_reports_as_an_error_is_refused(run: Callable[..., Any]) -> None:
    (difference,) = run(
        "steps:\n  - rename_external_id: {person: ida, to: ida-1001}\n  - expect: {runs: 0}\n"
    ).differences

    assert "Braze answers /users/external_ids/rename with 201" in difference.got
