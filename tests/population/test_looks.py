"""Faker says what people look like, in their own script, and nothing else."""

from __future__ import annotations

import pytest

from simulator.population.looks import POOL_SIZE, UnknownLocale, pools_of


def test_a_pool_is_drawn_once_and_always_the_same() -> None:
    first = pools_of("de_DE")
    pools_of.cache_clear()

    assert first == pools_of("de_DE")
    assert pools_of("de_DE") is pools_of("de_DE")


def test_names_are_written_in_the_script_of_the_locale() -> None:
    assert not any(name.isascii() for name in pools_of("ja_JP").last_names)
    assert ("ja", "JP") == (pools_of("ja_JP").language, pools_of("ja_JP").country)


def test_one_byte_picks_from_every_pool() -> None:
    assert {POOL_SIZE} == {len(pool) for pool in pools_of("en_US") if isinstance(pool, tuple)}


def test_no_generated_mailbox_is_a_real_one() -> None:
    assert {"@example.com", "@example.net", "@example.org"} >= set(pools_of("en_US").email_domains)


def test_a_locale_without_names_is_refused() -> None:
    with pytest.raises(UnknownLocale, match="xx_XX"):
        pools_of("xx_XX")
