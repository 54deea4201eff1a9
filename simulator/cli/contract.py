"""`absim contract`: both contracts and the control plane put to the test, and what goes with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from simulator.cli.common import EnvironmentFault, ExitCode, Listed, NothingRan, counted, option, shown_name, talk
from simulator.resources import CONTRACTS

if TYPE_CHECKING:
    from simulator.contract.check import Order, Outcome, ServiceOutcome

PHASES = ("examples", "coverage", "fuzzing", "stateful")
FORMATS = ("junit", "json", "har", "sarif", "github")
KEYS = (
    "amplitude_api_key", "amplitude_secret_key", "braze_api_key", "braze_data_import_key", "braze_partner_api_key",
)  # fmt: skip


def _key_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed(KEYS):
        flag = "--" + name.replace("_", "-")
        environment = [f"ABSIM_{name.upper()}", name.upper()]
        function = option(flag, metavar="KEY", envvar=environment, help="A key of the services at --url.")(function)
    return function


def _report_options(function: Callable[..., Any]) -> Callable[..., Any]:
    folder = click.Path(path_type=Path, file_okay=False)
    function = option("--report-dir", type=folder, default=Path("absim-reports"), help="Where reports lie.")(function)
    listed = Listed(FORMATS)
    return option("--report", "reports", type=listed, default="", help=f"Files to leave: {', '.join(FORMATS)}.")(
        function
    )


@click.group(short_help="Put both contracts to the test, here or at an address.", invoke_without_command=True)
@option("--service", "services", type=click.Choice(CONTRACTS), multiple=True, help="Only this service. Repeatable.")
@option("--operation", "operations", multiple=True, metavar="ID", help="Only this operationId. Repeatable.")
@option("--url", "urls", multiple=True, metavar="NAME=URL",
        help="Ask what listens there instead of the fakes; people are made there. Repeatable.")  # fmt: skip
@_key_options
@option("--seed", type=click.IntRange(0), default=1, help="What is generated follows from it.")
@option("--phases", type=Listed(PHASES), default=",".join(PHASES), help="How requests are generated.")
@option("--max-examples", type=click.IntRange(1), help="Requests for each operation and phase.  [default: 8]")
@option("--quick", is_flag=True, help="About half a minute: fewer requests, no generated sequences.")
@option("--strict", is_flag=True, help="A documented status that was never seen is a failure too.")
@_report_options
@click.pass_context
def command(
    ctx: click.Context, /, services: tuple[str, ...], operations: tuple[str, ...], urls: tuple[str, ...], seed: int,
    phases: tuple[str, ...], max_examples: int | None, quick: bool, strict: bool, reports: tuple[str, ...],
    report_dir: Path, **keys: str | None,
) -> int:  # fmt: skip
    """Ask both fakes and the control plane everything that their contracts describe, and judge every answer.

    Requests are generated (Schemathesis), scripted where one leads to the next, and made wrong on purpose. Keys and
    ids of people that exist are put in. A failure is shown when it shows again on a fresh start with the same seed.
    Exit code 1 for a failure, also when no success of an operation was ever seen.
    """
    if ctx.invoked_subcommand is not None:
        return ExitCode.PASSED
    from simulator.contract.check import MAX_EXAMPLES, Order, UnknownOperation, run_check
    from simulator.contract.reports import FORMATS as FORMATS_OF_CHECK
    from simulator.serving.stage import Keys

    addresses = _addresses(urls)
    asked = tuple(each for each in services or CONTRACTS if not addresses or each in addresses)
    if not asked:
        raise NothingRan("no --url is given for any of the services that are asked")
    by_hand = tuple(name for name in KEYS if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    order = Order(
        asked, frozenset(operations), addresses, Keys(**{name: keys.get(name) or "" for name in KEYS}), by_hand, seed,
        phases, max_examples or MAX_EXAMPLES, strict, "har" in reports,
    )  # fmt: skip
    order = order.quick() if quick else order
    _tell_missing_keys(addresses, keys)
    _prepare(report_dir, reports)
    try:
        outcome = run_check(order, _progress())
    except UnknownOperation as error:
        raise click.UsageError(str(error.args[0])) from error
    except OSError as error:
        raise EnvironmentFault(f"a service cannot be reached: {error}") from error
    written, unwritten = _write(report_dir, reports, FORMATS_OF_CHECK, outcome)
    _tell(outcome, written, order)
    if unwritten:
        raise EnvironmentFault(unwritten)
    if not outcome.cases:
        raise NothingRan("nothing was sent")
    return ExitCode.PASSED if outcome.passed else ExitCode.FAILED


def _tell_missing_keys(addresses: Mapping[str, str], keys: Mapping[str, str | None]) -> None:
    """A service at an address has keys of its own; without them most answers are refusals."""
    for service in addresses:
        missing = [f"--{name.replace('_', '-')}" for name in KEYS if name.startswith(service) and not keys.get(name)]
        if missing:
            talk(f"no key given for {service}: {', '.join(missing)}; what asks for one cannot be judged there")


def _addresses(urls: Sequence[str]) -> dict[str, str]:
    found = {}
    for each in urls:
        name, separator, url = each.partition("=")
        if name not in CONTRACTS or not separator or not url.startswith(("http://", "https://")):
            raise click.BadParameter(
                f"{each!r} is not NAME=URL with a name of {', '.join(CONTRACTS)}", param_hint="--url"
            )
        found[name] = url.rstrip("/")
    return found


def _progress() -> Callable[[str], None]:
    """Where the check is, on one line of a terminal; machines hear nothing."""
    if not sys.stderr.isatty():
        return lambda text: None
    return lambda text: click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _prepare(report_dir: Path, reports: Sequence[str]) -> None:
    if reports:
        try:
            report_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFault(f"{report_dir} cannot be made: {error.strerror}") from error


_Found = TypeVar("_Found")
Formats = Mapping[str, tuple[str, Callable[[_Found], bytes]]]


def _write(report_dir: Path, reports: Sequence[str], formats: Formats[_Found], found: _Found) -> tuple[list[Path], str]:
    """The reports that lie there now, and what is wrong with the others: what was found is told in any case."""
    written, unwritten = [], []
    for each in reports:
        name, write = formats[each]
        path = report_dir / name
        try:
            path.write_bytes(write(found))
        except OSError as error:
            unwritten.append(f"{path} cannot be written: {error.strerror}")
        else:
            written.append(path)
    return written, "; ".join(unwritten)


LEFT_OUT_AT_URL = (
    "left out at --url: what needs people, cohorts, faults or a clock that absim's control plane makes, limits of\n"
    "size and of calls, messages to everybody, and the words of refusals, which are the service's own"
)


def _tell(outcome: Outcome, written: Sequence[Path], order: Order) -> None:
    from simulator.contract.reports import failure_text

    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    for failure in outcome.failures:
        click.echo(failure_text(failure) + "\n")
    click.echo(
        f"{'service':<10} {'operations':>10} {'statuses seen':>14} {'links followed':>15} {'requests':>9}"
        f" {'failures':>9} {'time':>7}"
    )
    for each in outcome.services:
        documented = sum(
            len([s for s in reading.seen if s.isdigit()]) + len(reading.never) for reading in each.readings
        )
        seen = documented - sum(len(reading.never) for reading in each.readings)
        click.echo(
            f"{each.service:<10} {len(each.readings):>10} {f'{seen} of {documented}':>14} {_followed(each):>15}"
            f" {each.cases:>9} {len(each.failures):>9} {each.seconds:>6.1f}s"
        )
        for error in each.errors:
            click.echo(f"  could not be asked: {error}")
        if each.unconfirmed:
            click.echo(f"  did not show again and not counted: {counted(each.unconfirmed, 'finding')}")
    if order.urls:
        _unasked(outcome)
        click.echo(LEFT_OUT_AT_URL)
    else:
        _never_seen(outcome)
    _tell_written(written)
    click.echo(f"{'passed' if outcome.passed else 'FAILED'}, seed {order.seed}")


def _tell_written(written: Sequence[Path]) -> None:
    for path in written:
        click.echo(f"report: {shown_name(path)}")
        if path.suffix == ".txt":
            # GitHub reads annotations from the log of a step.
            click.echo(path.read_text(encoding="utf-8"), nl=False)


def _followed(service: ServiceOutcome) -> str:
    """Links that were followed, and in brackets how often in all."""
    if not service.links:
        return "-"
    reached = sum(1 for times in service.links.values() if times)
    return f"{reached} of {len(service.links)} ({sum(service.links.values())}x)"


def _unasked(outcome: Outcome) -> None:
    by_reason: dict[str, list[str]] = {}
    for each in outcome.services:
        for operation, why in each.unasked.items():
            by_reason.setdefault(why, []).append(operation)
    if by_reason:
        click.echo("no good request could be judged of:")
    for why, operations in by_reason.items():
        click.echo(f"  {', '.join(operations)}: {why}")


def _never_seen(outcome: Outcome) -> None:
    never = [(each.service, reading) for each in outcome.services for reading in each.readings if reading.never]
    if never:
        click.echo("documented and never seen:")
    for service, reading in never:
        click.echo(f"  {service} {reading.operation}: {', '.join(reading.never)}")


@command.command(short_help="Hold recorded traffic against the contracts.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="FILE|FOLDER…")
@option("--service", "services", type=click.Choice(CONTRACTS), multiple=True, help="Only this contract. Repeatable.")
@option("--operation", "operations", multiple=True, metavar="ID", help="Only this operationId. Repeatable.")
@_report_options
def traffic(
    paths: tuple[Path, ...], services: tuple[str, ...], operations: tuple[str, ...], reports: tuple[str, ...],
    report_dir: Path,
) -> int:  # fmt: skip
    """Hold recorded traffic against the contracts; exit code 1 when something departs.

    Reads HAR files, journal lines (what the pytest fixtures record in absim-reports/pytest, or /_sim/journal), vcrpy
    cassettes (pytest-recording) and recordings of `responses`; of a folder, all of them below it. Secrets are masked.
    """
    from simulator import openapi
    from simulator.contract.traffic.drift import check_all
    from simulator.contract.traffic.reading import read_all
    from simulator.contract.traffic.recorded import UnreadableTraffic
    from simulator.contract.traffic.told import FORMATS as FORMATS_OF_TRAFFIC
    from simulator.contract.traffic.told import Told

    try:
        read = read_all(paths)
    except UnreadableTraffic as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise EnvironmentFault(f"{error.filename} cannot be read: {error.strerror}") from error
    _prepare(report_dir, reports)
    found, others = check_all([openapi.load(each) for each in CONTRACTS], read.exchanges, services, operations)
    told = Told(tuple(found), read.exchanges, others)
    written, unwritten = _write(report_dir, reports, FORMATS_OF_TRAFFIC, told)
    for report in told.reports:
        click.echo(f"{report.service}: {report.known} of {report.exchanges} exchanges known to the contract")
        for each in report.drift:
            click.echo(f"  {each}")
    if read.passed_over:
        talk(f"no recordings, passed over: {', '.join(map(shown_name, read.passed_over))}")
    if others:
        talk(f"{counted(others, 'exchange')} with others than Amplitude and Braze, not looked at")
    _tell_written(written)
    if unwritten:
        raise EnvironmentFault(unwritten)
    if not told.reports:
        raise NothingRan(f"no exchange with a service of {', '.join(services or CONTRACTS)} is recorded there")
    exchanges = sum(each.exchanges for each in told.reports)
    talk(f"{counted(len(told.drift), 'departure')} from the contracts in {counted(exchanges, 'exchange')}")
    return ExitCode.FAILED if told.drift else ExitCode.PASSED


@command.command(short_help="Whether a new version of a contract breaks clients.")
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What stdout gets.")
def diff(old: Path, new: Path, form: str) -> int:
    """Compare two versions of a contract; exit code 1 when a client that was right can now be wrong."""
    import json
    from dataclasses import asdict

    from simulator import openapi
    from simulator.contract.diff import Severity, compare

    try:
        findings = compare(openapi.read(old.name, old), openapi.read(new.name, new))
    except openapi.BrokenContract as error:
        raise click.UsageError(str(error)) from error
    breaking = sum(each.severity is Severity.BREAKING for each in findings)
    if form == "json":
        click.echo(json.dumps([asdict(each) for each in findings], indent=1))
    else:
        for each in findings:
            click.echo(str(each))
        click.echo(f"{breaking} breaking, {len(findings) - breaking} compatible")
    return ExitCode.FAILED if breaking else ExitCode.PASSED


@command.command(short_help="Write down the rules of the contracts as agreed.")
@click.option("--service", "services", type=click.Choice(CONTRACTS), multiple=True, help="Only this contract.")
def agree(services: tuple[str, ...]) -> int:
    """Write down the rules of the contracts as agreed, and say what has changed since the last time.

    `absim contract` fails where a contract departs from what was agreed: its checks are only as strict as it is.
    """
    from simulator import openapi
    from simulator.contract import agreement

    for service in services or CONTRACTS:
        contract, path = openapi.load(service), agreement.agreed_path(service)
        found = agreement.departures(contract) if path.exists() else []
        for each in found:
            click.echo(f"{service} {each}")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(agreement.written(contract))
        click.echo(f"{service}: {counted(len(found), 'change')} agreed")
    return ExitCode.PASSED


@command.command(short_help="Put known defects in; say which checks catch them.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this defect. Repeatable.")
@click.option("--list", "listed", is_flag=True, help="Name them and put none in.")
def defects(only: tuple[str, ...], listed: bool) -> int:
    """Put known defects into the fakes, the engine and the contracts, one at a time; exit code 1 if one escapes."""
    from simulator.contract.defects.catalogue import DEFECTS
    from simulator.contract.defects.trial import trial

    chosen = [each for each in DEFECTS if not only or each.name in only]
    if not chosen:
        raise NothingRan("there is no defect of that name; --list names them")
    escaped = 0
    for each in chosen:
        if listed:
            click.echo(f"{each.name:<36} {each.where:<34} {each.how}")
            continue
        caught = trial(each)
        escaped += not caught
        click.echo(f"{each.name:<36} {'caught by ' + caught if caught else 'ESCAPED'}")
    if not listed:
        click.echo(f"{len(chosen) - escaped} of {len(chosen)} caught")
    return ExitCode.FAILED if escaped else ExitCode.PASSED
