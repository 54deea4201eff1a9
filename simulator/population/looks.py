"""What people look like: names and cities from pools that Faker fills once per locale. No outcome depends on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

POOL_SIZE = 256
"""Entries of each pool; a power of two, so that one byte of a person's own bytes picks one."""


class UnknownLocale(ValueError):
    """A locale for which there are no names."""


class Pools(NamedTuple):
    """The looks of one locale. Every list has POOL_SIZE entries, repeated where Faker knows fewer."""

    language: str
    country: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    cities: tuple[str, ...]
    email_domains: tuple[str, ...]


def known_locales() -> Sequence[str]:
    """Those for which there are names."""
    from faker.config import AVAILABLE_LOCALES

    return sorted(AVAILABLE_LOCALES)


@cache
def pools_of(locale: str) -> Pools:
    """Draw the pools of a locale, always the same for one version of Faker. Raises UnknownLocale."""
    # Faker takes a quarter of a second to import; commands that make no people should not pay for it.
    from faker import Faker

    try:
        faker = Faker(locale, use_weighting=False)
    except AttributeError as error:
        raise UnknownLocale(f"there are no names for the locale {locale!r}") from error
    faker.seed_instance(locale)
    language, _, country = locale.partition("_")
    return Pools(
        language,
        country,
        _draw(faker.first_name),
        _draw(faker.last_name),
        _draw(faker.city),
        # Reserved domains only: a generated person must never be a real mailbox.
        _draw(lambda: f"@{faker.safe_domain_name()}"),
    )


def _draw(provider: Callable[[], str]) -> tuple[str, ...]:
    return tuple(provider() for _ in range(POOL_SIZE))
