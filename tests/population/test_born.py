"""The promised outcomes: the table and the rules are two witnesses, and they must tell the same story."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from simulator.population import Dirt, Person, PersonKind, Population, Recipe, parse_recipe
from simulator.population.born import BY_DIRT, BY_KIND, EXCEPTIONS, Birth, fate_of
from simulator.population.kinds import soils
from simulator.rules.identity import AmplitudeUser, BrazeProfile, Identifier, Kind
from simulator.rules.mapping import Mapping, Resolved, after_no_match, resolve
from simulator.rules.matching import Hit, match
from simulator.rules.outcomes import DropReason, Outcome, SkipReason
from simulator.rules.rule_sets import RULE_SETS
from simulator.rules.switches import RuleSet

NATURAL = (
    Mapping("user_id", Kind.EXTERNAL_ID),
    Mapping("crm_id", Kind.ALIAS, "crm"),
    Mapping("device_id", Kind.DEVICE_ID),
)
ODD = (
    (Mapping("crm_id", Kind.EXTERNAL_ID), NATURAL[2]),
    (Mapping("user_id", Kind.ALIAS, "crm"), NATURAL[0]),
    (Mapping("crm_id", Kind.ALIAS, "elsewhere"), NATURAL[0]),
    (Mapping("loyalty_id", Kind.EXTERNAL_ID), NATURAL[2]),
    (Mapping("email", Kind.EXTERNAL_ID), NATURAL[0]),
    (Mapping("device_id", Kind.EXTERNAL_ID), NATURAL[1]),
    (Mapping("amplitude_id", Kind.DEVICE_ID),),
)
HIERARCHIES = [chosen for length in (1, 2, 3) for chosen in permutations(NATURAL, length)] + list(ODD)
READINGS = [
    RuleSet(
        fallback=fallback,
        server_device_id=server,
        device_match=device,
        alias_only_profiles=alias,
        deprecated_external_ids=old,
    )
    for fallback, server, device, alias, old in product(
        ("on_missing", "on_no_match", "off"),
        ("on", "off"),
        ("anonymous_only", "never_once_anonymous"),
        ("match", "ignore"),
        ("match", "ignore"),
    )
]
BIRTHS = [Birth(kind, dirt) for kind in PersonKind for dirt in Dirt if dirt is Dirt.NONE or soils(dirt, kind)]


def one_of(birth: Birth) -> Person:
    dirt = {} if birth.dirt is Dirt.NONE else {str(birth.dirt): 100}
    recipe = parse_recipe({"size": 1, "kinds": {str(birth.kind): 100}, "dirt": dirt})
    return Population(recipe, seed=7).person(0)


def as_the_rules_see_it(person: Person, rules: RuleSet) -> tuple[AmplitudeUser, list[BrazeProfile]]:
    device_id = person.user.device_id
    if device_id is None and rules.server_device_id == "on":
        device_id = "made-up-by-amplitude"
    user = AmplitudeUser(1, person.user.user_id, device_id, person.user.properties)
    profiles = [
        BrazeProfile(
            seed.person,
            seed.external_id,
            frozenset(seed.deprecated_external_ids),
            frozenset(seed.aliases),
            frozenset(seed.device_ids),
            seed.once_anonymous,
        )
        for seed in person.profiles
    ]
    return user, profiles


def carriers(identifier: Identifier, profiles: list[BrazeProfile]) -> list[BrazeProfile]:
    """What a store would fetch as candidates."""
    if identifier.kind is Kind.ALIAS:
        return [p for p in profiles if (identifier.label, identifier.value) in p.aliases]
    if identifier.kind is Kind.DEVICE_ID:
        return [p for p in profiles if identifier.value in p.device_ids]
    plain = identifier.value.strip().casefold()
    return [
        p
        for p in profiles
        if (p.external_id or "").strip().casefold() == plain or identifier.value in p.deprecated_external_ids
    ]


def by_the_rules(
    person: Person, hierarchy: tuple[Mapping, ...], rules: RuleSet
) -> tuple[Outcome, SkipReason | DropReason | None]:
    user, profiles = as_the_rules_see_it(person, rules)
    resolved = resolve(user, hierarchy, rules.fallback)
    outcome: tuple[Outcome, SkipReason | DropReason | None] = (Outcome.SKIPPED, SkipReason.UNRESOLVED_MAPPING)
    while isinstance(resolved, Resolved):
        answer = match(resolved.identifier, carriers(resolved.identifier, profiles), rules)
        if isinstance(answer, Hit):
            return Outcome.ADDED, None
        outcome = (Outcome.DROPPED, answer.reason)
        following = after_no_match(user, hierarchy, resolved.rank, rules.fallback)
        if following is None:
            break
        resolved = following
    return outcome


@pytest.mark.parametrize("birth", BIRTHS, ids=lambda birth: f"{birth.kind}-{birth.dirt}")
def test_table_and_rules_tell_the_same_story_under_every_reading(birth: Birth) -> None:
    person = one_of(birth)
    assert birth == person.birth

    told = {(hierarchy, rules): birth.promised(hierarchy, rules)[:2] for hierarchy in HIERARCHIES for rules in READINGS}

    assert told == {
        (hierarchy, rules): by_the_rules(person, hierarchy, rules) for hierarchy in HIERARCHIES for rules in READINGS
    }


def test_every_kind_and_dirt_has_a_row_and_every_exception_a_reason_to_be() -> None:
    assert list(PersonKind) == list(BY_KIND)
    assert list(Dirt) == list(BY_DIRT)
    assert [] == [key for key, soiling in EXCEPTIONS.items() if soiling == BY_DIRT[key[1]] or not soils(*key[::-1])]


def test_every_fate_says_why_and_cites_a_rule_where_braze_was_asked() -> None:
    fates = [fate for birth in BIRTHS for fate in birth.fates]
    fates += [fate.otherwise for fate in fates if fate.otherwise]

    assert [] == [fate for fate in fates if not fate.why or (fate.has_value and ": " not in fate.why)]


@pytest.mark.parametrize("name", RULE_SETS)
def test_under_every_named_rule_set_a_device_first_hierarchy_loses_the_known(name: str) -> None:
    device_first = (NATURAL[2], NATURAL[0])

    born = Birth(PersonKind.ONCE_ANONYMOUS, Dirt.NONE).promised(device_first, RULE_SETS[name])

    rescued = name == "amplitude-page"  # there the next mapping is applied when the first does not match
    assert (Outcome.ADDED if rescued else Outcome.DROPPED) == born.outcome


def test_with_no_fallback_an_anonymous_person_is_skipped_by_a_connection_for_user_ids() -> None:
    born = Birth(PersonKind.ANONYMOUS, Dirt.NONE).promised((NATURAL[0], NATURAL[2]), RuleSet(fallback="off"))

    assert (Outcome.SKIPPED, SkipReason.UNRESOLVED_MAPPING, -1) == born[:3]


def test_the_label_of_the_recipe_is_the_label_that_counts() -> None:
    loyalty = Mapping("crm_id", Kind.ALIAS, "loyalty")
    fates = Birth(PersonKind.KNOWN, Dirt.NONE).fates

    assert fate_of(fates, loyalty, RuleSet(), "loyalty").reason is None
    assert DropReason.UNKNOWN_ALIAS == fate_of(fates, loyalty, RuleSet(), "crm").reason


def test_a_recipe_label_reaches_the_profile() -> None:
    recipe: Recipe = parse_recipe({"size": 1, "kinds": {"known": 100}, "alias_label": "loyalty"})
    person = Population(recipe, seed=7).person(0)

    assert person.profile is not None
    assert ("loyalty", person.user.properties["crm_id"]) == person.profile.aliases[0]
