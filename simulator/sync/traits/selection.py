"""Whom a trait sync sends, under which identity, and what: pure decisions (TRAIT-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulator.rules.identity import AmplitudeUser, Kind
from simulator.rules.instants import DAY_MS, Instant
from simulator.rules.mapping import Mapping as IdentifierMapping
from simulator.rules.mapping import value_of

ACTIVE_WITHIN_MS = 90 * DAY_MS
"""Braze, Amplitude Audiences: users active in the last 90 days."""

TARGETS = ("external_id", "braze_id", "alias", "email")
"""Braze, Amplitude Audiences, the newer list; the older page knows the user id only (switch `trait_identifier`)."""


class InvalidTraits(ValueError):
    """A trait sync that Amplitude would not save; the message says what to change."""


class TraitIdentity(NamedTuple):
    """Which property names a person, and as what Braze is told it."""

    amplitude_property: str = "user_id"
    target: str = "external_id"
    alias_label: str = ""


def check(identity: TraitIdentity, properties: Sequence[str], computations: Sequence[str], switch: str) -> None:
    """Raises InvalidTraits for an identity that the switch `trait_identifier` rules out, or for nothing to send."""
    if not properties and not computations:
        raise InvalidTraits("a trait sync needs at least one user property, computation or recommendation")
    if identity.target not in TARGETS:
        raise InvalidTraits(f"{identity.target!r} is none of {', '.join(TARGETS)}")
    if switch == "user_id" and identity != TraitIdentity():
        raise InvalidTraits("traits are sent by user id only; the switch trait_identifier: any allows more")
    if identity.target == "alias" and not identity.alias_label:
        raise InvalidTraits("an alias needs an alias label")


def active_since(at: Instant) -> Instant:
    """The earliest last activity of somebody who is still sent."""
    return Instant(at - ACTIVE_WITHIN_MS)


def identity_of(user: AmplitudeUser, identity: TraitIdentity) -> Mapping[str, object] | None:
    """The identifying keys of an attributes object; None when the person has no value for them."""
    value = value_of(user, identity.amplitude_property)
    if value is None:
        return None
    if identity.target == "alias":
        return {
            "user_alias": {"alias_name": value, "alias_label": identity.alias_label},
            "_update_existing_only": False,
        }
    return {identity.target: value}


def mapping_of(identity: TraitIdentity) -> IdentifierMapping:
    """The identity as the history of a run shows it; e-mail and Braze id are no identifiers of a cohort."""
    target = Kind.ALIAS if identity.target == "alias" else Kind.EXTERNAL_ID
    return IdentifierMapping(identity.amplitude_property, target, identity.alias_label)


def values_of(user: AmplitudeUser, names: Sequence[str]) -> dict[str, object]:
    """Custom attributes under the names that Amplitude uses; what has no value is left out."""
    found = {name: user.properties.get(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}
