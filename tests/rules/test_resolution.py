"""Identity resolution: the five worked cases of Amplitude's page, and what they leave unsaid."""

from __future__ import annotations

import pytest

from simulator.rules.resolution import CHANGE_SENTENCES, Device, IdentityChange, Resolution, device_after, resolve


class Amplitude:
    """The smallest thing that remembers: it gives out 1, 2, 3 and keeps the stored ids of every event."""

    def __init__(self, first: int = 1) -> None:
        self.next = first
        self.users: dict[str, int] = {}
        self.devices: dict[str, Device] = {}
        self.merged: dict[int, int] = {}

    def event(self, device_id: str | None, user_id: str | None) -> tuple[int, str]:
        device = self.devices.get(device_id) if device_id else None
        resolution = resolve(user_id is not None, self.users.get(user_id or ""), device)
        number = resolution.amplitude_id
        if number is None:
            number, self.next = self.next, self.next + 1
        if user_id is not None:
            self.users.setdefault(user_id, number)
        if resolution.merged_id is not None:
            self.merged[resolution.merged_id] = number
        if device_id:
            self.devices[device_id] = device_after(user_id is not None, device, number)
        return number, resolution.rule

    def stored(self, *events: tuple[str | None, str | None]) -> list[int]:
        return [self.event(*each)[0] for each in events]

    def unique(self, stored: list[int]) -> int:
        return len({self.merged.get(number, number) for number in stored})


def test_case_1_each_device_without_a_user_is_an_anonymous_user_of_its_own() -> None:
    amplitude = Amplitude(1)
    stored = amplitude.stored(("A", None), ("B", None), ("B", None), ("C", None), ("A", None), ("C", None))
    assert ([1, 2, 2, 3, 1, 3], 3) == (stored, amplitude.unique(stored))


def test_case_2_john_adopts_the_anonymous_amplitude_id() -> None:
    amplitude = Amplitude(4)
    stored = amplitude.stored(("G", None), ("G", None), ("G", "John"))
    assert ([4, 4, 4], 1) == (stored, amplitude.unique(stored))


def test_case_3_zack_is_one_user_on_two_devices() -> None:
    amplitude = Amplitude(5)
    stored = amplitude.stored(("K", "Zack"), ("L", "Zack"))
    assert ([5, 5], 1) == (stored, amplitude.unique(stored))


def test_case_4_anonymous_events_go_to_the_last_known_user_of_the_device() -> None:
    amplitude = Amplitude(6)
    stored = amplitude.stored(("R", "Jane"), ("R", None), ("R", "Mary"), ("R", None), ("R", None))
    assert ([6, 6, 7, 7, 7], 2) == (stored, amplitude.unique(stored))


def test_case_5_an_anonymous_user_is_merged_when_a_known_one_logs_in_on_its_device() -> None:
    amplitude = Amplitude(8)
    stored = amplitude.stored(("Y", "David"), ("Z", None), ("Z", "David"), ("Z", None))
    assert ([8, 9, 8, 8], 1) == (stored, amplitude.unique(stored))
    assert amplitude.merged == {9: 8}


@pytest.mark.parametrize(
    ("named", "known", "device", "expected"),
    [
        (False, None, None, Resolution(None, "ID-1", IdentityChange.NEW_ANONYMOUS_USER)),
        (False, None, Device(), Resolution(None, "ID-1", IdentityChange.NEW_ANONYMOUS_USER)),
        (False, None, Device(4), Resolution(4, "ID-1", IdentityChange.NONE)),
        (False, None, Device(4, 6), Resolution(6, "ID-4", IdentityChange.NONE)),
        (True, None, None, Resolution(None, "ID-3", IdentityChange.NEW_USER)),
        (True, None, Device(4), Resolution(4, "ID-2", IdentityChange.ANONYMOUS_USER_NAMED)),
        (True, None, Device(4, 4), Resolution(None, "ID-4", IdentityChange.NEW_USER)),
        (True, 8, None, Resolution(8, "ID-3", IdentityChange.NONE)),
        (True, 8, Device(None, 6), Resolution(8, "ID-3", IdentityChange.NONE)),
        (True, 8, Device(9), Resolution(8, "ID-5", IdentityChange.ANONYMOUS_USER_MERGED, 9)),
        (True, 8, Device(9, 6), Resolution(8, "ID-3", IdentityChange.NONE)),
    ],
)
def test_every_situation_has_one_answer_and_one_rule(
    named: bool, known: int | None, device: Device | None, expected: Resolution
) -> None:
    assert resolve(named, known, device) == expected


def test_two_named_users_are_never_merged() -> None:
    amplitude = Amplitude()
    amplitude.stored(("R", "Jane"), ("S", "Mary"), ("R", "Mary"), ("S", "Jane"))
    assert amplitude.merged == {}


def test_a_device_remembers_its_last_user_and_keeps_its_anonymous_one() -> None:
    assert device_after(False, None, 1) == Device(1)
    assert device_after(False, Device(1, 2), 2) == Device(1, 2)
    assert device_after(True, Device(1), 1) == Device(1, 1)
    assert device_after(True, Device(1, 2), 3) == Device(1, 3)


def test_every_change_has_a_sentence_and_only_naming_adopts() -> None:
    assert set(CHANGE_SENTENCES) == set(IdentityChange)
    assert [each for each in IdentityChange if Resolution(1, "ID-2", each).adopts] == [
        IdentityChange.ANONYMOUS_USER_NAMED
    ]
