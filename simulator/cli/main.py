"""The entry point `absim`: finds commands by their modules, reads the configuration, turns endings into exit codes."""

from __future__ import annotations

import errno
import gc
import importlib
import io
import pkgutil
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from simulator.cli.common import ExitCode, configuration

_FOLDER = Path(__file__).parent
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A disk is full, or a file may not become larger; no fault of ours."""
NO_COMMANDS = ("__main__", "main", "common")


def _modules() -> dict[str, str]:
    """The module of each command: those beside this one, and those in the folders beside it."""
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules([str(_FOLDER)]):
        if module.ispkg:
            inside = pkgutil.iter_modules([str(_FOLDER / module.name)])
            found |= {each.name: f"simulator.cli.{module.name}.{each.name}" for each in inside}
        elif module.name not in NO_COMMANDS:
            found[module.name] = f"simulator.cli.{module.name}"
    return {name.replace("_", "-"): found[name] for name in sorted(found)}


class Commands(click.Group):
    """Every module that has a `command` is a command of that name; adding one is adding a file."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        module = _modules().get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command may have been meant."""
        from difflib import get_close_matches

        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.list_commands(ctx):
            close = get_close_matches(name, self.list_commands(ctx), 1)
            hint = f" Did you mean {close[0]}?" if close else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="absim", prog_name="absim")
@click.pass_context
def absim(ctx: click.Context) -> None:
    """A wind tunnel for the Amplitude-to-Braze integration: who arrived, who did not, and by which rule.

    Options may also be given as ABSIM_… in the environment or under [tool.absim] in pyproject.toml.
    Exit codes: 0 all passed, 1 a check failed, 2 usage or invalid file, 3 environment, 4 internal error,
    5 nothing ran, 130 interrupted.
    """
    if settings := configuration(Path.cwd()):
        ctx.default_map = _defaults(ctx, settings)


def _defaults(ctx: click.Context, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What each command takes of the settings, by its parameters. Raises UsageError for one that no command has."""
    known: set[str] = set()

    def of(command: click.Command) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for parameter in command.params:
            names = {name.removeprefix("--").replace("-", "_") for name in parameter.opts if name.startswith("--")}
            known.update(names)
            found |= {str(parameter.name): settings[name] for name in names & settings.keys()}
        if isinstance(command, click.Group):
            found |= {name: of(each) for name, each in command.commands.items()}
        return found

    commands = {name: absim.get_command(ctx, name) for name in absim.list_commands(ctx)}
    defaults = {name: of(command) for name, command in commands.items() if command is not None}
    if strange := sorted(settings.keys() - known):
        from difflib import get_close_matches

        close = get_close_matches(strange[0], sorted(known), 1)
        hint = f"did you mean {close[0].replace('_', '-')}?" if close else "`absim COMMAND --help` names them"
        raise click.UsageError(f"[tool.absim] of pyproject.toml: no command has the option {strange[0]!r}; {hint}")
    return defaults


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        ended = absim.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else ExitCode.FAILED
    except OSError as error:
        if error.errno not in NO_ROOM:
            return _fault_of_ours()
        click.echo(f"Error: what was to be written had no room: {error.strerror}", err=True)
        return ExitCode.ENVIRONMENT
    except Exception:
        return _fault_of_ours()
    return ended if isinstance(ended, int) else ExitCode.PASSED


def _fault_of_ours() -> int:
    traceback.print_exc()
    click.echo("This is a fault in absim itself; the lines above say where.", err=True)
    return ExitCode.INTERNAL


def main() -> None:
    """The console script."""
    # What a world makes lives as long as the world: looking for cycles among it costs a quarter of the time.
    gc.set_threshold(300_000, 50, 50)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of another encoding shows what it can; a name that it has no letters for is no fault.
            # Line ends are the same on every machine: the same seed prints the same bytes.
            stream.reconfigure(errors="backslashreplace", newline="\n")
    sys.exit(run())


if __name__ == "__main__":
    main()
