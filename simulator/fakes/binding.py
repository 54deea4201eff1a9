"""Binds a contract to handlers: the one module that knows both Flask and OpenAPI."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs

import orjson
from flask import Flask, Request, Response, current_app, request
from werkzeug.routing import Rule

from simulator.clock import SimClock
from simulator.exchange import Exchange
from simulator.ids import derive_uuid
from simulator.openapi import Contract, Operation
from simulator.rules.instants import Instant

BODY_BYTES_AT_MOST = 64 * 1024 * 1024
"""What a body may unpack to; the vendors' own, smaller limits are checked by the fakes."""

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
    """One answer. A body that is not text or bytes is written as JSON."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def encoded(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str) and not self.content_type.endswith("json"):
            return self.body.encode()
        return b"" if self.body is None else orjson.dumps(self.body)


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


class _RoutingRule(Rule):
    """A route that is only matched. Compiling the half that builds URLs, which nobody asks for, costs most of the
    time in which a world is made."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _builds_nothing

    def compile(self) -> None:
        """Parse a path once a process; every world has the same paths."""
        known = _COMPILED.get(self.rule)
        if known is None:
            super().compile()
            _COMPILED[self.rule] = {name: getattr(self, name) for name in _COMPILED_INTO}
            return
        for name, value in known.items():
            setattr(self, name, value)


_COMPILED: dict[str, dict[str, Any]] = {}
_COMPILED_INTO = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")


def _builds_nothing(*_: Any, **__: Any) -> tuple[str, str]:
    raise RuntimeError("services of a world build no URLs from their routes")


class Service:
    """A Flask application bound to one contract: `contract_name`'s operations and nothing else."""

    def __init__(self, name: str, clock: SimClock, seed: int, manners: Manners) -> None:
        self.name = name
        self.clock = clock
        self.app = Flask(name, static_folder=None)
        self.app.url_rule_class = _RoutingRule
        self.observers: list[Observer] = []
        self.handlers: dict[str, Handler] = {}
        self._seed = seed
        self._calls = 0
        self._manners = manners
        for status in (404, 405):
            self.app.register_error_handler(status, self._unbound)

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
        operations = [op for op in contract.operations.values() if tag is None or tag in op.tags]
        declared = {op.operation_id for op in operations if op.emulated}
        unbound, undeclared = declared - handlers.keys(), handlers.keys() - declared
        if unbound or undeclared:
            raise ContractMismatch(
                f"{self.name} does not start: its contract and its handlers disagree; "
                f"operations without handler: {', '.join(sorted(unbound)) or 'none'}; "
                f"handlers without operation: {', '.join(sorted(undeclared)) or 'none'}"
            )
        self.handlers.update(handlers)
        for operation in operations:
            handler = handlers.get(operation.operation_id, self._manners.left_out)
            self.app.add_url_rule(
                re.sub(r"\{([^}]+)\}", r"<string:\1>", operation.path),
                endpoint=operation.operation_id,
                view_func=self._view(operation, handler, tuple(gates), observed),
                methods=[operation.method],
                provide_automatic_options=False,
            )

    def _view(
        self, operation: Operation, handler: Handler, gates: tuple[Gate, ...], observed: bool
    ) -> Callable[..., Response]:
        def view(**path: str) -> Response:
            call, refusal = self._call(operation.operation_id, path)
            reply = refusal if refusal is not None else self._answer(call, operation, handler, gates)
            return self._send(call, reply, observed)

        return view

    def _answer(self, call: Call, operation: Operation, handler: Handler, gates: tuple[Gate, ...]) -> Reply:
        try:
            reply = self._pass(call, operation, handler, gates)
            for gate in reversed(gates):
                reply = gate.after(call, operation, reply)
            return reply
        except Exception:
            if current_app.config["PROPAGATE_EXCEPTIONS"]:
                raise
            _LOG.exception("%s failed on %s; this is a fault of the simulator", self.name, call.operation)
            return self._manners.broken(call)

    def _pass(self, call: Call, operation: Operation, handler: Handler, gates: tuple[Gate, ...]) -> Reply:
        try:
            for gate in gates:
                if (answer := gate.before(call, operation)) is not None:
                    return answer
            return handler(call)
        except Problem as problem:
            return problem.reply
        except MalformedBody as error:
            return self._manners.malformed(call, str(error))

    def _unbound(self, error: Any) -> Response:
        call, _ = self._call("", {})
        return self._send(call, self._manners.not_found(call, int(error.code)), not request.path.startswith("/_sim/"))

    def _call(self, operation_id: str, path: Mapping[str, str]) -> tuple[Call, Reply | None]:
        self._calls += 1
        headers = {name.lower(): value for name, value in request.headers.items()}
        request_id = headers.get("x-request-id") or derive_uuid(self._seed, self.name, "request", self._calls)
        raw = request.get_data(cache=False)
        problem = ""
        if headers.get("content-encoding", "").lower() in ("gzip", "deflate") and raw:
            raw, problem = _unpack(raw)
        query = {name: request.args.getlist(name) for name in request.args}
        call = Call(
            operation_id, self.clock.now, request.method, path, query, headers, raw, request_id, request.url,
            request.remote_addr or "",
        )  # fmt: skip
        return call, self._manners.malformed(call, problem) if problem else None

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
            )  # fmt: skip
            for observer in self.observers:
                observer(exchange)
        return response


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
