"""Quotas are exact, spread evenly, and owe nothing to Faker or to the standard library's random module."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from simulator.population import Population, parse_recipe
from simulator.population.draws import BYTES_PER_PERSON, LineUp, apportion, seeded_bytes, spread


def test_the_bytes_of_a_person_are_pinned() -> None:
    assert "b1ef7ad2" == seeded_bytes(7, 0).hex()[:8]
    assert BYTES_PER_PERSON == len(seeded_bytes(7, 123_456))


def test_another_seed_or_another_person_has_other_bytes() -> None:
    assert 4 == len({seeded_bytes(seed, number) for seed in (7, 8) for number in (0, 1)})


def test_whole_shares_are_exact() -> None:
    shares = {"known": Fraction(55, 100), "anonymous": Fraction(45, 100)}

    assert {"known": 5_500, "anonymous": 4_500} == apportion(10_000, shares)


def test_the_largest_remainder_gets_the_odd_person_and_the_earlier_one_wins_a_tie() -> None:
    assert {"a": 1, "b": 0} == apportion(1, {"a": Fraction(1, 2), "b": Fraction(1, 2)})
    assert {"a": 0, "b": 1} == apportion(1, {"a": Fraction(2, 5), "b": Fraction(3, 5)})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 97, 100, 1_000, 9_973])
def test_everybody_has_a_rank_of_their_own(size: int) -> None:
    ranks = spread(size, seed=7)

    assert set(range(size)) == {ranks.rank(number) for number in range(size)}


def test_the_kinds_of_the_whole_are_exact_and_dirt_is_a_share_of_each_kind() -> None:
    recipe = parse_recipe(
        {"size": 10_000, "kinds": {"known": "60%", "anonymous": "40%"}, "dirt": {"case_differs": "1%"}}
    )

    assert {("known", "none"): 5_940, ("known", "case_differs"): 60, ("anonymous", "none"): 4_000} == {
        (str(kind), str(dirt)): count for (kind, dirt), count in LineUp(recipe).counts.items()
    }


def test_any_hundred_neighbours_are_a_fair_sample_of_the_whole() -> None:
    population = Population(parse_recipe({"size": 10_000}), seed=7)

    for start in (0, 4_321, 9_900):
        kinds = Counter(person.kind for person in population.slice(start, start + 100))
        assert 53 <= kinds["known"] <= 57
        assert 18 <= kinds["anonymous"] <= 22
