"""Attribute, event and purchase objects: whom they mean, and what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.rules.attributes.faults import Fault, InvalidObject
from simulator.rules.attributes.objects import (
    Naming,
    Target,
    check_attributes,
    check_event,
    check_purchase,
    custom_of,
    fields_of,
    target_of,
)

IDA = {"external_id": "ida-1001"}
ALIAS = {"alias_name": "7", "alias_label": "crm"}
AT = "2026-03-02T10:00:00Z"
EVENT = {**IDA, "name": "app_opened", "time": AT}
PURCHASE = {**IDA, "product_id": "mug", "currency": "EUR", "price": 12.5, "time": AT}
TOKEN = {"app_id": "shop", "token": "t-1"}


@pytest.mark.parametrize(
    ("sent", "target"),
    [
        (IDA, Target(Naming.EXTERNAL_ID, "ida-1001")),
        ({"user_alias": ALIAS}, Target(Naming.USER_ALIAS, "7", "crm")),
        ({"braze_id": "5f"}, Target(Naming.BRAZE_ID, "5f")),
        ({"email": "Ida@Example.com", "phone": "+14155552671"}, Target(Naming.EMAIL, "ida@example.com")),
        ({"phone": " +1 (415) 555-2671 "}, Target(Naming.PHONE, "+1 (415) 555-2671")),
        ({**IDA, "email": "ida@example.com"}, Target(Naming.EXTERNAL_ID, "ida-1001")),
        ({**IDA, "_update_existing_only": False}, Target(Naming.EXTERNAL_ID, "ida-1001", "", False)),
        ({**IDA, "_update_existing_only": "no"}, Target(Naming.EXTERNAL_ID, "ida-1001")),
        ({"push_token_import": True, "push_tokens": [TOKEN]}, Target(Naming.PUSH_TOKEN, "")),
        ({**IDA, "braze_id": None}, Target(Naming.EXTERNAL_ID, "ida-1001")),
    ],
)
def test_an_object_means_one_user(sent: dict[str, object], target: Target) -> None:
    assert target_of(sent) == target


BAD_ATTRIBUTES: list[tuple[object, Fault]] = [
    ("ida", Fault.NOT_AN_OBJECT),
    ({"first_name": "Ida"}, Fault.NO_IDENTIFIER),
    ({**IDA, "braze_id": "5f"}, Fault.SEVERAL_IDENTIFIERS),
    ({**IDA, "user_alias": ALIAS}, Fault.SEVERAL_IDENTIFIERS),
    ({"external_id": 7.5}, Fault.BAD_EXTERNAL_ID),
    ({"external_id": True}, Fault.BAD_EXTERNAL_ID),
    ({"external_id": ""}, Fault.BAD_EXTERNAL_ID),
    ({"external_id": "x" * 988}, Fault.EXTERNAL_ID_TOO_LARGE),
    ({"external_id": "雷" * 330}, Fault.EXTERNAL_ID_TOO_LARGE),
    ({"braze_id": 7}, Fault.BAD_BRAZE_ID),
    ({"user_alias": "7"}, Fault.BAD_ALIAS),
    ({"user_alias": {"alias_name": "7"}}, Fault.BAD_ALIAS),
    ({"user_alias": {"alias_name": "", "alias_label": "crm"}}, Fault.BAD_ALIAS),
    ({"user_alias": {"alias_name": "x" * 237, "alias_label": "crm"}}, Fault.BAD_ALIAS),
    ({"email": "no"}, Fault.BAD_EMAIL),
    ({**IDA, "email": 7}, Fault.BAD_EMAIL),
    ({**IDA, "email": f"{'x' * 250}@example.com"}, Fault.BAD_EMAIL),
    ({"phone": "call me"}, Fault.BAD_PHONE),
    ({"phone": "123456"}, Fault.BAD_PHONE),
    ({**IDA, "email_subscribe": "yes"}, Fault.BAD_EMAIL_SUBSCRIBE),
    ({**IDA, "push_subscribe": True}, Fault.BAD_PUSH_SUBSCRIBE),
    ({**IDA, "current_location": "Oslo"}, Fault.BAD_LOCATION),
    ({**IDA, "current_location": {"longitude": 181, "latitude": 0}}, Fault.BAD_LOCATION),
    ({**IDA, "current_location": {"longitude": True, "latitude": 0}}, Fault.BAD_LOCATION),
    ({**IDA, "subscription_groups": {}}, Fault.BAD_GROUPS),
    ({**IDA, "subscription_groups": ["g"]}, Fault.BAD_GROUP),
    ({**IDA, "subscription_groups": [{"subscription_state": "subscribed"}]}, Fault.BAD_GROUP_ID),
    (
        {**IDA, "subscription_groups": [{"subscription_group_id": "g", "subscription_state": "opted_in"}]},
        Fault.BAD_GROUP_STATE,
    ),
    ({**IDA, "push_tokens": "t"}, Fault.BAD_TOKENS),
    ({**IDA, "push_tokens": ["t"]}, Fault.BAD_TOKENS),
    ({**IDA, "push_tokens": [{"token": "t"}]}, Fault.BAD_TOKEN_APP),
    ({**IDA, "push_tokens": [{"app_id": "shop"}]}, Fault.BAD_TOKEN_STRING),
    ({**IDA, "push_tokens": [{**TOKEN, "device_id": "x" * 7}]}, Fault.BAD_DEVICE_ID),
    ({**IDA, "push_tokens": [{**TOKEN, "device_id": "x" * 256}]}, Fault.BAD_DEVICE_ID),
    ({**IDA, "push_tokens": [{**TOKEN, "device_id": 12345678}]}, Fault.BAD_DEVICE_ID),
    ({"push_token_import": True}, Fault.BAD_TOKEN_IMPORT),
    ({**IDA, "push_token_import": True, "push_tokens": [TOKEN]}, Fault.BAD_TOKEN_IMPORT),
    ({"braze_id": "5f", "push_token_import": True, "push_tokens": [TOKEN]}, Fault.BAD_TOKEN_IMPORT),
    ({**IDA, "email_subscription_info": {}}, Fault.EMAIL_SUBSCRIPTION_INFO),
]


@pytest.mark.parametrize(("sent", "fault"), BAD_ATTRIBUTES)
def test_an_attributes_object_is_refused_with_its_fault(sent: object, fault: Fault) -> None:
    with pytest.raises(InvalidObject) as refused:
        check_attributes(sent)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"email": None, "dob": 7, "country": "Atlantis"},
        {"subscription_groups": [{"subscription_group_id": "g", "subscription_state": "unsubscribed"}]},
        {"push_tokens": [{**TOKEN, "device_id": "x" * 8}, {**TOKEN, "device_id": "x" * 255}, TOKEN]},
    ],
)
def test_a_good_attributes_object_is_taken(more: dict[str, object]) -> None:
    assert check_attributes({**IDA, **more}).value == "ida-1001"


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"external_id": None}, Fault.NO_IDENTIFIER),
        ({"name": None}, Fault.BAD_NAME),
        ({"name": ""}, Fault.BAD_NAME),
        ({"name": "x" * 256}, Fault.BAD_NAME),
        ({"time": None}, Fault.BAD_TIME),
        ({"time": "soon"}, Fault.BAD_TIME),
        ({"time": "03/02/2026"}, Fault.BAD_TIME),
        ({"time": "Mon 03 02 10:00:00.UTC 2026"}, Fault.BAD_TIME),
        ({"properties": []}, Fault.BAD_PROPERTIES),
        ({"properties": {"": 1}}, Fault.BAD_PROPERTIES),
        ({"properties": {"x" * 256: 1}}, Fault.BAD_PROPERTIES),
        ({"properties": {"$x": 1}}, Fault.BAD_PROPERTIES),
        ({"properties": {"a": "x" * 256}}, Fault.BAD_PROPERTIES),
        ({"properties": {"a": [{"b": "x" * 256}]}}, Fault.BAD_PROPERTIES),
        ({"properties": {"a": ["x" * 255] * 500}}, Fault.BAD_PROPERTIES),
        ({"properties": {"time": AT}}, Fault.RESERVED_PROPERTY),
        ({"properties": {"event_name": "x"}}, Fault.RESERVED_PROPERTY),
    ],
)
def test_an_event_is_refused_with_its_fault(wrong: dict[str, object], fault: Fault) -> None:
    with pytest.raises(InvalidObject) as refused:
        check_event({**EVENT, **wrong})
    assert refused.value.fault is fault


def test_events_and_purchases_are_objects() -> None:
    for check in (check_event, check_purchase):
        with pytest.raises(InvalidObject, match="must be an object"):
            check("x")


def test_properties_nest_but_not_for_ever() -> None:
    nested: object = 1
    for _ in range(60):
        nested = [nested]
    with pytest.raises(InvalidObject):
        check_event({**EVENT, "properties": {"a": nested}})
    assert check_event({**EVENT, "properties": {"a": [{"b": [True, 1.5, None, AT]}]}})
    assert check_event({**EVENT, "properties": None})


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"product_id": None}, Fault.BAD_PRODUCT),
        ({"product_id": "x" * 256}, Fault.BAD_PRODUCT),
        ({"currency": "XXX"}, Fault.BAD_CURRENCY),
        ({"currency": None}, Fault.BAD_CURRENCY),
        ({"price": "12"}, Fault.BAD_PRICE),
        ({"price": True}, Fault.BAD_PRICE),
        ({"price": None}, Fault.BAD_PRICE),
        ({"price": 1e308}, Fault.BAD_PRICE),
        ({"quantity": 0}, Fault.BAD_QUANTITY),
        ({"quantity": 101}, Fault.BAD_QUANTITY),
        ({"quantity": 1.5}, Fault.BAD_QUANTITY),
        ({"quantity": True}, Fault.BAD_QUANTITY),
        ({"time": 1_700_000_000}, Fault.BAD_TIME),
        ({"properties": {"$x": 1}}, Fault.BAD_PROPERTIES),
    ],
)
def test_a_purchase_is_refused_with_its_fault(wrong: dict[str, object], fault: Fault) -> None:
    with pytest.raises(InvalidObject) as refused:
        check_purchase({**PURCHASE, **wrong})
    assert refused.value.fault is fault


@pytest.mark.parametrize("quantity", [1, 2, 99, 100])
def test_a_quantity_goes_from_one_to_a_hundred(quantity: int) -> None:
    assert check_purchase({**PURCHASE, "quantity": quantity, "currency": "eur"}).value == "ida-1001"


def test_fields_and_custom_attributes_are_told_apart() -> None:
    sent = {
        **IDA,
        "first_name": "Ida",
        "dob": "31.12.1990",
        "email": None,
        "plan": "gold",
        "_merge_objects": True,
        "push_tokens": [],
    }
    assert fields_of(sent) == {"first_name": "Ida", "email": None}
    assert custom_of(sent) == {"plan": "gold"}


def of_bytes(size: int) -> dict[str, list[str]]:
    """Properties whose compact JSON has exactly this size."""
    strings = ["x" * 100] * (size // 103 - 1)
    missing = size - len(json.dumps({"a": [*strings, ""]}, separators=(",", ":")))
    return {"a": [*strings, "y" * missing]}


@pytest.mark.parametrize(("extra", "fits"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize(
    ("check", "sent", "kilobytes"),
    [(check_event, EVENT, 100), (check_purchase, PURCHASE, 50)],
    ids=["event", "purchase"],
)
def test_properties_have_a_greatest_size(check: Any, sent: Any, kilobytes: int, extra: int, fits: bool) -> None:
    whole = {**sent, "properties": of_bytes(kilobytes * 1024 + extra)}
    if fits:
        assert check(whole).value == "ida-1001"
    else:
        with pytest.raises(InvalidObject, match="'properties' is not valid"):
            check(whole)


@pytest.mark.parametrize(
    ("check", "sent"),
    [
        (check_event, lambda text: {**EVENT, "name": text}),
        (check_event, lambda text: {**EVENT, "properties": {text: 1}}),
        (check_event, lambda text: {**EVENT, "properties": {"a": text}}),
        (check_purchase, lambda text: {**PURCHASE, "product_id": text}),
        (check_attributes, lambda text: {**IDA, "push_tokens": [{**TOKEN, "device_id": text}]}),
    ],
    ids=["event name", "property name", "property value", "product id", "device id"],
)
@pytest.mark.parametrize(("size", "fits"), [(254, True), (255, True), (256, False)])
def test_texts_have_at_most_255_characters(check: Any, sent: Any, size: int, fits: bool) -> None:
    if fits:
        assert check(sent("x" * size)).value == "ida-1001"
    else:
        with pytest.raises(InvalidObject):
            check(sent("x" * size))


@pytest.mark.parametrize(("size", "fits"), [(7, False), (8, True), (9, True)])
def test_a_device_id_of_a_push_token_has_at_least_eight_bytes(size: int, fits: bool) -> None:
    sent = {**IDA, "push_tokens": [{**TOKEN, "device_id": "d" * size}]}
    if fits:
        assert check_attributes(sent).value == "ida-1001"
    else:
        with pytest.raises(InvalidObject, match="8 to 255 bytes"):
            check_attributes(sent)
