"""Bodies of the shape that shipping connectors send to Braze, and what they rely on in the answers.

Each case names the connector, or the public SDK, whose request has this shape; people and values are our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from simulator.fakes.braze.keys import BrazeSettings
from simulator.world import World, WorldSettings

ALIAS = {"alias_name": "anon-77e2", "alias_label": "rudder_id"}
NO_ID = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
NOTHING_VALID = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
BAD_EMAIL = "The value provided for the 'email' field is not a valid email."
WRONG_CHANGES = (
    "`cohort_changes` must be an array of objects each with key `user_ids` and/or `device_ids` mapping to an array "
    "of strings, or an `aliases` object"
)
TOO_MANY_IN_COHORT = "Only 1,000 `user_ids`, `device_ids`, and `aliases` are allowed per request"
IDA = {"external_id": "ida-1001"}
OPENED = {**IDA, "name": "app_opened", "time": "2026-03-02T09:59:58.123Z"}
ORDER = {**IDA, "product_id": "sku-1", "currency": "EUR", "price": 19.99, "time": "2026-03-02T09:59:58.123Z"}
KEPT = {"external_id": "ida-1001"}
ADDED = object()
"""Stands for a value of which only the presence is known."""


@dataclass(frozen=True)
class Case:
    """One request of a connector; `before` is sent first, `absent` may not be in the answer, `keys` says which."""

    connector: str
    path: str
    body: object
    status: int
    expected: Mapping[str, object] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    before: tuple[tuple[str, object], ...] = ()
    method: str = "POST"
    keys: str = "rest"


def blame(text: str, array: str, index: int) -> dict[str, object]:
    """One item of `errors`."""
    return {"type": text, "input_array": array, "index": index}


def tracked(**arrays: object) -> tuple[tuple[str, object], ...]:
    """A users/track call that comes first."""
    return (("/users/track", arrays),)


SOMEBODY = tracked(attributes=[{**IDA, "email": "Ida@Example.com", "tier": "gold"}])
ANON = tracked(attributes=[{"user_alias": ALIAS, "_update_existing_only": False, "tier": "anon"}])
SEGMENT = {"X-Braze-Batch": "true"}
RUDDER: Mapping[str, str] = {"Accept": "application/json", "User-Agent": "RudderLabs"}
SHOWN = ["external_id", "email", "first_name", "custom_attributes", "user_aliases"]

TRACK = [
    Case("rudder identify", "/users/track",
         {"partner": "RudderStack", "attributes": [{**IDA, "email": "ida@example.com", "first_name": "Ida",
                                                    "_update_existing_only": False, "tier": "gold"}]},
         201, {"message": "success", "attributes_processed": 1}, ("errors", "events_processed"), RUDDER),
    Case("rudder anonymous identify", "/users/track",
         {"partner": "RudderStack", "attributes": [{"user_alias": ALIAS, "_update_existing_only": False}]},
         201, {"attributes_processed": 1}, ("errors",), RUDDER),
    Case("rudder track", "/users/track",
         {"partner": "RudderStack", "attributes": [{**IDA, "tier": "gold"}],
          "events": [{**OPENED, "properties": {"plan": "pro", "nested": {"a": [1, 2]}}}]},
         201, {"attributes_processed": 1, "events_processed": 1}, ("errors", "purchases_processed"), RUDDER),
    Case("rudder order", "/users/track",
         {"partner": "RudderStack", "purchases": [{**ORDER, "quantity": 2, "properties": {"brand": "Own"}}]},
         201, {"purchases_processed": 1}, ("errors",), RUDDER),
    Case("rudder recommended event", "/users/track",
         {"partner": "RudderStack", "events": [{**OPENED, "name": "ecommerce.order_placed", "properties": {
             "order_id": "o-1", "total_value": 44.98, "currency": "EUR", "source": "web",
             "products": [{"product_id": "sku-1", "quantity": 2, "price": 22.49}]}}]},
         201, {"events_processed": 1}, ("errors",), RUDDER),
    Case("rudder group", "/users/track",
         {"partner": "RudderStack", "attributes": [{**IDA, "ab_rudder_group_g1": True}]},
         201, {"attributes_processed": 1}, (), RUDDER),
    Case("rudder nested array", "/users/track",
         {"partner": "RudderStack", "attributes": [{**IDA, "_merge_objects": True, "cars": {
             "$update": [{"$identifier_key": "id", "$identifier_value": 2, "$new_object": {"name": "two"}}],
             "$remove": [{"$identifier_key": "id", "$identifier_value": 3}],
             "$add": [{"id": 1, "name": "one", "age": 27}]}}]},
         201, {"attributes_processed": 1}, ("errors",), RUDDER),
    Case("rudder one of each is bad", "/users/track",
         {"partner": "RudderStack", "events": [OPENED, {"name": "x", "time": "2026-03-02T09:59:58Z"}],
          "purchases": [{**ORDER, "quantity": 0}]},
         201, {"message": "success", "events_processed": 1,
               "errors": [blame(NO_ID, "events", 1), blame("'quantity' is not valid", "purchases", 0)]}, (), RUDDER),
    Case("rudder all bad", "/users/track",
         {"partner": "RudderStack", "events": [{"name": "x", "time": "2026-03-02T09:59:58Z"}] * 2,
          "purchases": [{**ORDER, "quantity": "many"}]},
         400, {"message": NOTHING_VALID, "errors": [blame(NO_ID, "events", 0), blame(NO_ID, "events", 1),
                                                    blame("'quantity' is not valid", "purchases", 0)]}, (), RUDDER),
    Case("rudder bad emails", "/users/track",
         {"partner": "RudderStack", "attributes": [{**IDA, "email": "123@a"}, {**IDA, "email": "none"}]},
         400, {"message": NOTHING_VALID, "errors": [blame(BAD_EMAIL, "attributes", 0),
                                                    blame(BAD_EMAIL, "attributes", 1)]}, (), RUDDER),
    Case("rudder country by name", "/users/track", {"attributes": [{**IDA, "country": "USA", "city": "Disney"}]},
         201, {"attributes_processed": 1}, ("errors",), RUDDER),
    Case("rudder 75 objects", "/users/track", {"events": [OPENED] * 75}, 201, {"events_processed": 75}, (), RUDDER),
    Case("rudder 76 objects", "/users/track", {"events": [OPENED] * 76}, 400, {"message": ADDED}, (), RUDDER),
    Case("segment profile batch", "/users/track",
         {"attributes": [{**IDA, "country": None, "dob": None, "email": "ida@example.com", "home_city": "",
                          "_update_existing_only": False}]},
         201, {"attributes_processed": 1}, ("errors",), SEGMENT),
    Case("segment location", "/users/track",
         {"attributes": [{**IDA, "current_location": {"key": "home", "latitude": 52.5, "longitude": 13.4}}]},
         201, {"attributes_processed": 1}, ("errors",), SEGMENT),
    Case("segment event with nothing in its properties", "/users/track",
         {"events": [{**OPENED, "app_id": "app-1", "properties": {}, "_update_existing_only": True}]},
         201, {"events_processed": 1}, ("errors",), SEGMENT),
    Case("segment time with an offset", "/users/track", {"events": [{**OPENED, "time": "2026-03-02T11:59:58.1+02:00"}]},
         201, {"events_processed": 1}, ("errors",), SEGMENT),
    Case("segment order by email", "/users/track",
         {"purchases": [{"email": "ida@example.com", "product_id": "sku", "currency": "USD", "price": 99.99,
                         "quantity": 1, "time": "2026-03-02T09:00:00.000Z", "_update_existing_only": True}]},
         201, {"purchases_processed": 1}, ("errors",), SEGMENT),
    Case("segment without a person", "/users/track", {"events": [OPENED, {"name": "x", "time": "2026-03-02"}]},
         201, {"events_processed": 1, "errors": [blame(NO_ID, "events", 1)]}, (), SEGMENT),
    Case("segment empty body", "/users/track", {}, 400, {"message": NOTHING_VALID}, (), SEGMENT),
    Case("two primary identifiers", "/users/track", {"attributes": [{**IDA, "user_alias": ALIAS, "tier": 1}]},
         400, {"message": NOTHING_VALID, "errors": ADDED}),
    Case("pipedream event", "/users/track", {"events": [{**OPENED, "app_id": "app-1", "properties": {"a": "1"}}]},
         201, {"message": "success", "events_processed": 1}),
    Case("pipedream attributes", "/users/track",
         {"attributes": [{**IDA, "visits": "3", "_update_existing_only": True}]},
         201, {"message": "success", "attributes_processed": 1}),
    Case("braze-api bulk", "/users/track/bulk", {"events": [OPENED] * 100}, 201, {"events_processed": 100}, (),
         {"X-Braze-Bulk": "true"}),
    Case("braze-api bulk, one user too often", "/users/track/bulk", {"events": [OPENED] * 101}, 400,
         {"message": ADDED}, (), {"X-Braze-Bulk": "true"}),
    Case("rudder audience add", "/users/track/bulk",
         {"partner": "RudderStack", "attributes": [{**IDA, "_update_existing_only": True, "vip": True}]},
         201, {"message": "success", "attributes_processed": 1}, ("errors",), RUDDER),
    Case("rudder audience, one bad", "/users/track/bulk",
         {"attributes": [{**IDA, "vip": True}, {"vip": True}]},
         201, {"attributes_processed": 1, "errors": [blame(NO_ID, "attributes", 1)]}, (), RUDDER),
    Case("sync of one attribute", "/users/track/sync", {"attributes": [{**IDA, "tier": "gold"}]}, 201,
         {"message": "success", "users": [{**IDA, "custom_attributes": {"tier": "gold"}}]}),
    Case("braze_ruby, whole numbers as ids", "/users/track",
         {"attributes": [{"external_id": 1, "foo": "bar"}],
          "events": [{"external_id": 1, "name": "baz", "time": "2019-02-15 00:00:00 -0500"}],
          "purchases": [{"external_id": 1, "product_id": 1, "time": "2019-02-15 00:00:00 -0500", "currency": "CAD",
                         "price": 1.0}]},
         201, {"message": "success", "attributes_processed": 1, "events_processed": 1, "purchases_processed": 1},
         ("errors",)),
    Case("amplitude event streaming", "/users/track",
         {"events": [{**OPENED, "app_id": "app-1", "properties": {"price": 3}, "_update_existing_only": True}],
          "attributes": [{**IDA, "plan": "gold", "_update_existing_only": True}]},
         201, {"events_processed": 1, "attributes_processed": 1}, ("errors",)),
]  # fmt: skip

USERS = [
    Case("rudder identity resolution", "/users/identify",
         {"aliases_to_identify": [{**IDA, "user_alias": ALIAS}], "merge_behavior": "merge"},
         201, {"aliases_processed": 1, "message": "success"}, ("errors",), RUDDER, ANON),
    Case("rudder alias nobody has", "/users/identify", {"aliases_to_identify": [{**IDA, "user_alias": ALIAS}]},
         201, {"aliases_processed": 1, "message": "success"}, ("errors",), RUDDER),
    Case("segment identify, nothing merged", "/users/identify",
         {"aliases_to_identify": [{**IDA, "user_alias": ALIAS}], "merge_behavior": "none"},
         201, {"aliases_processed": 1}, ("errors",), before=ANON),
    Case("segment email to identify", "/users/identify",
         {"emails_to_identify": [{**IDA, "email": "ida@example.com",
                                  "prioritization": ["unidentified", "most_recently_updated"]}]},
         201, {"emails_processed": 1, "message": "success"}, ("errors",)),
    Case("segment contradiction", "/users/identify",
         {"emails_to_identify": [{**IDA, "email": "ida@example.com",
                                  "prioritization": ["most_recently_updated", "least_recently_updated"]}]},
         201, {"errors": [blame("Request can not contain both of 'most_recently_updated' and 'least_recently_updated'"
                                " values in the 'prioritization' array", "user_identifiers", 0)]}),
    Case("segment alias", "/users/alias/new", {"user_aliases": [{**IDA, **ALIAS}]}, 201,
         {"aliases_processed": 1, "message": "success"}, before=SOMEBODY),
    Case("segment alias-only", "/users/alias/new", {"user_aliases": [{"external_id": None, **ALIAS}]}, 201,
         {"aliases_processed": 1, "message": "success"}),
    Case("alias update", "/users/alias/update",
         {"alias_updates": [{"alias_label": "rudder_id", "old_alias_name": "anon-77e2", "new_alias_name": "b"}]},
         201, {"message": "success"}, before=ANON),
    Case("rudder alias merge", "/users/merge",
         {"merge_updates": [{"identifier_to_merge": {"external_id": "old-1"}, "identifier_to_keep": KEPT}]},
         202, {"message": "success"}, ("errors",), RUDDER),
    Case("segment merge by alias", "/users/merge",
         {"merge_updates": [{"identifier_to_merge": {"user_alias": ALIAS}, "identifier_to_keep": KEPT}]},
         202, {"message": "success"}, ("errors",), before=ANON),
    Case("segment merge by email", "/users/merge",
         {"merge_updates": [{"identifier_to_merge": {"email": "ida@example.com", "prioritization": ["unidentified"]},
                             "identifier_to_keep": KEPT}]}, 202, {"message": "success"}),
    Case("merge with a further key", "/users/merge",
         {"merge_updates": [{"identifier_to_merge": KEPT, "identifier_to_keep": KEPT, "other": 1}]},
         400, {"message": "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'"}),
    Case("rudder deletion", "/users/delete", {"external_ids": ["ida-1001", "nobody-1"] * 25}, 201,
         {"deleted": 50, "message": "success"}, (), RUDDER, SOMEBODY),
    Case("rudder deletion of 51", "/users/delete", {"external_ids": ["ida-1001"] * 51}, 400, {"message": ADDED}),
    Case("rudder teardown by alias", "/users/delete", {"user_aliases": [ALIAS]}, 201, {"deleted": 1}, (), RUDDER, ANON),
    Case("a misspelt deletion", "/users/delete", {"externalIds": ["ida-1001"]}, 400, {"message": ADDED}, (), RUDDER),
    Case("braze_ruby message", "/messages/send",
         {"messages": {"apple_push": {"alert": "hello"}}, "external_user_ids": [12345]}, 201,
         {"message": "success", "dispatch_id": ADDED}),
    Case("braze_ruby deletion", "/users/delete", {"external_ids": [400, 401, 402]}, 201,
         {"deleted": 3, "message": "success"}),
    Case("braze_ruby identify", "/users/identify",
         {"aliases_to_identify": [{"external_id": 12345, "user_alias": ALIAS}]},
         201, {"aliases_processed": 1, "message": "success"}, ("errors",), before=ANON),
    Case("braze_ruby export", "/users/export/ids", {"external_ids": [1], "fields_to_export": ["external_id"]}, 201,
         {"users": [{"external_id": "1"}], "message": "success"},
         before=tracked(attributes=[{"external_id": 1, "foo": "bar"}])),
    Case("braze_ruby alias under a key of its own", "/users/alias/new", {"user_aliases": [{"user_alias": ALIAS}]}, 201,
         {"aliases_processed": 1, "message": "success"}, ("errors",)),
    Case("rudder lookup", "/users/export/ids",
         {"external_ids": ["ida-1001", "user@50"], "user_aliases": [ALIAS], "fields_to_export": SHOWN},
         201, {"message": "success", "invalid_user_ids": ["user@50"], "users": [
             {**IDA, "email": "ida@example.com", "custom_attributes": {"tier": "gold"}}]}, (), RUDDER, SOMEBODY),
    Case("rudder lookup of nobody", "/users/export/ids", {"external_ids": ["nobody-1"], "fields_to_export": SHOWN},
         201, {"message": "success", "users": [], "invalid_user_ids": ["nobody-1"]}, (), RUDDER),
    Case("rudder read-back by alias", "/users/export/ids", {"user_aliases": [ALIAS], "fields_to_export": SHOWN},
         201, {"users": [{"user_aliases": [ALIAS], "custom_attributes": {"tier": "anon"}}]}, (), RUDDER, ANON),
    Case("braze-client export by email", "/users/export/ids",
         {"email_address": "IDA@example.com", "fields_to_export": ["external_id"]}, 201, {"users": [IDA]},
         before=SOMEBODY),
    Case("external id rename", "/users/external_ids/rename",
         {"external_id_renames": [{"current_external_id": "ida-1001", "new_external_id": "ida-2"}]},
         201, {"message": "success", "rename_errors": [], "external_ids": [
             {"current_external_id": "ida-1001", "new_external_id": "ida-2"}]}, before=SOMEBODY),
    Case("rudder subscription of somebody", "/subscription/user/status?external_id=ida-1001", None, 200,
         {"message": "success", "users": ADDED}, before=SOMEBODY, method="GET"),
]  # fmt: skip

LISTS = [
    Case("airbyte campaigns", "/campaigns/list?last_edit.time%5Bgt%5D=2022-09-01&page=0", None, 200,
         {"message": "success", "campaigns": []}, method="GET"),
    Case("airbyte campaigns without a page", "/campaigns/list?last_edit.time%5Bgt%5D=2022-09-01", None, 200,
         {"campaigns": []}, method="GET"),
    Case("airbyte canvases", "/canvas/list?last_edit.time%5Bgt%5D=2022-09-01&page=1", None, 200, {"canvases": []},
         method="GET"),
    Case("airbyte segments", "/segments/list?page=1", None, 200, {"message": "success", "segments": []}, method="GET"),
    Case("airbyte events", "/events/list", None, 200, {"events": ["app_opened"]}, before=tracked(events=[OPENED]),
         method="GET"),
    Case("airbyte events, next page", "/events/list?page=1", None, 200, {"events": []},
         before=tracked(events=[OPENED]), method="GET"),
    Case("airbyte event series", "/events/data_series?event=app_opened&unit=day&length=1&ending_at=2026-03-03", None,
         200, {"message": "success", "data": ADDED}, before=tracked(events=[OPENED]), method="GET"),
    Case("airbyte daily actives", "/kpi/dau/data_series?length=1&ending_at=2026-03-02", None, 200,
         {"message": "success", "data": [{"time": "2026-03-02", "dau": 0}]}, method="GET"),
    Case("airbyte news feed cards are left out", "/feed/list?page=0", None, 501, {"message": ADDED}, method="GET"),
    Case("edx alias of somebody known, asked for by alias", "/users/alias/new",
         {"user_aliases": [{"alias_label": "Enterprise", "alias_name": "ida@example.com", "external_id": "ida-1001"}]},
         201, {"aliases_processed": 1}, before=SOMEBODY),
    Case("edx email without a campaign", "/messages/send",
         {"external_user_ids": ["ida-1001"], "recipient_subscription_state": "all", "campaign_id": None,
          "messages": {"email": {"app_id": "app", "subject": "Hi", "from": "us@example.com", "body": "<p>Hi</p>"}},
          "override_frequency_capping": False}, 201, {"message": "success", "dispatch_id": ADDED}, before=SOMEBODY),
    Case("edx unsubscribes an address", "/email/status",
         {"email": "ida@example.com", "subscription_state": "unsubscribed"}, 201, {"message": "success"},
         before=SOMEBODY),
    Case("edx lists unsubscribed addresses",
         "/email/unsubscribes?start_date=2026-03-01&end_date=2026-03-03&limit=500&offset=0&sort_direction=desc", None,
         200, {"emails": [{"email": "ida@example.com", "unsubscribed_at": "2026-03-02 10:00:00 +0000"}]},
         before=(*SOMEBODY, ("/email/status", {"email": "ida@example.com", "subscription_state": "unsubscribed"})),
         method="GET"),
    Case("wrong key", "/users/track", {"events": [OPENED]}, 401, {"message": "Invalid API Key"}, keys="wrong"),
    Case("no key", "/segments/list", None, 401, {"message": "Invalid API Key"}, keys="", method="GET"),
]  # fmt: skip

COHORT = {"cohort_id": "aud_1", "name": "Openers", "created_at": "2026-03-02T09:59:58.123Z"}
USERS_OF = "/partners/segment/cohorts/users"


def change(*changes: object, **more: object) -> dict[str, object]:
    """Body of a change without its keys."""
    return {"cohort_id": "aud_1", "cohort_changes": list(changes), **more}


COHORTS = [
    Case("segment credential test", USERS_OF, {"cohort_id": "authentication_test", "cohort_changes": []}, 201,
         {"message": "success"}, keys="partner"),
    Case("segment credential test, bad secret", USERS_OF, change(client_secret="old"), 401,
         {"message": "Invalid client secret"}, keys="partner"),
    Case("segment credential test, bad partner key", USERS_OF, change(partner_api_key="old"), 401,
         {"message": "Invalid Partner API key"}, keys="partner"),
    Case("segment names a cohort", "/partners/segment/cohorts", COHORT, 201, {"message": "success"}, keys="partner"),
    Case("segment names it again", "/partners/segment/cohorts", {**COHORT, "created_at": "2026-03-02T10:00:00+01:00"},
         201, {"message": "success"}, keys="partner", before=(("/partners/segment/cohorts", COHORT),)),
    Case("segment adds and removes", USERS_OF,
         change({"user_ids": ["ida-1001"], "device_ids": [], "aliases": []},
                {"user_ids": [], "device_ids": ["dev-1"], "aliases": [ALIAS], "should_remove": True}),
         201, {"message": "success"}, keys="partner"),
    Case("hightouch by one identifier", "/partners/hightouch/cohorts/users", change({"user_ids": ["ida-1001"]}), 201,
         {"message": "success"}, keys="partner"),
    Case("treasure data removal", "/partners/treasuredata/cohorts/users",
         change({"aliases": [ALIAS], "should_remove": True}), 201, {"message": "success"}, keys="partner"),
    Case("amplitude 1,000", "/partners/amplitude/cohorts/users", change({"user_ids": [f"u-{n}" for n in range(1000)]}),
         201, {"message": "success"}, keys="partner"),
    Case("amplitude 1,001", "/partners/amplitude/cohorts/users",
         change({"user_ids": [f"u-{n}" for n in range(1000)]}, {"device_ids": ["d-1"], "should_remove": True}),
         400, {"message": TOO_MANY_IN_COHORT}, keys="partner"),
    Case("a cohort id that is a number", USERS_OF, change(cohort_id=7), 400,
         {"message": "`cohort_id` must be a valid string"}, keys="partner"),
    Case("changes as an object", USERS_OF, {"cohort_id": "aud_1", "cohort_changes": {}}, 400,
         {"message": WRONG_CHANGES}, keys="partner"),
    Case("a change without ids", USERS_OF, change({"should_remove": True}), 400, {"message": WRONG_CHANGES},
         keys="partner"),
    Case("numbers as user ids", USERS_OF, change({"user_ids": [1001]}), 400, {"message": WRONG_CHANGES},
         keys="partner"),
    Case("a cohort without a name", "/partners/segment/cohorts", {**COHORT, "name": ""}, 400,
         {"message": "`name` must be a non-empty string"}, keys="partner"),
    Case("created_at as epoch", "/partners/segment/cohorts", {**COHORT, "created_at": 1772445598}, 400,
         {"message": "`created_at` must be a valid time as an ISO-8601 string"}, keys="partner"),
]  # fmt: skip


@pytest.fixture
def world() -> Iterator[World]:
    with World(WorldSettings(seed=7, braze=BrazeSettings(limits_on=False))) as made:
        yield made


def send(world: World, case: Case, path: str, body: object) -> Any:
    """One request with the keys that the case names."""
    keys = world.braze.keys
    headers = {"Content-Type": "application/json", **case.headers}
    if case.keys in ("rest", "wrong"):
        headers["Authorization"] = f"Bearer {keys.rest_keys['main'] if case.keys == 'rest' else 'wrong'}"
    if case.keys == "partner" and isinstance(body, dict):
        good = {"partner_api_key": keys.partner_api_key, "client_secret": keys.data_import_keys["main"]}
        body = {**good, **body}
    method = "POST" if path != case.path else case.method
    return world.braze.app.test_client().open(path, method=method, headers=headers, json=body)


@pytest.mark.parametrize("case", [*TRACK, *USERS, *LISTS, *COHORTS], ids=lambda case: case.connector)
def test_what_a_connector_sends_gets_the_answer_it_relies_on(world: World, case: Case) -> None:
    for path, body in case.before:
        method = Case(case.connector, "", None, 201, keys=case.keys)
        assert send(world, method, path, body).status_code == 201

    answer = send(world, case, case.path, case.body)

    told = answer.json
    assert (case.status, dict(case.expected)) == (
        answer.status_code,
        {name: ADDED if value is ADDED and told.get(name) is not None else told.get(name)
         for name, value in case.expected.items()},
    ), told  # fmt: skip
    assert "message" in told
    assert [name for name in case.absent if name in told] == []
    broken = [violation for entry in world.journal.entries() for violation in entry.violations]
    refused = case.status >= 400 or "errors" in told
    assert [each for each in broken if not refused or not each.startswith("request ")] == []
