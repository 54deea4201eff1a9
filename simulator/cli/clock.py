"""`absim clock`: where the clock of a served world stands, and moving it, from a shell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import click

from simulator.cli.common import EnvironmentFault, counted, option

SERVED = "http://127.0.0.1:8003"
MAIN = "main"


@click.group(short_help="Show or move the clock of a served world.", invoke_without_command=True)
@option("--url", envvar="ABSIM_URL", default=SERVED, help="The control port of a served world.")
@option("--world", default=MAIN, metavar="NAME", envvar=None, help="Which world behind it.")
@option("--format", "form", type=click.Choice(["text", "json"]), default="text", envvar=None, help="How it is told.")
@click.pass_context
def command(ctx: click.Context, url: str, world: str, form: str) -> None:
    """Show or move the simulated clock of a world that `absim serve` or `absim exec` keeps up.

    Everything that falls due on the way happens in order before the command returns, and is listed.
    """
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url} is not an address, such as {SERVED}", param_hint="--url")
    ctx.obj = Door(url.rstrip("/"), world, form)
    if ctx.invoked_subcommand is None:
        ctx.obj.tell(ctx.obj.ask("GET", "/_sim/clock"))


@command.command()
@click.argument("duration")
@click.pass_obj
def advance(door: Door, duration: str) -> None:
    """Let DURATION pass, such as 90s, 3h or 7d."""
    door.tell(door.ask("POST", "/_sim/clock/advance", {"by": duration}))


@command.command(short_help="Run until the next thing is due, all is done, or an instant.")
@click.argument("target", metavar="next|idle|INSTANT")
@option("--at-most", metavar="DURATION", envvar=None, help="The longest time that next and idle may take.")
@click.pass_obj
def until(door: Door, target: str, at_most: str | None) -> None:
    """Run until the next thing is due, until nothing is unfinished, or until an instant."""
    wanted = {"condition": target} if target in ("next", "idle") else {"instant": target}
    if at_most is not None:
        wanted["at_most"] = at_most
    door.tell(door.ask("POST", "/_sim/clock/until", wanted))


@command.command()
@click.pass_obj
def freeze(door: Door) -> None:
    """Stop the clock from moving by itself."""
    door.tell(door.ask("POST", "/_sim/clock/freeze"))


@command.command()
@click.argument("pace", metavar="1x|60x|frozen")
@click.pass_obj
def pace(door: Door, pace: str) -> None:
    """Let the clock move by itself, so many times as fast as real time."""
    door.tell(door.ask("PUT", "/_sim/clock/pace", {"pace": pace}))


class Door:
    """The control plane of one world."""

    def __init__(self, url: str, world: str, form: str) -> None:
        self._url = url
        self._world = world
        self._form = form

    def ask(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        """The answer. Raises ClickException with what the control plane says, EnvironmentFault when nobody answers."""
        url = self._url
        if self._world != MAIN:
            url = str(_call("GET", f"{url}/_sim/worlds/{self._world}", None)["control_url"])
        return _call(method, url + path, body)

    def tell(self, answer: Mapping[str, Any]) -> None:
        """Print it."""
        if self._form == "json":
            click.echo(json.dumps(answer, indent=2))
            return
        for page in answer.get("happened", ()):
            where = " ".join(filter(None, (page["sync"], page["run"], page["cohort"])))
            people = f"  {counted(page['people'], 'row')}" if page["people"] else ""
            click.echo(f"{page['at']}  {page['room']:<9}  {page['event']}  {where}{people}".rstrip())
        if (left := answer.get("pages", 0) - len(answer.get("happened", ()))) > 0:
            click.echo(f"... and {left:,} more; `--format json` and /_sim/ledger have them all")
        click.echo(f"it is {answer['now']}" + ("" if "started" not in answer else f", {_idle(answer)}"))
        if "pace" in answer:
            click.echo(f"pace {answer['pace']}; next due: {answer['next_due'] or 'nothing'}")


def _idle(answer: Mapping[str, Any]) -> str:
    return "nothing is unfinished" if answer["idle"] else "something is still unfinished"


def _call(method: str, url: str, body: object) -> Mapping[str, Any]:
    from urllib.error import HTTPError, URLError
    from urllib.parse import urlsplit
    from urllib.request import ProxyHandler, Request, build_opener

    from simulator.serving.addresses import PortUnavailable, check_loopback

    try:
        check_loopback(urlsplit(url).hostname or "")
    except PortUnavailable as error:
        raise click.UsageError(f"{url}: {error}") from error
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"} if data else {}, method=method)
    try:
        # A proxy that the environment names is no part of this machine.
        with build_opener(ProxyHandler({})).open(request) as answer:
            found: Mapping[str, Any] = json.load(answer)
            return found
    except HTTPError as error:
        told = json.load(error)
        said = str(told.get("detail", told))
        raise (
            click.UsageError(said) if error.code == HTTPStatus.BAD_REQUEST else click.ClickException(said)
        ) from error
    except (URLError, OSError, ValueError) as error:
        raise EnvironmentFault(f"no absim answers at {url}: {error}; start one with `absim serve`") from error
