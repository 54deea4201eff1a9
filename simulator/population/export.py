"""A population as text: one line a person, as JSON lines or as CSV, streamed, with the outcomes they were born with."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from io import StringIO

from simulator.population.born import MappingLike
from simulator.population.people import Person, Population
from simulator.rules.switches import RuleSet

COLUMNS = (
    "person",
    "kind",
    "dirt",
    "amplitude_user_id",
    "amplitude_device_id",
    "amplitude_crm_id",
    "braze_external_id",
    "braze_deprecated_external_ids",
    "braze_aliases",
    "braze_device_ids",
    "once_anonymous",
    "first_name",
    "last_name",
    "email",
    "home_city",
    "country",
    "language",
    "outcome",
    "reason",
    "mapping",
    "why",
)


class Layout(StrEnum):
    """How a population is written."""

    JSON_LINES = "jsonl"
    CSV = "csv"


def lines(
    population: Population,
    hierarchy: Sequence[MappingLike],
    rules: RuleSet,
    layout: Layout = Layout.JSON_LINES,
    people: Iterable[Person] | None = None,
) -> Iterator[str]:
    """One line a person, without line ends; CSV begins with a header. `people` may be a slice of the population."""
    rows = (_row(person, hierarchy, rules, population.recipe.alias_label) for person in people or population)
    if layout is Layout.CSV:
        yield _csv_line(COLUMNS)
        for row in rows:
            yield _csv_line([_csv_cell(row[column]) for column in COLUMNS])
    else:
        for row in rows:
            yield json.dumps(row, ensure_ascii=False)


def summary(population: Population, hierarchy: Sequence[MappingLike], rules: RuleSet) -> dict[str, int]:
    """How many people are born with each outcome (`added`, or the reason of a skip or drop); nobody is made for it."""
    counts: Counter[str] = Counter()
    for birth, people in population.births():
        born = birth.promised(hierarchy, rules, population.recipe.alias_label)
        counts[str(born.reason or born.outcome)] += people
    return dict(counts)


def _row(person: Person, hierarchy: Sequence[MappingLike], rules: RuleSet, alias_label: str) -> Mapping[str, object]:
    user, profile = person.user, person.profile
    born = person.birth.promised(hierarchy, rules, alias_label)
    return {
        "person": person.name,
        "kind": str(person.kind),
        "dirt": str(person.dirt),
        "amplitude_user_id": user.user_id,
        "amplitude_device_id": user.device_id,
        "amplitude_crm_id": user.properties.get("crm_id"),
        "braze_external_id": profile.external_id if profile else None,
        "braze_deprecated_external_ids": profile.deprecated_external_ids if profile else (),
        "braze_aliases": [f"{label}:{name}" for label, name in profile.aliases] if profile else (),
        "braze_device_ids": profile.device_ids if profile else (),
        "once_anonymous": profile.once_anonymous if profile else None,
        **{name: user.properties[name] for name in COLUMNS[11:17]},
        "outcome": str(born.outcome),
        "reason": str(born.reason) if born.reason else None,
        "mapping": born.mapping if born.mapping >= 0 else None,
        "why": born.why,
    }


def _csv_cell(value: object) -> object:
    return " ".join(str(item) for item in value) if isinstance(value, list | tuple) else value


def _csv_line(cells: Sequence[object]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
