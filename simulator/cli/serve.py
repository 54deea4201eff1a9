"""`absim serve`: both services on loopback ports, the engine beside them, until told to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from simulator.cli.common import EnvironmentFault, ExitCode, ScenarioFile, option, shown_name

if TYPE_CHECKING:
    from simulator.scenario.model.scenario import Scenario
    from simulator.serving.server import Server
    from simulator.serving.stage import People
    from simulator.world import World, WorldSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])

NOW = "now"
LISTENS_EVERY_SECONDS = 1.0
AMPLITUDE_PORT, BRAZE_PORT, CONTROL_PORT = 8001, 8002, 8003


def serving_options(command: _Command) -> _Command:
    """The options that `serve` and `exec` share: what the world is, not where it listens."""
    options = (
        option("--seed", type=click.IntRange(0), default=1, help="Everything random in the world comes from it."),
        option("--rules", default="default", metavar="NAME", help="The rule set: one reading of the documents."),
        option("--clock", default=NOW, metavar="INSTANT|now",
               help="Where the simulated clock starts; `now` is the machine's, so that real clients agree on the day."),
        option("--pace", default="1x", metavar="1x|60x|frozen",
               help="How fast simulated time goes along with real time."),
        option("--state", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
               help="Let the world live in this file; it goes on there where it stopped."),
        option("--scenario", type=ScenarioFile(), metavar="FILE",
               help="Start with the people, cohorts and connections of this scenario, its seed and its rules."),
        option("--no-limits", is_flag=True, help="Switch all rate limits off."),
        option("--smtp", metavar="HOST:PORT", help="Send mails about runs that ended on to this SMTP server."),
        option("--mail-to", default="", metavar="ADDRESS", help="Whom they go to, instead of the owner of the sync."),
        option("--ready-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
               help="Write addresses and keys (in clear, for you alone) here as JSON once calls are accepted."),
        option("--amplitude-api-key", metavar="KEY", help="Instead of the key made from the seed."),
        option("--amplitude-secret-key", metavar="KEY", help="Instead of the key made from the seed."),
        option("--braze-api-key", metavar="KEY", help="The REST key, instead of the one made from the seed."),
        option("--braze-data-import-key", metavar="KEY", help="Instead of the key made from the seed."),
        option("--braze-partner-api-key", metavar="KEY", help="Valid for any partner name; instead of the seed's."),
    )  # fmt: skip
    for each in reversed(options):
        command = each(command)
    return command


@click.command(short_help="Serve both services and the engine until Ctrl-C.")
@option("--amplitude-port", type=click.IntRange(0, 65535), default=AMPLITUDE_PORT, help="0 takes any free one.")
@option("--braze-port", type=click.IntRange(0, 65535), default=BRAZE_PORT, help="0 takes any free one.")
@option("--control-port", type=click.IntRange(0, 65535), default=CONTROL_PORT, help="0 takes any free one.")
@option("--host", default="127.0.0.1", help="A loopback address; others are refused.")
@serving_options
@click.option("-q", "--quiet", is_flag=True, help="Neither banner nor warnings.")
def command(amplitude_port: int, braze_port: int, control_port: int, host: str, quiet: bool, **world: Any) -> int:
    """Serve both fakes and the engine between them, until Ctrl-C.

    The control plane lies under /_sim/ on every port: clock, journal, ledger, syncs, faults, switches, worlds.
    Keys are made from the seed unless given here or in the environment (ABSIM_AMPLITUDE_API_KEY and so on).
    """
    ending = Ending()
    with ExitStack() as stack:
        stack.enter_context(ending)
        server = open_server(stack, host, (amplitude_port, braze_port, control_port), world, quiet)
        if not quiet:
            _announce(server, world)
        return ending.wait()


class Ending:
    """Waits for Ctrl-C or a request to terminate, which both end the serving in good order."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._code = ExitCode.PASSED
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Ending:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.PASSED
        self._asked.set()

    def wait(self) -> ExitCode:
        """130 after Ctrl-C, 0 after SIGTERM."""
        # On Windows a wait without an end hears no Ctrl-C.
        while not self._asked.wait(LISTENS_EVERY_SECONDS):
            pass
        return self._code


def open_server(stack: ExitStack, host: str, ports: tuple[int, int, int], world: dict[str, Any], quiet: bool) -> Server:
    """A server that answers, and its ready file, closed with the stack. Raises UsageError, EnvironmentFault."""
    from simulator.database import StoreUnusable
    from simulator.serving.addresses import PortUnavailable
    from simulator.serving.banner import Warner
    from simulator.serving.pacer import UnknownPace
    from simulator.serving.readyfile import ReadyFileUnwritable, ready_file
    from simulator.serving.server import Server
    from simulator.serving.stage import Ports
    from simulator.sync.postman import Rounds

    scenario = _scenario(world["scenario"])
    smtp = _smtp(world)
    try:
        server = Server(
            _settings(world, scenario), pace=world["pace"], ports=Ports(*ports), host=host, people=_people(scenario),
            hear=None if quiet else Warner().hear, at_machine_time=world["clock"] == NOW,
        )  # fmt: skip
        stack.callback(server.stop)
        server.main.start()
        if world["ready_file"] is not None:
            content = {"pid": os.getpid(), **server.main.described(), "environment": server.main.environment()}
            stack.enter_context(ready_file(world["ready_file"], content))
        if smtp is not None:
            tell = partial(click.echo, err=True)
            stack.enter_context(Rounds(lambda: server.main.world.engine.mailbox, *smtp, world["mail_to"], tell))
    except UnknownPace as error:
        raise click.BadParameter(str(error), param_hint="--pace") from error
    except (PortUnavailable, StoreUnusable, ReadyFileUnwritable) as error:
        raise EnvironmentFault(str(error)) from error
    return server


def _smtp(world: dict[str, Any]) -> tuple[str, int] | None:
    """The host and the port of --smtp. Raises BadParameter."""
    if not world["smtp"]:
        if world["mail_to"]:
            raise click.BadParameter("needs --smtp HOST:PORT as well", param_hint="--mail-to")
        return None
    host, _, port = str(world["smtp"]).rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.BadParameter(f"{world['smtp']!r} is not HOST:PORT, such as 127.0.0.1:1025", param_hint="--smtp")
    return host, int(port)


class _Later:
    """Tells stories; what that needs is imported when the first one is asked for, so that serving begins sooner."""

    def furnish(self, world: World) -> None:
        """Nobody: people come through the services."""
        del world

    def tell(self, world: World, reference: str) -> dict[str, object] | None:
        """The story of the person whom `reference` identifies."""
        from simulator.serving.plane.stories import Stories

        return Stories().tell(world, reference)


def _scenario(path: Path | None) -> Scenario | None:
    """The scenario that lends its people, and its seed and rules unless options say otherwise. Raises UsageError."""
    if path is None:
        return None
    from simulator.scenario.language.source import ScenarioInvalid
    from simulator.scenario.parse import load

    try:
        return load(path, shown_name(path))[0]
    except ScenarioInvalid as error:
        raise click.UsageError(str(error)) from error


def _people(scenario: Scenario | None) -> People:
    if scenario is None:
        return _Later()
    from simulator.serving.plane.stories import Stories

    return Stories(scenario)


def _settings(world: dict[str, Any], scenario: Scenario | None) -> WorldSettings:
    from simulator.rules.instants import parse_instant
    from simulator.rules.rule_sets import rule_set
    from simulator.rules.switches import UnknownSwitch
    from simulator.serving.stage import Keys, world_settings
    from simulator.world import DEFAULT_START, WorldSettings

    keys = Keys(**{name: world[name] or "" for name in Keys.__dataclass_fields__})
    try:
        rules = rule_set(world["rules"])
    except UnknownSwitch as error:
        raise click.BadParameter(str(error), param_hint="--rules") from error
    try:
        start = DEFAULT_START if world["clock"] == NOW else parse_instant(world["clock"])
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--clock") from error
    if scenario is not None:
        rules = rules if _given("rules") else scenario.rules.over("default")
        world["seed"] = world["seed"] if _given("seed") else scenario.seed
    base = WorldSettings(seed=world["seed"], start=start, rules=rules, state=world["state"])
    return world_settings(base, keys, limits=not world["no_limits"])


def _given(name: str) -> bool:
    """Whether somebody said so, rather than the default."""
    return click.get_current_context().get_parameter_source(name) is not ParameterSource.DEFAULT


def _announce(server: Server, world: dict[str, Any]) -> None:
    from dataclasses import asdict
    from importlib.metadata import version

    from simulator.serving.banner import Announcement, show

    told, urls = server.main.described(), server.main.urls
    announcement = Announcement(
        version=version("absim"),
        world=str(told["world"]),
        seed=world["seed"],
        rules=str(told["rules"]),
        now=str(told["now"]),
        pace=str(told["pace"]),
        amplitude_url=urls["amplitude"],
        braze_url=urls["braze"],
        control_url=urls["control"],
        keys=asdict(server.main.keys),
        limits=server.main.limits_in_short(),
        ready_file=str(world["ready_file"] or ""),
        state=str(world["state"] or ""),
    )
    show(announcement)
