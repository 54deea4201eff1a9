"""A recipe for people: how many, from where, which kinds and which dirt, read from plain data and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import TypeVar

from simulator.population.kinds import Dirt, PersonKind
from simulator.population.looks import known_locales

PEOPLE_AT_MOST = 10_000_000
DEFAULT_LOCALE = "en_US"
KEYS = ("size", "locale", "kinds", "dirt", "events", "alias_label")

_PERCENTAGE = re.compile(r"^\s*(\d{1,3}(?:\.\d{1,4})?)\s*%?\s*$")
_LOCALE = re.compile(r"^[a-z]{2,3}_[A-Z]{2}$")
_Listed = TypeVar("_Listed", bound=StrEnum)


class RecipeError(ValueError):
    """A recipe that makes no population. `path` leads to the offending key, for a caret under it."""

    def __init__(self, path: tuple[str, ...], message: str, suggestion: str = "") -> None:
        self.path = path
        self.message = message
        self.suggestion = suggestion
        place = ".".join(("population", *path))
        super().__init__(f"{place}: {message}" + (f"; {suggestion}" if suggestion else ""))


_DEFAULT_KINDS: Mapping[PersonKind, Fraction] = MappingProxyType(
    {
        PersonKind.KNOWN: Fraction(55, 100),
        PersonKind.ANONYMOUS: Fraction(20, 100),
        PersonKind.ONCE_ANONYMOUS: Fraction(15, 100),
        PersonKind.ALIAS_ONLY: Fraction(5, 100),
        PersonKind.BRAZE_UNKNOWN: Fraction(5, 100),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a population is made of. Shares are exact fractions of 1; `kinds` sum to 1, `dirt` to at most 1."""

    size: int
    locales: tuple[str, ...] = (DEFAULT_LOCALE,)
    kinds: Mapping[PersonKind, Fraction] = field(default_factory=lambda: _DEFAULT_KINDS)
    dirt: Mapping[Dirt, Fraction] = field(default_factory=lambda: MappingProxyType({}))
    events: tuple[str, ...] = ("app_opened",)
    """Every generated person performs each of these once, within the day before the clock starts."""
    alias_label: str = "crm"
    """The label under which Braze keeps the aliases of generated people."""


def parse_recipe(data: Mapping[str, object]) -> Recipe:
    """Check plain data (as YAML gives it) and make a recipe of it. Raises RecipeError with the path to the fault."""
    for key in data:
        if key not in KEYS:
            raise RecipeError((str(key),), f"unknown key {key!r}", _suggest(str(key), KEYS))
    if "size" not in data:
        raise RecipeError((), "a population needs a size", "write `size: 10_000`")
    optional: dict[str, object] = {}
    if "locale" in data:
        optional["locales"] = _locales(data["locale"])
    if "kinds" in data:
        optional["kinds"] = _kinds(data["kinds"])
    if "dirt" in data:
        optional["dirt"] = _dirt(data["dirt"])
    if "events" in data:
        optional["events"] = _texts(("events",), data["events"])
    if "alias_label" in data:
        optional["alias_label"] = _text(("alias_label",), data["alias_label"])
    return Recipe(size=_size(data["size"]), **optional)  # type: ignore[arg-type]


def _size(value: object) -> int:
    number = value
    if isinstance(value, str) and re.fullmatch(r"\d+(_\d+)*", value.strip()):
        number = int(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise RecipeError(("size",), f"{value!r} is not a whole number")
    if not 1 <= number <= PEOPLE_AT_MOST:
        raise RecipeError(("size",), f"a population has 1 to {PEOPLE_AT_MOST:,} people, not {number:,}")
    return number


def _locales(value: object) -> tuple[str, ...]:
    locales = _texts(("locale",), [value] if isinstance(value, str) else value)
    for locale in locales:
        if not _LOCALE.match(locale):
            raise RecipeError(("locale",), f"{locale!r} is not a locale", "write it like en_US or ja_JP")
        if locale != DEFAULT_LOCALE and locale not in (known := known_locales()):
            close = get_close_matches(locale, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "Faker, which draws them, lists those it knows"
            raise RecipeError(("locale",), f"there are no names for the locale {locale!r}", hint)
    return locales


def _kinds(value: object) -> Mapping[PersonKind, Fraction]:
    shares = _shares(("kinds",), value, PersonKind, tuple(PersonKind))
    total = sum(shares.values())
    if total != 1:
        listed = ", ".join(f"{kind} {_percent(share)}" for kind, share in shares.items())
        raise RecipeError(("kinds",), f"the kinds sum to {_percent(total)}, not 100% ({listed})")
    return shares


def _dirt(value: object) -> Mapping[Dirt, Fraction]:
    shares = _shares(("dirt",), value, Dirt, tuple(dirt for dirt in Dirt if dirt is not Dirt.NONE))
    total = sum(shares.values())
    if total > 1:
        raise RecipeError(("dirt",), f"the dirt sums to {_percent(total)}, more than 100%")
    return shares


def _shares(
    path: tuple[str, ...], value: object, listing: type[_Listed], allowed: Sequence[_Listed]
) -> Mapping[_Listed, Fraction]:
    """Names with percentages, in the order of the closed list whatever the order in the file."""
    if not isinstance(value, Mapping):
        raise RecipeError(path, f"{value!r} is not a mapping of names to percentages")
    given: dict[_Listed, Fraction] = {}
    for name, share in value.items():
        if name not in allowed:
            message = f"unknown name {name!r}"
            raise RecipeError((*path, str(name)), message, _suggest(str(name), [str(a) for a in allowed]))
        given[listing(name)] = _share((*path, str(name)), share)
    return MappingProxyType({member: given[member] for member in allowed if member in given})


def _share(path: tuple[str, ...], value: object) -> Fraction:
    """`55%`, `55` and `0.5%` are all percentages."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    match = _PERCENTAGE.match(text) if isinstance(text, str) else None
    share = Fraction(match.group(1)) / 100 if match else None
    if share is None or share > 1:
        raise RecipeError(path, f"{value!r} is not a percentage between 0% and 100%")
    return share


def _texts(path: tuple[str, ...], value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise RecipeError(path, f"{value!r} is not a list of names")
    texts = tuple(_text(path, item) for item in value)
    if len(set(texts)) != len(texts):
        raise RecipeError(path, "a name is listed twice")
    return texts


def _text(path: tuple[str, ...], value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RecipeError(path, f"{value!r} is not a name")
    return value


def _percent(share: Fraction | int) -> str:
    return f"{float(share * 100):g}%"


def _suggest(name: str, allowed: Sequence[str]) -> str:
    near = get_close_matches(name, allowed, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(allowed)}"
