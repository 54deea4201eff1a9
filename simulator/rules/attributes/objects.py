"""Attribute, event and purchase objects of users/track: whom they mean and whether they can be applied.

Sources: Braze, "Create and update users", "User attributes object", "Event object", "Purchase object".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from simulator.rules.attributes.codes import CURRENCIES
from simulator.rules.attributes.faults import Fault, InvalidObject
from simulator.rules.attributes.fields import CONTROL_KEYS, FIELDS, LISTS, Ignored, email, is_phone_number
from simulator.rules.attributes.values import OBJECT_BYTES, STRING_CHARACTERS, parse_time

EXTERNAL_ID_BYTES = 987
ALIAS_BYTES = 236
DEVICE_ID_BYTES = (8, 255)
QUANTITY_AT_MOST = 100
PURCHASE_PROPERTIES_BYTES = 50 * 1024
PRICE_AT_MOST = 1e15
NESTING_AT_MOST = 50
RESERVED_PROPERTIES = frozenset({"time", "event_name"})


class Naming(StrEnum):
    """How an object names its user. The first three are primary: at most one of them may be there."""

    EXTERNAL_ID = "external_id"
    USER_ALIAS = "user_alias"
    BRAZE_ID = "braze_id"
    EMAIL = "email"
    PHONE = "phone"
    PUSH_TOKEN = "push_token"


class Target(NamedTuple):
    """Whom an object means. `update_only` is None when the object does not say."""

    naming: Naming
    value: str
    label: str = ""
    update_only: bool | None = None


_PRIMARY = (Naming.EXTERNAL_ID, Naming.USER_ALIAS, Naming.BRAZE_ID)


def target_of(sent: Mapping[str, object]) -> Target:
    """Whom the object means: its one primary identifier, else its email, else its phone. Raises InvalidObject."""
    update_only = sent.get("_update_existing_only")
    only = update_only if isinstance(update_only, bool) else None
    if sent.get("push_token_import") is True:
        if sent.get("external_id") is not None or sent.get("braze_id") is not None or not sent.get("push_tokens"):
            raise InvalidObject(Fault.BAD_TOKEN_IMPORT)
        return Target(Naming.PUSH_TOKEN, "", update_only=only)
    given = [naming for naming in _PRIMARY if sent.get(naming) is not None]
    if len(given) > 1:
        raise InvalidObject(Fault.SEVERAL_IDENTIFIERS)
    if given == [Naming.EXTERNAL_ID]:
        return Target(Naming.EXTERNAL_ID, check_external_id(sent["external_id"]), update_only=only)
    if given == [Naming.USER_ALIAS]:
        label, name = check_alias(sent["user_alias"])
        return Target(Naming.USER_ALIAS, name, label, only)
    if given == [Naming.BRAZE_ID]:
        braze_id = sent["braze_id"]
        if not isinstance(braze_id, str) or not braze_id:
            raise InvalidObject(Fault.BAD_BRAZE_ID)
        return Target(Naming.BRAZE_ID, braze_id, update_only=only)
    if sent.get("email") is not None:
        return Target(Naming.EMAIL, email(sent["email"]), update_only=only)
    if sent.get("phone") is not None:
        if not is_phone_number(sent["phone"]):
            raise InvalidObject(Fault.BAD_PHONE)
        return Target(Naming.PHONE, str(sent["phone"]).strip(), update_only=only)
    raise InvalidObject(Fault.NO_IDENTIFIER)


def id_text(value: object) -> object:
    """An id as Braze keeps it: a whole number is taken for its digits, as recorded answers to public clients show."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def check_external_id(value: object) -> str:
    """1 to 987 bytes of text, or a whole number. Raises InvalidObject."""
    value = id_text(value)
    if not isinstance(value, str) or not value:
        raise InvalidObject(Fault.BAD_EXTERNAL_ID)
    if len(value.encode()) > EXTERNAL_ID_BYTES:
        raise InvalidObject(Fault.EXTERNAL_ID_TOO_LARGE)
    return value


def check_alias(value: object) -> tuple[str, str]:
    """(label, name) of a user alias object, each 1 to 236 bytes. Raises InvalidObject."""
    if not isinstance(value, Mapping):
        raise InvalidObject(Fault.BAD_ALIAS)
    label, name = value.get("alias_label"), value.get("alias_name")
    if not isinstance(label, str) or not isinstance(name, str) or not is_alias_text(label) or not is_alias_text(name):
        raise InvalidObject(Fault.BAD_ALIAS)
    return label, name


def is_alias_text(value: object) -> bool:
    """Whether a value can be an alias name or label."""
    return isinstance(value, str) and 1 <= len(value.encode()) <= ALIAS_BYTES


def check_attributes(sent: object) -> Target:
    """Whom an attributes object means, when it can be applied. Raises InvalidObject."""
    if not isinstance(sent, Mapping):
        raise InvalidObject(Fault.NOT_AN_OBJECT)
    target = target_of(sent)
    for name, value in sent.items():
        read = FIELDS.get(name)
        if read is None or value is None:
            continue
        try:
            read(value)
        except Ignored:
            continue
    _check_groups(sent.get("subscription_groups"))
    _check_tokens(sent.get("push_tokens"))
    return target


def fields_of(sent: Mapping[str, object]) -> dict[str, object]:
    """Profile fields of a checked object as they are stored; None removes a field, ignored values are left out."""
    stored: dict[str, object] = {}
    for name, value in sent.items():
        read = FIELDS.get(name)
        if read is None:
            continue
        try:
            stored[name] = None if value is None else read(value)
        except Ignored:
            continue
    return stored


def custom_of(sent: Mapping[str, object]) -> dict[str, object]:
    """Everything in an attributes object that is neither a field nor a control key."""
    return {
        name: value
        for name, value in sent.items()
        if name not in FIELDS and name not in CONTROL_KEYS and name not in LISTS
    }


def _check_groups(groups: object) -> None:
    if groups is None:
        return
    if not isinstance(groups, list):
        raise InvalidObject(Fault.BAD_GROUPS)
    for group in groups:
        if not isinstance(group, Mapping):
            raise InvalidObject(Fault.BAD_GROUP)
        if not isinstance(group.get("subscription_group_id"), str) or not group["subscription_group_id"]:
            raise InvalidObject(Fault.BAD_GROUP_ID)
        if group.get("subscription_state") not in ("subscribed", "unsubscribed"):
            raise InvalidObject(Fault.BAD_GROUP_STATE)


def _check_tokens(tokens: object) -> None:
    if tokens is None:
        return
    if not isinstance(tokens, list) or not all(isinstance(token, Mapping) for token in tokens):
        raise InvalidObject(Fault.BAD_TOKENS)
    for token in tokens:
        if not isinstance(token.get("app_id"), str) or not token["app_id"]:
            raise InvalidObject(Fault.BAD_TOKEN_APP)
        if not isinstance(token.get("token"), str) or not token["token"]:
            raise InvalidObject(Fault.BAD_TOKEN_STRING)
        device_id = token.get("device_id")
        shortest, longest = DEVICE_ID_BYTES
        if device_id is not None and not (
            isinstance(device_id, str) and shortest <= len(device_id.encode()) <= longest
        ):
            raise InvalidObject(Fault.BAD_DEVICE_ID)


def check_event(sent: object) -> Target:
    """Whom an event object means, when it can be applied. Raises InvalidObject."""
    if not isinstance(sent, Mapping):
        raise InvalidObject(Fault.NOT_AN_OBJECT)
    target = target_of(sent)
    if not _is_name(sent.get("name")):
        raise InvalidObject(Fault.BAD_NAME)
    _check_time(sent.get("time"))
    _check_properties(sent.get("properties"))
    return target


def check_purchase(sent: object) -> Target:
    """Whom a purchase object means, when it can be applied. Raises InvalidObject."""
    if not isinstance(sent, Mapping):
        raise InvalidObject(Fault.NOT_AN_OBJECT)
    target = target_of(sent)
    if not _is_name(id_text(sent.get("product_id"))):
        raise InvalidObject(Fault.BAD_PRODUCT)
    currency = sent.get("currency")
    if not isinstance(currency, str) or currency.upper() not in CURRENCIES:
        raise InvalidObject(Fault.BAD_CURRENCY)
    if not _is_price(sent.get("price")):
        raise InvalidObject(Fault.BAD_PRICE)
    quantity = sent.get("quantity", 1)
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= QUANTITY_AT_MOST:
        raise InvalidObject(Fault.BAD_QUANTITY)
    _check_time(sent.get("time"))
    _check_properties(sent.get("properties"), PURCHASE_PROPERTIES_BYTES)
    return target


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= STRING_CHARACTERS


def _is_price(value: object) -> bool:
    """A number that can still be added up; the greatest one is ours."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= PRICE_AT_MOST


def _check_time(value: object) -> None:
    if not isinstance(value, str) or parse_time(value) is None:
        raise InvalidObject(Fault.BAD_TIME)


def _check_properties(properties: object, bytes_at_most: int = OBJECT_BYTES) -> None:
    """Names 1 to 255 characters, not starting with `$`; `time` and `event_name` are reserved; 100 KB in all, for a
    purchase the 50 KB that its page still prints."""
    if properties is None:
        return
    if not isinstance(properties, Mapping):
        raise InvalidObject(Fault.BAD_PROPERTIES)
    if RESERVED_PROPERTIES & properties.keys():
        raise InvalidObject(Fault.RESERVED_PROPERTY)
    for name, value in properties.items():
        if not _is_name(name) or name.startswith("$") or not _is_property(value, 0):
            raise InvalidObject(Fault.BAD_PROPERTIES)
    if len(json.dumps(properties, separators=(",", ":"), ensure_ascii=False).encode()) > bytes_at_most:
        raise InvalidObject(Fault.BAD_PROPERTIES)


def _is_property(value: object, depth: int) -> bool:
    if depth > NESTING_AT_MOST:
        return False
    if isinstance(value, str):
        return len(value) <= STRING_CHARACTERS
    if isinstance(value, list):
        return all(_is_property(item, depth + 1) for item in value)
    if isinstance(value, Mapping):
        return all(_is_property(item, depth + 1) for item in value.values())
    return True
