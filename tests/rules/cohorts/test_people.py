"""Names of a scenario become ids before anybody is judged."""

from simulator.rules.cohorts.definition import Definition, Row, StaticIds
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.people import bind_people, is_static, people_named

IDS = {"ida": 1, "ben": 2}


def test_names_are_found_once_in_order():
    written = {"all": [{"people": ["ida", "ben"]}, {"not": {"people": ["noor", "ida"]}}, {"performed": "a"}]}
    assert people_named(from_language(written)) == ("ida", "ben", "noor")


def test_names_become_ids_and_strangers_are_left_out():
    bound = bind_people(from_language({"people": ["ida", "noor"]}), IDS.get)
    assert bound == Definition((Row((StaticIds(frozenset({1})),)),))


def test_only_a_plain_list_is_static():
    assert is_static(from_language({"people": ["ida"]}))
    assert is_static(from_language({"any": [{"people": ["ida"]}, {"user_ids": ["ben-1001"]}]}))
    assert not is_static(from_language({"not": {"people": ["ida"]}}))
    assert not is_static(from_language({"performed": "a"}))
    assert not is_static(from_language({"all": [{"people": ["ida"]}, {"people": ["ben"]}]}))
