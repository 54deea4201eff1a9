"""Traits, streams, campaigns and Currents between the two services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.sync.destinations import webhooks
from simulator.sync.destinations.base import Parcel
from simulator.sync.history import History
from simulator.sync.ports import Request

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


def test_a_european_project_is_reached_at_its_own_hosts_and_currents_find_it_there(passes: Passes) -> None:
    passes(
        'cohorts: {readers: {performed: "[Appboy] [Custom Event] read", within: 7d, project: europe}}\n'
        "steps:\n"
        "  - export_currents: {types: [users.behaviors.CustomEvent], project: europe}\n"
        '  - track: {events: [{external_id: ben-1001, name: read, time: "2026-03-02T10:00:00Z"}]}\n'
        "  - advance: 15m\n"
        "  - expect: {wanted: {readers: [ben]}}\n"
        "  - call: {service: amplitude, method: GET, path: /api/3/cohorts, project: europe, expect: 200}\n"
        "  - call: {service: amplitude, method: GET, path: /api/3/cohorts, project: europe,\n"
        "           headers: {host: amplitude.com}, expect: 403}\n",
        head=SHOP.replace("shop", "europe").replace("{plan: growth}", "{region: eu}"),
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


STORE = (
    HEAD.replace("within: 7d}}", "within: 7d}, hooked: {people: [ida, noor]}}")
    + """
computations:
  orders: {count: order_placed, within: 30d}
  spent: {sum: amount, of: order_placed, within: 30d}
  city: {last: city, of: order_placed, within: 7d}
"""
)


def test_computations_and_recommendations_become_attributes_and_follow_what_people_do(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - event: {person: ida, name: order_placed, times: 2, properties: {amount: 5, city: Oslo}}\n"
        "  - recommend: {person: ida, name: next_best, items: [mug, cap]}\n"
        "  - sync_traits: {computations: [orders, spent, city], recommendations: next_best, cadence: hourly}\n"
        "  - expect: {profiles: {ida: {custom_attributes: {orders: 2, spent: 10, city: Oslo, next_best: [mug, cap]}},\n"
        "                        noor: {custom_attributes: {orders: 0, spent: null}}}}\n"
        "  - event: {person: ida, name: order_placed, properties: {amount: 7, city: Lund}}\n"
        "  - advance: 1h\n"
        "  - expect: {profiles: {ida: {custom_attributes: {orders: 3, spent: 17, city: Lund}}}}\n",
        head=STORE,
    )


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("sync_traits: {recommendations: nobody_knows}", "no computation or recommendation nobody_knows"),
        ("edit_stream: {stream: currents, events: [x]}", "is a Currents connector"),
        ("pause_feed: later", "there is no 'later' yet"),
        ("webhook_answers: {connection: braze, status: 500}", "braze is no webhook"),
    ],
)
def test_a_feed_may_be_refused(passes: Passes, step: str, said: str) -> None:
    passes(
        f"steps:\n  - export_currents:\n  - {{{step}, refused: {said}}}\n"
        "  - stream_events: {events: a, name: later}\n",
        head=STORE,
    )


def test_a_stream_is_filtered_edited_paused_and_deleted(passes: Passes) -> None:
    placed = "event: {person: ida, name: order_placed, properties: {country: SE}}"
    passes(
        "steps:\n"
        "  - stream_events: {events: order_placed, where: {order_placed: {property: country, values: [SE]}}}\n"
        f"  - {placed}\n"
        "  - event: {person: ida, name: order_placed, properties: {country: NO}}\n"
        "  - advance: 1m\n"
        "  - expect: {profiles: {ida: {custom_events: [{name: order_placed, count: 1}]}}}\n"
        "  - pause_feed: stream\n"
        f"  - {placed}\n"
        "  - advance: 1m\n"
        "  - resume_feed: stream\n"
        "  - expect: {profiles: {ida: {custom_events: [{name: order_placed, count: 1}]}}}\n"
        "  - edit_stream: {stream: stream, events: [cart_filled], forward: [plan]}\n"
        f"  - {placed}\n"
        "  - event: {person: ida, name: cart_filled}\n"
        "  - change_property: {person: ida, set: {plan: gold}}\n"
        "  - advance: 1m\n"
        "  - expect: {profiles: {ida: {custom_attributes: {plan: gold},\n"
        "      custom_events: [{name: cart_filled, count: 1}, {name: order_placed, count: 1}]}}}\n"
        "  - delete_feed: stream\n"
        "  - event: {person: ida, name: cart_filled}\n"
        "  - {advance: 1m}\n"
        "  - {pause_feed: stream, refused: there is no stream}\n"
        "  - expect: {requests: {operation: trackUsers, count: 2}}\n",
        head=STORE,
    )


HOOK = STORE.replace(
    "connections: {braze: [user_id, device_id]}",
    "connections:\n  hook: {identify_by: user_id, webhook: {properties: [plan], headers: {X-Team: growth}}}",
)


def test_a_webhook_hears_entries_and_exits_and_may_be_slow_or_refuse(passes: Passes) -> None:
    passes(
        "steps:\n"
        "  - webhook_answers: {connection: hook, latency: 3s, times: 1}\n"
        "  - sync: {cohort: hooked, cadence: hourly}\n"
        "  - advance: 10s\n"
        "  - expect:\n"
        "      received:\n"
        "        hook:\n"
        "          - {in_cohort: true, users: [{user_properties: {plan: pro}}, {user_id: noor-1001}]}\n"
        "          - {in_cohort: true, users: [{user_id: ida-1001}, {user_id: noor-1001}]}\n"
        "  - webhook_answers: {connection: hook, status: 410}\n"
        "  - leaves: {cohort: hooked, people: [noor]}\n"
        "  - advance: 1h\n"
        "  - webhook_answers: {connection: hook}\n"
        "  - advance: 1h\n"
        "  - expect:\n"
        "      since: last_expect\n"
        "      runs: [{status: failed, count: 1}, {status: success, count: 1}]\n"
        "      received: {hook: [{in_cohort: false, users: [{user_id: noor-1001}]}, {in_cohort: false}]}\n",
        head=HOOK,
    )


def test_messages_that_differ_are_told(differs: Callable[..., list[tuple[int, str, str, str]]]) -> None:
    found = differs("steps:\n  - sync: hooked\nexpect:\n  received: {hook: [{in_cohort: false}]}\n", head=HOOK)
    assert [(4, "in_cohort of message 1 to hook", "false", "true")] == found
    counted = differs("steps:\n  - sync: hooked\nexpect:\n  received: {hook: []}\n", head=HOOK)
    assert [(4, "messages to hook", "0", "1")] == counted


def test_a_message_under_another_fixed_header_is_told(
    monkeypatch: pytest.MonkeyPatch, differs: Callable[..., list[tuple[int, str, str, str]]]
) -> None:
    monkeypatch.setitem(webhooks.FIXED_HEADERS, "user-agent", "Amplitude/Hook")
    found = differs("steps:\n  - sync: hooked\nexpect:\n  received: {hook: [{in_cohort: true}]}\n", head=HOOK)
    assert [(4, "user-agent of message 1 to hook", "Amplitude/Webhook/1.0", "Amplitude/Hook")] == found


def test_a_message_without_a_header_of_its_connection_or_to_another_address_is_told(
    monkeypatch: pytest.MonkeyPatch, differs: Callable[..., list[tuple[int, str, str, str]]]
) -> None:
    written = webhooks.CohortWebhooks.request

    def bare(destination: webhooks.CohortWebhooks, parcel: Parcel) -> Request:
        return replace(written(destination, parcel), path="/", headers=dict(webhooks.FIXED_HEADERS))

    monkeypatch.setattr(webhooks.CohortWebhooks, "request", bare)
    found = differs("steps:\n  - sync: hooked\nexpect:\n  received: {hook: [{in_cohort: true}]}\n", head=HOOK)
    assert [
        (4, "address of message 1 to hook", "/cohorts?from=amplitude", "/"),
        (4, "X-Team of message 1 to hook", "growth", "nothing"),
    ] == found


def test_values_of_an_export_stand_under_the_property_that_they_came_from(
    differs: Callable[..., list[tuple[int, str, str, str]]],
) -> None:
    found = differs(
        "steps:\n  - sync: openers\nexpect:\n"
        "  history: {sync: openers, values: {ida: {user_id: ida-1001}, ben: {user_id: d-ben-0001}, old: {}}}\n",
        head=HEAD,
    )
    assert [
        ("values of ben in the export of run 1 of openers", "{'user_id': 'd-ben-0001'}", "{'device_id': 'd-ben-0001'}"),
        ("values of old in the export of run 1 of openers", "{}", "no row"),
    ] == [each[1:] for each in found]


def test_an_exit_exported_as_an_unresolved_mapping_is_told(
    monkeypatch: pytest.MonkeyPatch, differs: Callable[..., list[tuple[int, str, str, str]]]
) -> None:
    told = History.vendor_csv
    monkeypatch.setattr(
        History, "vendor_csv", lambda *given: told(*given).replace("added,,true,Unres", "removed,,true,Unres")
    )
    found = differs(
        "steps:\n  - sync: openers\nexpect:\n  history: {sync: openers, skipped: {ben: Unresolved mapping}}\n",
        head=HEAD.replace("[user_id, device_id]", "user_id"),
    )
    assert [(4, "unresolved mappings in the export of run 1 of openers", "each of an entry", "of exits: ben")] == found


def test_history_exports_who_was_added_skipped_and_dropped(
    passes: Passes, differs: Callable[..., list[tuple[int, str, str, str]]]
) -> None:
    head = HEAD.replace("[user_id, device_id]", "user_id")
    passes(
        "steps:\n"
        "  - sync: {cohort: openers, cadence: hourly}\n"
        "  - sync: {cohort: openers, cadence: real_time, name: live}\n"
        "expect:\n"
        "  history:\n"
        "    - {sync: openers, run: 1, added: [ida, noor], removed: [], skipped: {ben: Unresolved mapping},\n"
        "       dropped: {noor: MATCH-5}}\n"
        "    - {sync: live, none: real-time}\n",
        head=head,
    )
    found = differs(
        "steps:\n  - sync: openers\nexpect:\n"
        "  history: {sync: openers, added: [ida], skipped: {}, dropped: {}, none: gone}\n",
        head=head,
    )
    assert [
        ("the export of run 1 of openers", "none, as gone", "there is one"),
        ("added in the export of run 1 of openers", "ida", "ida, noor"),
        ("skips in the export of run 1 of openers", "{}", "{'ben': 'Unresolved mapping'}"),
        ("drops in the export of run 1 of openers", "{}", "{'noor': 'MATCH-5 MATCH-1 NOCREATE-1'}"),
    ] == [each[1:] for each in found]


def test_a_revoked_rest_key_stops_its_stream_alone_and_a_new_one_serves_what_is_still_tried(passes: Passes) -> None:
    """KEY-4, STREAM-1."""
    passes(
        "steps:\n  - stream_events: {events: [bought], name: sales}\n  - stream_events: {events: [seen], name: views}\n"
        "  - revoke_rest_key: sales\n  - event: {person: ida, name: bought}\n  - event: {person: ida, name: seen}\n"
        "  - advance: 1m\n  - expect: {profiles: {ida: {custom_events: [{name: seen, count: 1}]}}}\n"
        "  - new_rest_key: sales\n  - advance: 2m\n"
        "  - expect: {profiles: {ida: {custom_events: [{name: bought, count: 1}, {name: seen, count: 1}]}}}\n",
        head=HEAD,
    )


def test_a_revoked_rest_key_fails_trait_syncs_until_there_is_a_new_one(passes: Passes) -> None:
    """KEY-4, TRAIT-1."""
    passes(
        "steps:\n  - sync_traits: {properties: plan, cadence: hourly, name: plans}\n"
        "  - revoke_rest_key: {traits: plans}\n  - change_property: {person: ida, set: {plan: free}}\n"
        "  - advance: 1h\n  - expect: {profiles: {ida: {custom_attributes: {plan: pro}}}}\n"
        "  - expect: {requests: {operation: trackUsers, status: 401, count: 1}, runs: [{status: failed, count: 1}]}\n"
        "  - new_rest_key: {traits: plans}\n  - advance: 1h\n"
        "  - expect: {profiles: {ida: {custom_attributes: {plan: free}}}, undelivered: []}\n",
        head=HEAD,
    )


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("revoke_rest_key: currents", "is a Currents connector"),
        ("new_rest_key: {traits: openers}", "data import key"),
    ],
)
def test_only_streams_and_trait_syncs_have_a_rest_key(passes: Passes, step: str, said: str) -> None:
    passes(f"steps:\n  - export_currents:\n  - sync: openers\n  - {{{step}, refused: {said}}}\n", head=HEAD)


def test_what_happens_in_the_middle_of_the_first_run_may_name_the_trait_sync(passes: Passes) -> None:
    passes(
        "steps:\n  - fault: {operation: trackUsers, times: 1, answer: 503, after: {pause_sync: plans}}\n"
        "  - sync_traits: {properties: plan, cadence: hourly, name: plans}\n  - advance: 3h\n"
        "  - expect: {runs: {sync: plans, count: 1, status: success}}\n",
        head=HEAD,
    )
