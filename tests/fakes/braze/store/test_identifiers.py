"""Aliases, devices, deprecated and blocked ids."""

from __future__ import annotations

from typing import Any


def test_a_device_keeps_what_is_known_of_it(braze: Any) -> None:
    ben = braze.phone.appear("d-ben", details={"model": "Pixel 9"})
    braze.phone.appear("d-ben", details={"os": "Android 16"})
    assert braze.store.identifiers.devices_of([ben.row]) == {
        ben.row: [("d-ben", {"model": "Pixel 9", "os": "Android 16"})]
    }


def test_a_device_serves_who_logged_in_last_else_who_was_seen_last(braze: Any) -> None:
    identifiers = braze.store.identifiers
    assert identifiers.user_of_device("main", "d-shared") is None
    ida, ben = braze.identified("ida-1001"), braze.identified("ben-1001")
    for profile in (ida, ben):
        identifiers.add_device(profile, "d-shared")
    assert identifiers.user_of_device("main", "d-shared").row == ben.row
    identifiers.hand_over(ida, "d-shared")
    assert identifiers.user_of_device("main", "d-shared").row == ida.row


def test_blocked_ids_are_told_among_others(braze: Any) -> None:
    identifiers = braze.store.identifiers
    identifiers.block("main", "null")
    identifiers.block("main", "null")
    assert identifiers.blocked("main", ["null", "ida"]) == {"null"}
    assert identifiers.blocked("eu", ["null"]) == set()


def test_deprecated_ids_of_a_profile_are_listed_and_forgotten(braze: Any) -> None:
    ida, identifiers = braze.identified("ida-3"), braze.store.identifiers
    for old in ("ida-2", "ida-1"):
        identifiers.deprecate(ida, old)
    assert identifiers.deprecated_ids_of(ida.row) == ["ida-1", "ida-2"]
    assert identifiers.forget_deprecated("main", "ida-1") is True
    assert (identifiers.forget_deprecated("main", "ida-1"), identifiers.is_deprecated("main", "ida-2")) == (False, True)
