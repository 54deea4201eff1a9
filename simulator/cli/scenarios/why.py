"""`absim why`: the story of one person over both systems."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from simulator import resources
from simulator.cli.common import ExitCode, Text, counted, emit, option, scenario_files, shown_name, talk
from simulator.cli.scenarios.run import LAST_RUN


@dataclass(frozen=True, slots=True)
class Chosen:
    """The scenario whose story is told, and how it was run."""

    path: Path
    name: str
    case: int
    seed: int | None = None
    rules: str = ""
    door: str = "wsgi"


@click.command(short_help="The story of one person over both systems, rule by rule.")
@click.argument("person", type=Text())
@option("--scenario", type=click.Path(path_type=Path), help="The scenario; otherwise one of the last run.")
@option("--case", type=click.IntRange(1), default=1, help="Which case of its matrix.")
@option("--seed", type=click.IntRange(0, 2**53), help="Another seed than that of the file.")
@option("--rules", default="", help="Another rule set than that of the file.")
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How the story is written.")
@option("--report-dir", type=click.Path(path_type=Path), default=Path("absim-reports"), help="Where the last run lies.")
def command(
    person: str, scenario: Path | None, case: int, seed: int | None, rules: str, form: str, report_dir: Path
) -> int:
    """Tell the story of PERSON: in which cohort since when, each mapping tried, what was sent, what Braze made of it.

    PERSON is a name of the scenario file, or one of its generated people (p000017). Worlds are deterministic, so the
    scenario is run again for the story. After `absim run` the scenario is one of that run: a failed one first.
    """
    if scenario is not None:
        chosen = Chosen(scenario_files([scenario])[0], shown_name(scenario), case - 1, seed, rules)
    else:
        chosen = _from_last_run(person, report_dir)
    return _tell(person, chosen, form)


def _from_last_run(person: str, report_dir: Path) -> Chosen:
    path = report_dir / LAST_RUN
    if not path.is_file():
        raise click.UsageError(f"there is no last run in {report_dir}; run a scenario first, or give --scenario FILE")
    try:
        memory: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        scenarios: list[dict[str, Any]] = memory["scenarios"]
    except (ValueError, KeyError) as error:
        raise click.UsageError(f"{path} is not a memory of a run; run a scenario again") from error
    mine = [each for each in scenarios if _has(person, each)]
    if not mine:
        from simulator.scenario.language.source import did_you_mean

        everybody = sorted({name for each in scenarios for name in each["people"]})
        raise click.UsageError(f"nobody in the last run is called {person!r}; {did_you_mean(person, everybody)}")
    mine.sort(key=lambda each: each["verdict"] == "passed")
    others = list(dict.fromkeys(each["name"] for each in mine[1:] if each["name"] != mine[0]["name"]))
    if others:
        talk(
            f"{person} is also in {', '.join(others[:5])}{' …' if len(others) > 5 else ''}; choose with --scenario FILE"
        )
    first = mine[0]
    return Chosen(
        Path(resources.on_disk(first["path"])), first["name"], first["case"], memory.get("seed"),
        memory.get("rules", ""), memory.get("door", "wsgi"),
    )  # fmt: skip


def _has(person: str, scenario: dict[str, Any]) -> bool:
    found = re.fullmatch(r"p(\d{6,8})", person)
    return person in scenario["people"] or (found is not None and int(found[1]) < scenario["generated"])


def _tell(person: str, chosen: Chosen, form: str) -> int:
    from simulator.reports.words import fit
    from simulator.scenario.language.source import ScenarioInvalid, did_you_mean
    from simulator.scenario.parse import load
    from simulator.scenario.runner import RunOptions, played_stage, settings_of
    from simulator.scenario.story import story, story_lines
    from simulator.world import DoorKind, World

    try:
        cases = load(chosen.path, chosen.name)
    except ScenarioInvalid as invalid:
        talk(str(invalid))
        return ExitCode.USAGE
    except OSError as error:
        raise click.UsageError(f"{chosen.name}: {error.strerror}") from error
    if chosen.case >= len(cases):
        raise click.UsageError(f"{chosen.name} has {counted(len(cases), 'case')}")
    scenario = cases[chosen.case]
    size = scenario.population.size if scenario.population else 0
    if not _has(person, {"people": list(scenario.people), "generated": size}):
        known = [did_you_mean(person, scenario.people)] if scenario.people else []
        if size:
            known.append(f"its generated people are p000000 to p{size - 1:06d}")
        raise click.UsageError(f"nobody in {chosen.name} is called {person!r}; {'; '.join(known)}")
    options = RunOptions(seed=chosen.seed, rules=chosen.rules, door=DoorKind(chosen.door))
    with World(settings_of(scenario, options), options.door) as world:
        stage = played_stage(scenario, world)
        if form == "json":
            lines = [line.as_plain() for line in story(stage, person)]
            _write_json(person, scenario.title, chosen, world.settings.seed, world.rules.as_mapping(), lines)
        else:
            again = f"  seed {world.settings.seed}; run it again: {_again(person, chosen)}"
            width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
            for line in (*story_lines(stage, person), again):
                click.echo(line if width is None else fit(line, width))
    return ExitCode.PASSED


def _again(person: str, chosen: Chosen) -> str:
    words = ["absim why", person, "--scenario", chosen.name]
    words += [] if chosen.case == 0 else ["--case", str(chosen.case + 1)]
    words += [] if chosen.seed is None else ["--seed", str(chosen.seed)]
    words += ["--rules", chosen.rules] if chosen.rules else []
    return " ".join(words)


def _write_json(
    person: str, title: str, chosen: Chosen, seed: int, rules: dict[str, str], lines: Sequence[dict[str, object]]
) -> None:
    told = {
        "person": person,
        "scenario": title,
        "file": chosen.name,
        "case": chosen.case + 1,
        "seed": seed,
        "rules": rules,
        "story": list(lines),
    }
    emit(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
