"""People from a recipe and a seed: streamed, any slice alone, each with both of its sides and its birth."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from simulator.population.born import Birth
from simulator.population.drafts import drafter_of
from simulator.population.draws import LineUp, seeded_bytes, spread
from simulator.population.kinds import Dirt, PersonKind
from simulator.population.looks import Pools, pools_of
from simulator.population.recipe import Recipe
from simulator.rules.instants import HOUR_MS

PLANS = ("free", "free", "plus", "growth")
"""The user property `plan`; something for a cohort definition to ask about."""

AGES_MS = tuple(HOUR_MS + step * (8 * HOUR_MS // 256) for step in range(256))
"""How long before the start events happened: one to nine hours, inside every window of a day or more."""


# Named tuples, not frozen dataclasses: a hundred thousand of each are made in a second.
class EventSeed(NamedTuple):
    """An event that happened `age_ms` milliseconds before the clock of the world starts."""

    name: str
    age_ms: int
    properties: Mapping[str, object] = MappingProxyType({})


class UserSeed(NamedTuple):
    """Amplitude's side of a person. No device id means that none was sent, not that Amplitude has none."""

    person: str
    user_id: str | None
    device_id: str | None
    properties: Mapping[str, object]
    events: tuple[EventSeed, ...]


class ProfileSeed(NamedTuple):
    """Braze's side of a person. `aliases` are pairs of label and name; `attributes` hold the e-mail address too."""

    person: str
    external_id: str | None
    deprecated_external_ids: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...]
    device_ids: tuple[str, ...]
    once_anonymous: bool
    attributes: Mapping[str, object]


class Person(NamedTuple):
    """One generated person. `neighbours` are Braze profiles of other humans that touch this one's device."""

    number: int
    name: str
    birth: Birth
    user: UserSeed
    profile: ProfileSeed | None
    neighbours: tuple[ProfileSeed, ...]

    @property
    def kind(self) -> PersonKind:
        """How the person stands in both systems."""
        return self.birth.kind

    @property
    def dirt(self) -> Dirt:
        """What is wrong with the person's identifiers."""
        return self.birth.dirt

    @property
    def profiles(self) -> tuple[ProfileSeed, ...]:
        """Every Braze profile that comes with this person, the own one first."""
        return self.neighbours if self.profile is None else (self.profile, *self.neighbours)


class Population:
    """The people of a recipe under a seed. Iterating streams them; nothing is kept."""

    __slots__ = ("_drafters", "_line_up", "_looks", "_spread", "recipe", "seed")

    def __init__(self, recipe: Recipe, seed: int, looks: Callable[[str], Pools] = pools_of) -> None:
        self.recipe = recipe
        self.seed = seed
        self._line_up = LineUp(recipe)
        self._drafters = [(birth, drafter_of(birth)) for birth in self._line_up.births]
        self._spread = spread(recipe.size, seed)
        self._looks = looks

    def __len__(self) -> int:
        return self.recipe.size

    def __iter__(self) -> Iterator[Person]:
        return self.slice(0, self.recipe.size)

    def person(self, number: int) -> Person:
        """One person alone. Raises IndexError outside the population."""
        if not 0 <= number < self.recipe.size:
            raise IndexError(f"this population has people 0 to {self.recipe.size - 1}, not {number}")
        return next(self.slice(number, number + 1))

    @property
    def counts(self) -> Mapping[tuple[PersonKind, Dirt], int]:
        """How many people of each kind and dirt there are, without making one."""
        return self._line_up.counts

    def births(self) -> Iterator[tuple[Birth, int]]:
        """Each birth with the number of people who share it."""
        return zip(self._line_up.births, self._line_up.counts.values(), strict=True)

    def slice(self, start: int, stop: int) -> Iterator[Person]:
        """People `start` to `stop - 1`, the same as in the whole stream."""
        # Everything the loop needs is a local: this is the one hot loop of the package.
        recipe, seed, births, ends = self.recipe, self.seed, self._drafters, self._line_up.ends
        pools, locales, label = self._pools(), len(recipe.locales), recipe.alias_label
        events = [tuple(EventSeed(name, age_ms) for name in recipe.events) for age_ms in AGES_MS]
        start, stop = max(start, 0), min(stop, recipe.size)
        rank, stride, size = self._spread.rank(start), self._spread.stride, recipe.size
        for number in range(start, stop):
            own = seeded_bytes(seed, number)
            birth, draft = births[bisect_right(ends, rank)]
            rank = (rank + stride) % size
            digits = f"{number:06d}"
            tail = f"{digits}-{own[:4].hex()}"
            (user_id, device_id, crm_id, in_braze, external_id, deprecated, alias, own_label, devices, once, near) = (
                draft("u-" + tail, "d-" + tail, "c-" + tail)
            )
            name = "p" + digits
            look = pools[own[16] % locales]
            attributes: dict[str, object] = {
                "first_name": look.first_names[own[17]],
                "last_name": look.last_names[own[18]],
                "home_city": look.cities[own[19]],
                "country": look.country,
                "language": look.language,
                "email": name + look.email_domains[own[20]],
            }
            properties = {**attributes, "plan": PLANS[own[21] & 3]}
            if crm_id is not None:
                properties["crm_id"] = crm_id
            user = _new(UserSeed, (name, user_id, device_id, properties, events[own[22]]))
            profile = None
            if in_braze:
                aliases = ((own_label or label, alias),) if alias else ()
                profile = _new(ProfileSeed, (name, external_id, deprecated, aliases, devices, once, attributes))
            neighbours = tuple([_neighbour(name, *other) for other in near]) if near else ()
            yield _new(Person, (number, name, birth, user, profile, neighbours))

    def _pools(self) -> tuple[Pools, ...]:
        return tuple(self._looks(locale) for locale in self.recipe.locales)


# tuple.__new__ fills a named tuple in a third of the time of a call of its class.
_new = tuple.__new__


def _neighbour(name: str, role: str, external_id: str | None, devices: tuple[str, ...]) -> ProfileSeed:
    """The Braze profile of another human who used the same device: identified after a login, or anonymous."""
    return ProfileSeed(f"{name}-{role}", external_id, (), (), devices, external_id is not None, {})
