"""How something is spoiled on purpose: answers of a service, requests of the engine, and the contract itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import orjson

from simulator.contract.asking.bench import Wsgi
from simulator.openapi import Contract, Operation
from simulator.sync.ports import Request, Response, Transport

PATH_ENDS = {"nameCohort": "/cohorts", "changeCohortUsers": "/cohorts/users"}
"""How the addresses of the engine's calls to Braze end."""


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
Wrong = Callable[[Wsgi, Contract, str], Wsgi]
"""Makes a service wrong at one operation, in what it does or where it has nothing to do."""
Resent = Callable[[Request], Request | None]
"""Makes a request of the engine wrong; None sends it to nobody."""


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


def with_header(name: str, change: Callable[[str], str], when: Callable[[int], bool] = lambda status: True) -> Spoil:
    """A header that says something else, where there is one."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        del contract, operation
        headers = {
            key: change(value) if key.lower() == name.lower() and when(told.status) else value
            for key, value in told.headers.items()
        }
        return replace(told, headers=headers)

    return spoil


def with_file(change: Callable[[bytes], bytes]) -> Spoil:
    """Another content of the file that is downloaded."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        del contract, operation
        return replace(told, body=change(told.body)) if told.status < 300 else told

    return spoil


def with_error_of(body: object) -> Spoil:
    """The error body of another vendor, or of another family of the same."""
    return changed(lambda said: body, lambda status: 400 <= status < 500)


def accepting(when: int = 400) -> Spoil:
    """A refusal turned into a success: what was wrong is silently taken."""

    def spoil(told: Told, contract: Contract, operation: Operation) -> Told:
        return _documented_success(told, contract, operation) if told.status == when else told

    return spoil


def _documented_success(told: Told, contract: Contract, operation: Operation) -> Told:
    """The first example of a success, under the headers of another answer."""
    status = next(each for each in operation.statuses if each.startswith("2"))
    answer = contract.resolve(operation.definition["responses"][status])
    for content_type, content in answer.get("content", {}).items():
        for example in content.get("examples", {}).values():
            value = contract.resolve(example)["value"]
            body = orjson.dumps(value) if content_type.endswith("json") else str(value).encode()
            limits = {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "1"}
            return Told(int(status), {**limits, **told.headers, "Content-Type": content_type}, body)
    return replace(told, status=int(status), body=b"")


def spoiled(application: Wsgi, contract: Contract, operation_id: str, spoil: Spoil) -> Wsgi:
    """A service in which the answers of one operation are wrong."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        operation = _asked(contract, environ)
        if operation is None or operation.operation_id != operation_id:
            return application(environ, start_response)
        return _sent(spoil(_told(application, environ), contract, operation), start_response)

    return answer


def undone(application: Wsgi, contract: Contract, operation_id: str) -> Wsgi:
    """A service that says of one operation that it was done, and does nothing."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        operation = _asked(contract, environ)
        if operation is None or operation.operation_id != operation_id:
            return application(environ, start_response)
        return _sent(_documented_success(Told(0, {}, b""), contract, operation), start_response)

    return answer


def deaf_to(parameter: str) -> Wrong:
    """A service that does not look at one parameter of an address."""

    def wrong(application: Wsgi, contract: Contract, operation_id: str) -> Wsgi:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            operation = _asked(contract, environ)
            if operation is not None and operation.operation_id == operation_id:
                given = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
                environ["QUERY_STRING"] = urlencode([each for each in given if each[0] != parameter])
            return application(environ, start_response)

        return answer

    return wrong


def astray(change: Callable[[Told], Told]) -> Wrong:
    """A service that answers something else where it has no operation."""

    def wrong(application: Wsgi, contract: Contract, operation_id: str) -> Wsgi:
        del operation_id

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if _asked(contract, environ) is not None:
                return application(environ, start_response)
            return _sent(change(_told(application, environ)), start_response)

        return answer

    return wrong


def _asked(contract: Contract, environ: Mapping[str, Any]) -> Operation | None:
    found = contract.find(environ["REQUEST_METHOD"], unquote(environ.get("PATH_INFO", "")))
    return None if found is None else found[0]


def _told(application: Wsgi, environ: dict[str, Any]) -> Told:
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(application(environ, lambda status, headers, *more: begun.append((status, headers))))
    status, headers = begun[0]
    return Told(int(status.split()[0]), dict(headers), body)


def _sent(told: Told, start_response: Callable[..., Any]) -> Iterable[bytes]:
    sent = {key: value for key, value in told.headers.items() if key.lower() != "content-length"}
    start_response(f"{told.status} Spoiled", [*sent.items(), ("Content-Length", str(len(told.body)))])
    return [told.body]


def in_body(change: Callable[[dict[str, Any]], None]) -> Resent:
    """A request whose JSON body was changed in place."""

    def resent(request: Request) -> Request:
        body = orjson.loads(request.body)
        change(body)
        return replace(request, body=orjson.dumps(body))

    return resent


@dataclass(frozen=True, slots=True)
class SpoiledTransport:
    """The engine's way to Braze, on which the requests to one operation are made wrong. One that is sent to nobody is
    answered all the same."""

    transport: Transport
    operation: str
    spoil: Resent

    def send(self, request: Request) -> Response:
        """Send it as it should not be sent."""
        if not request.path.endswith(PATH_ENDS[self.operation]):
            return self.transport.send(request)
        wrong = self.spoil(request)
        if wrong is None:
            return Response(201, {"content-type": "application/json"}, b'{"message":"success"}')
        return self.transport.send(wrong)


def rewritten(contract: Contract, rewrite: Callable[[dict[str, Any]], None]) -> Contract:
    """A contract with something changed in it; the shipped one stays as it is."""
    document = deepcopy(dict(contract.document))
    rewrite(document)
    return Contract(contract.name, document)
