"""`absim fidelity`: every behaviour with its source, how sure it is, and the tests that show it."""

from __future__ import annotations

import click

from simulator.cli.common import EnvironmentFault, ExitCode, NothingRan, emit, option, shown_name, talk

CONFIDENCES = ("documented", "live", "inferred")
SERVICES = ("braze", "amplitude", "engine")


@click.command(short_help="What is promised, where it is written, which test shows it.")
@option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", envvar=None,
        help="What stdout gets.")  # fmt: skip
@option("--confidence", type=click.Choice(CONFIDENCES), envvar=None, help="Only what is known like this.")
@option("--service", type=click.Choice(SERVICES), envvar=None, help="Only what this side does.")
@option("--write", is_flag=True, envvar=None, help="Look again which tests show what, and write it into the checkout.")
def command(form: str, confidence: str | None, service: str | None, write: bool) -> int:
    """Print the ledger of behaviours: what is promised, where that is written, how sure it is, which test shows it.

    Rules, switches, operations of both services, and readings of ours; what is left out and answers 501 stands apart.
    """
    from simulator.fidelity.behaviours import Room, chosen
    from simulator.fidelity.record import NoRecord, recorded
    from simulator.fidelity.telling import as_json, as_markdown, as_text
    from simulator.rules.catalogue import Confidence

    if write:
        return _write()
    try:
        ledger = recorded().ledger()
    except NoRecord as error:
        raise EnvironmentFault(str(error)) from error
    asked = chosen(ledger, Confidence(confidence) if confidence else None, Room(service) if service else None)
    if not asked:
        raise NothingRan(f"nothing of {service} is {confidence}")
    tell = {"text": as_text, "json": as_json, "markdown": as_markdown}[form]
    emit(tell(asked))
    return ExitCode.PASSED


def _write() -> int:
    """Make the record of this checkout anew."""
    from simulator import resources
    from simulator.fidelity.record import NAME, made_from
    from simulator.scenario.language.source import ScenarioInvalid

    folder = resources.folder("contracts")
    if not (folder.parent / "tests").is_dir():
        raise click.UsageError(
            "--write looks at tests and scenarios, so it needs a checkout; this is an installed absim"
        )
    path = folder / NAME
    try:
        path.write_text(made_from(folder.parent).text(), encoding="utf-8", newline="\n")
    except (SyntaxError, ScenarioInvalid) as error:
        talk(str(error))
        return ExitCode.USAGE
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be written: {error.strerror}") from error
    talk(f"wrote {shown_name(path)}")
    return ExitCode.PASSED
