"""Sends one request to a service of the bench and judges the answer by its contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import orjson
import urllib3
from werkzeug.test import Client

from simulator.contract.asking.bench import Bench, Target
from simulator.contract.asking.failures import KEPT_CHARACTERS, SHOWN_CHARACTERS, Failure
from simulator.contract.asking.meter import Meter
from simulator.contract.asking.supply import headers_for
from simulator.contract.asking.verdict import Heard, Verdicts, check_words
from simulator.described.files import Unreadable, content_of
from simulator.journal import mask_headers, mask_text
from simulator.openapi import Operation, Violation

FORM = "application/x-www-form-urlencoded"
ANSWERED_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request to an operation. `body` is written as JSON, or as a form where the operation takes only forms."""

    operation: str
    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Added to, or put in the place of, the usual ones; None takes a header away."""
    raw: bytes | None = None
    trouble: bool = False
    """Whether the service is made to fail on purpose, so that a 5xx is no surprise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0: nothing did, and the body says why."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or what a file holds; None when it is neither."""
        content_type = self.headers.get("content-type", "").split(";")[0].strip().lower()
        try:
            return content_of(content_type, self.headers.get("content-encoding", ""), self.body)
        except Unreadable:
            return None


def value_at(value: Any, place: Sequence[str]) -> Any:
    """What stands at a place of a JSON value, by names and numbers (-1 is the last); None where nothing does."""
    for part in place:
        if isinstance(value, list) and part.lstrip("-").isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            return None
    return value


class Caller:
    """One service under one name of check; failures are collected, statuses counted."""

    def __init__(
        self, bench: Bench, service: str, check: str, meter: Meter, seed: int,
        exchanges: list[Mapping[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        """Exchanges are noted when there is a list to note them in."""
        self._bench = bench
        self._target: Target = bench.targets[service]
        self._check = check
        self._meter = meter
        self._seed = seed
        self._client = Client(self._target.application) if self._target.application is not None else None
        self._exchanges = exchanges
        self._verdicts = Verdicts(self._target.contract, our_words=self._target.application is not None)
        self.failures: list[Failure] = []

    def send(self, sent: Sent, how: str = "") -> Answer:
        """Send, judge and count. Raises KeyError for an operation that the contract does not have.

        `how` says what was bent; then it is judged as well whether a good request was taken and a bad one refused.
        """
        operation = self._target.contract.operations[sent.operation]
        headers, body = self._dressed(operation, sent)
        url = operation.path
        for name, value in sent.path.items():
            url = url.replace("{" + name + "}", quote(str(value), safe=""))
        if sent.query:
            url += "?" + urlencode(sent.query, doseq=True)
        answer = self.exchange(operation.method, url, headers, body)
        if not answer.status:
            self.fail(operation, sent, answer, "no-answer", "the connection ended without an answer")
            return answer
        self._meter.count(self._target.service, operation.operation_id, answer.status)
        if self._exchanges is not None:
            self._exchanges.append(_noted(operation.method, self._target.url + url, headers, body, answer))
        if is_breakdown(operation, answer.status) and not sent.trouble:
            self.fail(operation, sent, answer, "server-error", f"broke down with {answer.status}")
        contract = self._target.contract
        wrong = contract.check_response(operation, answer.status, answer.headers, answer.body)
        if self._bench.ours:
            wrong += contract.check_usual(operation, answer.status, self._bench.reading)
            wrong += check_words(contract, operation, answer.status, answer.body, every=True)
            wrong += self._told(operation, answer)
        for violation in wrong:
            self.fail(operation, sent, answer, violation.keyword, f"{violation.where}: {violation.message}")
        if how and (found := self._verdicts.on(operation, _heard(sent, headers, url, body, answer))):
            self.fail(operation, sent, answer, found[0], f"{how}: {found[1]}")
        return answer

    def _told(self, operation: Operation, answer: Answer) -> list[Violation]:
        """Keys of the world that stand in an answer in clear, under a contract that says whose answers may show them:
        `x-shows-keys` at its root is their list."""
        shows = self._target.contract.document.get("x-shows-keys")
        if shows is None or operation.operation_id in shows:
            return []
        secrets = asdict(self._bench.keys).items()
        names = [name for name, secret in secrets if secret and secret.encode() in answer.body]
        return [Violation("body", "key-in-clear", f"{name} of this world stands in it in clear") for name in names]

    def fail(
        self, operation: Operation, sent: Sent, answer: Answer, check: str, message: str, asked: Operation | None = None
    ) -> None:
        """Note that something is wrong with an operation; `asked` is the one that showed it, when it is another."""
        # As JSON, in which secrets are found by their names.
        told = " ".join(orjson.dumps(each).decode() for each in (sent.path, sent.query, sent.body) if each)
        shown = mask_text(f"{(asked or operation).method} {(asked or operation).path} {told}")[:SHOWN_CHARACTERS]
        self.failures.append(
            Failure(
                self._target.service, operation.operation_id, check, mask_text(message), self._check, answer.status,
                shown, mask_text(answer.body.decode("utf-8", "replace"))[:SHOWN_CHARACTERS], self._seed,
            )
        )  # fmt: skip

    def _dressed(self, operation: Operation, sent: Sent) -> tuple[dict[str, str], bytes]:
        content = operation.definition.get("requestBody", {})
        accepted = self._target.contract.resolve(content).get("content", {}) if content else {}
        headers = headers_for(self._target.service, operation, self._bench.keys)
        body = b""
        if sent.raw is not None:
            body = sent.raw
            headers["Content-Type"] = next(iter(accepted), "application/json")
        elif sent.body is not None and FORM in accepted and "application/json" not in accepted:
            headers["Content-Type"], body = FORM, urlencode(_fields(sent.body), doseq=True).encode()
        elif sent.body is not None:
            headers["Content-Type"], body = "application/json", orjson.dumps(sent.body)
        for name, value in sent.headers.items():
            headers.pop(name, None)
            if value is not None:
                headers[name] = value
        return headers, body

    def exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request and judge nothing."""
        if self._client is None:
            try:
                answered = urllib3.request(
                    method, self._target.url + url, headers=dict(headers), body=body, redirect=False, retries=False,
                    timeout=ANSWERED_WITHIN_SECONDS,
                )  # fmt: skip
            except urllib3.exceptions.HTTPError as error:
                return Answer(0, {}, str(error).encode())
            # The client has undone the encoding.
            told = {k.lower(): v for k, v in answered.headers.items() if k.lower() != "content-encoding"}
            return Answer(answered.status, told, answered.data)
        response = self._client.open(url, method=method, headers=dict(headers), data=body)
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.get_data())


def _fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """A form's fields: texts as they are, a list as a field that is repeated, the rest as JSON."""
    return {
        name: [_as_text(each) for each in value] if isinstance(value, list) else _as_text(value)
        for name, value in body.items()
    }


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _heard(sent: Sent, headers: Mapping[str, str], url: str, body: bytes, answer: Answer) -> Heard:
    path = {name: str(value) for name, value in sent.path.items()}
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return Heard(path, query, {k.lower(): v for k, v in headers.items()}, body, answer.status, answer.body)


def is_breakdown(operation: Operation, status: int) -> bool:
    """Whether an answer says that the service itself is at fault.

    A documented 501 says that an operation, or a part of it (uploads of group cohorts), is left out.
    """
    if status == 501 and "501" in operation.statuses:
        return False
    return status >= 500 and operation.emulated


def _noted(method: str, url: str, headers: Mapping[str, str], body: bytes, answer: Answer) -> Mapping[str, Any]:
    return {
        "method": method,
        "url": mask_text(url),
        "request_headers": mask_headers(headers),
        "request_body": mask_text(body[:KEPT_CHARACTERS].decode("utf-8", "replace")),
        "status": answer.status,
        "response_headers": mask_headers(answer.headers),
        "response_body": mask_text(answer.body[:KEPT_CHARACTERS].decode("utf-8", "replace")),
    }
