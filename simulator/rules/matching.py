"""What Braze does with an identifier it is sent: which profile it means, or why it means none.

That external ids, aliases and device ids are all compared with their case is inferred; for alias names "Identify users"
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from simulator.rules.identity import BrazeProfile, Identifier, Kind
from simulator.rules.outcomes import DropReason
from simulator.rules.switches import RuleSet


class Hit(NamedTuple):
    """The identifier means this profile."""

    profile: BrazeProfile
    rule: str


class Miss(NamedTuple):
    """The identifier means nobody; `near` is the profile that almost matched, for the explanation."""

    reason: DropReason
    near: BrazeProfile | None = None


class Carriers(NamedTuple):
    """Profiles that carry one of the values sent, column by column: the value's place among them, the profile's number,
    and whether this is the plain case: an external id written exactly as sent; a device of an anonymous profile; an
    alias of a profile that has an external id or a device."""

    places: Sequence[int]
    numbers: Sequence[int]
    plain: Sequence[bool]

    def only(self, chosen: Sequence[bool]) -> Carriers:
        """Those that are chosen; `chosen` has a word on each."""
        if all(chosen):
            return self
        return Carriers(
            list(compress(self.places, chosen)),
            list(compress(self.numbers, chosen)),
            list(compress(self.plain, chosen)),
        )


def settled(kind: Kind, carriers: Carriers, rules: RuleSet) -> Carriers:
    """The carriers that `match` would choose whoever else carries the value, in the order given.

    Says the same as `match` for the plain cases of a thousand identifiers at once; the rest is for `match`.
    """
    if _ignored(kind, rules):
        return Carriers((), (), ())
    if kind is Kind.ALIAS and rules.alias_only_profiles != "ignore":
        return carriers
    return carriers.only(carriers.plain)


SETTLED_BY: Mapping[Kind, str] = {Kind.EXTERNAL_ID: "MATCH-1", Kind.ALIAS: "MATCH-2", Kind.DEVICE_ID: "MATCH-3"}
"""The rule by which `settled` carriers are hits."""


def match(identifier: Identifier, candidates: Sequence[BrazeProfile], rules: RuleSet) -> Hit | Miss:
    """Decide one identifier against the profiles that carry it, or nearly carry it.

    `candidates` are all profiles that have the value under the identifier's kind (and, for an alias, the label);
    profiles whose external id differs only in case or blanks may be among them and never match. By the switch
    `cohort_identifiers` what is no external id is ignored, as until August 2024.
    Braze, Amplitude cohort import, "User Matching".
    """
    if _ignored(identifier.kind, rules):
        return Miss(DropReason.KIND_IGNORED)
    return _DECIDE[identifier.kind](identifier, candidates, rules)


def _ignored(kind: Kind, rules: RuleSet) -> bool:
    return rules.cohort_identifiers == "external_ids" and kind is not Kind.EXTERNAL_ID


def _by_external_id(identifier: Identifier, candidates: Sequence[BrazeProfile], rules: RuleSet) -> Hit | Miss:
    """MATCH-1, MATCH-6. Exact and case-sensitive; a deprecated id resolves when the switch says so."""
    value = identifier.value
    for profile in candidates:
        if profile.external_id == value:
            return Hit(profile, "MATCH-1")
    for profile in candidates:
        if value in profile.deprecated_external_ids:
            if rules.deprecated_external_ids == "match":
                return Hit(profile, "MATCH-6")
            return Miss(DropReason.DEPRECATED_EXTERNAL_ID, profile)
    for profile in candidates:
        known = profile.external_id or ""
        if known.strip() == value.strip():
            return Miss(DropReason.DIFFERS_ONLY_IN_BLANKS, profile)
        if known.strip().casefold() == value.strip().casefold():
            return Miss(DropReason.DIFFERS_ONLY_IN_CASE, profile)
    return Miss(DropReason.UNKNOWN_EXTERNAL_ID)


def _by_alias(identifier: Identifier, candidates: Sequence[BrazeProfile], rules: RuleSet) -> Hit | Miss:
    """MATCH-2. Label and name must both match; a profile without external id follows `alias_only_profiles`."""
    for profile in candidates:
        if (identifier.label, identifier.value) not in profile.aliases:
            continue
        # A profile with a device is an SDK profile that carries an alias, not an alias-only one.
        alias_only = not profile.identified and not profile.device_ids
        if alias_only and rules.alias_only_profiles == "ignore":
            return Miss(DropReason.ALIAS_ONLY_PROFILE, profile)
        return Hit(profile, "MATCH-2")
    return Miss(DropReason.UNKNOWN_ALIAS)


def _by_device_id(identifier: Identifier, candidates: Sequence[BrazeProfile], rules: RuleSet) -> Hit | Miss:
    """MATCH-3, MATCH-4. An anonymous profile owns the device; an identified one hides it.

    "Identified users who were originally created as anonymous users can't be identified by their device_id."
    The switch `device_match` decides whether identified profiles that never were anonymous are hidden too.
    """
    owners = [profile for profile in candidates if identifier.value in profile.device_ids]
    for profile in owners:
        if not profile.identified:
            return Hit(profile, "MATCH-3")
    for profile in owners:
        if rules.device_match == "never_once_anonymous" and not profile.once_anonymous:
            return Hit(profile, "MATCH-3")
    if owners:
        return Miss(DropReason.DEVICE_OF_IDENTIFIED_PROFILE, owners[0])
    return Miss(DropReason.UNKNOWN_DEVICE)


_DECIDE: dict[Kind, Callable[[Identifier, Sequence[BrazeProfile], RuleSet], Hit | Miss]] = {
    Kind.EXTERNAL_ID: _by_external_id,
    Kind.ALIAS: _by_alias,
    Kind.DEVICE_ID: _by_device_id,
}
