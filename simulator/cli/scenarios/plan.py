"""`absim plan`: the expanded timeline of a scenario, not run."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli.common import ExitCode, scenario_files, shown_name, talk


@click.command(short_help="Who exists where, and what happens when; nothing is run.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> int:
    """Show who exists where, with every default written out, and what happens when; nothing is run.

    PATHS are files or folders.
    """
    from simulator.scenario.describing.plan import plan_lines
    from simulator.scenario.language.source import ScenarioInvalid
    from simulator.scenario.parse import load

    invalid = False
    for path in scenario_files(paths):
        try:
            for scenario in load(path, shown_name(path)):
                click.echo("\n".join(plan_lines(scenario)) + "\n")
        except ScenarioInvalid as error:
            talk(str(error))
            invalid = True
    return ExitCode.USAGE if invalid else ExitCode.PASSED
