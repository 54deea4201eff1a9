"""The stream of people: the same for the same seed, any slice alone, unmoved by another Faker."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import blake2b
from itertools import islice

import pytest

from simulator.population import Dirt, Person, PersonKind, Population, Recipe, parse_recipe
from simulator.population.looks import POOL_SIZE, Pools
from simulator.rules.instants import DAY_MS, HOUR_MS
from simulator.rules.mapping import Mapping
from simulator.rules.rule_sets import RULE_SETS


def foreign_pools(locale: str) -> Pools:
    """What another version of Faker might draw: other names, in another number of scripts."""
    return Pools("xx", "XX", *(tuple(f"{word}{n}" for n in range(POOL_SIZE)) for word in ("A", "B", "C", "@d")))


def what_matters(person: Person, hierarchy: tuple[Mapping, ...]) -> list[object]:
    """Identifiers, kind, dirt, events and outcomes of a person: all but the looks."""
    user = person.user
    outcomes = [person.birth.promised(hierarchy, rules)[:3] for rules in RULE_SETS.values()]
    profiles = [seed._replace(attributes={}) for seed in person.profiles]
    crm_id = user.properties.get("crm_id")
    events = [(event.name, event.age_ms) for event in user.events]
    return [
        person.name,
        person.kind,
        person.dirt,
        user.user_id,
        user.device_id,
        crm_id,
        events,
        profiles,
        outcomes,
    ]


def digest(people: list[list[object]]) -> str:
    return blake2b(json.dumps(people).encode(), digest_size=8).hexdigest()


def test_the_same_recipe_and_seed_give_the_same_people(everybody: Recipe) -> None:
    assert list(Population(everybody, seed=7)) == list(Population(everybody, seed=7))


def test_another_seed_gives_other_identifiers_and_the_same_quotas(everybody: Recipe) -> None:
    one, other = Population(everybody, seed=7), Population(everybody, seed=8)

    assert one.counts == other.counts
    assert {p.user.device_id for p in one if p.user.device_id}.isdisjoint({p.user.device_id for p in other})


def test_identifiers_kinds_and_outcomes_are_pinned_independently_of_faker(
    everybody: Recipe, hierarchy: tuple[Mapping, ...]
) -> None:
    population = Population(everybody, seed=7, looks=foreign_pools)

    assert "69643e319bce20d6" == digest([what_matters(person, hierarchy) for person in population])


def test_other_pools_move_no_identifier_and_no_outcome(everybody: Recipe, hierarchy: tuple[Mapping, ...]) -> None:
    with_faker = [what_matters(person, hierarchy) for person in Population(everybody, seed=7)]
    without = [what_matters(person, hierarchy) for person in Population(everybody, seed=7, looks=foreign_pools)]

    assert with_faker == without


def test_the_hash_seed_of_the_interpreter_changes_nothing() -> None:
    program = (
        "from simulator.population import *\n"
        "p = Population(parse_recipe({'size': 200, 'dirt': {'padded': 5}, 'locale': ['en_US', 'ja_JP']}), 7)\n"
        "import hashlib; print(hashlib.sha256(repr(list(p)).encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(runs)


def test_any_slice_alone_is_that_part_of_the_whole(everybody: Recipe) -> None:
    population = Population(everybody, seed=7)
    whole = list(population)

    assert 1_000 == len(population) == len(whole)
    assert whole[333:350] == list(population.slice(333, 350))
    assert whole[999] == population.person(999)
    assert [] == list(population.slice(1_000, 1_010))
    assert whole[:3] == list(population.slice(-5, 3))


@pytest.mark.parametrize("number", [-1, 1_000])
def test_nobody_lives_outside_the_population(everybody: Recipe, number: int) -> None:
    with pytest.raises(IndexError, match="people 0 to 999"):
        Population(everybody, seed=7).person(number)


def test_a_population_of_ten_million_starts_at_once() -> None:
    population = Population(parse_recipe({"size": 10_000_000}), seed=7)

    assert ["p000000", "p000001"] == [person.name for person in islice(population, 2)]
    assert "p9999999" == population.person(9_999_999).name


def test_no_two_people_share_an_identifier_unless_their_dirt_says_so(everybody: Recipe) -> None:
    people = list(Population(everybody, seed=7))
    user_ids = [p.user.user_id for p in people if p.user.user_id and p.user.user_id.strip()]
    devices = [p.user.device_id for p in people if p.user.device_id]
    external_ids = [s.external_id for p in people for s in p.profiles if s.external_id]
    aliases = [alias for p in people for s in p.profiles for alias in s.aliases]

    for identifiers in (user_ids, devices, external_ids, aliases):
        assert len(identifiers) == len(set(identifiers))


def test_counts_are_known_without_making_anybody(everybody: Recipe) -> None:
    population = Population(everybody, seed=7)
    counted: dict[tuple[PersonKind, Dirt], int] = {}
    for person in population:
        counted[person.kind, person.dirt] = counted.get((person.kind, person.dirt), 0) + 1

    assert counted == dict(population.counts)
    assert counted == {(birth.kind, birth.dirt): count for birth, count in population.births()}


def test_everybody_performs_every_event_of_the_recipe_within_the_last_day() -> None:
    recipe = parse_recipe({"size": 50, "events": ["app_opened", "purchase"]})

    for person in Population(recipe, seed=7):
        assert ["app_opened", "purchase"] == [event.name for event in person.user.events]
        assert all(HOUR_MS <= event.age_ms < DAY_MS for event in person.user.events)


def test_the_neighbours_of_a_device_are_other_humans(everybody: Recipe) -> None:
    by_dirt = {person.dirt: person for person in Population(everybody, seed=7)}
    shared, passed_on = by_dirt[Dirt.SHARED_DEVICE], by_dirt[Dirt.PASSED_ON_DEVICE]

    assert f"{shared.name}-housemate" == shared.neighbours[0].person
    assert shared.neighbours[0].once_anonymous
    assert (shared.user.device_id,) == shared.neighbours[0].device_ids
    assert passed_on.neighbours[0].external_id is None
    assert (passed_on.user.device_id,) == passed_on.neighbours[0].device_ids
    assert () == by_dirt[Dirt.NONE].neighbours


def test_a_person_looks_the_same_in_both_systems(everybody: Recipe) -> None:
    for person in Population(everybody, seed=7):
        if person.profile:
            assert person.profile.attributes == {
                name: person.user.properties[name] for name in person.profile.attributes
            }
