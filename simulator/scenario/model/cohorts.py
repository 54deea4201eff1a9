"""Cohort definitions inside a scenario: the language of `rules.cohorts`, with the file's names checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from simulator.feeds import MAIN
from simulator.rules.cohorts.definition import Definition, DefinitionError, InCohort
from simulator.rules.cohorts.language.reading import from_language
from simulator.rules.cohorts.language.vocabulary import KEYS, Role
from simulator.rules.cohorts.people import is_static
from simulator.scenario.language.nodes import Entries, Listing, Node, Scalar, plain_value
from simulator.scenario.language.records import place_of
from simulator.scenario.language.shapes import BROKEN, Broken, Reader, SchemaBook, Shape
from simulator.scenario.model.words import COHORT, PERSON, PROJECT

PLACE = "project"


@dataclass(frozen=True, slots=True)
class CohortDefinition:
    """A definition, the plain data it was written as, and the Amplitude project that the cohort is in."""

    definition: Definition
    written: Any
    project: str = MAIN

    @property
    def refers_to(self) -> tuple[str, ...]:
        """The cohorts that the definition names."""
        return tuple(clause.cohort for clause in self.definition.clauses() if isinstance(clause, InCohort))

    @property
    def static(self) -> bool:
        """Whether people are moved in and out by hand."""
        return is_static(self.definition)


class CohortShape(Shape):
    """A cohort definition; with `places`, the key `project` beside it says which project it is in."""

    words = "a cohort definition"

    def __init__(self, places: bool = False) -> None:
        self._places = places

    def read(self, node: Node, reader: Reader) -> CohortDefinition | Broken:
        before = len(reader.problems)
        project: str | Broken = MAIN
        if self._places and isinstance(node, Entries) and (place := node.get(PLACE)) is not None:
            project = PROJECT.read(place, reader)
            node = replace(node, entries=tuple(each for each in node.entries if each[0].text != PLACE))
        for shape, name in _names(node):
            shape.read(name, reader)
        written = plain_value(node)
        try:
            definition = from_language(written)
        except DefinitionError as error:
            return reader.refuse(error.what, place_of(node, error.path, error.what), error.suggestion)
        if isinstance(project, Broken) or len(reader.problems) > before:
            return BROKEN
        return CohortDefinition(definition, written, project)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        inner = book.reference("cohort_definition", _schema)
        if not self._places:
            return inner
        place = {"type": "string", "description": "The Amplitude project that it is in (CONN-2); main if left out."}
        whole = _schema()
        return {**whole, "properties": {**whole["properties"], PLACE: place}}


def _names(node: Node) -> Iterator[tuple[Shape, Scalar]]:
    """Every name of a person or a cohort in a definition, with the shape that knows what names there are."""
    if isinstance(node, Listing):
        for item in node.items:
            yield from _names(item)
    if not isinstance(node, Entries):
        return
    for key, value in node.entries:
        if key.text == "people" and isinstance(value, Listing):
            yield from ((PERSON, item) for item in value.items if isinstance(item, Scalar))
        elif key.text == "in_cohort" and isinstance(value, Scalar):
            yield COHORT, value
        elif key.text in ("all", "any", "not"):
            yield from _names(value)


def _schema() -> dict[str, Any]:
    inner = {"$ref": "#/$defs/cohort_definition"}
    joints: dict[str, dict[str, Any]] = {
        "all": {"type": "array", "items": inner},
        "any": {"type": "array", "items": inner},
        "not": inner,
    }
    properties: dict[str, Any] = {
        key.name: {"description": f"{key.means} ({key.role}: {key.takes})", **joints.get(key.name, {})} for key in KEYS
    }
    heads = [key.name for key in KEYS if key.role in (Role.CLAUSE, Role.JOINT)]
    return {
        "type": "object",
        "description": "Who is in the cohort.",
        "properties": properties,
        "additionalProperties": False,
        "oneOf": [{"required": [head]} for head in heads],
    }
