"""Who is which kind with which dirt: exact quotas spread evenly over the people, and our own seeded bytes.

Nothing here depends on the standard library's random module or on Faker, so the same seed gives the same people
under every version of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from hashlib import blake2b
from itertools import accumulate
from math import gcd
from typing import NamedTuple, TypeVar

from simulator.population.born import Birth
from simulator.population.kinds import Dirt, PersonKind, soils
from simulator.population.recipe import Recipe

BYTES_PER_PERSON = 24
_GOLDEN_SECTION = Fraction(618_033_988_749, 1_000_000_000_000)
_Key = TypeVar("_Key")


def seeded_bytes(seed: int, index: int) -> bytes:
    """The bytes that decide everything about person number `index`."""
    return blake2b(b"%d:%d" % (seed, index), digest_size=BYTES_PER_PERSON).digest()


def apportion(total: int, shares: Mapping[_Key, Fraction]) -> dict[_Key, int]:
    """Whole numbers that sum to `total`, by largest remainder; of equal remainders the earlier key wins."""
    exact = {key: total * share for key, share in shares.items()}
    counts = {key: int(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: counts[key] - exact[key])
    for key in by_remainder[: total - sum(counts.values())]:
        counts[key] += 1
    return counts


class Spread(NamedTuple):
    """A permutation of 0 to size - 1 in which every run of neighbours is a fair sample of the whole."""

    size: int
    stride: int
    offset: int

    def rank(self, index: int) -> int:
        """The place of person `index` in the line-up of kinds."""
        return (index * self.stride + self.offset) % self.size


def spread(size: int, seed: int) -> Spread:
    """Steps of about the golden section of the size, which keep neighbours apart; the seed turns the wheel."""
    stride = max(1, int(size * _GOLDEN_SECTION))
    while gcd(stride, size) != 1:
        stride += 1
    offset = int.from_bytes(seeded_bytes(seed, -1)[:8], "big") % size
    return Spread(size, stride, offset)


class LineUp:
    """All births of a population, in one line: first the clean and dirty of one kind, then the next kind."""

    __slots__ = ("_ends", "births", "counts")

    def __init__(self, recipe: Recipe) -> None:
        self.counts: dict[tuple[PersonKind, Dirt], int] = {}
        for kind, count in apportion(recipe.size, recipe.kinds).items():
            for dirt, dirty in apportion(count, _dirt_of(kind, recipe.dirt)).items():
                if dirty:
                    self.counts[kind, dirt] = dirty
        self.births: Sequence[Birth] = tuple(Birth(kind, dirt) for kind, dirt in self.counts)
        self._ends = list(accumulate(self.counts.values()))

    @property
    def ends(self) -> list[int]:
        """For each birth the rank after its last person."""
        return self._ends


def _dirt_of(kind: PersonKind, dirt: Mapping[Dirt, Fraction]) -> dict[Dirt, Fraction]:
    """The shares of dirt within a kind; what cannot soil the kind stays clean."""
    shares = {name: share for name, share in dirt.items() if soils(name, kind)}
    return {Dirt.NONE: 1 - sum(shares.values(), Fraction(0)), **shares}
