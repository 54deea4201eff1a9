"""Which profile is meant when several carry the same email or phone.

Source: Braze, "Identify users", "Merge users", "Delete users": the list is applied in order; more than one profile left
at its end means nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

BOTH_UPDATED = (
    "Request can not contain both of 'most_recently_updated' and 'least_recently_updated' values in the "
    "'prioritization' array"
)
BOTH_IDENTIFIED = "Request can not contain both of 'identified' and 'unidentified' values in the 'prioritization' array"
UNKNOWN_WORD = (
    "'prioritization' must be an array of 'identified', 'unidentified', 'most_recently_updated' and "
    "'least_recently_updated'"
)


class BadPrioritization(ValueError):
    """The list contradicts itself, holds an unknown word, or none."""


class Ranked(Protocol):
    """What ranking looks at."""

    @property
    def row(self) -> int:
        """Its place in the order of arrival."""
        ...

    @property
    def external_id(self) -> str | None:
        """Whether it is identified."""
        ...

    @property
    def updated_at(self) -> int:
        """When it last changed."""
        ...


R = TypeVar("R", bound=Ranked)


def check(contact: Mapping[str, object]) -> list[str]:
    """The list of an email or phone entry as it was sent; an entry without one chooses among several nobody (inferred).

    A list that is there holds at least one of the four words. Raises BadPrioritization.
    """
    if "prioritization" not in contact:
        return []
    prioritization = contact["prioritization"]
    if not isinstance(prioritization, list) or not prioritization or not all(w in list(RANK) for w in prioritization):
        raise BadPrioritization(UNKNOWN_WORD)
    if {"most_recently_updated", "least_recently_updated"} <= set(prioritization):
        raise BadPrioritization(BOTH_UPDATED)
    if {"identified", "unidentified"} <= set(prioritization):
        raise BadPrioritization(BOTH_IDENTIFIED)
    return prioritization


def choose(profiles: Sequence[R], prioritization: Sequence[str]) -> R | None:
    """The one profile that is left, or None when there is none or more than one."""
    left = list(profiles)
    for word in prioritization:
        if len(left) > 1:
            left = [profile for profile in left if RANK[word](profile, left)]
    return left[0] if len(left) == 1 else None


def _age(profile: Ranked) -> tuple[int, int]:
    return profile.updated_at, profile.row


RANK: dict[str, Callable[[Ranked, Sequence[Ranked]], bool]] = {
    "identified": lambda profile, among: profile.external_id is not None,
    "unidentified": lambda profile, among: profile.external_id is None,
    "most_recently_updated": lambda profile, among: _age(profile) == max(map(_age, among)),
    "least_recently_updated": lambda profile, among: _age(profile) == min(map(_age, among)),
}
