"""Choosing the identifier: hierarchy, fallback readings and what counts as missing."""

from __future__ import annotations

import pytest

from simulator.rules.identity import AmplitudeUser, Identifier, Kind
from simulator.rules.mapping import (
    InvalidMapping,
    Mapping,
    Resolved,
    Unresolved,
    after_no_match,
    candidates,
    check_hierarchy,
    resolve,
    value_of,
)

USER_ID = Mapping("user_id", Kind.EXTERNAL_ID)
CRM = Mapping("crm_id", Kind.ALIAS, "crm")
DEVICE = Mapping("device_id", Kind.DEVICE_ID)
HIERARCHY = (USER_ID, CRM, DEVICE)

BEN = AmplitudeUser(1, device_id="d-ben")
IDA = AmplitudeUser(2, user_id="ida-1001", device_id="d-ida")
KIM = AmplitudeUser(3, device_id="d-kim", properties={"crm_id": 4711})


@pytest.mark.parametrize("fallback", ["on_missing", "on_no_match"])
@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (IDA, Resolved(Identifier(Kind.EXTERNAL_ID, "ida-1001"), 0)),
        (KIM, Resolved(Identifier(Kind.ALIAS, "4711", "crm"), 1)),
        (BEN, Resolved(Identifier(Kind.DEVICE_ID, "d-ben"), 2)),
    ],
)
def test_the_first_mapping_with_a_value_is_sent(fallback: str, person: AmplitudeUser, expected: Resolved) -> None:
    assert expected == resolve(person, HIERARCHY, fallback)


def test_without_fallback_only_the_primary_mapping_counts() -> None:
    assert Unresolved(("user_id",)) == resolve(BEN, HIERARCHY, "off")


def test_a_person_without_any_value_is_unresolved_and_the_tried_properties_are_named() -> None:
    assert Unresolved(("user_id", "crm_id", "device_id")) == resolve(AmplitudeUser(4), HIERARCHY, "on_missing")


def test_a_hierarchy_that_starts_with_the_device_never_falls_back_to_the_user_id() -> None:
    assert Resolved(Identifier(Kind.DEVICE_ID, "d-ida"), 0) == resolve(IDA, (DEVICE, USER_ID), "on_missing")


def test_after_no_match_the_next_mapping_with_a_value_is_tried_only_in_that_reading() -> None:
    assert Resolved(Identifier(Kind.DEVICE_ID, "d-ida"), 2) == after_no_match(IDA, HIERARCHY, 0, "on_no_match")
    assert after_no_match(IDA, HIERARCHY, 2, "on_no_match") is None
    assert after_no_match(IDA, HIERARCHY, 0, "on_missing") is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, None),
        ("", None),
        ("  \t", None),
        ("null", "null"),
        (" x ", " x "),
        (0, "0"),
        (12.0, "12"),
        (1.5, "1.5"),
        (True, "true"),
        (["a"], None),
        ({"a": 1}, None),
    ],
)
def test_null_empty_and_blank_are_missing_and_numbers_are_text(raw: object, expected: str | None) -> None:
    assert expected == value_of(AmplitudeUser(5, properties={"crm_id": raw}), "crm_id")


def test_the_amplitude_id_can_be_mapped() -> None:
    assert value_of(BEN, "amplitude_id") == "1"


def test_all_candidates_come_in_priority_order() -> None:
    assert [0, 2] == [found.rank for found in candidates(IDA, HIERARCHY)]


@pytest.mark.parametrize(
    ("mappings", "why"),
    [
        ((), "one to 3"),
        ((USER_ID, CRM, DEVICE, USER_ID), "one to 3"),
        ((Mapping("crm_id", Kind.ALIAS),), "needs an alias label"),
        ((Mapping("", Kind.DEVICE_ID),), "names an Amplitude property"),
    ],
)
def test_a_connection_refuses_a_wrong_hierarchy(mappings: tuple[Mapping, ...], why: str) -> None:
    with pytest.raises(InvalidMapping, match=why):
        check_hierarchy(mappings)


def test_three_mappings_are_accepted() -> None:
    check_hierarchy(HIERARCHY)
    assert str(CRM) == "crm_id -> alias crm"
    assert str(DEVICE) == "device_id -> device_id"
