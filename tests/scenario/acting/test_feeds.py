"""Traits, streams, campaigns and Currents between the two services."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Passes = Callable[..., object]

HEAD = """
people:
  ida: {user_id: ida-1001, device_id: d-ida-0001, properties: {plan: pro}, events: [app_opened]}
  noor: {user_id: noor-1001, properties: {plan: free, crm_id: c-7}, events: [app_opened], braze: none}
  old: {user_id: old-1001, properties: {plan: pro}, events: [{name: app_opened, ago: 91d}]}
  ben: {device_id: d-ben-0001, properties: {plan: pro}, events: [app_opened]}
connections: {braze: [user_id, device_id]}
cohorts: {openers: {performed: app_opened, within: 7d}}
"""


def test_traits_of_active_people_become_attributes_and_make_profiles(passes: Passes) -> None:
    passes(
        "steps:\n  - sync_traits: plan\n  - expect:\n"
        "      profiles_created: 1\n"
        "      profiles: {ida: {custom_attributes: {plan: pro}}, noor: {custom_attributes: {plan: free}}}\n"
        "      requests: {operation: trackUsers, status: 201, count: 1}\n"
        "      runs: {sync: traits, count: 1, status: success}\n"
        "  - expect: {profiles: {old: {custom_attributes: null}, ben: {custom_attributes: null}}}\n",
        head=HEAD,
    )


def test_each_run_of_a_trait_sync_sends_everybody_again(passes: Passes) -> None:
    passes(
        "steps:\n  - sync_traits: {properties: plan, cadence: hourly, name: plans}\n"
        "  - change_property: {person: ida, set: {plan: free}}\n  - advance: 1h\n"
        "  - expect: {profiles: {ida: {custom_attributes: {plan: free}}}, runs: {sync: plans, count: 2}}\n"
        "  - expect: {requests: {operation: trackUsers, count: 2}}\n  - pause_sync: plans\n",
        head=HEAD,
    )


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("sync_traits: {properties: plan, cadence: real_time}", "never real-time"),
        ("sync_traits: {properties: plan, identify_by: crm_id -> alias crm}", "trait_identifier"),
    ],
)
def test_a_trait_sync_may_be_refused(passes: Passes, step: str, said: str) -> None:
    passes(f"steps:\n  - {{{step}, refused: {said}}}\n", head=HEAD)


def test_a_streamed_event_arrives_and_makes_a_profile(passes: Passes) -> None:
    passes(
        "steps:\n  - stream_events: {events: order_placed, event_properties: [amount], forward: [plan]}\n"
        "  - event: {person: [ida, noor], name: order_placed, properties: {amount: 5, secret: 1}}\n"
        "  - event: {person: ida, name: app_opened}\n"
        "  - change_property: {person: ida, set: {plan: gold}}\n"
        "  - advance: 1m\n"
        "  - expect:\n"
        "      profiles_created: 1\n"
        "      profiles:\n"
        "        ida: {custom_attributes: {plan: gold}, custom_events: [{name: order_placed, count: 1}]}\n"
        "        noor: {external_id: noor-1001, custom_events: [{name: order_placed, count: 1}]}\n",
        head=HEAD,
    )


def test_a_stream_may_update_users_only(passes: Passes) -> None:
    passes(
        "steps:\n  - stream_events: {events: order_placed, update_users_only: true}\n"
        "  - event: {person: [noor, ben], name: order_placed}\n  - advance: {until: idle}\n"
        "  - expect: {profiles_created: 0, profiles: {noor: none}}\n",
        head=HEAD,
    )


def test_a_campaign_to_a_synced_cohort_comes_back_as_events_that_define_the_next_cohort(passes: Passes) -> None:
    passes(
        "cohorts: {openers: {performed: app_opened, within: 7d}, reached: {performed: '[Appboy] Webhook Send'}}\n"
        "steps:\n"
        "  - export_currents:\n"
        "  - sync: openers\n"
        "  - create_segment: {name: in app, includes: openers}\n"
        "  - send_campaign: {segment: in app, channel: webhook, name: hello}\n"
        "  - expect: {sent: {hello: [ida, ben]}}\n"
        "  - advance: 20m\n"
        "  - expect: {wanted: {reached: [ida, ben]}}\n",
        head=HEAD.replace("cohorts: {openers: {performed: app_opened, within: 7d}}\n", ""),
    )


def test_a_campaign_needs_a_segment_and_an_address(passes: Passes) -> None:
    passes(
        "steps:\n  - {send_campaign: late, refused: there is no segment}\n  - sync: openers\n"
        "  - create_segment: {name: late, includes: openers}\n"
        "  - track: {attributes: {external_id: ida-1001, email: ida@example.com}}\n"
        "  - send_campaign: {segment: late, name: mail}\n  - expect: {sent: {mail: [ida]}}\n",
        head=HEAD,
    )


SHOP = """
projects: {shop: {plan: growth}}
people:
  ida: {user_id: ida-1001, properties: {plan: pro}, events: [app_opened]}
  ben: {user_id: ben-1001, projects: shop, properties: {plan: free}, events: [app_opened]}
connections: {braze: user_id}
"""


def test_traits_streams_and_currents_belong_to_a_project(passes: Passes) -> None:
    """CONN-2."""
    passes(
        "steps:\n  - sync_traits: {properties: plan, project: shop}\n"
        "  - stream_events: {events: [bought], project: shop}\n"
        "  - event: {person: [ida, ben], name: bought}\n  - advance: 1m\n"
        "  - export_currents: {types: [users.behaviors.CustomEvent], project: shop}\n"
        '  - track: {events: [{external_id: ida-1001, name: read, time: "2026-03-02T10:01:00Z"}]}\n'
        "  - advance: 15m\n"
        "  - expect:\n"
        "      profiles: {ida: {custom_attributes: null}, ben: {custom_attributes: {plan: free}}}\n"
        "  - call: {service: amplitude, method: GET, path: /api/2/usersearch, query: {user: ida-1001}, project: shop,\n"
        "           expect: {body: {type: match_user_or_device_id}}}\n"
        "  - call: {service: amplitude, method: GET, path: /api/2/usersearch, query: {user: ben-1001},\n"
        "           expect: {body: {type: nomatch}}}\n",
        head=SHOP,
    )


def test_a_key_in_a_body_is_that_of_the_calls_project(passes: Passes) -> None:
    passes(
        "cohorts: {readers: {performed: read, within: 7d}, shoppers: {performed: read, within: 7d, project: shop}}\n"
        "steps:\n"
        "  - call:\n      service: amplitude\n      path: /2/httpapi\n      project: shop\n"
        '      body: {api_key: "{amplitude_api_key}", events: [{user_id: ben-1001, event_type: read}]}\n'
        "      expect: 200\n"
        "  - expect: {wanted: {readers: [], shoppers: [ben]}}\n",
        head=SHOP,
    )
