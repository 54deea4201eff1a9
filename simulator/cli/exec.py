"""`absim exec -- CMD …`: a served world for the life of one command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import FrameType
from typing import Any

import click

from simulator.cli.common import ExitCode, talk
from simulator.cli.serve import open_server, serving_options

NOT_FOUND, NOT_EXECUTABLE, BY_SIGNAL = 127, 126, 128


@click.command(
    short_help="Run your program with both services around it.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@serving_options
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="Say nothing on stderr: neither where the services are nor what breaks a contract.",
)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD [ARG]…")
def command(argv: tuple[str, ...], quiet: bool, **world: Any) -> int:
    """Start both fakes, run CMD with their addresses and keys in its environment, stop, keep its exit code.

    CMD finds AMPLITUDE_URL, AMPLITUDE_API_KEY, AMPLITUDE_SECRET_KEY, BRAZE_URL, BRAZE_API_KEY,
    BRAZE_DATA_IMPORT_KEY, BRAZE_PARTNER_API_KEY and ABSIM_URL (the control plane). A command that does not exist
    gives 127, one that a signal ended 128 plus its number.
    """
    with ExitStack() as stack:
        server = open_server(stack, "127.0.0.1", (0, 0, 0), world, quiet)
        environment = server.main.environment()
        if not quiet:
            talk(
                f"absim: amplitude {environment['AMPLITUDE_URL']} braze {environment['BRAZE_URL']} "
                f"control {environment['ABSIM_URL']} seed {world['seed']}"
            )
        code = run(argv, environment)
    if not quiet and code:
        talk(f"absim: {argv[0]} ended with {code} (seed {world['seed']})")
    return code


def run(argv: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run a command with more in its environment; its exit code as a shell would tell it."""
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        if process is None:
            return
        try:
            process.send_signal(number)
        except ValueError:
            # Windows sends no other signal to a program than that it is over.
            process.terminate()

    def interrupt(number: int, frame: FrameType | None) -> None:
        # From a terminal Ctrl-C has reached the command already; twice would be once too often.
        if not sys.stdin.isatty():
            pass_on(number, frame)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, interrupt),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        process = subprocess.Popen(argv, env=os.environ | environment)
        code = process.wait()
    except FileNotFoundError:
        talk(f"absim exec: {argv[0]}: command not found")
        return NOT_FOUND
    except PermissionError:
        talk(f"absim exec: {argv[0]}: cannot be executed")
        return NOT_EXECUTABLE
    except OSError as error:
        talk(f"absim exec: {argv[0]}: {error.strerror}")
        return ExitCode.ENVIRONMENT
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return BY_SIGNAL - code if code < 0 else code
