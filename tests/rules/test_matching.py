"""What Braze does with an identifier: which profile it means, or why it means none."""

from __future__ import annotations

import pytest

from simulator.rules.identity import BrazeProfile, Identifier, Kind
from simulator.rules.matching import SETTLED_BY, Carriers, Hit, Miss, match, settled
from simulator.rules.outcomes import DROP_RULES, SENTENCES, DropReason
from simulator.rules.switches import SWITCHES, RuleSet

DEFAULT = RuleSet()
BEN = BrazeProfile("b1", device_ids=frozenset({"d-ben"}), once_anonymous=True)
ANN = BrazeProfile("b2", external_id="ann-1", device_ids=frozenset({"d-ann"}), once_anonymous=True)
IDA = BrazeProfile("b3", external_id="ida-1001", device_ids=frozenset({"d-ida"}))
KIM = BrazeProfile("b4", aliases=frozenset({("crm", "4711")}))
OLA = BrazeProfile("b5", external_id="ola-2", deprecated_external_ids=frozenset({"ola-1"}))


def external_id(value: str) -> Identifier:
    return Identifier(Kind.EXTERNAL_ID, value)


def device(value: str) -> Identifier:
    return Identifier(Kind.DEVICE_ID, value)


def alias(label: str, value: str) -> Identifier:
    return Identifier(Kind.ALIAS, value, label)


def test_an_identified_profile_matches_by_its_external_id() -> None:
    assert Hit(IDA, "MATCH-1") == match(external_id("ida-1001"), [IDA], DEFAULT)


def test_an_unknown_external_id_matches_nobody() -> None:
    assert Miss(DropReason.UNKNOWN_EXTERNAL_ID) == match(external_id("noor"), [], DEFAULT)


def test_case_and_blanks_matter_and_the_near_profile_is_named() -> None:
    assert Miss(DropReason.DIFFERS_ONLY_IN_CASE, IDA) == match(external_id("IDA-1001"), [IDA], DEFAULT)
    assert Miss(DropReason.DIFFERS_ONLY_IN_BLANKS, IDA) == match(external_id(" ida-1001"), [IDA], DEFAULT)
    assert Miss(DropReason.UNKNOWN_EXTERNAL_ID) == match(external_id("ida-1002"), [IDA], DEFAULT)


def test_a_deprecated_external_id_follows_its_switch() -> None:
    ignoring = RuleSet(deprecated_external_ids="ignore")
    assert Hit(OLA, "MATCH-6") == match(external_id("ola-1"), [OLA], DEFAULT)
    assert Miss(DropReason.DEPRECATED_EXTERNAL_ID, OLA) == match(external_id("ola-1"), [OLA], ignoring)
    assert Hit(OLA, "MATCH-1") == match(external_id("ola-2"), [OLA], ignoring)


def test_an_anonymous_profile_matches_by_its_device() -> None:
    assert Hit(BEN, "MATCH-3") == match(device("d-ben"), [BEN], DEFAULT)


@pytest.mark.parametrize("rules", [DEFAULT, RuleSet(device_match="never_once_anonymous")])
def test_the_device_of_a_once_anonymous_identified_profile_is_dropped_in_both_readings(rules: RuleSet) -> None:
    assert Miss(DropReason.DEVICE_OF_IDENTIFIED_PROFILE, ANN) == match(device("d-ann"), [ANN], rules)


def test_a_born_identified_profile_is_reached_by_device_only_in_the_wider_reading() -> None:
    assert Miss(DropReason.DEVICE_OF_IDENTIFIED_PROFILE, IDA) == match(device("d-ida"), [IDA], DEFAULT)
    assert Hit(IDA, "MATCH-3") == match(device("d-ida"), [IDA], RuleSet(device_match="never_once_anonymous"))


def test_of_two_profiles_on_one_device_the_anonymous_one_matches() -> None:
    newcomer = BrazeProfile("b6", device_ids=frozenset({"d-ann"}), once_anonymous=True)
    assert Hit(newcomer, "MATCH-3") == match(device("d-ann"), [ANN, newcomer], DEFAULT)


def test_an_unknown_device_matches_nobody() -> None:
    assert Miss(DropReason.UNKNOWN_DEVICE) == match(device("d-ben"), [], DEFAULT)


def test_an_alias_matches_when_label_and_name_both_match() -> None:
    with_alias = BrazeProfile("b7", external_id="max-1", aliases=frozenset({("crm", "99")}))
    assert Hit(with_alias, "MATCH-2") == match(alias("crm", "99"), [with_alias], DEFAULT)
    assert Miss(DropReason.UNKNOWN_ALIAS) == match(alias("erp", "99"), [with_alias], DEFAULT)


def test_an_alias_only_profile_follows_its_switch() -> None:
    assert Hit(KIM, "MATCH-2") == match(alias("crm", "4711"), [KIM], DEFAULT)
    ignoring = RuleSet(alias_only_profiles="ignore")
    assert Miss(DropReason.ALIAS_ONLY_PROFILE, KIM) == match(alias("crm", "4711"), [KIM], ignoring)


def test_an_anonymous_device_profile_with_an_alias_is_not_alias_only() -> None:
    profile = BrazeProfile("b8", aliases=frozenset({("crm", "5")}), device_ids=frozenset({"d-8"}))
    assert Hit(profile, "MATCH-2") == match(alias("crm", "5"), [profile], RuleSet(alias_only_profiles="ignore"))


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        (Identifier(Kind.EXTERNAL_ID, "ida-1001"), True),
        (Identifier(Kind.DEVICE_ID, "d-ben"), False),
        (alias("crm", "4711"), False),
    ],
)
def test_until_august_2024_only_external_ids_were_looked_at(identifier: Identifier, found: bool) -> None:
    """MATCH-5. Whoever carries the identifier, and whether one is judged or a thousand are."""
    rules = RuleSet(cohort_identifiers="external_ids")
    verdict = match(identifier, [BEN, IDA, KIM], rules)
    assert (isinstance(verdict, Hit), verdict == Miss(DropReason.KIND_IGNORED)) == (found, not found)
    carriers = Carriers([0, 0, 0], [0, 1, 2], [False, True, False])
    assert bool(settled(identifier.kind, carriers, rules).places) is found


def test_every_drop_reason_cites_rules_and_has_a_sentence() -> None:
    assert set(DropReason) == set(DROP_RULES)
    assert set(DropReason) <= set(SENTENCES)


@pytest.mark.parametrize(
    ("switch", "value"), [(switch.name, value) for switch in SWITCHES.values() for value in switch.values]
)
def test_what_is_settled_for_many_at_once_is_what_the_rule_says_of_each(switch: str, value: str) -> None:
    rules = RuleSet(**{switch: value})
    phone = BrazeProfile("b6", aliases=frozenset({("crm", "4713")}), device_ids=frozenset({"d-kim"}))
    profiles = [BEN, ANN, IDA, KIM, OLA, phone]
    values = {
        Kind.EXTERNAL_ID: ["ida-1001", "IDA-1001", "ann-1", "ola-1", "noor"],
        Kind.DEVICE_ID: ["d-ben", "d-ann", "d-ida", "d-noor"],
        Kind.ALIAS: ["4711", "4712", "4713"],
    }
    for kind, sent in values.items():
        label = "crm" if kind is Kind.ALIAS else ""
        rows = [
            (place, number, _is_plain(kind, value, each))
            for place, value in enumerate(sent)
            for number, each in enumerate(profiles)
            if (kind is Kind.EXTERNAL_ID and (each.external_id or "").lower() == value.lower())
            or (kind is Kind.DEVICE_ID and value in each.device_ids)
            or (kind is Kind.ALIAS and (label, value) in each.aliases)
        ]
        carriers = Carriers(*zip(*rows, strict=True))
        found = settled(kind, carriers, rules)
        assert found.places or rules.cohort_identifiers == "external_ids"
        for place in found.places:
            carrying = [profiles[row[1]] for row in rows if row[0] == place]
            verdict = match(Identifier(kind, sent[place], label), carrying, rules)
            assert isinstance(verdict, Hit)
            assert SETTLED_BY[kind] == verdict.rule
            assert verdict.profile == profiles[found.numbers[found.places.index(place)]]


def _is_plain(kind: Kind, value: str, profile: BrazeProfile) -> bool:
    if kind is Kind.EXTERNAL_ID:
        return profile.external_id == value
    return not profile.identified if kind is Kind.DEVICE_ID else profile.identified or bool(profile.device_ids)
