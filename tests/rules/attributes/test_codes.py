"""Closed lists."""

from __future__ import annotations

from simulator.rules.attributes.codes import COUNTRIES, COUNTRY_NAMES, CURRENCIES, LANGUAGES, country, is_time_zone


def test_lists_hold_codes_of_one_length() -> None:
    assert {len(code) for code in COUNTRIES} == {len(code) for code in LANGUAGES} == {2}
    assert {len(code) for code in CURRENCIES} == {3}
    assert set(COUNTRY_NAMES.values()) <= COUNTRIES
    assert (len(COUNTRIES) > 240, len(LANGUAGES) > 180, len(CURRENCIES) > 150) == (True, True, True)


def test_a_country_is_a_code_or_a_name() -> None:
    assert [country(text) for text in ("gb", " UK ", "united states", "Narnia")] == ["GB", "GB", "US", None]


def test_a_time_zone_has_the_form_of_an_iana_name() -> None:
    known = ("Europe/Oslo", "America/Argentina/Ushuaia", "Etc/GMT+2", "UTC", "Tokyo")
    assert all(is_time_zone(name) for name in known)
    assert not any(is_time_zone(name) for name in ("Nowhere/Oslo", "Europe/", "Europe/Os lo", "Oslo"))
