"""Choosing the identifier: a person's properties and a hierarchy of mappings give one identifier or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simulator.rules.identity import AmplitudeUser, Identifier, Kind

BUILT_IN_PROPERTIES = ("user_id", "device_id", "amplitude_id")
"""Properties of a user that are columns of Amplitude's record, not user properties."""
PLACES = {name: AmplitudeUser._fields.index(name) for name in BUILT_IN_PROPERTIES}
"""Where a record holds them."""

MAPPINGS_AT_MOST = 3


class InvalidMapping(ValueError):
    """A mapping that no connection accepts; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """MAP-1. An Amplitude property and the Braze target it fills; an alias target has a label."""

    amplitude_property: str
    target: Kind
    alias_label: str = ""

    def __str__(self) -> str:
        target = f"alias {self.alias_label}" if self.target is Kind.ALIAS else str(self.target)
        return f"{self.amplitude_property} -> {target}"


class Resolved(NamedTuple):
    """The mapping at `rank` had a value; the earlier ones had none."""

    identifier: Identifier
    rank: int


class Unresolved(NamedTuple):
    """MAP-3. No mapping had a value; `tried` names the properties in order."""

    tried: tuple[str, ...]


def check_hierarchy(mappings: Sequence[Mapping]) -> None:
    """CONN-1. One to three mappings; an alias target needs a label. Raises InvalidMapping."""
    if not 1 <= len(mappings) <= MAPPINGS_AT_MOST:
        raise InvalidMapping(f"a connection has one to {MAPPINGS_AT_MOST} identifier mappings, not {len(mappings)}")
    for mapping in mappings:
        if not mapping.amplitude_property:
            raise InvalidMapping("a mapping names an Amplitude property")
        if mapping.target is Kind.ALIAS and not mapping.alias_label:
            raise InvalidMapping(f"the mapping {mapping.amplitude_property} -> alias needs an alias label")


def value_of(user: AmplitudeUser, amplitude_property: str) -> str | None:
    """MAP-6. The text of a property, or None when it counts as missing: absent, null, empty, only blanks.

    Numbers are sent as text, booleans as `true` and `false`; lists and objects cannot name a person. Inferred
    from Amplitude's event validation, which trims and coerces ids in the same way.
    """
    place = PLACES.get(amplitude_property)
    return text_of(user.properties.get(amplitude_property) if place is None else user[place])


def text_of(raw: object) -> str | None:
    """MAP-6. The text of a value, as `value_of`."""
    if isinstance(raw, str):
        return raw if raw.strip() else None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(raw)
    return None


def candidates(user: AmplitudeUser, hierarchy: Sequence[Mapping]) -> Iterator[Resolved]:
    """MAP-1. Every identifier the hierarchy yields for this person, in priority order."""
    for index, mapping in enumerate(hierarchy):
        value = value_of(user, mapping.amplitude_property)
        if value is not None:
            yield Resolved(Identifier(mapping.target, value, mapping.alias_label), index)


def resolve(user: AmplitudeUser, hierarchy: Sequence[Mapping], fallback: str) -> Resolved | Unresolved:
    """MAP-2, MAP-3. The identifier a sync sends first.

    `fallback` is the switch of that name. `off` looks at the primary mapping only. `on_missing` and `on_no_match`
    both take the first mapping that has a value: they differ in what happens after Braze has answered, which
    `after_no_match` decides.
    """
    considered = hierarchy[:1] if fallback == "off" else hierarchy
    for rank, mapping in enumerate(considered):  # as `candidates`, without its generator: a million people pass here
        value = value_of(user, mapping.amplitude_property)
        if value is not None:
            return Resolved(Identifier(mapping.target, value, mapping.alias_label), rank)
    return Unresolved(tuple(mapping.amplitude_property for mapping in considered))


def after_no_match(user: AmplitudeUser, hierarchy: Sequence[Mapping], rank: int, fallback: str) -> Resolved | None:
    """MAP-2. What is sent next when Braze did not match the mapping at `rank`; only `on_no_match` tries again."""
    if fallback != "on_no_match":
        return None
    for resolved in candidates(user, hierarchy):
        if resolved.rank > rank:
            return resolved
    return None
