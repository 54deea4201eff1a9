"""`absim schema`: the JSON Schema of the scenario language, and its reference."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.cli.common import EnvironmentFault, ExitCode, emit, option, shown_name, talk


@click.command(short_help="The JSON Schema and the reference of scenario files.")
@option("--reference", "as_reference", is_flag=True, envvar=None, help="The language reference as Markdown instead.")
@option("--write", is_flag=True, envvar=None, help="Write both into the checkout, where editors and readers look.")
def command(as_reference: bool, write: bool) -> int:
    """Print the JSON Schema of scenario files, for editors; or the language reference, for people."""
    from simulator import resources
    from simulator.scenario.describing.reference import reference
    from simulator.scenario.describing.schema import schema_text

    if not write:
        emit(reference() if as_reference else schema_text())
        return ExitCode.PASSED
    for path, text in (
        (resources.folder("contracts") / "scenario.schema.json", schema_text()),
        (resources.folder("scenarios") / "LANGUAGE.md", reference()),
    ):
        _write(path, text)
        talk(f"wrote {shown_name(path)}")
    return ExitCode.PASSED


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be written: {error.strerror}") from error
