"""Recipes are read from plain data; every fault says where it is and what to write instead."""

from __future__ import annotations

from fractions import Fraction

import pytest

from simulator.population import Dirt, PersonKind, RecipeError, parse_recipe


def test_a_size_is_enough() -> None:
    recipe = parse_recipe({"size": 10})

    assert 10 == recipe.size
    assert ("en_US",) == recipe.locales
    assert Fraction(1) == sum(recipe.kinds.values())
    assert {} == dict(recipe.dirt)


def test_percentages_are_written_with_or_without_the_sign() -> None:
    recipe = parse_recipe(
        {"size": 10, "kinds": {"known": "99.5%", "anonymous": 0.5}, "dirt": {"padded": 1, "case_differs": "2"}}
    )

    assert {PersonKind.KNOWN: Fraction(995, 1000), PersonKind.ANONYMOUS: Fraction(5, 1000)} == dict(recipe.kinds)
    assert {Dirt.CASE_DIFFERS: Fraction(2, 100), Dirt.PADDED: Fraction(1, 100)} == dict(recipe.dirt)


def test_three_thirds_written_in_full_make_a_whole() -> None:
    recipe = parse_recipe({"size": 3, "kinds": {"known": "33.34%", "anonymous": "33.33%", "alias_only": "33.33%"}})

    assert Fraction(1) == sum(recipe.kinds.values())


def test_the_order_in_the_file_does_not_matter() -> None:
    one = parse_recipe({"size": 10, "kinds": {"known": 50, "anonymous": 50}})
    other = parse_recipe({"kinds": {"anonymous": 50, "known": 50}, "size": 10})

    assert list(one.kinds) == list(other.kinds)


@pytest.mark.parametrize("size", [1, 10_000_000, "10_000"])
def test_sizes_within_the_limits_are_taken(size: object) -> None:
    assert int(str(size).replace("_", "")) == parse_recipe({"size": size}).size


FAULTS: list[tuple[dict[str, object], tuple[str, ...], str]] = [
    ({}, (), "a population needs a size"),
    ({"size": 0}, ("size",), "1 to 10,000,000 people, not 0"),
    ({"size": 10_000_001}, ("size",), "not 10,000,001"),
    ({"size": "many"}, ("size",), "'many' is not a whole number"),
    ({"size": True}, ("size",), "True is not a whole number"),
    ({"size": 1.5}, ("size",), "1.5 is not a whole number"),
    ({"size": 1, "kind": {}}, ("kind",), "did you mean kinds?"),
    (
        {"size": 1, "kinds": {"known": "60%", "anonymous": "50%"}},
        ("kinds",),
        "the kinds sum to 110%, not 100% (known 60%, anonymous 50%)",
    ),
    ({"size": 1, "kinds": {"known": "99.9%"}}, ("kinds",), "the kinds sum to 99.9%, not 100%"),
    ({"size": 1, "kinds": {}}, ("kinds",), "the kinds sum to 0%, not 100%"),
    ({"size": 1, "kinds": ["known"]}, ("kinds",), "is not a mapping of names to percentages"),
    ({"size": 1, "kinds": {"knwon": "100%"}}, ("kinds", "knwon"), "did you mean known?"),
    ({"size": 1, "kinds": {"known": "101%"}}, ("kinds", "known"), "is not a percentage"),
    ({"size": 1, "kinds": {"known": -5}}, ("kinds", "known"), "is not a percentage"),
    ({"size": 1, "kinds": {"known": "half"}}, ("kinds", "known"), "is not a percentage"),
    ({"size": 1, "kinds": {"known": None}}, ("kinds", "known"), "is not a percentage"),
    ({"size": 1, "kinds": {"known": True}}, ("kinds", "known"), "is not a percentage"),
    ({"size": 1, "dirt": {"mud": "1%"}}, ("dirt", "mud"), "unknown name 'mud'; there are case_differs"),
    ({"size": 1, "dirt": {"none": "1%"}}, ("dirt", "none"), "unknown name 'none'"),
    ({"size": 1, "dirt": {"padded": "60%", "no_device": "41%"}}, ("dirt",), "sums to 101%, more than 100%"),
    ({"size": 1, "locale": "english"}, ("locale",), "'english' is not a locale; write it like en_US"),
    ({"size": 1, "locale": "xx_YY"}, ("locale",), "there are no names for the locale 'xx_YY'"),
    ({"size": 1, "locale": ["en_US", "de_DD"]}, ("locale",), "the locale 'de_DD'; did you mean de_DE?"),
    ({"size": 1, "locale": []}, ("locale",), "is not a list of names"),
    ({"size": 1, "locale": ["en_US", "en_US"]}, ("locale",), "listed twice"),
    ({"size": 1, "events": "app_opened"}, ("events",), "is not a list of names"),
    ({"size": 1, "events": []}, ("events",), "is not a list of names"),
    ({"size": 1, "events": [""]}, ("events",), "'' is not a name"),
    ({"size": 1, "alias_label": " "}, ("alias_label",), "' ' is not a name"),
]


@pytest.mark.parametrize(("data", "path", "text"), FAULTS, ids=[text for _, _, text in FAULTS])
def test_a_fault_names_its_place_and_the_remedy(data: dict[str, object], path: tuple[str, ...], text: str) -> None:
    with pytest.raises(RecipeError) as raised:
        parse_recipe(data)

    assert path == raised.value.path
    assert text in str(raised.value)
