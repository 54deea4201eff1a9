"""Estimated sizes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from simulator.rules.segments.size import SAMPLE_SIZE, Estimate, estimated_size


def even(people: Sequence[int]) -> int:
    return sum(1 for number in people if number % 2 == 0)


def test_a_workspace_as_large_as_the_sample_is_counted_whole() -> None:
    found = estimated_size(range(SAMPLE_SIZE), even, Random(7))
    assert found == Estimate(SAMPLE_SIZE // 2, SAMPLE_SIZE // 2, SAMPLE_SIZE // 2, SAMPLE_SIZE)


def test_a_larger_one_is_guessed_within_about_one_percent() -> None:
    found = estimated_size(range(100_000), even, Random(7))
    assert (found.sampled, found.low <= 50_000 <= found.high, abs(found.size - 50_000) <= 1_000) == (9_604, True, True)


def test_the_guess_is_not_the_truth() -> None:
    assert estimated_size(range(100_000), even, Random(7)).size != 50_000


def test_the_same_seed_gives_the_same_guess() -> None:
    assert estimated_size(range(50_000), even, Random(7)) == estimated_size(range(50_000), even, Random(7))


def test_bounds_stay_within_the_possible() -> None:
    found = estimated_size(range(50_000), len, Random(7))
    assert (found.low, found.high) == (50_000, 50_000)
