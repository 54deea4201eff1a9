"""The tree of filters itself."""

from __future__ import annotations

from simulator.rules.segments.form import SHAPES
from simulator.rules.segments.judge import JUDGES
from simulator.rules.segments.tree import EVERYBODY, AllOf, AnyOf, Kind, anonymous, filters_of, has_alias, identified


def test_filters_are_listed_from_left_to_right() -> None:
    tree = AllOf((identified(), AnyOf((has_alias(), anonymous()))))
    assert filters_of(tree) == (identified(), has_alias(), anonymous())


def test_everybody_has_no_filter() -> None:
    assert filters_of(EVERYBODY) == ()


def test_every_kind_can_be_written_and_judged() -> None:
    assert (set(SHAPES), set(JUDGES) | {Kind.SEGMENT_MEMBERSHIP}) == (set(Kind), set(Kind))
