"""From a validated event to what is stored: languages, addresses, revenue and the like."""

from __future__ import annotations

from typing import Any

import pytest


def stored(amplitude, event: dict[str, Any]) -> dict[str, Any]:
    """What was kept of one event, beside the columns of its own."""
    assert amplitude.upload(event).status_code == 200
    (found,) = amplitude.service.store.events.after(amplitude.main, 0, 10)
    return {name: value for name, value in found.extra().items() if name != "path"}


@pytest.mark.parametrize(
    ("tag", "name"),
    [("en-US", "English"), ("EN_us", "English"), ("de", "German"), ("pt-BR", "Portuguese"), ("Klingon", "Klingon"),
     ("zh-Hans-CN", "Chinese"), ("English", "English")],
)  # fmt: skip
def test_language_tags_become_names_whatever_their_case(amplitude, an_event, tag, name) -> None:
    assert stored(amplitude, an_event(language=tag)) == {"language": name}


def test_remote_stands_for_the_address_of_the_caller(amplitude, an_event) -> None:
    assert stored(amplitude, an_event(ip="$remote")) == {"ip": "127.0.0.1"}


def test_any_other_address_stays_as_it_was_sent(amplitude, an_event) -> None:
    assert stored(amplitude, an_event(ip="8.8.8.8")) == {"ip": "8.8.8.8"}


@pytest.mark.parametrize(
    ("sent", "revenue"),
    [
        ({"price": 9.5, "quantity": 2, "revenue": 1}, 19.0),
        ({"price": 9.5}, 9.5),
        ({"price": "9.5", "quantity": "2"}, 19.0),
        ({"revenue": -3.25}, -3.25),
        ({"price": -2, "quantity": 3}, -6),
        ({"quantity": 3}, None),
    ],
)
def test_price_times_quantity_is_the_revenue_and_goes_before_the_one_that_was_sent(
    amplitude, an_event, sent, revenue
) -> None:
    assert stored(amplitude, an_event(**sent)).get("revenue") == revenue


def test_without_a_session_it_is_none(amplitude, an_event) -> None:
    amplitude.upload(an_event(), an_event("kim-1002", session_id=1_772_445_600_000))
    found = amplitude.service.store.events.after(amplitude.main, 0, 10)
    assert [each.session_id for each in found] == [-1, 1_772_445_600_000]


def test_a_field_beside_the_known_ones_is_kept_and_never_refused(amplitude, an_event) -> None:
    assert stored(amplitude, an_event(something_new={"a": [1]})) == {"something_new": {"a": [1]}}
