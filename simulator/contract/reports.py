"""What a contract check found, as JUnit, JSON, HAR, SARIF 2.1.0, annotations of GitHub; secrets are masked before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from simulator import resources
from simulator.contract.asking.failures import Failure
from simulator.contract.check import Outcome, ServiceOutcome
from simulator.reports.junit import Case, write_cases

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
CHECK_ITSELF = "the check itself"
"""The name under which it is told that something could not be asked."""
NO_TIME = "1970-01-01T00:00:00.000Z"
"""HAR wants an instant for each exchange; the same seed leaves the same bytes, so there is no real one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at one operation of a contract; `text` is for people and says all of it."""

    service: str
    operation: str
    check: str
    message: str
    text: str
    reproduce: str


def write_json(outcome: Outcome) -> bytes:
    """Everything, for programs."""
    told = {
        "seed": outcome.seed,
        "passed": outcome.passed,
        "services": [
            {
                "service": each.service, "cases": each.cases, "unconfirmed": each.unconfirmed, "errors": each.errors,
                "unasked": each.unasked, "links": each.links,
                "operations": [asdict(reading) for reading in each.readings],
                "failures": [{**asdict(failure), "reproduce": failure.reproduce} for failure in each.failures],
            }
            for each in outcome.services
        ],
    }  # fmt: skip
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write_junit(outcome: Outcome) -> bytes:
    """A suite for each service, a case for each operation."""
    return write_cases({f"contract.{each.service}": _cases(each) for each in outcome.services})


def _cases(service: ServiceOutcome) -> list[Case]:
    cases = []
    for reading in service.readings:
        failures = [each for each in service.failures if each.operation == reading.operation]
        seen = ", ".join(f"{status}: {count}" for status, count in reading.seen.items()) or "nothing"
        out = f"seen {seen}" + (f"; never seen {', '.join(reading.never)}" if reading.never else "")
        problem = f"{failures[0].check}: {failures[0].message}" if failures else ""
        text = "\n\n".join(failure_text(each) for each in failures)
        cases.append(Case(f"contract.{service.service}", reading.operation, problem, text, out))
    if service.errors:
        problem, text = "could not be asked", "\n".join(service.errors)
        cases.append(Case(f"contract.{service.service}", CHECK_ITSELF, problem, text))
    return cases


def failure_text(failure: Failure) -> str:
    """One failure for people: the place, what is wrong, both bodies, and how to see it again."""
    lines = [f"{failure.service} {failure.operation}: {failure.check}: {failure.message}"]
    if failure.request:
        lines += [f"  request  {failure.request}", f"  answer   {failure.status} {failure.response}"]
    return "\n".join([*lines, f"  reproduce: {failure.reproduce}"])


def write_har(outcome: Outcome) -> bytes:
    """Every exchange, HAR 1.2; `absim contract traffic` reads it back."""
    return har(outcome.exchanges)


def har(exchanges: Iterable[Mapping[str, Any]]) -> bytes:
    """HAR 1.2 of exchanges: method, url, request_headers, request_body, status, response_headers, response_body."""
    log = {
        "version": "1.2",
        "creator": {"name": "absim", "version": version("absim")},
        "entries": [_entry(each) for each in exchanges],
    }
    return orjson.dumps({"log": log}, option=orjson.OPT_INDENT_2)


def _entry(exchange: Mapping[str, Any]) -> dict[str, Any]:
    headers, answered = exchange["request_headers"], exchange["response_headers"]
    request: dict[str, Any] = {
        "method": exchange["method"], "url": exchange["url"], "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _pairs(headers), "headersSize": -1, "bodySize": len(exchange["request_body"].encode()),
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(exchange["url"]).query)],
    }  # fmt: skip
    if exchange["request_body"]:
        request["postData"] = {"mimeType": _type(headers), "text": exchange["request_body"]}
    size = len(exchange["response_body"].encode())
    response = {
        "status": exchange["status"], "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _pairs(answered), "redirectURL": _header(answered, "location"), "headersSize": -1, "bodySize": size,
        "content": {"size": size, "mimeType": _type(answered), "text": exchange["response_body"]},
    }  # fmt: skip
    timings = {"send": 0, "wait": 0, "receive": 0}
    return {
        "startedDateTime": NO_TIME, "time": 0, "request": request, "response": response, "cache": {},
        "timings": timings,
    }  # fmt: skip


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _header(headers: Mapping[str, str], wanted: str) -> str:
    return next((value for name, value in headers.items() if name.lower() == wanted), "")


def _type(headers: Mapping[str, str]) -> str:
    return _header(headers, "content-type") or "application/octet-stream"


def write_sarif(outcome: Outcome) -> bytes:
    """SARIF 2.1.0: each failure at the line of the contract where its operation stands."""
    return sarif("absim contract", _findings(outcome))


def _findings(outcome: Outcome) -> list[Finding]:
    found = [
        Finding(each.service, each.operation, each.check, each.message, failure_text(each), each.reproduce)
        for each in outcome.failures
    ]
    for service in outcome.services:
        line = f"absim contract --service {service.service} --seed {outcome.seed}"
        found += [
            Finding(service.service, CHECK_ITSELF, "not-asked", each, f"could not be asked: {each}", line)
            for each in service.errors
        ]
    return found


def sarif(tool: str, findings: Sequence[Finding]) -> bytes:
    """SARIF 2.1.0 of findings, each at the line of the contract where its operation stands."""
    lines = {each.service: contract_lines(each.service) for each in findings}
    rules = sorted({finding.check for finding in findings})
    run = {
        "tool": {
            "driver": {
                "name": tool, "version": version("absim"),
                "rules": [{"id": rule, "shortDescription": {"text": rule}} for rule in rules],
            }
        },
        "results": [_result(finding, lines[finding.service]) for finding in findings],
        "columnKind": "utf16CodeUnits",
    }  # fmt: skip
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _result(finding: Finding, lines: Mapping[str, int]) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": contract_file(finding.service)},
        "region": {"startLine": lines.get(finding.operation, 1)},
    }
    fingerprint = "/".join((finding.service, finding.operation, finding.check, finding.message))
    return {
        "ruleId": finding.check, "level": "error", "message": {"text": finding.text},
        "locations": [{"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": finding.operation}]}],
        "partialFingerprints": {"absim/v1": fingerprint},
    }  # fmt: skip


def write_github(outcome: Outcome) -> bytes:
    """Workflow commands: one error for each failure, at its operation in the contract."""
    return workflow_commands(_findings(outcome))


def workflow_commands(findings: Sequence[Finding]) -> bytes:
    """Workflow commands of GitHub: one error for each finding, at its operation in the contract."""
    lines = {each.service: contract_lines(each.service) for each in findings}
    return "".join(
        f"::error file={contract_file(each.service)},line={lines[each.service].get(each.operation, 1)},"
        f"title={_property(f'{each.service} {each.operation}: {each.check}')}"
        f"::{_data(f'{each.message}; {each.reproduce}')}\n"
        for each in findings
    ).encode()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def contract_file(service: str) -> str:
    """The contract of a service as a path in the repository."""
    return f"contracts/{service}.openapi.yaml"


def contract_lines(service: str) -> dict[str, int]:
    """The line in the contract at which each operation is named."""
    found = {}
    for number, line in enumerate(resources.contract_path(service).read_text(encoding="utf-8").splitlines(), start=1):
        name, _, value = line.strip().partition(":")
        if name == "operationId":
            found[value.strip()] = number
    return found


FORMATS: Mapping[str, tuple[str, Callable[[Outcome], bytes]]] = {
    "junit": ("contract-junit.xml", write_junit),
    "json": ("contract.json", write_json),
    "har": ("contract.har", write_har),
    "sarif": ("contract.sarif", write_sarif),
    "github": ("contract-annotations.txt", write_github),
}
"""File name and writer of each format."""
