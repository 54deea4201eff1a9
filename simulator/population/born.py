"""The outcome each generated person is born with: a table of kinds and dirt, not a call of the rules it checks.

The promise is declared here with its reason and the run must agree. That the table and `simulator.rules` say the
same is tested as the agreement of two independent witnesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

from simulator.population.kinds import Dirt, PersonKind, soils
from simulator.rules.identity import Kind
from simulator.rules.outcomes import DropReason, Outcome, SkipReason
from simulator.rules.switches import RuleSet


class MappingLike(Protocol):
    """As much of an identifier mapping as a promise looks at."""

    @property
    def amplitude_property(self) -> str: ...
    @property
    def target(self) -> Kind: ...
    @property
    def alias_label(self) -> str: ...


class Fate(NamedTuple):
    """What happens to one identifier of one person: no value, found, or nobody (`reason`); and why.

    `unless` names a switch and the value of it under which `otherwise` holds instead.
    """

    has_value: bool
    reason: DropReason | None
    why: str
    unless: tuple[str, str] | None = None
    otherwise: Fate | None = None

    def under(self, rules: RuleSet) -> Fate:
        """The fate under one reading of the documents."""
        if self.unless and self.otherwise and getattr(rules, self.unless[0]) == self.unless[1]:
            return self.otherwise
        return self


def no_value(why: str) -> Fate:
    """Amplitude has nothing to send."""
    return Fate(False, None, why)


def found(why: str) -> Fate:
    """Braze finds a profile."""
    return Fate(True, None, why)


def nobody(reason: DropReason, why: str) -> Fate:
    """Braze finds nobody and says nothing."""
    return Fate(True, reason, why)


def _but(fate: Fate, switch: str, value: str, otherwise: Fate) -> Fate:
    return fate._replace(unless=(switch, value), otherwise=otherwise)


class Fates(NamedTuple):
    """The fates of the three identifiers a generated person can have, each sent as what it is."""

    user_id: Fate
    crm_id: Fate
    device_id: Fate


_FOUND_BY_ID = found("MATCH-1: user id and external id are the same text")
_FOUND_BY_ALIAS = found("MATCH-2: label and name are those of the alias")
_FOUND_BY_DEVICE = found("MATCH-3: the device is an anonymous profile's")
_ANONYMOUS_TO_AMPLITUDE = no_value("Amplitude never heard a user id")
_NO_CRM_ID = no_value("the CRM does not know this person")
_UNKNOWN_ID = nobody(DropReason.UNKNOWN_EXTERNAL_ID, "MATCH-5: no profile has this external id")
_UNKNOWN_ALIAS = nobody(DropReason.UNKNOWN_ALIAS, "MATCH-5: no profile has this alias")
_UNKNOWN_DEVICE = nobody(DropReason.UNKNOWN_DEVICE, "MATCH-5: no profile has this device")
_HIDDEN_DEVICE = nobody(
    DropReason.DEVICE_OF_IDENTIFIED_PROFILE, "MATCH-4: the profile began anonymous and was identified since"
)
_DEVICE_OF_API_PROFILE = _but(
    nobody(DropReason.DEVICE_OF_IDENTIFIED_PROFILE, "MATCH-4: every identified profile is meant"),
    "device_match",
    "never_once_anonymous",
    found("MATCH-4: only profiles that began anonymous are meant, and this one did not"),
)

BY_KIND: dict[PersonKind, Fates] = {
    PersonKind.KNOWN: Fates(_FOUND_BY_ID, _FOUND_BY_ALIAS, _DEVICE_OF_API_PROFILE),
    PersonKind.ANONYMOUS: Fates(_ANONYMOUS_TO_AMPLITUDE, _NO_CRM_ID, _FOUND_BY_DEVICE),
    PersonKind.ONCE_ANONYMOUS: Fates(_FOUND_BY_ID, _FOUND_BY_ALIAS, _HIDDEN_DEVICE),
    PersonKind.ALIAS_ONLY: Fates(
        _ANONYMOUS_TO_AMPLITUDE,
        _but(
            _FOUND_BY_ALIAS,
            "alias_only_profiles",
            "ignore",
            nobody(DropReason.ALIAS_ONLY_PROFILE, "MATCH-2: the page speaks of identified users only"),
        ),
        _UNKNOWN_DEVICE,
    ),
    PersonKind.BRAZE_UNKNOWN: Fates(_UNKNOWN_ID, _UNKNOWN_ALIAS, _UNKNOWN_DEVICE),
    PersonKind.EMAIL_ONLY: Fates(_UNKNOWN_ID, _NO_CRM_ID, _UNKNOWN_DEVICE),
    PersonKind.RENAMED: Fates(
        _but(
            found("MATCH-6: a renamed external id still resolves"),
            "deprecated_external_ids",
            "ignore",
            nobody(DropReason.DEPRECATED_EXTERNAL_ID, "MATCH-6: only the present external id counts"),
        ),
        _FOUND_BY_ALIAS,
        _DEVICE_OF_API_PROFILE,
    ),
    PersonKind.ANONYMOUS_WITH_ALIAS: Fates(_ANONYMOUS_TO_AMPLITUDE, _FOUND_BY_ALIAS, _FOUND_BY_DEVICE),
    PersonKind.LOGIN_UNSEEN: Fates(_ANONYMOUS_TO_AMPLITUDE, _NO_CRM_ID, _HIDDEN_DEVICE),
}
"""What a clean person of each kind is born with."""


class Soiling(NamedTuple):
    """What a dirt changes: the fates it replaces, None where it leaves the kind's own."""

    user_id: Fate | None = None
    crm_id: Fate | None = None
    device_id: Fate | None = None


BY_DIRT: dict[Dirt, Soiling] = {
    Dirt.NONE: Soiling(),
    Dirt.CASE_DIFFERS: Soiling(
        user_id=nobody(DropReason.DIFFERS_ONLY_IN_CASE, "MATCH-1: external ids are compared exactly")
    ),
    Dirt.PADDED: Soiling(
        user_id=nobody(DropReason.DIFFERS_ONLY_IN_BLANKS, "MATCH-1: external ids are compared exactly")
    ),
    Dirt.BLANK_USER_ID: Soiling(user_id=no_value("MAP-6: blanks count as missing")),
    Dirt.NULL_USER_ID: Soiling(user_id=no_value("MAP-6: null counts as missing")),
    # MAP-6: numbers are sent as text, so nothing changes; that is what this dirt proves.
    Dirt.NUMERIC_IDS: Soiling(),
    Dirt.MISSING_CRM_ID: Soiling(crm_id=no_value("MAP-6: absent counts as missing")),
    Dirt.LABEL_DIFFERS: Soiling(
        crm_id=nobody(DropReason.UNKNOWN_ALIAS, "MATCH-2: the name matches, the label does not")
    ),
    Dirt.NO_DEVICE: Soiling(
        device_id=_but(
            nobody(DropReason.UNKNOWN_DEVICE, "MAP-4: Amplitude made up a device id that Braze never saw"),
            "server_device_id",
            "off",
            no_value("MAP-4: no device id was sent and none is made up"),
        )
    ),
    Dirt.DEVICE_DIFFERS: Soiling(device_id=_UNKNOWN_DEVICE),
    Dirt.SHARED_DEVICE: Soiling(),
    Dirt.PASSED_ON_DEVICE: Soiling(
        device_id=found("MATCH-3: the new owner's anonymous profile is found: a stranger is added")
    ),
}
"""What each dirt changes for the kinds it soils."""

_HOUSEMATE = nobody(
    DropReason.DEVICE_OF_IDENTIFIED_PROFILE, "MATCH-4: only the housemate's identified profile lists the device"
)
EXCEPTIONS: dict[tuple[PersonKind, Dirt], Soiling] = {
    # A shared device changes nothing for its own profile, but whoever Braze does not know by device is now told
    # from an unknown one: an identified profile is near.
    (PersonKind.ALIAS_ONLY, Dirt.SHARED_DEVICE): Soiling(device_id=_HOUSEMATE),
    (PersonKind.BRAZE_UNKNOWN, Dirt.SHARED_DEVICE): Soiling(device_id=_HOUSEMATE),
    (PersonKind.EMAIL_ONLY, Dirt.SHARED_DEVICE): Soiling(device_id=_HOUSEMATE),
}
"""Where kind and dirt together decide otherwise than either alone."""


class Born(NamedTuple):
    """The outcome a person is promised: by which mapping (-1: none), its reason if lost, and why."""

    outcome: Outcome
    reason: SkipReason | DropReason | None
    mapping: int
    why: str


@dataclass(frozen=True, slots=True)
class Birth:
    """The kind and dirt of a person, which decide the outcome. People of one birth share one object."""

    kind: PersonKind
    dirt: Dirt

    @property
    def fates(self) -> Fates:
        """The fates of the three identifiers, dirt included."""
        return _fates(self.kind, self.dirt)

    def promised(self, hierarchy: Sequence[MappingLike], rules: RuleSet, alias_label: str = "crm") -> Born:
        """The outcome of a first add under this hierarchy and rule set; see `promise`."""
        return promise(self.fates, hierarchy, rules, alias_label)


@cache
def _fates(kind: PersonKind, dirt: Dirt) -> Fates:
    clean = BY_KIND[kind]
    if not soils(dirt, kind):
        return clean
    soiling = EXCEPTIONS.get((kind, dirt), BY_DIRT[dirt])
    return Fates(*(new or old for new, old in zip(soiling, clean, strict=True)))


EVERYBODY_HAS = frozenset(
    {"amplitude_id", "email", "first_name", "last_name", "home_city", "country", "language", "plan"}
)
"""Properties every generated person carries; none of them is anybody's identifier in Braze."""

_NATURAL = {"user_id": Kind.EXTERNAL_ID, "crm_id": Kind.ALIAS, "device_id": Kind.DEVICE_ID}
_WRONG_KIND = {
    Kind.EXTERNAL_ID: nobody(DropReason.UNKNOWN_EXTERNAL_ID, "MATCH-5: the value is nobody's external id"),
    Kind.ALIAS: nobody(DropReason.UNKNOWN_ALIAS, "MATCH-5: the value is nobody's alias under this label"),
    Kind.DEVICE_ID: nobody(DropReason.UNKNOWN_DEVICE, "MATCH-5: the value is nobody's device"),
}


_IGNORED = nobody(DropReason.KIND_IGNORED, "MATCH-5: until August 2024 only external ids were looked at")


def fate_of(fates: Fates, mapping: MappingLike, rules: RuleSet, alias_label: str) -> Fate:
    """What one mapping does for a person with these fates.

    A value sent as something it is not (a user id as an alias, an alias under a foreign label) finds nobody.
    """
    name = mapping.amplitude_property
    natural = _NATURAL.get(name)
    if natural is None:
        if (
            name in EVERYBODY_HAS
            and mapping.target is not Kind.EXTERNAL_ID
            and rules.cohort_identifiers == "external_ids"
        ):
            return _IGNORED
        return _WRONG_KIND[mapping.target] if name in EVERYBODY_HAS else no_value(f"nobody has a {name}")
    fate: Fate = getattr(fates, name)
    fate = fate.under(rules)
    if fate.has_value and mapping.target is not Kind.EXTERNAL_ID and rules.cohort_identifiers == "external_ids":
        return _IGNORED
    as_itself = mapping.target is natural and (natural is not Kind.ALIAS or mapping.alias_label == alias_label)
    return fate if as_itself or not fate.has_value else _WRONG_KIND[mapping.target]


def promise(fates: Fates, hierarchy: Sequence[MappingLike], rules: RuleSet, alias_label: str = "crm") -> Born:
    """MAP-2. Walk the hierarchy the way the switch `fallback` says.

    With `on_no_match` a person nobody matches is dropped for the reason of the last mapping that was tried.
    """
    considered = hierarchy[:1] if rules.fallback == "off" else hierarchy
    lost = Born(Outcome.SKIPPED, SkipReason.UNRESOLVED_MAPPING, -1, "MAP-3: no mapping has a value")
    for index, mapping in enumerate(considered):
        fate = fate_of(fates, mapping, rules, alias_label)
        if not fate.has_value:
            continue
        if fate.reason is None:
            return Born(Outcome.ADDED, None, index, fate.why)
        lost = Born(Outcome.DROPPED, fate.reason, index, fate.why)
        if rules.fallback != "on_no_match":
            break
    return lost
