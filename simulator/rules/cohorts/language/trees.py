"""Turns any nesting of all, any and not into Amplitude's shape: rows joined by AND, clauses joined by OR.

Amplitude negates whole rows and nothing inside one, so a few nestings cannot be said; each is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from simulator.rules.cohorts.definition import Clause, Definition, DefinitionError, Row

Path = tuple[str | int, ...]

MOST_ROWS = 64


@dataclass(frozen=True, slots=True)
class Leaf:
    """One clause, where it was written."""

    clause: Clause
    path: Path = ()


@dataclass(frozen=True, slots=True)
class All:
    """Everything in it must hold."""

    parts: tuple[Tree, ...]
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Either:
    """Something in it must hold."""

    parts: tuple[Tree, ...]
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Not:
    """What it holds must not hold."""

    part: Tree
    path: Path = ()


Tree = Leaf | All | Either | Not

_OWN_COHORT = "give those people a cohort of their own and name it with in_cohort"


def definition_of(tree: Tree) -> Definition:
    """The rows of a tree. Raises DefinitionError for a nesting that Amplitude cannot express."""
    rows = tuple(dict.fromkeys(_rows(tree, False)))
    if len(rows) > MOST_ROWS:
        raise DefinitionError(tree.path, f"this nesting spreads out to {len(rows)} rows", _OWN_COHORT)
    return Definition(rows)


def _rows(tree: Tree, negated: bool) -> list[Row]:
    match tree:
        case Leaf(clause):
            return [Row((clause,), negated)]
        case Not(part):
            return _rows(part, not negated)
        case All(parts):
            if not negated or len(parts) == 1:
                return [row for part in parts for row in _rows(part, negated)]
            raise DefinitionError(
                tree.path, "Amplitude cannot exclude people for whom several things hold together", _OWN_COHORT
            )
        case Either(parts):
            return _either(tree, parts, negated)


def _either(tree: Either, parts: tuple[Tree, ...], negated: bool) -> list[Row]:
    if negated:
        leaves = [part.clause for part in parts if isinstance(part, Leaf)]
        if len(leaves) == len(parts):
            return [Row(tuple(leaves), negated=True)]
        return [row for part in parts for row in _rows(part, negated=True)]
    choices = [_rows(part, negated=False) for part in parts]
    if len(choices) == 1:
        return choices[0]
    if any(row.negated for rows in choices for row in rows):
        raise DefinitionError(
            tree.path, "Amplitude negates a whole row, so `not` cannot stand inside `any`", _OWN_COHORT
        )
    spread = product(*choices)
    return [Row(tuple(dict.fromkeys(clause for row in rows for clause in row.clauses))) for rows in spread]
