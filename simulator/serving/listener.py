"""Doors: real HTTP listeners on loopback, on waitress inside this process, that can also break an answer on purpose."""

from __future__ import annotations

import logging
import select
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from simulator.exchange import TRANSPORT_HEADER
from simulator.serving.addresses import LOOPBACK, bind
from simulator.serving.transports import Wsgi, cut_short

STOP_SECONDS = 5.0
"""How long a stop waits for a request that is being answered."""

_MARK = TRANSPORT_HEADER.lower()
_IN_MEMORY = 1 << 30
_POLL_SECONDS = 30.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

# A truncated answer is our intention, and a queue of one is how a single connection looks; neither is news.
_QUIET = logging.getLogger("absim.quiet")
_QUIET.disabled = True


class _Task(WSGITask):  # type: ignore[misc]
    """One request. Hands itself to the application, so that a fault can be done to this very connection."""

    logger = _QUIET

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["absim.task"] = self
        return environ

    def reset(self) -> None:
        """Close with RST and without a byte of answer."""
        self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        raise ClientDisconnected


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task
    logger = logging.getLogger("absim.serving")


class _Server(TcpWSGIServer):  # type: ignore[misc]
    """A listening socket whose calls are answered in the thread that reads them: no hand-over, one send an answer."""

    channel_class = _Channel

    def __init__(self, application: Wsgi, bound: socket.socket, loop: dict[int, Any], aside: Aside) -> None:
        adjustments = Adjustments(
            host=LOOPBACK,
            port=0,
            ident="absim",
            # Nothing of a request or an answer goes to a temporary file: bodies hold keys.
            inbuf_overflow=_IN_MEMORY,
            outbuf_overflow=_IN_MEMORY,
            # The thread that would drain a full buffer is the one that fills it, so it is never full.
            outbuf_high_watermark=1 << 40,
            recv_bytes=65_536,
            connection_limit=1_000,
            channel_timeout=3_600,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=False,
        )
        # Header and body leave together. The keyword is deprecated, the attribute is what waitress reads.
        adjustments.send_bytes = 65_536
        self.ready: deque[HTTPChannel] = deque()
        self._aside = aside
        self._waking = threading.Lock()
        self._closed = False
        sockinfo = (bound.family, bound.type, bound.proto, bound.getsockname())
        super().__init__(
            _obedient(application),
            loop,
            _sock=bound,
            dispatcher=aside,
            adj=adjustments,
            sockinfo=sockinfo,
            bind_socket=False,
        )

    def add_task(self, channel: HTTPChannel) -> None:
        # A control call may run the engine, which calls this very port: it must not keep the port's thread.
        if str(getattr(channel.requests[0], "path", "")).startswith("/_sim/"):
            self._aside.add_task(channel)
        else:
            self.ready.append(channel)

    def pull_trigger(self, thunk: Callable[[], None] | None = None) -> bool:
        """Wake the door's thread, which calls `thunk`; False once the door is closed.

        A control call may end after that. Its wake-up must not be written to a descriptor that is somebody else's now.
        """
        with self._waking:
            if not self._closed:
                self.trigger.pull_trigger(thunk)
            return not self._closed

    def close_all(self) -> None:
        """Close the port, every connection and the way to wake the thread."""
        with self._waking:
            self._closed = True
            wasyncore.close_all(self._map, ignore_all=True)

    def answer_ready(self) -> None:
        """Answer what has been read; called by the door's thread between two polls."""
        while self.ready:
            channel = self.ready.popleft()
            channel.service()
            if channel.connected:
                channel.handle_write()


class Aside(ThreadedTaskDispatcher):  # type: ignore[misc]
    """A few threads for control calls, shared by the doors of a world."""

    queue_logger = _QUIET

    def __init__(self, threads: int = 2) -> None:
        super().__init__()
        self._started: list[threading.Thread] = []
        self.set_thread_count(threads)

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        thread = threading.Thread(target=target, args=(thread_no,), name=f"absim-control-{thread_no}", daemon=True)
        self._started.append(thread)
        thread.start()

    def stop(self) -> None:
        """Let running calls end, then end the threads."""
        self.shutdown(timeout=STOP_SECONDS)
        for thread in self._started:
            if thread is not threading.current_thread():
                thread.join(STOP_SECONDS)


class Door:
    """One port with one application and one thread. It is bound when made and answers once started."""

    def __init__(self, name: str, application: Wsgi, aside: Aside, *, host: str = LOOPBACK, port: int = 0) -> None:
        """Raises PortUnavailable."""
        self.name = name
        self._loop: dict[int, Any] = {}
        self._server = _Server(application, bind(host, port), self._loop, aside)
        address = self._server.socket.getsockname()
        self.host, self.port = str(address[0]), int(address[1])
        self.url = f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"
        self._thread = threading.Thread(target=self._run, name=f"absim-{name}", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def settle(self) -> None:
        """Return when the call that is being answered now has been answered."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            settled = threading.Event()
            if self._server.pull_trigger(settled.set):
                settled.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Answer what has been read, then close the port and every connection."""
        if not self._thread.is_alive():
            self._close()
        elif self._server.pull_trigger(self._close) and self._thread is not threading.current_thread():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        poll = wasyncore.poll2 if hasattr(select, "poll") else wasyncore.poll
        while self._loop:
            poll(_POLL_SECONDS, self._loop)
            self._server.answer_ready()

    def _close(self) -> None:
        self._server.answer_ready()
        for channel in list(self._server.active_channels.values()):
            channel.handle_write()
        self._server.close_all()


def _obedient(application: Wsgi) -> Wsgi:
    """The application, with answers that carry a transport mark broken as the mark says."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        mark = ""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal mark
            for name, value in headers:
                if name.lower() == _MARK:
                    mark = value
                    headers = [each for each in headers if each[0].lower() != _MARK]
                    break
            if mark == "malformed":
                # The length of what is sent, not of what was meant.
                headers = [each for each in headers if each[0].lower() != "content-length"]
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        body = application(environ, start)
        if not mark:
            return body
        whole = b"".join(body)
        if (close := getattr(body, "close", None)) is not None:
            close()
        if mark == "reset":
            environ["absim.task"].reset()
        return [cut_short(whole)]

    return answer
