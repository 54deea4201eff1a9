"""Any nesting becomes rows of clauses, or is refused with what to do instead."""

import pytest

from simulator.rules.cohorts.definition import DefinitionError, InCohort, Row
from simulator.rules.cohorts.language.reading import from_language

A, B, C, D = ({"in_cohort": name} for name in "abcd")


def row(*names, negated=False):
    return Row(tuple(InCohort(name) for name in names), negated)


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        (A, [row("a")]),
        ({"not": A}, [row("a", negated=True)]),
        ({"not": {"not": A}}, [row("a")]),
        ({"all": [A, B]}, [row("a"), row("b")]),
        ({"all": [A, {"all": [B, A]}]}, [row("a"), row("b")]),
        ({"any": [A, B]}, [row("a", "b")]),
        ({"any": [A]}, [row("a")]),
        ({"any": [{"not": A}]}, [row("a", negated=True)]),
        ({"any": [A, {"any": [B, C]}]}, [row("a", "b", "c")]),
        ({"any": [{"all": [A, B]}, C]}, [row("a", "c"), row("b", "c")]),
        ({"any": [{"all": [A, B]}, {"all": [C, D]}]}, [row("a", "c"), row("a", "d"), row("b", "c"), row("b", "d")]),
        ({"any": [{"all": [A, B]}, A]}, [row("a"), row("b", "a")]),
        ({"not": {"any": [A, B]}}, [row("a", "b", negated=True)]),
        ({"not": {"any": [A, {"any": [B, C]}]}}, [row("a", negated=True), row("b", "c", negated=True)]),
        ({"not": {"any": [A, {"not": B}]}}, [row("a", negated=True), row("b")]),
        ({"not": {"all": [A]}}, [row("a", negated=True)]),
    ],
    ids=str,
)
def test_a_nesting_becomes_rows(written, rows):
    assert list(from_language(written).rows) == rows


@pytest.mark.parametrize(
    ("written", "path", "what"),
    [
        ({"not": {"all": [A, B]}}, ("not", "all"), "several things hold together"),
        ({"any": [A, {"not": B}]}, ("any",), "`not` cannot stand inside `any`"),
        (
            {"any": [{"all": [{"in_cohort": f"{x}{y}"} for y in range(9)]} for x in range(2)]},
            ("any",),
            "spreads out to 81 rows",
        ),
    ],
    ids=str,
)
def test_what_amplitude_cannot_say_is_refused(written, path, what):
    with pytest.raises(DefinitionError, match="cohort of their own") as refused:
        from_language(written)
    assert (refused.value.path, what in refused.value.what) == (path, True)
