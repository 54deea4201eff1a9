"""`absim population`: people from a recipe and a seed, with the outcome that each is born with."""

from __future__ import annotations

from collections.abc import Mapping as Plain
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.cli.common import ExitCode, emit, option, shown_name, talk

if TYPE_CHECKING:
    from simulator.population import Population
    from simulator.rules.mapping import Mapping
    from simulator.rules.switches import RuleSet

HIERARCHY = "user_id, device_id"


@click.command(short_help="Generated people, and what becomes of them.")
@click.argument("recipe", required=False, type=click.Path(path_type=Path))
@option("--size", metavar="N", help="How many people; 10_000 is a number too.")
@option("--kinds", metavar="KIND=SHARE,…", help="How they stand in both systems, such as known=60%,anonymous=40%.")
@option("--dirt", metavar="DIRT=SHARE,…", help="What is wrong with their identifiers, such as case_differs=1%.")
@option("--locale", metavar="LOCALE,…", help="Where they come from, such as en_US,ja_JP.")
@option("--seed", type=click.IntRange(0, 2**53), default=1, help="The same seed gives the same people.")
@option("--identify-by", default=HIERARCHY, metavar="MAPPING,…", help="The identifier mappings that outcomes are for.")
@option("--rules", default="default", help="The rule set that outcomes are for.")
@option("--format", "layout", type=click.Choice(["jsonl", "csv", "summary"]), default="jsonl", envvar=None,
        help="One JSON object a person, one CSV line a person, or the outcomes counted.")  # fmt: skip
def command(
    recipe: Path | None, size: str | None, kinds: str | None, dirt: str | None, locale: str | None, seed: int,
    identify_by: str, rules: str, layout: str,
) -> int:  # fmt: skip
    """Print generated people: their identifiers in both systems, and who a first sync will add, skip or drop.

    RECIPE is a YAML file with the keys of `population:` in a scenario, or a file that has such a section; options
    take the place of its keys. Without one, --size is needed.
    """
    from simulator.population import Population, RecipeError, parse_recipe
    from simulator.rules.rule_sets import rule_set
    from simulator.rules.switches import UnknownSwitch
    from simulator.scenario.language.source import ScenarioInvalid

    given: dict[str, Any] = {
        "size": size,
        "kinds": None if kinds is None else _shares("--kinds", kinds),
        "dirt": None if dirt is None else _shares("--dirt", dirt),
        "locale": None if locale is None else _words(locale),
    }
    if recipe is None and size is None:
        raise click.UsageError("give a RECIPE file, or --size N for people of the usual kinds")
    try:
        data = {} if recipe is None else _read(recipe)
        people = Population(parse_recipe({**data, **{key: each for key, each in given.items() if each}}), seed)
        hierarchy, reading = _hierarchy(identify_by), rule_set(rules)
    except RecipeError as error:
        place = f"{shown_name(recipe)}: " if recipe is not None else ""
        raise click.UsageError(f"{place}{error}") from error
    except UnknownSwitch as error:
        raise click.BadParameter(str(error), param_hint="--rules") from error
    except ScenarioInvalid as invalid:
        talk(str(invalid))
        return ExitCode.USAGE
    _print(people, hierarchy, reading, layout)
    return ExitCode.PASSED


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _shares(name: str, text: str) -> dict[str, str]:
    """`known=60%,anonymous=40%` as the mapping that a recipe has."""
    shares: dict[str, str] = {}
    for word in _words(text):
        kind, equals, share = word.partition("=")
        if not equals or kind.strip() in shares:
            what = "is there twice" if equals else "is not NAME=SHARE"
            raise click.BadParameter(f"{word!r} {what}; write it like known=60%,anonymous=40%", param_hint=name)
        shares[kind.strip()] = share.strip()
    return shares


def _read(path: Path) -> Plain[str, Any]:
    """The recipe of a file as plain data, checked where it stands. Raises ScenarioInvalid, UsageError."""
    from simulator.scenario.language.nodes import Entries, parse_nodes, plain_value, read_text
    from simulator.scenario.language.shapes import Reader
    from simulator.scenario.language.source import ScenarioInvalid, Source
    from simulator.scenario.model.scenario import POPULATION

    name = shown_name(path)
    try:
        text = read_text(path, name)
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from error
    root = parse_nodes(text, Source.of(name, text))
    node = root.get("population") if isinstance(root, Entries) else None
    if node is None and isinstance(root, Entries) and root.get("scenario") is not None:
        raise click.UsageError(f"{name} has no population")
    node, reader = node or root, Reader()
    if not isinstance(node, Entries):
        reader.refuse(f"expected a recipe for people, got {node.kind}", node, "write `size: 10_000`")
    elif node.get("size") is not None:
        POPULATION.read(node, reader)
    if reader.problems:
        raise ScenarioInvalid(reader.problems)
    return {str(key): value for key, value in plain_value(node).items()}


def _hierarchy(text: str) -> Sequence[Mapping]:
    """CONN-1. One to three mappings as a scenario writes them. Raises ScenarioInvalid."""
    from simulator.scenario.language.nodes import parse_nodes
    from simulator.scenario.language.shapes import Broken, Reader
    from simulator.scenario.language.source import ScenarioInvalid, Source
    from simulator.scenario.model.connections import HIERARCHY as SHAPE

    written, reader = f"[{text}]", Reader()
    mappings = SHAPE.read(parse_nodes(written, Source.of("--identify-by", written)), reader)
    if isinstance(mappings, Broken):
        raise ScenarioInvalid(reader.problems)
    return mappings


def _print(people: Population, hierarchy: Sequence[Mapping], rules: RuleSet, layout: str) -> None:
    from simulator.population.export import Layout, lines, summary

    if layout != "summary":
        for line in lines(people, hierarchy, rules, Layout(layout)):
            emit(line + "\n")
        return
    counts = summary(people, hierarchy, rules)
    width = max(map(len, counts))
    size = people.recipe.size
    click.echo(f"{size:,} people, identified by {', then '.join(map(str, hierarchy))}")
    for outcome, number in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        click.echo(f"{outcome:<{width}}  {number:>10,}  {number / size:6.1%}")
