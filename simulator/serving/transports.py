"""The two ways to a service, a direct WSGI call or HTTP to a real listener; what the sender sees is the same."""

from __future__ import annotations

import http.client
import io
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from simulator.exchange import LATENCY_HEADER, TRANSPORT_HEADER
from simulator.rules.instants import SECOND_MS
from simulator.serving.addresses import PortUnavailable, check_loopback
from simulator.sync.ports import Failure, Request, Response, Transport, TransportError

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PATIENCE_SECONDS = 60.0
"""Real time until a listener that says nothing is given up, where the sender names none; no simulated waiting ever
takes real time."""

# What a listener adds to an answer and a direct call does not have.
_OF_THE_WIRE = frozenset({"connection", "date", "keep-alive", "server", "transfer-encoding", "via"})
_MARK, _TOOK = TRANSPORT_HEADER.lower(), LATENCY_HEADER.lower()


class WsgiTransport:
    """Calls an application in this thread, without a socket."""

    def __init__(self, application: Wsgi, endpoint: str = "http://127.0.0.1") -> None:
        self._application = application
        parts = urlsplit(endpoint)
        self._prefix = parts.path.rstrip("/")
        self._fixed = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "SCRIPT_NAME": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": parts.hostname or "127.0.0.1",
            "SERVER_PORT": str(parts.port or 80),
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": parts.netloc,
        }

    def send(self, request: Request) -> Response:
        """Raise TransportError where a fault breaks the answer."""
        path, _, query = (self._prefix + request.path).partition("?")
        environ: dict[str, Any] = {
            **self._fixed,
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "REQUEST_URI": request.path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.input": io.BytesIO(request.body),
        }
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        started: list[tuple[int, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
            started.append((int(status[:3]), headers))

        answer: Iterable[bytes] = self._application(environ, start)
        body = b"".join(answer)
        if (close := getattr(answer, "close", None)) is not None:
            close()
        status, headers = started[-1]
        return _obey_mark(status, {name.lower(): value for name, value in headers}, body)


def _obey_mark(status: int, headers: dict[str, str], body: bytes) -> Response:
    mark = headers.pop(_MARK, "")
    if mark == "reset":
        raise TransportError(Failure.RESET)
    if mark == "truncate":
        raise TransportError(Failure.TRUNCATED)
    if mark == "malformed":
        body = cut_short(body)
        headers["content-length"] = str(len(body))
    return _response(status, headers, body)


class HttpTransport:
    """One connection to a listener. Safe for several threads, which then take turns."""

    def __init__(self, url: str, endpoint: str = "", *, kept_alive: bool = True) -> None:
        """`url` is where it really is; `endpoint` is the name that it goes by, sent as Host.

        A connection that is not `kept_alive` is closed behind each answer: somebody else's server may hang up on an
        idle one, and that is no answer that broke.
        """
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "127.0.0.1", parts.port or 80, timeout=PATIENCE_SECONDS
        )
        self._host = urlsplit(endpoint or url).netloc
        self._prefix = parts.path.rstrip("/")
        self._kept_alive = kept_alive
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Raise TransportError when no complete answer comes back, LookupError when nobody listens."""
        with self._lock:
            self._wait_as_long_as(request)
            try:
                answer = self._exchange(request)
                if not self._kept_alive:
                    self._connection.close()
                return answer
            except ConnectionRefusedError as error:
                self._connection.close()
                raise LookupError(f"nobody listens at {self._host}") from error
            except http.client.IncompleteRead as error:
                self._connection.close()
                raise TransportError(Failure.TRUNCATED) from error
            except TimeoutError as error:
                self._connection.close()
                raise TransportError(Failure.TIMEOUT, request.patience_ms or 0) from error
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise TransportError(Failure.RESET) from error

    def _wait_as_long_as(self, request: Request) -> None:
        seconds = PATIENCE_SECONDS if request.patience_ms is None else request.patience_ms / SECOND_MS
        self._connection.timeout = seconds
        if self._connection.sock is not None:
            self._connection.sock.settimeout(seconds)

    def _exchange(self, request: Request) -> Response:
        connection = self._connection
        connection.putrequest(request.method, self._prefix + request.path, skip_host=True, skip_accept_encoding=True)
        # A call may name another host than the endpoint's: a key is refused on another cluster (KEY-3).
        headers = {"host": self._host, "content-length": str(len(request.body))}
        headers |= {name.lower(): value for name, value in request.headers.items()}
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(request.body)
        answer = connection.getresponse()
        heard = {name.lower(): value for name, value in answer.getheaders()}
        return _response(answer.status, heard, answer.read())

    def close(self) -> None:
        """Close the connection; another send would open it again."""
        with self._lock:
            self._connection.close()


def _response(status: int, headers: dict[str, str], body: bytes) -> Response:
    took_ms = int(headers.pop(_TOOK, "0"))
    kept = {name: value for name, value in headers.items() if name not in _OF_THE_WIRE}
    return Response(status, kept, body, took_ms)


class Receiver:
    """Somebody else's server inside this process: writes down what it hears, answers 200, or as it was told."""

    def __init__(self) -> None:
        self.heard: list[Request] = []
        self._told: list[tuple[int, int, int | None]] = []

    def answer(self, status: int, took_ms: int = 0, times: int | None = None) -> None:
        """Answer so for so many requests, for ever when None; what was told before comes first."""
        self._told = [each for each in self._told if each[2] is not None]
        self._told.append((status, took_ms, times))

    def send(self, request: Request) -> Response:
        """Hear a request."""
        self.heard.append(request)
        if not self._told:
            return Response(200)
        status, took_ms, times = self._told[0]
        if times is not None:
            self._told[:1] = [(status, took_ms, times - 1)] if times > 1 else []
        return Response(status, took_ms=took_ms)


class EndpointBook:
    """Which transport answers for which endpoint: the two services by name, and whatever listens on loopback."""

    def __init__(self, known: Mapping[str, Transport] | None = None) -> None:
        self._known: dict[str, Transport] = {}
        for endpoint, transport in (known or {}).items():
            self.add(endpoint, transport)

    def add(self, endpoint: str, transport: Transport) -> None:
        """Let `transport` answer for `endpoint` from now on."""
        self._known[_normal(endpoint)] = transport

    def to(self, endpoint: str) -> Transport:
        """Raise LookupError where nobody answers: an unknown name, or an address that is not on loopback."""
        normal = _normal(endpoint)
        if normal in self._known:
            return self._known[normal]
        try:
            parts = urlsplit(normal)
            if parts.scheme != "http":
                raise LookupError(f"nobody answers at {endpoint}; this world knows {', '.join(self._known) or 'none'}")
            check_loopback(parts.hostname or "")
            transport = HttpTransport(normal, kept_alive=False)
        except PortUnavailable as error:
            raise LookupError(f"nobody answers at {endpoint}: only this machine is reachable") from error
        except ValueError as error:
            raise LookupError(f"nobody answers at {endpoint}: {error}") from error
        self._known[normal] = transport
        return transport

    def close(self) -> None:
        """Close all connections."""
        for transport in self._known.values():
            if isinstance(transport, HttpTransport):
                transport.close()


def _normal(endpoint: str) -> str:
    return endpoint.strip().rstrip("/").lower()


def cut_short(body: bytes) -> bytes:
    """What is left of a body that a truncation or a malformation has met: its first half, never nothing."""
    return body[: len(body) // 2] or b"{"
