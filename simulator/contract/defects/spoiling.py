"""How something is spoiled on purpose: answers of a service, requests of the engine, and the contract itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import orjson

from simulator.contract.asking.bench import Wsgi
from simulator.openapi import Contract, Operation
from simulator.sync.ports import Request, Response, Transport

CHANGES_PATH = "/cohorts/users"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer on its way out."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def saying(self, value: Any) -> Told:
        """The same with another JSON body."""
        return replace(self, body=orjson.dumps(value))


Spoil = Callable[[Told, Contract, Operation], Told]
"""Makes an answer wrong. It must leave alone what it is not about."""


def with_status(wrong: int, when: int | None = None) -> Spoil:
    """Another status, everything else kept; only for answers of the status `when`, if one is given."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        del contract, operation
        fits = told.status == when if when else told.status < 300
        return replace(told, status=wrong) if fits else told

    return spoil


def changed(change: Callable[[Any], Any], when: Callable[[int], bool] = lambda status: status < 300) -> Spoil:
    """The JSON body of some answers changed in place, or replaced by what `change` returns."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        del contract, operation
        said = told.json() if when(told.status) else None
        if said is None:
            return told
        other = change(said)
        return told.saying(said if other is None else other)

    return spoil


def without(name: str, when: Callable[[int], bool] = lambda status: status < 300) -> Spoil:
    """A field left out."""
    return changed(lambda said: said.pop(name, None) and None, when)


def saying(name: str, value: object, when: Callable[[int], bool] = lambda status: status < 300) -> Spoil:
    """A field with another value, or one that nobody knows."""
    return changed(lambda said: said.update({name: value}) if isinstance(said, dict) else None, when)


def as_type(content_type: str) -> Spoil:
    """Another content type."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        del contract, operation
        return replace(told, headers={**told.headers, "Content-Type": content_type}) if told.status < 300 else told

    return spoil


def without_header(name: str) -> Spoil:
    """A header left out."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        del contract, operation
        return replace(told, headers={key: value for key, value in told.headers.items() if key.lower() != name.lower()})

    return spoil


def with_error_of(body: object) -> Spoil:
    """The error body of another vendor, or of another family of the same."""
    return changed(lambda said: body, lambda status: 400 <= status < 500)


def accepting(when: int = 400) -> Spoil:
    """A refusal turned into a success: what was wrong is silently taken."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        if told.status != when:
            return told
        status = next(each for each in operation.statuses if each.startswith("2"))
        answer = contract.resolve(operation.definition["responses"][status])
        for content_type, content in answer.get("content", {}).items():
            for example in content.get("examples", {}).values():
                value = contract.resolve(example)["value"]
                body = orjson.dumps(value) if content_type.endswith("json") else str(value).encode()
                limits = {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "1"}
                return Told(int(status), {**limits, **told.headers, "Content-Type": content_type}, body)
        return replace(told, status=int(status), body=b"")

    return spoil


def spoiled(application: Wsgi, contract: Contract, operation_id: str, spoil: Spoil) -> Wsgi:
    """A service in which the answers of one operation are wrong."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = contract.find(environ["REQUEST_METHOD"], unquote(environ.get("PATH_INFO", "")))
        if found is None or found[0].operation_id != operation_id:
            return application(environ, start_response)
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(application(environ, lambda status, headers, *more: begun.append((status, headers))))
        status, headers = begun[0]
        told = spoil(Told(int(status.split()[0]), dict(headers), body), contract, found[0])
        sent = {key: value for key, value in told.headers.items() if key.lower() != "content-length"}
        start_response(f"{told.status} Spoiled", [*sent.items(), ("Content-Length", str(len(told.body)))])
        return [told.body]

    return answer


@dataclass(frozen=True, slots=True)
class SpoiledTransport:
    """The engine's way to Braze, on which the bodies of cohort changes are made wrong. `lost`: sent to nobody."""

    transport: Transport
    spoil: Callable[[dict[str, Any]], None]
    lost: bool = False

    def send(self, request: Request) -> Response:
        """Send it as it should not be sent."""
        if not request.path.endswith(CHANGES_PATH):
            return self.transport.send(request)
        if self.lost:
            return Response(201, {"content-type": "application/json"}, b'{"message":"success"}')
        body = orjson.loads(request.body)
        self.spoil(body)
        return self.transport.send(replace(request, body=orjson.dumps(body)))


def rewritten(contract: Contract, rewrite: Callable[[dict[str, Any]], None]) -> Contract:
    """A contract with something changed in it; the shipped one stays as it is."""
    document = deepcopy(dict(contract.document))
    rewrite(document)
    return Contract(contract.name, document)
