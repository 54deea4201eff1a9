"""Binds a contract to handlers: the one module that knows both Flask and OpenAPI."""

from __future__ import annotations

import logging
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

import orjson
from flask import Flask, Request, Response, current_app, request

from simulator.answers import Answers
from simulator.clock import SimClock
from simulator.exchange import Exchange
from simulator.ids import derive_uuid
from simulator.openapi import Contract, Operation
from simulator.rules.instants import Instant

BODY_BYTES_AT_MOST = 64 * 1024 * 1024
"""What a body may unpack to; the vendors' own, smaller limits are checked by the fakes."""

HERE = str(Path(__file__).resolve().parent)
_LOG = logging.getLogger(__name__)


class ContractMismatch(RuntimeError):
    """A contract and its handlers name different operations; the service refuses to start."""


class MalformedBody(ValueError):
    """The body is not what its handler needs; the message says where it stops making sense."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a handler sees it. Header names are lower-case; `body` is already unpacked."""

    operation: str
    at: Instant
    method: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    url: str
    remote: str

    @property
    def host(self) -> str:
        """The host that was called, by its Host header; it may carry a port."""
        return self.headers.get("host", "")

    def json(self) -> Any:
        """The body as JSON. Raises MalformedBody."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise MalformedBody(str(error)) from error

    def form(self) -> dict[str, list[str]]:
        """The body as an HTML form (URL-encoded or multipart), every value of every field."""
        content_type = self.headers.get("content-type", "")
        if content_type.startswith("multipart/form-data"):
            parsed = Request.from_values(data=self.body, content_type=content_type, method="POST").form
            return {name: parsed.getlist(name) for name in parsed}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    def argument(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. A body that is not text or bytes is written as JSON. `injected`: a fault answers, not the fake."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    injected: bool = False

    def encoded(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str) and not self.content_type.endswith("json"):
            return self.body.encode()
        return b"" if self.body is None else orjson.dumps(self.body)

    def packed(self) -> bytes:
        """The whole answer as bytes, to be kept."""
        body = b64encode(self.encoded()).decode()
        return orjson.dumps([self.status, body, dict(self.headers), self.content_type, self.injected])

    @classmethod
    def unpacked(cls, packed: bytes) -> Reply:
        """The answer that was kept."""
        status, body, headers, content_type, injected = orjson.loads(packed)
        return cls(status, b64decode(body), headers, content_type, injected)


class Problem(Exception):
    """A reply that ends the handling of a call; raised where the fault is found, sent as it is."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status}: {reply.body}")
        self.reply = reply


Handler = Callable[[Call], Reply]
Observer = Callable[[Exchange], None]


class Gate(Protocol):
    """Something around every handler of a service: authentication, rate limits, faults."""

    def before(self, call: Call, operation: Operation) -> Reply | None:
        """Answer instead of the handler, or None to let the call through."""
        ...

    def after(self, call: Call, operation: Operation, reply: Reply) -> Reply:
        """Change the answer on its way out."""
        ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How one vendor words what no handler answers.

    `not_found(call)` for an unknown path or method, `malformed(call, why)` for a body that cannot be read,
    `left_out(call)` for operations that are known and not emulated, `broken(call)` for a fault in the fake itself.
    """

    not_found: Callable[[Call, int], Reply]
    malformed: Callable[[Call, str], Reply]
    left_out: Callable[[Call], Reply]
    broken: Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class _Binding:
    """What stands behind and around the operations that were bound together."""

    handlers: Mapping[str, Handler]
    gates: tuple[Gate, ...]
    observed: bool


class _Bound(NamedTuple):
    """One operation, what answers it and what stands around that."""

    operation: Operation
    handler: Handler
    gates: tuple[Gate, ...]
    observed: bool


class Service:
    """A Flask application bound to one contract: `contract_name`'s operations and nothing else."""

    def __init__(self, name: str, clock: SimClock, seed: int, manners: Manners) -> None:
        self.name = name
        self.clock = clock
        # Both folders are said, though nothing is read from them: Flask would search the disk for them.
        self.app = Flask(name, static_folder=None, root_path=HERE, instance_path=HERE)
        self.observers: list[Observer] = []
        self.handlers: dict[str, Handler] = {}
        self.answers: Answers | None = None
        """Where answers are kept for a sender that may be killed; None where nobody outlives a kill."""
        self.opened_before = 0
        """How often its world was opened before: what a process counts begins anew, and ids must not."""
        self._seed = seed
        self._calls = 0
        self._manners = manners
        self._contracts: list[Contract] = []
        self._bound: dict[str, _Binding] = {}
        # The contract is the routing table, parsed once a process; Flask's would be compiled anew for each world.
        self.app.before_request(self._view)

    def bind(
        self,
        contract: Contract,
        handlers: Mapping[str, Handler],
        gates: Sequence[Gate] = (),
        *,
        tag: str | None = None,
        observed: bool = True,
    ) -> None:
        """Route every operation of the contract (with this tag, if one is given) to its handler.

        Raises ContractMismatch when an emulated operation has no handler or a handler no operation. Calls to
        operations that are not `observed` (the control plane) reach neither gates nor observers.
        """
        operations, declared = contract.tagged(tag)
        unbound, undeclared = declared - handlers.keys(), handlers.keys() - declared
        if unbound or undeclared:
            raise ContractMismatch(
                f"{self.name} does not start: its contract and its handlers disagree; "
                f"operations without handler: {', '.join(sorted(unbound)) or 'none'}; "
                f"handlers without operation: {', '.join(sorted(undeclared)) or 'none'}"
            )
        self.handlers.update(handlers)
        if not any(each is contract for each in self._contracts):
            self._contracts.append(contract)
        self._bound.update(dict.fromkeys(operations, _Binding(handlers, tuple(gates), observed)))

    def _view(self) -> Response:
        found, parameters, status = self._find(request.method, request.path)
        if found is None:
            return self._refuse(status)
        call, refusal = self._call(found.operation.operation_id, parameters)
        reply = refusal if refusal is not None else self._answer(call, found)
        return self._send(call, reply, found.observed)

    def _find(self, method: str, path: str) -> tuple[_Bound | None, dict[str, str], int]:
        """What answers, with its path parameters; or nothing, and whether the path (404) or the method (405) is why."""
        status = 404
        for contract in self._contracts:
            if (at := contract.at(path)) is None:
                continue
            # A HEAD is a GET whose body the server keeps to itself.
            operation = at[0].get("GET" if method == "HEAD" else method)
            if operation is not None and (binding := self._bound.get(operation.operation_id)) is not None:
                handler = binding.handlers.get(operation.operation_id, self._manners.left_out)
                return _Bound(operation, handler, binding.gates, binding.observed), at[1], 200
            if any(each.operation_id in self._bound for each in at[0].values()):
                status = 405
        return None, {}, status

    def _answer(self, call: Call, bound: _Bound) -> Reply:
        try:
            if self.answers is None or not self.answers.awaited(call.request_id):
                return self._judge(call, bound)
            return Reply.unpacked(self.answers.once(call.request_id, lambda: self._judge(call, bound).packed()))
        except Exception:
            if current_app.config["PROPAGATE_EXCEPTIONS"]:
                raise
            _LOG.exception("%s failed on %s; this is a fault of the simulator", self.name, call.operation)
            return self._manners.broken(call)

    def _judge(self, call: Call, bound: _Bound) -> Reply:
        reply = self._pass(call, bound)
        for gate in reversed(bound.gates):
            reply = gate.after(call, bound.operation, reply)
        return reply

    def _pass(self, call: Call, bound: _Bound) -> Reply:
        try:
            for gate in bound.gates:
                if (answer := gate.before(call, bound.operation)) is not None:
                    return answer
            return bound.handler(call)
        except Problem as problem:
            return problem.reply
        except MalformedBody as error:
            return self._manners.malformed(call, str(error))

    def _refuse(self, status: int) -> Response:
        call, _ = self._call("", {})
        return self._send(call, self._manners.not_found(call, status), not request.path.startswith("/_sim/"))

    def _call(self, operation_id: str, path: Mapping[str, str]) -> tuple[Call, Reply | None]:
        self._calls += 1
        headers = {name.lower(): value for name, value in request.headers.items()}
        request_id = headers.get("x-request-id") or self._request_id()
        raw = request.get_data(cache=False)
        problem = ""
        if headers.get("content-encoding", "").lower() in ("gzip", "deflate") and raw:
            raw, problem = _unpack(raw)
        query = {name: request.args.getlist(name) for name in request.args}
        call = Call(
            operation_id, self.clock.now, request.method, path, query, headers, raw, request_id, _address(),
            request.remote_addr or "",
        )  # fmt: skip
        return call, self._manners.malformed(call, problem) if problem else None

    def _request_id(self) -> str:
        again = (self.opened_before,) if self.opened_before else ()
        return derive_uuid(self._seed, self.name, "request", *again, self._calls)

    def _send(self, call: Call, reply: Reply, observed: bool) -> Response:
        body = reply.encoded()
        response = Response(body, reply.status, content_type=reply.content_type)
        for name, value in reply.headers.items():
            response.headers[name] = value
        if observed:
            answer_headers = {name.lower(): value for name, value in response.headers.items()}
            exchange = Exchange(
                self.name, call.operation, call.at, call.request_id, call.method, request.path,
                request.query_string.decode("latin-1"), call.headers, call.body, reply.status, answer_headers, body,
                reply.injected,
            )  # fmt: skip
            for observer in self.observers:
                observer(exchange)
        return response


def _address() -> str:
    """The address that was called. Werkzeug's own takes a twentieth of a call, for the sake of scripts nobody reads."""
    environ = request.environ
    query = environ.get("QUERY_STRING")
    return f"{request.scheme}://{request.host}{request.path}{f'?{query}' if query else ''}"


def _unpack(raw: bytes) -> tuple[bytes, str]:
    """Undo gzip or deflate; a bomb or damage is a problem said in words."""
    unpacker = zlib.decompressobj(wbits=47)
    try:
        body = unpacker.decompress(raw, BODY_BYTES_AT_MOST)
    except zlib.error as error:
        return raw, f"the body cannot be decompressed: {error}"
    if unpacker.unconsumed_tail:
        return raw, f"the body unpacks to more than {BODY_BYTES_AT_MOST} bytes"
    return body, ""
