"""What commands share: exit codes, configuration, options, and where scenario files come from."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

import click

from simulator import resources

_Command = TypeVar("_Command", bound=Callable[..., Any])


class ExitCode(IntEnum):
    """How a command ends, for scripts."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    ENVIRONMENT = 3
    INTERNAL = 4
    NOTHING_RAN = 5
    INTERRUPTED = 130


class EnvironmentFault(click.ClickException):
    """Something outside is in the way: a port is taken, a start takes too long, a file cannot be written."""

    exit_code = ExitCode.ENVIRONMENT


class NothingRan(click.ClickException):
    """The paths and filters together select nothing."""

    exit_code = ExitCode.NOTHING_RAN


def configuration(folder: Path) -> dict[str, Any]:
    """`[tool.absim]` of the nearest pyproject.toml, as defaults for options. Raises UsageError when it is broken."""
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            try:
                tools = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise click.UsageError(f"{path}: {error}") from error
            settings = tools.get("absim", {}) if isinstance(tools, dict) else {}
            if not isinstance(settings, dict):
                raise click.UsageError(f"{path}: absim is no table; write [tool.absim] and a line for each option")
            return {str(name).replace("-", "_"): value for name, value in settings.items()}
    return {}


def option(*names: str, **settings: Any) -> Callable[[_Command], _Command]:
    """A click option that is also read from ABSIM_NAME."""
    long = next(name for name in names if name.startswith("--")).split("/")[0]
    settings.setdefault("envvar", "ABSIM_" + long.removeprefix("--").replace("-", "_").upper())
    if not settings.get("is_flag"):
        settings.setdefault("type", Text())
    settings.setdefault("show_default", settings.get("default") not in (None, False, (), ""))
    return click.option(*names, **settings)


class Text(click.ParamType[str]):
    """Words of a person, in the letters they were typed in, also where the locale does not have them."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text."""
        return resources.text_of(str(value))


class Listed(click.ParamType[tuple[str, ...]]):
    """Words separated by commas, each of a closed list."""

    name = "words"

    def __init__(self, choices: Sequence[str]) -> None:
        self.choices = tuple(choices)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split and check."""
        words = value if isinstance(value, list | tuple) else [word.strip() for word in str(value).split(",") if word]
        for word in words:
            if word not in self.choices:
                self.fail(f"{word!r} is not one of {', '.join(self.choices)}", param, ctx)
        return tuple(words)


SHIPPED = "scenarios"
"""The folder of the shipped scenarios; a name that begins so means one of them where the current folder has none."""


def shown_name(path: Path) -> str:
    """A path as it is shown: relative to the current folder when it lies below it; a shipped one as `scenarios/…`."""
    # Names are bytes; a locale without their letters reads them as what no report can be written with.
    return resources.text_of(_shown_path(path).as_posix())


def _shown_path(path: Path) -> Path:
    whole = path.resolve()
    if whole.is_relative_to(Path.cwd()):
        return whole.relative_to(Path.cwd())
    shipped = resources.folder(SHIPPED).resolve()
    if whole.is_relative_to(shipped):
        name = whole.relative_to(shipped.parent)
        return path if name.exists() else name
    return path


def scenario_files(paths: Sequence[Path]) -> list[Path]:
    """The scenario files under the paths; the shipped ones when no path is given. Raises UsageError, NothingRan."""
    from simulator.scenario.files import ScenarioMissing, find

    try:
        found = find([_or_shipped(path) for path in paths] or [resources.folder(SHIPPED)])
    except ScenarioMissing as error:
        raise click.UsageError(str(error)) from error
    if not found:
        raise NothingRan(f"there is no *.scenario.yaml under {', '.join(map(str, paths))}")
    return found


def _or_shipped(path: Path) -> Path:
    if path.exists() or path.parts[:1] != (SHIPPED,):
        return path
    shipped = resources.folder(SHIPPED).parent / path
    return shipped if shipped.exists() else path


class ScenarioFile(click.Path):
    """A file that must be there; `scenarios/…` means a shipped one where the current folder has none."""

    name = "file"

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises BadParameter."""
        return super().convert(_or_shipped(Path(value)), param, ctx)


def emit(text: str) -> None:
    """What machines read of stdout: UTF-8 and plain line ends on every machine, whatever a terminal could show."""
    click.echo(text.encode("utf-8", "replace"), nl=False)


def talk(message: str) -> None:
    """Say something to the person at the terminal; machines read stdout."""
    click.echo(message, err=True)


def colours_wanted(no_color: bool) -> bool:
    """Whether a terminal may be coloured: NO_COLOR is obeyed, files and pipes get none."""
    return not no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 problem, 2 problems."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
