"""Names of people in a definition: which there are, and how they become ids once a world knows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulator.rules.cohorts.definition import Clause, Definition, People, StaticIds


def people_named(definition: Definition) -> tuple[str, ...]:
    """Every name of a person in the definition, once, in the order of writing."""
    named = (name for c in definition.clauses() if isinstance(c, People) for name in c.names)
    return tuple(dict.fromkeys(named))


def bind_people(definition: Definition, amplitude_id_of: Callable[[str], int | None]) -> Definition:
    """The definition with names replaced by Amplitude ids; somebody unknown to Amplitude (None) is left out."""

    def bound(clause: Clause) -> Clause:
        if not isinstance(clause, People):
            return clause
        found = (amplitude_id_of(name) for name in clause.names)
        return StaticIds(amplitude_ids=frozenset(number for number in found if number is not None))

    return Definition(tuple(replace(row, clauses=tuple(map(bound, row.clauses))) for row in definition.rows))


def is_static(definition: Definition) -> bool:
    """Whether it is a list of people and nothing else: such a cohort is changed by hand, not by what people do."""
    return (
        len(definition.rows) == 1
        and not definition.rows[0].negated
        and all(isinstance(clause, (People, StaticIds)) for clause in definition.rows[0].clauses)
    )
