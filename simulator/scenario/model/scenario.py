"""A scenario as a value: everything that a file says, names checked, defaults applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simulator.population.kinds import Dirt, PersonKind
from simulator.population.recipe import Recipe, RecipeError, parse_recipe
from simulator.rules.cadence import AUTOMATED_SYNCS, Plan
from simulator.rules.instants import Instant, parse_instant
from simulator.scenario.language.records import Foreign, Record, RecordOf, key
from simulator.scenario.language.shapes import Choice, Json, ListOf, MapOf, Text, Whole
from simulator.scenario.model.cohorts import CohortDefinition, CohortShape
from simulator.scenario.model.computations import Computation
from simulator.scenario.model.connections import Connection
from simulator.scenario.model.expect import Expect, ExpectShape, Reading, ReadingShape
from simulator.scenario.model.people import Person
from simulator.scenario.model.registry import StepShape
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.words import FLAG, INSTANT, RULE_IDS, TEXT

DEFAULT_CLOCK = parse_instant("2026-03-02T10:00:00Z")
DEFAULT_SEED = 1
CASES_AT_MOST = 64


def _recipe_schema() -> dict[str, Any]:
    share = {"type": ["string", "number"], "description": "A percentage, such as 5%."}
    return {
        "type": "object",
        "properties": {
            "size": {"type": ["integer", "string"], "description": "How many people."},
            "locale": {"description": "Where they come from, such as en_US or [en_US, ja_JP]."},
            "kinds": {
                "type": "object",
                "description": "How they stand in both systems; the shares sum to 100%.",
                "properties": {str(kind): share for kind in PersonKind},
                "additionalProperties": False,
            },
            "dirt": {
                "type": "object",
                "description": "What is wrong with their identifiers.",
                "properties": {str(dirt): share for dirt in Dirt if dirt is not Dirt.NONE},
                "additionalProperties": False,
            },
            "events": {"type": "array", "items": {"type": "string"}, "description": "Events each performs once."},
            "alias_label": {"type": "string", "description": "The label of their aliases in Braze."},
        },
        "required": ["size"],
        "additionalProperties": False,
    }


POPULATION = Foreign("a recipe for people", parse_recipe, RecipeError, _recipe_schema)
_MATRIX_DOC = (
    f"Runs the scenario once a case (at most {CASES_AT_MOST}). A mapping from parameters to lists of values gives "
    "every combination; a list of mappings gives exactly those cases."
)


def case_text(case: Mapping[str, Any]) -> str:
    """The values of a case in one line, as YAML would have them."""
    return ", ".join(f"{name}={_flow(value)}" for name, value in case.items())


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else "null" if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Record):
    """Another Amplitude project of the same organisation."""

    SHORT: ClassVar[str] = "plan"

    plan: Plan = key(Choice(Plan), "Its plan (CONN-3).", default=Plan.ENTERPRISE)
    region: str = key(
        Choice(("us", "eu")), "Where its data lives; hosts of one region do not know keys of the other.", default="us"
    )
    default_cohorts: bool = key(FLAG, "Whether it begins with the cohorts of a fresh live project.", default=False)
    automated_syncs: int = key(
        Whole(0), "How many scheduled and real-time syncs the plan includes.", default=AUTOMATED_SYNCS
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Record):
    """One file, or one case of its matrix."""

    EXAMPLES: ClassVar[tuple[str, ...]] = ()

    scenario: str = key(Text("a title"), "What is shown, in one sentence.")
    covers: tuple[str, ...] = key(RULE_IDS, "The rules that the scenario shows.", default=())
    source: tuple[str, ...] = key(
        ListOf(TEXT, single=True), "The documents that promise it, by title and section.", default=()
    )
    tags: tuple[str, ...] = key(ListOf(TEXT, single=True), "Words for `absim run --tag`.", default=())
    seed: int = key(
        Whole(0, 2**53), "Everything random in the world comes from it; `--seed` overrides it.", default=DEFAULT_SEED
    )
    clock: Instant = key(
        INSTANT, "When the simulated clock starts.", default=DEFAULT_CLOCK, shown="2026-03-02T10:00:00Z"
    )
    rules: Reading = key(
        ReadingShape(), "The reading of the documents: a rule set, or switches.", default=Reading(), shown="default"
    )
    plan: Plan = key(Choice(Plan), "The plan of the first Amplitude project (CONN-3).", default=Plan.ENTERPRISE)
    projects: Mapping[str, Project] = key(
        MapOf(Text("a project's name"), RecordOf(Project)),
        "Amplitude projects beside the first one, which is called main: each has keys, data, destinations and a plan.",
        default={},
    )
    include: tuple[str, ...] = key(
        ListOf(Text("a file"), single=True), "Fragments whose parts are added to this file.", default=()
    )
    parameters: Mapping[str, Any] = key(
        MapOf(Text("a name", r"[A-Za-z_]\w*", "letters, digits and underscores"), Json()),
        "Values that stand wherever `${name}` is written.",
        default={},
    )
    matrix: Any = key(Json(), _MATRIX_DOC, default=None, shown="one case")
    people: Mapping[str, Person] = key(MapOf(Text("a person's name"), RecordOf(Person)), "People by name.", default={})
    population: Recipe | None = key(POPULATION, "Generated people, beside the named ones.", default=None)
    connections: Mapping[str, Connection] = key(
        MapOf(Text("a connection's name"), RecordOf(Connection)), "Configured Braze destinations by name.", default={}
    )
    cohorts: Mapping[str, CohortDefinition] = key(
        MapOf(Text("a cohort's name"), CohortShape(places=True)),
        "Cohorts of Amplitude by name. `project: NAME` beside a definition says that it is not in the first project.",
        default={},
    )
    computations: Mapping[str, Computation] = key(
        MapOf(Text("the name of a computed property"), RecordOf(Computation)),
        "Computations of Amplitude by name.",
        default={},
    )
    steps: tuple[Step, ...] = key(ListOf(StepShape()), "What happens, in order.", default=())
    expect: Expect | None = key(ExpectShape(), "A last step `expect`.", default=None)

    case: Mapping[str, Any] | None = None
    case_number: int = 1
    """Which case of the matrix it is, as `absim why --case` counts them."""

    @property
    def title(self) -> str:
        """The title with the values of the case, if there are several."""
        return f"{self.scenario} [{case_text(self.case)}]" if self.case else self.scenario

    @property
    def timeline(self) -> tuple[Step, ...]:
        """The steps, the `expect` at the end of the file included."""
        return self.steps if self.expect is None else (*self.steps, self.expect)

    @property
    def file(self) -> str:
        """The name of the file as it was given."""
        return self.where.source.name
