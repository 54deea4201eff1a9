"""Small values are read strictly; what `reading` cannot reach is reached here."""

import pytest

from simulator.rules.cohorts.definition import Comparison, DefinitionError, Ever
from simulator.rules.cohorts.language.values import read_comparison, read_count, read_duration, read_list, read_window


def test_a_clause_without_a_window_means_ever():
    assert read_window({}, ()) == Ever()


@pytest.mark.parametrize(
    ("text", "expected"), [("-3", (Comparison.EXACTLY, -3)), ("> -1.5", (Comparison.MORE_THAN, -1.5))]
)
def test_numbers_may_be_negative_and_broken(text, expected):
    assert read_comparison(text, ()) == expected


def test_the_least_of_a_count_is_said():
    with pytest.raises(DefinitionError, match="of 1 or more"):
        read_count(0, (), 1)


def test_a_duration_may_be_zero_where_it_says_so():
    assert read_duration("0s", (), 0) == 0


def test_a_mapping_is_no_list():
    with pytest.raises(DefinitionError, match="is not a list"):
        read_list({"a": 1}, (), "a list")
