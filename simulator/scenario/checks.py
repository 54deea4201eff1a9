"""What only the whole of a scenario can tell: connections to choose from, cohorts that can be edited, expectations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.feeds import MAIN
from simulator.scenario.language.shapes import Reader
from simulator.scenario.language.source import Where
from simulator.scenario.model.expect import Expect
from simulator.scenario.model.expectations import Outcomes
from simulator.scenario.model.scenario import Scenario
from simulator.scenario.model.steps.base import Step
from simulator.scenario.model.steps.feeds import SyncTraits
from simulator.scenario.model.steps.people import Enters, Leaves
from simulator.scenario.model.steps.syncs import Sync
from simulator.scenario.model.steps.wire import Call


def check(scenario: Scenario, reader: Reader) -> None:
    """Report everything that is wrong between the parts of a scenario."""
    for step in scenario.timeline:
        if isinstance(step, Sync):
            _check_connection(step, scenario, reader)
        elif isinstance(step, Enters | Leaves):
            _check_static(step, scenario, reader)
        elif isinstance(step, Expect):
            _check_expect(step, scenario, reader)
    _check_projects(scenario, reader)
    _check_circles(scenario, reader)
    _check_identifiers(scenario, reader)
    _check_generated_names(scenario, reader)
    for name, where in _names_given_twice(scenario):
        hint = "give this one another name"
        reader.refuse(f"there is another sync called {name!r}", where, hint)
    if not any(_expects(step) for step in scenario.timeline):
        where = scenario.spots.get("scenario", scenario.where)
        reader.refuse("this scenario expects nothing", where, "add `expect:` at the end, or a step `- expect:`")


def _check_generated_names(scenario: Scenario, reader: Reader) -> None:
    size = scenario.population.size if scenario.population else 0
    for name in scenario.people:
        if re.fullmatch(r"p\d{6,8}", name) and int(name[1:]) < size:
            where = reader.known("person")[name]
            reader.refuse(f"{name} is one of the {size:,} generated people", where, "give this person another name")


def _check_identifiers(scenario: Scenario, reader: Reader) -> None:
    """Neither system has two records under one name; devices may be shared."""
    owners: dict[tuple[str, ...], str] = {}
    for name, person in scenario.people.items():
        names: list[tuple[str, ...]] = [] if person.user_id is None else [("user_id", person.user_id)]
        for profile in person.profiles:
            names += [] if profile.external_id is None else [("external_id", profile.external_id)]
            names += [("alias", label, alias) for label, alias in profile.aliases.items()]
        for each in names:
            first = owners.setdefault(each, name)
            if names.count(each) > 1 or first != name:
                whose = f"of {first}" if first != name else f"of another profile of {name}"
                where = person.spots.get("braze" if each[0] != "user_id" else "user_id", person.where)
                reader.refuse(f"{' '.join(each)} is the {each[0]} {whose} already", where, "give each its own")
                break


def _check_projects(scenario: Scenario, reader: Reader) -> None:
    """CONN-2. The first project is there already, and a cohort can only rest on cohorts of its own project."""
    if MAIN in scenario.projects:
        hint = "its plan is the key `plan` of the file; give this project another name"
        reader.refuse("every world has a project called main", scenario.projects[MAIN].where, hint)
    for name, cohort in scenario.cohorts.items():
        for other in cohort.refers_to:
            if other in scenario.cohorts and scenario.cohorts[other].project != cohort.project:
                where = scenario.spots.get(f"cohorts.{name}", scenario.where)
                what = f"{name} is in the project {cohort.project} and {other} in {scenario.cohorts[other].project}"
                reader.refuse(what, where, "a cohort names cohorts of its own project")
    for name, computation in scenario.computations.items():
        project = scenario.projects.get(computation.project)
        if project is not None and project.region != "us":
            where = scenario.spots.get(f"computations.{name}", scenario.where)
            reader.refuse("computations are for projects in the US", where, f"{computation.project} is in the EU")


def _check_circles(scenario: Scenario, reader: Reader) -> None:
    """A cohort may name others as long as it does not come back to itself."""
    for name, cohort in scenario.cohorts.items():
        reached, waiting = set[str](), list(cohort.refers_to)
        while waiting:
            other = waiting.pop()
            if other not in reached and other in scenario.cohorts:
                reached.add(other)
                waiting += scenario.cohorts[other].refers_to
        if name in reached:
            circle = [each for each in scenario.cohorts if each in reached and _leads_to(scenario, each, name)]
            what = f"{name} waits for itself" if circle == [name] else f"{' and '.join(circle)} wait for each other"
            reader.refuse(what, scenario.spots.get(f"cohorts.{name}", scenario.where), "name another cohort")
            return


def _leads_to(scenario: Scenario, start: str, target: str) -> bool:
    reached, waiting = set[str](), [start]
    while waiting:
        for other in scenario.cohorts[waiting.pop()].refers_to:
            if other == target:
                return True
            if other not in reached and other in scenario.cohorts:
                reached.add(other)
                waiting.append(other)
    return False


def _check_connection(step: Sync, scenario: Scenario, reader: Reader) -> None:
    if step.to is not None:
        return
    if not scenario.connections:
        reader.refuse("there is no connection to sync over", step.where, "add `connections: {braze: [user_id]}`")
    elif len(scenario.connections) > 1:
        reader.refuse("over which connection?", step.where, f"add `to:` with one of {', '.join(scenario.connections)}")


def _check_static(step: Enters | Leaves, scenario: Scenario, reader: Reader) -> None:
    if not scenario.cohorts[step.cohort].static:
        hint = "let people do what its definition asks for, or define it with `people: [...]`"
        where = step.spots.get("cohort", step.where)
        reader.refuse(f"{step.cohort} has a definition; nobody is put into it by hand", where, hint)


def _check_expect(step: Expect, scenario: Scenario, reader: Reader) -> None:
    for expectation in step.expectations:
        if isinstance(expectation, Outcomes) and scenario.population is None:
            reader.refuse("only generated people are born with an outcome", expectation.where, "add a population")


def sync_names(scenario: Scenario) -> dict[int, str]:
    """The name of each sync by the index of its step: the one given, else a common one, numbered when it is taken."""
    names: dict[int, str] = {}
    taken = {step.name for step in scenario.timeline if isinstance(step, Sync | SyncTraits) and step.name}
    for index, step in enumerate(scenario.timeline):
        if not isinstance(step, Sync | SyncTraits):
            continue
        common = step.cohort if isinstance(step, Sync) else "traits"
        name, number = step.name or common, 1
        while step.name is None and name in taken:
            number += 1
            name = f"{common} ({number})"
        names[index] = name
        taken.add(name)
    return names


def _names_given_twice(scenario: Scenario) -> Iterator[tuple[str, Where]]:
    seen: set[str] = set()
    for step in scenario.timeline:
        if isinstance(step, Sync | SyncTraits) and step.name:
            if step.name in seen:
                yield step.name, step.spots.get("name", step.where)
            seen.add(step.name)


def _expects(step: Step) -> bool:
    return isinstance(step, Expect) or step.refused is not None or (isinstance(step, Call) and step.expect is not None)
