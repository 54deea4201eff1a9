"""Which Amplitude user an event belongs to: the five documented cases of amplitude_id resolution (ID-1 to ID-5).

Source: Amplitude, Track unique users. The page gives five worked tables; the algorithm is our reading of them:
a known user id wins over the device; an unknown one adopts the device's anonymous user if it never had a name;
an event without user id goes to the last known user of its device; two user ids are never merged.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class IdentityChange(StrEnum):
    """What one event or identify call did to Amplitude's picture of who is who."""

    NONE = "none"
    NEW_ANONYMOUS_USER = "new_anonymous_user"
    NEW_USER = "new_user"
    ANONYMOUS_USER_NAMED = "anonymous_user_named"
    ANONYMOUS_USER_MERGED = "anonymous_user_merged"


CHANGE_SENTENCES: dict[IdentityChange, str] = {
    IdentityChange.NONE: "Amplitude knew this user already",
    IdentityChange.NEW_ANONYMOUS_USER: "Amplitude had never seen this device and made an anonymous user",
    IdentityChange.NEW_USER: "Amplitude had never seen this user id and made a user",
    IdentityChange.ANONYMOUS_USER_NAMED: "the device's anonymous user took this user id and kept its amplitude_id",
    IdentityChange.ANONYMOUS_USER_MERGED: "the device's anonymous user was merged into the user who logged in",
}


# Named tuples, not dataclasses: one of each is made for every event.
class Device(NamedTuple):
    """What Amplitude remembers of a device: its anonymous user, and the last named user seen on it."""

    anonymous_id: int | None = None
    last_user_id: int | None = None


class Resolution(NamedTuple):
    """The answer. `amplitude_id` None means: make a new one, and put it where `device` says None."""

    amplitude_id: int | None
    rule: str
    change: IdentityChange
    merged_id: int | None = None
    """The anonymous amplitude_id that from now on reads as `amplitude_id` (stored events keep it)."""

    @property
    def adopts(self) -> bool:
        """Whether an existing anonymous user takes the user id."""
        return self.change is IdentityChange.ANONYMOUS_USER_NAMED


def resolve(named: bool, known_user: int | None, device: Device | None) -> Resolution:
    """Decide whose event this is.

    `named` says that the event carries a user id, `known_user` is the amplitude_id that this user id already has,
    `device` is what is remembered of the event's device (None: no device id at all).
    """
    seen = device or Device()
    if not named:
        return _anonymous(seen)
    if known_user is not None:
        return _known_user(known_user, seen)
    return _unknown_user(seen)


def _anonymous(device: Device) -> Resolution:
    # ID-4: "Amplitude assumes the anonymous event was fired by the last known user".
    if device.last_user_id is not None:
        return Resolution(device.last_user_id, "ID-4", IdentityChange.NONE)
    # ID-1: one amplitude_id for each device that nobody has logged in on.
    if device.anonymous_id is not None:
        return Resolution(device.anonymous_id, "ID-1", IdentityChange.NONE)
    return Resolution(None, "ID-1", IdentityChange.NEW_ANONYMOUS_USER)


def _known_user(known_user: int, device: Device) -> Resolution:
    # ID-5: the device was still anonymous, so its anonymous user turns out to be this one.
    if device.last_user_id is None and device.anonymous_id is not None:
        return Resolution(known_user, "ID-5", IdentityChange.ANONYMOUS_USER_MERGED, device.anonymous_id)
    # ID-3: "Amplitude prioritizes user IDs over device IDs".
    return Resolution(known_user, "ID-3", IdentityChange.NONE)


def _unknown_user(device: Device) -> Resolution:
    # ID-2: earlier anonymous events on the device belong to the first user id that shows up there.
    if device.last_user_id is None and device.anonymous_id is not None:
        return Resolution(device.anonymous_id, "ID-2", IdentityChange.ANONYMOUS_USER_NAMED)
    # ID-4: a second user id on one device is a second user; ID-3: the first one, on a fresh device.
    rule = "ID-3" if device.last_user_id is None else "ID-4"
    return Resolution(None, rule, IdentityChange.NEW_USER)


def device_after(named: bool, device: Device | None, amplitude_id: int) -> Device:
    """What is remembered of the device once the event has been given to `amplitude_id`."""
    seen = device or Device()
    if named:
        return Device(seen.anonymous_id, amplitude_id)
    if seen.last_user_id is None and seen.anonymous_id is None:
        return Device(amplitude_id, None)
    return seen
