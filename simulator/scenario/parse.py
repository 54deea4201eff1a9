"""From a tree to scenarios: names first, then every section, then what only the whole can tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from simulator.feeds import MAIN
from simulator.scenario.checks import check
from simulator.scenario.files import Case, cases_of, cases_of_text
from simulator.scenario.language.nodes import Entries, Listing, Node, Scalar
from simulator.scenario.language.records import read_record
from simulator.scenario.language.shapes import Broken, Reader
from simulator.scenario.language.source import Problem, ScenarioInvalid, Where
from simulator.scenario.model.scenario import POPULATION, Scenario
from simulator.scenario.model.steps.feeds import FEEDS


def load(path: Path, name: str = "") -> list[Scenario]:
    """The scenario of a file, once for each case of its matrix. Raises ScenarioInvalid with all that is wrong."""
    return _scenarios(cases_of(path, name or str(path)))


def load_text(text: str, name: str = "scenario", folder: Path | None = None) -> list[Scenario]:
    """The same for text; fragments are looked for in `folder`."""
    return _scenarios(cases_of_text(text, name, folder or Path()))


def _scenarios(cases: list[Case]) -> list[Scenario]:
    problems: list[Problem] = []
    scenarios: list[Scenario] = []
    for number, case in enumerate(cases, start=1):
        reader = Reader()
        scenario = _scenario(case, reader)
        problems += reader.problems
        if scenario is not None:
            scenarios.append(replace(scenario, case_number=number))
    if problems:
        raise ScenarioInvalid(problems)
    return scenarios


def _scenario(case: Case, reader: Reader) -> Scenario | None:
    _collect_names(case.root, reader)
    scenario = read_record(Scenario, case.root, reader)
    if isinstance(scenario, Broken):
        return None
    check(scenario, reader)
    return replace(scenario, case=case.values)


def _collect_names(root: Entries, reader: Reader) -> None:
    """The names that a file gives, so that any step may use any of them."""
    reader.known("project")[MAIN] = root.where
    sections = {"people": "person", "connections": "connection", "cohorts": "cohort", "projects": "project"}
    sections["computations"] = "computation"
    for section, kind in sections.items():
        node = root.get(section)
        if isinstance(node, Entries):
            reader.known(kind).update({key.text: key.where for key, _ in node.entries})
    population = root.get("population")
    if population is not None:
        recipe = POPULATION.read(population, Reader())
        reader.generated_people = 0 if isinstance(recipe, Broken) else recipe.size
    _collect_syncs(root, reader.known("sync"), reader.known("cohort"))
    for verb, value in _steps(root):
        node = value.get("name") if isinstance(value, Entries) else None
        if verb == "send_campaign":
            node = node or (value.get("segment") if isinstance(value, Entries) else value)
        made = {"create_segment": "segment", "send_campaign": "campaign"}.get(verb)
        if made is not None and isinstance(node, Scalar):
            reader.known(made).setdefault(node.text, node.where)
        if (common := FEEDS.get(verb)) is not None:
            reader.known("feed").setdefault(node.text if isinstance(node, Scalar) else common, value.where)


def _steps(root: Entries) -> Iterator[tuple[str, Node]]:
    steps = root.get("steps")
    for step in steps.items if isinstance(steps, Listing) else ():
        if isinstance(step, Entries):
            yield from ((key.text, value) for key, value in step.entries)


def _collect_syncs(root: Entries, known: dict[str, Where], cohorts: Collection[str]) -> None:
    """A sync is called by its name, else by its cohort, numbered when that is taken; see `checks.sync_names`.

    A cohort that is misspelt there is a problem there, and none wherever the sync is spoken of.
    """
    unnamed: list[tuple[str, Node]] = []
    for verb, value in _steps(root):
        if verb not in ("sync", "sync_traits"):
            continue
        given = value.get("name") if isinstance(value, Entries) else None
        cohort = value.get("cohort") if isinstance(value, Entries) else value
        if isinstance(given, Scalar):
            known.setdefault(given.text, given.where)
        elif verb == "sync_traits":
            unnamed.append(("traits", value))
        elif isinstance(cohort, Scalar):
            close = [] if cohort.text in cohorts else get_close_matches(cohort.text, cohorts, 1)
            unnamed.append((close[0] if close else cohort.text, cohort))
    for base, node in unnamed:
        name, number = base, 1
        while name in known:
            number += 1
            name = f"{base} ({number})"
        known[name] = node.where
