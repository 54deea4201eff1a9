"""How many people a segment holds: the exact count, and the estimate that the dashboard shows first.

Source: Braze, "Creating a segment" and "Measure segment size": the shown size comes from a sample and is right within
about 1 % in 95 of 100 cases; "Calculate exact statistics" gives the true count. 9,604 people are the sample for which
that holds at worst. Smaller workspaces are counted whole, so there the estimate equals the truth (inferred).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Protocol, TypeVar

from simulator.rules.instants import MINUTE_MS

SAMPLE_SIZE = 9_604
NORMAL_95 = 1.96
ESTIMATE_CACHED_MS = 15 * MINUTE_MS

Person = TypeVar("Person")


class Sampler(Protocol):
    """Draws without replacement; a seeded `random.Random` is one."""

    def sample(self, population: Sequence[Person], k: int) -> list[Person]:
        """So many of them, each at most once."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated size with the bounds of its 95 % interval, in people."""

    size: int
    low: int
    high: int
    sampled: int


def estimated_size(
    people: Sequence[Person],
    count_in: Callable[[Sequence[Person]], int],
    sampler: Sampler,
    sample_size: int = SAMPLE_SIZE,
) -> Estimate:
    """The size guessed from a random sample without replacement; the same sampler gives the same guess.

    `count_in` says how many of some people belong; it is asked once, for the sample, or for all if they are few.
    """
    total = len(people)
    if total <= sample_size:
        size = count_in(people)
        return Estimate(size, size, size, total)
    share = count_in(sampler.sample(people, sample_size)) / sample_size
    margin = NORMAL_95 * sqrt(share * (1 - share) / sample_size)
    low, high = max(0.0, share - margin), min(1.0, share + margin)
    return Estimate(round(share * total), round(low * total), round(high * total), sample_size)
