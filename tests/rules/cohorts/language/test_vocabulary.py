"""Every example of the reference reads, and reads back the same after being written."""

import pytest
import yaml

from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.language.vocabulary import HEADS, KEYS, MODIFIERS
from simulator.rules.cohorts.language.writing import to_language

EXAMPLES = [example for key in KEYS for example in key.examples]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_reference_survives_the_round_trip(example):
    definition = from_language(_plain(example))
    assert from_language(to_language(definition)) == definition


def test_every_key_that_may_stand_somewhere_is_described():
    described = {key.name for key in KEYS}
    assert set(HEADS) <= described
    assert {name for names in MODIFIERS.values() for name in names} - described == {"after", "from", "until"}


def _plain(text):
    """YAML with dates left as text, as the scenario parser reads them."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith("timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(text, Loader)
