"""What recorded traffic showed, as JUnit, JSON, HAR (masked), SARIF 2.1.0 and annotations of GitHub."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from simulator.contract.reports import Finding, har, sarif, workflow_commands
from simulator.contract.traffic.drift import Drift, TrafficReport
from simulator.contract.traffic.recorded import Recorded
from simulator.reports.junit import Case, write_cases


@dataclass(frozen=True, slots=True)
class Told:
    """A report for each contract, and everything that was read."""

    reports: tuple[TrafficReport, ...]
    exchanges: tuple[Recorded, ...]
    others: int = 0
    """Exchanges with nobody of whom there is a contract."""

    @property
    def drift(self) -> list[Drift]:
        """All of it, contract by contract."""
        return [each for report in self.reports for each in report.drift]


def reproduce(drift: Drift) -> str:
    """The line that shows a drift again."""
    words = ["absim", "contract", "traffic", drift.source, "--service", drift.service, "--operation", drift.operation]
    return shlex.join(words)


def write_json(told: Told) -> bytes:
    """Everything, for programs."""
    document = {
        "passed": not told.drift,
        "exchanges": len(told.exchanges),
        "others": told.others,
        "services": [
            {
                "service": report.service, "exchanges": report.exchanges, "known": report.known,
                "operations": report.operations,
                "drift": [{**asdict(each), "reproduce": reproduce(each)} for each in report.drift],
            }
            for report in told.reports
        ],
    }  # fmt: skip
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write_junit(told: Told) -> bytes:
    """A suite for each contract, a case for each operation that was called, known or not."""
    return write_cases({f"traffic.{report.service}": _cases(report) for report in told.reports})


def _cases(report: TrafficReport) -> list[Case]:
    strange = dict.fromkeys(each.operation for each in report.drift if each.operation not in report.operations)
    cases = []
    for operation in (*report.operations, *strange):
        drift = [each for each in report.drift if each.operation == operation]
        problem = f"{drift[0].kind}: {drift[0].where}: {drift[0].message}" if drift else ""
        text = "\n\n".join(_text(each) for each in drift)
        cases.append(Case(f"traffic.{report.service}", operation, problem, text))
    return cases


def _text(drift: Drift) -> str:
    return f"{drift}\n  reproduce: {reproduce(drift)}"


def _findings(told: Told) -> list[Finding]:
    return [
        Finding(each.service, each.operation, each.kind, f"{each.where}: {each.message}", _text(each), reproduce(each))
        for each in told.drift
    ]


def write_sarif(told: Told) -> bytes:
    """Each drift at the line of the contract where its operation stands."""
    return sarif("absim contract traffic", _findings(told))


def write_github(told: Told) -> bytes:
    """One error for each drift, at its operation in the contract."""
    return workflow_commands(_findings(told))


def write_har(told: Told) -> bytes:
    """All traffic as one HAR file without its secrets; `absim contract traffic` reads it back."""
    return har(map(_exchange, told.exchanges))


def _exchange(exchange: Recorded) -> Mapping[str, Any]:
    return {
        "method": exchange.method, "url": exchange.url, "request_headers": exchange.request_headers,
        "request_body": exchange.request_body.decode("utf-8", "replace"), "status": exchange.status,
        "response_headers": exchange.response_headers,
        "response_body": exchange.response_body.decode("utf-8", "replace"),
    }  # fmt: skip


FORMATS: Mapping[str, tuple[str, Callable[[Told], bytes]]] = {
    "junit": ("traffic-junit.xml", write_junit),
    "json": ("traffic.json", write_json),
    "har": ("traffic.har", write_har),
    "sarif": ("traffic.sarif", write_sarif),
    "github": ("traffic-annotations.txt", write_github),
}
"""File name and writer of each format."""
