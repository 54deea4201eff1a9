"""What Amplitude refuses in events, in whose words, and what it tidies silently."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from simulator.rules.ingestion import (
    DENIED_IDS,
    DEPTH_AT_MOST,
    INVALID_FIELDS,
    STRING_LENGTH_AT_MOST,
    CleanEvent,
    Refusal,
    check_events,
    groups_kept,
    is_denied,
    server_device_id,
    too_deep,
)


def event(**fields: Any) -> dict[str, Any]:
    return {"user_id": "ida-1001", "event_type": "app_opened", **fields}


def refusal(*events: object, **how: Any) -> tuple[str, dict[str, dict[str, list[int]]]]:
    found = check_events(events, **how)
    assert isinstance(found, Refusal)
    return found.error, found.blamed()


def clean(*events: object, **how: Any) -> list[CleanEvent]:
    found = check_events(events, **how)
    assert isinstance(found, list)
    return found


def test_an_event_without_type_is_blamed_by_index() -> None:
    bad = {"user_id": "ida-1001"}
    assert refusal(event(), bad, event(), {**bad, "event_type": ""}) == (
        "Request missing required field",
        {"events_with_missing_fields": {"event_type": [1, 3]}},
    )


def test_an_event_without_any_id_is_blamed_for_both() -> None:
    assert refusal(event(), {"event_type": "app_opened"}) == (
        "Request missing required field",
        {"events_with_missing_fields": {"device_id": [1], "user_id": [1]}},
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", "2026-03-02T10:00:00Z"),
        ("time", "1772445600000"),
        ("time", True),
        ("time", -1),
        ("time", 2**63),
        ("session_id", "none"),
        ("price", "cheap"),
        ("price", True),
        ("revenue", []),
        ("location_lat", {}),
        ("event_properties", []),
        ("user_properties", "plan"),
        ("groups", ["org"]),
        ("platform", {"name": "iOS"}),
        ("insert_id", ["a"]),
        ("$skip_user_properties_sync", "maybe"),
        ("event_type", 5),
        ("user_id", True),
        ("device_id", {"id": 1}),
    ],
)
def test_a_field_of_the_wrong_kind_is_blamed_by_name_and_index(name: str, value: object) -> None:
    assert refusal(event(), event(**{name: value})) == (
        "Invalid field values on some events",
        {"events_with_invalid_fields": {name: [1]}},
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("time", 1772445600000), ("time", 1772445600000.0), ("session_id", -1), ("price", "9.98"), ("app_version", 3),
     ("event_properties", None), ("plan", {"branch": "main"}), ("something_else", [1, {"a": 2}])],
)  # fmt: skip
def test_what_clients_really_send_is_taken(name: str, value: object) -> None:
    assert len(clean(event(**{name: value}))) == 1


def test_an_event_that_is_no_object_spoils_the_request() -> None:
    assert refusal(event(), "app_opened") == ("Invalid event JSON", {})


@pytest.mark.parametrize(("length", "taken"), [(4, False), (5, True), (6, True)])
def test_an_id_has_at_least_five_characters(length: int, taken: bool) -> None:
    found = check_events([event(user_id="u" * length, device_id="d-ida-0001")])
    assert isinstance(found, list) is taken


def test_a_short_id_is_refused_even_when_the_other_id_is_fine() -> None:
    assert refusal(event(), event(user_id="ida", device_id="d-ida-0001")) == (
        "Invalid id length for user_id or device_id",
        {"events_with_invalid_id_lengths": {"user_id": [1]}},
    )


def test_in_the_documents_reading_a_short_id_is_removed_and_the_event_kept() -> None:
    kept = clean(event(user_id="ida", device_id="d-ida-0001"), short_ids="strip")
    assert [(each.user_id, each.device_id) for each in kept] == [(None, "d-ida-0001")]


def test_in_the_documents_reading_an_event_left_without_id_is_missing_one() -> None:
    assert refusal(event(user_id="ida"), short_ids="strip") == (
        "Request missing required field",
        {"events_with_missing_fields": {"device_id": [0], "user_id": [0]}},
    )


def test_the_shortest_length_can_be_lowered_for_one_request() -> None:
    assert [each.user_id for each in clean(event(user_id="7"), min_id_length=1)] == ["7"]


@pytest.mark.parametrize("identifier", [*sorted(DENIED_IDS), "Anonymous", "NULL", "  none  ", "     ", "LMY47D"])
@pytest.mark.parametrize("name", ["user_id", "device_id"])
def test_placeholders_are_refused_in_any_case_and_with_blanks_around(name: str, identifier: str) -> None:
    assert is_denied(identifier)
    assert refusal(event(**{name: identifier}), min_id_length=1) == (
        "Invalid field values on some events",
        {"events_with_invalid_fields": {name: [0]}},
    )


def test_numbers_become_text_before_their_length_is_judged() -> None:
    assert [each.user_id for each in clean(event(user_id=12345), event(user_id=12345.0))] == ["12345", "12345"]
    assert refusal(event(user_id=123))[1] == {"events_with_invalid_id_lengths": {"user_id": [0]}}


@pytest.mark.parametrize("name", ["user_id", "device_id"])
@pytest.mark.parametrize("digits", ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890"])
def test_a_number_that_a_reader_of_json_cannot_hold_is_no_id_rather_than_another_one(name: str, digits: str) -> None:
    read = orjson.loads(digits)

    error, blamed = refusal(event(**{name: read}))
    assert (INVALID_FIELDS, {"events_with_invalid_fields": {name: [0]}}) == (error, blamed)


@pytest.mark.parametrize("digits", ["18446744073709551615", "-9223372036854775808", "9007199254740993"])
def test_a_number_of_64_bits_is_an_id_to_its_last_digit(digits: str) -> None:
    (taken,) = clean(event(user_id=orjson.loads(digits)))

    assert digits == taken.user_id


def test_blanks_count_for_the_length_and_are_trimmed_afterwards() -> None:
    assert [each.user_id for each in clean(event(user_id=" ida "))] == ["ida"]


def test_every_fault_is_told_at_once_and_missing_fields_name_the_error() -> None:
    assert refusal({"user_id": "ida-1001"}, event(time="now"), event(user_id="ida")) == (
        "Request missing required field",
        {
            "events_with_invalid_fields": {"time": [1]},
            "events_with_missing_fields": {"event_type": [0]},
            "events_with_invalid_id_lengths": {"user_id": [2]},
        },
    )


def test_by_switch_only_the_first_event_of_each_field_is_blamed() -> None:
    events = [event(time="now"), event(time="now"), event(user_id="ida"), event(user_id="ben")]
    assert refusal(*events, error_indexes="first")[1] == {
        "events_with_invalid_fields": {"time": [0]},
        "events_with_invalid_id_lengths": {"user_id": [2]},
    }


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_long_texts_are_cut_and_not_refused(more: int) -> None:
    text = "x" * (STRING_LENGTH_AT_MOST + more)
    kept = clean(event(user_id=text, event_type=text, event_properties={"a": [text]}))[0]
    cut = text[:STRING_LENGTH_AT_MOST]
    assert (kept.user_id, kept.event_type, kept.fields["event_properties"]) == (cut, cut, {"a": [cut]})


@pytest.mark.parametrize(("depth", "refused"), [(39, False), (40, False), (41, True)])
def test_objects_nest_forty_deep(depth: int, refused: bool) -> None:
    nested: object = "leaf"
    for _ in range(depth):
        nested = {"in": nested}
    assert DEPTH_AT_MOST == 40
    assert too_deep(nested) is refused
    assert isinstance(check_events([event(event_properties=nested)]), Refusal) is refused


def test_more_than_five_group_types_or_ten_values_are_not_tracked() -> None:
    assert list(groups_kept({f"type{n}": "a" for n in range(6)})) == [f"type{n}" for n in range(5)]
    assert groups_kept({"org": [*range(8)], "team": [*range(5)], "late": "a"}) == {"org": [*range(8)], "team": [0, 1]}
    kept = clean(event(groups={f"type{n}": "a" for n in range(6)}))[0].fields["groups"]
    assert isinstance(kept, dict)
    assert len(kept) == 5


def test_the_servers_device_id_is_stable_and_looks_like_a_uuid_of_version_five() -> None:
    assert server_device_id("test-user") == server_device_id("test-user") != server_device_id("test-user-1")
    assert server_device_id("test-user")[14] == "5"


def test_identify_in_the_clothes_of_an_event_is_special() -> None:
    kept = clean(event(), event(event_type="$identify"), event(event_type="$groupidentify"))
    assert [each.special for each in kept] == [False, True, True]
