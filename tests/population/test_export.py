"""A population as text: JSON lines and CSV that another program can read."""

from __future__ import annotations

import csv
import json

from simulator.population import Population, Recipe, parse_recipe
from simulator.population.export import COLUMNS, Layout, lines, summary
from simulator.rules.mapping import Mapping
from simulator.rules.switches import RuleSet


def test_json_lines_carry_every_column_of_every_person(everybody: Recipe, hierarchy: tuple[Mapping, ...]) -> None:
    rows = [json.loads(line) for line in lines(Population(everybody, seed=7), hierarchy, RuleSet())]

    assert 1_000 == len(rows)
    assert {COLUMNS} == {tuple(row) for row in rows}


def test_csv_has_a_header_and_one_line_a_person(everybody: Recipe, hierarchy: tuple[Mapping, ...]) -> None:
    population = Population(everybody, seed=7)
    rows = list(csv.reader(lines(population, hierarchy, RuleSet(), Layout.CSV)))

    assert list(COLUMNS) == rows[0]
    assert 1_001 == len(rows)
    assert {len(COLUMNS)} == {len(row) for row in rows}


def test_a_slice_can_be_written_alone(everybody: Recipe, hierarchy: tuple[Mapping, ...]) -> None:
    population = Population(everybody, seed=7)
    whole = list(lines(population, hierarchy, RuleSet()))

    assert whole[10:12] == list(lines(population, hierarchy, RuleSet(), people=population.slice(10, 12)))


def test_the_summary_counts_what_the_lines_say(everybody: Recipe, hierarchy: tuple[Mapping, ...]) -> None:
    population = Population(everybody, seed=7)
    counted: dict[str, int] = {}
    for line in lines(population, hierarchy, RuleSet()):
        row = json.loads(line)
        key = row["reason"] or row["outcome"]
        counted[key] = counted.get(key, 0) + 1

    assert counted == summary(population, hierarchy, RuleSet())


def test_the_summary_of_the_usual_recipe_can_be_worked_out_by_hand(hierarchy: tuple[Mapping, ...]) -> None:
    population = Population(parse_recipe({"size": 10_000, "dirt": {"case_differs": "1%"}}), seed=7)

    # 55% known, 15% once anonymous, of each 1% in the wrong case; 20% anonymous; 5% alias only; 5% unknown.
    assert {"added": 9_430, "differs_only_in_case": 70, "unknown_external_id": 500} == summary(
        population, hierarchy, RuleSet()
    )
