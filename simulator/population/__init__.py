"""Generated people: a recipe and a seed give the same people on every machine, each born with an outcome.

Faker says what a person looks like; identifiers, kinds and dirt come from our own generator, so that another
version of Faker cannot move anybody's outcome.
"""

from simulator.population.born import Born, Fate, promise
from simulator.population.kinds import Dirt, PersonKind
from simulator.population.people import EventSeed, Person, Population, ProfileSeed, UserSeed
from simulator.population.recipe import Recipe, RecipeError, parse_recipe

__all__ = [
    "Born",
    "Dirt",
    "EventSeed",
    "Fate",
    "Person",
    "PersonKind",
    "Population",
    "ProfileSeed",
    "Recipe",
    "RecipeError",
    "UserSeed",
    "parse_recipe",
    "promise",
]
